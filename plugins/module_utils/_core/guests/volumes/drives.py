# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives of VMs: what a task wants of one slot, and the writes, moves and resizes that this takes.

A task names a volume (``file``), or a ``storage`` with a ``size`` to allocate, or an image to import. Parts that are
not given stay. Nothing here ever replaces a volume that holds data: a slot is emptied explicitly, or not at all.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ...model.errors import InvalidOption, Refused
from ...model.property_string import PropertyString
from .common import (
    Slot,
    VolumePlan,
    allocation,
    check_size,
    growth,
    name_storage,
    occupied,
    plan_options,
    plan_removal,
    storage_of,
    take_allocation,
)

CLOUD_INIT = "cloudinit"
_NEW_CLOUD_INIT = re.compile(r"([^:/\s]+):cloudinit")
_CLOUD_INIT_VOLUME = re.compile(r"[:/]vm-\d+-cloudinit(\.\w+)?$")
_WHERE = ("file", "storage", "size", "format", "import-from")  # where and how large, not how it behaves
FIXED_SIZE = {"efidisk0": ("efitype", "pre-enrolled-keys", "ms-cert"), "tpmstate0": ("version",)}  # and fixed options


def parse_drive(slot: str, value: Any, codec: PropertyString) -> dict[str, Any] | str:
    """The canonical desired value for a slot, an empty string to empty it; raises InvalidOption."""
    if value == "":
        return ""
    try:
        desired = codec.parse(value)
        codec.check_known(desired)
        _resolve_file(desired)
    except ValueError as error:
        raise InvalidOption(slot, str(error)) from None
    if slot in FIXED_SIZE:
        if isinstance(value, Mapping) and value.get("size"):
            raise InvalidOption(slot, "its size is fixed by PVE and cannot be chosen")
        desired.pop("size", None)
    if desired.get("media") == "cdrom":
        desired.pop("size", None)  # that of the image
        if desired.get("storage") and desired.get("file") != CLOUD_INIT:
            raise InvalidOption(slot, "a CD-ROM takes an image as file, such as local:iso/debian.iso, or none")
    check_size(slot, desired)
    return desired


def _resolve_file(desired: dict[str, Any]) -> None:
    """Turn ``file: STORE:32`` and ``file: STORE:cloudinit`` into storage, size and kind."""
    file = desired.get("file")
    if file in ("none", "cdrom"):
        desired.setdefault("media", "cdrom")
    if not file:
        return
    if take_allocation(desired, "file"):
        return
    cloud_init = _NEW_CLOUD_INIT.fullmatch(file)
    if cloud_init:
        name_storage(desired, cloud_init[1])
    elif file != CLOUD_INIT:
        if desired.get("storage"):
            raise ValueError("give either file, an existing volume, or storage, where to allocate one")
        return
    desired.update(file=CLOUD_INIT, media="cdrom")


def plan_drive(
    slot: str, current: Slot | None, desired: Slot | str, codec: PropertyString, *, move: bool, purge: bool
) -> VolumePlan:
    """How to get from the current drive to the desired state. Raises InvalidOption or Refused."""
    if desired == "" or isinstance(desired, str):
        return plan_removal(slot, current, purge)
    if current is None:
        return _plan_new(slot, desired, codec)
    if is_cdrom(current) or is_cdrom(desired):
        return _plan_cdrom(slot, current, desired, codec)
    return _plan_disk(slot, current, desired, codec, move)


def is_cdrom(drive: Slot) -> bool:
    """Whether a drive is a CD-ROM, which cloud-init drives are as well."""
    return drive.get("media") == "cdrom" or drive.get("file") in ("none", "cdrom", CLOUD_INIT)


def format_of(drive: Slot) -> str:
    """The format of a drive's volume: by its name where the storage has files, else raw."""
    if drive.get("format"):
        return str(drive["format"])
    suffix = str(drive.get("file", "")).rpartition("/")[2].rpartition(".")[2]
    return suffix if suffix in ("qcow2", "vmdk", "qcow", "qed", "cloop") else "raw"


def _behaviour(desired: Slot) -> dict[str, Any]:
    return {name: value for name, value in desired.items() if name not in _WHERE}


