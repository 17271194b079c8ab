# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_ha_info
short_description: Gather information about high availability (HA)
description:
  - Returns whether the cluster has quorum, which node decides, and the state of every service.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.ha
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  sid:
    description: Only this resource, as in V(vm:100), or just the id of the guest. If it is none, the lists are empty.
    type: str
  include:
    description:
      - What to read besides the state, with one request each.
      - V(resources) are the options of the resources, V(rules) exist from PVE 9 on, V(groups) before it, V(manager) is
        what the manager and the nodes' resource managers keep.
    type: list
    elements: str
    choices: [resources, rules, groups, manager]
    default: []
seealso:
  - module: pve.automation.pve_ha
  - module: pve.automation.pve_ha_rule
"""

EXAMPLES = r"""
- name: Read the state with all rules
  pve.automation.pve_ha_info:
    include: [rules]
  register: found

- name: Stop if something is in error
  ansible.builtin.assert:
    that: found.ha.services | selectattr('state', 'equalto', 'error') | length == 0
"""

RETURN = r"""
ha:
  description:
    - The state. C(armed) is false while the manager is disarmed or about to be; null on servers that do not report it.
    - C(resources), C(rules), C(groups) and C(manager) are there if O(include) names them.
  returned: success
  type: dict
  contains:
    armed: {description: Whether the manager acts; null on servers that do not report it., type: bool}
    master: {description: Node that the manager runs on., type: str}
    quorate: {description: Whether the cluster is quorate., type: bool}
    nodes: {description: Nodes with the state of their local manager., type: list, elements: dict}
    services: {description: Managed guests with their states., type: list, elements: dict}
    resources: {description: Resources as they are configured., type: list, elements: dict}
    rules: {description: Rules as they are configured., type: list, elements: dict}
    groups: {description: "Groups, on PVE 8.", type: list, elements: dict}
    manager: {description: State of the manager., type: dict}
  sample:
    quorate: true
    master: pve1
    armed: true
    nodes: []
    services: [{sid: "vm:100", node: pve1, state: started, crm_state: started, request_state: started}]
"""

from ..module_utils._core.resources.ha.resource import INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(INFO)


if __name__ == "__main__":
    main()
