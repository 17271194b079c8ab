# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_dns
short_description: Manage the name servers of a node
description:
  - Sets the search domain and the name servers in C(/etc/resolv.conf) of a node. What is not given stays as it is.
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
  search:
    description: The search domain. PVE needs one.
    type: str
  servers:
    description: Addresses of up to three name servers, in their order. The list is the whole list.
    type: list
    elements: str
seealso:
  - module: pve.automation.pve_node_hosts
"""

EXAMPLES = r"""
- name: Two name servers
  pve.automation.pve_node_dns:
    node: pve1
    search: example.org
    servers: [192.0.2.53, 2001:db8::53]
"""

RETURN = r"""
dns:
  description: The settings as the server has them afterwards. In check mode as they would be.
  returned: success
  type: dict
  contains:
    node: {description: As O(node)., type: str}
    search: {description: As O(search)., type: str}
    servers: {description: As O(servers)., type: list, elements: str}
  sample: {node: pve1, search: example.org, servers: [192.0.2.53]}
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
  sample: [{method: PUT, path: /nodes/pve1/dns, params: {search: example.org, dns1: 192.0.2.53}, summary: change servers}]
"""

from ..module_utils._core.resources.node.settings import NODE_DNS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_DNS)


if __name__ == "__main__":
    main()
