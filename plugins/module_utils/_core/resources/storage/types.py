# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the types of storage: what each can hold, which options it takes and needs, and which cannot change later.

Source: subs plugindata and options of src/PVE/Storage/*Plugin.pm in pve-storage 9.1. Names are those of the module's options.
"""

from __future__ import annotations

import dataclasses

_EVERY = "nodes disable content"
_KEEPING = "prune_backups max_protected_backups"
_FILES = f"{_KEEPING} content_dirs format mkdir create_base_path create_subdirs bwlimit preallocation"
_NO_DISKS = "vztmpl iso backup snippets import"
_ANYTHING = f"images rootdir {_NO_DISKS}"
_CHAIN = "snapshot_as_volume_chain"


@dataclasses.dataclass(frozen=True)
class StorageType:
    """The options of one type, by name."""

    required: frozenset[str]
    fixed: frozenset[str]  # set at creation only
    optional: frozenset[str]
    contents: frozenset[str]  # what it can hold
    dropped: int = 0  # the major release that no longer has it; 0 if all have it

    @property
    def options(self) -> frozenset[str]:
        return self.required | self.fixed | self.optional


def _type(
    required: str = "",
    *,
    needed: str = "",
    fixed: str = "",
    optional: str = "",
    contents: str = "images rootdir",
    dropped: int = 0,
) -> StorageType:
    """``required`` options are needed and fixed, ``needed`` ones can change."""
    return StorageType(
        frozenset(f"{required} {needed}".split()),
        frozenset(f"{required} {fixed}".split()),
        frozenset(f"{_EVERY} {optional}".split()),
        frozenset(f"{contents} none".split()),
        dropped,
    )


STORAGE_TYPES = {
    "dir": _type("path", fixed=_CHAIN, optional=f"{_FILES} shared is_mountpoint", contents=_ANYTHING),
    "btrfs": _type(
        "path",
        optional=f"{_KEEPING} shared format is_mountpoint nocow mkdir create_base_path create_subdirs preallocation",
        contents=_ANYTHING,
    ),
    "nfs": _type("server export", fixed=f"path {_CHAIN}", optional=f"{_FILES} options", contents=_ANYTHING),
    "cifs": _type(
        "server share",
        fixed=f"path {_CHAIN}",
        optional=f"{_FILES} subdir username password domain smbversion options",
        contents=_ANYTHING,
    ),
    "glusterfs": _type(
        "volume",
        fixed="path",
        optional=f"{_FILES} server server2 transport",
        contents=f"images {_NO_DISKS}",
        dropped=9,
    ),
    "cephfs": _type(
        fixed="path",
        optional=f"{_KEEPING} content_dirs format mkdir create_base_path create_subdirs bwlimit"
        " monhost subdir options username fuse keyring fs_name",
        contents=_NO_DISKS,
    ),
    "rbd": _type(optional="monhost pool data_pool namespace username krbd keyring bwlimit"),
    "lvm": _type(
        "vgname",
        fixed="base",
        optional=f"shared saferemove saferemove_stepsize saferemove_throughput tagged_only bwlimit {_CHAIN}",
    ),
    "lvmthin": _type("vgname thinpool", optional="bwlimit"),
    "zfspool": _type("pool", optional="blocksize sparse bwlimit mountpoint"),
    "zfs": _type(
        "portal target pool blocksize iscsiprovider",
        optional="nowritecache sparse comstar_hg comstar_tg lio_tpg bwlimit zfs_base_path",
        contents="images",
    ),
    "iscsi": _type("portal target", optional="bwlimit", contents="images"),
    "iscsidirect": _type("portal target", optional="bwlimit", contents="images"),
    "pbs": _type(
        "server datastore",
        optional=f"{_KEEPING} namespace port username password encryption_key master_pubkey fingerprint",
        contents="backup",
    ),
    "esxi": _type(needed="server username", optional="shared password skip_cert_verification port", contents="import"),
}
