# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that fit a query, by the list of the cluster and the lists of the nodes, with what each of them reports on demand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..model.contract import Reader
from ..model.errors import InvalidOption
from ..model.kinds.info import Info
from ..run.fanout import gather_all, warnings_of
from . import power
from .actions.snapshot import observe_snapshots
from .agent import GuestGatherer, agent_enabled, waiting
from .directory import Directory, is_reported
from .kinds import BY_TYPE
from .locate import Location
from .named import warn_of_unknown
from .selection import TAGS, Selection, observe_row

Row = dict[str, Any]

GATHER = ("config", "status", "pending", "snapshots", "agent", "interfaces")


@dataclasses.dataclass(frozen=True)
class GuestQuery:
    """Which guests a task asks about, and what it wants to know of them."""

    selection: Selection
    current: bool
    gather: frozenset[str]
    parallel: int


class GuestInfo(Info[GuestQuery]):
    """See the module pve_guest_info for what its options mean."""

    name = "guests"

    def arguments(self) -> dict[str, Any]:
        spec = {
            "vmid": {"type": "list", "elements": "int"},
            "name": {"type": "list", "elements": "str"},
            "tags": {"type": "list", "elements": "str"},
            "pool": {"type": "list", "elements": "str"},
            "node": {"type": "list", "elements": "str"},
            "status": {"type": "str", "choices": ["running", "stopped"]},
            "type": {"type": "str", "choices": list(BY_TYPE)},
            "template": {"type": "bool"},
            "current": {"type": "bool", "default": True},
            "gather": {"type": "list", "elements": "str", "choices": list(GATHER), "default": []},
            "parallel": {"type": "int", "default": 8},
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> GuestQuery:
        if not 1 <= params["parallel"] <= 64:
            raise InvalidOption("parallel", "is a number of guests from 1 to 64")
        tags = params["tags"]
        given = {field.name: params[field.name] for field in dataclasses.fields(Selection)}
        selection = Selection(**{**given, "tags": None if tags is None else TAGS.parse(tags)})
        return GuestQuery(selection, params["current"], frozenset(params["gather"]), params["parallel"])

    def read(self, reader: Reader, desired: GuestQuery) -> list[Row]:
        listed, silent = _listed(reader, desired)
        picked = sorted((row for row in listed if desired.selection.fits(row)), key=lambda row: int(row["vmid"]))
        if picked and desired.gather:
            gatherers = {
                row["vmid"]: _InfoGatherer(reader, row, desired.gather) for row in picked if row["node"] not in silent
            }
            answers = gather_all(list(gatherers.values()), _InfoGatherer.read, desired.parallel)
            facts = dict(zip(gatherers, answers, strict=True))
            picked = [{**row, **facts.get(row["vmid"], {})} for row in picked]
            reader.warnings.extend(warnings_of(gatherers.values()))
        return picked


GUEST_INFO = GuestInfo()


def _listed(reader: Reader, desired: GuestQuery) -> tuple[list[Row], Collection[str]]:
    """All guests, those that the other options fit as their nodes see them if ``current``; and the nodes that do not answer."""
    directory = Directory(reader)
    warn_of_unknown(reader.warnings, directory.rows, {"pool": desired.selection.pool, "node": desired.selection.node})
    certain = desired.selection.without_reported()  # what is current in rows of the cluster's list

    def concerns(row: Row) -> bool:
        return (desired.current or not is_reported(row)) and certain.fits(observe_row(row))

    directory.confirm(concerns)
    rows = directory.guests()
    for node, reason in sorted(directory.silent.items()):
        count = sum(row["node"] == node and concerns(row) for row in rows)
        reader.warnings.append(
            f"Node {node} does not answer ({reason}): its guests ({count}) are shown as it reported them last."
        )
    return [observe_row(row) for row in rows], directory.silent


class _InfoGatherer(GuestGatherer):
    """The queries of one guest. What it does not answer is missing in its facts and becomes a warning."""

    def __init__(self, reader: Reader, row: Row, wanted: frozenset[str]) -> None:
        where = Location(row["type"], row["vmid"], row["node"], row["name"])
        super().__init__(reader, where.path, row["name"] or str(row["vmid"]))
        self.row, self.wanted = row, wanted

    def read(self) -> Row:
        facts: Row = {}
        config: Mapping[str, Any] = {}
        running = self.row["status"] == "running"
        asks_agent = running and self.row["type"] == "qemu" and bool(self.wanted & {"agent", "interfaces"})
        if "config" in self.wanted or asks_agent:
            config = self.ask("configuration", "/config") or {}
        if "config" in self.wanted and config:
            facts["config"] = BY_TYPE[self.row["type"]].kind.observe(config)
        self._add(facts, "status", "/status/current", lambda answer: {**answer, "power": power.observe(answer)}, "live")
        self._add(facts, "pending", "/pending", _waiting)
        self._add(facts, "snapshots", "/snapshot", observe_snapshots)
        return {**facts, **self._network_facts(config, running=running)}

    def _add(self, facts: Row, wanted: str, path: str, form: Callable[[Any], Any], key: str = "") -> None:
        if wanted in self.wanted:
            answer = self.ask(wanted, path)
            facts.update({key or wanted: form(answer)} if answer is not None else {})

    def _network_facts(self, config: Mapping[str, Any], *, running: bool) -> Row:
        """What the guest itself reports; that a guest which does not run reports nothing is no problem."""
        facts: Row = {"interfaces": []}
        if self.row["type"] == "qemu":
            if running and agent_enabled(config):
                return self.agent_facts(self.wanted)
            facts["agent"] = {}
        elif running and "interfaces" in self.wanted:
            return self.container_facts()
        return {name: value for name, value in facts.items() if name in self.wanted}


def _waiting(rows: list[Mapping[str, Any]]) -> list[Row]:
    """The keys that wait for the next start: present value, and new value or that they are deleted."""
    return sorted(map(dict, waiting(rows)), key=lambda row: str(row["key"]))
