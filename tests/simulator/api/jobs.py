# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that run by a calendar: backups and the synchronisation of realms; and what a calendar event means."""

from __future__ import annotations

import itertools
from datetime import datetime, timezone
from typing import Any

from .. import calendar_events, property_string
from ..call import Call
from ..drives import parse_drive
from ..errors import ApiError, param_error
from ..guest import Guest, volid_of, volume_slots
from ..parameters import split_list
from ..routing import endpoint
from ..sections import as_written
from ..state import Cluster

BACKUP = "/cluster/backup"
SYNC = "/cluster/jobs/realm-sync"
TAKEN_APART = {"prune-backups": "prune-backups", "performance": "backup-performance", "fleecing": "backup-fleecing"}
ROOT_ONLY = ("dumpdir", "script", "tmpdir")
NOT_OPTIONS = ("id", "delete", "starttime", "dow")
DELETABLE = ("comment", "repeat-missed")
EVERY_DAY = "mon,tue,wed,thu,fri,sat,sun"


def inner_error(name: str, text: str) -> ApiError:
    """A refusal while the file of jobs is updated: the text of a 400 inside a 500."""
    return ApiError(500, f"400 Parameter verification failed.\n{name}: {text}\n")


def sync_jobs(cluster: Cluster) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = cluster.areas.setdefault("realm_sync_jobs", {})
    return found


def check_new(cluster: Cluster, name: str) -> None:
    if name in cluster.jobs or name in sync_jobs(cluster):
        raise ApiError(500, f"Job '{name}' already exists")


def next_run(cluster: Cluster, job: dict[str, Any]) -> dict[str, Any]:
    """When a job is due next, reported of disabled ones, too."""
    due = next(calendar_events.parse(job["schedule"]).after(cluster.now()), None)
    return {} if due is None else {"next-run": due}


# --- backups ------------------------------------------------------------------------------------------------------------


def backup_job(call: Call) -> dict[str, Any]:
    name = call.params["id"]
    if name not in call.cluster.jobs:
        raise param_error("id", f"No such job '{name}'")
    found: dict[str, Any] = call.cluster.jobs[name]
    return found


def shown_backup(call: Call, name: str, job: dict[str, Any]) -> dict[str, Any]:
    formats = call.cluster.areas["facts"].formats
    parts = {key: property_string.split(job[key], formats[form]) for key, form in TAKEN_APART.items() if key in job}
    return {**job, **parts, "id": name, "type": "vzdump"}


@endpoint("GET", BACKUP)
def list_backup_jobs(call: Call) -> list[dict[str, Any]]:
    return [{**shown_backup(call, name, job), **next_run(call.cluster, job)} for name, job in call.cluster.jobs.items()]


@endpoint("GET", f"{BACKUP}/{{id}}")
def read_backup_job(call: Call) -> dict[str, Any]:
    return shown_backup(call, call.params["id"], backup_job(call))


def check_backup(call: Call) -> dict[str, Any]:
    """The options of a call; those that select guests exclude each other."""
    params = dict(call.params)
    for name in ROOT_ONLY:
        if name in params and not call.is_root:
            raise param_error(name, "Only root may set this option.")
    if "pool" in params:
        if params["pool"] not in call.cluster.pools:
            raise ApiError(403, f"Permission check failed (pool '{params['pool']}' does not exist)")
        call.check(f"/pool/{params['pool']}", ["VM.Backup"])
    if "vmid" in params:
        for other in ("all", "exclude", "pool"):
            if params.get(other):
                raise inner_error(other, "option conflicts with option 'vmid'")
        params["vmid"] = ",".join(dict.fromkeys(split_list(params["vmid"])))
    if "exclude" in params and "pool" not in params:
        params["all"] = 1
    if "starttime" in params:
        days = params.get("dow", EVERY_DAY)
        every_day = set(split_list(days)) == set(EVERY_DAY.split(","))
        params["schedule"] = params["starttime"] if every_day else f"{days} {params['starttime']}"
    return {name: value for name, value in params.items() if name not in NOT_OPTIONS}


@endpoint("POST", BACKUP)
def create_backup_job(call: Call) -> None:
    cluster = call.cluster
    if "schedule" not in call.params and "starttime" not in call.params:
        raise param_error("schedule", "neither 'starttime' nor 'schedule' were set")
    if "schedule" in call.params and "starttime" in call.params:
        raise param_error("starttime", "'starttime' and 'schedule' may not both be set")
    name = call.params.get("id") or f"backup-{cluster.hexadecimal(8)}-{cluster.hexadecimal(4)}"
    options = check_backup(call)
    if not any(options.get(key) for key in ("all", "pool", "vmid")):
        raise inner_error("vmid", "property is missing")
    check_new(cluster, name)
    cluster.jobs[name] = as_written({"enabled": 1, **options})


@endpoint("PUT", f"{BACKUP}/{{id}}")
def update_backup_job(call: Call) -> None:
    if set(call.params) == {"id"}:
        raise ApiError(500, "no options specified")
    options, known = check_backup(call), call.cluster.jobs.get(call.params["id"])
    if known is None:
        raise ApiError(500, "no such vzdump job")
    job = dict(known)
    facts = call.cluster.areas["facts"].endpoints["POST", "/nodes/{node}/vzdump"].parameters
    for name in split_list(call.params.get("delete")):
        if name not in facts and name not in DELETABLE:
            raise inner_error("delete", f"unknown option '{name}'")
        job.pop(name, None)
    job.update(options)
    if "vmid" in options:
        _drop(job, "all", "exclude", "pool")
    elif options.get("all"):
        _drop(job, "vmid", "pool")
    elif "pool" in job:
        _drop(job, "vmid", "all", "exclude")
    call.cluster.jobs[call.params["id"]] = as_written(job)


