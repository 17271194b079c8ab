# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power and the disks of containers (pve-container src/PVE/API2/LXC/Status.pm and LXC.pm)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import volumes
from ..call import Call
from ..errors import ApiError, param_error, params_error
from ..guest import Guest, add_unused, find_guest, volid_of
from ..guest_agent import container_interfaces
from ..guest_options import check_root_options, check_vm
from ..guest_power import start_guest, stop_guest
from ..guest_status import lxc_current
from ..guest_tasks import start_task
from ..lxc_config import parse_mount_point, print_mount_point
from ..qemu_config import used_in_snapshot
from ..routing import endpoint
from ..sizes import format_size, wanted_size
from ..storages import find_storage, usable_storage
from ..tasks import TaskLog
from .qemu_disks import NO_TARGET, check_digest
from .qemu_power import ha_request

BASE = "/nodes/{node}/lxc/{vmid}"
STATUS = f"{BASE}/status"


@endpoint("GET", STATUS)
def status_index(call: Call) -> Any:
    return [{"subdir": name} for name in ("current", "start", "stop", "shutdown", "reboot", "migrate")]


def container(call: Call) -> Guest:
    return find_guest(call.cluster, "lxc", call.params["vmid"], str(call.node))


@endpoint("GET", f"{STATUS}/current")
def current(call: Call) -> Any:
    return lxc_current(call.cluster, container(call))


@endpoint("GET", f"{BASE}/interfaces")
def interfaces(call: Call) -> Any:
    guest = container(call)
    return container_interfaces(guest) if guest.running else None


def running(call: Call, label: str = "CT") -> Guest:
    """The running container; absent and stopped ones are the same here."""
    guest = present(call)
    if guest is None or not guest.running:
        raise ApiError(500, f"{label} {call.params['vmid']} not running")
    return guest


def power_task(call: Call, kind: str, work: Callable[[Guest, TaskLog], Any], duration: float = 1.0) -> str:
    check_root_options(call, "skiplock")
    return start_task(
        call,
        kind,
        call.params["vmid"],
        lambda log: work(container(call), log),
        guest=present(call),
        ignore_lock=bool(call.params.get("skiplock")),
        duration=duration,
    )


def present(call: Call) -> Guest | None:
    """The container, if it is there."""
    guest: Guest | None = call.cluster.guests.get(call.params["vmid"])
    return guest if guest is not None and guest.kind == "lxc" and guest.node == call.node else None


@endpoint("POST", f"{STATUS}/start")
def start(call: Call) -> Any:
    guest = present(call)
    if guest is not None and guest.running:
        raise ApiError(500, f"CT {guest.vmid} already running")
    if upid := ha_request(call, guest, start=True):
        return upid
    return power_task(call, "vzstart", lambda guest, log: start_guest(call.cluster, guest, log))


@endpoint("POST", f"{STATUS}/stop")
def stop(call: Call) -> Any:
    if upid := ha_request(call, running(call), start=False):
        return upid
    return power_task(call, "vzstop", lambda guest, log: stop_guest(call.cluster, guest))


@endpoint("POST", f"{STATUS}/shutdown")
def shutdown(call: Call) -> Any:
    if upid := ha_request(call, running(call), start=False):
        return upid
    return power_task(call, "vzshutdown", lambda guest, log: stop_guest(call.cluster, guest), duration=2.0)


@endpoint("POST", f"{STATUS}/reboot")
def reboot(call: Call) -> Any:
    running(call, "VM")

    def work(guest: Guest, log: TaskLog) -> None:
        stop_guest(call.cluster, guest)
        start_guest(call.cluster, guest, log)

    return power_task(call, "vzreboot", work, duration=2.0)


@endpoint("POST", f"{STATUS}/suspend")
def suspend(call: Call) -> Any:
    running(call)

    def work(guest: Guest, log: TaskLog) -> None:
        raise ApiError(500, "lxc-checkpoint failed: checkpointing is not supported by this host")

    return power_task(call, "vzsuspend", work)


# --- disks --------------------------------------------------------------------------------


def mount_point(guest: Guest, slot: str) -> dict[str, str]:
    if slot not in guest.config:
        missing = "property is missing and it is not optional"
        names = ("volume",) if slot == "rootfs" or slot.startswith("unused") else ("volume", "mp")
        raise ApiError(500, "format error", dict.fromkeys(names, missing))
    return parse_mount_point(slot, guest.config[slot])


