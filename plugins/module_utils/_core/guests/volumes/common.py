# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drives of virtual machines and the mount points of containers share: a slot of the configuration with a volume.

A slot is the mapping of its property string; the part without a key names the volume (``file`` or ``volume``).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...model.errors import InvalidOption, Refused
from ...model.plan import Step
from ...model.property_string import PropertyString
from ...model.values import bytes_of, size_text

Slot = Mapping[str, Any]

GIB = 1024**3
SMALLEST = 1024**2  # bytes of a volume that a task may ask for
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ALLOCATION = re.compile(rf"([^:/\s]+):({_NUMBER.pattern})")
_WITH_UNIT = re.compile(rf"([^:/\s]+):({_NUMBER.pattern})\s*([KMGT])(?:i?B)?", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class VolumePlan:
    """What to do about one slot; all parts may apply at once, in this order."""

    value: str | None = None  # new text of the configuration key
    delete: bool = False  # remove the key
    allocates: bool = False  # writing the value creates a volume
    move: Mapping[str, Any] | None = None  # parameters of the call that moves it
    resize: str | None = None  # new size
    before_size: str = ""
    after: Slot | None = None  # the slot afterwards, as far as it is known beforehand


def volume_of(slot: Slot) -> str:
    """The volume in a slot: ``STORAGE:NAME``, or a path of the host."""
    return str(slot.get("file") or slot.get("volume") or "")


def storage_of(slot: Slot) -> str:
    """The storage that holds a slot's volume; empty for paths and empty CD-ROMs."""
    storage, colon, _volume = volume_of(slot).partition(":")
    return storage if colon and not storage.startswith("/") else ""


def name_storage(desired: dict[str, Any], storage: str) -> None:
    """Complete a desired state with the storage that its volume names; ValueError if it names another one itself."""
    if desired.get("storage", storage) != storage:
        raise ValueError(f"names two storages, {storage} and {desired['storage']}")
    desired["storage"] = storage


def take_allocation(desired: dict[str, Any], key: str) -> bool:
    """Turn ``STORE:32`` under ``key`` into ``storage`` and ``size``; false if it names something that exists."""
    if _NUMBER.fullmatch(desired[key]):
        raise ValueError(f"{desired[key]} names no storage, as local-lvm:{desired[key]} does")
    if with_unit := _WITH_UNIT.fullmatch(desired[key]):
        storage, number, unit = with_unit[1], with_unit[2], with_unit[3].upper()
        better = f"{storage}:{number} or " if unit == "G" else ""
        raise ValueError(
            f"{desired[key]} has a unit, where PVE counts GiB; write {better}{{storage: {storage}, size: {number}{unit}}}"
        )
    found = _ALLOCATION.fullmatch(desired[key])
    if not found:
        return False
    name_storage(desired, found[1])
    del desired[key]
    if float(found[2]):
        desired.setdefault("size", size_text(bytes_of(found[2], "G")))
    return True


def allocation(storage: str, size: str) -> str:
    """What asks PVE for a new volume of this size, which counts in GiB there."""
    return f"{storage}:{Decimal(bytes_of(size)) / GIB:f}"


def plan_removal(slot: str, current: Slot | None, purge: bool) -> VolumePlan:
    """Empty a slot. What it held becomes unused; an unused volume is deleted, which takes ``purge``."""
    if current is None:
        return VolumePlan()
    if slot.startswith("unused") and not purge:
        raise Refused(
            f"Removing {slot} deletes the volume {volume_of(current)} with its data.",
            hint="Set purge: true to delete it.",
        )
    return VolumePlan(delete=True)


def plan_options(current: Slot, changes: Slot, codec: PropertyString) -> VolumePlan:
    """Change how a slot behaves, if that differs; parts that are not given stay."""
    after = codec.merge(current, changes)
    if codec.equal(current, after):
        return VolumePlan(after=current)
    if volume_of(after) != volume_of(current):
        after.pop("size", None)
    return VolumePlan(value=codec.format(after), after=after)


def check_size(slot: str, desired: Slot) -> None:
    """A number without a unit counts bytes in PVE, and is hardly ever meant so."""
    size = desired.get("size")
    if size and 0 < bytes_of(size) < SMALLEST:
        raise InvalidOption(
            slot,
            f"size: {size} is less than 1M",
            hint="A number without a unit counts bytes; GiB are written as in 32G.",
        )


def growth(slot: str, current: Slot, wanted: str | None) -> str | None:
    """The size to grow to, None if it has that size; less than the present one is refused."""
    present = current.get("size")
    if wanted in (None, "") or present is None:
        return None
    if bytes_of(wanted) < bytes_of(present):
        raise InvalidOption(
            slot,
            f"cannot shrink from {present} to {wanted}",
            hint="PVE only grows disks; give at least the present size.",
        )
    return wanted if bytes_of(wanted) > bytes_of(present) else None


def occupied(slot: str, current: Slot) -> Refused:
    """Nothing replaces a volume that holds data."""
    return Refused(
        f"{slot} holds the volume {volume_of(current)}, which would be detached.",
        hint=f"Detach it first with unset: [{slot}], or use another slot.",
    )


def volume_steps(path: str, label: str, volumes: Mapping[str, VolumePlan], move_call: str) -> list[Step]:
    """The calls for plans beside the write of the configuration: moves, then growths."""
    guest, steps = path.rpartition("/")[2], []
    for slot, plan in volumes.items():
        if plan.move:
            summary = f"move {slot} of {label} to {plan.move['storage']}"
            steps.append(Step("POST", f"{path}/{move_call}", plan.move, summary, starts_task=True, task_id=guest))
    for slot, plan in volumes.items():
        if plan.resize:
            params = {"disk": slot, "size": plan.resize}
            summary = f"grow {slot} of {label} from {plan.before_size} to {plan.resize}"
            steps.append(Step("PUT", f"{path}/resize", params, summary, starts_task=True, task_id=guest))
    return steps
