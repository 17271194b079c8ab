# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that the HA manager looks after: their tasks end before anything has happened, and ours wait until it has."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.bulk import GUESTS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from tests.harness.cluster import Cluster

SLOW = 0.3  # seconds that the manager's own tasks take
MACHINE = {"vmid": 9001, "name": "kept"}
CONTAINER = {"vmid": 9101, "hostname": "kept"}


@pytest.fixture
def managed(cluster: Cluster) -> Cluster:
    """A cluster with a machine and a container of which high availability takes care, and which are stopped."""
    cluster.run(VM, {**MACHINE, "node": "pve1"})
    template = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
    cluster.run(LXC, {**CONTAINER, "node": "pve1", "ostemplate": template, "rootfs": "local:1"})
    for sid in ("vm:9001", "ct:9101"):
        cluster.call("POST", "/cluster/ha/resources", {"sid": sid, "state": "stopped"})
    for _round in range(2):  # the manager has taken them up
        cluster.call("GET", "/cluster/ha/status/current")
    cluster.requests_made()
    return cluster


def node_of(cluster: Cluster, vmid: int) -> str:
    rows = cluster.call("GET", "/cluster/resources", {"type": "vm"})
    return str(next(row["node"] for row in rows if row["vmid"] == vmid))


@pytest.mark.parametrize(
    ("resource", "key", "task"), [(VM, MACHINE, "qmigrate"), (LXC, CONTAINER, "vzmigrate")], ids=["vm", "lxc"]
)
def test_a_migration_ends_when_the_guest_is_there(managed: Cluster, resource: Any, key: Any, task: str) -> None:
    managed.task_fault(type=task, duration=SLOW)
    options = {**key, "node": "pve2", "migrate": True, "tags": ["moved"]}
    result = managed.run(resource, options)
    assert not result.get("failed"), result["msg"]
    assert "warnings" not in result
    assert (result[resource.name]["node"], result[resource.name]["tags"]) == ("pve2", ["moved"])
    assert [row["path"] for row in managed.writes_made()] == [
        f"/nodes/pve1/{resource.kind.type}/{key['vmid']}/migrate",
        f"/nodes/pve2/{resource.kind.type}/{key['vmid']}/config",
    ]
    assert not managed.run(resource, options)["changed"]


@pytest.mark.parametrize(
    ("resource", "key", "tasks"),
    [(VM, MACHINE, ("qmstart", "qmshutdown")), (LXC, CONTAINER, ("vzstart", "vzshutdown"))],
    ids=["vm", "lxc"],
)
def test_starting_and_stopping_end_when_it_is_done(managed: Cluster, resource: Any, key: Any, tasks: Any) -> None:
    for state, task, status in zip(("started", "stopped"), tasks, ("running", "stopped"), strict=True):
        managed.task_fault(type=task, duration=SLOW)
        result = managed.run(resource, {**key, "state": state})
        assert not result.get("failed"), result["msg"]
        assert "warnings" not in result
        assert result[resource.name]["status"] == status
        assert len(managed.writes_made()) == 1


def test_what_follows_a_stop_waits_for_it(managed: Cluster) -> None:
    managed.run(VM, {**MACHINE, "state": "started"})
    managed.task_fault(type="qmshutdown", duration=SLOW)
    result = managed.run(VM, {**MACHINE, "state": "stopped", "memory": 1024})
    assert (result["vm"]["status"], result["vm"]["memory"], result["pending"]) == ("stopped", 1024, [])


def test_a_migration_that_fails_is_told_at_once(managed: Cluster) -> None:
    managed.task_fault(type="qmigrate", error="migration aborted")
    result = managed.run(VM, {**MACHINE, "node": "pve2", "migrate": True})
    assert result["failed"]
    assert (
        "The HA manager has not done what it was asked for: migrate virtual machine 9001 (kept) from pve1"
        in result["msg"]
    )
    assert "qmigrate failed: migration aborted" in result["msg"]
    assert node_of(managed, 9001) == "pve1"


def test_a_migration_that_comes_too_early_is_asked_for_again(managed: Cluster) -> None:
    managed.call("DELETE", "/cluster/ha/resources/vm:9001")
    managed.call("POST", "/cluster/ha/resources", {"sid": "vm:9001", "state": "stopped"})
    managed.requests_made()
    result = managed.run(VM, {**MACHINE, "node": "pve2", "migrate": True})
    assert not result.get("failed"), result["msg"]
    assert [row["path"] for row in managed.writes_made()] == ["/nodes/pve1/qemu/9001/migrate"] * 2


def test_a_rule_against_a_migration_makes_it_fail_in_the_end(managed: Cluster) -> None:
    rule = {"rule": "here", "type": "node-affinity", "resources": "vm:9001", "nodes": "pve1", "strict": 1}
    managed.call("POST", "/cluster/ha/rules", rule)
    result = managed.run(VM, {**MACHINE, "node": "pve2", "migrate": True, "timeout": 1})
    assert "has not done within 1 s what it was asked for" in result["msg"]
    assert "it says: vm:9001 (pve1, stopped)" in result["msg"]
    assert result["error"]["type"] == "NotFulfilled"


def test_without_waiting_the_request_is_all(managed: Cluster) -> None:
    managed.task_fault(type="qmstart", duration=SLOW)
    result = managed.run(VM, {**MACHINE, "state": "started", "wait": False})
    assert ":hastart:9001:" in result["upid"]


def test_a_storage_that_the_manager_would_not_heed_is_refused(managed: Cluster) -> None:
    result = managed.run(VM, {**MACHINE, "node": "pve2", "migrate": True, "target_storage": "local"})
    assert "target_storage: the HA manager moves the virtual machine 9001 (kept), and takes no storage" in result["msg"]
    assert managed.writes_made() == []


def test_a_bulk_waits_as_well(managed: Cluster) -> None:
    for task in ("qmstart", "vzstart"):
        managed.task_fault(type=task, duration=SLOW)
    result = managed.run(GUESTS, {"select": {"vmid": [9001, 9101]}, "state": "started"})
    assert not result.get("failed"), result["msg"]
    assert [entry[kind]["status"] for entry, kind in zip(result["guests"], ("vm", "container"), strict=True)] == [
        "running",
        "running",
    ]
