# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the types of storage: which options each takes, which of them it needs, and which cannot change later.

Source: sub options of src/PVE/Storage/*Plugin.pm in pve-storage 9.1. Names are those of the module's options.
"""

from __future__ import annotations

import dataclasses

_EVERY = "nodes disable content"
_KEEPING = "prune_backups max_protected_backups"
_FILES = f"{_KEEPING} content_dirs format mkdir create_base_path create_subdirs bwlimit preallocation"
_CHAIN = "snapshot_as_volume_chain"


@dataclasses.dataclass(frozen=True)
class StorageType:
    """The options of one type, by name."""

    required: frozenset[str]
    fixed: frozenset[str]  # set at creation only
    optional: frozenset[str]

    @property
    def options(self) -> frozenset[str]:
        return self.required | self.fixed | self.optional


def _type(required: str = "", *, needed: str = "", fixed: str = "", optional: str = "") -> StorageType:
    """``required`` options are needed and fixed, ``needed`` ones can change."""
    return StorageType(
        frozenset(f"{required} {needed}".split()),
        frozenset(f"{required} {fixed}".split()),
        frozenset(f"{_EVERY} {optional}".split()),
    )


STORAGE_TYPES = {
    "dir": _type("path", fixed=_CHAIN, optional=f"{_FILES} shared is_mountpoint"),
    "btrfs": _type(
        "path",
        optional=f"{_KEEPING} shared format is_mountpoint nocow mkdir create_base_path create_subdirs preallocation",
    ),
    "nfs": _type("server export", fixed=f"path {_CHAIN}", optional=f"{_FILES} options"),
    "cifs": _type(
        "server share",
        fixed=f"path {_CHAIN}",
        optional=f"{_FILES} subdir username password domain smbversion options",
    ),
    "cephfs": _type(
        fixed="path",
        optional=f"{_KEEPING} content_dirs format mkdir create_base_path create_subdirs bwlimit"
        " monhost subdir options username fuse keyring fs_name",
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
    ),
    "iscsi": _type("portal target", optional="bwlimit"),
    "iscsidirect": _type("portal target", optional="bwlimit"),
    "pbs": _type(
        "server datastore",
        optional=f"{_KEEPING} namespace port username password encryption_key master_pubkey fingerprint",
    ),
    "esxi": _type(needed="server username", optional="shared password skip_cert_verification port"),
}
