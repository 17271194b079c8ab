# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a restored guest is what its backup holds. Changes that every restoration makes are no difference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import State
from ...model.values import bytes_of
from ..locate import Location
from ..sources import predicted_restore
from ..volumes.common import storage_of, volume_of
from ..volumes.drives import is_cdrom

# Keys that PVE generates, that describe only the present guest, or that say where it is
_NOT_KEPT = frozenset("vmid node status pending template lock pool vmgenid meta parent".split())
_PLACE = ("file", "volume", "format")  # parts of a slot that depend on the storage
_CHOSEN = ("macaddr", "hwaddr", "uuid")  # parts that `unique` makes PVE choose: not known before
# A drive without data in the backup stays in the configuration as a comment, which reads as a line of the description.
_LOST_DRIVE = re.compile(r"(?:scsi|virtio|sata|ide|efidisk|tpmstate)\d+: ")


def expected(backup: State, target: Location, options: Mapping[str, Any]) -> State:
    """What a guest that is restored with these options looks like, as far as it is known beforehand."""
    state = predicted_restore(backup, target, options)
    if options.get("unique") and "smbios1" in state:
        state["smbios1"] = {name: value for name, value in state["smbios1"].items() if name != "uuid"}
    return {name: value for name, value in state.items() if name not in _NOT_KEPT}


def differences(backup: State, restored: State) -> dict[str, tuple[Any, Any]]:
    """The keys whose values are not those that the backup leads to: the expected value, and that of the guest."""
    names = [name for name in {**backup, **restored} if name not in _NOT_KEPT and not name.startswith("unused")]
    pairs = {name: (backup.get(name), restored.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if not _same(name, *pair)}


def _same(name: str, backup: Any, restored: Any) -> bool:
    if name == "description":
        kept = str(backup or "").splitlines()
        lines = str(restored or "").splitlines()
        return [line for line in lines if line in kept or not _LOST_DRIVE.match(line)] == kept
    if not isinstance(restored, Mapping):
        return bool(backup == restored)
    backup = backup or {}
    unforeseen = {part for part in _CHOSEN if part not in backup}
    if storage_of(backup) and not _inserted(backup):
        moved = storage_of(backup) != storage_of(restored)
        if (moved and not is_cdrom(backup)) or not _as_large(backup.get("size"), restored.get("size")):
            return False
        unforeseen |= {*_PLACE, "size"}
    return _without(backup, unforeseen) == _without(restored, unforeseen)


def _inserted(slot: Mapping[str, Any]) -> bool:
    """Whether a slot holds an image that is not the guest's own; the one for cloud-init is generated."""
    return is_cdrom(slot) and "cloudinit" not in volume_of(slot)


def _as_large(backup: Any, restored: Any) -> bool:
    """Some storages round sizes up."""
    return backup is None or (restored is not None and bytes_of(restored, "") >= bytes_of(backup, ""))


def _without(slot: Mapping[str, Any], parts: set[str]) -> dict[str, Any]:
    return {name: value for name, value in slot.items() if name not in parts}


def in_words(found: Mapping[str, tuple[Any, Any]]) -> str:
    """Differences in words, property strings as in a guest's configuration."""
    values = {name: (_in_words(then), _in_words(now)) for name, (then, now) in sorted(found.items())}
    return "; ".join(f"{name} is {now} and in the backup {then}" for name, (then, now) in values.items())


def _in_words(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, Mapping):
        return ",".join(f"{name}={_plain(part)}" for name, part in value.items())
    return repr(value) if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    """A value as PVE writes it."""
    if isinstance(value, (list, tuple)):
        return ";".join(map(_plain, value))
    return str(int(value)) if isinstance(value, bool) else str(value)
