# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preflight finds in given facts, and that it finds nothing in what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.findings import (
    Facts,
    amount,
    list_findings,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.limits import Limits
from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.requirements import (
    Needed,
    Requirements,
    Space,
)

GIB = 1024**3
ISO = "local:iso/debian.iso"


def node(name: str = "pve1", memory: Any = 16 * GIB) -> dict[str, Any]:
    return {"type": "node", "node": name, "status": "online", "maxmem": memory}


def guest(vmid: Any, memory: Any, node: str = "pve1", status: str = "running") -> dict[str, Any]:
    return {"type": "qemu", "vmid": vmid, "node": node, "status": status, "maxmem": memory * GIB}


def storage(
    name: str = "local",
    node: str = "pve1",
    free: int = 10,
    content: str = "images,iso",
    shared: int = 0,
    status: str = "available",
) -> dict[str, Any]:
    sizes = {"maxdisk": 100 * GIB, "disk": (100 - free) * GIB} if status == "available" else {}
    return {
        "type": "storage",
        "storage": name,
        "node": node,
        "content": content,
        "shared": shared,
        "status": status,
        **sizes,
    }


def wants(name: str = "web1", vmid: int = 9001, node: str = "pve1", **more: Any) -> Requirements:
    return Requirements(name, vmid, node, **more)


def memory(gib: Any, name: str = "web1", vmid: int = 9001, runs: bool | None = True, **more: Any) -> Any:
    return wants(name, vmid, memory=gib * GIB, runs=runs, **more)


def space(
    gib: Any,
    name: str = "web1",
    vmid: int = 9001,
    storage: str = "local",
    content: str = "images",
    arrives: bool = False,
    **more: Any,
) -> Any:
    return wants(name, vmid, space=(Space(storage, content, gib * GIB, arrives),), **more)


def texts(facts: Any, *guests: Any) -> list[Any]:
    return [finding.text for finding in list_findings(facts, guests)]


def test_memory_is_compared_with_what_running_guests_may_use() -> None:
    rows = [node(), guest(100, 10), guest(101, 5.2), guest(102, 50, status="stopped"), guest(103, 50, node="pve2")]
    assert texts(Facts(rows), memory(8)) == ["pve1 has 4 GiB free of 16 GiB at overcommit 1.2; web1 wants 8 GiB"]
    assert texts(Facts(rows), memory(4)) == []
    assert texts(Facts(rows), memory(8, limits=Limits(memory_overcommit=1.5))) == []


def test_a_running_guest_is_not_counted_twice_and_a_stopped_one_not_at_all() -> None:
    rows = [node(), guest(100, 10), guest(9001, 8)]
    assert texts(Facts(rows), memory(9, runs=None)) == []
    assert texts(Facts(rows), memory(10, runs=None)) != []
    rows[2] = guest(9001, 8, status="stopped")
    assert texts(Facts(rows), memory(100, runs=None)) == []
    assert texts(Facts(rows), memory(100, runs=False)) == []


STRICT = Limits.parse({}, strict=True)


def test_the_strict_profile_counts_guests_that_do_not_run() -> None:
    rows = [
        node(),
        guest(100, 10),
        guest(102, 5, status="stopped"),
        {**guest(103, 50, status="stopped"), "template": 1},
    ]
    reported = "pve1 has 4.2 GiB free of 16 GiB at overcommit 1.2; web1 wants 5 GiB"
    for runs in (True, False):
        assert texts(Facts(rows), memory(5, runs=runs)) == []
        assert texts(Facts(rows), memory(5, runs=runs, limits=STRICT)) == [reported]
        assert texts(Facts(rows), memory(4, runs=runs, limits=STRICT)) == []


def test_the_strict_profile_keeps_a_tenth_of_the_memory_in_use_free() -> None:
    rows = [{**node(), "mem": 12 * GIB}]
    assert texts(Facts(rows), memory(4)) == []
    assert texts(Facts(rows), memory(2, limits=STRICT)) == []
    reported = "pve1 uses 12 GiB of 16 GiB, which leaves 2.4 GiB below 90%; web1 wants 3 GiB"
    assert texts(Facts(rows), memory(3, limits=STRICT)) == [reported]
    assert texts(Facts(rows), memory(3, limits=STRICT, runs=False)) == []  # uses nothing


