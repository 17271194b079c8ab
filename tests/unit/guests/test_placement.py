# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node a guest is put on."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.guests.placement import (
    Placer,
    Request,
    labels_of,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.policy import Policy
from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.findings import Facts, list_findings
from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.limits import Limits
from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.requirements import (
    Needed,
    Requirements,
    Space,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused

GIB = 1024**3
Rows = Sequence[Mapping[str, Any]]


def node(name: str, memory: int = 32, cpus: int = 16, status: str = "online") -> dict[str, Any]:
    return {"type": "node", "node": name, "maxmem": memory * GIB, "maxcpu": cpus, "status": status}


def guest(vmid: int, where: str, memory: int = 2, cores: int = 1, **more: Any) -> dict[str, Any]:
    row = {"type": "qemu", "vmid": vmid, "node": where, "maxmem": memory * GIB, "maxcpu": cores, "status": "running"}
    return {**row, **more}


def storage(name: str, where: str, free: int = 100, shared: int = 0) -> dict[str, Any]:
    row = {"type": "storage", "storage": name, "node": where, "content": "images", "status": "available"}
    return {**row, "shared": shared, "maxdisk": free * GIB, "disk": 0}


def request(vmid: int = 900, memory: int = 4, **more: Any) -> Request:
    fields = {field.name for field in dataclasses.fields(Requirements)}
    demand = {name: value for name, value in more.items() if name in fields}
    rest = {name: value for name, value in more.items() if name not in fields}
    return Request(Requirements(f"g{vmid}", vmid, "", memory=memory * GIB, runs=True, **demand), **rest)


def placed(rows: Rows, *requests: Request, nodes: Sequence[str] = ("a", "b", "c")) -> list[str]:
    placer = Placer(Facts(rows, sees_all=True))
    return [placer.place(one, nodes).node for one in requests]


NODES = [node("a"), node("b"), node("c")]


def test_the_most_free_memory_is_taken_and_ties_by_name() -> None:
    assert placed([*NODES, guest(1, "a"), guest(2, "c", status="stopped")], request()) == ["b"]
    assert placed([*NODES, guest(1, "a"), guest(2, "b"), guest(3, "c", memory=1)], request()) == ["c"]


def test_what_was_placed_before_counts() -> None:
    assert placed(NODES, *(request(vmid) for vmid in range(900, 906))) == ["a", "b", "c", "a", "b", "c"]


def test_by_cpu_and_by_number() -> None:
    rows = [node("a", cpus=4), node("b", cpus=64), guest(1, "b", cores=8), guest(2, "b", cores=8)]
    assert placed(rows, request(policy=Policy("cpu"), cores=2), nodes=["a", "b"]) == ["b"]
    assert placed(rows, request(policy=Policy("count")), nodes=["a", "b"]) == ["a"]


def test_like_guests_are_kept_apart() -> None:
    rows = [node("a", 128), node("b"), node("c"), guest(1, "a", tags="web;prod"), guest(2, "b", pool="Web")]
    web = [request(vmid, policy=Policy(spread="web"), labels=labels_of(["Web"], None)) for vmid in (900, 901, 902)]
    assert placed(rows, *web) == ["c", "a", "b"]


def test_templates_are_no_load() -> None:
    rows = [node("a"), node("b"), guest(1, "a", template=1, status="stopped"), guest(2, "b", status="stopped")]
    assert placed(rows, request(policy=Policy("count")), nodes=["a", "b"]) == ["a"]


def test_a_node_without_what_is_needed_is_passed_over() -> None:
    rows = [node("a", 256, status="offline"), node("b", 128), node("c"), storage("fast", "c"), storage("fast", "a")]
    wish = request(space=(Space("fast", "images", GIB),))
    assert placed(rows, wish) == ["c"]
    placer = Placer(Facts(rows, {"b": frozenset({"vmbr0"}), "c": frozenset({"vmbr0", "vmbr9"})}, sees_all=True))
    assert placer.place(request(bridges=(Needed("vmbr9"),)), ["b", "c"]).node == "c"


def test_no_node_is_refused_with_the_reason_of_each() -> None:
    rows = [node("a", status="offline"), node("b", 4)]
    with pytest.raises(Refused, match=r"No node can take g900\. a: it is not online\. b: b has 4\.8 GiB free of 4 GiB"):
        placed(rows, request(memory=8), nodes=["a", "b"])


def test_without_a_preflight_only_the_rank_counts() -> None:
    assert placed([node("a", 4), node("b", 2)], request(memory=64, judged=False), nodes=["a", "b"]) == ["a"]


def test_a_clone_beside_its_source_needs_no_shared_storage() -> None:
    rows = [*NODES, guest(1, "a", memory=16), storage("local", "a"), storage("local", "b")]
    assert placed(rows, request(cloned_from="a", sources=frozenset({"local"})), nodes=["a", "b"]) == ["a"]


def test_a_choice_says_why() -> None:
    placer = Placer(Facts([*NODES, guest(1, "a", tags="db")]))
    choice = placer.place(request(policy=Policy(spread="db")), ["a", "b"])
    assert (choice.node, choice.reason) == ("b", "0 guests of db, 38.4 GiB of memory free at overcommit 1.2")


def test_spread_names_what_is_kept_apart() -> None:
    with pytest.raises(InvalidOption, match="spread: is needed with placement: spread"):
        Policy.parse({"nodes": None, "placement": "spread", "spread": None})
    assert Policy.parse({"nodes": None, "placement": "spread", "spread": "Web"}) == Policy("memory", "web")
    assert Policy.parse({"nodes": ["a"], "placement": None, "spread": None}) == Policy()
    assert Policy.parse({"nodes": None, "placement": None, "spread": None}) is None


# --- properties -------------------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "d"])
clusters = st.builds(
    lambda nodes, guests, storages: [*nodes, *guests, *storages],
    st.lists(
        st.builds(node, names, st.integers(1, 64), st.integers(1, 32)),
        min_size=1, max_size=4, unique_by=lambda row: row["node"],
    ),
    st.lists(
        st.builds(guest, st.integers(100, 140), names, st.integers(1, 16)), max_size=12, unique_by=lambda row: row["vmid"]
    ),
    st.lists(
        st.builds(storage, st.sampled_from(["x", "y"]), names, st.integers(1, 60)),
        max_size=6, unique_by=lambda row: (row["storage"], row["node"]),
    ),
)  # fmt: skip
limits = st.builds(Limits, st.sampled_from([0.8, 1.0, 1.2]), st.sampled_from([0.5, 1.0]), counts_stopped=st.booleans())
wishes = st.builds(
    lambda memory, by, spread, space, limit, runs: {
        "memory": memory,
        "policy": Policy(by, spread),
        "limits": limit,
        "space": tuple(Space(name, "images", size * GIB) for name, size in space),
        "runs_": runs,
    },
    st.integers(1, 24),
    st.sampled_from(["memory", "cpu", "count"]),
    st.sampled_from(["", "web"]),
    st.lists(st.tuples(st.sampled_from(["x", "y"]), st.integers(1, 40)), max_size=1),
    limits,
    st.booleans(),
)


@given(clusters, st.lists(wishes, min_size=1, max_size=8))
def test_the_preflight_of_all_has_nothing_against_the_nodes(rows: Rows, wanted: list[dict[str, Any]]) -> None:
    facts = Facts(rows, sees_all=True)
    placer, nodes = Placer(facts), [row["node"] for row in rows if row["type"] == "node"]
    demands = []
    for number, wish in enumerate(wanted):
        one = request(900 + number, **{name: value for name, value in wish.items() if name != "runs_"})
        one = dataclasses.replace(one, needs=dataclasses.replace(one.needs, runs=wish["runs_"]))
        try:
            choice = placer.place(one, nodes)
        except Refused:
            continue
        demands.append(dataclasses.replace(one.needs, node=choice.node))
    assert [finding.text for finding in list_findings(facts, demands) if not finding.hint] == []


@given(clusters, st.lists(wishes, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_nodes_means_nothing(rows: Rows, wanted: list[dict[str, Any]], random: Any) -> None:
    nodes = [row["node"] for row in rows if row["type"] == "node"]
    shuffled, others = list(rows), list(nodes)
    random.shuffle(shuffled)
    random.shuffle(others)
    wanted = [{name: value for name, value in wish.items() if name != "runs_"} for wish in wanted]

    def choices(rows: Rows, nodes: Sequence[str]) -> list[Any]:
        placer = Placer(Facts(rows, sees_all=True))
        found: list[Any] = []
        for number, wish in enumerate(wanted):
            try:
                found.append(placer.place(request(900 + number, **wish), nodes))
            except Refused as error:
                found.append(str(error))
        return found

    assert choices(rows, nodes) == choices(shuffled, others)


def test_two_hundred_guests_on_eight_nodes_are_balanced() -> None:
    nodes = [f"n{number}" for number in range(8)]
    placer = Placer(Facts([node(name, 256) for name in nodes], sees_all=True))
    chosen = Counter(placer.place(request(1000 + number), nodes).node for number in range(200))
    assert set(chosen.values()) == {25}
