# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_guests
short_description: Manage the power state and the location of all guests of a node
description:
  - Brings all guests of a node, or some of them, to a state by one task of PVE, which heeds their order and delays of startup.
  - Only guests that are not in that state are addressed; if there are none, nothing is done. Templates are only migrated.
  - PVE's task ends well whatever becomes of single guests. The module looks at them afterwards, and fails if one is not as it
    is to be.
  - To describe guests one by one, or to choose them by tags and pools, use M(pve.automation.pve_guests).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.guests
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  all_guests:
    description: With O(state), act on all guests of the node. Either this or O(vms) is needed then.
    type: bool
    default: false
  force:
    description:
      - With O(state=started), start guests as well that do not start at boot (C(onboot)). Without this only those that do are
        started.
    type: bool
  force_stop:
    description:
      - With O(state=stopped), whether a guest that has not shut down in time is stopped hard. PVE does so unless this says no.
    type: bool
  max_workers:
    description:
      - How many guests are handled at a time, 1 to 64. With O(state=migrated) PVE needs this, unless C(max_workers) of
        M(pve.automation.pve_cluster_options) is set. With the other states it needs PVE 9.
    type: int
  node:
    description: The node.
    type: str
    required: true
  shutdown_timeout:
    description:
      - With O(state=stopped), seconds that a guest has to shut down, 0 to 7200. PVE gives 180, or what the C(startup) of the guest
        says. O(timeout) has to be long enough for all of them.
    type: int
  state:
    description:
      - V(started) starts guests. V(stopped) shuts them down. V(hibernated) writes the memory of virtual machines to disk and
        stops them; containers go on running.
      - V(migrated) moves them to O(target). Running virtual machines are moved live, running containers are restarted there.
      - V(started), V(stopped) and V(hibernated) leave resources of high availability alone unless O(vms) names them.
      - Without this the guests are only listed.
    type: str
    choices: [started, stopped, hibernated, migrated]
  target:
    description: The node that guests are moved to. Required with O(state=migrated).
    type: str
  vms:
    description:
      - Only these guests. Without O(state) they are listed, by default all. Each has to be on the node; with O(state=migrated) it may also have left it.
    type: list
    elements: int
  with_local_disks:
    description:
      - With O(state=migrated), also move running virtual machines with disks on local storage. Without this they stay, which is
        an error.
    type: bool
seealso:
  - module: pve.automation.pve_guests
  - module: pve.automation.pve_node_power
"""

EXAMPLES = r"""
- name: Empty a node before its maintenance
  pve.automation.pve_node_guests:
    node: pve2
    all_guests: true
    state: migrated
    target: pve1
    max_workers: 2
    with_local_disks: true
    timeout: 7200

- name: Shut down everything on it, however long it takes
  pve.automation.pve_node_guests:
    node: pve2
    all_guests: true
    state: stopped
    force_stop: false
    timeout: 3600

- name: Start what starts at boot
  pve.automation.pve_node_guests:
    node: pve2
    all_guests: true
    state: started
"""

RETURN = r"""
node:
  description: The node with its guests, or those of O(vms), as they are after the task. Guests that were moved away are not in it.
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    guests: {description: "Its guests, each with C(vmid), C(name), C(type), C(status) and C(template).", type: list, elements: dict}
  sample:
    node: pve2
    guests: [{vmid: 9001, name: web1, type: qemu, status: running, template: false}]
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
  sample: [{method: POST, path: /nodes/pve2/startall, params: {vms: "9001"}, summary: start 9001 (web1) of node pve2}]
task:
  description: UPID of the task, whose log has an entry for each guest.
  returned: if something was to be done, not in check mode
  type: str
  sample: "UPID:pve2:0000D84A:000957F8:6B00C117:startall::root@pam:"
upid:
  description: The same, of a task that was not waited for.
  returned: with O(wait=false), if something was to be done
  type: str
"""

from ..module_utils._core.resources.node.guests import NODE_GUESTS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_GUESTS)


if __name__ == "__main__":
    main()
