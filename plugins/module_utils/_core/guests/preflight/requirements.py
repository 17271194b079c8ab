# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of a guest requires of the cluster: memory and space, bridges and volumes. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...model.contract import State
from ...model.plan import Plan
from ...model.values import bytes_of, split_list
from .. import power
from ..desired import GuestDesired
from ..kind import GuestKind
from ..volumes.common import Slot, storage_of, volume_of
from .limits import DEFAULT_LIMITS, Limits

MIB = 1024**2
DEFAULT_MEMORY = 512  # MiB, of both kinds of guests
_TO_ALLOCATE = re.compile(r"\d+(\.\d+)?|cloudinit|\(.*\)(\.\w+)?")  # in place of a name; see volumes, sources
_CLOUD_INIT = re.compile(r"vm-\d+-cloudinit")  # PVE creates it again where it is missing
_VOLUME = re.compile(r"[A-Za-z][\w.-]*:[^/\s].*")  # and no path of the host


@dataclasses.dataclass(frozen=True)
class Space:
    """Space on a storage, in bytes; ``arrives`` with a guest from another node, so that shared storages have it already.

    ``option`` is the one of the task that requires it.
    """

    storage: str
    content: str
    size: int
    arrives: bool = False
    option: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Needed:
    """A volume or a bridge that has to exist.

    ``option`` is the one of the task that PVE refuses without it; empty where PVE takes the task all the same.
    """

    name: str
    option: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Requirements:
    """What one guest requires of its node, besides what it has already. ``memory`` is that of the whole guest.

    ``runs``: whether it will run, None if that stays as it is.
    """

    title: str
    vmid: int
    node: str
    limits: Limits = DEFAULT_LIMITS
    memory: int = 0  # bytes in all; 0 if it requires no more than it has
    runs: bool | None = None
    disk: int = 0  # bytes of all its volumes; 0 if it requires no more than it has
    largest: int = 0  # bytes of the largest volume that is new or grows
    space: tuple[Space, ...] = ()
    bridges: tuple[Needed, ...] = ()
    volumes: tuple[Needed, ...] = ()
    new_vmid: int | None = None
    cloned_from: str = ""  # another node, whose volumes on these storages it is copied from
    sources: frozenset[str] = frozenset()
    lock: str = ""  # that keeps it from being changed
    hints: tuple[str, ...] = ()


def requirements_of(kind: GuestKind, plan: Plan, desired: GuestDesired) -> Requirements | None:
    """What a plan requires of the cluster; None for one without steps."""
    if not plan.steps:
        return None
    before, after = dict(plan.before or {}), dict(plan.after or {})
    shown = after or before
    title, lock = str(shown.get(kind.name_option) or shown["vmid"]), str(before.get("lock") or "")
    if lock == "suspended":  # hibernated, which it may leave
        lock = ""
    if not after:
        return Requirements(title, before["vmid"], before["node"], desired.limits, lock=lock)
    volumes, space = _volumes_and_space(kind, before, after, desired)
    cloned_from, sources = _sources(kind, before, after, desired)
    if not before and desired.creation.get("ostemplate"):
        volumes.append(Needed(desired.creation["ostemplate"], "ostemplate"))
    volumes += _scripts(before, after)
    sent = {step.upload.name for step in plan.steps if step.upload}
    volumes = [volume for volume in volumes if volume.name.rpartition("/")[2] not in sent]
    return Requirements(
        title=title,
        vmid=after["vmid"],
        node=after["node"],
        limits=desired.limits,
        memory=_memory(before, after),
        runs=_runs(before, after),
        disk=sum(_size(held) for _slot, held in _slots(kind, after)) if any(part.size for part in space) else 0,
        largest=max(_grown_volumes(kind, before, after), default=0),
        space=tuple(space),
        bridges=tuple(_bridges(before, after)),
        volumes=tuple(volume for volume in volumes if _VOLUME.fullmatch(volume.name)),
        new_vmid=None if before or (desired.known and desired.known.is_free) else desired.vmid,
        cloned_from=cloned_from,
        sources=sources,
        lock=lock,
        hints=tuple(_hints(title, before, after)),
    )


def _moves(before: State, after: State) -> bool:
    return bool(before) and before["node"] != after["node"]


def _bytes_of_memory(state: State) -> int:
    return int(state.get("memory") or DEFAULT_MEMORY) * MIB


def _memory(before: State, after: State) -> int:
    """The memory of a guest that is made, begins to run, gets more or comes from another node."""
    starts = after.get("status") == power.RUNNING and before.get("status") not in (power.RUNNING, power.PAUSED)
    grows = bool(before) and _bytes_of_memory(after) > _bytes_of_memory(before)
    asks = not before or starts or grows or _moves(before, after)
    return _bytes_of_memory(after) if asks and not after.get("template") else 0


def _runs(before: State, after: State) -> bool | None:
    """Whether it will run; a new guest is made to run unless the task says otherwise."""
    if "status" in after:
        return after["status"] in (power.RUNNING, power.PAUSED)
    return None if before else True


def _slots(kind: GuestKind, state: State) -> Iterator[tuple[str, Slot]]:
    """The slots in use and what they hold."""
    names = {field.name for field in kind.volumes.fields}
    for name, held in state.items():
        if name in names and not name.startswith("unused") and isinstance(held, Mapping):
            yield name, held


