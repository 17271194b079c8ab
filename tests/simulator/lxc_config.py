# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to the configuration of containers: mount points, network cards, what a running container takes.

Follows pve-container src/PVE/API2/LXC/Config.pm (update_vm) and src/PVE/LXC/Config.pm (update_pct_config,
vmconfig_hotplug_pending, vmconfig_apply_pending).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import volumes
from .drives import NEW_DISK, check_access, formatting_line
from .errors import ApiError, params_error, permission_error
from .formats import split_list
from .guest import MOUNT_POINT, NET, UNUSED, Config, Guest, add_unused, new_mac, volid_of
from .guest_checks import check_device, check_hookscript
from .guest_options import check_option_privileges, check_vm, option_format, settings_of
from .interfaces import bridges_of
from .property_string import join, split
from .qemu_config import (
    Change,
    blank,
    check_bridges,
    check_lists,
    check_protection,
    normal_tags,
    remove_unused,
)
from .sizes import KIB, MIB, format_size
from .storages import find_storage, usable_storage
from .volume_names import parse_name, split_volid

if TYPE_CHECKING:
    from .call import Call
    from .state import Cluster

REQUIRED = frozenset({"memory", "rootfs"})
READ_ONLY = frozenset({"unprivileged"})
AT_ONCE = frozenset(
    "description onboot startup protection hostname hookscript cores tags lock cpulimit cpuunits".split()
)

MEMORY = frozenset({"memory", "swap"})
Log = Callable[[str], Any]


def read_change(call: Call, guest: Guest) -> Change:
    deletes, reverts = split_list(call.params.get("delete")), split_list(call.params.get("revert"))
    settings = settings_of("lxc", call)
    if not (settings or deletes or reverts):
        raise ApiError(500, "no options specified")
    check_lists("lxc", settings, deletes, reverts)
    for name in deletes:
        if name in REQUIRED:
            raise ApiError(500, f"unable to delete required option '{name}'")
        if name in READ_ONLY:
            raise ApiError(500, f"unable to delete read-only option: '{name}'")
    for name in settings:
        if name in READ_ONLY:
            raise ApiError(500, f"unable to modify read-only option: '{name}'")
    check_settings(call, guest, settings, deletes)
    return Change(normal(call.cluster, settings), {}, deletes, reverts)


def check_settings(call: Call, guest: Guest, settings: Config, deletes: list[str], storage: str | None = None) -> None:
    """Privileges on the options, and what they name: storages of mount points, hook scripts, devices."""
    check_option_privileges(call, "lxc", guest.vmid, [*deletes, *settings], settings)
    check_bridges(call, settings)
    if "features" in settings or "features" in deletes:
        check_features(call, guest, str(settings.get("features", "")))
    for name, value in settings.items():
        if MOUNT_POINT.fullmatch(name):
            check_mount_point(call, guest, name, str(value), storage)
        elif name == "hookscript":
            check_hookscript(call.cluster, guest.node, str(value))
        elif name.rstrip("0123456789") == "dev":
            check_device(str(value))


def check_features(call: Call, guest: Guest, wanted: str) -> None:
    """pve-container src/PVE/LXC.pm, check_ct_modify_config_perm."""
    if call.is_root:
        return
    fmt = option_format("lxc", "features")
    old, new = split(str(guest.config.get("features", "")), fmt), split(wanted, fmt)
    if old and new:
        changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    else:  # named alone and switched on, or more than that
        named = old or new
        changed = {"nesting"} if named == {"nesting": "1"} else {*named, "more"} if named else set()
    if not guest.config.get("unprivileged"):
        raise permission_error("changing feature flags for privileged container is only allowed for root@pam")
    if changed - {"nesting"}:
        raise permission_error("changing feature flags (except nesting) is only allowed for root@pam")
    if changed:
        check_vm(call, guest.vmid, ["VM.Allocate"])


def parse_mount_point(name: str, value: Any) -> dict[str, str]:
    return split(str(value), option_format("lxc", name))


def print_mount_point(name: str, parts: Mapping[str, str]) -> str:
    return join(dict(parts), option_format("lxc", name))


def check_mount_point(call: Call, guest: Guest, name: str, value: str, default_storage: str | None) -> None:
    volid = parse_mount_point(name, value)["volume"]
    if volid.startswith("/"):
        if not call.is_root:
            kind = "device" if volid.startswith("/dev/") else "bind"
            raise permission_error(f"mount point type {kind} is only allowed for root@pam")
    elif match := NEW_DISK.fullmatch(volid):
        storageid = match["storage"] or default_storage or "local"
        call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace"])
        storage = usable_storage(call.cluster, storageid, guest.node)
        if "rootdir" not in storage.contents:
            raise ApiError(500, f"storage '{storageid}' does not support container directories")
    else:
        storageid, volume = split_volid(volid)
        if guest.vmid not in call.cluster.guests and "/" not in volume:
            find_storage(call.cluster, storageid)
            return  # of a new container, the task refuses a name that is none
        parsed = parse_name(find_storage(call.cluster, storageid), volume)
        check_access(call, storageid, parsed, guest.vmid)
        volumes.existing_volume(call.cluster, volid, guest.node)


def normal(cluster: Cluster, settings: Config) -> Config:
    """The options as they are stored, mount points apart."""
    return {name: _normal(cluster, name, value) for name, value in settings.items()}


def _normal(cluster: Cluster, name: str, value: Any) -> Any:
    if NET.fullmatch(name):
        return complete_net(cluster, name, value)
    if name == "description":
        text = str(value).rstrip("\n")
        return f"{text}\n" if text else ""
    if name in ("nameserver", "searchdomain"):
        return " ".join(split_list(str(value)))
    return blank(normal_tags(str(value)) if name == "tags" else value)