def test_the_strict_profile_has_limits_of_its_own() -> None:
    assert texts(Facts(), memory(129, limits=STRICT)) == [
        "web1 wants 129 GiB of memory, more than the limit of 128 GiB"
    ]
    assert texts(Facts(), memory(128, limits=STRICT)) == []
    large = wants(largest=11 * 1024 * GIB, limits=STRICT)
    assert texts(Facts(), large) == ["web1 wants 11264 GiB of one disk, more than the limit of 10240 GiB"]
    assert texts(Facts(), wants(largest=11 * 1024 * GIB)) == []
    assert Limits.parse({"max_memory": "256G"}, strict=True).max_memory == 256 * GIB


def test_what_several_guests_want_of_a_node_is_summed_up() -> None:
    guests = [memory(7, f"web{number}", 9000 + number) for number in range(1, 6)]
    assert texts(Facts([node()]), *guests[:2]) == []
    assert texts(Facts([node()]), *guests) == [
        "pve1 has 19.2 GiB free of 16 GiB at overcommit 1.2; web1, web2, web3 and 2 more want 35 GiB"
    ]
    found = list_findings(Facts([node()]), guests)
    assert found[0].vmids == {9003, 9004, 9005}  # two fit
    elsewhere = [memory(7, f"web{number}", 9000 + number, node=f"pve{number}") for number in range(1, 4)]
    assert texts(Facts([node(f"pve{number}") for number in range(1, 4)]), *elsewhere) == []


def test_space_on_a_storage() -> None:
    facts = Facts([storage()])
    assert texts(facts, space(10)) == []
    assert texts(facts, space(11)) == ["storage local on pve1 has 10 GiB free; web1 wants 11 GiB"]
    assert texts(facts, space(6), space(6, "web2", 9002)) == [
        "storage local on pve1 has 10 GiB free; web1 and web2 want 12 GiB"
    ]
    thin = Limits(storage_overcommit=2)
    assert texts(facts, space(111, limits=thin)) == [
        "storage local on pve1 has 110 GiB free at overcommit 2; web1 wants 111 GiB"
    ]


def test_a_shared_storage_has_one_space_for_all_nodes() -> None:
    nodes = ("pve1", "pve2")
    guests = [space(6, name, vmid, node=name) for vmid, name in enumerate(nodes, 9001)]
    assert texts(Facts([storage(node=name) for name in nodes]), *guests) == []
    assert texts(Facts([storage(node=name, shared=1) for name in nodes]), *guests) == [
        "storage local has 10 GiB free; pve1 and pve2 want 12 GiB"
    ]


def test_a_guest_that_moves_needs_no_space_on_a_shared_storage() -> None:
    assert texts(Facts([storage(shared=1)]), space(50, arrives=True)) == []
    assert texts(Facts([storage()]), space(50, arrives=True)) != []


def test_content_types() -> None:
    assert texts(Facts([storage(content="iso,backup")]), space(1)) == [
        "storage local on pve1 holds backup, iso, but no images, as web1 wants"
    ]
    assert texts(Facts([{**storage(), "content": None}]), space(1)) == []


def test_a_storage_that_is_not_there() -> None:
    elsewhere = Facts([node(), storage("fast", node="pve2")])
    assert texts(elsewhere, space(1, storage="fast")) == ["pve1 has no storage fast, as web1 wants; pve2 has"]
    hidden = Facts([node()])
    assert texts(hidden, space(1, storage="fast")) == []
    for certain in (Facts([node()], sees_all=True), Facts([node()], sees_storages={"fast"})):
        assert texts(certain, space(1, storage="fast")) == ["pve1 has no storage fast that is enabled, as web1 wants"]


