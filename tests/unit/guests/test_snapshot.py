# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots: what is planned, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.snapshot import SNAPSHOT
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan
from tests.unit.guests.fake import GuestServer
from tests.unit.resources.fake import calls, options, planned

PATHS = {"qemu": "/nodes/pve1/qemu/9001", "lxc": "/nodes/pve1/lxc/9101"}


def snapshot(name: str, time: int, parent: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"name": name, "snaptime": time, "description": "", "vmstate": 0, **more}
    return {**row, "parent": parent} if parent else row


def server(*rows: dict[str, Any], config: Any = None, feature: int = 1, kind: str = "qemu") -> GuestServer:
    """A machine 9001 (web1) and a container 9101 (ct1); the one of this kind has the snapshots."""
    newest = max(rows, key=lambda row: row["snaptime"])["name"] if rows else None
    current = {"name": "current", "digest": "x", "running": 0, "description": "You are here!"}
    answers: dict[str, Any] = {f"{path}/snapshot": [{**current}] for path in PATHS.values()}
    answers[f"{PATHS[kind]}/snapshot"] = [*rows, {**current, **({"parent": newest} if newest else {})}]
    answers[f"{PATHS[kind]}/feature"] = {"hasFeature": feature}
    guests = {"qemu/9001": {"name": "web1"}, "lxc/9101": {"hostname": "ct1"}}
    guests[f"{kind}/{9001 if kind == 'qemu' else 9101}"] |= config or {}
    return GuestServer(guests, answers)


SERIES = tuple(snapshot(f"day-{number}", 100 + number, f"day-{number - 1}" if number else None) for number in range(4))


def plan(on: GuestServer, **given_options: Any) -> Plan:
    return planned(SNAPSHOT, on, **{"vmid": 9001, **given_options})


def test_taking() -> None:
    on = server()
    made = plan(on, snapname="first", description="Before\nthe change\n", vmstate=True)
    params = {"snapname": "first", "description": "Before\nthe change", "vmstate": True}
    assert calls(made) == [("POST", f"{PATHS['qemu']}/snapshot", params)]
    assert made.steps[0].starts_task
    assert made.after is not None
    assert made.after["parent"] == "first"
    assert made.after["snapshots"] == [{"name": "first", "description": "Before\nthe change"}]


def test_what_is_there_costs_three_requests() -> None:
    on = server(snapshot("first", 100, description="Before "))
    assert calls(plan(on, snapname="first", description="Before", vmstate=True)) == []
    assert on.asked == ["/cluster/resources", f"{PATHS['qemu']}/config", f"{PATHS['qemu']}/snapshot"]


def test_a_container_by_its_name() -> None:
    made = planned(SNAPSHOT, server(kind="lxc"), name="ct1", snapname="first", vmstate=False)
    assert calls(made) == [("POST", f"{PATHS['lxc']}/snapshot", {"snapname": "first"})]
    with pytest.raises(InvalidOption, match=r"vmstate: .*container"):
        planned(SNAPSHOT, server(kind="lxc"), name="ct1", snapname="first", vmstate=True)


def test_another_description_is_written() -> None:
    made = plan(server(snapshot("first", 100, description="old")), snapname="first", description="new")
    assert calls(made) == [("PUT", f"{PATHS['qemu']}/snapshot/first/config", {"description": "new"})]
    cleared = plan(server(snapshot("first", 100, description="old")), snapname="first", description="")
    assert calls(cleared) == [("PUT", f"{PATHS['qemu']}/snapshot/first/config", {"description": ""})]


def test_deletion_hands_the_parent_on() -> None:
    made = plan(server(*SERIES), snapname="day-2", state="absent")
    assert calls(made) == [("DELETE", f"{PATHS['qemu']}/snapshot/day-2", {})]
    assert made.after is not None
    assert {row["name"]: row.get("parent") for row in made.after["snapshots"]} == {
        "day-0": None,
        "day-1": "day-0",
        "day-3": "day-1",
    }
    assert calls(plan(server(*SERIES), snapname="day-9", state="absent")) == []
    forced = plan(server(*SERIES), snapname="day-2", state="absent", force=True)
    assert calls(forced)[0][2] == {"force": True}


def test_rolling_back() -> None:
    made = plan(server(*SERIES), snapname="day-1", state="rollback", start=True)
    assert calls(made) == [("POST", f"{PATHS['qemu']}/snapshot/day-1/rollback", {"start": True})]
    (step,) = made.steps
    assert not step.verify
    assert not step.repeatable
    with pytest.raises(InvalidOption, match="no snapshot 'day-9'; it has day-0, day-1"):
        plan(server(*SERIES), snapname="day-9", state="rollback")


