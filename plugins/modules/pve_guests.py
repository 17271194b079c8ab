# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_guests
short_description: Manage many VMs and containers (LXC) at once
description:
  - Brings many virtual machines and containers to their states, several at a time, or changes the power state of all guests that a
    selection fits, or deletes them.
  - All entries are checked before anything is sent. One guest's failure neither hides nor stops the others.
  - Check mode shows exactly what would happen to which guest.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.guests
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.preflight
options:
  guests:
    description:
      - The guests. Each entry has C(type), V(vm) (the default) or V(lxc), and the options of M(pve.automation.pve_vm) or
        M(pve.automation.pve_lxc), but for the connection. O(preflight) and O(limits) hold for all that have none of their own.
      - New guests without C(vmid) get free ids that differ from each other.
      - What one entry clones must not be made by another one.
    type: list
    elements: dict
  select:
    description:
      - The guests whose power state is changed, or that are deleted; all selectors that are given have to fit. Templates are never among them.
      - The nodes of these guests are asked for names and statuses, which the cluster's list may show as they were ten seconds ago.
    type: dict
    suboptions:
      type:
        description: Kind of guest.
        type: str
        choices: [vm, lxc]
      vmid:
        description: Ids.
        type: list
        elements: int
      name:
        description: Pattern of the name, with C(*) and C(?).
        type: str
      tag:
        description: Tags that the guest has, all of them.
        type: list
        elements: str
      pool:
        description: Pool of the guest.
        type: str
      node:
        description: Node of the guest.
        type: str
      status:
        description: Present status.
        type: str
        choices: [running, stopped]
  state:
    description:
      - Power state for the guests in O(select), see M(pve.automation.pve_vm).
      - V(absent) deletes them with their disks. Guests that are running or protected, or that the HA manager looks after, fail and stay;
        add V(stopped) as O(select.status) to leave running ones out.
    type: str
    choices: [started, stopped, restarted, reset, paused, resumed, hibernated, absent]
  force:
    description: Stop the guests in O(select) hard, at once or after O(shutdown_timeout). Entries of O(guests) say it themselves.
    type: bool
    default: false
  shutdown_timeout:
    description: Seconds that each guest in O(select) gets for a graceful shutdown. Entries of O(guests) say it themselves.
    type: int
  timeout:
    description: Seconds that each PVE task may take. Entries of O(guests) may have their own.
    type: int
    default: 600
  parallel:
    description: How many guests are worked on at the same time.
    type: int
    default: 4
  per_storage:
    description: How many guests that name the same storage for a volume or a clone are worked on at the same time.
    type: int
  per_source:
    description:
      - How many clones of the same source are made at the same time. Once it is made, a clone is configured and started beside the next.
    type: int
  fail_fast:
    description: Begin no further guest after one has failed.
    type: bool
    default: false
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_vm
  - module: pve.automation.pve_lxc
"""

EXAMPLES = r"""
- name: Three clones of a template, configured and started
  pve.automation.pve_guests:
    guests:
      - {name: web1, node: pve1, clone: debian-13, cores: 2, state: started}
      - {name: web2, node: pve2, clone: debian-13, cores: 2, state: started}
      - {name: web3, node: pve3, clone: debian-13, cores: 4, state: started}

- name: Two database servers on different nodes, wherever there is memory for them
  pve.automation.pve_guests:
    guests:
      - {name: sql1, placement: memory, spread: sql, tags: [sql], memory: 1G, scsi: {scsi0: "local-lvm:4"}}
      - {name: sql2, placement: memory, spread: sql, tags: [sql], memory: 1G, scsi: {scsi0: "local-lvm:4"}}

- name: Shut down everything with the tag test, hard after a minute
  pve.automation.pve_guests:
    select: {tag: [test], status: running}
    state: stopped
    shutdown_timeout: 60
    force: true
    parallel: 10

- name: Delete what was stopped and has the tag obsolete
  pve.automation.pve_guests:
    select: {tag: [obsolete], status: stopped}
    state: absent

- name: Only if everything fits, and no guest gets more than it should
  pve.automation.pve_guests:
    guests:
      - {name: db1, node: pve1, clone: debian-13, memory: 16G, scsi: {scsi0: {size: 100G}}}
      - {name: db2, node: pve1, clone: debian-13, memory: 16G, scsi: {scsi0: {size: 100G}}}
    preflight: fail
    limits: {max_memory: 32G, max_disk: 500G}
  check_mode: true
"""

RETURN = r"""
guests:
  description:
    - One entry for each guest, in the order of the task, with C(vmid), C(name), C(type), C(changed), C(requests), and the result of
      the module of its kind, or C(failed) with C(msg) and C(error).
    - C(skipped) is true for guests that were not begun because of O(fail_fast).
  returned: always
  type: list
  elements: dict
  contains:
    vmid: {description: Id of the guest., type: int}
    name: {description: Name., type: str}
    type: {description: "Kind of the guest: V(vm) or V(lxc).", type: str}
    changed: {description: Whether something was changed., type: bool}
    vm: {description: "The VM, as of M(pve.automation.pve_vm).", type: dict}
    container: {description: "The container, as of M(pve.automation.pve_lxc).", type: dict}
    requests: {description: The writing API calls of this guest., type: list, elements: dict}
    pending: {description: Keys whose new values wait for the next start., type: list, elements: str}
    interfaces: {description: Network interfaces with their addresses., type: list, elements: dict}
    skipped: {description: True for a guest that was not begun because of O(fail_fast)., type: bool}
    failed: {description: True if something went wrong with it., type: bool}
    msg: {description: What went wrong., type: str}
    error: {description: The parts of the error., type: dict}
  sample: [{vmid: 9001, name: web1, type: vm, changed: true}]
requests:
  description: The writing API calls of all guests, in check mode those that would be made; secrets are hidden.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: POST, path: /nodes/pve1/qemu/9000/clone, params: {newid: 9001}, summary: clone the virtual machine 9000 as 9001}]
"""

from ..module_utils._core.guests.bulk import GUESTS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(GUESTS)


if __name__ == "__main__":
    main()
