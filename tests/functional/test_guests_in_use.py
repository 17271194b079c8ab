# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests as people run them: single tags, restarts of guests that do not react, moves between pools."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.pool import POOL
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import CASES, Case, resource_of

MACHINE = {"vmid": 9001, "node": "pve1", "name": "web", "memory": 512}
PATH = "/nodes/pve1/qemu/9001"


def done(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result


def calls(cluster: Cluster) -> list[tuple[str, str]]:
    return [(row["method"], row["path"]) for row in cluster.writes_made()]


def test_one_more_tag(cluster: Cluster) -> None:
    done(cluster.run(VM, {**MACHINE, "tags": ["web", "prod"]}))
    changed = done(cluster.run(VM, {**MACHINE, "add_tags": ["Blue"], "remove_tags": ["prod"]}))
    assert changed["vm"]["tags"] == ["blue", "web"]
    assert not done(cluster.run(VM, {**MACHINE, "add_tags": ["blue"], "remove_tags": ["prod"]}))["changed"]
    assert "mutually exclusive" in cluster.run(VM, {**MACHINE, "tags": ["a"], "add_tags": ["b"]})["msg"]


# --- restart ----------------------------------------------------------------------------------------------------------


def test_a_restart_by_force_stops_a_guest_that_does_not_react(cluster: Cluster) -> None:
    """The machine has no agent, and no system that heeds its power button within the time."""
    done(cluster.run(VM, {**MACHINE, "state": "started"}))
    wish = {**MACHINE, "cores": 2, "restart": "if_needed", "force": True, "shutdown_timeout": 5}
    cluster.writes_made()
    result = done(cluster.run(VM, {**wish, "state": "present"}))
    assert calls(cluster) == [
        ("PUT", f"{PATH}/config"),
        ("POST", f"{PATH}/status/shutdown"),
        ("POST", f"{PATH}/status/start"),
    ]
    assert next(row for row in result["requests"] if row["path"].endswith("shutdown"))["params"] == {
        "timeout": 5,
        "forceStop": True,
    }
    assert result["vm"]["status"] == "running"
    assert not result["pending"]
    assert not done(cluster.run(VM, wish))["changed"]


def test_a_restart_by_force_that_cannot_start_at_once_starts_later(cluster: Cluster) -> None:
    """The clean-up of a machine that was just stopped holds its lock for a while."""
    done(cluster.run(VM, {**MACHINE, "state": "started"}))
    cluster.task_fault(type="qmstart", error="can't lock file '/var/lock/qemu-server/lock-9001.conf' - got timeout")
    result = done(cluster.run(VM, {**MACHINE, "cores": 2, "restart": "if_needed", "force": True}))
    assert result["vm"]["status"] == "running"


@pytest.mark.parametrize("state", ["started", "present"])
def test_force_without_a_restart_means_nothing(cluster: Cluster, state: str) -> None:
    assert cluster.run(VM, {**MACHINE, "state": state, "force": True})["msg"].startswith("force: means nothing")


# --- pools ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", [VM, LXC], ids=["vm", "container"])
def test_a_guest_leaves_its_pool_only_if_it_may(cluster: Cluster, resource: Any) -> None:
    kind = "vm" if resource is VM else "container"
    source = {"vmid": 9101, "node": "pve1", **({} if resource is VM else LXC_OPTIONS)}
    for pool in ("one", "two"):
        done(cluster.run(POOL, {"poolid": pool}))
    done(cluster.run(resource, {**source, "pool": "one"}))
    refused = cluster.run(resource, {"vmid": 9101, "node": "pve1", "pool": "two"}, check_mode=True)
    assert "pool: guest 9101 is in pool 'one'" in refused["msg"]
    assert "allow_move: true" in refused["msg"]
    assert done(cluster.run(resource, {"vmid": 9101, "pool": "two", "allow_move": True}))[kind]["pool"] == "two"
    assert not done(cluster.run(resource, {"vmid": 9101, "pool": "two"}))["changed"]


LXC_OPTIONS = {
    "hostname": "ct",
    "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz",
    "rootfs": "local-lvm:1",
}


# --- guests that move by themselves ---------------------------------------------------------------------------------------

GUEST_CASES = [case for case in CASES if "vmid" in case.key and "9" in str(case.key["vmid"])]


@pytest.mark.parametrize("case", GUEST_CASES, ids=lambda case: case.name)
def test_a_task_stays_true_where_its_guest_was_moved_between_the_runs(cluster: Cluster, case: Case) -> None:
    for module, options in case.needs:
        done(cluster.run(resource_of(module), options))
    wish = case.stage("create")
    done(cluster.run(case.resource, wish))
    vmid = int(case.key["vmid"][0] if isinstance(case.key["vmid"], list) else case.key["vmid"])
    cluster.control("POST", "move", {"vmid": vmid, "node": "pve3"})
    cluster.writes_made()
    result = done(cluster.run(case.resource, wish))
    assert not result["changed"], result["requests"]
    assert cluster.writes_made() == []
