# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring guests from backups.

Follows qemu-server src/PVE/QemuServer.pm (restore_file_archive) and pve-container src/PVE/LXC/Create.pm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import volumes
from .backups import Archive, DiskCopy
from .drives import Allocation, check_access, formatting_line, is_cloudinit, parse_drive, print_drive
from .errors import ApiError
from .guest import MOUNT_POINT, NET, Config, Guest, check_vmid_free, new_mac, new_uuid, volume_slots
from .guest_create import register
from .guest_destroy import owned_volumes
from .guest_options import option_format, settings_of
from .guest_power import start_guest
from .guest_tasks import start_task
from .lxc_config import (
    allocate_mount_point,
    check_settings,
    complete_net,
    new_volume,
    parse_mount_point,
    print_mount_point,
)
from .lxc_config import (
    normal as normal_ct,
)
from .property_string import split
from .qemu_config import check_protection
from .qemu_config import normal as normal_vm
from .sizes import GIB, format_size, parse_size
from .storages import find_storage, usable_storage
from .tasks import TaskLog
from .volume_names import file_path, parse_name, split_volid

if TYPE_CHECKING:
    from .call import Call

DECOMPRESSORS = {".zst": "zstd -q -d -c", ".gz": "zcat", ".lzo": "lzop -d -c"}
INCOMPLETE = "error before or during data restore, some or all disks were not completely restored. VM {} state is NOT cleaned up."


def archive_volume(call: Call, volid: str) -> volumes.Volume:
    if ":" not in volid:
        raise ApiError(500, f"can't find file '{volid}'")
    storageid, name = split_volid(volid)
    storage = find_storage(call.cluster, storageid)
    check_access(call, storageid, parse_name(storage, name), call.params["vmid"])
    return volumes.existing_volume(call.cluster, volid, str(call.node))


def overwritten(call: Call, kind: str) -> Guest | None:
    """The guest that a restore replaces; one that must not be replaced is refused."""
    vmid = call.params["vmid"]
    guest: Guest | None = call.cluster.guests.get(vmid)
    if guest is None:
        return None
    if not call.params.get("force") or guest.kind != kind or guest.node != call.node:
        check_vmid_free(call.cluster, vmid)
    guest.check_lock()
    check_protection(guest, f"unable to restore {guest.label} {vmid} -")
    return guest


# --- virtual machines ---------------------------------------------------------------------------


def restore_vm(call: Call) -> str:
    vmid = call.params["vmid"]
    volume = archive_volume(call, call.params["archive"])
    try:
        old = overwritten(call, "qemu")
    except ApiError as error:
        raise ApiError(500, f"unable to restore VM {vmid} - {error.message}") from None
    guest = old or Guest(vmid, "qemu", str(call.node))
    overrides = settings_of("qemu", call)

    def work(log: TaskLog) -> None:
        try:
            check_stopped(guest)
            fill_vm(call, guest, volume, normal_vm(call.cluster, overrides), log)
        except ApiError:
            log(INCOMPLETE.format(vmid))
            raise
        if call.params.get("start"):
            start_guest(call.cluster, guest, log)

    call.cluster.guests[vmid] = guest  # stays, with an empty configuration, when the restore fails
    if pool := call.params.get("pool"):
        call.cluster.join_pool(vmid, pool)
    return start_task(call, "qmrestore", vmid, work, guest=guest, lock="create", duration=3.0)


def check_stopped(guest: Guest) -> None:
    if guest.running:
        raise ApiError(500, f"unable to restore VM {guest.vmid} - vm is running")


def fill_vm(call: Call, guest: Guest, volume: volumes.Volume, overrides: Config, log: TaskLog) -> None:
    archive = volume.payload
    path = file_path(find_storage(call.cluster, volume.storage), volume.name)
    if not isinstance(archive, Archive) or archive.kind != "qemu":
        raise ApiError(500, f"ERROR: file '{path}' does not look like a QemuServer vzdump backup")
    command = extraction(path, guest.vmid)
    log(f"restore vma archive: {command}")
    check_targets(call, archive, command)
    discard(call, guest)
    config: Config = {}
    lost = []
    slots = set(volume_slots("qemu", archive.config))
    for name, value in archive.config.items():
        if name in archive.disks:
            config[name] = restore_drive(call, guest, name, value, archive.disks[name], log)
        elif name in slots and is_cloudinit(parse_drive(name, value)):
            config[name] = restore_cloudinit(call, guest, name, value)
        elif name not in slots or "media=cdrom" in str(value):
            config[name] = value
        else:
            lost.append(f"{name}: {value}")  # is left in the file as a comment, which reads as a description
    if lost:
        config["description"] = "\n".join(filter(None, [str(archive.config.get("description", "")), *lost]))
    config = {name: value for name, value in config.items() if not name.startswith("unused")}
    renew(call, config)
    log("rescan volumes...")
    guest.config = {**config, **overrides}


def extraction(path: str, vmid: int) -> str:
    target = f"/var/tmp/vzdumptmp{vmid}"
    for suffix, command in DECOMPRESSORS.items():
        if path.endswith(suffix):
            return f"{command} {path} | vma extract -v -r {target}.fifo - {target}"
    return f"vma extract -v -r {target}.fifo {path} {target}"


