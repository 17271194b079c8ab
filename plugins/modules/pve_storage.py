# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_storage
short_description: Manage storages
description:
  - Creates, changes and deletes the configuration of storages, of every type that comes with PVE.
  - An option that the type of the storage does not have is refused, as is a change of one that can be set only when the storage is created.
  - Deleting a storage never deletes what it holds.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.storage
  - pve.automation.attributes
  - pve.automation.connection
options:
  storage:
    description: Name of the storage.
    type: str
    required: true
    aliases: [name]
  type:
    description: Type of the storage, needed to create it. It cannot change later. PVE 9 has no V(glusterfs) any more.
    type: str
    choices: [btrfs, cephfs, cifs, dir, esxi, glusterfs, iscsi, iscsidirect, lvm, lvmthin, nfs, pbs, rbd, zfs, zfspool]
  append:
    description: Only add what O(content) and O(nodes) list to what is there, never take anything out. Nothing is added to all nodes.
    type: bool
    default: false
  base:
    description: Volume of an iscsi storage that carries the volume group. For lvm. It cannot change later.
    type: str
  blocksize:
    description: Block size of volumes, such as V(16k). For zfspool, and zfs, where it is needed and cannot change later.
    type: str
  bwlimit:
    description:
      - Limits in KiB/s for V(clone), V(migration), V(move), V(restore) and V(default), as a dictionary or as a property string (C(move=10240,restore=20480)).
      - A limit that is not given is not changed; an empty string removes one.
    type: raw
  comstar_hg:
    description: Host group for COMSTAR views. For zfs.
    type: str
  comstar_tg:
    description: Target group for COMSTAR views. For zfs.
    type: str
  content:
    description: What may be kept here. The list is the whole list, in any order, unless O(append) is true. V(none) means nothing.
      What is possible depends on O(type).
    type: list
    elements: str
    choices: [images, rootdir, vztmpl, iso, backup, snippets, import, none]
  content_dirs:
    description:
      - Directories for kinds of content, relative to the storage, as a dictionary from kind to directory or as a property string (V(iso=images/iso)).
      - A kind that is not given is not changed; an empty string removes one.
    type: raw
  create_base_path:
    description: Whether the directory itself is created. The server assumes V(true).
    type: bool
  create_subdirs:
    description: Whether the directories for the kinds of content are created. The server assumes V(true).
    type: bool
  data_pool:
    description: Pool for the data, where O(pool) is one for metadata only. For rbd.
    type: str
  datastore:
    description: Datastore of the backup server. For pbs, which needs it. It cannot change later.
    type: str
  disable:
    description: Whether the storage is disabled. PVE's default is V(false).
    type: bool
  domain:
    description: Domain of the user. For cifs.
    type: str
  encryption_key:
    description:
      - Key that encrypts backups, as the JSON text that C(proxmox-backup-client key create) makes, or V(autogen) to let the server make one. For pbs.
      - The server shows whether there is a key, so that one is sent where there is none, whatever O(update_password) says.
    type: str
  export:
    description: Exported path. For nfs, which needs it. It cannot change later.
    type: str
  fingerprint:
    description: SHA-256 fingerprint of the backup server's certificate. For pbs.
    type: str
  format:
    description: Format of images where none is requested.
    type: str
    choices: [raw, qcow2, subvol, vmdk]
  fs_name:
    description: Name of the file system. For cephfs.
    type: str
  fuse:
    description: Whether to mount by FUSE. For cephfs. PVE's default is V(false).
    type: bool
  is_mountpoint:
    description: V(yes) if O(path) has to be a mount point of something else before it is used, or the path that has to be one;
      V(no) otherwise. For dir, btrfs.
    type: str
  iscsiprovider:
    description: Implementation of iSCSI on the server. For zfs, which needs it. It cannot change later.
    type: str
  keyring:
    description: Content of the client's keyring for a foreign cluster. For rbd, cephfs. See O(update_password).
    type: str
  krbd:
    description: Whether to use the kernel's RBD always. For rbd. PVE's default is V(false).
    type: bool
  lio_tpg:
    description: Target portal group for LIO. For zfs.
    type: str
  master_pubkey:
    description:
      - Public RSA key (PEM, in base64) that encrypts a copy of the encryption key for each backup. For pbs.
      - Sent where there is none, whatever O(update_password) says.
    type: str
  max_protected_backups:
    description: How many protected backups a guest may have; V(-1) for any number.
    type: int
  mkdir:
    description: Older form of O(create_base_path) and O(create_subdirs) together. PVE's default is V(true).
    type: bool
  monhost:
    description: Addresses of the monitors of a foreign cluster, in any order. For rbd, cephfs.
    type: list
    elements: str
  mountpoint:
    description: Where the pool is mounted. For zfspool.
    type: str
  namespace:
    description: Namespace in the datastore or pool. For pbs, rbd.
    type: str
  nocow:
    description: Whether to switch copy-on-write, and so checksums, off. For btrfs. PVE's default is V(false).
    type: bool
  nodes:
    description: Nodes that have the storage. The list is the whole list, in any order, unless O(append) is
      true; an empty list means all nodes.
    type: list
    elements: str
  nowritecache:
    description: Whether to switch the write cache of the target off. For zfs. PVE's default is V(false).
    type: bool
  options:
    description: Options of the mount, in any order. For nfs, cifs, cephfs.
    type: list
    elements: str
  password:
    description: Password. For cifs, pbs, esxi. See O(update_password).
    type: str
  path:
    description: Directory. For dir and btrfs, which need it; for nfs, cifs, cephfs and glusterfs the mount point. It cannot change later.
    type: str
  pool:
    description: Pool. For rbd; for zfspool and zfs, which need it and where it cannot change later.
    type: str
  port:
    description: Port of the server. For pbs, esxi.
    type: int
  portal:
    description: iSCSI portal. For iscsi, iscsidirect and zfs, which need it. It cannot change later.
    type: str
  preallocation:
    description: How much of a new raw or qcow2 image is allocated at once. The server assumes V(metadata).
    type: str
    choices: ['off', metadata, falloc, full]
  prune_backups:
    description:
      - Which backups are kept, as a dictionary with V(keep-last), V(keep-hourly), V(keep-daily), V(keep-weekly),
        V(keep-monthly), V(keep-yearly) or only V(keep-all), or as a property string (C(keep-last=3,keep-daily=7)).
      - It is the whole policy; rules that are not given are removed.
    type: raw
  saferemove:
    description: Whether volumes are overwritten before they are removed. For lvm. PVE's default is V(false).
    type: bool
  saferemove_stepsize:
    description: Size in MiB of the steps of overwriting. For lvm. PVE's default is V(32).
    type: int
    choices: [1, 2, 4, 8, 16, 32]
  saferemove_throughput:
    description: Limit of overwriting, in bytes per second, also with a suffix as in V(10m). For lvm.
    type: str
  server:
    description: Name or address of the server. For nfs, cifs and pbs, which need it and where it cannot change later, esxi, which needs it, and glusterfs.
    type: str
  server2:
    description: Name or address of a second server, used if the first one does not answer. For glusterfs.
    type: str
  share:
    description: Name of the share. For cifs, which needs it. It cannot change later.
    type: str
  shared:
    description: Whether all nodes see the same content. For dir, btrfs, lvm, esxi; other types know that themselves. PVE's default is V(false).
    type: bool
  skip_cert_verification:
    description: Whether the server's certificate is trusted unseen. For esxi. PVE's default is V(false).
    type: bool
  smbversion:
    description: Version of SMB. For cifs. PVE's default is V(default).
    type: str
    choices: [default, '2.0', '2.1', '3', '3.0', '3.11']
  snapshot_as_volume_chain:
    description: Whether snapshots are chains of volumes. For dir, nfs and cifs, where it cannot change later, and lvm. Needs PVE 9.0.
      PVE's default is V(false).
    type: bool
  sparse:
    description: Whether volumes are thin. For zfspool, zfs. PVE's default is V(false).
    type: bool
  subdir:
    description: Directory in the share or file system. For cifs, cephfs.
    type: str
  tagged_only:
    description: Whether only volumes that PVE tagged count. For lvm. PVE's default is V(false).
    type: bool
  target:
    description: iSCSI target. For iscsi, iscsidirect and zfs, which need it. It cannot change later.
    type: str
  thinpool:
    description: Thin pool. For lvmthin, which needs it. It cannot change later.
    type: str
  transport:
    description: Transport of the connection. For glusterfs.
    type: str
    choices: [tcp, rdma, unix]
  username:
    description: User. For cifs, pbs, rbd, cephfs, esxi.
    type: str
  vgname:
    description: Volume group. For lvm and lvmthin, which need it. It cannot change later.
    type: str
  volume:
    description: Name of the volume. For glusterfs, which needs it. It cannot change later.
    type: str
  zfs_base_path:
    description: Where the target has its volumes as devices. For zfs. Needs PVE 9.0.
    type: str
  force:
    description:
      - With O(state=absent), delete the storage although it holds volumes, or may hold some that cannot be listed because it is disabled or a node is offline.
      - Without it that is refused, as guests, backup jobs and templates would lose what they refer to.
    type: bool
    default: false
  update_password:
    description:
      - When secrets (O(password), O(keyring), O(encryption_key), O(master_pubkey)) are sent. The server never returns them, so that they cannot be compared.
      - V(on_create) sends them only when the storage is created; V(always) sends them on each run, which then always reports a change.
    type: str
    choices: [on_create, always]
    default: on_create
  unset:
    description: Options to remove from the storage, by name. An empty string does the same for a single one.
    type: list
    elements: str
  state:
    description: Whether the storage exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_storage_info
