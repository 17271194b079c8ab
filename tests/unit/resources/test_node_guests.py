# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, NotConverged
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.guests import NODE_GUESTS
from tests.unit.resources.fake import Server, calls, options, planned

QEMU, LXC, RESOURCES = "/nodes/pve1/qemu", "/nodes/pve1/lxc", "/cluster/resources"
UPID = "UPID:pve1:0000D84A:000957F8:6B00C117:startall::root@pam:"
MACHINES = [
    {"vmid": 101, "name": "db", "status": "stopped"},
    {"vmid": 100, "name": "web", "status": "running"},
    {"vmid": 900, "name": "base", "status": "stopped", "template": 1},
]
CONTAINERS = [
    {"vmid": "200", "name": "dns", "status": "running"},
    {"vmid": "201", "name": "proxy", "status": "stopped"},
]
ROWS: list[dict[str, Any]] = [
    *({**row, "node": "pve1", "type": "qemu"} for row in MACHINES),
    *({**row, "node": "pve1", "type": "lxc"} for row in CONTAINERS),
    {"vmid": 300, "node": "pve2", "type": "qemu"},
]


def server(release: tuple[int, int] = (9, 2), **more: Any) -> Server:
    answers = {
        QEMU: MACHINES,
        LXC: CONTAINERS,
        RESOURCES: ROWS,
        f"{QEMU}/101/config": {"onboot": 1},
        f"{LXC}/201/config": {},
        "/nodes": [{"node": "pve1", "status": "online"}, {"node": "pve2", "status": "online"}, {"node": "pve3"}],
    }
    return Server({**answers, **more}, release)


def test_without_a_state_guests_are_listed() -> None:
    on = server()
    plan = planned_for(on, node="pve1")
    assert not plan.steps
    assert on.asked == [QEMU, LXC]
    assert [guest["vmid"] for guest in (plan.after or {})["guests"]] == [100, 101, 200, 201, 900]


@pytest.mark.parametrize(
    ("state", "vms"), [("started", [100, 200, 900]), ("stopped", [101, 201, 900]), ("hibernated", [101, 900])]
)
def test_what_is_so_already_takes_two_gets(state: str, vms: list[int]) -> None:
    on = server()
    assert not planned_for(on, node="pve1", state=state, vms=vms).steps
    assert on.asked == [QEMU, LXC]


def planned_for(on: Server, /, **given: Any) -> Plan:
    """A plan for the guests that ``vms`` names, or else for all."""
    everything = {"all_guests": True} if given.get("state") and "vms" not in given else {}
    return planned(NODE_GUESTS, on, **everything, **given)


@pytest.mark.parametrize("given", [{}, {"vms": None}, {"all_guests": False}])
def test_all_guests_are_meant_only_where_the_task_says_so(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match=r"vms: is needed with state: stopped.*all_guests"):
        planned(NODE_GUESTS, server(), node="pve1", state="stopped", **given)
    with pytest.raises(InvalidOption, match="all_guests: contradicts vms"):
        planned(NODE_GUESTS, server(), node="pve1", state="stopped", vms=[100], all_guests=True)


@pytest.mark.parametrize(
    ("given", "call", "params", "left"),
    [
        ({"state": "started"}, "startall", {"vms": "101"}, {101: "running", 201: "stopped"}),
        ({"state": "started", "force": True}, "startall", {"vms": "101,201", "force": True}, {201: "running"}),
        ({"state": "started", "vms": [101, 100]}, "startall", {"vms": "101"}, {100: "running", 101: "running"}),
        ({"state": "stopped"}, "stopall", {"vms": "100,200"}, {100: "stopped", 200: "stopped"}),
        (
            {"state": "stopped", "force_stop": False, "shutdown_timeout": 0, "max_workers": 2},
            "stopall",
            {"vms": "100,200", "force-stop": False, "timeout": 0, "max-workers": 2},
            {100: "stopped"},
        ),
        ({"state": "hibernated"}, "suspendall", {"vms": "100"}, {100: "stopped", 200: "running"}),
    ],
)
def test_guests_that_are_not_so_are_reported(
    given: dict[str, Any], call: str, params: dict[str, Any], left: dict[int, str]
) -> None:
    plan = planned_for(server(), node="pve1", **given)
    assert calls(plan) == [("POST", f"/nodes/pve1/{call}", params)]
    after = {guest["vmid"]: guest["status"] for guest in (plan.after or {})["guests"]}
    assert {vmid: after[vmid] for vmid in left} == left
    assert plan.notes == ()


