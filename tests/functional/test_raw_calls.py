# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw calls and tasks against the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api import schema as apidoc
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.api import API
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.task import TASK, TASK_INFO
from tests.harness.cluster import Cluster
from tests.harness.playbook import Task, play

SECRETS = ["raw-S3cret,ü", "own-S3cret"]
CREATE = {"path": "/nodes/pve1/qemu", "method": "POST", "params": {"vmid": 9400, "name": "raw"}}
LONG = 3600.0  # seconds that no test waits for


def begin_task(cluster: Cluster) -> str:
    """Start a task that does not end by itself; its UPID."""
    cluster.task_fault(type="qmcreate", duration=LONG)
    started = cluster.run(API, {**CREATE, "wait": False})
    assert started["changed"]
    upid: str = started["upid"]
    return upid


def test_a_running_task_is_stopped_once(cluster: Cluster) -> None:
    upid = begin_task(cluster)
    running = cluster.run(TASK_INFO, {"running": True})
    assert [task["upid"] for task in running["tasks"]] == [upid]
    assert not running["tasks"][0]["failed"]
    cluster.requests_made()

    predicted = cluster.run(TASK, {"upid": upid, "state": "stopped"}, check_mode=True)
    assert not cluster.writes_made()
    stopped = cluster.run(TASK, {"upid": upid, "state": "stopped"})
    assert stopped["requests"] == predicted["requests"]
    assert [row["method"] for row in cluster.writes_made()] == ["DELETE"]
    assert stopped["task"]["exitstatus"] == "received interrupt"

    again = cluster.run(TASK, {"upid": upid, "state": "stopped"})
    assert not again["changed"]
    assert not cluster.writes_made()
    assert cluster.run(TASK_INFO, {"errors": True})["tasks"][0]["upid"] == upid


def test_waiting_has_an_end(cluster: Cluster) -> None:
    upid = begin_task(cluster)
    result = cluster.run(TASK, {"upid": upid, "timeout": 0})
    assert result["failed"]
    assert result["error"]["type"] == "TaskTimeout"
    assert upid in result["msg"]


def test_a_task_with_warnings_is_a_success(cluster: Cluster) -> None:
    cluster.task_fault(type="qmcreate", warnings=["something is odd"])
    result = cluster.run(API, CREATE)
    assert not result.get("failed")
    assert "something is odd" in result["warnings"][0]
    waited = cluster.run(TASK, {"upid": result["data"]})
    assert waited["task"]["exitstatus"] == "WARNINGS: 1"
    listed = cluster.run(TASK_INFO, {"vmid": 9400})["tasks"][0]
    assert (listed["failed"], listed["warnings"]) == (False, True)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_call_of_unknown_outcome_is_not_repeated(cluster: Cluster, where: str) -> None:
    cluster.run(API, {"path": "/version"})  # is logged in
    cluster.requests_made()
    cluster.fault(method="POST", drop=where)
    result = cluster.run(API, CREATE)
    assert result["failed"]
    assert "not repeated blindly" in result["msg"]
    assert result["changed"]  # it may have
    assert len(cluster.writes_made()) <= 1


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_call_that_looks_first_is_settled_by_looking_again(cluster: Cluster, where: str) -> None:
    cluster.run(API, {"path": "/version"})  # is logged in
    cluster.fault(method="POST", drop=where)
    desired = {"path": "/pools", "method": "POST", "params": {"poolid": "raw"}, "get_path": "/pools/raw", "ensure": {}}
    result = cluster.run(API, desired)
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert not cluster.run(API, desired)["changed"]


def test_the_schema_is_asked_for_once(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(apidoc, "_loaded", {})
    call: dict[str, Any] = {"path": "/cluster/options", "validate": True}
    assert not cluster.run(API, call).get("failed")
    wrong = cluster.run(API, {**call, "method": "PUT", "params": {"keybord": "de"}})
    assert wrong["failed"]
    assert "did you mean keyboard" in wrong["msg"]
    assert not cluster.writes_made()
    assert len(list((tmp_path / "pve.automation").iterdir())) == 1


@pytest.mark.parametrize("in_process", [True, False], ids=["in process", "as modules"])
def test_secrets_in_parameters_are_shown_nowhere(cluster: Cluster, tmp_path: Path, in_process: bool) -> None:
    params = {"userid": "raw@pve", "password": SECRETS[0], "comment": SECRETS[1]}
    user = {"path": "/access/users", "method": "POST", "params": params, "secret_params": ["comment"]}
    tasks = [
        Task("create", "pve_api", user),
        Task("what the server refuses", "pve_api", user),
        Task("what is refused here", "pve_api", {**user, "path": "/access/users?x"}),
        Task("an option that is unknown", "pve_api", {**user, "colour": "red"}),
    ]
    played = play(cluster, tasks, tmp_path, "-vvvv", "--diff", in_process=in_process)
    assert [result["failed"] for _name, result in played.results] == [False, True, True, True]
    assert not [secret for secret in SECRETS if secret in played.printed or secret in str(played.results)]


def test_a_node_that_is_down_costs_its_own_tasks_only(cluster: Cluster) -> None:
    created = cluster.run(API, CREATE)
    cluster.control("POST", "node", {"node": "pve3", "online": False})
    listed = cluster.run(TASK_INFO, {"vmid": 9400})
    assert [task["upid"] for task in listed["tasks"]] == [created["data"]]
    assert listed["warnings"] == ["Node pve3 is not online: its tasks are not listed."]
    named = cluster.run(TASK_INFO, {"nodes": ["pve3"]})
    assert named["failed"]
    assert named["error"]["type"] == "NodeUnreachable"
