# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones and templates of virtual machines (qemu-server src/PVE/API2/Qemu.pm: clone_vm, template, vm_feature)."""

from __future__ import annotations

import re
from typing import Any

from .. import firewall, volumes
from ..call import Call
from ..drives import formatting_line, is_cdrom, is_cloudinit, linking_lines, parse_drive, print_drive
from ..errors import ApiError
from ..guest import Config, Guest, find_guest, new_mac, new_uuid, volid_of, volume_slots
from ..guest_create import check_pool
from ..guest_destroy import owned_volumes
from ..guest_options import option_format
from ..guest_tasks import start_task
from ..guest_volumes import convert_disks, disks
from ..property_string import split
from ..routing import endpoint
from ..sizes import format_size
from ..snapshots import can_snapshot
from ..storages import find_storage, usable_storage
from ..tasks import TaskLog
from .qemu_disks import log_copy
from .qemu_power import no_file

NOT_CLONED = frozenset({"lock", "template", "parent", "snaptime", "vmstate"})


def check_node(call: Call, name: Any) -> None:
    if name not in call.cluster.nodes:
        raise ApiError(500, f"no such cluster node '{name}'")


def is_local(call: Call, guest: Guest, config: Config) -> bool:
    """Whether any volume of the guest lies on a storage of its node alone."""
    for slot in volume_slots(guest.kind, config):
        volid = volid_of(config[slot])
        if (
            ":" in volid
            and not volid.startswith("/")
            and not find_storage(call.cluster, volid.partition(":")[0]).shared
        ):
            return True
    return False


def source_config(call: Call, guest: Guest) -> Config:
    """The options of the guest or of one of its snapshots, whose description stands in the place of the guest's."""
    snapname = call.params.get("snapname")
    if snapname is None:
        return guest.config
    if snapname not in guest.snapshots:
        raise ApiError(500, f"snapshot '{snapname}' does not exist")
    snapshot = guest.snapshots[snapname]
    config = {name: value for name, value in snapshot.config.items() if name != "description"}
    return {**config, "description": snapshot.description} if snapshot.description else config


def wants_full(call: Call, guest: Guest) -> bool:
    """Whether the clone is a full one; a linked one is where its base is, in the format of its base."""
    full = bool(call.params.get("full", not guest.is_template))
    for name in ("storage", "format") if not full else ():
        if name in call.params:
            raise ApiError(500, f"parameter '{name}' not allowed for linked clones")
    return full


def check_target(call: Call, guest: Guest, config: Config) -> str:
    """The node of the clone; another one only where nothing is local."""
    target = call.params.get("target", guest.node)
    if target != guest.node and is_local(call, guest, config):
        raise ApiError(500, f"can't clone {guest.label} to node '{target}' ({guest.label} uses local storage)")
    return str(target)


def check_target_storage(call: Call) -> None:
    storageid = call.params.get("storage")
    if storageid:
        usable_storage(call.cluster, storageid, str(call.params.get("target", call.node)))
        call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace"])


@endpoint("POST", "/nodes/{node}/qemu/{vmid}/clone")
def clone_vm(call: Call) -> Any:
    params, cluster = call.params, call.cluster
    vmid, newid = params["vmid"], params["newid"]
    check_pool(call)
    if "target" in params:
        check_node(call, params["target"])
    check_target_storage(call)
    try:
        guest = find_guest(cluster, "qemu", vmid, str(call.node))
    except ApiError:
        raise no_file(call) from None
    guest.check_lock()
    full = wants_full(call, guest)
    config = source_config(call, guest)
    target = check_target(call, guest, config)
    taken = cluster.guests.get(newid)
    if taken is not None and taken.kind == "qemu" and taken.node == call.node:
        raise ApiError(500, f"unable to create VM {newid}: config file already exists")
    check_clonable(call, config, full)
    new = Guest(newid, "qemu", target, answers=False)
    if taken is not None:
        return start_task(call, "qmclone", vmid, lambda log: clash(call, newid, log))

    def work(log: TaskLog) -> None:
        log(f"creating a clone of VM {vmid} with ID {newid}")
        new.config.update(cloned_config(call, guest, config))
        for slot in sorted(volume_slots("qemu", config)):
            new.config[slot] = clone_drive(call, slot, config[slot], new, full, log)

    return clone_task(call, guest, new, "qmclone", work)


def clash(call: Call, newid: int, log: TaskLog) -> None:
    log(f"creating a clone of VM {call.params['vmid']} with ID {newid}")
    file = f"/etc/pve/nodes/{call.node}/qemu-server/{newid}.conf"
    raise ApiError(500, f"close (rename) atomic file '{file}' failed: File exists")


def clone_task(call: Call, guest: Guest, new: Guest, kind: str, work: Any) -> str:
    """Start the task under the source's id, with the new guest in place and locked until it is complete."""
    cluster = call.cluster
    cluster.guests[new.vmid] = new
    firewall.copy(cluster, guest, new)
    if pool := call.params.get("pool"):
        cluster.join_pool(new.vmid, pool)

    def failed() -> None:
        for volume in owned_volumes(cluster, new):
            volumes.table(cluster).remove(volume)
        if cluster.guests.get(new.vmid) is new:
            del cluster.guests[new.vmid]
            cluster.forget_guest(new.vmid)

    return start_task(
        call, kind, guest.vmid, work, guest=new, lock="clone", ignore_lock=True, duration=3.0, failed=failed
    )


