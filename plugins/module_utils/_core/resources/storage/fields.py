# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of storages, of all types; types.py says which type takes which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.field import Field, Fields, hyphenated
from ...model.property_string import BOOLEAN, NUMBER, TEXT, Part, PropertyString
from ...model.values import FALSE_WORDS, TRUE_WORDS, Limits, Set, Text, Word
from .types import STORAGE_TYPES

CONTENTS = ("images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import", "none")
PERIODS = ("last", "hourly", "daily", "weekly", "monthly", "yearly")


class Contents(Set):
    """Kinds of what a storage keeps; ``none`` is a kind only where there is no other one."""

    def join(self, current: Any, added: Any) -> Any:
        kinds = super().join(current, added)
        return [kind for kind in kinds if kind != "none"] or kinds


class Retention(PropertyString):
    """A policy of which backups to keep. It is a whole: what it does not name is not kept."""

    def parse(self, value: Any) -> dict[str, Any]:
        policy = super().parse(value)
        if policy.get("keep-all") and any(number for name, number in policy.items() if name != "keep-all"):
            raise ValueError("keep-all goes with no other rule")
        return policy

    def merge(self, current: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> dict[str, Any]:
        return super().merge(None, desired)


class MountPoint(Text):
    """``yes``, ``no`` or the path that has to be mounted."""

    def parse(self, value: Any) -> str:
        word = str(value).strip()
        return "yes" if word.lower() in TRUE_WORDS else "no" if word.lower() in FALSE_WORDS else word


class Fingerprint(Text):
    """A SHA-256 fingerprint in upper case, with colons."""

    def parse(self, value: Any) -> str:
        digits = re.sub(r"[\s:]", "", str(value)).upper()
        if not re.fullmatch(r"[0-9A-F]{64}", digits):
            raise ValueError(f"{value!r} is not a SHA-256 fingerprint: 64 hexadecimal digits, colons optional")
        return ":".join(re.findall("..", digits))


KEEP = Retention(
    Part("keep-all", BOOLEAN, default=False),
    *(Part(f"keep-{period}", NUMBER, minimum=0, default=0) for period in PERIODS),
)
BANDWIDTH = PropertyString(
    *(Part(name, NUMBER, minimum=0) for name in ("default", "clone", "migration", "move", "restore"))
)
DIRECTORIES = PropertyString(*(Part(name, TEXT) for name in CONTENTS if name != "none"))


FIELDS = Fields(
    [
        Field("type", choices=tuple(sorted(STORAGE_TYPES)), create_only=True),
        Field("base"),
        Field("blocksize", codec=Word(lower=True)),
        Field("bwlimit", type="raw", codec=BANDWIDTH),
        Field("comstar_hg"),
        Field("comstar_tg"),
        Field("content", type="list", elements="str", choices=CONTENTS, codec=Contents(), clear="never"),
        hyphenated("content_dirs", type="raw", codec=DIRECTORIES),
        hyphenated("create_base_path", type="bool", default=True),
        hyphenated("create_subdirs", type="bool", default=True),
        hyphenated("data_pool"),
        Field("datastore"),
        Field("disable", type="bool", default=False),
        Field("domain"),
        hyphenated("encryption_key", secret=True),
        Field("export"),
        Field("fingerprint", codec=Fingerprint()),
        Field("format", choices=("raw", "qcow2", "subvol", "vmdk")),
        hyphenated("fs_name"),
        Field("fuse", type="bool", default=False),
        Field("is_mountpoint", codec=MountPoint(), default="no"),
        Field("iscsiprovider"),
        Field("keyring", secret=True),
        Field("krbd", type="bool", default=False),
        Field("lio_tpg"),
        hyphenated("master_pubkey", secret=True),
        hyphenated("max_protected_backups", type="int"),
        Field("mkdir", type="bool", default=True),
        Field("monhost", type="list", elements="str"),
        Field("mountpoint"),
        Field("namespace"),
        Field("nocow", type="bool", default=False),
        Field("nodes", type="list", elements="str", codec=Limits()),
        Field("nowritecache", type="bool", default=False),
        Field("options", type="list", elements="str"),
        Field("password", secret=True),
        Field("path"),
        Field("pool"),
        Field("port", type="int"),
        Field("portal"),
        Field("preallocation", choices=("off", "metadata", "falloc", "full"), default="metadata"),
        hyphenated("prune_backups", type="raw", codec=KEEP),
        Field("saferemove", type="bool", default=False),
        hyphenated("saferemove_stepsize", type="int", choices=(1, 2, 4, 8, 16, 32), default=32),
        Field("saferemove_throughput"),
        Field("server"),
        Field("server2"),
        Field("share"),
        Field("shared", type="bool", default=False),
        hyphenated("skip_cert_verification", type="bool", default=False),
        Field("smbversion", choices=("default", "2.0", "2.1", "3", "3.0", "3.11"), default="default"),
        hyphenated("snapshot_as_volume_chain", type="bool", default=False, since="9.0"),
        Field("sparse", type="bool", default=False),
        Field("subdir"),
        Field("tagged_only", type="bool", default=False),
        Field("target"),
        Field("thinpool"),
        Field("transport", choices=("tcp", "rdma", "unix")),
        Field("username"),
        Field("vgname"),
        Field("volume"),
        hyphenated("zfs_base_path", since="9.0"),
    ]
)
