# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making backups, looking into them and pruning them (pve-manager PVE/API2/VZDump.pm, pve-storage PruneBackups.pm)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from .. import backups, volumes
from ..call import Call
from ..drives import check_access
from ..errors import ApiError, param_error
from ..formats import split_list
from ..guest import Guest, set_running, set_stopped
from ..guest_tasks import start_task
from ..routing import endpoint
from ..sizes import format_size
from ..storages import Storage, find_storage, usable_storage
from ..tasks import TaskError, TaskLog
from ..volume_names import file_path, parse_name, split_volid
from ..volumes import Volume

VZDUMP = "/nodes/{node}/vzdump"
PRUNE = "/nodes/{node}/storage/{storage}/prunebackups"
ROOT_ONLY = ("dumpdir", "script", "tmpdir", "job-id")
DEFAULTS: dict[str, Any] = {
    "all": 0, "bwlimit": 0, "compress": "0", "ionice": 7, "lockwait": 180, "mailnotification": "always",
    "mode": "snapshot", "notification-mode": "auto", "pigz": 0, "quiet": 0, "remove": 1, "stdexcludes": 1, "stop": 0,
    "stopwait": 10, "zstd": 1,
}  # fmt: skip
DEFAULT_STORAGE = "local"


@endpoint("GET", f"{VZDUMP}/defaults")
def defaults(call: Call) -> Any:
    storageid = call.params.get("storage", DEFAULT_STORAGE)
    call.check(f"/storage/{storageid}", ["Datastore.Audit", "Datastore.AllocateSpace"], any=True)
    storage = usable_storage(call.cluster, storageid, str(call.node))
    answer = {
        **DEFAULTS,
        "storage": storage.storageid,
        "fleecing": {"enabled": 0},
        "performance": {"max-workers": 16, "pbs-entries-max": 1048576},
        "prune-backups": storage.options.get("prune-backups", "keep-all=1"),
    }
    if storage.is_directory:
        answer["dumpdir"] = storage.directory("backup")
    return answer


# --- making --------------------------------------------------------------------------------


@endpoint("POST", VZDUMP)
def vzdump(call: Call) -> Any:
    params = call.params
    for name in ROOT_ONLY:
        if call.given(name) and not call.is_root:
            raise param_error(name, "Only root may set this option.")
    if any(call.given(name) for name in ("bwlimit", "ionice", "performance")):
        call.check("/", ["Sys.Modify"])
    check_selection(call)
    storageid = params.get("storage", DEFAULT_STORAGE)
    call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace"])
    vmids = selected(call)
    if not vmids:
        return "OK"
    for vmid in vmids:
        if vmid in call.cluster.guests or not call.given("all"):
            call.check(f"/vms/{vmid}", ["VM.Backup"])
    single = call.cluster.guests.get(vmids[0]) if len(vmids) == 1 else None
    blocked = {vmid: guest.lock for vmid in vmids if (guest := call.cluster.guests.get(vmid)) and guest.lock}

    def work(log: TaskLog) -> None:
        try:
            run_job(call, storageid, vmids, blocked, log)
        finally:
            log("INFO: skipping notifications - the simulator sends none")

    return start_task(
        call, "vzdump", str(vmids[0]) if len(vmids) == 1 else "", work, guest=single, lock="backup",
        ignore_lock=True, duration=3.0,
    )  # fmt: skip


def check_selection(call: Call) -> None:
    """Exactly one of vmid, all and pool says what is backed up."""
    names = [name for name in ("vmid", "all", "pool") if call.params.get(name)]
    if not names and not call.given("exclude"):
        raise param_error("vmid", "property is missing")
    if call.given("exclude") and call.params.get("vmid"):
        raise param_error("exclude", "option conflicts with option 'vmid'")
    if len(names) > 1:
        raise param_error(names[1], f"option conflicts with option '{names[0]}'")
    pool = call.params.get("pool")
    if pool and pool not in call.cluster.pools:
        raise ApiError(500, f"pool '{pool}' does not exist")


