# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node
short_description: Manage options of a node
description:
  - Sets and removes the options that PVE keeps for a node. What is not given stays as it is.
  - Options with parts take a dictionary or a property string. A part that is not given is not changed; an empty string removes it.
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
  description:
    description: Notes on the node. An empty string clears them.
    type: str
  wakeonlan:
    description: How the node is woken, with C(mac), C(bind-interface) and C(broadcast-address).
    type: raw
  startall_onboot_delay:
    description: Seconds between the start of the node and that of its first guest, 0 to 300.
    type: int
  ballooning_target:
    description: Percentage of the memory in use above which the balloons of the guests shrink them. Only newer servers have it.
      PVE's default is V(80).
    type: int
  location:
    description: Where the node is, with C(latitude), C(longitude) and C(name). Only newer servers have it.
    type: raw
  acme:
    description: The ACME C(account), and C(domains) that need no plugin, as a list.
    type: raw
  acmedomain0:
    description: A domain of the node's certificate, with C(domain), C(plugin) and C(alias).
    type: raw
  acmedomain1:
    description: A domain of the node's certificate, with C(domain), C(plugin) and C(alias).
    type: raw
  acmedomain2:
    description: A domain of the node's certificate, with C(domain), C(plugin) and C(alias).
    type: raw
  acmedomain3:
    description: A domain of the node's certificate, with C(domain), C(plugin) and C(alias).
    type: raw
  acmedomain4:
    description: A domain of the node's certificate, with C(domain), C(plugin) and C(alias).
    type: raw
  acmedomain5:
    description: A domain of the node's certificate, with C(domain), C(plugin) and C(alias).
    type: raw
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
seealso:
  - module: pve.automation.pve_node_dns
  - module: pve.automation.pve_node_time
  - module: pve.automation.pve_node_hosts
  - module: pve.automation.pve_node_info
"""

EXAMPLES = r"""
- name: Notes, and a pause before the guests start
  pve.automation.pve_node:
    node: pve1
    description: Rack 3, unit 12
    startall_onboot_delay: 30
    wakeonlan: {mac: "02:00:00:00:00:09"}

- name: Names of the certificate
  pve.automation.pve_node:
    node: pve1
    acme: {account: default}
    acmedomain0: {domain: pve1.example.org, plugin: dns1}
"""

RETURN = r"""
options:
  description: The node and its options, as the server has them afterwards. In check mode as they would be.
  returned: success
  type: dict
  contains:
    description: {description: As O(description)., type: str}
    wakeonlan: {description: As O(wakeonlan)., type: dict}
    startall_onboot_delay: {description: As O(startall_onboot_delay)., type: int}
    ballooning_target: {description: As O(ballooning_target)., type: int}
    location: {description: As O(location)., type: dict}
    acme: {description: As O(acme)., type: dict}
    acmedomain0: {description: As O(acmedomain0)., type: dict}
    acmedomain1: {description: As O(acmedomain1)., type: dict}
    acmedomain2: {description: As O(acmedomain2)., type: dict}
    acmedomain3: {description: As O(acmedomain3)., type: dict}
    acmedomain4: {description: As O(acmedomain4)., type: dict}
    acmedomain5: {description: As O(acmedomain5)., type: dict}
    node: {description: As O(node)., type: str}
  sample: {node: pve1, description: "Rack 3, unit 12", startall_onboot_delay: 30}
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
  sample: [{method: PUT, path: /nodes/pve1/config, params: {startall-onboot-delay: 30}, summary: change startall_onboot_delay}]
"""

from ..module_utils._core.resources.node.settings import NODE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE)


if __name__ == "__main__":
    main()
