# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_disk_info
short_description: Gather information about the disks of a node and what is on them
description:
  - Lists the local disks of a node, and if requested their SMART values, volume groups, thin pools, zpools and directories.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.storage
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  node:
    description: The node.
    type: str
    required: true
  devpath:
    description: Only the disk of this path, as in V(/dev/sdb). If there is none, the list is empty.
    type: str
  unused:
    description: Whether only disks without content are listed.
    type: bool
    default: false
  include_partitions:
    description: Whether partitions are listed, too.
    type: bool
    default: false
  include:
    description: What is read besides, each by a call of its own; V(smart) by one for each disk, V(zfs) by one for each zpool.
    type: list
    elements: str
    choices: [lvm, lvmthin, zfs, directory, smart]
    default: []
seealso:
  - module: pve.automation.pve_node_disk
"""

EXAMPLES = r"""
- name: Disks that are free
  pve.automation.pve_node_disk_info:
    node: pve1
    unused: true
  register: free

- name: Health of the zpools and of one disk
  pve.automation.pve_node_disk_info:
    node: pve1
    devpath: /dev/sdb
    include: [zfs, smart]
  register: health
"""

RETURN = r"""
disks:
  description:
    - The disks under V(disks), ordered by path and as PVE returns them, sizes in bytes, with RV(ignore:smart) in each where it was asked for.
    - Beside them what O(include) names, under the same name.
  returned: success
  type: dict
  contains:
    devpath: {description: As O(devpath)., type: str}
    node: {description: The node., type: str}
    disks: {description: The disks., type: list, elements: dict}
    directory: {description: Mounted directories., type: list, elements: dict}
    lvm: {description: Volume groups., type: list, elements: dict}
    lvmthin: {description: Thin pools., type: list, elements: dict}
    zfs: {description: ZFS pools., type: list, elements: dict}
  sample: {node: pve1, disks: [{devpath: /dev/sdb, size: 68719476736, used: ZFS, gpt: 1, health: PASSED}], zfs: [{name: tank, health: ONLINE}]}
"""

from ..module_utils._core.resources.node.disk import NODE_DISK_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_DISK_INFO)


if __name__ == "__main__":
    main()
