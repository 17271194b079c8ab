# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_disk
short_description: Manage the disks of a node and what is created on them
description:
  - Makes a volume group, a thin pool, a zpool or a directory of disks, or deletes it, by O(type) and O(name).
  - Or wipes one O(disk), or gives it a partition table.
  - A disk on which something is left is never used; it has to be wiped first, which needs O(force). A disk that is mounted, or that
    belongs to a volume group, a zpool or an OSD, is not even wiped.
  - Nothing that is made can be changed. An option that differs from what is there is an error.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.storage
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  node:
    description: The node.
    type: str
    required: true
  state:
    description:
      - V(present) and V(absent) are about what is made of disks, V(wiped) and V(gpt) about one O(disk).
      - A wiped disk has neither content nor a partition table. PVE lets only root@pam with a password wipe.
      - V(gpt) gives an empty disk a partition table.
    type: str
    choices: [present, absent, wiped, gpt]
    default: present
  disk:
    description: Path of a disk, as in V(/dev/sdb), or its name below V(/dev/disk/by-id) that M(pve.automation.pve_node_disk_info) shows.
      With O(state=wiped) also a partition.
    type: str
  uuid:
    description: UUID for a new partition table. The server does not return that of an existing one, so that it is not compared.
    type: str
  type:
    description: What is made.
    type: str
    choices: [lvm, lvmthin, zfs, directory]
  name:
    description: Name of the volume group, the thin pool and its volume group, the zpool or the directory below V(/mnt/pve).
    type: str
  devices:
    description:
      - Paths of the disks or partitions, as with O(disk). Needed to create something; all but a zpool are made of one.
      - Their order matters for V(raid10) only. The device of an existing directory cannot be compared, as the server returns only the UUID of
        its file system.
    type: list
    elements: str
  raidlevel:
    description: How a zpool spreads data. Needed to create one.
    type: str
    choices: [single, mirror, raid10, raidz, raidz2, raidz3, draid, draid2, draid3]
  draid_config:
    description:
      - The keys C(data) and C(spares), how many disks of a group hold data and how many are spare, or PVE's own text, as in V(data=4,spares=1).
      - For a raidlevel of draid. The server does not return it, so that it is not compared.
    type: raw
  ashift:
    description: Size of the sectors of a zpool as a power of two, 9 to 16; PVE takes 12 if it is not given. The server does not return it, so that
      it is not compared.
    type: int
  compression:
    description: Compression of a zpool; PVE takes V(on) if it is not given. The server does not return it, so that it is not compared.
    type: str
    choices: ["on", "off", gzip, lz4, lzjb, zle, zstd]
  filesystem:
    description: File system of a directory; PVE takes V(ext4) if it is not given.
    type: str
    choices: [ext4, xfs]
  add_storage:
    description:
      - Whether a storage of the same name is added with it. A storage of that name and kind on other nodes is extended to this node.
      - If the thing is there and the storage is not, it is an error; M(pve.automation.pve_storage) creates it then.
    type: bool
  volume_group:
    description: The volume group of the thin pool to delete, where it has another name.
    type: str
  cleanup_config:
    description: With O(state=absent), take this node from the storages that are gone, and remove storages that have no other node.
    type: bool
  cleanup_disks:
    description: With O(state=absent), also wipe the disks, so that they can be used again.
    type: bool
  force:
    description: Whether data may be lost, by wiping a disk, by deleting a volume group, a thin pool or a zpool, and by O(cleanup_disks).
    type: bool
    default: false
seealso:
  - module: pve.automation.pve_node_disk_info
  - module: pve.automation.pve_storage
"""

EXAMPLES = r"""
- name: A mirror with a storage on it
  pve.automation.pve_node_disk:
    node: pve1
    type: zfs
    name: tank
    devices: [/dev/sdb, /dev/sdc]
    raidlevel: mirror
    compression: zstd
    add_storage: true

- name: Empty a disk that was used before
  pve.automation.pve_node_disk:
    node: pve1
    disk: /dev/sdd
    state: wiped
    force: true

- name: A directory on it
  pve.automation.pve_node_disk:
    node: pve1
    type: directory
    name: backup
    devices: [/dev/sdd]
    filesystem: xfs

- name: Delete it, and make the disk ready for something else
  pve.automation.pve_node_disk:
    node: pve1
    type: directory
    name: backup
    state: absent
    cleanup_config: true
    cleanup_disks: true
    force: true
"""

RETURN = r"""
disk:
  description:
    - What is made of the disks as the server returns it afterwards, or nothing if it is absent; with O(state=wiped) and O(state=gpt) the
      disk. In check mode as it would be.
    - The disks of a zpool have the names by which ZFS finds them again.
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    devpath: {description: "Path of the disk, with O(state=wiped) and O(state=gpt).", type: str}
    gpt: {description: Whether it has a partition table of the kind GPT., type: bool}
    path: {description: Where it is mounted., type: str}
    size: {description: Size in bytes., type: int}
    type: {description: As O(type)., type: str}
    name: {description: As O(name)., type: str}
    devices: {description: As O(devices)., type: list, elements: str}
    volume_group: {description: As O(volume_group)., type: str}
    raidlevel: {description: As O(raidlevel)., type: str}
    filesystem: {description: As O(filesystem)., type: str}
  sample: {node: pve1, type: zfs, name: tank, raidlevel: mirror, devices: [/dev/disk/by-id/ata-DISK_1, /dev/disk/by-id/ata-DISK_2]}
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
  sample: [{method: PUT, path: /nodes/pve1/disks/wipedisk, params: {disk: /dev/sdd}, summary: wipe /dev/sdd}]
upid:
  description: The task.
  returned: if O(wait) is false and there is one
  type: str
  sample: "UPID:pve1:0000D84A:000957F8:6B00C117:wipedisk:sdd:root@pam:"
"""

from ..module_utils._core.resources.node.disk import NODE_DISK
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_DISK)


if __name__ == "__main__":
    main()
