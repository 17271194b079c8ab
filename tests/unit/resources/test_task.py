# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: waiting for one, stopping one, listing them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    TaskFailed,
    TaskTimeout,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.task import (
    TASK,
    TASK_INFO,
    describe,
)
from tests.unit.resources.fake import Server, calls, options, planned

UPID = "UPID:pve2:0000E03F:00097E07:6B00C179:qmstart:9700:root@pam:"
PATH = f"/nodes/pve2/tasks/{UPID}"
NOW = 1_800_000_000


class Node(Server):
    """A server with one task, whose statuses come one after the other; the last one stays."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        super().__init__({f"{PATH}/log": [{"n": 1, "t": "one"}, {"n": 2, "t": "two"}]})
        self.statuses = list(statuses)
        self.warnings: list[str] = []
        self.pauses: list[float] = []
        self.sleep = self.pauses.append
        self.on_progress = lambda text: None

    def get(self, path: str, params: Any = None, api_format: str = "json") -> Any:
        if path == f"{PATH}/status":
            self.asked.append(path)
            return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return super().get(path, params)


RUNNING = {"status": "running", "upid": UPID}


def ended(exitstatus: str) -> dict[str, Any]:
    return {"status": "stopped", "exitstatus": exitstatus}


def read(server: Node, **given: Any) -> Any:
    return TASK.read(server, TASK.parse(options(TASK, upid=UPID, **given)))


def test_waiting_until_the_end() -> None:
    server = Node(RUNNING, RUNNING, ended("OK"))
    task = read(server)
    assert len(server.pauses) == 2
    assert task == {
        "upid": UPID,
        "node": "pve2",
        "type": "qmstart",
        "id": "9700",
        "user": "root@pam",
        "starttime": 0x6B00C179,
        "running": False,
        "exitstatus": "OK",
        "log": ["one", "two"],
    }


def test_a_task_with_warnings_is_a_success() -> None:
    server = Node(ended("WARNINGS: 2"))
    assert read(server)["exitstatus"] == "WARNINGS: 2"
    assert len(server.warnings) == 1


def test_a_task_that_failed_fails_the_module() -> None:
    with pytest.raises(TaskFailed) as failed:
        read(Node(ended("no such disk")))
    assert failed.value.exitstatus == "no such disk"
    assert failed.value.log == ["one", "two"]


def test_no_time_left() -> None:
    server = Node(RUNNING)
    with pytest.raises(TaskTimeout):
        read(server, timeout=0)
    assert server.pauses == []


def test_stopping_a_running_task() -> None:
    plan = planned(TASK, Node(RUNNING), upid=UPID, state="stopped")
    assert calls(plan) == [("DELETE", PATH, {})]
    assert plan.before is not None
    assert plan.before["running"] is True
    assert plan.after is not None
    assert plan.after["running"] is False


@pytest.mark.parametrize("exitstatus", ["OK", "received interrupt"])
def test_stopping_what_has_ended(exitstatus: str) -> None:
    plan = planned(TASK, Node(ended(exitstatus)), upid=UPID, state="stopped")
    assert not plan.steps
    assert plan.after is not None
    assert plan.after["exitstatus"] == exitstatus


@pytest.mark.parametrize(
    ("given", "option"),
    [({"upid": "nonsense"}, "upid"), ({"upid": UPID, "timeout": -1}, "timeout")],
)
def test_wrong_options_of_a_task(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        TASK.parse(options(TASK, **given))
    assert refused.value.option == option


@pytest.mark.parametrize(
    ("row", "running", "failed", "warnings"),
    [
        ({"status": "OK", "endtime": 2}, False, False, False),
        ({"status": "WARNINGS: 1", "endtime": 2}, False, False, True),
        ({"status": "received interrupt", "endtime": 2}, False, True, False),
        ({"status": "RUNNING"}, True, False, False),
        ({}, True, False, False),
        ({"status": "unexpected status", "endtime": 2}, False, True, False),
    ],
)
def test_how_tasks_are_shown(row: dict[str, Any], running: bool, failed: bool, warnings: bool) -> None:
    task = describe({"upid": UPID, "starttime": 1, **row})
    assert (task["running"], task["failed"], task["warnings"]) == (running, failed, warnings)
    assert task["exitstatus"] == (None if running else row["status"])


class Nodes(Server):
    """A cluster of three nodes, one of them offline; keeps the query of each list."""

    def __init__(self) -> None:
        nodes = [
            {"node": "b", "status": "online"},
            {"node": "a", "status": "online"},
            {"node": "c", "status": "offline"},
        ]
        super().__init__({"/nodes": nodes})
        self.warnings: list[str] = []
        self.queries: list[dict[str, Any]] = []

    def get(self, path: str, params: Any = None, api_format: str = "json") -> Any:
        if not path.endswith("/tasks"):
            return super().get(path, params)
        self.asked.append(path)
        self.queries.append(params)
        node = path.split("/")[2]
        times = [1, 4] if node == "a" else [2, 3]
        return [
            {"upid": f"{node}{time}", "node": node, "starttime": time, "endtime": 9, "status": "OK"} for time in times
        ]


def tasks(server: Server, **given: Any) -> list[dict[str, Any]]:
    desired = TASK_INFO.parse(options(TASK_INFO, **given))
    listed: list[dict[str, Any]] = TASK_INFO.read(server, desired)
    return listed


def test_tasks_of_all_nodes_newest_first() -> None:
    server = Nodes()
    assert [task["upid"] for task in tasks(server, limit=3)] == ["a4", "b3", "b2"]
    assert server.asked == ["/nodes", "/nodes/a/tasks", "/nodes/b/tasks"]
    assert server.warnings == ["Node c is not online: its tasks are not listed."]


def test_tasks_of_named_nodes() -> None:
    server = Nodes()
    assert [task["upid"] for task in tasks(server, nodes=["b"])] == ["b3", "b2"]
    assert server.asked == ["/nodes/b/tasks"]


def test_no_node_is_no_task() -> None:
    assert tasks(Nodes(), nodes=[]) == []


def test_what_is_asked_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW + 0.5)
    server = Nodes()
    tasks(server, nodes=["a"], vmid=100, type="vzdump", user="root", since="2h", until="2027-01-01", errors=True)
    assert server.queries == [
        {
            "vmid": 100,
            "typefilter": "vzdump",
            "userfilter": "root",
            "since": NOW - 7200,
            "until": 1798761600,
            "statusfilter": "error",
            "source": "archive",
            "limit": 50,
        }
    ]


@pytest.mark.parametrize(("running", "source", "count"), [(None, "all", 2), (True, "active", 0), (False, "archive", 2)])
def test_running_tasks(running: bool | None, source: str, count: int) -> None:
    server = Nodes()
    assert len(tasks(server, nodes=["a"], running=running)) == count
    assert server.queries[0]["source"] == source


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "1x"}, "until"),
        ({"limit": 0}, "limit"),
        ({"errors": True, "running": True}, "errors"),
    ],
)
def test_wrong_options_of_a_list(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        TASK_INFO.parse(options(TASK_INFO, **given))
    assert refused.value.option == option
