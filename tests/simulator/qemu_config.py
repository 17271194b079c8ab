# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to the configuration of virtual machines: what is refused, what waits, what happens to replaced disks.

Follows qemu-server src/PVE/API2/Qemu.pm (update_vm_api) and QemuServer.pm (vmconfig_hotplug_pending,
vmconfig_apply_pending, vmconfig_register_unused_drive).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from . import volumes
from .drives import (
    Allocation,
    boot_devices,
    complete_net,
    is_cdrom,
    is_cloudinit,
    parse_drive,
    wanted_drives,
)
from .errors import ApiError, param_error, params_error
from .formats import split_list
from .guest import DRIVE, NET, UNUSED, Config, Guest, add_unused, new_uuid, volid_of
from .guest_checks import check_custom_cpu, check_hookscript, check_ssh_keys
from .guest_options import check_option_privileges, option_format, options, settings_of
from .guest_volumes import convert_disks
from .property_string import split
from .qemu_hotplug import HotplugProblem, Verdict, check_unplug, judge
from .storages import find_storage
from .tasks import TaskLog
from .volume_names import parse_name, split_volid

if TYPE_CHECKING:
    from .call import Call
    from .state import Cluster

DEFAULT_MEMORY = 512


@dataclass
class Change:
    """What one request wants, checked as far as that goes without the guest's present configuration."""

    settings: Config
    drives: dict[str, dict[str, str]] = field(default_factory=dict)
    deletes: list[str] = field(default_factory=list)
    reverts: list[str] = field(default_factory=list)
    force: bool = False
    working_storage: str | None = None

    def words(self) -> str:
        """The change as the task's log reports it."""
        return " ".join(f"-{name} {value}" for name, value in self.settings.items())


def read_change(call: Call, vmid: int) -> Change:
    deletes, reverts = split_list(call.params.get("delete")), split_list(call.params.get("revert"))
    settings = settings_of("qemu", call)
    if not (settings or deletes or reverts):
        raise ApiError(500, "no options specified")
    deletes = ["ide2" if name == "cdrom" else name for name in deletes]
    check_lists("qemu", settings, deletes, reverts)
    drives = wanted_drives(call, settings, vmid, None)
    check_script(call, settings)  # an update looks at it even before it looks at who asks
    check_option_privileges(call, "qemu", vmid, deletes, {})
    check_option_privileges(call, "qemu", vmid, settings, settings)
    check_bridges(call, settings)
    check_values(call, settings)
    working_storage = call.params.get("import-working-storage")
    force = bool(call.params.get("force"))
    return Change(normal(call.cluster, settings), drives, deletes, reverts, force, working_storage)


def check_lists(kind: str, settings: Config, deletes: list[str], reverts: list[str]) -> None:
    """Refuse unknown names in delete= and revert=, and names that are set at the same time."""
    known = options(kind)
    for parameter, names in (("delete", deletes), ("revert", reverts)):
        for name in names:
            if name in settings:
                raise param_error(parameter, f"you can't use '-{name}' and -{parameter} {name}' at the same time")
            if name not in known:
                raise param_error(parameter, f"unknown option '{name}'")
    for name in deletes:
        if name in reverts:
            raise param_error("delete", f"you can't use '-delete {name}' and '-revert {name}' at the same time")


def check_values(call: Call, settings: Config) -> None:
    """Refuse values that the state of the cluster makes wrong; an empty sshkeys leaves the keys as they are."""
    check_custom_cpu(call.cluster, settings.get("cpu"))
    if not settings.get("sshkeys", "x"):
        del settings["sshkeys"]
    check_ssh_keys(unquote(str(settings.get("sshkeys", ""))))
    for name in settings:
        if UNUSED.fullmatch(name):
            storageid, volume = split_volid(str(settings[name]))
            parse_name(find_storage(call.cluster, storageid), volume)
    check_script(call, settings)


def check_script(call: Call, settings: Config) -> None:
    if "hookscript" in settings:
        try:
            check_hookscript(call.cluster, str(call.node), str(settings["hookscript"]))
        except ApiError as error:
            raise param_error("hookscript", f"{error.message}\n") from None