def selected(call: Call) -> list[int]:
    """The guests of this node that are asked for; ids of no guest at all stay, to fail in the task."""
    cluster, params = call.cluster, call.params
    excluded = {int(vmid) for vmid in split_list(params.get("exclude"))}
    if params.get("vmid"):
        wanted: Iterable[int] = [int(vmid) for vmid in split_list(params["vmid"])]
    elif params.get("pool"):
        wanted = cluster.pools[params["pool"]].guests
    else:
        wanted = cluster.guests
    return sorted(
        vmid for vmid in set(wanted) - excluded if vmid not in cluster.guests or cluster.guests[vmid].node == call.node
    )


def run_job(call: Call, storageid: str, vmids: list[int], blocked: dict[int, str], log: TaskLog) -> None:
    try:
        storage = usable_storage(call.cluster, storageid, str(call.node))
    except ApiError as error:
        text = f"could not activate storage '{storageid}': {error.message}"
        raise TaskError(f"{text} could not get storage information for '{storageid}': {error.message}") from None
    if "backup" not in storage.contents:
        raise TaskError(f"can't use storage '{storageid}' for backups - wrong content type")
    log(f"INFO: starting new backup job: vzdump {' '.join(map(str, vmids))} --node {call.node} --storage {storageid}")
    failed = False
    for vmid in vmids:
        try:
            back_up(call, storage, vmid, blocked, log)
        except ApiError as error:
            failed = True
            log(f"ERROR: Backup of VM {vmid} failed - {error.message}")
            log(f"INFO: Failed at {stamp(call)}")
    log(f"INFO: Backup job finished {'with errors' if failed else 'successfully'}")
    if failed:
        raise TaskError("job errors")


def stamp(call: Call) -> str:
    return f"{datetime.fromtimestamp(call.cluster.now(), timezone.utc):%Y-%m-%d %H:%M:%S}"


def back_up(call: Call, storage: Storage, vmid: int, blocked: dict[int, str], log: TaskLog) -> None:
    cluster, params = call.cluster, call.params
    guest = cluster.guests.get(vmid)
    if guest is None or guest.node != call.node:
        raise ApiError(500, f"unable to find VM '{vmid}'")
    log(f"INFO: Starting Backup of VM {vmid} ({guest.kind})\nINFO: Backup started at {stamp(call)}")
    log(f"INFO: status = {guest.status}")
    if vmid in blocked:
        raise ApiError(500, f"{guest.label} is locked ({blocked[vmid]})")
    mode = params.get("mode", "snapshot") if guest.running else "stop"
    log(f"INFO: backup mode: {mode}\nINFO: ionice priority: 7\nINFO: {guest.label} Name: {guest.name}")
    log_selection(call, guest, log)
    moment = backups.moment_of(cluster, storage, guest)
    name = backups.archive_name(storage, guest, moment, str(params.get("compress", "0")))
    if storage.is_directory:
        log(f"INFO: creating vzdump archive '{file_path(storage, name)}'")
    volume = backups.store(cluster, storage, guest, name, moment)
    if mode == "stop" and guest.running:
        set_stopped(guest)
        set_running(cluster, guest)
    log(f"INFO: archive file size: {volume.size // 1024}KB")
    if "notes-template" in params:
        log("INFO: adding notes to backup")
        volume.notes = backups.notes_of(cluster, guest, params["notes-template"])
    if params.get("protected"):
        log("INFO: marking backup as protected")
        volume.protected = True
    elif params.get("remove", 1):
        prune_after(call, storage, guest, log)
    log(f"INFO: Finished Backup of VM {vmid} (00:00:03)\nINFO: Backup finished at {stamp(call)}")


