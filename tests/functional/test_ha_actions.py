# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving what high availability keeps, and disarming its manager: both take their time, and the task waits for the end."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.functional.test_lifecycle import prepared, run_case_stage, succeeded
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import EMPTY_VM, Case, resource_of

MEMBER = {"sid": "vm:9001"}
RESOURCES = "/cluster/ha/resources"
MOVE = Case(
    "HA move",
    "pve_ha_migrate",
    MEMBER,
    {"node": "pve2"},
    {"node": "pve3", "method": "relocate"},
    (),
    absent=None,
    needs=(("pve_vm", EMPTY_VM), ("pve_ha", {"sid": "vm:9001", "state": "started"})),
    told_later=frozenset({"move"}),
)
ARM = Case(
    "HA arming",
    "pve_ha_arm",
    {"state": "disarmed"},
    {"resource_mode": "freeze"},
    {"resource_mode": "ignore"},
    (),
    absent=None,
)


def move(cluster: Cluster, **options: Any) -> Result:
    return cluster.run(MOVE.resource, {**MEMBER, **options})


def test_a_resource_moves_and_arrives(cluster: Cluster) -> None:
    prepared(cluster, MOVE)
    cluster.task_fault(type="qmigrate", duration=0.5)
    run_case_stage(cluster, MOVE, "create")
    run_case_stage(cluster, MOVE, "update")
    (service,) = cluster.run(resource_of("pve_ha_info"), MEMBER)["ha"]["services"]
    assert (service["node"], service["state"]) == ("pve3", "started")


def test_the_manager_is_disarmed_and_armed(cluster: Cluster) -> None:
    run_case_stage(cluster, ARM, "create")
    prepared(cluster, MOVE)
    assert "pve_ha_arm" in move(cluster, node="pve2")["msg"]
    run_case_stage(cluster, ARM, "update")
    armed = succeeded(cluster.run(ARM.resource, {"state": "armed"}))
    assert (armed["changed"], armed["ha"]) == (True, {"state": "armed"})
    assert not cluster.run(ARM.resource, {"state": "armed"})["changed"]


def test_what_is_queued_counts_as_well(cluster: Cluster) -> None:
    """A disarm that nobody waited for is still to come: nothing shows it when the manager is asked to be armed."""
    cluster.control("POST", "lag", {"seconds": 3600})
    succeeded(cluster.run(ARM.resource, {"state": "disarmed", "resource_mode": "freeze", "wait": False}))
    armed = succeeded(cluster.run(ARM.resource, {"state": "armed"}))
    assert (armed["changed"], armed["ha"]) == (True, {"state": "armed"})
    assert not succeeded(cluster.run(ARM.resource, {"state": "armed"}))["changed"]


def test_a_new_resource_is_started_when_the_task_ends(cluster: Cluster) -> None:
    prepared(cluster, dataclasses.replace(MOVE, needs=MOVE.needs[:1]))
    cluster.control("POST", "lag", {"seconds": 3600})
    cluster.task_fault(type="qmstart", duration=0.5)
    succeeded(cluster.run(resource_of("pve_ha"), {"sid": "vm:9001", "state": "started"}))
    (service,) = cluster.run(resource_of("pve_ha_info"), MEMBER)["ha"]["services"]
    assert service["state"] == "started"
    assert cluster.call("GET", "/nodes/pve1/qemu/9001/status/current")["status"] == "running"


def test_a_move_waits_until_the_manager_has_taken_up_the_resource(cluster: Cluster) -> None:
    """A request in the round of a new resource would be lost, and waited for in vain."""
    prepared(cluster, dataclasses.replace(MOVE, needs=MOVE.needs[:1]))
    cluster.control("POST", "lag", {"seconds": 3600})
    succeeded(cluster.run(resource_of("pve_ha"), {"sid": "vm:9001", "state": "started", "wait": False}))
    cluster.requests_made()
    moved = succeeded(move(cluster, node="pve2", timeout=5))
    assert (moved["changed"], moved["resource"]["node"]) == (True, "pve2")
    assert [row["path"] for row in cluster.writes_made()] == [f"{RESOURCES}/vm:9001/migrate"]


def test_not_waiting_tells_where_it_is_now(cluster: Cluster) -> None:
    prepared(cluster, MOVE)
    cluster.task_fault(type="qmigrate", duration=1)
    assert succeeded(move(cluster, node="pve2", wait=False))["resource"]["node"] == "pve1"


@pytest.mark.parametrize(
    ("rule", "reported"),
    [
        (
            {"type": "node-affinity", "resources": "vm:9001", "nodes": "pve1,pve3:2", "strict": 1},
            "the strict rule apart",
        ),
        ({"type": "resource-affinity", "resources": "vm:9001,vm:9002", "affinity": "negative"}, "vm:9002 is on pve2"),
    ],
)
def test_what_the_manager_would_drop_is_refused(cluster: Cluster, rule: dict[str, Any], reported: str) -> None:
    prepared(cluster, MOVE)
    cluster.call("POST", "/nodes/pve2/qemu", {"vmid": 9002})
    cluster.call("POST", RESOURCES, {"sid": "vm:9002", "state": "stopped"})
    cluster.call("POST", "/cluster/ha/rules", {"rule": "apart", **rule})
    cluster.requests_made()
    refused = move(cluster, node="pve2")
    assert reported in refused["msg"]
    assert cluster.writes_made() == []
    assert succeeded(move(cluster, node="pve3"))["resource"]["node"] == "pve3"


def test_what_fails_on_the_way_is_told(cluster: Cluster) -> None:
    prepared(cluster, MOVE)
    cluster.task_fault(type="qmigrate", duration=0.5, error="no space left")
    failed = move(cluster, node="pve2")
    assert failed["changed"]
    assert "did not move to pve2: vm:9001 (pve1, started)" in failed["msg"]


def test_it_waits_no_longer_than_it_may(cluster: Cluster) -> None:
    prepared(cluster, MOVE)
    cluster.task_fault(type="qmigrate", duration=1)
    failed = move(cluster, node="pve2", timeout=0)
    assert "has not arrived on pve2 after 0 s" in failed["msg"]
