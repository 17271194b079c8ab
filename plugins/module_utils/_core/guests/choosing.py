# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing the node of a guest: what the placement has to know is asked for, and the guest as it would be there is looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..model.contract import Reader
from ..model.plan import Plan
from .desired import GuestDesired, GuestObserved, Known
from .directory import Directory, require_node
from .kind import GuestKind
from .placement import Placer, Request, labels_of
from .planner import plan_create, plan_update
from .policy import DEFAULT_POLICY, Choice
from .preflight.checks import complete
from .preflight.findings import Facts
from .preflight.limits import OFF
from .preflight.requirements import requirements_of
from .sources import local_storages


class Chooser:
    """Chooses nodes for guests, one after the other; those that were placed before count."""

    def __init__(self, reader: Reader, directory: Directory) -> None:
        self.reader, self.directory = reader, directory
        connection = reader.connection
        facts = Facts(directory.current_rows(), sees_all=connection.is_root, asks=connection.identity)
        self._placer = Placer(facts)

    def for_new(self, kind: GuestKind, desired: GuestDesired, known: Known) -> Choice:
        """The node of a new guest; Refused if none can take it."""
        allowed = allowed_nodes(self.directory, desired)
        beside = known.source[0].node if known.source else None
        elsewhere = next((node for node in allowed if node != beside), allowed[0])
        known = on_node(known, elsewhere, desired)
        trial = dataclasses.replace(desired, known=known)
        observed = GuestObserved(None, known, as_root=self.reader.connection.is_root)
        return self._choose(_request(kind, plan_create(kind, observed, trial), trial), allowed)

    def count(self, kind: GuestKind, plan: Plan, desired: GuestDesired) -> None:
        """Let a new guest count whose node is known."""
        self._placer.add(_request(kind, plan, desired), (plan.after or {})["node"])

    def for_present(self, kind: GuestKind, observed: GuestObserved, desired: GuestDesired, known: Known) -> Choice:
        """Where to move a guest that is on none of the nodes that the task allows; Refused if none can take it."""
        allowed = allowed_nodes(self.directory, desired)
        moving = dataclasses.replace(desired, known=dataclasses.replace(known, moves_to=allowed[0]))
        return self._choose(_request(kind, plan_update(kind, observed, moving), moving), allowed)

    def _choose(self, request: Request, allowed: list[str]) -> Choice:
        complete(self.reader, self._placer.facts, request.needs, allowed)
        return self._placer.place(request, allowed)


def _request(kind: GuestKind, plan: Plan, desired: GuestDesired) -> Request:
    """A guest as the placement sees it."""
    needs, state = requirements_of(kind, plan, desired), plan.after or {}
    if needs is None:
        raise TypeError("a guest that is made or moved requires something")
    labels = labels_of(state.get("tags"), desired.pool)
    return Request(needs, _cores(state), labels, desired.policy or DEFAULT_POLICY, desired.preflight != OFF)


def _cores(state: Mapping[str, Any]) -> int:
    return int(state.get("cores") or 1) * int(state.get("sockets") or 1)


def on_node(known: Known, node: str, desired: GuestDesired) -> Known:
    """What is known of a new guest if it is made on this node.

    PVE clones no volume that only another node has, not even in full: such a clone is made there, and then moved.
    """
    if known.source is None or desired.clone is None or known.directory is None:
        return dataclasses.replace(known, node=node)
    source, state = known.source
    far = source.node != node and desired.clone.get("full", True)
    detour = bool(far and local_storages(known.directory.rows, source.node, state.values()))
    return dataclasses.replace(known, node=node, detour=detour)


def allowed_nodes(directory: Directory, desired: GuestDesired) -> list[str]:
    """The nodes that a guest may be put on, those that are online first."""
    for node in desired.nodes:
        require_node(directory, node, "nodes")
    rows = [row for row in directory.rows if row.get("type") == "node" and row.get("node")]
    known = sorted(rows, key=lambda row: (row.get("status") != "online", row["node"]))
    return [row["node"] for row in known if row["node"] in desired.nodes or not desired.nodes]