def check_clonable(call: Call, config: Config, full: bool) -> None:
    snapname = call.params.get("snapname")
    for slot in sorted(volume_slots("qemu", config)):
        parts = parse_drive(slot, config[slot])
        if is_cdrom(parts) or parts["file"].startswith("/"):
            continue
        volume = volumes.existing_volume(call.cluster, parts["file"], str(call.node))
        call_storage = call.params.get("storage") or volume.storage
        call.check(f"/storage/{call_storage}", ["Datastore.AllocateSpace"])
        if not full and not volumes.has_feature(call.cluster, volume, "clone", snapname):
            what = f"a snapshot of '{volume.volid}'" if snapname else f"'{volume.volid}'"
            raise ApiError(500, f"Linked clone feature is not supported for {what} ({slot})")


def cloned_config(call: Call, guest: Guest, config: Config) -> Config:
    """The clone's options without its drives: name, addresses and ids are its own."""
    cluster, params = call.cluster, call.params
    drives = set(volume_slots("qemu", config))
    new = {
        name: value
        for name, value in config.items()
        if name not in NOT_CLONED | drives and not name.startswith("unused")
    }
    for name in [name for name in new if re.fullmatch(r"net\d+", name)]:
        parts = split(str(new[name]), option_format("qemu", name))
        new[name] = str(new[name]).replace(parts["macaddr"], new_mac(cluster), 1)
    if "smbios1" in new:
        new["smbios1"] = re.sub(r"uuid=[0-9a-fA-F-]+", f"uuid={new_uuid(cluster)}", str(new["smbios1"]))
    if "vmgenid" in new:
        new["vmgenid"] = new_uuid(cluster)
    old_name = config.get("name")
    new["name"] = params.get("name") or f"Copy-of-VM-{old_name or guest.vmid}"
    if "description" in params:
        new["description"] = params["description"].rstrip()
    return new


def clone_drive(call: Call, slot: str, value: Any, new: Guest, full: bool, log: TaskLog) -> str:
    cluster, params = call.cluster, call.params
    parts = parse_drive(slot, value)
    if (is_cdrom(parts) and not is_cloudinit(parts)) or parts["file"].startswith("/"):
        return str(value)
    source = volumes.existing_volume(cluster, parts["file"], str(call.node))
    storageid = params.get("storage") or source.storage
    if is_cloudinit(parts):
        image_format, stem = params.get("format") or source.format, f"vm-{new.vmid}-cloudinit"
        copy = volumes.allocate(cluster, storageid, new.node, new.vmid, source.size, image_format, stem)
        log(f"create full clone of drive {slot} ({source.volid})")
        log(formatting_line(cluster, copy))
        log(f"allocated target volume '{copy.volid}'")
    elif full or slot == "tpmstate0":
        copy = volumes.copy_volume(cluster, source, storageid, new.node, new.vmid, params.get("format"))
        log_copy(call, slot, source, copy, log)
    else:
        log(f"create linked clone of drive {slot} ({source.volid})")
        copy = volumes.linked_clone(cluster, source, new.node, new.vmid)
        for line in linking_lines(cluster, source, copy):
            log(line)
    return print_drive({**parts, "file": copy.volid, "size": format_size(copy.size)})


@endpoint("POST", "/nodes/{node}/qemu/{vmid}/template")
def make_template(call: Call) -> Any:
    guest = find_guest(call.cluster, "qemu", call.params["vmid"], str(call.node))
    slot = call.params.get("disk")
    guest.check_lock()
    if guest.snapshots:
        raise ApiError(500, "unable to create template, because VM contains snapshots")
    if guest.is_template and not slot:
        raise ApiError(500, "you can't convert a template to a template")
    if guest.running:
        raise ApiError(500, "you can't convert a VM to template if VM is running")

    def work(log: TaskLog) -> None:
        guest.config["template"] = 1
        convert_disks(call.cluster, guest, [slot] if slot else None)

    return start_task(call, "qmtemplate", guest.vmid, work, guest=guest)


@endpoint("GET", "/nodes/{node}/qemu/{vmid}/feature")
def vm_feature(call: Call) -> Any:
    guest = find_guest(call.cluster, "qemu", call.params["vmid"], str(call.node))
    nodes = [guest.node] if is_local(call, guest, guest.config) else list(call.cluster.nodes)
    return {"hasFeature": has_feature(call, guest), "nodes": nodes}


def has_feature(call: Call, guest: Guest) -> int:
    feature, config = call.params["feature"], source_config(call, guest)
    if feature == "snapshot":
        return int(can_snapshot(call.cluster, guest))
    found = [
        volumes.find_volume(call.cluster, volid_of(config[slot]), guest.node)
        for slot, _separator in disks(call.cluster, guest)
    ]
    return int(all(
        volumes.has_feature(call.cluster, volume, feature, call.params.get("snapname"), guest.kind == "lxc")
        for volume in found if volume
    ))  # fmt: skip
