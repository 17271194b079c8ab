# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster has what the plans of guests require: facts and requirements in, findings out. Pure.

What is unknown is no finding.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ...model.errors import CREATED_FIRST
from .requirements import Requirements, Space

LISTED_TO_ALL = ("iso", "vztmpl", "import", "snippets")  # who sees a storage sees all of these on it
_NAMES = 3  # of guests, in one finding
_APPLIANCE_MEMBER = re.compile(r"([^:]+:import/[^/]+\.ova)/", re.IGNORECASE)
_CURES = {"target_storage": ("Name one by target_storage that the node has, or pairs as in local-lvm:other.",)}
_NO_STORAGE = ("Create or enable the storage by pve_storage, or name another one.", CREATED_FIRST)
_TAKEN = ("Choose another vmid, or give none for the next free one.",)
_NO_VOLUME = ("Upload or download it by pve_storage_content, or name another one.", CREATED_FIRST)
_NO_BRIDGE = (
    "Create the bridge by pve_node_network, or name another one.",
    "If the node has one that it does not list, set preflight: off.",
    CREATED_FIRST,
)

Row = Mapping[str, Any]
Rows = Sequence[Row]
Place = tuple[str, str, str]  # node, storage and kind of content
_Key = TypeVar("_Key")


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something that the guests require and will not get; a hint only mentions what is unusual.

    ``option`` is the one of the task that PVE refuses for certain; ``cure`` are the sentences that say what would be right.
    """

    text: str
    vmids: frozenset[int]
    hint: bool = False
    option: str = ""
    cure: tuple[str, ...] = ()


@dataclasses.dataclass
class Facts:
    """What is known of a cluster; what was not asked, or not answered, is missing."""

    rows: Rows = ()  # of /cluster/resources
    bridges: dict[str, frozenset[str]] = dataclasses.field(default_factory=dict)  # by node
    volumes: dict[Place, frozenset[str]] = dataclasses.field(default_factory=dict)
    taken: set[int] = dataclasses.field(default_factory=set)  # ids of guests that are not among the rows
    sees_all: bool = False  # nothing is hidden from the caller
    hidden_bridges: set[str] = dataclasses.field(default_factory=set)  # the caller may not see whether these are there
    asks: str = ""  # the user or token that asks
    sees_storages: set[str] = dataclasses.field(default_factory=set)  # these would not be
    sees_volumes: set[str] = dataclasses.field(default_factory=set)  # nothing on these storages is
    asked: set[Hashable] = dataclasses.field(default_factory=set)  # questions that were asked, answered or not

    def shows_all(self, place: Place) -> bool:
        """Whether the list of a storage shows the caller everything of a kind."""
        _node, storage, kind = place
        return bool(kind) or self.sees_all or storage in self.sees_volumes

    def nodes(self) -> list[Row]:
        return [row for row in self.rows if row.get("type") == "node" and row.get("node")]

    def all_guests(self) -> list[Row]:
        return [row for row in self.rows if row.get("type") in ("qemu", "lxc") and row.get("node")]

    def node(self, name: str) -> Row:
        return next((row for row in self.rows if row.get("type") == "node" and row.get("node") == name), {})

    def storage(self, name: str, node: str) -> Row | None:
        found = (row for row in self.storages(name) if row.get("node") == node)
        return next(found, None)

    def storages(self, name: str) -> list[Row]:
        return [row for row in self.rows if row.get("type") == "storage" and row.get("storage") == name]

    def guests(self, node: str) -> list[Row]:
        """The guests on a node that may run."""
        rows = (row for row in self.rows if row.get("type") in ("qemu", "lxc") and row.get("node") == node)
        return [row for row in rows if not row.get("template")]


# --- the findings -----------------------------------------------------------------------------------------------------


def list_findings(facts: Facts, guests: Sequence[Requirements]) -> list[Finding]:
    """What the guests together require and the cluster does not have."""
    return [
        *_over_limits(guests),
        *_taken_ids(facts, guests),
        *(Finding(f"{one.title} is locked ({one.lock})", _vmids([one])) for one in guests if one.lock),
        *_short_memory(facts, guests),
        *_storages(facts, guests),
        *_far_clones(facts, guests),
        *_missing_bridges(facts, guests),
        *_missing_volumes(facts, guests),
        *(Finding(text, frozenset({guest.vmid}), hint=True) for guest in guests for text in guest.hints),
    ]


def amount(number: float) -> str:
    """A size for people: ``8 GiB``, ``4.5 GiB``, ``512 MiB``."""
    unit, factor = ("GiB", 1024**3) if abs(number) >= 1024**3 else ("MiB", 1024**2)
    return f"{number / factor:.1f}".removesuffix(".0") + f" {unit}"


def _who(guests: Sequence[Requirements]) -> str:
    """The guests that want something: ``web1 wants``, ``web1, web2 and 3 more want``."""
    names = list(dict.fromkeys(guest.title for guest in guests))
    if len(names) == 1:
        return f"{names[0]} wants"
    more = len(names) - _NAMES
    detail = ", ".join(names[:_NAMES]) + f" and {more} more" if more > 0 else " and ".join(names)
    return f"{detail} want"


def _vmids(guests: Iterable[Requirements]) -> frozenset[int]:
    return frozenset(guest.vmid for guest in guests)


def _over_limits(guests: Sequence[Requirements]) -> Iterator[Finding]:
    for guest in guests:
        for what, wanted, limit in (
            ("memory", guest.memory, guest.limits.max_memory),
            ("disks", guest.disk, guest.limits.max_disk),
            ("one disk", guest.largest, guest.limits.max_volume),
        ):
            if limit is not None and wanted > limit:
                text = f"{guest.title} wants {amount(wanted)} of {what}, more than the limit of {amount(limit)}"
                yield Finding(text, _vmids([guest]))


def _taken_ids(facts: Facts, guests: Sequence[Requirements]) -> Iterator[Finding]:
    for guest in guests:
        if guest.new_vmid in facts.taken:
            yield Finding(f"{guest.new_vmid} is taken", _vmids([guest]), option="vmid", cure=_TAKEN)


def _short_memory(facts: Facts, guests: Sequence[Requirements]) -> Iterator[Finding]:
    """Nodes that promise more memory than they have. What the guests use is not asked: they may use what they have."""
    for node, here in _by(guests, lambda one: [one.node]).items():
        total = int(facts.node(node).get("maxmem") or 0)
        running = {int(row["vmid"]) for row in facts.guests(node) if row.get("status") == "running"}
        runs = {one.vmid: one.vmid in running if one.runs is None else one.runs for one in here}
        asking = [one for one in here if one.memory and (runs[one.vmid] or one.limits.counts_stopped)]
        if not total or not asking:
            continue
        counts_stopped = any(guest.limits.counts_stopped for guest in asking)
        overcommit = min(guest.limits.memory_overcommit for guest in asking)
        others = sum(
            int(row.get("maxmem", 0))
            for row in facts.guests(node)
            if int(row["vmid"]) not in _vmids(asking) and (counts_stopped or int(row["vmid"]) in running)
        )
        free = max(0.0, total * overcommit - others)
        detail = f"{node} has {amount(free)} free of {amount(total)} at overcommit {overcommit:g}"
        yield from _beyond(free, {guest: guest.memory for guest in asking}, detail)
        yield from _busy_memory(facts, node, [one for one in asking if runs[one.vmid] and one.vmid not in running])


def _busy_memory(facts: Facts, node: str, starting: Sequence[Requirements]) -> Iterator[Finding]:
    """Nodes whose memory would be in use to a larger part than the limits allow once these guests run."""
    shares = [guest.limits.memory_use for guest in starting if guest.limits.memory_use is not None]
    if not shares or "mem" not in facts.node(node):
        return
    share, total, used = min(shares), int(facts.node(node)["maxmem"]), int(facts.node(node)["mem"])
    free = max(0.0, total * share - used)
    detail = f"{node} uses {amount(used)} of {amount(total)}, which leaves {amount(free)} below {share:.0%}"
    yield from _beyond(free, {guest: guest.memory for guest in starting}, detail)


def _beyond(free: float, wanted: Mapping[Requirements, int], detail: str) -> Iterator[Finding]:
    """The finding that all want more than is free, about those for whom nothing is left when they are served in turn."""
    left, unserved = free, []
    for guest, size in wanted.items():
        if size > left:
            unserved.append(guest)
        else:
            left -= size
    if unserved:
        yield Finding(f"{detail}; {_who(list(wanted))} {amount(sum(wanted.values()))}", _vmids(unserved))


def _storages(facts: Facts, guests: Sequence[Requirements]) -> Iterator[Finding]:
    free_places: dict[str, tuple[Row, list[Requirements]]] = {}  # a shared storage has one for all nodes
    for (storage, node), here in _by(guests, lambda one: [(name, one.node) for name in storage_names(one)]).items():
        row = facts.storage(storage, node)
        if row is None:
            yield from _absent_storage(facts, storage, node, here)
            continue
        yield from _wrong_content(row, here)
        _row, asking = free_places.setdefault(storage if row.get("shared") else f"{storage} {node}", (row, []))
        asking += here
    for row, asking in free_places.values():
        yield from _short_space(row, asking)


def _absent_storage(facts: Facts, storage: str, node: str, here: Sequence[Requirements]) -> Iterator[Finding]:
    elsewhere = sorted(str(row["node"]) for row in facts.storages(storage))
    if not elsewhere and not (facts.rows and (facts.sees_all or storage in facts.sees_storages)):
        return
    for option, asking in _by(here, lambda one: _options_for(one, storage)).items():
        text = f"{node} has no storage {storage}, as {_who(asking)}; {', '.join(elsewhere)} has"
        if not elsewhere:
            text = f"{node} has no storage {storage} that is enabled, as {_who(asking)}"
        cure = _CURES.get(option, () if elsewhere else _NO_STORAGE)
        yield Finding(text, _vmids(asking), option=option, cure=cure if option else ())


def _options_for(guest: Requirements, storage: str, content: str | None = None) -> list[str]:
    """The options by which a guest requires a storage, or this kind of content on it."""
    space = [part.option for part in guest.space if part.storage == storage and content in (None, part.content)]
    volumes = [one.option for one in guest.volumes if content is None and storage_of_volume(one.name) == storage]
    return sorted({*space, *volumes} - {""})[:1] or [""]


def _wrong_content(row: Row, here: Sequence[Requirements]) -> Iterator[Finding]:
    if not row.get("content"):
        return
    known = sorted(str(row["content"]).split(","))
    name = row["storage"]
    wanted = _by(
        here,
        lambda one: {
            (part.content, option)
            for part in one.space
            if part.storage == name
            for option in _options_for(one, name, part.content)
        },
    )
    for (content, option), asking in wanted.items():
        if content not in known:
            detail = f"holds {', '.join(known)}, but no {content}, as {_who(asking)}"
            yield Finding(f"storage {name} on {row['node']} {detail}", _vmids(asking), option=option)


def _short_space(row: Row, here: Sequence[Requirements]) -> Iterator[Finding]:
    sizes = {guest: sum(_room(part, row) for part in guest.space) for guest in here}
    asking = {guest: size for guest, size in sizes.items() if size}
    if row.get("status") != "available" or not row.get("maxdisk") or not asking:
        return
    overcommit = min(guest.limits.storage_overcommit for guest in asking)
    free = max(0.0, int(row["maxdisk"]) * overcommit - int(row.get("disk", 0)))
    where = f"storage {row['storage']}" + ("" if row.get("shared") else f" on {row['node']}")
    detail = f"{where} has {amount(free)} free" + ("" if overcommit == 1 else f" at overcommit {overcommit:g}")
    yield from _beyond(free, asking, detail)


def _room(part: Space, row: Row) -> int:
    there_already = part.arrives and row.get("shared")
    return part.size if part.storage == row.get("storage") and not there_already else 0


def _far_clones(facts: Facts, guests: Sequence[Requirements]) -> Iterator[Finding]:
    """PVE clones to another node from shared storages only. A full one can be moved there, a linked one cannot."""
    for guest in guests:
        rows = [facts.storage(name, guest.cloned_from) for name in sorted(guest.sources)]
        local = [str(row["storage"]) for row in rows if row and not row.get("shared")]
        if local:
            detail = f"from {guest.cloned_from} to {guest.node}, as {', '.join(local)} is not shared"
            text = f"{guest.title} cannot be cloned {detail}"
            yield Finding(text, _vmids([guest]), option="node", cure=_far_clone_cure(guest))


def _far_clone_cure(guest: Requirements) -> tuple[str, ...]:
    return (f"Leave full out: a full clone is made on {guest.cloned_from} and moved to {guest.node} by the same task.",)


def _missing_bridges(facts: Facts, guests: Sequence[Requirements]) -> Iterator[Finding]:
    wanted = _by(guests, lambda one: {(one.node, bridge.name, bridge.option) for bridge in one.bridges})
    for (node, bridge, option), here in wanted.items():
        present = facts.bridges.get(node)
        if present is None or bridge in present:
            continue
        if bridge in facts.hidden_bridges:
            yield _hidden_bridge(facts, node, bridge, here)
            continue
        text = f"{node} offers no bridge {bridge}, as {_who(here)}; it has {', '.join(sorted(present)) or 'none'}"
        yield Finding(text, _vmids(here), option=option, cure=_NO_BRIDGE if option else ())


def _hidden_bridge(facts: Facts, node: str, bridge: str, here: Sequence[Requirements]) -> Finding:
    """The server lists only bridges that the caller may use or audit."""
    text = f"whether {node} offers bridge {bridge}, as {_who(here)}, is not visible to {facts.asks}"
    return Finding(f"{text}: that takes SDN.Use on {bridge_path(bridge)}, as using it does", _vmids(here), hint=True)


def bridge_path(bridge: str) -> str:
    """Where the rights on a bridge of a node are granted."""
    return f"/sdn/zones/localnetwork/{bridge}"


def _missing_volumes(facts: Facts, guests: Sequence[Requirements]) -> Iterator[Finding]:
    wanted = _by(guests, lambda one: {(one.node, volume.name, volume.option) for volume in one.volumes})
    for (node, volume, option), here in wanted.items():
        place = place_of(node, volume)
        present = facts.volumes.get(place)
        if present is not None and facts.shows_all(place) and listed_as(volume) not in present:
            text = f"{node} has no volume {volume}, as {_who(here)}"
            yield Finding(text, _vmids(here), option=option, cure=_NO_VOLUME if option else ())


def listed_as(volume: str) -> str:
    """The volume as lists of a storage show it: a disk in an appliance is not listed, only its archive."""
    member = _APPLIANCE_MEMBER.match(volume)
    return member[1] if member else volume


def place_of(node: str, volume: str) -> Place:
    """Where a volume is listed. The kind is known from the names of files that everybody sees who sees the storage, else empty."""
    storage, _colon, name = volume.partition(":")
    kind = name.partition("/")[0]
    return node, storage, kind if kind in LISTED_TO_ALL else ""


def storage_names(guest: Requirements) -> list[str]:
    """The storages that a guest needs."""
    return sorted({part.storage for part in guest.space} | {storage_of_volume(one.name) for one in guest.volumes})


def storage_of_volume(volume: str) -> str:
    return volume.partition(":")[0]


def _by(
    guests: Iterable[Requirements], keys: Callable[[Requirements], Iterable[_Key]]
) -> dict[_Key, list[Requirements]]:
    """The guests by what they have in common, in a steady order."""
    found: dict[_Key, list[Requirements]] = defaultdict(list)
    for guest in guests:
        for key in keys(guest):
            found[key].append(guest)
    return dict(sorted(found.items(), key=lambda item: str(item[0])))