def _plan_new(slot: str, desired: Slot, codec: PropertyString) -> VolumePlan:
    options = codec.merge(None, _behaviour(desired))
    size, storage, file = desired.get("size"), desired.get("storage"), desired.get("file")
    resize = None
    if file and file != CLOUD_INIT:
        resize = size
    elif not storage:
        raise InvalidOption(
            slot, "names no storage: give storage and size to allocate a volume, or file for one that exists"
        )
    elif file == CLOUD_INIT:
        file = f"{storage}:{CLOUD_INIT}"
    elif desired.get("import-from"):
        file, resize = f"{storage}:0", size
        options["import-from"] = desired["import-from"]
    elif slot in FIXED_SIZE:
        file = f"{storage}:1"
    elif not size:
        raise InvalidOption(slot, "names no size, as in 32G")
    else:
        file = allocation(storage, size)
    if desired.get("format"):
        options["format"] = desired["format"]
    value = codec.format({"file": file, **options})
    after = {"file": file, **options, **({"size": size} if size else {})}
    return VolumePlan(value, allocates=bool(storage), resize=resize, before_size="its present size", after=after)


def _plan_cdrom(slot: str, current: Slot, desired: Slot, codec: PropertyString) -> VolumePlan:
    if not is_cdrom(current):
        if desired.get("file", current.get("file")) == current.get("file"):
            raise InvalidOption(slot, f"holds the disk {current.get('file')} and cannot become a CD-ROM")
        raise occupied(slot, current)
    becomes_disk = not is_cdrom(desired) and ("file" in desired or "storage" in desired)
    if becomes_disk and desired.get("file") != current.get("file"):
        hint = f"Name {slot} in unset first, or use another slot."
        raise InvalidOption(slot, f"holds the CD-ROM {current.get('file')}", hint=hint)
    file = desired.get("file", current["file"])
    if file == CLOUD_INIT:
        if _CLOUD_INIT_VOLUME.search(str(current["file"])):
            if desired.get("storage") not in (None, storage_of(current)):
                raise Refused(
                    f"The cloud-init drive {slot} is on storage {storage_of(current)}, not {desired['storage']}.",
                    hint=f"Remove it with unset: [{slot}] in one run and create it in the next.",
                )
            file = current["file"]
        else:
            return _plan_new(slot, desired, codec)
    return plan_options(current, {"file": file, "media": "cdrom", **_behaviour(desired)}, codec)


def _plan_disk(slot: str, current: Slot, desired: Slot, codec: PropertyString, move: bool) -> VolumePlan:
    if desired.get("file", current.get("file")) != current.get("file"):
        raise occupied(slot, current)
    _refuse_fixed(slot, current, desired)
    written = plan_options(current, _behaviour(desired), codec)
    after = dict(written.after or current)
    moved = _move(slot, current, desired, move)
    resize = growth(slot, current, desired.get("size"))
    if moved:
        after["file"] = f"{moved['storage']}:(moved)" if "storage" in moved else after["file"]
    if resize:
        after["size"] = resize
    return dataclasses.replace(
        written, move=moved, resize=resize, before_size=str(current.get("size", "")), after=after
    )


def _refuse_fixed(slot: str, current: Slot, desired: Slot) -> None:
    for name in FIXED_SIZE.get(slot, ()):
        if name in desired and desired[name] != current.get(name, desired[name]):
            raise InvalidOption(slot, f"{name} is fixed when the volume is created; it is {current.get(name)!r}")


def _move(slot: str, current: Slot, desired: Slot, allowed: bool) -> dict[str, Any] | None:
    storage, wanted_format = desired.get("storage"), desired.get("format")
    elsewhere = storage is not None and storage != storage_of(current)
    reformatted = wanted_format is not None and wanted_format != format_of(current)
    if not elsewhere and not reformatted:
        return None
    target = storage or storage_of(current)
    if not allowed:
        raise Refused(
            f"{slot} is on {storage_of(current)} in format {format_of(current)}, not on {target}"
            + (f" in format {wanted_format}." if wanted_format else "."),
            hint="Set move_disks: true to move it there.",
        )
    return {"disk": slot, "storage": target, "delete": True, **({"format": wanted_format} if wanted_format else {})}
