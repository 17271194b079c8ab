# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a guest by id or by name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.contract import Reader
from ..model.errors import InvalidOption
from ..model.plan import api_path

_UNNAMED = re.compile(r"((VM|CT) \d+)?")  # how the cluster's list shows a guest whose name it does not know yet
KINDS = {"qemu": "virtual machine", "lxc": "container"}
# The options that name a guest
GUEST: dict[str, Any] = {"vmid": {"type": "int"}, "name": {"type": "str"}, "node": {"type": "str"}}


@dataclasses.dataclass(frozen=True)
class Location:
    """Where a guest is."""

    kind: str  # qemu or lxc
    vmid: int
    node: str
    name: str = ""

    @property
    def path(self) -> str:
        return api_path("nodes", self.node, self.kind, self.vmid)

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} {self.vmid} ({self.name or 'without a name'}) on node {self.node}"


def _location(row: Mapping[str, Any]) -> Location:
    return Location(row["type"], int(row["vmid"]), row["node"], row.get("name", ""))


def guests(rows: Sequence[Mapping[str, Any]]) -> list[Location]:
    """All guests among the rows of /cluster/resources. That list may lag some seconds behind."""
    return [_location(row) for row in rows if row.get("type") in KINDS and "vmid" in row]


def _all_guests(reader: Reader) -> list[Location]:
    return guests(reader.get("/cluster/resources", {"type": "vm"}))


def locate(
    reader: Reader,
    kind: str,
    *,
    vmid: int | None,
    name: str | None,
    node: str | None,
    listed: Sequence[Location] | None = None,
) -> Location | None:
    """The guest with this id, or else with this name; None if there is none. ``listed`` saves the request for all guests.

    Raises InvalidOption if the id belongs to the other kind of guest, or if several guests have the name.
    """
    listed = _all_guests(reader) if listed is None else listed
    if vmid is not None:
        found = next((guest for guest in listed if guest.vmid == vmid), None)
        if found and found.kind != kind:
            raise InvalidOption("vmid", f"{vmid} is taken: it is the {found}")
        return found
    matches = [guest for guest in listed if guest.kind == kind and guest.name == name]
    if len(matches) > 1:
        told = "; ".join(str(guest) for guest in sorted(matches, key=lambda guest: guest.vmid))
        raise InvalidOption("name", f"{len(matches)} guests are named {name!r}: {told}", hint="Give vmid as well.")
    if not matches and node is not None:
        return _just_created(reader, kind, name, node)
    return matches[0] if matches else None


def find_machine(reader: Reader, desired: Mapping[str, Any]) -> Location:
    """The virtual machine that a task names by vmid or name; InvalidOption if there is none. With id and node, nobody is asked."""
    vmid, name, node = (desired[option] for option in ("vmid", "name", "node"))
    if vmid and node:
        return Location("qemu", vmid, node, name or "")
    found = locate(reader, "qemu", vmid=vmid, name=name, node=node)
    if found is None:
        raise InvalidOption("vmid" if vmid else "name", "there is no such virtual machine")
    return found


def locate_any(reader: Reader, *, vmid: int | None, name: str | None, node: str | None) -> Location:
    """The guest of either kind with this id, or else with this name; InvalidOption if there is none or several."""
    listed = _all_guests(reader)
    matches = [guest for guest in listed if (guest.vmid == vmid if vmid is not None else guest.name == name)]
    if len(matches) > 1:
        told = "; ".join(str(guest) for guest in sorted(matches, key=lambda guest: guest.vmid))
        raise InvalidOption("name", f"{len(matches)} guests are named {name!r}: {told}", hint="Give vmid instead.")
    found = matches[0] if matches else None
    if found is None and vmid is None and node is not None:
        found = _just_created(reader, "qemu", name, node) or _just_created(reader, "lxc", name, node)
    if found is None:
        option, value = ("name", name) if vmid is None else ("vmid", vmid)
        raise InvalidOption(option, f"there is no guest {value!r}")
    if name not in (None, found.name) and not _UNNAMED.fullmatch(found.name):
        raise InvalidOption("name", f"the {found} is not named {name!r}")
    if node not in (None, found.node):
        raise InvalidOption("node", f"the {found} is not on {node}", hint="Leave node out.")
    return found


def _just_created(reader: Reader, kind: str, name: str | None, node: str) -> Location | None:
    """A guest that the cluster's list does not show yet: the node's own list is always up to date."""
    rows = reader.get(api_path("nodes", node, kind))
    found = [Location(kind, int(row["vmid"]), node, name or "") for row in rows if row.get("name") == name]
    return found[0] if found else None
