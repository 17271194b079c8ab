# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_ha
short_description: Manage HA resources
description:
  - Puts guests under high availability, changes how they are kept running, and takes them out again.
  - Where they run is said by M(pve.automation.pve_ha_rule), on PVE 8 by M(pve.automation.pve_ha_group).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.ha
  - pve.automation.attributes
  - pve.automation.connection
options:
  sid:
    description: The resource, as in V(vm:100) or V(ct:101), or just the id of the guest.
    type: str
    required: true
    aliases: [vmid]
  state:
    description:
      - V(present) and V(absent) say whether the guest is a resource, and nothing about whether it runs.
      - V(started) keeps the guest running, V(stopped) keeps it stopped and lets it move to another node when its node fails.
      - V(disabled) keeps it stopped where it is, V(ignored) leaves it alone.
      - The manager acts on a request within some seconds, which O(wait) waits for.
    type: str
    choices: [present, absent, started, stopped, disabled, ignored]
    default: present
  auto_rebalance:
    description:
      - Whether the manager may move the guest to balance the load of the nodes.
      - It does so only where O(pve.automation.pve_cluster_options#module:crs) has C(ha-auto-rebalance).
      - Needs a release of PVE 9.2 that has this option. PVE's default is V(true).
    type: bool
  comment:
    description: Comment of the resource. An empty string removes it.
    type: str
  failback:
    description: Whether the guest returns to a node of higher priority as soon as that is back. Needs PVE 9. PVE's default is V(true).
    type: bool
  group:
    description: The group of nodes where the guest may run. Only on PVE 8; later releases have rules instead.
    type: str
  max_restart:
    description: How often a failed start is tried again on the same node. PVE's default is V(1).
    type: int
  max_relocate:
    description: How often a guest that could not be started is moved to another node. PVE's default is V(1).
    type: int
  purge:
    description:
      - With O(state=absent), whether the resource is also taken out of all rules, and rules that become empty are deleted.
      - The server's default is V(true). Needs PVE 9.
    type: bool
  wait:
    description:
      - Whether to wait, after a change, until the manager has taken up the resource and, with V(started), until the guest runs.
      - Until then the manager drops requests to move the guest. A disarmed manager is not waited for.
    type: bool
    default: true
  timeout:
    description: How many seconds to wait.
    type: int
    default: 600
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
seealso:
  - module: pve.automation.pve_ha_rule
  - module: pve.automation.pve_ha_group
  - module: pve.automation.pve_ha_info
"""

EXAMPLES = r"""
- name: Keep a virtual machine running, whatever happens to its node
  pve.automation.pve_ha:
    sid: vm:100
    state: started
    max_restart: 2
    comment: Mail

- name: Leave a container alone during maintenance
  pve.automation.pve_ha:
    sid: 101
    state: ignored

- name: Take it out, and out of all rules
  pve.automation.pve_ha:
    sid: 101
    state: absent
"""

RETURN = r"""
resource:
  description: The resource as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    sid: {description: As O(sid)., type: str}
    auto_rebalance: {description: As O(auto_rebalance)., type: bool}
    comment: {description: As O(comment)., type: str}
    failback: {description: As O(failback)., type: bool}
    group: {description: As O(group)., type: str}
    max_relocate: {description: As O(max_relocate)., type: int}
    max_restart: {description: As O(max_restart)., type: int}
    state: {description: As O(state)., type: str}
  sample: {sid: "vm:100", state: started, max_restart: 2, comment: Mail}
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
  sample: [{method: POST, path: /cluster/ha/resources, params: {sid: "vm:100", state: started}, summary: create resource vm:100}]
"""

from ..module_utils._core.resources.ha.resource import RESOURCE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(RESOURCE)


if __name__ == "__main__":
    main()