def check_bridges(call: Call, settings: Config) -> None:
    """Using a bridge takes SDN.Use on it (pve-guest-common GuestHelpers.pm, check_vnet_access)."""
    if call.is_root:
        return
    for name, value in settings.items():
        if NET.fullmatch(name):
            kind = "lxc" if "/lxc" in call.template else "qemu"
            parts = split(str(value), option_format(kind, name))
            if bridge := parts.get("bridge"):
                tag = f"/{parts['tag']}" if "tag" in parts else ""
                call.check(f"/sdn/zones/localnetwork/{bridge}{tag}", ["SDN.Use"])


def normal(cluster: Cluster, settings: Config) -> Config:
    """The options as they are stored: addresses made up, tags in order, empty texts as a blank."""
    return {name: _normal(cluster, name, value) for name, value in settings.items()}


def _normal(cluster: Cluster, name: str, value: Any) -> Any:
    if NET.fullmatch(name):
        return complete_net(cluster, value, name)
    if name == "vmgenid" and value == "1":
        return new_uuid(cluster)
    if name == "description":
        return normal_description(str(value))
    return blank(normal_tags(str(value)) if name == "tags" else value)


def blank(value: Any) -> Any:
    """An empty text comes back from the file as a blank."""
    return " " if value == "" else value


def normal_description(text: str) -> str:
    return "\n".join(line.rstrip(" \t") for line in text.rstrip().split("\n"))


def normal_tags(text: str) -> str:
    return ";".join(sorted({tag.lower() for tag in split_list(text)}))


def memory_of(config: Config) -> int:
    """Megabytes."""
    text = config.get("memory")
    if text is None:
        return DEFAULT_MEMORY
    return int(str(text).removeprefix("current="))


# --- applying --------------------------------------------------------------------


def apply_change(cluster: Cluster, guest: Guest, change: Change, log: TaskLog | None = None) -> None:
    """Make the change: at once where the guest is stopped or takes it while running, else later."""
    log = log or TaskLog()
    _warn_of_lost_storages(cluster, guest, change, log)
    check_balloon(guest, change.settings)
    check_boot_order(guest, change)
    for name in change.deletes:
        _delete(cluster, guest, name, change.force)
    allocation = Allocation(cluster, guest.node, guest.vmid, None, log, change.working_storage)
    drives = allocation.drives(change.drives, guest.config)
    for name, value in {**change.settings, **drives}.items():
        _retire_pending(cluster, guest, name)
        if name == "description" and not value:
            guest.config.pop(name, None)
        else:
            guest.pending[name] = value
    for name in change.reverts:
        _retire_pending(cluster, guest, name)
    guest.pending_force = guest.pending_force | set(change.deletes) if change.force else guest.pending_force
    if guest.running:
        hotplug_pending(cluster, guest)
    else:
        apply_pending(cluster, guest)
    if guest.is_template:
        convert_disks(cluster, guest, drives)


def _warn_of_lost_storages(cluster: Cluster, guest: Guest, change: Change, log: TaskLog) -> None:
    for name in change.deletes:
        if DRIVE.fullmatch(name) and _storage_is_gone(cluster, volid := volid_of(guest.config.get(name, ""))):
            storage = split_volid(volid)[0]
            text = f"storage '{storage}' no longer exists, volume '{volid}' will be removed from config"
            log.warn(text)  # noqa: G010


def _storage_is_gone(cluster: Cluster, volid: str) -> bool:
    return ":" in volid and not volid.startswith("/") and split_volid(volid)[0] not in cluster.storages


def check_balloon(guest: Guest, settings: Config) -> None:
    if "memory" in settings or "balloon" in settings:
        merged = {**guest.effective(), **settings}
        if int(merged.get("balloon") or 0) > memory_of(merged):
            raise ApiError(500, "balloon value too large (must be smaller than assigned memory)")


def check_boot_order(guest: Guest, change: Change) -> None:
    known = {**guest.config, **guest.pending, **change.settings}
    for device in boot_devices(change.settings):
        if device not in known:
            raise ApiError(500, f"invalid bootorder: device '{device}' does not exist'")