def test_bridges_and_volumes() -> None:
    bridges = Facts(bridges={"pve1": frozenset({"vmbr0", "vmbr1"})})
    assert texts(bridges, wants(bridges=(Needed("vmbr0"),))) == []
    assert texts(bridges, wants(bridges=(Needed("vmbr9"),))) == [
        "pve1 offers no bridge vmbr9, as web1 wants; it has vmbr0, vmbr1"
    ]
    volumes = Facts([storage()], volumes={("pve1", "local", "iso"): frozenset({ISO})})
    assert texts(volumes, wants(volumes=(Needed(ISO),))) == []
    assert texts(volumes, wants(volumes=(Needed("local:iso/other.iso"),))) == [
        "pve1 has no volume local:iso/other.iso, as web1 wants"
    ]


def test_what_is_missing_names_the_option_that_the_server_refuses() -> None:
    facts = Facts(
        [node(), storage(content="iso")],
        bridges={"pve1": frozenset()},
        volumes={("pve1", "local", "iso"): frozenset()},
        taken={9001},
        sees_all=True,
    )
    asked = wants(
        space=(Space("gone", "images", 1, option="scsi0"), Space("local", "images", 1, option="scsi1")),
        bridges=(Needed("vmbr9", "net0"), Needed("vmbr8")),
        volumes=(Needed(ISO, "ide2"), Needed("gone:iso/other.iso", "ide3"), Needed("local:iso/third.iso")),
        new_vmid=9001,
    )
    found = {finding.text: finding.option for finding in list_findings(facts, [asked])}
    assert found == {
        "9001 is taken": "vmid",
        "pve1 has no storage gone that is enabled, as web1 wants": "ide3",
        "storage local on pve1 holds iso, but no images, as web1 wants": "scsi1",
        "pve1 offers no bridge vmbr8, as web1 wants; it has none": "",
        "pve1 offers no bridge vmbr9, as web1 wants; it has none": "net0",
        f"pve1 has no volume {ISO}, as web1 wants": "ide2",
        "pve1 has no volume local:iso/third.iso, as web1 wants": "",
    }


@pytest.mark.parametrize(("shared", "found"), [(0, 1), (1, 0)])
def test_a_clone_to_another_node_needs_shared_storages(shared: int, found: int) -> None:
    guest = wants(node="pve2", cloned_from="pve1", sources=frozenset({"local"}))
    reported = texts(Facts([storage(shared=shared)]), guest)
    assert reported == ["web1 cannot be cloned from pve1 to pve2, as local is not shared"][:found]
    assert texts(Facts(), guest) == []


def test_limits_of_a_guest() -> None:
    limits = Limits.parse({"max_memory": "8G", "max_disk": 1024})
    assert texts(Facts(), memory(8, limits=limits, disk=GIB)) == []
    assert texts(Facts(), memory(9, limits=limits, disk=2 * GIB)) == [
        "web1 wants 9 GiB of memory, more than the limit of 8 GiB",
        "web1 wants 2 GiB of disks, more than the limit of 1 GiB",
    ]


def test_a_lock() -> None:
    assert texts(Facts(), wants(lock="backup"), wants("web2", 9002)) == ["web1 is locked (backup)"]


def test_ids_that_are_taken_and_hints() -> None:
    assert texts(Facts(taken={9001}), wants(new_vmid=9001), wants("web2", 9002, new_vmid=9002)) == ["9001 is taken"]
    found = list_findings(Facts(), [wants(hints=("hostpci0 is odd",))])
    assert [(finding.text, finding.hint) for finding in found] == [("hostpci0 is odd", True)]


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts([{"type": "node", "node": "pve1", "status": "online"}], sees_all=False),
        Facts([storage(status="unknown")]),
        Facts([{"type": "storage", "storage": "local", "node": "pve1"}]),
    ],
)
def test_what_is_unknown_is_no_finding(facts: Any) -> None:
    everything = wants(
        memory=99 * GIB,
        runs=True,
        space=(Space("local", "images", 999 * GIB),),
        bridges=(Needed("vmbr9", "net0"),),
        volumes=(Needed(ISO, "ide2"),),
        new_vmid=9001,
    )
    assert texts(facts, everything) == []


@pytest.mark.parametrize(
    ("number", "text"), [(GIB, "1 GiB"), (4.5 * GIB, "4.5 GiB"), (GIB / 2, "512 MiB"), (0, "0 MiB")]
)
def test_amounts_are_for_people(number: Any, text: str) -> None:
    assert amount(number) == text
