# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_hosts
short_description: Manage the table of hosts of a node
description:
  - Sets the content of C(/etc/hosts) of a node. A change that somebody else makes at the same time is not overwritten.
  - A text without the name of the node gets a warning.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
options:
  node:
    description: The node.
    type: str
    required: true
  data:
    description: The whole content of the file. Without it the present one is only returned.
    type: str
seealso:
  - module: pve.automation.pve_node_dns
"""

EXAMPLES = r"""
- name: The table of hosts
  pve.automation.pve_node_hosts:
    node: pve1
    data: |
      127.0.0.1 localhost
      192.0.2.11 pve1.example.org pve1
      192.0.2.12 pve2.example.org pve2
"""

RETURN = r"""
hosts:
  description: The file as the server has it afterwards. In check mode as it would be.
  returned: success
  type: dict
  contains:
    node: {description: As O(node)., type: str}
    data: {description: As O(data)., type: str}
  sample: {node: pve1, data: "127.0.0.1 localhost"}
requests:
  description: The writing API calls that were made, in check mode those that would be made.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: POST, path: /nodes/pve1/hosts, params: {data: "127.0.0.1 localhost"}, summary: change the table of hosts of pve1}]
"""

from ..module_utils._core.resources.node.settings import NODE_HOSTS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_HOSTS)


if __name__ == "__main__":
    main()
