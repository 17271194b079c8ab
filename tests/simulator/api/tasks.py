# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: their list, state and log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..call import Call, Text
from ..errors import param_error
from ..parameters import split_list
from ..routing import endpoint
from ..tasks import UPID, Task


def described(task: Task) -> dict[str, Any]:
    user, _separator, tokenid = task.user.partition("!")
    row: dict[str, Any] = {
        "upid": task.upid,
        "node": task.node,
        "pid": task.pid,
        "pstart": task.pstart,
        "starttime": task.starttime,
        "type": task.type,
        "id": task.id,
        "user": user,
    }
    return {**row, "tokenid": tokenid} if tokenid else row


def _parsed(call: Call) -> str:
    upid: str = call.params["upid"]
    if not UPID.fullmatch(upid):
        raise param_error("upid", "unable to parse worker upid")
    return upid


def _existing(call: Call) -> Task:
    task = call.cluster.tasks.all.get(_parsed(call))
    if task is None or task.node != call.node:
        raise param_error("upid", "no such task")
    return task


def _owns(call: Call, user: str) -> bool:
    """A user's tasks are also those of the user's tokens; a token owns only its own."""
    return user == call.user or user.partition("!")[0] == call.user


def _require_access(call: Call, user: str, privilege: str) -> None:
    if not _owns(call, user):
        call.check(f"/nodes/{call.node}", [privilege])


@endpoint("GET", "/nodes/{node}/tasks", ordered=True)
def list_tasks(call: Call) -> list[dict[str, Any]]:
    selected = list(_selected(call))
    if selected:  # those that are hidden count as well
        call.extra["total"] = len(selected)
    audits = call.may(f"/nodes/{call.node}", ["Sys.Audit"])
    found = [row for user, row in selected if audits or _owns(call, user)]
    start, limit = call.params.get("start", 0), call.params.get("limit", 50)
    return found[start : start + limit] if limit else found[start:]


def _selected(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows that the filters leave with whose they are, newest first, active ones before the others."""
    source = call.params.get("source", "archive")
    tasks = [task for task in reversed(call.cluster.tasks.all.values()) if task.node == call.node]
    for running in (True, False):
        if source == ("archive" if running else "active"):
            continue
        for task in tasks:
            if task.running is running and _passes(call, task):
                row = described(task)
                row.update({"status": "RUNNING", "saved": "0"} if running else {"status": task.exitstatus})
                yield task.user, row if running else {**row, "endtime": task.endtime}


def _passes(call: Call, task: Task) -> bool:
    params = call.params
    kinds = split_list(params.get("statusfilter"))
    return (
        params.get("typefilter") in (None, task.type)
        and params.get("userfilter", "") in task.user
        and ("vmid" not in params or task.id == str(params["vmid"]))
        and params.get("since", 0) <= task.starttime <= params.get("until", task.starttime)
        and not (params.get("errors") and _result(task) in ("ok", "warning"))
        and (not kinds or _result(task) in kinds)
    )


def _result(task: Task) -> str:
    status = task.exitstatus or ""
    return "ok" if status == "OK" else "warning" if status.startswith("WARNINGS: ") else "error"


@endpoint("GET", "/nodes/{node}/tasks/{upid}/status")
def task_status(call: Call) -> dict[str, Any]:
    task = _existing(call)
    _require_access(call, task.user, "Sys.Audit")
    row = described(task)
    if task.running:
        return {**row, "status": "running"}
    return {**row, "status": "stopped", "exitstatus": task.exitstatus}


@endpoint("GET", "/nodes/{node}/tasks/{upid}/log", ordered=True)
def task_log(call: Call) -> Any:
    match = UPID.fullmatch(_parsed(call))
    _require_access(call, match["user"] if match else "", "Sys.Audit")
    task = call.cluster.tasks.all.get(call.params["upid"])
    if task is None or task.node != call.node:
        lines = ["unable to open file - No such file or directory"]
    else:
        lines = task.log.lines or ["no content"]
    if call.params.get("download"):
        return Text("".join(f"{line}\n" for line in lines))
    call.extra["total"] = len(lines)
    start, limit = call.params.get("start", 0), call.params.get("limit", 50)
    end = start + limit if limit else len(lines)
    return [{"n": number, "t": text} for number, text in enumerate(lines, 1)][start:end]


@endpoint("DELETE", "/nodes/{node}/tasks/{upid}")
def stop_task(call: Call) -> None:
    task = _existing(call)
    _require_access(call, task.user, "Sys.Modify")
    call.cluster.tasks.abort(task)


@endpoint("GET", "/cluster/tasks", ordered=True)
def cluster_tasks(call: Call) -> list[dict[str, Any]]:
    """The latest tasks of all nodes; those of others only for those who may audit the cluster."""
    audits = call.may("/", ["Sys.Audit"])
    rows = []
    for task in reversed(call.cluster.tasks.all.values()):
        if not audits and not _owns(call, task.user):
            continue
        row = described(task)
        del row["pid"], row["pstart"]
        if not task.running:
            row.update(endtime=task.endtime, status=task.exitstatus, saved="1")
        rows.append(row)
        if len(rows) == 25 * len(call.cluster.nodes):
            break
    return rows
