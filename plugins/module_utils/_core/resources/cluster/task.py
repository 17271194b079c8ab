# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PVE's tasks: waiting for one, stopping one, listing them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import Reader, Resource, State
from ...model.errors import HopFailed, InvalidOption
from ...model.kinds.info import Info
from ...model.periods import moment
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...run.task import Upid, is_running, read_log, succeeded, wait_for_task


@dataclasses.dataclass(frozen=True)
class TaskDesired:
    """A task that is to have ended (waited) or to be stopped."""

    upid: Upid
    state: str
    timeout: int


class Task(Resource[TaskDesired, State]):
    """One task. Waiting for it only reads; stopping a running one is a step."""

    name = "task"

    def tables(self) -> Sequence[Table]:
        return (Table(("DELETE /nodes/*/tasks/*",)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            "upid": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["waited", "stopped"], "default": "waited"},
            "timeout": {"type": "int", "default": 600},
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> TaskDesired:
        try:
            upid = Upid.parse(params["upid"])
        except ValueError as error:
            raise InvalidOption("upid", str(error)) from None
        if params["timeout"] < 0:
            raise InvalidOption("timeout", "must not be less than 0 seconds")
        return TaskDesired(upid, params["state"], params["timeout"])

    def read(self, reader: Reader, desired: TaskDesired) -> State:
        upid = desired.upid
        if desired.state == "waited":
            wait_for_task(reader, upid.text, desired.timeout)
        status = reader.get(f"{upid.path}/status")
        return {
            "upid": upid.text,
            "node": upid.node,
            "type": upid.type,
            "id": upid.id,
            "user": upid.user,
            "starttime": upid.started,
            "running": status.get("status") == "running",
            "exitstatus": status.get("exitstatus"),
            "log": read_log(reader, upid),
        }

    def plan(self, observed: State, desired: TaskDesired) -> Plan:
        if desired.state == "waited" or not observed["running"]:
            return Plan.nothing(observed)
        # How a stopped task ends is up to what it was doing.
        after = {
            name: value for name, value in {**observed, "running": False}.items() if name not in ("exitstatus", "log")
        }
        return Plan(observed, after, (Step("DELETE", desired.upid.path, summary=f"stop task {desired.upid}"),))


@dataclasses.dataclass(frozen=True)
class TasksDesired:
    """Which tasks are listed; without nodes those of all that are online. ``query`` is what the nodes pick by."""

    nodes: Sequence[str] | None
    running: bool | None
    errors: bool | None
    limit: int
    query: Mapping[str, Any]


class TaskList(Info[TasksDesired]):
    """Tasks of some or all nodes, newest first."""

    name = "tasks"

    def arguments(self) -> dict[str, Any]:
        spec = {
            "nodes": {"type": "list", "elements": "str"},
            "vmid": {"type": "int"},
            "type": {"type": "str"},
            "user": {"type": "str"},
            "since": {"type": "str"},
            "until": {"type": "str"},
            "errors": {"type": "bool"},
            "running": {"type": "bool"},
            "limit": {"type": "int", "default": 50},
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> TasksDesired:
        if params["limit"] < 1:
            raise InvalidOption("limit", "must be at least 1")
        if params["errors"] and params["running"]:
            raise InvalidOption("errors", "contradicts running: a task that runs has not failed")
        now = int(time.time())
        query = {
            "vmid": params["vmid"],
            "typefilter": params["type"],
            "userfilter": params["user"],
            "since": moment("since", params["since"], now),
            "until": moment("until", params["until"], now),
            "statusfilter": "error" if params["errors"] else None,
            "source": {True: "active", False: "archive", None: "archive" if params["errors"] else "all"}[
                params["running"]
            ],
            "limit": params["limit"],
        }
        return TasksDesired(
            nodes=params["nodes"],
            running=params["running"],
            errors=params["errors"],
            limit=params["limit"],
            query={name: value for name, value in query.items() if value is not None},
        )

    @staticmethod
    def _rows(reader: Reader, node: str, desired: TasksDesired) -> list[dict[str, Any]]:
        """The tasks of one node. One of several that does not answer must not hide those of the others."""
        try:
            rows: list[dict[str, Any]] = reader.get(api_path("nodes", node, "tasks"), desired.query) or []
        except HopFailed as error:
            if desired.nodes is not None:
                raise
            reader.warnings.append(f"The tasks of {node} are missing. {error}")
            return []
        return rows

    def read(self, reader: Reader, desired: TasksDesired) -> Any:
        nodes = desired.nodes if desired.nodes is not None else _online_nodes(reader)
        rows = [row for node in nodes for row in self._rows(reader, node, desired)]
        tasks = sorted(map(describe, rows), key=lambda task: (task["starttime"], task["upid"]), reverse=True)
        picked = [
            task
            for task in tasks
            if desired.running in (None, task["running"]) and (not desired.errors or task["failed"])
        ]
        return picked[: desired.limit]


def describe(row: Mapping[str, Any]) -> dict[str, Any]:
    """A task as users see it: neither a running one nor one that ended with warnings has failed."""
    status, running = str(row.get("status") or ""), is_running(row)
    return {
        **{name: row.get(name) for name in ("upid", "node", "type", "id", "user", "starttime", "endtime")},
        "running": running,
        "exitstatus": None if running else status,
        "failed": not running and not succeeded(status),
        "warnings": not running and status.startswith("WARNINGS"),
    }


def _online_nodes(reader: Reader) -> list[str]:
    """The nodes that can be asked; others are warned about."""
    rows = sorted(reader.get("/nodes"), key=lambda row: str(row["node"]))
    for row in rows:
        if row.get("status") != "online":
            reader.warnings.append(f"Node {row['node']} is not online: its tasks are not listed.")
    return [row["node"] for row in rows if row.get("status") == "online"]


TASK = Task()
TASK_INFO = TaskList()