@endpoint("PUT", f"{BASE}/resize")
def resize(call: Call) -> Any:
    slot, guest = call.params["disk"], container(call)
    guest.check_lock()
    check_digest(call, guest)
    parts = mount_point(guest, slot)
    volid = parts["volume"]
    if volid.startswith("/"):
        raise ApiError(500, f"can't resize mount point owned by the host: {volid}")
    call.check(f"/storage/{volid.partition(':')[0]}", ["Datastore.AllocateSpace"])
    volume = volumes.existing_volume(call.cluster, volid, guest.node)
    size = wanted_size(call.params["size"], volume.size)
    if size < volume.size:
        raise ApiError(500, "unable to shrink disk size")
    if size == volume.size:
        raise ApiError(500, "disk is already at specified size")

    def work(log: TaskLog) -> None:
        volume.size = size
        guest.config[slot] = print_mount_point(slot, {**parts, "size": format_size(size)})

    return start_task(call, "resize", guest.vmid, work, guest=guest, lock="disk")


@endpoint("POST", f"{BASE}/move_volume")
def move_volume(call: Call) -> Any:
    params = call.params
    if "storage" in params and "target-vmid" in params:
        raise param_error("storage", "either set 'storage' or 'target-vmid', but not both")
    if "target-vmid" in params:
        return reassign(call)
    if "storage" not in params:
        raise params_error({"storage": NO_TARGET, "target-vmid": NO_TARGET})
    return copy_volume(call)


def copy_volume(call: Call) -> str:
    slot, storageid, guest = call.params["volume"], call.params["storage"], container(call)
    guest.check_lock()
    check_digest(call, guest)
    call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace"])
    if guest.running:
        raise ApiError(500, "cannot move volumes of a running container")
    parts = mount_point(guest, slot)
    volid = parts["volume"]
    if volid.startswith("/"):
        raise ApiError(500, f"you can't move a bind mount: {volid}")
    if call.params.get("delete") and used_in_snapshot(guest, volid):
        raise ApiError(500, "you can't move a volume with snapshots and delete the source")

    def work(log: TaskLog) -> None:
        source = volumes.existing_volume(call.cluster, volid, guest.node)
        storage = usable_storage(call.cluster, storageid, guest.node)
        copy = volumes.copy_volume(
            call.cluster, source, storageid, guest.node, guest.vmid, storage.type.container_format
        )
        guest.config[slot] = print_mount_point(slot, {**parts, "volume": copy.volid, "size": format_size(copy.size)})
        if call.params.get("delete"):
            volumes.free(call.cluster, source)
        else:
            add_unused(guest.config, volid)

    return start_task(call, "move_volume", guest.vmid, work, guest=guest, lock="disk", duration=3.0)


def reassign(call: Call) -> str:
    """Hand a volume over to another container of the node."""
    params, slot = call.params, call.params["volume"]
    vmid, target_id = params["vmid"], params["target-vmid"]
    target_slot = params.get("target-volume", slot)
    guest = container(call)
    if vmid == target_id:
        raise param_error("target-vmid", "must be different than source VMID to move disk to another container")
    check_vm(call, target_id, ["VM.Config.Disk"])
    target = find_guest(call.cluster, "lxc", target_id, str(call.node))
    for one in (guest, target):
        one.check_lock()
    check_digest(call, guest)
    if slot == "rootfs":
        raise ApiError(500, "Cannot move rootfs to another container")
    parts = mount_point(guest, slot)
    if target_slot in target.config:
        raise ApiError(500, f"Target volume key '{target_slot}' is already in use for container '{target_id}'")
    volid = volid_of(guest.config[slot])
    if used_in_snapshot(guest, volid):
        raise ApiError(500, f"Cannot move volume '{slot}' - used by a snapshot")
    if guest.running:
        raise ApiError(500, f"Cannot move mount point of running container '{vmid}'")

    def work(log: TaskLog) -> None:
        log(f"moving volume '{slot}' from container '{vmid}' to '{target_id}'")
        volume = volumes.existing_volume(call.cluster, volid, guest.node)
        storage = find_storage(call.cluster, volume.storage)
        name = volumes.free_name(volumes.table(call.cluster), storage, guest.node, target_id, volume.format)
        moved = volumes.rename_volume(call.cluster, volume, name, target_id)
        log(f"removing volume '{slot}' from container '{vmid}' config")
        del guest.config[slot]
        new = {**parts, "volume": moved.volid}
        target.config[target_slot] = (
            moved.volid if target_slot.startswith("unused") else print_mount_point(target_slot, new)
        )
        log(f"target container '{target_id}' updated with '{target_slot}'")

    return start_task(call, "move_volume", f"{vmid}-{slot}>{target_id}-{target_slot}", work)
