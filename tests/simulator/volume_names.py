# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of volumes: what they report of content, format and owner, and the paths that they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ApiError
from .formats import STORAGE_ID
from .storages import Storage

ISO_SUFFIXES = (".iso", ".img")
TEMPLATE_SUFFIXES = (".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2", ".tar")
IMPORT_SUFFIXES = (".ova", ".qcow2", ".vmdk", ".raw")  # of uploads; an .ovf file comes there by hand only
IMPORT_NAME = re.compile(r"import/[ \w.+=-]+\.(?P<format>ova|ovf|qcow2|raw|vmdk)", re.ASCII)
MEMBER_NAME = re.compile(
    r"(?P<archive>import/[ \w.+=-]+\.ova)/(?P<member>[ \w.+=-]+\.(?P<format>qcow2|raw|vmdk))", re.ASCII
)
BACKUP_NAME = re.compile(r"vzdump-(?P<kind>qemu|lxc)-(?P<vmid>\d+)-\S+?\.(?P<format>(?:vma|tar)(?:\.(?:gz|lzo|zst))?)")
FILE_CONTENTS = frozenset({"iso", "vztmpl", "snippets", "backup", "import"})
IMAGE_FORMATS = ("raw", "qcow2", "vmdk", "subvol", "qed", "cow")


def split_volid(text: str) -> tuple[str, str]:
    storageid, colon, name = text.partition(":")
    if not colon or not name or not STORAGE_ID.fullmatch(storageid):
        raise ApiError(500, f"unable to parse volume ID '{text}'")
    return storageid, name


@dataclass(frozen=True)
class VolumeName:
    """What a volume's name reports; the format of an archive's member is "ova+raw" and the like."""

    content: str
    format: str
    vmid: int | None = None

    @property
    def in_archive(self) -> bool:
        return self.format.startswith("ova+")


def parse_name(storage: Storage, name: str) -> VolumeName:
    """Content, format and owner of a name, whether such a volume exists or not (parse_volname of the plugins)."""
    parsed = _parse_file_name(name) if storage.is_directory or storage.kind == "pbs" else _parse_block_name(name)
    if parsed is None:
        label = {"pbs": "PBS", "zfspool": "zfs"}.get(storage.kind, storage.kind)
        raise ApiError(500, f"unable to parse {'directory' if storage.is_directory else label} volume name '{name}'")
    return parsed


def _parse_file_name(name: str) -> VolumeName | None:
    head, _separator, tail = name.partition("/")
    suffix = tail.rpartition(".")[2]
    if head == "backup":
        return _parse_backup_name(tail)
    if head == "iso" and tail.lower().endswith(ISO_SUFFIXES):
        return VolumeName("iso", "iso")
    if head == "vztmpl" and tail.endswith(TEMPLATE_SUFFIXES):
        return VolumeName("vztmpl", "tar" if suffix == "tar" else f"t{suffix}")
    if head == "snippets" and tail:
        return VolumeName("snippets", "snippet")
    if head == "import":
        return _parse_import_name(name)
    return _parse_image_name(name)


def _parse_import_name(name: str) -> VolumeName | None:
    if match := MEMBER_NAME.fullmatch(name):
        return VolumeName("import", f"ova+{match['format']}")
    if match := IMPORT_NAME.fullmatch(name):
        return VolumeName("import", match["format"])
    return None


def _parse_image_name(name: str) -> VolumeName | None:
    """An image of a guest, or a linked one behind its base."""
    parts, suffix = name.split("/"), name.rpartition(".")[2]
    if len(parts) in (2, 4) and parts[-2].isdigit() and suffix in IMAGE_FORMATS:
        return VolumeName("images", suffix, int(parts[-2]))
    return None


def _parse_backup_name(name: str) -> VolumeName | None:
    if match := BACKUP_NAME.fullmatch(name):
        return VolumeName("backup", match["format"], int(match["vmid"]))
    if match := re.fullmatch(r"(vm|ct)/(\d+)/\S+Z", name):
        return VolumeName("backup", f"pbs-{match[1]}", int(match[2]))
    return None


def _parse_block_name(name: str) -> VolumeName | None:
    last = name.rsplit("/", 1)[-1]
    match = re.fullmatch(r"(vm|base|subvol|basevol)-(\d+)-\S+", last)
    if not match:
        return None
    return VolumeName("images", "subvol" if match[1] in ("subvol", "basevol") else "raw", int(match[2]))


def file_path(storage: Storage, name: str) -> str:
    """Where a volume appears in the node's file system."""
    head, _separator, tail = name.partition("/")
    if storage.is_directory and head in FILE_CONTENTS:
        return f"{storage.directory(head)}/{tail}"
    if storage.is_directory:
        owner, last = name.split("/")[-2:]
        return f"{storage.directory('images')}/{owner}/{last}"
    if storage.kind in ("zfspool", "zfs"):
        return f"/dev/zvol/{storage.options.get('pool')}/{name.rsplit('/', 1)[-1]}"
    group = storage.options.get("vgname") or storage.options.get("pool") or storage.storageid
    return f"/dev/{group}/{name.rsplit('/', 1)[-1]}"
