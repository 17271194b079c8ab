# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several nodes a guest is put on. Pure, and equal for equal facts.

The nodes are ranked by what the task asks for, and the first one is taken of which the preflight finds nothing against the guest.
Whoever was placed before counts as if it were there.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.errors import Refused
from ..model.values import split_list
from .policy import COUNT, CPU, DEFAULT_POLICY, MEMORY, Choice, Policy
from .preflight.findings import Facts, amount, list_findings, storage_names
from .preflight.requirements import Requirements


@dataclasses.dataclass(frozen=True)
class Request:
    """A guest that needs a node. The node of its requirements is not meant."""

    needs: Requirements
    cores: int = 1
    labels: frozenset[str] = frozenset()  # its tags and its pool
    policy: Policy = DEFAULT_POLICY
    judged: bool = True  # whether the preflight has a say


@dataclasses.dataclass
class _Load:
    """What is promised on a node: memory of guests that run, or of all, in bytes."""

    total: int
    cpus: int
    running: int = 0
    stopped: int = 0
    cores: int = 0
    guests: int = 0
    labels: Counter[str] = dataclasses.field(default_factory=Counter)

    def free(self, request: Request) -> float:
        """The memory that is left by the rule of the preflight, before the guest is there."""
        limits = request.needs.limits
        return self.total * limits.memory_overcommit - self.running - (self.stopped if limits.counts_stopped else 0)

    def rank(self, request: Request) -> tuple[float, ...]:
        """The less, the better."""
        like = self.labels[request.policy.spread] if request.policy.spread else 0
        free = self.free(request)
        measure = {
            MEMORY: -free,
            CPU: (self.cores + request.cores) / max(self.cpus, 1),
            COUNT: float(self.guests),
        }[request.policy.by]
        return float(like), measure, -free

    def add(self, request: Request) -> None:
        """Count a guest as if it were there."""
        if request.needs.runs is False:
            self.stopped += request.needs.memory
        else:
            self.running += request.needs.memory
            self.cores += request.cores
        self.guests += 1
        self.labels.update(request.labels)

    def reason(self, request: Request) -> str:
        """Why a guest is put here, in words, from what is there before it."""
        parts = {
            MEMORY: f"{amount(self.free(request))} of memory free at overcommit {request.needs.limits.memory_overcommit:g}",
            CPU: f"{self.cores} cores of running guests on {self.cpus} CPUs",
            COUNT: f"{self.guests} guests",
        }
        like = (
            f"{self.labels[request.policy.spread]} guests of {request.policy.spread}, " if request.policy.spread else ""
        )
        return like + parts[request.policy.by]


class Placer:
    """Places guests one after the other on the nodes of a cluster."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._placed: list[Requirements] = []
        self._chosen: set[int] = set()  # guests for which nothing was found against their node, which is to stay so
        self._loads = {str(row["node"]): _Load(_number(row, "maxmem"), _number(row, "maxcpu")) for row in facts.nodes()}
        for row in facts.all_guests():
            if row["node"] in self._loads:
                _count(self._loads[row["node"]], row)

    def place(self, request: Request, nodes: Sequence[str]) -> Choice:
        """The best of these nodes for a guest, which counts as being there from now on; Refused if none can take it."""
        reasons: dict[str, str] = {}
        online = {str(row["node"]) for row in self.facts.nodes() if row.get("status") == "online"}
        for node in sorted(nodes):
            if node not in online:
                reasons[node] = "it is not online"
        usable = [node for node in nodes if node in online]
        for node in sorted(usable, key=lambda name: (*self._loads[name].rank(request), name)):
            needs = _on(request.needs, node)
            found = self._findings(needs) if request.judged else []
            if not found:
                choice = Choice(node, self._loads[node].reason(request))
                self.add(request, node)
                self._chosen.update({needs.vmid} if request.judged else ())
                return choice
            reasons[node] = "; ".join(found)
        listed = ". ".join(f"{node}: {why}" for node, why in sorted(reasons.items()))
        raise Refused(
            f"No node can take {request.needs.title}. {listed}.",
            hint="Name the node by node to try it all the same, allow more by limits, or ask for less.",
        )

    def add(self, request: Request, node: str) -> None:
        """Count a guest on the node that it was given."""
        self._placed.append(_on(request.needs, node))
        if node in self._loads:
            self._loads[node].add(request)

    def _findings(self, needs: Requirements) -> list[str]:
        """What the preflight would say against a guest on its node, or then against one that was placed before."""
        shared = set(storage_names(needs))
        near = [one for one in self._placed if one.node == needs.node or shared.intersection(storage_names(one))]
        found = list_findings(self.facts, [*near, needs])
        concerned = {needs.vmid, *self._chosen}
        return [finding.text for finding in found if concerned & finding.vmids and not finding.hint]


def _on(needs: Requirements, node: str) -> Requirements:
    """What the guest asks of this node; a clone beside its source asks nothing of another one."""
    if node == needs.cloned_from:
        return dataclasses.replace(needs, node=node, cloned_from="", sources=frozenset())
    return dataclasses.replace(needs, node=node)


def _number(row: Mapping[str, Any], key: str) -> int:
    return int(row.get(key) or 0)


def _count(load: _Load, row: Mapping[str, Any]) -> None:
    """Count a guest that is there."""
    if row.get("template"):
        return
    if row.get("status") == "running":
        load.running += _number(row, "maxmem")
        load.cores += _number(row, "maxcpu")
    else:
        load.stopped += _number(row, "maxmem")
    load.guests += 1
    load.labels.update(labels_of(row.get("tags"), row.get("pool")))


def labels_of(tags: Any, pool: Any) -> frozenset[str]:
    """By what guests are alike: their tags and their pool."""
    return frozenset({*(str(tag).lower() for tag in split_list(tags or [])), *([str(pool).lower()] if pool else [])})