def test_migrated_guests_are_gone_from_the_node() -> None:
    desired = {"state": "migrated", "target": "pve2", "with_local_disks": True, "max_workers": 4}
    plan = planned_for(server(), node="pve1", **desired)
    params = {"vms": "100,101,200,201,900", "target": "pve2", "with-local-disks": True, "maxworkers": 4}
    assert calls(plan) == [("POST", "/nodes/pve1/migrateall", params)]
    assert plan.after == {"node": "pve1", "guests": []}
    plan = planned_for(server(), node="pve1", state="migrated", target="pve2", vms=[300])
    assert not plan.steps
    with pytest.raises(InvalidOption, match="target: there is no node pve3 that is online"):
        planned_for(server(), node="pve1", state="migrated", target="pve3")


def test_resources_of_high_availability_are_left_alone_unless_named() -> None:
    managed: dict[str, Any] = {
        RESOURCES: [{**row, "hastate": "started"} if row["vmid"] == 100 else row for row in ROWS]
    }
    plan = planned_for(server(**managed), node="pve1", state="stopped")
    assert plan.steps[0].params == {"vms": "200"}
    assert plan.notes == ("Left alone, because high availability manages them, and vms does not name them: 100 (web).",)
    plan = planned_for(server(**managed), node="pve1", state="stopped", vms=[100])
    assert plan.steps[0].params == {"vms": "100"}
    assert plan.notes == ()


def test_named_guests_that_do_not_start_at_boot_are_reported() -> None:
    plan = planned_for(server(), node="pve1", state="started", vms=[201])
    assert not plan.steps
    assert plan.notes == ("Left alone, because they do not start at boot (onboot), and force is not set: 201 (proxy).",)


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"state": "stopped", "force": True}, "force"),
        ({"state": "started", "force_stop": True}, "force_stop"),
        ({"target": "pve2"}, "target"),
        ({"state": "migrated", "target": "pve1"}, "target"),
        ({"state": "stopped", "shutdown_timeout": 7201}, "shutdown_timeout"),
        ({"state": "stopped", "max_workers": 0}, "max_workers"),
        ({"state": "stopped", "vms": []}, "vms"),
        ({"state": "stopped", "vms": [999]}, "vms"),
        ({"state": "stopped", "vms": [300]}, "vms"),
        ({"state": "migrated", "target": "pve2", "vms": [999]}, "vms"),
        ({"state": "hibernated", "vms": [200]}, "vms"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned_for(server(), node="pve1", **given)
    assert error.value.option == option


def test_the_number_of_workers_needs_a_release_that_takes_it() -> None:
    with pytest.raises(InvalidOption, match="max_workers"):
        planned_for(server((8, 4)), node="pve1", state="stopped", max_workers=2)
    plan = planned_for(server((8, 4)), node="pve1", state="migrated", target="pve2", max_workers=2)
    assert plan.steps[0].params["maxworkers"] == 2


class Settling(Server):
    """A server on which a machine starts only at the second look, or never."""

    def __init__(self, looks: int) -> None:
        super().__init__(server().answers)
        self.looks = looks
        self.pauses: list[float] = []
        self.sleep = self.pauses.append
        log = [{"n": 1, "t": "Starting VM 101"}, {"n": 2, "t": "Starting VM 101 failed: no such bridge"}]
        self.answers[f"/nodes/pve1/tasks/{UPID}/log"] = log

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        rows = super().get(path, params)
        if path == QEMU:
            self.looks -= 1
            return [{**row, "status": "running"} for row in rows] if self.looks < 0 else rows
        return rows


def settled(on: Settling) -> Any:
    desired = NODE_GUESTS.parse(options(NODE_GUESTS, node="pve1", state="started", all_guests=True))
    return NODE_GUESTS.wait_converged(on, desired, {"task": UPID}, 60)


def test_a_guest_may_take_another_look() -> None:
    on = Settling(looks=1)
    assert [guest["status"] for guest in settled(on)["guests"] if guest["vmid"] == 101] == ["running"]
    assert len(on.pauses) == 1


def test_a_guest_that_did_not_start_is_an_error_with_the_log() -> None:
    with pytest.raises(NotConverged, match=r"(?s)start 101 \(db\) of node pve1.*no such bridge"):
        settled(Settling(looks=9))
