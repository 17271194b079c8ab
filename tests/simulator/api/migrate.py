# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migration of virtual machines and containers between the nodes of the cluster: what may move, and moving it."""

from __future__ import annotations

from typing import Any

from .. import volumes
from ..call import Call
from ..drives import is_cdrom, is_cloudinit, parse_drive, print_drive
from ..errors import ApiError, param_error
from ..guest import Guest, find_guest, unused_slots, volid_of, volume_slots
from ..guest_migrate import (
    abort,
    check_storages,
    local_resources,
    local_volumes,
    migrate,
    stamped,
    storage_map,
    unavailable_storages,
)
from ..guest_power import start_guest, stop_guest
from ..guest_tasks import start_task
from ..ha_moves import managed, preconditions, request_move
from ..routing import endpoint
from ..storages import find_storage
from ..tasks import TaskLog
from .clone import check_node

QEMU = "/nodes/{node}/qemu/{vmid}/migrate"
LXC = "/nodes/{node}/lxc/{vmid}/migrate"


def other_nodes(call: Call) -> list[str]:
    return [name for name in call.cluster.nodes if name != call.node]


@endpoint("GET", QEMU)
def vm_preconditions(call: Call) -> Any:
    guest = find_guest(call.cluster, "qemu", call.params["vmid"], str(call.node))
    guest.check_lock()
    refused: dict[str, Any] = {}
    allowed = []
    for node in other_nodes(call):
        missing = unavailable_storages(call.cluster, guest, node)
        refused[node] = {"unavailable_storages": missing} if missing else {}
        if not missing:
            allowed.append(node)
    return {
        "running": int(guest.running),
        "allowed_nodes": allowed,
        "not_allowed_nodes": refused,
        "local_disks": [*attached_disks(call, guest), *unused_disks(call, guest)],
        "local_resources": local_resources(guest),
        "mapped-resources": [],
        "mapped-resource-info": {},
        "has-dbus-vmstate": 1,
        **preconditions(call.cluster, guest, allowed, refused),
    }


def disk_row(volid: str, **facts: Any) -> dict[str, Any]:
    zeros = ("cdrom", "is_attached", "is_cloudinit", "is_tpmstate", "is_unused", "is_vmstate", "shared")
    return {"volid": volid, "replicate": 1, **dict.fromkeys(zeros, 0), **facts}


def attached_disks(call: Call, guest: Guest) -> list[dict[str, Any]]:
    rows = []
    for slot in volume_slots("qemu", guest.config):
        parts = parse_drive(slot, guest.config[slot])
        if ":" not in parts["file"] or find_storage(call.cluster, parts["file"].partition(":")[0]).shared:
            continue
        volume = volumes.find_volume(call.cluster, parts["file"], guest.node)
        rows.append(disk_row(
            parts["file"], drivename=slot, is_attached=1, size=volume.size if volume else 0,
            cdrom=int(is_cdrom(parts)), is_cloudinit=int(is_cloudinit(parts)), is_tpmstate=int(slot == "tpmstate0"),
        ))  # fmt: skip
    return rows


def unused_disks(call: Call, guest: Guest) -> list[dict[str, Any]]:
    volids = [volid_of(guest.config[slot]) for slot in unused_slots(guest.config)]
    return [
        disk_row(volid, is_unused=1)
        for volid in volids
        if not find_storage(call.cluster, volid.partition(":")[0]).shared
    ]


def checked_target(call: Call) -> str:
    target = call.params["target"]
    if target == call.node:
        raise param_error("target", "target is local node.")
    check_node(call, target)
    return str(target)


@endpoint("POST", QEMU)
def migrate_vm(call: Call) -> Any:
    params, target = call.params, checked_target(call)
    mapping = storage_map("targetstorage", params.get("targetstorage"))
    guest = find_guest(call.cluster, "qemu", params["vmid"], str(call.node))
    guest.check_lock()
    if guest.running and not params.get("online"):
        raise ApiError(500, "can't migrate running VM without --online")
    if sid := managed(call.cluster, guest):
        return request_move(call, guest, sid, target)
    check_storages(call.cluster, guest, target, mapping)
    online = guest.running

    def work(log: TaskLog) -> None:
        say = stamped(call.cluster, log)
        if devices := local_resources(guest):
            abort(say, f"can't migrate VM which uses local devices: {', '.join(devices)}")
        local = local_volumes(call.cluster, guest)
        if online and local and not params.get("with-local-disks"):
            refuse_local_disks(guest, local, say)
        migrate(call.cluster, guest, target, mapping, say)
        if online:
            name_formats(call, guest)

    return start_task(call, "qmigrate", guest.vmid, work, guest=guest, lock="migrate", duration=3.0)


def refuse_local_disks(guest: Guest, local: list[volumes.Volume], say: Any) -> None:
    for volume in local:
        say(f"found local disk '{volume.volid}' (attached)")
        why = "can't live migrate attached local disks without with-local-disks option"
        say(f"can't migrate local disk '{volume.volid}': {why}")
    abort(say, "Problem found while scanning volumes - can't migrate VM - check log")


def name_formats(call: Call, guest: Guest) -> None:
    """After a live migration drives whose disk was mirrored name their format."""
    for slot in volume_slots("qemu", guest.config):
        parts = parse_drive(slot, guest.config[slot])
        volume = volumes.find_volume(call.cluster, parts["file"], guest.node) if ":" in parts["file"] else None
        if volume is not None and volume.node is not None and not is_cdrom(parts):
            guest.config[slot] = print_drive({**parts, "format": volume.format})


# --- containers ------------------------------------------------------------------------------


@endpoint("GET", LXC)
def ct_preconditions(call: Call) -> Any:
    guest = find_guest(call.cluster, "lxc", call.params["vmid"], str(call.node))
    guest.check_lock()
    refused = {
        node: {"unavailable-storages": missing}
        for node in other_nodes(call)
        if (missing := unavailable_storages(call.cluster, guest, node))
    }
    allowed = [node for node in other_nodes(call) if node not in refused]
    return {"running": int(guest.running), "allowed-nodes": allowed, "not-allowed-nodes": refused}


@endpoint("POST", LXC)
def migrate_ct(call: Call) -> Any:
    params, target = call.params, checked_target(call)
    mapping = storage_map("target-storage", params.get("target-storage"))
    guest = find_guest(call.cluster, "lxc", params["vmid"], str(call.node))
    guest.check_lock()
    if guest.running and not (params.get("online") or params.get("restart")):
        raise ApiError(500, "can't migrate running container without --online or --restart")
    if sid := managed(call.cluster, guest):
        return request_move(call, guest, sid, target)
    check_storages(call.cluster, guest, target, mapping)
    restart = guest.running and bool(params.get("restart"))

    def work(log: TaskLog) -> None:
        say = stamped(call.cluster, log)
        if guest.running and not restart:
            abort(say, "lxc live migration is currently not implemented")
        if restart:
            stop_guest(call.cluster, guest)
        migrate(call.cluster, guest, target, mapping, say)
        if restart:
            say("start container on target node")
            start_guest(call.cluster, guest, log)

    return start_task(call, "vzmigrate", guest.vmid, work, guest=guest, lock="migrate", duration=3.0)