def _size(held: Slot | None) -> int:
    return bytes_of(held["size"]) if held and held.get("size") and held.get("media") != "cdrom" else 0


def _grown_volumes(kind: GuestKind, before: State, after: State) -> Iterator[int]:
    """The sizes of the volumes that are new or grow."""
    for slot, held in _slots(kind, after):
        if _size(held) > _size(before.get(slot)):
            yield _size(held)


def _volumes_and_space(
    kind: GuestKind, before: State, after: State, desired: GuestDesired
) -> tuple[list[Needed], list[Space]]:
    """The volumes that have to exist and the room for those that do not yet."""
    content = kind.volumes.content
    linked = _linked_sizes(kind, desired) if not before else {}
    volumes: list[Needed] = []
    space: list[Space] = []
    for slot, held in _slots(kind, after):
        storage, had = storage_of(held), before.get(slot)
        if held.get("import-from") and had is None:
            volumes.append(Needed(str(held["import-from"]), slot))
        if not storage:
            continue
        name = volume_of(held).partition(":")[2]
        fixed = held.get("media") == "cdrom" and not (_TO_ALLOCATE.fullmatch(name) or _CLOUD_INIT.search(name))
        if fixed or (had is None and not _TO_ALLOCATE.fullmatch(name) and not _CLOUD_INIT.search(name)):
            changes = had is None or volume_of(had) != volume_of(held)
            if changes or _moves(before, after):
                option = slot if changes and slot in desired.volumes else ""  # others come along unchecked
                volumes.append(Needed(volume_of(held), option))
        elif _moves(before, after):
            target = target_of(storage, desired.target_storage)
            space.append(Space(target, content, _size(held), arrives=True, option="target_storage"))
        elif had is None or storage_of(had) != storage:
            option = slot if slot in desired.volumes else "clone" if desired.clone else "restore"
            space.append(Space(storage, content, max(0, _size(held) - linked.get(slot, 0)), option=option))
        elif _size(held) > _size(had):
            space.append(Space(storage, content, _size(held) - _size(had)))
    return volumes, space


def target_of(storage: str, targets: str | None) -> str:
    """Where a migration puts the volumes of a storage: one storage for all, pairs as in ``a:b``, or ``1`` for the same."""
    found = storage
    for target in split_list(targets or "1"):
        source, colon, mapped = target.partition(":")
        if colon and source == storage:
            return mapped
        if not colon and source != "1":
            found = source
    return found


def _linked_sizes(kind: GuestKind, desired: GuestDesired) -> dict[str, int]:
    """The sizes of the volumes that a linked clone shares with its template."""
    if not desired.clone or not desired.known or not desired.known.source or desired.known.detour:
        return {}
    _where, source = desired.known.source
    full = desired.clone.get("full", not source.get("template"))
    return {} if full else {slot: _size(held) for slot, held in _slots(kind, source)}


def _sources(kind: GuestKind, before: State, after: State, desired: GuestDesired) -> tuple[str, frozenset[str]]:
    """For a clone on another node than its source is on: that node, and the storages of the source's volumes."""
    source = desired.source if desired.clone else None
    if before or source is None or source[0].node == after["node"] or (desired.known and desired.known.detour):
        return "", frozenset()
    where, state = source
    held = [held for _slot, held in _slots(kind, state) if _size(held)]
    return where.node, frozenset(filter(None, map(storage_of, held)))


def _scripts(before: State, after: State) -> Iterator[Needed]:
    """The snippets that a guest begins to use."""
    if after.get("hookscript") and after["hookscript"] != before.get("hookscript"):
        yield Needed(after["hookscript"], "hookscript")
    given = after.get("cicustom")
    if isinstance(given, Mapping) and given != before.get("cicustom"):
        yield from (Needed(str(name)) for name in given.values())  # read when the guest starts


def _starts(before: State, after: State) -> bool:
    """Whether the task starts the guest, here or on another node."""
    runs = (power.RUNNING, power.PAUSED)
    return after.get("status") in runs and (before.get("status") not in runs or _moves(before, after))


def _bridges(before: State, after: State) -> Iterator[Needed]:
    """The bridges that a guest begins to use, or takes to another node. PVE looks for them when it starts the guest."""
    for name, card in after.items():
        if re.fullmatch(r"net\d+", name) and isinstance(card, Mapping) and card.get("bridge"):
            had: Any = before.get(name) or {}
            if _moves(before, after) or card["bridge"] != had.get("bridge"):
                yield Needed(card["bridge"], name if _starts(before, after) else "")


def _hints(title: str, before: State, after: State) -> Iterator[str]:
    """What works, but hardly as it is meant."""
    devices = [name for name in after if re.fullmatch(r"hostpci\d+", name)]
    kind = (after.get("cpu") or {}).get("cputype") or "the default one"
    changed = [name for name in (*devices, "cpu") if after.get(name) != before.get(name)]
    if devices and changed and kind != "host" and not str(kind).startswith("custom-"):
        names = ", ".join(sorted(devices))
        yield f"{title} passes {names} through with CPU type {kind}; drivers of such devices mostly want cpu: host"
