# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guest a task means by vmid, name and node. All that are given have to fit the same guest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from ..model.contract import Reader, Resource, State
from ..model.errors import CREATED_FIRST, InvalidOption, NotFound
from ..model.plan import Plan
from .directory import Directory, find_seen, refuse_several, require_node
from .locate import TITLES, Location, read_config, with_name

_Answer = TypeVar("_Answer")
# The options that name a guest
GUEST: dict[str, Any] = {"vmid": {"type": "int"}, "name": {"type": "str"}, "node": {"type": "str"}}


@dataclasses.dataclass(frozen=True)
class GuestName:
    """How a task names a guest: at least one of vmid and name is given."""

    vmid: int | None = None
    name: str | None = None
    node: str | None = None

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> GuestName:
        return cls(*(params[option] for option in GUEST))


@dataclasses.dataclass(frozen=True)
class NamedDesired:
    """What a task wants of a guest that it names; ``found`` once that was looked for, as a guest stays where it is meanwhile."""

    guest: GuestName
    found: FoundGuest | None = dataclasses.field(default=None, kw_only=True)


@dataclasses.dataclass(frozen=True)
class FoundGuest:
    """A guest that was found.

    ``config`` is its configuration, empty if nobody asked for it; ``directory`` is None if it was found without the list of all.
    """

    where: Location
    config: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    directory: Directory | None = None


@dataclasses.dataclass(frozen=True)
class NamedObserved:
    """A guest that was found, and ``state``: what there is of what the task is about, as users see it."""

    found: FoundGuest
    state: State


def find_guest(
    reader: Reader, guest: GuestName, kinds: Collection[str] = tuple(TITLES), *, exact_node: bool = False
) -> FoundGuest:
    """The guest of one of these kinds that a task names, with its configuration; InvalidOption if there is none.

    A guest that has moved is found where it is, unless ``exact_node``: what cannot be undone is done only where all fits.
    """
    exact = guest.node if exact_node else None
    if guest.vmid and guest.node and len(kinds) == 1:
        where = Location(next(iter(kinds)), guest.vmid, guest.node)
        config = read_config(reader, where, forbidden_is_absent=True)
        if config is not None:
            return FoundGuest(check_fit(with_name(where, config), guest.name, exact), config)
    seen = find_seen(reader, guest.vmid, kinds) if guest.vmid else None
    if seen:
        return FoundGuest(check_fit(seen[0], guest.name, exact), seen[1])
    directory = Directory(reader)
    found = directory.follow(guest.vmid) if guest.vmid else directory.find(kinds, guest.name or "")
    if found is None or found[0].kind not in kinds:
        raise _no_such_guest(found[0] if found else None, guest, kinds)
    if guest.node not in (None, found[0].node):
        require_node(directory, guest.node or "")
    return FoundGuest(check_fit(found[0], guest.name, exact), found[1], directory)


def check_fit(where: Location, name: str | None, node: str | None, option: str = "name") -> Location:
    """The guest that was found; InvalidOption if it has another name, or is on another node, than a task says."""
    if name not in (None, where.name):
        raise InvalidOption(option, f"the {where} is not named {name!r}", hint=f"Leave {option} out, or correct vmid.")
    if node not in (None, where.node):
        raise InvalidOption("node", f"the {where} is not on {node}", hint="Leave node out.")
    return where


def find_vm(reader: Reader, guest: GuestName, *, verify: bool = False) -> FoundGuest:
    """The VM that a task names. With vmid and node, nobody is asked for it unless ``verify``."""
    if guest.vmid and guest.node and guest.name is None and not verify:
        return FoundGuest(Location("qemu", guest.vmid, guest.node))
    return find_guest(reader, guest, ["qemu"])


def read_there(reader: Reader, found: FoundGuest, read: Callable[[Location], _Answer]) -> tuple[FoundGuest, _Answer]:
    """What ``read`` finds out about a guest, which is looked for if it is not there any more; with where it is."""
    where = found.where
    try:
        return found, read(where)
    except NotFound:
        now = find_guest(reader, GuestName(where.vmid), [where.kind])
        if now.where.node == where.node:
            raise  # it is there, so that something else was not found
        moved = dataclasses.replace(found, where=now.where, config=now.config)
        return moved, read(moved.where)


def _no_such_guest(found: Location | None, guest: GuestName, kinds: Collection[str]) -> InvalidOption:
    option, value = ("vmid", guest.vmid) if guest.vmid else ("name", guest.name)
    wanted = TITLES[next(iter(kinds))] if len(kinds) == 1 else "guest"
    if found:
        return InvalidOption(option, f"the {found} is not a {wanted}")
    return InvalidOption(option, f"there is no {wanted} {value!r}", hint=CREATED_FIRST)


def refuse_namesakes(directory: Directory, where: Location, kinds: Collection[str], option: str = "name") -> None:
    """Refuse to change a guest that was found by its name if another guest has the same name."""
    refuse_several(directory.namesakes(kinds, where.name), where.name, option)


NamedT = TypeVar("NamedT", bound=NamedDesired)
SeenT = TypeVar("SeenT", bound=NamedObserved)


class NamedGuest(Resource[NamedT, SeenT]):
    """Something that is done to a guest that exists: before it is done, no other guest may have its name."""

    kinds: Collection[str] = tuple(TITLES)

    def remember(self, observed: SeenT, desired: NamedT) -> NamedT:
        return dataclasses.replace(desired, found=observed.found)

    def preflight(self, reader: Reader, plan: Plan, desired: NamedT) -> None:
        if desired.found and not desired.guest.vmid:
            refuse_namesakes(desired.found.directory or Directory(reader), desired.found.where, self.kinds)