def _drop(job: dict[str, Any], *names: str) -> None:
    for name in names:
        job.pop(name, None)


@endpoint("DELETE", f"{BACKUP}/{{id}}")
def delete_backup_job(call: Call) -> None:
    name = call.params["id"]
    if call.cluster.jobs.pop(name, None) is None:
        raise inner_error("id", f"No such job '{name}'")


@endpoint("GET", f"{BACKUP}/{{id}}/included_volumes")
def included_volumes(call: Call) -> dict[str, Any]:
    job, cluster = backup_job(call), call.cluster
    vmids = [int(vmid) for vmid in split_list(job.get("vmid"))]
    if job.get("pool") in cluster.pools:
        vmids = sorted(cluster.pools[job["pool"]].guests)
    elif job.get("all"):
        vmids = sorted(cluster.guests)
    excluded = {int(vmid) for vmid in split_list(job.get("exclude"))}
    return {"children": [_included(cluster, vmid) for vmid in vmids if vmid not in excluded]}


def _included(cluster: Cluster, vmid: int) -> dict[str, Any]:
    guest: Guest | None = cluster.guests.get(vmid)
    if guest is None:
        return {"id": vmid, "type": "unknown", "leaf": 1}
    volumes = [row for slot in volume_slots(guest.kind, guest.config) if (row := _included_volume(guest, slot))]
    return {"id": vmid, "type": guest.kind, "name": guest.name, "leaf": 0, "children": volumes}


def _included_volume(guest: Guest, slot: str) -> dict[str, Any] | None:
    value = guest.config[slot]
    parts = parse_drive(slot, value) if guest.kind == "qemu" else {}
    if parts.get("media") == "cdrom":
        return None
    if guest.kind == "qemu":
        flag, reason = parts.get("backup", "1") not in ("0", "no", "off"), "backup={}"
        reason = reason.format("yes" if flag else "no")
    else:
        flag = slot == "rootfs" or "backup=1" in str(value).split(",")
        reason = "rootfs" if slot == "rootfs" else "enabled" if flag else "disabled"
    return {"id": f"{guest.vmid}:{slot}", "name": volid_of(value), "leaf": 1, "included": int(flag), "reason": reason}


# --- synchronisation of realms ------------------------------------------------------------------------------------------


@endpoint("GET", SYNC)
def list_sync_jobs(call: Call) -> list[dict[str, Any]]:
    return [
        {**job, "id": name, "type": "realm-sync", "last-run": None, **next_run(call.cluster, job)}
        for name, job in sync_jobs(call.cluster).items()
    ]


@endpoint("GET", f"{SYNC}/{{id}}")
def read_sync_job(call: Call) -> dict[str, Any]:
    name = call.params["id"]
    if name not in sync_jobs(call.cluster):
        raise param_error("id", f"No such job '{name}'")
    return {**sync_jobs(call.cluster)[name], "type": "realm-sync"}


@endpoint("POST", f"{SYNC}/{{id}}")
def create_sync_job(call: Call) -> None:
    name, realm = call.params["id"], call.params.get("realm")
    if realm not in call.cluster.realms:
        raise inner_error("realm", f"No such realm '{realm or ''}'")
    if call.cluster.realms[realm]["type"] not in ("ldap", "ad"):
        raise inner_error("realm", "Only LDAP/AD realms can be synced.")
    check_new(call.cluster, name)
    options = {key: value for key, value in call.params.items() if key != "id"}
    sync_jobs(call.cluster)[name] = as_written({"enabled": 1, **options})


@endpoint("PUT", f"{SYNC}/{{id}}")
def update_sync_job(call: Call) -> None:
    name = call.params["id"]
    if name not in sync_jobs(call.cluster):
        raise ApiError(500, "no such realm-sync job")
    job = {**sync_jobs(call.cluster)[name]}
    for option in split_list(call.params.get("delete")):
        if option in ("realm", "schedule", "type", "id"):
            raise ApiError(500, f"unable to delete required option '{option}'")
        job.pop(option, None)
    job.update({key: value for key, value in call.params.items() if key not in ("id", "delete")})
    sync_jobs(call.cluster)[name] = as_written(job)


@endpoint("DELETE", f"{SYNC}/{{id}}")
def delete_sync_job(call: Call) -> None:
    name = call.params["id"]
    if sync_jobs(call.cluster).pop(name, None) is None:
        raise inner_error("id", f"No such job '{name}'")


# --- what a calendar event means ----------------------------------------------------------------------------------------


@endpoint("GET", "/cluster/jobs/schedule-analyze", ordered=True)
def analyze_schedule(call: Call) -> list[dict[str, Any]]:
    schedule = call.params["schedule"]
    try:
        event = calendar_events.parse(schedule)
    except ValueError:
        raise param_error("schedule", f"invalid format - invalid calendar event '{schedule}'\n") from None
    moments = event.after(call.params.get("starttime", call.cluster.now()))
    return [
        {"timestamp": moment, "utc": f"{datetime.fromtimestamp(moment, timezone.utc):%a %b %e %H:%M:%S %Y}"}
        for moment in itertools.islice(moments, call.params.get("iterations", 10))
    ]
