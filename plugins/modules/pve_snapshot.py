# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_snapshot
short_description: Manage snapshots of VMs and containers
description:
  - Takes, describes and deletes snapshots of virtual machines and containers, rolls back to them, and keeps only the newest ones
    of a series.
  - A locked guest and volumes that cannot have snapshots are errors before anything changes, in check mode as well.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.guests
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  description:
    description: What the snapshot is for; the description of one that exists is changed to it.
    type: str
  force:
    description: Remove deleted snapshots from the configuration even where those of single volumes cannot be removed.
    type: bool
    default: false
  name:
    description: Name of the guest; several guests of one name are an error. Together with O(vmid) both have to fit.
    type: str
  node:
    description:
      - Node of the guest. A guest that has moved is found where it is.
      - With O(state=absent) and O(state=rollback), another node than that of the guest is an error.
    type: str
  prefix:
    description: How the names of the snapshots begin that O(retention) counts; V(*) counts all of the guest.
    type: str
  retention:
    description:
      - How many snapshots of the series O(prefix) stay; the oldest ones are deleted, one after the other.
      - The one that O(snapname) names counts and always stays. Without O(snapname) none is taken.
    type: int
  snapname:
    description: Name of the snapshot, 2 to 40 letters, digits, hyphens and underscores with a letter in front.
    type: str
  start:
    description: With O(state=rollback), start the guest afterwards. One whose snapshot has its memory runs in any case.
    type: bool
  state:
    description:
      - 'V(present): the snapshot exists; V(absent): it does not.'
      - V(rollback) brings the guest back to the snapshot, at every run. Everything since then is lost, and a running guest is stopped.
    type: str
    choices: [present, absent, rollback]
    default: present
  vmid:
    description: Id of the guest.
    type: int
  vmstate:
    description:
      - Whether a snapshot that is taken includes the memory of a running virtual machine. Of one that exists this is not changed,
        as a machine that was stopped then has none.
    type: bool
notes:
  - A run that changes nothing costs two requests.
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_guest_info
"""

EXAMPLES = r"""
- name: Before an upgrade, with the memory
  pve.automation.pve_snapshot:
    name: web1
    snapname: before-upgrade
    description: Before the upgrade to 2.0
    vmstate: true

- name: One a day, for a week
  pve.automation.pve_snapshot:
    vmid: 9101
    snapname: "daily-{{ now(utc=true, fmt='%Y%m%d') }}"
    retention: 7
    prefix: daily-

- name: Back again, and start it
  pve.automation.pve_snapshot:
    name: web1
    snapname: before-upgrade
    state: rollback
    start: true

- name: It is no longer needed
  pve.automation.pve_snapshot:
    name: web1
    snapname: before-upgrade
    state: absent
"""

RETURN = r"""
guest:
  description: The guest with its snapshots, oldest first; C(parent) is the one that its present state is based on. In check mode as it would be.
  returned: success
  type: dict
  contains:
    vmid: {description: As O(vmid)., type: int}
    node: {description: As O(node)., type: str}
    name: {description: As O(name)., type: str}
    type: {description: "Kind of the guest: V(qemu) or V(lxc).", type: str}
    parent: {description: Snapshot that the present state is based on; null if there is none., type: str}
    snapshots: {description: "Snapshots, each with C(name), C(snaptime), C(description) and C(vmstate).", type: list, elements: dict}
  sample:
    vmid: 9101
    name: cache1
    node: pve1
    type: lxc
    parent: before-upgrade
    snapshots:
      - {name: before-upgrade, description: Before the upgrade to 2.0, snaptime: 1795211559, vmstate: false}
upid:
  description: The last task, which was not awaited.
  returned: with O(wait=false), if a task was started
  type: str
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
  sample: [{method: POST, path: /nodes/pve1/lxc/9101/snapshot, params: {snapname: before-upgrade}, summary: take snapshot before-upgrade of guest 9101}]
"""

from ..module_utils._core.guests.actions.snapshot import SNAPSHOT
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(SNAPSHOT)


if __name__ == "__main__":
    main()
