# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication of guests' volumes to another node. Jobs run when they are new and when they are reported to, not by schedule."""

from __future__ import annotations

from typing import Any

from .. import calendar_events
from ..call import Call
from ..errors import ApiError, param_error
from ..guest import volid_of, volume_slots
from ..parameters import split_list
from ..routing import endpoint
from ..state import Cluster
from ..storages import find_storage
from ..volume_names import split_volid

COLLECTION = "/cluster/replication"
ON_NODE = "/nodes/{node}/replication"
OPTIONS = ("schedule", "rate", "comment", "disable", "remove_job", "source")
DEFAULT_SCHEDULE = "*/15"


def jobs(cluster: Cluster) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = cluster.areas.setdefault("replication", {})
    return found


def shown(name: str, job: dict[str, Any]) -> dict[str, Any]:
    vmid, _dash, number = name.partition("-")
    return {**job, "id": name, "guest": int(vmid), "jobnum": int(number)}


@endpoint("GET", COLLECTION)
def list_jobs(call: Call) -> list[dict[str, Any]]:
    return [shown(name, job) for name, job in jobs(call.cluster).items() if _may_audit(call, name)]


@endpoint("GET", f"{COLLECTION}/{{id}}")
def read_job(call: Call) -> dict[str, Any]:
    name = call.params["id"]
    if name not in jobs(call.cluster):
        raise ApiError(500, f"no such replication job '{name}'")
    return shown(name, jobs(call.cluster)[name])


def _may_audit(call: Call, name: str) -> bool:
    return call.may(f"/vms/{name.partition('-')[0]}", ["VM.Audit"])


@endpoint("POST", COLLECTION)
def create_job(call: Call) -> None:
    cluster, name, target = call.cluster, call.params["id"], call.params["target"]
    guest = cluster.guests.get(int(name.partition("-")[0]))
    if guest is None:
        raise ApiError(500, f"Guest '{name.partition('-')[0]}' does not exist.")
    if target not in cluster.nodes or len(cluster.nodes) < 2:
        raise ApiError(500, f"Target '{target}' does not exist.")
    if target == guest.node:
        raise ApiError(500, "Source and target must not be identical")
    volids = [volid_of(guest.config[slot]) for slot in volume_slots(guest.kind, guest.config)]
    volids = [volid for volid in volids if ":" in volid and not volid.startswith("/")]
    if not volids:
        raise ApiError(500, "No replicatable volumes found")
    for volid in volids:
        if find_storage(cluster, split_volid(volid)[0]).kind != "zfspool":
            raise ApiError(500, f"missing replicate feature on volume '{volid}'")
    if name in jobs(cluster):
        raise ApiError(500, f"replication job '{name}' already exists")
    options = {key: call.params[key] for key in OPTIONS if key in call.params}
    jobs(cluster)[name] = {"type": "local", "target": target, "source": guest.node, **options}


def existing(call: Call) -> dict[str, Any]:
    name = call.params["id"]
    if name not in jobs(call.cluster):
        raise ApiError(500, f"no such job '{name}'")
    return jobs(call.cluster)[name]


@endpoint("PUT", f"{COLLECTION}/{{id}}")
def update_job(call: Call) -> None:
    job = dict(existing(call))
    for option in split_list(call.params.get("delete")):
        if option == "target":
            raise ApiError(500, f"unable to delete required option '{option}'")
        if option not in OPTIONS:
            raise ApiError(500, f"no such option '{option}'")
        job.pop(option, None)
    job.update({key: call.params[key] for key in OPTIONS if key in call.params})
    jobs(call.cluster)[call.params["id"]] = job


@endpoint("DELETE", f"{COLLECTION}/{{id}}")
def delete_job(call: Call) -> None:
    if call.params.get("keep") and call.params.get("force"):
        raise param_error("keep", "conflicts with parameter 'force'")
    if not call.params.get("force"):
        existing(call)
    jobs(call.cluster).pop(call.params["id"], None)
    states(call.cluster).pop(call.params["id"], None)


# --- on the node --------------------------------------------------------------------------------------------------------


def on_node(call: Call) -> dict[str, Any]:
    """The job, which only the node of its guest knows."""
    name = call.params["id"]
    job = jobs(call.cluster).get(name)
    guest = call.cluster.guests.get(int(name.partition("-")[0]))
    if job is None or guest is None or guest.node != call.node:
        raise ApiError(500, f"no such replication job '{name}'")
    return job


def states(cluster: Cluster) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = cluster.areas.setdefault("replication_states", {})
    return found


def look(cluster: Cluster, name: str, job: dict[str, Any]) -> dict[str, Any]:
    """The times of a job. One that is due still waits at the first look, runs at the second and has ended at the third."""
    state = states(cluster).setdefault(name, {"last_sync": 0, "last_try": 0, "fail_count": 0})
    seen = dict(state)
    if state.pop("pid", None):
        state.update(last_sync=state["last_try"], duration=1.5)
    elif not state["last_try"] and not job.get("disable"):
        state.update(last_try=cluster.now(), pid=4711)
    return seen


def status(call: Call, name: str, job: dict[str, Any]) -> dict[str, Any]:
    due = next(calendar_events.parse(job.get("schedule", DEFAULT_SCHEDULE)).after(call.cluster.now()), 0)
    kind = call.cluster.guests[int(name.partition("-")[0])].kind
    state = look(call.cluster, name, job)
    return {**shown(name, job), **state, "next_sync": 0 if job.get("disable") else due, "vmtype": kind}


@endpoint("GET", ON_NODE)
def list_on_node(call: Call) -> list[dict[str, Any]]:
    rows = []
    for name, job in jobs(call.cluster).items():
        vmid = int(name.partition("-")[0])
        guest = call.cluster.guests.get(vmid)
        wanted = call.params.get("guest") in (None, vmid)
        if guest is not None and guest.node == call.node and wanted and _may_audit(call, name):
            rows.append(status(call, name, job))
    return rows


@endpoint("GET", f"{ON_NODE}/{{id}}/status")
def read_status(call: Call) -> dict[str, Any]:
    return status(call, call.params["id"], on_node(call))


@endpoint("GET", f"{ON_NODE}/{{id}}/log", ordered=True)
def read_log(call: Call) -> list[dict[str, Any]]:
    on_node(call)
    return [{"n": 1, "t": "no content"}]


@endpoint("POST", f"{ON_NODE}/{{id}}/schedule_now")
def schedule_now(call: Call) -> None:
    on_node(call)
    if call.params["id"] in states(call.cluster):
        states(call.cluster)[call.params["id"]]["last_try"] = 0
