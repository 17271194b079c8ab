# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guest a task means by vmid, name and node. All that are given have to fit the same guest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from ..model.contract import Desired, Reader, Resource, StateOrNone
from ..model.errors import CREATED_FIRST, InvalidOption, NotFound
from ..model.plan import Plan
from .directory import Directory, Found, find_seen, refuse_several, require_node
from .locate import KINDS, Location, read_config, with_name

_Answer = TypeVar("_Answer")
# The options that name a guest
GUEST: dict[str, Any] = {"vmid": {"type": "int"}, "name": {"type": "str"}, "node": {"type": "str"}}


def find_guest(
    reader: Reader, desired: Desired, kinds: Collection[str] = tuple(KINDS), *, exact_node: bool = False
) -> Found:
    """The guest of one of these kinds that a task names, with its configuration; InvalidOption if there is none.

    A guest that has moved is found where it is, unless ``exact_node``: what cannot be taken back is done only where all fits.
    """
    vmid, name, node = (desired[option] for option in GUEST)
    exact = node if exact_node else None
    if vmid and node and len(kinds) == 1:
        where = Location(next(iter(kinds)), vmid, node)
        config = read_config(reader, where, forbidden_is_absent=True)
        if config is not None:
            return check_fit(with_name(where, config), name, exact), config
    seen = find_seen(reader, vmid, kinds) if vmid else None
    if seen:
        return check_fit(seen[0], name, exact), seen[1]
    directory = desired["directory"] = Directory(reader)
    found = directory.follow(vmid) if vmid else directory.find(kinds, name)
    if found is None or found[0].kind not in kinds:
        raise _no_such_guest(found[0] if found else None, desired, kinds)
    if node not in (None, found[0].node):
        require_node(directory, node)
    return check_fit(found[0], name, exact), found[1]


def check_fit(where: Location, name: str | None, node: str | None, option: str = "name") -> Location:
    """The guest that was found; InvalidOption if it has another name, or is on another node, than a task says."""
    if name not in (None, where.name):
        raise InvalidOption(option, f"the {where} is not named {name!r}", hint=f"Leave {option} out, or correct vmid.")
    if node not in (None, where.node):
        raise InvalidOption("node", f"the {where} is not on {node}", hint="Leave node out.")
    return where


def find_machine(reader: Reader, desired: Desired, *, verify: bool = False) -> Location:
    """The virtual machine that a task names. With vmid and node, nobody is asked for it unless ``verify``."""
    vmid, name, node = (desired[option] for option in GUEST)
    if vmid and node and name is None and not verify:
        return Location("qemu", vmid, node)
    return find_guest(reader, desired, ["qemu"])[0]


def read_there(reader: Reader, desired: Desired, read: Callable[[Location], _Answer]) -> _Answer:
    """What ``read`` finds out about the guest in ``desired["where"]``, which is looked for if it is not there any more."""
    where: Location = desired["where"]
    try:
        return read(where)
    except NotFound:
        found, _config = find_guest(reader, {"vmid": where.vmid, "name": None, "node": None}, [where.kind])
        if found.node == where.node:
            raise  # it is there, so that something else was not found
        desired["where"] = found
        return read(found)


def _no_such_guest(found: Location | None, desired: Mapping[str, Any], kinds: Collection[str]) -> InvalidOption:
    option = "vmid" if desired["vmid"] else "name"
    wanted = KINDS[next(iter(kinds))] if len(kinds) == 1 else "guest"
    if found:
        return InvalidOption(option, f"the {found} is not a {wanted}")
    return InvalidOption(option, f"there is no {wanted} {desired[option]!r}", hint=CREATED_FIRST)


def refuse_namesakes(directory: Directory, where: Location, kinds: Collection[str], option: str = "name") -> None:
    """Refuse to change a guest that was found by its name if another guest has the same name."""
    refuse_several(directory.namesakes(kinds, where.name), where.name, option)


class NamedGuest(Resource[Desired, StateOrNone]):
    """Something that is done to a guest, which is in ``desired["where"]``: before it is, no other guest may have its name."""

    kinds: Collection[str] = tuple(KINDS)

    def preflight(self, reader: Reader, plan: Plan, desired: Desired) -> None:
        if not desired["vmid"]:
            refuse_namesakes(desired.get("directory") or Directory(reader), desired["where"], self.kinds)
