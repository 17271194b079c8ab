# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_backup
short_description: Back up guests, and manage the backups that exist
description:
  - Takes backups of guests, one vzdump task for each, so that the result tells of each guest whether it worked.
  - Changes the notes or the protection of one backup, deletes it, or prunes the backups of a storage.
  - To restore one, see O(pve.automation.pve_vm#module:restore) and O(pve.automation.pve_lxc#module:restore). For scheduled
    backups see M(pve.automation.pve_backup_job).
version_added: 0.1.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.attributes
  - pve.automation.connection
options:
  vmid:
    description: Ids of the guests. With O(state=pruned) at most one; without it the backups of all guests are pruned.
    type: list
    elements: int
  pool:
    description: Back up the guests of this pool.
    type: str
  all:
    description: Back up all guests, those of O(node) if it is given.
    type: bool
    default: false
  node:
    description:
      - Only guests on this node. Without O(vmid), O(pool) and O(all) it is all of them.
      - With O(volume) or O(state=pruned), a node that has the storage.
    type: str
  exclude:
    description: Ids of guests to leave out.
    type: list
    elements: int
  storage:
    description: Where the backups go, or which storage is pruned.
    type: str
  max_age:
    description:
      - Back up only guests that have no backup on O(storage) that is younger than this, as in V(24h) or V(7d), by the clock of the
        machine that runs the module.
      - Without it a backup is taken at every run.
    type: str
  volume:
    description: The backup to change or delete, as in V(local:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst).
    type: str
  notes:
    description: Notes of O(volume). The empty text clears them.
    type: str
  protected:
    description: Whether the new backups, or O(volume), are protected from pruning and deletion.
    type: bool
  bwlimit:
    description: Limit in KiB/s.
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
    description: Use of a fast storage during backups of machines, as a mapping with C(enabled) and C(storage), or as text.
    type: raw
  ionice:
    description: IO priority, 0 to 8.
    type: int
  lockwait:
    description: Minutes to wait for another backup on the node.
    type: int
  mailto:
    description: Addresses or users that get a mail.
    type: list
    elements: str
  mode:
    description: How guests are backed up.
    type: str
    choices: [snapshot, suspend, stop]
  notes_template:
    description: Notes of new backups, with variables such as C({{guestname}}), C({{node}}) and C({{vmid}}).
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
    description: Tuning, as a mapping with C(max-workers) and C(pbs-entries-max), or as text.
    type: raw
  pigz:
    description: Threads of pigz where it replaces gzip.
    type: int
  prune_backups:
    description: Retention, as a mapping with C(keep-last), C(keep-daily) and so on, or as text, as in V(keep-last=3,keep-weekly=4).
    type: raw
  remove:
    description: Whether new backups prune older ones by O(prune_backups).
    type: bool
  stdexcludes:
    description: Whether temporary files and logs are left out of backups of containers.
    type: bool
  stopwait:
    description: Minutes to wait until a guest has stopped.
    type: int
  zstd:
    description: Threads of zstd; 0 for half of the cores.
    type: int
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
      - V(pruned) deletes what O(prune_backups), or else the retention of the storage, does not keep. Check mode tells which.
    type: str
    choices: [present, absent, pruned]
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
    prune_backups: {keep-last: 3, keep-weekly: 4}
    state: pruned
  check_mode: true
"""

RETURN = r"""
backups:
  description:
    - One entry for each guest, with C(vmid), C(name), C(node), C(changed), C(requests) and C(backup), the newest backup, or C(failed)
      with C(msg) and C(error).
  returned: when guests are backed up
  type: list
  elements: dict
  sample:
    - {vmid: 100, name: web1, node: pve1, changed: true, backup: {volid: "local:backup/vzdump-qemu-100-....vma.zst", size: 12345}}
backup:
  description: The backup that O(volume) names; null if it does not exist.
  returned: with O(volume)
  type: dict
  sample: {volid: "local:backup/vzdump-qemu-100-....vma.zst", protected: true, notes: The last one}
pruned:
  description: The backups that are kept, protected, and still to be removed; the diff tells what was removed.
  returned: with O(state=pruned)
  type: dict
  sample: {keep: ["local:backup/vzdump-qemu-100-....vma.zst"], protected: [], remove: []}
requests:
  description: The writing API calls that were made, in check mode those that would be made.
  returned: always
  type: list
  elements: dict
  sample: [{method: POST, path: /nodes/pve1/vzdump, params: {vmid: 100, storage: local}, why: back up guest 100 to local}]
"""

from ..module_utils.module import run_module
from ..module_utils.resources.backup import BACKUP


def main() -> None:
    run_module(BACKUP)


if __name__ == "__main__":
    main()