"""

EXAMPLES = r"""
- name: A directory for backups
  pve.automation.pve_storage:
    storage: backup
    type: dir
    path: /srv/backup
    content: [backup]
    prune_backups: {keep-last: 3, keep-weekly: 4}
    is_mountpoint: "yes"

- name: A share for images and installation media
  pve.automation.pve_storage:
    storage: nas
    type: nfs
    server: nas.example.com
    export: /volume1/pve
    content: [images, iso, vztmpl]
    options: [vers=4.2, soft]
    nodes: [pve1, pve2]

- name: A backup server, with a key that is made now
  pve.automation.pve_storage:
    storage: pbs
    type: pbs
    server: pbs.example.com
    datastore: main
    username: automation@pbs
    password: "{{ pbs_password }}"
    fingerprint: "{{ pbs_fingerprint }}"
    encryption_key: autogen
  register: pbs
  no_log: true

- name: Let all nodes use the share
  pve.automation.pve_storage:
    storage: nas
    unset: [nodes]

- name: Forget the share, not its content
  pve.automation.pve_storage:
    storage: nas
    state: absent
    force: true
"""

RETURN = r"""
storage:
  description:
    - The storage as the server has it afterwards; null if it does not exist. In check mode as it would be.
    - Secrets are not returned; of an encryption key and a master key it is shown whether they are set.
    - Options that are set are in it under their names.
  returned: success
  type: dict
  contains:
    storage: {description: As O(storage)., type: str}
    type: {description: As O(type)., type: str}
    shared: {description: Whether all nodes see the same content., type: bool}
  sample: {storage: backup, type: dir, path: /srv/backup, content: [backup], prune_backups: {keep-last: 3, keep-weekly: 4}, shared: false}
generated:
  description: What the server made, with C(encryption-key) as the JSON text of the key. Keep it apart from the cluster; without
    it encrypted backups are lost.
  returned: when O(encryption_key=autogen) made a key
  type: dict
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
  sample: [{method: PUT, path: /storage/backup, params: {content: backup}, summary: change content of storage backup}]
"""

from ..module_utils._core.resources.storage.storage import STORAGE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(STORAGE)


if __name__ == "__main__":
    main()