def complete_net(cluster: Cluster, name: str, value: Any) -> str:
    fmt = option_format("lxc", name)
    parts: dict[str, Any] = {"type": "veth", **split(str(value), fmt)}
    parts.setdefault("hwaddr", new_mac(cluster))
    return join(parts, fmt)


# --- volumes --------------------------------------------------------------------------


def allocate_mount_point(
    cluster: Cluster, guest: Guest, name: str, value: Any, default_storage: str | None, log: Log
) -> str:
    """The text of a mount point with its volume allocated, where it asks for a new one."""
    parts = parse_mount_point(name, value)
    match = NEW_DISK.fullmatch(parts["volume"])
    if match:
        volume = new_volume(cluster, guest, match["storage"] or default_storage or "local", float(match["size"]))
        parts["volume"], parts["size"] = volume.volid, format_size(volume.size)
        if volume.format == "raw":
            log_file_system(cluster, volume, log)
    elif not parts["volume"].startswith("/"):
        storageid, volume_name = split_volid(parts["volume"])
        parse_name(find_storage(cluster, storageid), volume_name)
        parts["size"] = format_size(volumes.existing_volume(cluster, parts["volume"], guest.node).size)
    return print_mount_point(name, parts)


def new_volume(cluster: Cluster, guest: Guest, storageid: str, gib: float) -> volumes.Volume:
    storage = usable_storage(cluster, storageid, guest.node)
    image_format = "subvol" if gib == 0 else storage.type.container_format
    size = int(gib * KIB) * MIB  # whole MiB (pve-container src/PVE/LXC.pm, create_disks)
    return volumes.allocate(cluster, storageid, guest.node, guest.vmid, size, image_format, content="rootdir")


def log_file_system(cluster: Cluster, volume: volumes.Volume, log: Log) -> None:
    log(formatting_line(cluster, volume))
    log(f"Creating filesystem with {volume.size // 4096} 4k blocks and {volume.size // 16384} inodes")
    log(f"Filesystem UUID: {cluster.uuid()}")
    log("Superblock backups stored on blocks: \n\t32768, 98304, 163840, 229376")


# --- applying ---------------------------------------------------------------------------


def apply_change(cluster: Cluster, guest: Guest, change: Change) -> None:
    """Make the change; when the running container refuses one part of it, nothing is changed."""
    before = copy.deepcopy((guest.config, guest.pending))
    for name in change.deletes:
        _delete(cluster, guest, name)
    for name, value in change.settings.items():
        if MOUNT_POINT.fullmatch(name):
            check_protection(guest, f"can't update CT {guest.vmid} drive '{name}'")
        if name == "description" and not value:
            guest.config.pop(name, None)
        else:
            guest.pending[name] = value
    for name in change.reverts:
        guest.pending.pop(name, None)
    if guest.running:
        problems = hotplug_pending(cluster, guest)
        if problems:
            guest.config, guest.pending = before
            raise params_error(problems)
    else:
        apply_pending(cluster, guest)
    check_bridges_exist(cluster, guest)


def check_bridges_exist(cluster: Cluster, guest: Guest) -> None:
    """Refuse a configuration that names an absent bridge; it is stored by then."""
    known = bridges_of(cluster, guest.node)
    for name, value in guest.config.items():
        bridge = split(str(value), option_format("lxc", name)).get("bridge") if NET.fullmatch(name) else None
        if bridge and known and bridge not in known:
            raise ApiError(500, f"bridge '{bridge}' does not exist")


def _delete(cluster: Cluster, guest: Guest, name: str) -> None:
    if name not in guest.config:
        guest.pending.pop(name, None)
    elif UNUSED.fullmatch(name):
        check_protection(guest, f"can't remove CT {guest.vmid} drive '{name}'")
        remove_unused(cluster, guest, name)
    else:
        if MOUNT_POINT.fullmatch(name):
            check_protection(guest, f"can't remove CT {guest.vmid} drive '{name}'")
        guest.pending[name] = None


def hotplug_pending(cluster: Cluster, guest: Guest) -> dict[str, str]:
    """Put in force what the running container takes; the problems, by option."""
    problems: dict[str, str] = {}
    for name in list(guest.pending):
        if guest.pending[name] == guest.config.get(name):
            del guest.pending[name]
        elif name in MEMORY and not cluster.nodes[guest.node].extra.get("memory_cgroup", True):
            problems[name] = "unable to hotplug memory: trying to change memory cgroup values: container not running\n"
        elif (
            name in AT_ONCE | MEMORY
            or NET.fullmatch(name)
            or (name.startswith(("mp", "dev")) and name not in guest.config)
        ):
            _apply(cluster, guest, name)
    return problems


def apply_pending(cluster: Cluster, guest: Guest) -> None:
    for name in list(guest.pending):
        _apply(cluster, guest, name)


def _apply(cluster: Cluster, guest: Guest, name: str) -> None:
    new = guest.pending[name]
    if new is not None and MOUNT_POINT.fullmatch(name):
        new = allocate_mount_point(cluster, guest, name, new, None, lambda line: None)
    del guest.pending[name]
    old = guest.config.pop(name, None)
    if new is not None:
        guest.config[name] = new
    if old is not None and MOUNT_POINT.fullmatch(name) and volid_of(old) != volid_of(new or ""):
        volid = volid_of(old)
        volume = volumes.find_volume(cluster, volid, guest.node) if not volid.startswith("/") else None
        if volume is not None and volume.vmid == guest.vmid:
            add_unused(guest.config, volid)
