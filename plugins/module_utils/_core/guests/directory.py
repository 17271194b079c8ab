# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of a cluster: which there are, where each of them is, and what it is called.

In the rows of /cluster/resources the id, type, node, tags, lock and pool of a guest are current. Its name, status, template flag
and sizes come from the last report of its node (pvestatd), which may be ten seconds old: a new guest has none, a renamed one has
its old name, and a guest whose id was used before may have those of its predecessor. So a name there is a hint. The lists of the
nodes (/nodes/N/qemu, /nodes/N/lxc) and a guest's own configuration are always current, and decide.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..model.contract import Reader
from ..model.errors import ApiError, AuthenticationFailed, InvalidOption, PveError, no_such_node
from ..model.plan import api_path
from .locate import TITLES, Location, read_config, with_name

Row = dict[str, Any]
Found = tuple[Location, Mapping[str, Any]]  # a guest and its configuration

LOOKS = 3  # at a guest that moves, or is renamed, while it is looked for
OFFLINE = "it is offline"
PARALLEL = 8  # lists of nodes that are read at the same time
# What a row of /cluster/resources takes from the node's last report
_REPORTED = (
    *("name", "status", "template", "uptime", "cpu", "mem", "maxmem", "disk", "maxdisk", "maxcpu"),
    *("memhost", "diskread", "diskwrite", "netin", "netout"),
)
# How PVE lists a guest that has no name (PVE/QemuServer.pm and PVE/LXC.pm, vmstatus)
_UNNAMED = re.compile(r"((VM|CT) \d+)?")


def is_guest(row: Mapping[str, Any]) -> bool:
    """Whether a row of /cluster/resources is that of a guest."""
    return row.get("type") in TITLES and str(row.get("vmid", "")).isdigit() and isinstance(row.get("node"), str)


def location(row: Mapping[str, Any]) -> Location:
    """Where the guest of a row is. Its name is what the row says."""
    return Location(row["type"], int(row["vmid"]), row["node"], str(row.get("name") or ""))


def is_reported(row: Mapping[str, Any]) -> bool:
    """Whether a row has the name and the status that only a report of its node brings."""
    return not _UNNAMED.fullmatch(str(row.get("name") or "")) and row.get("status", "unknown") != "unknown"


def list_guests(guests: Iterable[Location]) -> str:
    return "; ".join(str(guest) for guest in sorted(guests, key=lambda guest: guest.vmid))


class _View:
    """All rows as they are known at one time, with those of guests by id and by name, and the kinds of which some may lack one."""

    def __init__(self, rows: list[Row], is_confirmed: Callable[[Row], bool]) -> None:
        self.rows = rows
        self.guests = {int(row["vmid"]): row for row in rows if is_guest(row)}
        self.named: dict[str, list[Row]] = {}
        self.unnamed: set[str] = set()
        for row in self.guests.values():
            self.named.setdefault(str(row.get("name") or ""), []).append(row)
            if not is_reported(row) and not is_confirmed(row):
                self.unnamed.add(row["type"])


