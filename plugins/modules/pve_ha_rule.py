# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_ha_rule
short_description: Manage HA rules
description:
  - Manages the rules that say on which nodes resources run, and which of them run together or apart. Needs PVE 9.
  - The server refuses rules that contradict each other.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.ha
  - pve.automation.attributes
  - pve.automation.connection
options:
  rule:
    description: Name of the rule.
    type: str
    required: true
    aliases: [name]
  type:
    description:
      - V(node-affinity) binds resources to nodes, V(resource-affinity) to each other. Needed to create a rule.
      - PVE cannot change the type. A rule of another type is deleted and created again; what is not named here is carried over
        where the new type has it.
    type: str
    choices: [node-affinity, resource-affinity]
  resources:
    description:
      - The resources, as in V(vm:100) or V(ct:101), or just the ids of the guests. They must be under high availability.
      - The list is the whole list unless O(append) is true.
    type: list
    elements: str
  append:
    description: Only add what O(resources) and O(nodes) list, never take anything out. A node that is there gets the priority that is listed.
    type: bool
    default: false
  nodes:
    description:
      - Nodes where the resources run, with O(type=node-affinity) (or do not run, with O(affinity=negative)).
      - A priority may follow, as in V(pve1:2); without one it is V(0).
      - Of the nodes that are up, those of the highest priority are taken.
      - The list is the whole list unless O(append) is true.
    type: list
    elements: str
  strict:
    description: Whether the resources never run on nodes that the rule does not allow, not even if all others are down. PVE's default is V(false).
    type: bool
  affinity:
    description:
      - With O(type=resource-affinity), V(positive) keeps the resources on one node, V(negative) on different ones.
      - With O(type=node-affinity), V(negative) keeps the resources away from O(nodes), which needs PVE 9.2.6. The server's default
        is V(positive).
    type: str
    choices: [positive, negative]
  disable:
    description: Whether the rule is out of force. PVE's default is V(false).
    type: bool
  comment:
    description: Comment of the rule. An empty string removes it.
    type: str
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  state:
    description: Whether the rule exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_ha
  - module: pve.automation.pve_ha_info
"""

EXAMPLES = r"""
- name: The mail server prefers the first node
  pve.automation.pve_ha_rule:
    rule: mail
    type: node-affinity
    resources: [vm:100]
    nodes: [pve1:2, pve2:1]

- name: The database stays away from the node with the slow disks
  pve.automation.pve_ha_rule:
    rule: not-there
    type: node-affinity
    affinity: negative
    resources: [vm:110]
    nodes: [pve3]

- name: The two name servers never share a node
  pve.automation.pve_ha_rule:
    rule: dns-apart
    type: resource-affinity
    affinity: negative
    resources: [vm:101, vm:102]

- name: One more resource, whatever else is in the rule
  pve.automation.pve_ha_rule:
    rule: mail
    resources: [103]
    append: true

- name: Delete a rule
  pve.automation.pve_ha_rule:
    rule: mail
    state: absent
"""

RETURN = r"""
rule:
  description: The rule as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    rule: {description: As O(rule)., type: str}
    type: {description: As O(type)., type: str}
    affinity: {description: As O(affinity)., type: str}
    comment: {description: As O(comment)., type: str}
    disable: {description: As O(disable)., type: bool}
    nodes: {description: As O(nodes)., type: list, elements: str}
    resources: {description: As O(resources)., type: list, elements: str}
    strict: {description: As O(strict)., type: bool}
  sample: {rule: mail, type: node-affinity, resources: ["vm:100"], nodes: ["pve1:2", "pve2:1"]}
requests:
  description: The writing API calls that were made, in check mode those that would be made; secrets are hidden.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: DELETE, path: /cluster/ha/rules/mail, params: {}, summary: delete rule mail}]
"""

from ..module_utils._core.resources.ha.rule import RULE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(RULE)


if __name__ == "__main__":
    main()