def log_selection(call: Call, guest: Guest, log: TaskLog) -> None:
    selection = backups.select(call.cluster, guest)
    for slot, volume in selection.included.items():
        log(f"INFO: include disk '{slot}' '{volume.volid}' {format_size(volume.size)}")
    for slot, why in selection.excluded.items():
        log(f"INFO: exclude disk '{slot}' '{str(guest.config[slot]).partition(',')[0]}' ({why})")


def prune_after(call: Call, storage: Storage, guest: Guest, log: TaskLog) -> None:
    text = call.params.get("prune-backups") or storage.options.get("prune-backups")
    if not text:
        return
    options = backups.prune_options(text)
    found = candidates(call, storage, guest.vmid, guest.kind)
    chosen = [volume for volume in found if backups.marks(found, options)[volume.volid] == "remove"]
    if chosen:
        log(f"INFO: prune older backups with retention: {text}")
    for volume in chosen:
        log(f"INFO: removing backup '{volume.volid}'")
        volumes.table(call.cluster).remove(volume)
    if chosen:
        log(f"INFO: pruned {len(chosen)} backup(s) not covered by keep-retention policy")


@endpoint("GET", f"{VZDUMP}/extractconfig")
def extract_config(call: Call) -> Any:
    volid = call.params["volume"]
    storageid, name = split_volid(volid)
    check_access(call, storageid, parse_name(find_storage(call.cluster, storageid), name), None)
    volume = volumes.existing_volume(call.cluster, volid, str(call.node))
    if volume.payload is None:
        raise ApiError(500, "unable to extract configuration - unexpected content")
    return volume.payload.text()


# --- pruning ---------------------------------------------------------------------------------


def candidates(call: Call, storage: Storage, vmid: int | None, kind: str | None) -> list[Volume]:
    place, table = volumes.place_of(storage, str(call.node)), volumes.table(call.cluster)
    found = table.at(place) if vmid is None else table.owned(place, vmid)
    return sorted(
        (volume for volume in found if volume.content == "backup" and kind in (None, type_of(volume))),
        key=lambda volume: volume.volid,
    )


def type_of(volume: Volume) -> str:
    return "lxc" if "vzdump-lxc" in volume.name or "/ct/" in volume.name else "qemu"


def prune_request(call: Call) -> tuple[Storage, list[Volume], dict[str, str]]:
    params = call.params
    storage = usable_storage(call.cluster, params["storage"], str(call.node))
    text = params.get("prune-backups") or storage.options.get("prune-backups")
    if not text:
        raise ApiError(500, f"no prune-backups options configured for storage '{storage.storageid}'")
    if "keep-all" in text and "," in text:
        raise param_error("prune-backups", "invalid format - keep-all cannot be set together with other options.\n")
    found = candidates(call, storage, params.get("vmid"), params.get("type"))
    return storage, found, backups.marks(found, backups.prune_options(text))


@endpoint("GET", PRUNE)
def prune_preview(call: Call) -> Any:
    _storage, found, marks = prune_request(call)
    return [
        {
            "volid": volume.volid,
            "ctime": volume.ctime,
            "vmid": volume.vmid,
            "type": type_of(volume),
            "mark": marks[volume.volid],
        }
        for volume in found
    ]


@endpoint("DELETE", PRUNE)
def prune(call: Call) -> Any:
    storage, found, marks = prune_request(call)
    vmid = call.params.get("vmid")
    path = f"/storage/{storage.storageid}"
    if not call.may(path, ["Datastore.Allocate"]):
        call.check(path, ["Datastore.AllocateSpace"])
        call.check(f"/vms/{vmid}" if vmid else "/vms", ["VM.Backup"])

    def work(log: TaskLog) -> None:
        for volume in found:
            if marks[volume.volid] == "remove":
                log(f"Removed volume '{volume.volid}'")
                volumes.table(call.cluster).remove(volume)

    return start_task(call, "prunebackups", f"{vmid}@{storage.storageid}" if vmid else storage.storageid, work)