class Directory:
    """The guests of a cluster at one time. ``rows`` of /cluster/resources that were read before save a request.

    ``silent`` are the nodes whose lists could not be read, with the reason: nothing current is known of their guests.
    Threads may share a directory.
    """

    def __init__(self, reader: Reader, rows: Iterable[Mapping[str, Any]] | None = None) -> None:
        self.reader = reader
        self.rows: list[Row] = [dict(row) for row in (self._read() if rows is None else rows)]
        self.silent: dict[str, str] = {}
        self._lists: dict[tuple[str, str], Mapping[int, Row]] = {}  # by node and kind
        self._view: _View | None = None  # made when it is needed
        self._found: dict[tuple[Any, ...], Found] = {}
        self._lock = threading.RLock()

    def _read(self) -> Iterable[Mapping[str, Any]]:
        rows: Iterable[Mapping[str, Any]] = self.reader.get("/cluster/resources") or []
        return rows

    # --- what is known so far -----------------------------------------------------------------------------------------

    def guests(self) -> list[Row]:
        """The rows of all guests; what a node was asked for replaces what it had reported."""
        return list(self._known().guests.values())

    def current_rows(self) -> list[Row]:
        """The same for rows of all types."""
        return self._known().rows

    def _known(self) -> _View:
        view = self._view
        if view is None:
            view = self._view = _View(
                [self._current(row) if is_guest(row) else row for row in self.rows], self.is_confirmed
            )
        return view

    def locations(self) -> list[Location]:
        return [location(row) for row in self.guests()]

    def at(self, vmid: int) -> Location | None:
        """Where the guest with this id is. Its name is a hint, unless its node was asked."""
        row = self._known().guests.get(vmid)
        return None if row is None else location(row)

    def is_confirmed(self, row: Mapping[str, Any]) -> bool:
        """Whether the guest's node was asked, and listed it."""
        return self._listed(row) is not None

    def _listed(self, row: Mapping[str, Any]) -> Row | None:
        return self._lists.get((row["node"], row["type"]), {}).get(int(row["vmid"]))

    def _current(self, row: Row) -> Row:
        listed = self._listed(row)
        if listed is None:
            return row
        current = {"maxcpu": listed["cpus"], **listed} if "cpus" in listed else listed
        kept = {name: value for name, value in row.items() if name not in _REPORTED}
        return {**kept, **{name: current[name] for name in _REPORTED if name in current}}

    # --- asking the nodes ---------------------------------------------------------------------------------------------

    def confirm(self, concerns: Callable[[Row], bool] = lambda row: True) -> None:
        """Read the lists of the nodes of these guests, each list once. A guest that left its node meanwhile is looked for again."""
        with self._lock:
            for _look in range(LOOKS):
                rows = [row for row in self.rows if is_guest(row) and concerns(row)]
                self._ask({(row["node"], row["type"]) for row in rows} - self._lists.keys())
                gone = {int(row["vmid"]) for row in rows if row["node"] not in self.silent and not self._listed(row)}
                if not gone:
                    return
                self._look_again(gone)

    def _ask(self, places: Collection[tuple[str, str]]) -> None:
        offline = {row["node"] for row in self.rows if row.get("type") == "node" and row.get("status") == "offline"}
        self.silent.update({node: OFFLINE for node, _kind in places if node in offline})
        wanted = sorted(place for place in places if place[0] not in self.silent)
        if len(wanted) < 2:
            answers = [self._list(*place) for place in wanted]
        else:
            with ThreadPoolExecutor(min(PARALLEL, len(wanted))) as pool:
                answers = list(pool.map(lambda place: self._list(*place), wanted))
        self._lists.update({place: {} for place in places})
        self._lists.update(zip(wanted, answers, strict=True))
        self._view = None

    def _list(self, node: str, kind: str) -> Mapping[int, Row]:
        try:
            rows = self.reader.get(api_path("nodes", node, kind)) or []
        except AuthenticationFailed:
            raise
        except ApiError as error:
            self.silent[node] = error.server_message
            return {}
        return {int(row["vmid"]): row for row in rows if str(row.get("vmid", "")).isdigit()}

    def _look_again(self, vmids: Collection[int]) -> None:
        """Read the rows again, and forget the lists of the nodes where these guests are now."""
        self.rows = [dict(row) for row in self._read()]
        for row in self.rows:
            if is_guest(row) and int(row["vmid"]) in vmids:
                self._lists.pop((row["node"], row["type"]), None)
        self._view = None

    def refresh(self) -> None:
        """Forget everything, because it has changed."""
        with self._lock:
            self.rows, self._lists, self._found = [dict(row) for row in self._read()], {}, {}
            self._view = None

    def once(self, question: tuple[Any, ...], look: Callable[[], Found]) -> Found:
        """What ``look`` finds, which several guests ask for and is looked for once."""
        with self._lock:
            if question not in self._found:
                self._found[question] = look()
            return self._found[question]

    # --- looking for one ----------------------------------------------------------------------------------------------

    def follow(self, vmid: int) -> Found | None:
        """The guest with this id, with the name that its configuration has; None if there is none."""
        for _look in range(LOOKS):
            where = self.at(vmid)
            if where is None:
                return None
            config = read_config(self.reader, where)
            if config is not None:
                self.reader.places.note(vmid, where.kind, where.node)
                return with_name(where, config), config
            self.refresh()  # it was deleted, or has moved
        return None

    def find(self, kinds: Collection[str], name: str, option: str = "name") -> Found | None:
        """The guest of one of these kinds with this name; None if there is none.

        What seems to have the name has to have it in its configuration. Otherwise, or if the rows do not name everyone, the
        nodes are asked. Raises InvalidOption if several guests have the name, or if it cannot be known whether one has it.
        ``option`` is the one that holds the name.
        """
        if self.is_certain(kinds, name):
            found = self._verified(self._named(kinds, name)[0], name)
            if found:
                return found
        for _look in range(LOOKS):
            namesakes = self.namesakes(kinds, name)
            if not namesakes:
                self._refuse_unknown(kinds, name, option)
                return None
            refuse_several(namesakes, name, option)
            found = self._verified(namesakes[0], name)
            if found:
                return found
            self.refresh()  # it was renamed, moved or deleted in this moment
        raise PveError(f"The guest {name!r} is being moved or renamed.", hint="Run the task again when that has ended.")

    def is_certain(self, kinds: Collection[str], name: str) -> bool:
        """Whether the nodes need not be asked who has a name: one guest seems to have it, and all seem to have names."""
        return self._known().unnamed.isdisjoint(kinds) and len(self._named(kinds, name)) == 1

    def namesakes(self, kinds: Collection[str], name: str) -> list[Location]:
        """All guests of these kinds with this name, as their nodes list them."""
        self.confirm(lambda row: row["type"] in kinds)
        return self._named(kinds, name)

    def _named(self, kinds: Collection[str], name: str) -> list[Location]:
        return [location(row) for row in self._known().named.get(name, ()) if row["type"] in kinds]

    def _verified(self, where: Location, name: str) -> Found | None:
        config = read_config(self.reader, where)
        if config is None or with_name(where, config).name != name:
            return None
        self.reader.places.note(where.vmid, where.kind, where.node)
        return with_name(where, config), config

    def _refuse_unknown(self, kinds: Collection[str], name: str, option: str) -> None:
        """Refuse to call a guest absent that may be one of those whose names are unknown."""
        unknown = [
            row
            for row in self.guests()
            if row["type"] in kinds and row["node"] in self.silent and _UNNAMED.fullmatch(str(row.get("name") or ""))
        ]
        if unknown:
            nodes = "; ".join(f"{node}: {reason}" for node, reason in sorted(self.silent.items()))
            vmids = ", ".join(str(vmid) for vmid in sorted(int(row["vmid"]) for row in unknown))
            raise InvalidOption(
                option,
                f"{name!r} may be the name of a guest whose node does not answer ({nodes}); unknown are the names of {vmids}",
                hint="Give vmid, which says which guest is meant.",
            )


