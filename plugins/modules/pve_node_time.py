# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_time
short_description: Manage the time zone of a node
description:
  - Sets the time zone of a node.
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
  timezone:
    description: The time zone, as in V(Europe/Vienna). Without it the present one is only returned.
    type: str
seealso:
  - module: pve.automation.pve_node
"""

EXAMPLES = r"""
- name: The time zone
  pve.automation.pve_node_time:
    node: pve1
    timezone: Europe/Vienna
"""

RETURN = r"""
time:
  description: The time zone as the server has it afterwards. In check mode as it would be.
  returned: success
  type: dict
  contains:
    timezone: {description: As O(timezone)., type: str}
    node: {description: As O(node)., type: str}
  sample: {node: pve1, timezone: Europe/Vienna}
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
  sample: [{method: PUT, path: /nodes/pve1/time, params: {timezone: Europe/Vienna}, summary: change timezone}]
"""

from ..module_utils._core.resources.node.settings import NODE_TIME
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_TIME)


if __name__ == "__main__":
    main()