def test_retention_deletes_the_oldest_of_the_series_in_turn() -> None:
    other = snapshot("before-upgrade", 1)
    made = plan(server(other, *reversed(SERIES)), snapname="day-4", retention=3, prefix="day-")
    assert [(method, path.rpartition("/")[2]) for method, path, _params in calls(made)] == [
        ("POST", "snapshot"),
        ("DELETE", "day-0"),
        ("DELETE", "day-1"),
    ]
    assert made.after is not None
    assert [row["name"] for row in made.after["snapshots"]] == ["before-upgrade", "day-2", "day-3", "day-4"]


def test_retention_alone_takes_none() -> None:
    assert [path for _method, path, _params in calls(plan(server(*SERIES), retention=3, prefix="day-"))] == [
        f"{PATHS['qemu']}/snapshot/day-0"
    ]
    assert calls(plan(server(*SERIES), retention=1, prefix="week-")) == []


def test_retention_keeps_the_snapshot_that_the_task_names() -> None:
    made = plan(server(*SERIES), snapname="day-0", retention=1, prefix="day-")
    assert [path.rpartition("/")[2] for _method, path, _params in calls(made)] == ["day-1", "day-2", "day-3"]


@given(st.sets(st.integers(0, 20)), st.integers(1, 8), st.integers(0, 20))
def test_a_second_run_finds_nothing_left_to_delete(times: set[int], retention: int, named: int) -> None:
    rows = [snapshot(f"s{time:02}", time) for time in times]
    desired = {"snapname": f"s{named:02}", "retention": retention, "prefix": "s"}
    after = plan(server(*rows), **desired).after or {}
    kept = [row["name"] for row in after["snapshots"]]
    assert desired["snapname"] in kept
    assert len(kept) == min(retention, len(times | {named}))
    again = [{"snaptime": int(row["name"][1:]), **row} for row in after["snapshots"]]
    assert calls(plan(server(*again), **desired)) == []


def test_a_locked_guest_is_reported_before_the_task() -> None:
    for state in ("absent", "rollback"):
        with pytest.raises(Refused, match=r"9001 \(web1\) on node pve1 is locked \(backup\)"):
            plan(server(*SERIES, config={"lock": "backup"}), snapname="day-1", state=state)


def test_volumes_without_snapshots_are_reported_before_the_task() -> None:
    with pytest.raises(Refused, match="cannot have snapshots"):
        plan(server(feature=0), snapname="first")
    assert calls(plan(server(*SERIES, feature=0), snapname="day-1", state="absent"))


def test_an_unfinished_snapshot_is_no_snapshot() -> None:
    unfinished = snapshot("first", 100, snapstate="prepare")
    with pytest.raises(Refused, match="unfinished"):
        plan(server(unfinished), snapname="first")
    assert calls(plan(server(unfinished), snapname="first", state="absent", force=True))


@pytest.mark.parametrize(
    ("desired", "reason"),
    [
        ({"snapname": "1st"}, "snapname: '1st' is not"),
        ({"snapname": "a"}, "snapname: 'a' is not"),
        ({"snapname": "a" * 41}, "snapname"),
        ({"snapname": "pending"}, "word of PVE's own"),
        ({"snapname": "first", "start": True}, "start: means nothing with state: present"),
        ({"snapname": "first", "force": True}, "force: means something only where a snapshot is deleted"),
        ({"snapname": "first", "state": "absent", "description": "x"}, "description: means nothing with state: absent"),
        ({"retention": 1, "prefix": "a", "description": "x"}, "description: means nothing without snapname"),
        ({"retention": 0, "prefix": "a"}, "retention"),
    ],
)
def test_a_wrong_option_is_named(desired: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        SNAPSHOT.parse(options(SNAPSHOT, vmid=9001, **desired))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ({"vmid": 5}, "vmid: there is no guest 5"),
        ({"name": "nobody"}, "name: there is no guest 'nobody'"),
        ({"name": "nobody", "node": "pve1"}, "name: there is no guest 'nobody'"),
        ({"vmid": 9001, "name": "ct1"}, "is not named 'ct1'"),
        (
            {"vmid": 9001, "node": "pve2", "state": "absent"},
            "node: the virtual machine 9001 (web1) on node pve1 is not on pve2",
        ),
    ],
)
def test_a_guest_that_is_not_there(which: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        planned(SNAPSHOT, server(), snapname="first", **which)
    assert reason in str(caught.value)
