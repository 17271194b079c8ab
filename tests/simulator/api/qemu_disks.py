# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of virtual machines: resize, move, reassign, unlink (qemu-server src/PVE/API2/Qemu.pm)."""

from __future__ import annotations

from typing import Any

from .. import volumes
from ..call import Call
from ..drives import copying_lines, is_cdrom, parse_drive, print_drive
from ..errors import ApiError, param_error, params_error
from ..formats import split_list
from ..guest import Guest, add_unused, find_guest, volid_of
from ..guest_options import check_root_options, check_vm
from ..guest_tasks import start_task
from ..qemu_config import Change, apply_change, used_in_snapshot
from ..routing import endpoint
from ..sizes import KIB, format_size, wanted_size
from ..storages import find_storage, usable_storage
from ..tasks import TaskLog
from ..volume_names import file_path, split_volid
from .qemu_power import machine, present

BASE = "/nodes/{node}/qemu/{vmid}"
MODIFIED = "detected modified configuration - file changed by other user? Try again."
NO_TARGET = "both 'storage' and 'target-vmid' missing, either needs to be set"


def check_digest(call: Call, guest: Guest) -> None:
    digest = call.params.get("digest")
    if digest and digest != guest.digest():
        raise ApiError(500, MODIFIED)


@endpoint("PUT", f"{BASE}/resize")
def resize(call: Call) -> Any:
    check_root_options(call, "skiplock")
    vmid, slot = call.params["vmid"], call.params["disk"]

    def work(log: TaskLog) -> None:
        guest = machine(call)
        check_digest(call, guest)
        if slot not in guest.config:
            raise ApiError(500, f"disk '{slot}' does not exist")
        parts = parse_drive(slot, guest.config[slot])
        split_volid(parts["file"])
        call.check(f"/storage/{parts['file'].partition(':')[0]}", ["Datastore.AllocateSpace"])
        volume = volumes.existing_volume(call.cluster, parts["file"], guest.node)
        size = wanted_size(call.params["size"], volume.size)
        if size < volume.size:
            raise ApiError(500, "shrinking disks is not supported")
        if size == volume.size:
            return
        refuse_base(call, volume, size, log)
        volume.size = -(-size // KIB) * KIB
        guest.config[slot] = print_drive({**parts, "size": format_size(size)})
        log("Image resized.")

    skip = bool(call.params.get("skiplock"))
    return start_task(call, "resize", vmid, work, guest=present(call), ignore_lock=skip)


def refuse_base(call: Call, volume: volumes.Volume, size: int, log: TaskLog) -> None:
    """The images of base volumes in directories cannot be written to."""
    storage = find_storage(call.cluster, volume.storage)
    if volume.is_base and storage.is_directory:
        path = file_path(storage, volume.name)
        log(f"qemu-img: Could not open '{path}': Could not open '{path}': Operation not permitted")
        preallocation = "metadata" if volume.format == "qcow2" else "off"
        command = f"/usr/bin/qemu-img resize '--preallocation={preallocation}' -f {volume.format} {path} {size}"
        raise ApiError(500, f"command '{command}' failed: exit code 1")


@endpoint("PUT", f"{BASE}/unlink")
def unlink(call: Call) -> Any:
    """Detach drives, or remove their volumes with force; names that hold nothing are passed over."""
    guest = machine(call)
    guest.check_lock()
    names = split_list(call.params["idlist"])
    apply_change(call.cluster, guest, Change({}, deletes=names, force=bool(call.params.get("force"))))
    return None


# --- move ------------------------------------------------------------------------------


@endpoint("POST", f"{BASE}/move_disk")
def move_disk(call: Call) -> Any:
    params = call.params
    if "storage" in params and "target-vmid" in params:
        raise param_error("storage", "either set 'storage' or 'target-vmid', but not both")
    if "target-vmid" in params:
        return reassign(call)
    if "storage" not in params:
        raise params_error({"storage": NO_TARGET, "target-vmid": NO_TARGET})
    return copy_disk(call)


def copy_disk(call: Call) -> str:
    params, slot, storageid = call.params, call.params["disk"], call.params["storage"]
    guest = machine(call)
    guest.check_lock()
    check_digest(call, guest)
    if slot not in guest.config:
        raise ApiError(500, f"disk '{slot}' does not exist")
    parts = parse_drive(slot, guest.config[slot])
    if is_cdrom(parts):
        raise ApiError(500, "you can't move a cdrom")
    call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace"])
    target = usable_storage(call.cluster, storageid, guest.node)
    if "images" not in target.contents:
        raise ApiError(500, f"storage '{storageid}' does not support vm images")
    source = volumes.existing_volume(call.cluster, parts["file"], guest.node)
    image_format = params.get("format", source.format)
    if source.storage == storageid and image_format == source.format:
        raise ApiError(500, "you can't move to the same storage with same format")
    if params.get("delete") and used_in_snapshot(guest, source.volid):
        raise ApiError(500, "you can't move a disk with snapshots and delete the source")

    def work(log: TaskLog) -> None:
        log(f"copying volume '{source.volid}' from current storage '{source.storage}' to target storage '{storageid}'")
        copy = volumes.copy_volume(call.cluster, source, storageid, guest.node, guest.vmid, image_format)
        log_copy(call, slot, source, copy, log)
        guest.config[slot] = print_drive({**parts, "file": copy.volid, "size": format_size(copy.size)})
        if params.get("delete"):
            log(f"removing source volume '{source.volid}' after successful copy")
            volumes.free(call.cluster, source)
        else:
            unused = add_unused(guest.config, source.volid)
            log(f"adding source volume '{source.volid}' as '{unused}' to config")

    return start_task(call, "qmmove", guest.vmid, work, guest=guest, duration=3.0)


def log_copy(call: Call, slot: str, source: volumes.Volume, copy: volumes.Volume, log: TaskLog) -> None:
    for line in copying_lines(call.cluster, f"create full clone of drive {slot} ({source.volid})", copy):
        log(line)


def reassign(call: Call) -> str:
    """Hand a disk over to another machine of the node, under a name of its own there."""
    params, slot = call.params, call.params["disk"]
    vmid, target_id = params["vmid"], params["target-vmid"]
    target_slot = params.get("target-disk", slot)
    guest = machine(call)
    if vmid == target_id:
        raise param_error("target-vmid", "must be different than source VMID to move disk to another VM")
    check_vm(call, target_id, ["VM.Config.Disk"])
    target = find_guest(call.cluster, "qemu", target_id, str(call.node))
    check_digest(call, guest)
    if "target-digest" in params and params["target-digest"] != target.digest():
        raise ApiError(500, f"VM {target_id} - {MODIFIED}")
    check_reassign(guest, slot, target, target_slot)
    volid = volid_of(guest.config[slot])

    def work(log: TaskLog) -> None:
        log(f"reassign disk '{slot}' from VM '{vmid}' as '{target_slot}' to VM '{target_id}'")
        volume = volumes.existing_volume(call.cluster, volid, guest.node)
        storage = find_storage(call.cluster, volume.storage)
        name = volumes.free_name(volumes.table(call.cluster), storage, guest.node, target_id, volume.format)
        moved = volumes.rename_volume(call.cluster, volume, name, target_id)
        log(f"removing disk '{slot}' from VM '{vmid}' config")
        text = str(guest.config.pop(slot)).replace(volid, moved.volid)
        parts = parse_drive(target_slot, text)
        if not target_slot.startswith("unused"):
            parts["size"] = format_size(moved.size)
        text = print_drive(parts)
        log(f"update VM {target_id}: -{target_slot} {text}")
        target.config[target_slot] = text

    return start_task(call, "qmmove", f"{vmid}-{slot}>{target_id}-{target_slot}", work)


def check_reassign(guest: Guest, slot: str, target: Guest, target_slot: str) -> None:
    """Refuse what cannot be handed over, and what would overwrite something."""
    for one in (guest, target):
        one.check_lock()
        if one.config.get("protection"):
            raise ApiError(500, f"can't move disk '{slot}' from VM '{one.vmid}' - protection mode enabled")
    if slot not in guest.config:
        raise ApiError(500, f"Disk '{slot}' for VM '{guest.vmid}' does not exist")
    if target_slot in target.config:
        raise ApiError(500, f"Target disk key '{target_slot}' is already in use for VM '{target.vmid}'")
    if used_in_snapshot(guest, volid_of(guest.config[slot])):
        raise ApiError(500, "Can't move disk used by a snapshot to another owner")
    if is_cdrom(parse_drive(slot, guest.config[slot])):
        raise ApiError(500, "can't move a CD drive to another VM")
    if guest.running:
        raise ApiError(500, f"Can't move disk of running VM '{guest.vmid}'")
