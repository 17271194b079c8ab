# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones and templates of containers (pve-container src/PVE/API2/LXC.pm: clone_vm, template, vm_feature)."""

from __future__ import annotations

import re
from typing import Any

from .. import volumes
from ..call import Call
from ..errors import ApiError
from ..guest import Config, Guest, check_vmid_free, find_guest, volid_of, volume_slots
from ..guest_create import check_pool
from ..guest_volumes import convert_disks
from ..lxc_config import complete_net, normal, parse_mount_point, print_mount_point
from ..routing import endpoint
from ..sizes import format_size
from ..tasks import TaskLog
from .clone import (
    NOT_CLONED,
    check_node,
    check_target,
    check_target_storage,
    clone_task,
    has_feature,
    source_config,
    wants_full,
)


@endpoint("POST", "/nodes/{node}/lxc/{vmid}/clone")
def clone_ct(call: Call) -> Any:
    params, cluster = call.params, call.cluster
    vmid, newid = params["vmid"], params["newid"]
    check_pool(call)
    if "target" in params:
        check_node(call, params["target"])
    check_target_storage(call)
    guest = find_guest(cluster, "lxc", vmid, str(call.node))
    guest.check_lock()
    full = wants_full(call, guest)
    config = source_config(call, guest)
    target = check_target(call, guest, config)
    check_vmid_free(cluster, newid)
    if full and guest.running and "snapname" not in params:
        raise ApiError(500, "Full clone of a running container is only possible from a snapshot")
    check_ct_clonable(call, guest, config, full)
    new = Guest(newid, "lxc", target)

    def work(log: TaskLog) -> None:
        new.config.update(cloned_ct_config(call, config))
        for slot in volume_slots("lxc", config):
            new.config[slot] = clone_mount_point(call, slot, config[slot], new, full, log)

    return clone_task(call, guest, new, "vzclone", work)


def check_ct_clonable(call: Call, guest: Guest, config: Config, full: bool) -> None:
    for slot in volume_slots("lxc", config):
        volid = volid_of(config[slot])
        if volid.startswith("/"):
            raise ApiError(500, f"unable to clone mountpoint '{slot}' (type bind)")
        volume = volumes.existing_volume(call.cluster, volid, guest.node)
        if not full and not volumes.has_feature(call.cluster, volume, "clone", call.params.get("snapname"), True):
            raise ApiError(500, f"Linked clone feature for '{volid}' is not available")


def cloned_ct_config(call: Call, config: Config) -> Config:
    new = {name: value for name, value in config.items() if name not in NOT_CLONED and not name.startswith("unused")}
    for name in [name for name in new if re.fullmatch(r"net\d+", name)]:
        text = re.sub(r",?hwaddr=[0-9A-Fa-f:]+", "", str(new[name]))
        new[name] = complete_net(call.cluster, name, text)
    given: Config = {name: call.params[name] for name in ("hostname", "description") if name in call.params}
    return {**new, **normal(call.cluster, given)}


def clone_mount_point(call: Call, slot: str, value: Any, new: Guest, full: bool, log: TaskLog) -> str:
    parts = parse_mount_point(slot, value)
    source = volumes.existing_volume(call.cluster, parts["volume"], str(call.node))
    if full:
        log(f"create full clone of mountpoint {slot} ({source.volid})")
        storageid = call.params.get("storage") or source.storage
        copy = volumes.copy_volume(call.cluster, source, storageid, new.node, new.vmid)
    else:
        log(f"create linked clone of mountpoint {slot} ({source.volid})")
        copy = volumes.linked_clone(call.cluster, source, new.node, new.vmid)
    return print_mount_point(slot, {**parts, "volume": copy.volid, "size": format_size(copy.size)})


@endpoint("POST", "/nodes/{node}/lxc/{vmid}/template")
def make_ct_template(call: Call) -> Any:
    """At once, answering null."""
    guest = find_guest(call.cluster, "lxc", call.params["vmid"], str(call.node))
    guest.check_lock()
    if guest.snapshots:
        raise ApiError(500, "unable to create template, because CT contains snapshots")
    if guest.is_template:
        raise ApiError(500, "you can't convert a template to a template")
    if guest.running:
        raise ApiError(500, "you can't convert a CT to template if the CT is running")
    guest.config["template"] = 1
    convert_disks(call.cluster, guest)
    return None


@endpoint("GET", "/nodes/{node}/lxc/{vmid}/feature")
def ct_feature(call: Call) -> Any:
    guest = find_guest(call.cluster, "lxc", call.params["vmid"], str(call.node))
    return {"hasFeature": has_feature(call, guest)}
