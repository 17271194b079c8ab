# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_backup
short_description: Manage backups of guests
description:
  - Takes backups of guests, one vzdump task for each, so that the result has an entry for each guest.
  - Changes the notes or the protection of one backup, deletes it, or prunes the backups of a storage.
  - Restores a backup, to an id that is free or over the guest that has it, and verifies that the guest's configuration is that of
    the backup. To configure the restored guest in the same task, see O(pve.automation.pve_vm#module:restore) and
    O(pve.automation.pve_lxc#module:restore).
  - Options that mean nothing for what the task does are refused.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.backup
  - pve.automation.attributes
  - pve.automation.connection
options:
  vmid:
    description:
      - Ids of the guests. O(vmid), O(pool) and O(all) exclude each other.
      - With O(state=pruned) one id; give O(all) for the backups of all guests.
      - With O(state=restored) the one id that the guest gets; without it that of the guest in the backup.
    type: list
    elements: int
  pool:
    description: Back up the guests of this pool. With O(state=restored) the pool that the guest joins.
    type: str
  all:
    description:
      - Back up all guests, those of O(node) if it is given.
      - With O(state=pruned) prune the backups of all guests on O(storage).
    type: bool
    default: false
  node:
    description:
      - Only guests on this node. Without O(vmid), O(pool) and O(all) it is all of them.
      - With O(volume) or O(state=pruned), a node that has the storage. With O(state=restored) it is also where the guest is to be.
    type: str
  exclude:
    description: Ids of guests to leave out.
    type: list
    elements: int
  storage:
    description:
      - Where the backups go, or which storage is pruned.
      - With O(state=restored) where the guest's volumes go; without it to the storages that they were on.
    type: str
  max_age:
    description:
      - Back up only guests that have no backup on O(storage) that is younger than this, as in V(24h) or V(7d), by the clock of the
        machine that runs the module.
      - Without it a backup is taken at every run.
    type: str
  volume:
    description: The backup to change, delete or restore, as in V(local:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst).
    type: str
  notes:
    description: Notes of O(volume). An empty string clears them.
    type: str
  protected:
    description: Whether the new backups, or O(volume), are protected from pruning and deletion.
    type: bool
  bwlimit:
    description: Limit in KiB/s, of taking or restoring backups.
    type: int
  compress:
    description: Compression; V(0) for none.
    type: str
    choices: ["0", "1", gzip, lzo, zstd]
  exclude_path:
    description: Patterns of files to leave out of backups of containers.
    type: list
    elements: str
  fleecing:
    description: Use of a fast storage during backups of machines, as a dictionary with C(enabled) and C(storage), or as a property string.
    type: raw
  ionice:
    description: IO priority, 0 to 8.
    type: int
  lockwait:
    description: Minutes to wait for another backup on the node.
    type: int
  mailnotification:
    description: When a mail is sent, where the notification mode sends one.
    type: str
    choices: [always, failure]
  mailto:
    description: Addresses or users that get a mail.
    type: list
    elements: str
  mode:
    description: How guests are backed up.
    type: str
    choices: [snapshot, suspend, stop]
  notes_template:
    description:
      - Notes of new backups, with variables such as C({{guestname}}), C({{node}}) and C({{vmid}}).
      - They may have several lines. In a single line a backslash followed by C(n) stands for a new one.
    type: str
  notification_mode:
    description: Which system notifies.
    type: str
    choices: [auto, legacy-sendmail, notification-system]
  pbs_change_detection_mode:
    description: How changed files of containers are found for a Proxmox Backup Server.
    type: str
    choices: [legacy, data, metadata]
  performance:
    description: Tuning, as a dictionary with C(max-workers) and C(pbs-entries-max), or as a property string.
    type: raw
  pigz:
    description: Threads of pigz where it replaces gzip.
    type: int
  prune_backups:
    description: Retention, as a dictionary with C(keep-last), C(keep-daily) and so on, or as a property string such as V(keep-last=3,keep-weekly=4).
    type: raw
  remove:
    description: Whether new backups prune older ones by O(prune_backups).
    type: bool
  script:
    description: Script on the node that is run at every step. Only root@pam may set it.
    type: str
  stdexcludes:
    description: Whether temporary files and logs are left out of backups of containers.
    type: bool
  stopwait:
    description: Minutes to wait until a guest has stopped.
    type: int
  tmpdir:
    description: Directory for temporary files. Only root@pam may set it.
    type: str
  zstd:
    description: Threads of zstd; 0 for half of the cores.
    type: int
  force:
    description:
      - With O(state=restored), restore over the guest that O(vmid) names. Its volumes and snapshots are lost; if it runs it is stopped hard
        first. This acts at every run. A guest with C(protection) is never overwritten.
    type: bool
    default: false
  unique:
    description: Whether a restored guest gets new MAC addresses, so that it can run beside the one that was backed up.
    type: bool
    default: false
  start:
    description: Whether a restored guest is started.
    type: bool
    default: false
  live_restore:
    description: Whether a restored machine is started at once, while its data are still read from the backup.
    type: bool
    default: false
  parallel:
    description: How many guests are backed up at the same time. A node works on one at a time anyway.
    type: int
    default: 1
  fail_fast:
    description: Begin no further backup after one has failed.
    type: bool
    default: false
  state:
    description:
      - V(present) takes backups, or changes O(volume); V(absent) deletes O(volume), which must not be protected.
      - V(pruned) deletes what O(prune_backups), or else the retention of the storage, does not keep. Check mode shows which.
      - V(restored) makes a guest from O(volume). If the id belongs to a guest that equals the backup, nothing is done; a guest that
        differs is an error that names the differences, unless O(force) is set. Afterwards the guest is compared with the backup;
        what PVE generates (names of volumes, C(vmgenid), with O(unique) also MAC addresses) does not count.
    type: str
    choices: [present, absent, pruned, restored]
    default: present
  wait:
    description: Whether to wait for the tasks. If not, each entry has the C(upid) of its task.
    type: bool
    default: true
  timeout:
    description: Seconds that each task may take. A task that takes longer goes on; the module fails and names it.
    type: int
    default: 7200
seealso:
  - module: pve.automation.pve_backup_info
  - module: pve.automation.pve_backup_job
"""

EXAMPLES = r"""
- name: A backup of each guest of a pool, unless there is one of today
  pve.automation.pve_backup:
    pool: web
    storage: backups
    max_age: 24h
    mode: snapshot
    compress: zstd
    notes_template: "{{ '{{guestname}}' }} before the update"

- name: Keep one for good
  pve.automation.pve_backup:
    node: pve1
    volume: local:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst
    notes: The last one of the old system
    protected: true

- name: What a retention would delete
  pve.automation.pve_backup:
    node: pve1
    storage: backups
    all: true
    prune_backups: {keep-last: 3, keep-weekly: 4}
    state: pruned
  check_mode: true

- name: A copy of a machine from its backup, beside the one that runs
  pve.automation.pve_backup:
    node: pve2
    volume: backups:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst
    vmid: [9100]
    storage: local-lvm
    unique: true
    state: restored

- name: Back to the state of the backup, whatever happened since
  pve.automation.pve_backup:
    node: pve1
    volume: backups:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst
    vmid: [100]
    force: true
    start: true
    state: restored
"""

RETURN = r"""
backups:
  description:
    - One entry for each guest, with C(vmid), C(name), C(node), C(changed), C(requests) and C(backup), the newest backup, or C(failed)
      with C(msg) and C(error).
  returned: when guests are backed up
  type: list
  elements: dict
  contains:
    vmid: {description: Id of the guest., type: int}
    node: {description: Node of the guest., type: str}
    name: {description: Name of the guest., type: str}
    backup: {description: "The newest backup, as of M(pve.automation.pve_backup_info).", type: dict}
    upid: {description: "The task, with O(wait=false).", type: str}
    failed: {description: True if it could not be backed up., type: bool}
    msg: {description: Why it failed., type: str}
    error: {description: The parts of the error., type: dict}
    changed: {description: Whether something was changed., type: bool}
    requests: {description: The writing API calls of this guest., type: list, elements: dict}
  sample:
    - {vmid: 100, name: web1, node: pve1, changed: true, backup: {volid: "local:backup/vzdump-qemu-100-....vma.zst", size: 12345}}
backup:
  description: The backup that O(volume) names; null if it does not exist.
  returned: with O(volume)
  type: dict
  contains:
    volid: {description: Name of the volume., type: str}
    vmid: {description: Id of the guest that was backed up., type: int}
    subtype: {description: "Kind of the guest: V(qemu) or V(lxc).", type: str}
    ctime: {description: "When it was made, in seconds since the epoch.", type: int}
    size: {description: Size in bytes., type: int}
    format: {description: Format of the file., type: str}
    notes: {description: The notes., type: str}
    protected: {description: Whether it is protected from removal., type: bool}
  sample: {volid: "local:backup/vzdump-qemu-100-....vma.zst", protected: true, notes: The last one}
pruned:
  description: The backups that are kept, protected, and still to be removed; the diff shows what was removed.
  returned: with O(state=pruned)
  type: dict
  contains:
    keep: {description: Backups that the rules keep., type: list, elements: str}
    protected: {description: Backups that are protected., type: list, elements: str}
    remove: {description: Backups that are still to be removed., type: list, elements: str}
  sample: {keep: ["local:backup/vzdump-qemu-100-....vma.zst"], protected: [], remove: []}
guest:
  description: The restored guest, as M(pve.automation.pve_vm) or M(pve.automation.pve_lxc) returns it.
  returned: with O(state=restored)
  type: dict
  contains:
    vmid: {description: As O(vmid)., type: int}
    node: {description: As O(node)., type: str}
    status: {description: Power state., type: str}
  sample: {vmid: 9100, node: pve2, status: stopped, name: web1, memory: 2048}
verified:
  description:
    - True if the guest's configuration was compared with that of the backup and is the same; a difference is an error.
    - False, with a warning, if the caller may not read the configuration in the backup.
  returned: with O(state=restored), except in check mode
  type: bool
  sample: true
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
  sample: [{method: POST, path: /nodes/pve1/vzdump, params: {vmid: 100, storage: local}, summary: back up guest 100 to local}]
"""

from ..module_utils._core.resources.backup.run import BACKUP
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(BACKUP)


if __name__ == "__main__":
    main()