def check_targets(call: Call, archive: Archive, command: str) -> None:
    for disk in archive.disks.values():
        storageid = call.params.get("storage") or disk.storage
        problem = None
        try:
            if "images" not in usable_storage(call.cluster, storageid, str(call.node)).contents:
                problem = f"Content type 'images' is not available on storage '{storageid}'"
        except ApiError as error:
            problem = error.message
        if problem:
            raise ApiError(500, f"command 'set -o pipefail && {command}' failed: {problem}")


def discard(call: Call, guest: Guest) -> None:
    """Remove the volumes, snapshots and configuration of a guest that is overwritten."""
    for volume in owned_volumes(call.cluster, guest):
        volumes.free(call.cluster, volume)
    guest.config, guest.snapshots, guest.parent = {}, {}, None
    guest.pending.clear()


def restore_drive(call: Call, guest: Guest, slot: str, value: Any, disk: DiskCopy, log: TaskLog) -> str:
    cluster = call.cluster
    storageid = call.params.get("storage") or disk.storage
    formats = find_storage(cluster, storageid).type.formats
    image_format = disk.format if disk.format in formats else None
    parts = parse_drive(slot, value)
    volume = volumes.allocate(cluster, storageid, guest.node, guest.vmid, disk.size, image_format)
    volume.system = disk.system
    log(formatting_line(cluster, volume))
    log(f"new volume ID is '{volume.volid}'")
    parts["file"] = volume.volid
    parts["size"] = format_size(volume.size)
    return print_drive(parts)


def restore_cloudinit(call: Call, guest: Guest, slot: str, value: str) -> str:
    """The archive holds no cloud-init drive: a new one."""
    parts = parse_drive(slot, value)
    storageid = call.params.get("storage") or parts["file"].partition(":")[0]
    allocation = Allocation(call.cluster, guest.node, guest.vmid)
    return print_drive(allocation.drive(slot, {**parts, "file": f"{storageid}:cloudinit"}, {}))


def renew(call: Call, config: Config) -> None:
    """A new generation id always; with `unique` new addresses and a new machine id as well."""
    if "vmgenid" in config:
        config["vmgenid"] = new_uuid(call.cluster)
    if not call.params.get("unique"):
        return
    for name in [name for name in config if NET.fullmatch(name)]:
        mac = split(str(config[name]), option_format("qemu", name))["macaddr"]
        config[name] = str(config[name]).replace(mac, new_mac(call.cluster), 1)
    if "smbios1" in config:
        config["smbios1"] = re.sub(r"uuid=[0-9a-fA-F-]+", f"uuid={new_uuid(call.cluster)}", str(config["smbios1"]))


# --- containers -----------------------------------------------------------------------------------


def restore_ct(call: Call) -> str:
    vmid, volid = call.params["vmid"], call.params["ostemplate"]
    if ":" not in volid:
        raise ApiError(500, f"can't find file '{volid}'")
    old = overwritten(call, "lxc")
    if old is not None and old.running:
        raise ApiError(500, "cannot overwrite running container")
    guest = old or Guest(vmid, "lxc", str(call.node))
    settings = settings_of("lxc", call)
    check_settings(call, guest, settings, [], call.params.get("storage"))

    def work(log: TaskLog) -> None:
        try:
            log(f"recovering backed-up configuration from '{volid}'")
            volume = archive_volume(call, volid)
            fill_ct(call, guest, volume, normal_ct(call.cluster, settings), log)
        except ApiError as error:
            raise ApiError(500, f"unable to restore CT {vmid} - {error.message}") from None
        if call.params.get("start"):
            start_guest(call.cluster, guest, log)

    if old is None:
        return register(call, guest, "vzrestore", work, duration=3.0)
    return start_task(call, "vzrestore", vmid, work, guest=guest, lock="create", duration=3.0)


def fill_ct(call: Call, guest: Guest, volume: volumes.Volume, settings: Config, log: TaskLog) -> None:
    archive = volume.payload
    if not isinstance(archive, Archive) or archive.kind != "lxc":
        log("tar: This does not look like a tar archive")
        raise ApiError(500, "ERROR: archive contains no configuration file")
    former = owned_volumes(call.cluster, guest)
    config = {name: value for name, value in archive.config.items() if not name.startswith("unused")}
    given = {name for name in settings if MOUNT_POINT.fullmatch(name)}
    for slot in volume_slots("lxc", settings if given else config):
        if slot in given:
            text = settings[slot]
            config[slot] = allocate_mount_point(call.cluster, guest, slot, text, call.params.get("storage"), log)
        else:
            config[slot] = restore_mount_point(call, guest, slot, config[slot])
    log(f"restoring '{volume.volid}' now..")
    for stale in former:
        volumes.free(call.cluster, stale)
    if call.params.get("unique"):
        for name in [name for name in config if NET.fullmatch(name)]:
            config[name] = complete_net(call.cluster, name, re.sub(r",?hwaddr=[0-9A-Fa-f:]+", "", str(config[name])))
    log("merging backed-up and given configuration..")
    guest.snapshots, guest.parent = {}, None
    guest.pending.clear()
    guest.config = {**config, **{name: value for name, value in settings.items() if name not in given}}


def restore_mount_point(call: Call, guest: Guest, slot: str, value: Any) -> str:
    parts = parse_mount_point(slot, value)
    if parts["volume"].startswith("/"):
        return str(value)
    storageid = call.params.get("storage") or parts["volume"].partition(":")[0]
    size = parse_size(parts.get("size", "4G")) or 0
    volume = new_volume(call.cluster, guest, storageid, size / GIB)
    return print_mount_point(slot, {**parts, "volume": volume.volid, "size": format_size(volume.size)})
