# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the types of storage differ in: options, contents, image formats, names and abilities of volumes.

The facts are those of the plugins in pve-storage src/PVE/Storage/*Plugin.pm (options, plugindata and
volume_has_feature of each).
"""

from __future__ import annotations

from dataclasses import dataclass, field

COMMON = frozenset({"nodes", "disable", "content"})
MOUNTED = frozenset({"content-dirs", "format", "mkdir", "create-base-path", "create-subdirs", "bwlimit"})
KEEPING = frozenset({"prune-backups", "max-protected-backups"})
FILE_CONTENTS = frozenset({"images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import"})


@dataclass(frozen=True)
class StorageType:
    """Facts of one type.

    `required` and `fixed` options are given at creation only, `optional` ones at any time; `secret` ones are kept
    apart and never shown. `features` names the abilities of a volume: "snapshot:qcow2" (of that format),
    "clone:raw" (a linked clone of a base volume), "clone-snapshot:raw" (a linked clone of a snapshot).
    """

    required: frozenset[str]
    optional: frozenset[str]
    fixed: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset({"images", "rootdir"})
    default_contents: tuple[str, ...] = ("images",)
    formats: tuple[str, ...] = ("raw",)
    shared: bool = False
    layout: str = "block"  # "directory", "block" or "none"
    mounted_at: str | None = None  # where a network file system appears
    container_format: str = "raw"
    features: frozenset[str] = field(default_factory=frozenset)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


DIRECTORY_FEATURES = _names("snapshot:qcow2 clone:qcow2 clone:raw clone:vmdk")
CHAIN = _names("snapshot-as-volume-chain")
FILE_FORMATS = ("qcow2", "raw", "subvol", "vmdk")
NET_FORMATS = ("qcow2", "raw", "vmdk")

STORAGE_TYPES: dict[str, StorageType] = {
    "dir": StorageType(
        required=_names("path"),
        optional=COMMON | MOUNTED | KEEPING | CHAIN | _names("shared is_mountpoint preallocation"),
        fixed=_names("path") | CHAIN,
        contents=FILE_CONTENTS,
        default_contents=("images", "rootdir"),
        formats=FILE_FORMATS,
        layout="directory",
        features=DIRECTORY_FEATURES,
    ),
    "nfs": StorageType(
        required=_names("server export"),
        optional=COMMON | MOUNTED | KEEPING | CHAIN | _names("path options preallocation"),
        fixed=_names("path server export") | CHAIN,
        contents=FILE_CONTENTS,
        formats=NET_FORMATS,
        shared=True,
        layout="directory",
        mounted_at="/mnt/pve",
        features=DIRECTORY_FEATURES,
    ),
    "cifs": StorageType(
        required=_names("server share"),
        optional=COMMON
        | MOUNTED
        | KEEPING
        | CHAIN
        | _names("path subdir username password domain smbversion options preallocation"),
        fixed=_names("path server share") | CHAIN,
        secret=_names("password"),
        contents=FILE_CONTENTS,
        formats=NET_FORMATS,
        shared=True,
        layout="directory",
        mounted_at="/mnt/pve",
        features=DIRECTORY_FEATURES,
    ),
    "glusterfs": StorageType(  # dropped by version 9
        required=_names("volume"),
        optional=COMMON | MOUNTED | KEEPING | _names("path server server2 transport preallocation"),
        fixed=_names("path volume"),
        contents=FILE_CONTENTS - {"rootdir"},
        formats=NET_FORMATS,
        shared=True,
        layout="directory",
        mounted_at="/mnt/pve",
        features=DIRECTORY_FEATURES,
    ),
    "cephfs": StorageType(
        required=frozenset(),
        optional=COMMON | MOUNTED | KEEPING | _names("path monhost subdir options username fuse keyring fs-name"),
        fixed=_names("path"),
        secret=_names("keyring"),
        contents=FILE_CONTENTS - {"images", "rootdir"},
        default_contents=("backup",),
        shared=True,
        layout="directory",
        mounted_at="/mnt/pve",
    ),
    "btrfs": StorageType(
        required=_names("path"),
        optional=COMMON
        | KEEPING
        | _names("shared format is_mountpoint nocow mkdir create-base-path create-subdirs preallocation"),
        fixed=_names("path"),
        contents=FILE_CONTENTS,
        default_contents=("images", "rootdir"),
        formats=("raw", "subvol"),
        layout="directory",
        features=DIRECTORY_FEATURES | _names("snapshot:raw snapshot:subvol clone:subvol"),
    ),
    "lvm": StorageType(
        required=_names("vgname"),
        optional=COMMON
        | CHAIN
        | _names("shared saferemove saferemove-stepsize saferemove_throughput base tagged_only bwlimit"),
        fixed=_names("vgname base") | CHAIN,
        default_contents=("images", "rootdir"),
    ),
    "lvmthin": StorageType(
        required=_names("thinpool vgname"),
        optional=COMMON | _names("bwlimit"),
        fixed=_names("thinpool vgname"),
        default_contents=("images", "rootdir"),
        features=_names("snapshot:raw clone:raw clone-snapshot:raw"),
    ),
    "zfspool": StorageType(
        required=_names("pool"),
        optional=COMMON | _names("blocksize sparse bwlimit mountpoint"),
        fixed=_names("pool"),
        default_contents=("images", "rootdir"),
        formats=("raw", "subvol"),
        container_format="subvol",
        features=_names("snapshot:raw snapshot:subvol clone:raw clone:subvol"),
    ),
    "zfs": StorageType(
        required=_names("iscsiprovider portal target pool blocksize"),
        optional=COMMON | _names("nowritecache sparse comstar_hg comstar_tg lio_tpg bwlimit zfs-base-path"),
        fixed=_names("iscsiprovider portal target pool blocksize"),
        contents=_names("images"),
        shared=True,
        features=_names("snapshot:raw clone:raw"),
    ),
    "rbd": StorageType(
        required=frozenset(),
        optional=COMMON | _names("monhost pool data-pool namespace username krbd keyring bwlimit"),
        secret=_names("keyring"),
        shared=True,
        features=_names("snapshot:raw clone:raw clone-snapshot:raw"),
    ),
    "iscsi": StorageType(
        required=_names("portal target"),
        optional=COMMON | _names("bwlimit"),
        fixed=_names("portal target"),
        contents=_names("images none"),
        shared=True,
        layout="none",
    ),
    "iscsidirect": StorageType(
        required=_names("portal target"),
        optional=COMMON | _names("bwlimit"),
        fixed=_names("portal target"),
        contents=_names("images none"),
        shared=True,
        layout="none",
    ),
    "pbs": StorageType(
        required=_names("server datastore"),
        optional=COMMON | KEEPING | _names("port username password encryption-key master-pubkey fingerprint namespace"),
        fixed=_names("server datastore"),
        secret=_names("password encryption-key master-pubkey"),
        contents=_names("backup none"),
        default_contents=("backup",),
        shared=True,
        layout="none",
    ),
    "esxi": StorageType(
        required=_names("server username"),
        optional=COMMON | _names("password shared skip-cert-verification port"),
        secret=_names("password"),
        contents=_names("import"),
        default_contents=("import",),
        layout="none",
    ),
}
