# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_backup_info
short_description: Gather information about backups and their content
description:
  - Lists the backups on the storages of a cluster, the newest first. A shared storage is asked once, whichever nodes have it.
  - If requested, also reads the configuration of the guest out of each backup.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.backup
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  node:
    description: Only storages that this node has, as this node sees them.
    type: str
  storage:
    description: Only this storage. With O(node) this costs one request, else one more.
    type: str
  volume:
    description: Only this backup, as in V(local:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst). If there is none, the list is empty.
    type: str
  vmid:
    description: Only backups of guests with these ids, whether they still exist or not.
    type: list
    elements: int
  type:
    description: Only backups of this kind of guest.
    type: str
    choices: [vm, lxc]
  protected:
    description: Only those that are protected from pruning and deletion, or only those that are not.
    type: bool
  younger_than:
    description: Only backups that are at most so old, as in V(24h) or V(7d), by the clock of the machine that runs the module.
    type: str
  older_than:
    description: Only backups that are older than this, as in V(30d).
    type: str
  newest:
    description: Only the newest backup of each guest, of those that fit all other options.
    type: bool
    default: false
  config:
    description: Whether to return the configuration of the guest in each backup. Costs a request for each.
    type: bool
    default: false
seealso:
  - module: pve.automation.pve_backup
"""

EXAMPLES = r"""
- name: The newest backup of each guest
  pve.automation.pve_backup_info:
    newest: true
  register: listed

- name: Guests whose newest backup is more than a day old
  ansible.builtin.debug:
    msg: "{{ listed.backups | selectattr('ctime', 'lt', now().timestamp() - 86400) | map(attribute='vmid') }}"

- name: What machine 100 looked like when it was backed up last
  pve.automation.pve_backup_info:
    vmid: [100]
    newest: true
    config: true
"""

RETURN = r"""
backups:
  description:
    - The backups, the newest first. C(ctime) is in seconds since the epoch, C(size) in bytes; C(notes) is the first line of the notes.
    - C(node) is the node that was asked, C(type) the kind of guest, null if the name of the backup does not contain it.
    - With O(config) each has C(config), as M(pve.automation.pve_vm) or M(pve.automation.pve_lxc) returns a guest, without drives that
      the backup left out; null if the caller may not read it.
  returned: success
  type: list
  elements: dict
  contains:
    volid: {description: Name of the volume., type: str}
    storage: {description: Storage that it is on., type: str}
    vmid: {description: Id of the guest that was backed up., type: int}
    type: {description: "Kind of the guest: V(vm) or V(lxc).", type: str}
    subtype: {description: "The same in words of the API: V(qemu) or V(lxc).", type: str}
    node: {description: Node that was asked., type: str}
    notes: {description: First line of the notes., type: str}
    protected: {description: Whether it is protected from removal., type: bool}
    config: {description: Configuration of the guest., type: dict}
    encrypted: {description: "Fingerprint of the key that it is encrypted with, on a backup server.", type: str}
    verification: {description: Result of the last verification on a backup server., type: dict}
    format: {description: Format of the file., type: str}
    size: {description: Size in bytes., type: int}
    ctime: {description: "When it was made, in seconds since the epoch.", type: int}
  sample:
    - {volid: "local:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst", storage: local, node: pve1, vmid: 100, type: vm, subtype: qemu,
      format: vma.zst, size: 36998, ctime: 1769860800, protected: false, notes: web1}
"""

from ..module_utils._core.resources.backup.info import BACKUP_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(BACKUP_INFO)


if __name__ == "__main__":
    main()
