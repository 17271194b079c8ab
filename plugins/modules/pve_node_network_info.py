# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_network_info
short_description: Gather information about the network interfaces of a node
description:
  - Lists the network interfaces of a node as they are planned, and the staged changes that are not yet in force.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  node:
    description: The node.
    type: str
    required: true
  iface:
    description: Only this interface. If there is none of that name, the list is empty.
    type: str
  type:
    description: Only interfaces of this type, as in V(bridge).
    type: str
seealso:
  - module: pve.automation.pve_node_network
"""

EXAMPLES = r"""
- name: Is something staged?
  pve.automation.pve_node_network_info:
    node: pve1
  register: listed
  failed_when: listed.network.changes | length > 0
"""

RETURN = r"""
network:
  description:
    - The interfaces, ordered by name; RV(ignore:changes) is the difference of the files with and without the staged changes, empty if
      nothing is staged. Only the API backend https shows it.
  returned: success
  type: dict
  contains:
    iface: {description: As O(iface)., type: str}
    type: {description: As O(type)., type: str}
    node: {description: The node., type: str}
    interfaces: {description: "Interfaces, ordered by name.", type: list, elements: dict}
    changes: {description: "Difference of the file with the staged changes, empty if there are none.", type: str}
  sample: {node: pve1, changes: "", interfaces: [{iface: vmbr0, type: bridge, active: 1, autostart: true, cidr: 192.0.2.5/24, bridge_ports: [eno1]}]}
"""

from ..module_utils._core.resources.node.network import NODE_NETWORK_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_NETWORK_INFO)


if __name__ == "__main__":
    main()