def find_seen(reader: Reader, vmid: int, kinds: Collection[str] = tuple(TITLES)) -> Found | None:
    """The guest with this id where it was seen before, confirmed by its configuration there; None if it has to be looked for."""
    seen = reader.places.get(vmid)
    if seen is None or seen[0] not in kinds:
        return None
    where = Location(seen[0], vmid, seen[1])
    config = read_config(reader, where, forbidden_is_absent=True)
    return None if config is None else (with_name(where, config), config)


def find_place(reader: Reader, vmid: int) -> Location | None:
    """Where the guest with this id is, for calls that take an id and no name; None if there is none."""
    seen = find_seen(reader, vmid)
    if seen:
        return seen[0]
    where = Directory(reader).at(vmid)
    if where:
        reader.places.note(vmid, where.kind, where.node)
    return where


def refuse_several(namesakes: Sequence[Location], name: str, option: str = "name") -> None:
    """InvalidOption if more than one guest has the name."""
    if len(namesakes) > 1:
        raise InvalidOption(
            option, f"{len(namesakes)} guests are named {name!r}: {list_guests(namesakes)}", hint="Give vmid as well."
        )


def require_node(directory: Directory, name: str, option: str = "node") -> None:
    """Refuse the name of a node that is not in the cluster.

    Every login sees all nodes in /cluster/resources, also those that are offline (pve-manager API2/Cluster.pm, resources).
    """
    known = {str(row.get("node")) for row in directory.rows if row.get("type") == "node"}
    if known and name not in known:
        raise no_such_node(option, name, known)
