# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root file system and the mount points of containers: what a task wants of one slot, and what this takes.

A task names a ``storage`` with a ``size`` to allocate, or a ``volume``: one that exists, or a path of the host (a bind mount
or a device). Parts that are not given stay. A volume is allocated once; nothing here ever replaces one that holds data.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ...model.errors import InvalidOption, Refused
from ...model.property_string import PropertyString
from .common import (
    Slot,
    VolumePlan,
    allocation,
    check_size,
    growth,
    occupied,
    plan_options,
    plan_removal,
    storage_of,
    take_allocation,
    volume_of,
)

_WHERE = ("volume", "storage", "size")  # where and how large, not how it behaves


def is_path(slot: Slot) -> bool:
    """Whether a slot holds a path of the host, which is no volume of a storage."""
    return volume_of(slot).startswith("/")


def parse_mount_point(slot: str, value: Any, codec: PropertyString) -> dict[str, Any] | str:
    """The canonical desired value for a slot, an empty string to empty it; raises InvalidOption."""
    if value == "":
        if slot == "rootfs":
            raise InvalidOption("unset", "a container always has a rootfs")
        return ""
    try:
        desired = codec.parse(value)
        codec.check_known(desired)
        exists = bool(desired.get("volume")) and not take_allocation(desired, "volume")
    except ValueError as error:
        raise InvalidOption(slot, str(error)) from None
    if exists and desired.get("storage"):
        raise InvalidOption(slot, "give either volume, which exists, or storage, where to allocate one")
    if is_path(desired) and desired.get("size"):
        raise InvalidOption(slot, f"{desired['volume']} is a path of the host, which has no size here")
    if desired.get("mp") == "":
        raise InvalidOption(slot, f"cannot be without mp; name {slot} in unset to remove it")
    check_size(slot, desired)
    return desired


def plan_mount_point(
    slot: str, current: Slot | None, desired: Slot | str, codec: PropertyString, *, move: bool, purge: bool
) -> VolumePlan:
    """How to get from the present mount point to the desired state. Raises InvalidOption or Refused."""
    if isinstance(desired, str):
        return plan_removal(slot, current, purge)
    return _plan_new(slot, desired, codec) if current is None else _plan_present(slot, current, desired, codec, move)


def _behaviour(desired: Slot) -> dict[str, Any]:
    return {name: value for name, value in desired.items() if name not in _WHERE}


def _plan_new(slot: str, desired: Slot, codec: PropertyString) -> VolumePlan:
    if slot != "rootfs" and not desired.get("mp"):
        raise InvalidOption(slot, "names no mp, the path of the mount point in the container")
    options, size, storage = codec.merge(None, _behaviour(desired)), desired.get("size"), desired.get("storage")
    volume, grow_to = desired.get("volume"), size
    if not volume:
        if not storage:
            raise InvalidOption(
                slot, "names no storage: give storage and size to allocate a volume, or volume for one that exists"
            )
        if not size:
            raise InvalidOption(slot, "names no size, as in 8G")
        volume, grow_to = allocation(storage, size), None
    after = {"volume": volume, **options, **({"size": size} if size else {})}
    return VolumePlan(
        codec.format({"volume": volume, **options}),
        allocates=bool(storage),
        resize=grow_to,
        before_size="its present size",
        after=after,
    )


def _plan_present(slot: str, current: Slot, desired: Slot, codec: PropertyString, move: bool) -> VolumePlan:
    volume, storage = desired.get("volume", volume_of(current)), desired.get("storage")
    changes = _behaviour(desired)
    if slot == "rootfs" and volume != volume_of(current):
        raise InvalidOption(slot, f"is {volume_of(current)} and cannot be replaced by {volume}")
    if is_path(current):
        if storage or not volume.startswith("/"):
            raise occupied(slot, current)
        changes["volume"] = volume  # another path loses nothing
    elif volume != volume_of(current):
        raise occupied(slot, current)
    written = plan_options(current, changes, codec)
    moves = storage is not None and storage != storage_of(current)
    if moves and not move:
        raise Refused(
            f"{slot} is on {storage_of(current)}, not on {storage}.", hint="Set move_volumes: true to move it there."
        )
    after: dict[str, Any] = dict(written.after or current)
    resize = growth(slot, current, desired.get("size"))
    if moves:
        after["volume"] = f"{storage}:(moved)"
    if resize:
        after["size"] = resize
    return dataclasses.replace(
        written,
        move={"volume": slot, "storage": storage, "delete": True} if moves else None,
        resize=resize,
        before_size=str(current.get("size", "")),
        after=after,
    )
