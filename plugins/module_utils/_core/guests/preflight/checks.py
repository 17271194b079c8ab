# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight: whether the cluster has what the plans of guests require, before anything is changed.

``list_findings`` is pure. ``gather`` asks for the facts: each list of a node once, however many guests need it, and no more than
``MAX_QUESTIONS``; one request more for each bridge that a caller with few rights does not see, and for each list of a node with
guests that it has not reported yet. What could not be asked, or may be hidden from the caller, is unknown, and what is unknown
is no finding. See docs/adr/0007.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from ...model.contract import Reader
from ...model.errors import CREATED_FIRST, ApiError, InvalidOption, InvalidParameter, PveError, Refused
from ...model.plan import api_path
from ..directory import Directory, is_reported
from .findings import Facts, Finding, Rows, bridge_path, list_findings, place_of, storage_names
from .limits import FAIL, OFF, STRICT
from .requirements import Requirements

MAX_QUESTIONS = 30


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A guest that is about to be changed, and what becomes of findings about it."""

    requirements: Requirements
    mode: str


def preflight(reader: Reader, candidates: Sequence[Candidate], rows: Rows | None = None) -> dict[int, PveError]:
    """Look at all candidates together: the refusals by vmid. Whatever else was found is a warning.

    What PVE refuses for certain is refused whatever the mode, by the option that requires it.

    ``rows`` of /cluster/resources that were read before save a request.
    """
    looked_at = [one for one in candidates if one.mode != OFF]
    failing = {one.requirements.vmid for one in looked_at if one.mode in (FAIL, STRICT)}
    guests = [one.requirements for one in looked_at]
    refused: dict[int, list[Finding]] = {}
    for finding in list_findings(gather(reader, guests, rows), guests):
        fatal = finding.vmids if finding.option else frozenset() if finding.hint else finding.vmids & failing
        if fatal != finding.vmids:
            reader.warnings.append(f"Preflight: {finding.text}.")
        for vmid in fatal:
            refused.setdefault(vmid, []).append(finding)
    return {vmid: _refusal(findings) for vmid, findings in refused.items()}


def _refusal(findings: Sequence[Finding]) -> PveError:
    """One error for all that a guest is refused for; by an option, if PVE would refuse one for certain."""
    certain = [finding for finding in findings if finding.option]
    if not certain:
        text = "; ".join(_without_repetition(finding.text for finding in findings))
        return Refused(f"Preflight: {text}.", hint="With preflight: warn it would be tried all the same.")
    first, *others = [*certain, *(finding for finding in findings if not finding.option)]
    more = [f"{other.option}: {other.text}" if other.option else other.text for other in others]
    cures = dict.fromkeys(sentence for finding in certain for sentence in finding.cure)
    hint = " ".join(sorted(cures, key=lambda sentence: sentence == CREATED_FIRST))
    return InvalidOption(first.option, "; ".join([first.text, *more]), hint=hint)


def _without_repetition(texts: Iterable[str]) -> list[str]:
    """The texts, with what several of them end in (``; web1 wants 4 GiB``) only once, after the last of them."""
    heads: dict[str, list[str]] = {}
    for text in texts:
        head, _sep, end = text.rpartition("; ")
        heads.setdefault(end, []).extend([head] if head else [])
    return [part for end, found in heads.items() for part in (*found, end)]


@dataclasses.dataclass(frozen=True)
class _Question:
    """A request that some guests need; its answer completes the facts about ``about``."""

    what: str
    about: tuple[str, ...]
    path: str
    params: tuple[tuple[str, str], ...] = ()


def gather(reader: Reader, guests: Sequence[Requirements], rows: Rows | None = None) -> Facts:
    """The facts about the requirements of the guests; of too many questions, those that serve most guests are asked."""
    if rows is None and any(guest.memory or guest.space or guest.volumes for guest in guests):
        rows = reader.get("/cluster/resources")
    rows = _confirmed(reader, rows or (), {guest.node for guest in guests if guest.memory})
    facts = Facts(rows, sees_all=reader.connection.is_root, asks=reader.connection.identity)
    wanted = Counter(question for guest in guests for question in _questions(facts, guest))
    for question, _guests in wanted.most_common(MAX_QUESTIONS):
        _ask(reader, facts, question)
    if not facts.sees_all:
        facts.hidden_bridges = {bridge for bridge in _unseen_bridges(facts, guests) if not _may_see(reader, bridge)}
    return facts


def complete(reader: Reader, facts: Facts, guest: Requirements, nodes: Collection[str]) -> None:
    """Ask for what is not known yet of nodes that a guest may be put on; equal questions of several guests are asked once."""
    there = [dataclasses.replace(guest, node=node) for node in nodes if facts.node(node).get("status") == "online"]
    for question in dict.fromkeys(question for one in there for question in _questions(facts, one)):
        if question not in facts.asked:
            facts.asked.add(question)
            _ask(reader, facts, question)
    if not facts.sees_all:
        unseen = _unseen_bridges(facts, there) - facts.hidden_bridges
        facts.hidden_bridges |= {bridge for bridge in unseen if not _may_see(reader, bridge)}


def _confirmed(reader: Reader, rows: Rows, nodes: Collection[str]) -> Rows:
    """The rows, with status and memory also of those guests of these nodes that are too new to be reported."""
    if not nodes or not rows:
        return rows
    directory = Directory(reader, rows)
    directory.confirm(lambda row: row["node"] in nodes and not is_reported(row))
    return directory.current_rows()


def _unseen_bridges(facts: Facts, guests: Sequence[Requirements]) -> set[str]:
    """The bridges that are required and were not listed."""
    return {
        bridge.name
        for guest in guests
        for bridge in guest.bridges
        if guest.node in facts.bridges and bridge.name not in facts.bridges[guest.node]
    }


def _may_see(reader: Reader, bridge: str) -> bool:
    """Whether the bridge would be listed if it were there (pve-manager API2/Network.pm, index)."""
    try:
        answer = reader.get("/access/permissions", {"path": bridge_path(bridge)})
    except ApiError:
        return False
    return any({"SDN.Audit", "SDN.Use"} & set(granted) for granted in (answer or {}).values())


def _questions(facts: Facts, guest: Requirements) -> Iterator[_Question]:
    """The questions about one guest; equal questions of several guests are asked once."""
    node = guest.node
    if guest.bridges:
        yield _Question("bridges", (node,), api_path("nodes", node, "network"), (("type", "any_bridge"),))
    for _node, storage, kind in sorted({place_of(node, volume.name) for volume in guest.volumes}):
        if facts.storage(storage, node):
            path = api_path("nodes", node, "storage", storage, "content")
            yield _Question("volumes", (node, storage, kind), path, (("content", kind),) if kind else ())
            if not kind and not facts.sees_all:
                yield _rights_on(storage)
    if facts.sees_all:
        return
    for storage in storage_names(guest):
        if not facts.storages(storage):
            yield _rights_on(storage)
    if guest.new_vmid:
        vmid = str(guest.new_vmid)
        yield _Question("vmid", (vmid,), "/cluster/nextid", (("vmid", vmid),))


def _rights_on(storage: str) -> _Question:
    return _Question("storage", (storage,), "/access/permissions", (("path", f"/storage/{storage}"),))


def _ask(reader: Reader, facts: Facts, question: _Question) -> None:
    """Complete the facts by one answer; without one they stay unknown."""
    try:
        answer = reader.get(question.path, dict(question.params))
    except InvalidParameter:
        if question.what == "vmid":
            facts.taken.add(int(question.about[0]))
    except ApiError:
        return
    else:
        _note(facts, question, answer)


def _note(facts: Facts, question: _Question, answer: Any) -> None:
    if question.what == "bridges":
        facts.bridges[question.about[0]] = frozenset(str(row["iface"]) for row in answer)
    elif question.what == "volumes":
        node, storage, kind = question.about
        facts.volumes[node, storage, kind] = frozenset(str(row["volid"]) for row in answer)
    elif question.what == "storage":
        granted = {name for privileges in (answer or {}).values() for name in privileges}
        if "Datastore.Audit" in granted:
            facts.sees_storages.add(question.about[0])
        if "Datastore.Allocate" in granted:  # PVE/Storage.pm, check_volume_access
            facts.sees_volumes.add(question.about[0])