def _delete(cluster: Cluster, guest: Guest, name: str, force: bool) -> None:
    if name not in guest.config:
        _retire_pending(cluster, guest, name)
    elif UNUSED.fullmatch(name):
        check_protection(guest, f"can't remove unused disk '{guest.config[name]}'")
        remove_unused(cluster, guest, name)
    else:
        if DRIVE.fullmatch(name):
            check_protection(guest, f"can't remove drive '{name}'")
        guest.pending[name] = None
    _drop_boot_device(guest, name)


def _drop_boot_device(guest: Guest, name: str) -> None:
    devices = boot_devices(guest.config)
    if name in devices:
        rest = [device for device in devices if device != name]
        guest.pending["boot"] = f"order={';'.join(rest)}" if rest else " "


def check_protection(guest: Guest, what: str) -> None:
    if guest.config.get("protection"):
        raise ApiError(500, f"{what} - protection mode enabled")


def remove_unused(cluster: Cluster, guest: Guest, name: str) -> None:
    """Delete an unused volume for good, unless something still needs it."""
    volid = volid_of(guest.config[name])
    if used_in_snapshot(guest, volid):
        raise ApiError(500, f"unable to delete '{volid}' - volume is still in use (snapshot?)")
    volume = volumes.find_volume(cluster, volid, guest.node)
    if volume is not None:
        volumes.free(cluster, volume)
    del guest.config[name]


def used_in_snapshot(guest: Guest, volid: str) -> bool:
    return any(volid_of(value) == volid for snap in guest.snapshots.values() for value in snap.config.values())


def _retire_pending(cluster: Cluster, guest: Guest, name: str) -> None:
    """Forget a pending value; a drive that was allocated for it becomes unused."""
    value = guest.pending.pop(name, None)
    if value is not None and DRIVE.fullmatch(name):
        _retire_drive(cluster, guest, name, value)


def _retire_drive(cluster: Cluster, guest: Guest, name: str, value: Any, force: bool = False) -> None:
    """Keep a detached volume as unused; with `force`, and for cloud-init drives, remove it."""
    parts = parse_drive(name, value)
    if (is_cdrom(parts) and not is_cloudinit(parts)) or parts["file"].startswith("/"):
        return
    volid = parts["file"]
    if _storage_is_gone(cluster, volid):
        return
    volume = volumes.find_volume(cluster, volid, guest.node) if ":" in volid else None
    if volume is None or volume.vmid != guest.vmid:
        return
    if is_cloudinit(parts) or (force and not used_in_snapshot(guest, volid)):
        volumes.free(cluster, volume)
        guest.cloudinit = {} if is_cloudinit(parts) else guest.cloudinit
    else:
        add_unused(guest.config, volid)


def apply_pending(cluster: Cluster, guest: Guest) -> None:
    """Put every pending change in force."""
    for name in list(guest.pending):
        _apply(cluster, guest, name)


def _apply(cluster: Cluster, guest: Guest, name: str) -> None:
    new = guest.pending.pop(name)
    old = guest.config.pop(name, None)
    if new is not None:
        guest.config[name] = new
    if old is not None and DRIVE.fullmatch(name) and volid_of(old) != volid_of(new or ""):
        _retire_drive(cluster, guest, name, old, name in guest.pending_force)
    guest.pending_force.discard(name)


def hotplug_pending(cluster: Cluster, guest: Guest) -> None:
    """Put in force what a running machine takes, and name what fails; the rest stays pending."""
    problems: dict[str, str] = {}
    for name in list(guest.pending):
        if guest.pending[name] == guest.config.get(name):
            del guest.pending[name]
            continue
        try:
            verdict = judge(guest, name, guest.pending[name])
            if verdict is Verdict.UNPLUG:
                check_unplug(guest, name)
        except HotplugProblem as problem:
            problems[name] = f"hotplug problem - {problem}"
        else:
            if verdict is not Verdict.WAIT:
                _apply(cluster, guest, name)
    if problems:
        raise params_error(problems)
