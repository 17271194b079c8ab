# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_firewall_info
short_description: Gather information about the firewall
description:
  - Reads options and rules of a scope, and if requested what rules can refer to.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.firewall
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  scope:
    description:
      - Whose firewall it is. V(cluster) is that of the whole cluster, V(node) and V(guest) of one of them,
        V(vnet) of a virtual network of SDN, V(group) of a security group, which has rules only.
    type: str
    choices: [cluster, node, guest, vnet, group]
    required: true
  node:
    description: Name of the node, with O(scope=node).
    type: str
  vmid:
    description: Id of the guest, with O(scope=guest).
    type: int
  vnet:
    description: Name of the virtual network, with O(scope=vnet).
    type: str
  group:
    description: Name of the security group, with O(scope=group).
    type: str
  include:
    description:
      - What to read besides options and rules, with one request each.
      - V(refs), V(aliases) and V(ipsets) are there for the cluster and for guests, V(log) for nodes and guests, V(groups) for the cluster.
    type: list
    elements: str
    choices: [refs, macros, log, aliases, ipsets, groups]
    default: []
  limit:
    description: How many lines of the log are read at most. The server's default is 50.
    type: int
  since:
    description: Only lines of the log from this time on, in seconds since 1970.
    type: int
  until:
    description: Only lines of the log up to this time, in seconds since 1970.
    type: int
seealso:
  - module: pve.automation.pve_firewall
"""

EXAMPLES = r"""
- name: The rules of a guest
  pve.automation.pve_firewall_info:
    scope: guest
    vmid: 100
  register: found

- name: What the firewall of a node has logged last
  pve.automation.pve_firewall_info:
    scope: node
    node: pve1
    include: [log]
    limit: 500
  register: logged

- name: Stop if its firewall is off
  ansible.builtin.assert:
    that: found.firewall.options.enable | default(false)
"""

RETURN = r"""
firewall:
  description: The scope with its options and rules, and with what O(include) names under its name.
  returned: success
  type: dict
  contains:
    scope: {description: The scope., type: str}
    node: {description: "The node, if the scope is one.", type: str}
    vmid: {description: "Id of the guest, if the scope is one.", type: int}
    group: {description: "The security group, if the scope is one.", type: str}
    options: {description: The options of the scope., type: dict}
    rules: {description: "The rules, in their order.", type: list, elements: dict}
    log: {description: Lines of the log., type: list, elements: str}
    refs: {description: What rules can name., type: list, elements: dict}
    macros: {description: "Macros, with their descriptions.", type: list, elements: dict}
    aliases: {description: Aliases., type: list, elements: dict}
    ipsets: {description: IP sets., type: list, elements: dict}
    groups: {description: Security groups., type: list, elements: dict}
  sample: {scope: guest, vmid: 100, options: {enable: true}, rules: [{type: in, action: ACCEPT, macro: HTTPS, enable: true}]}
"""

from ..module_utils._core.resources.firewall.ruleset import FIREWALL_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(FIREWALL_INFO)


if __name__ == "__main__":
    main()
