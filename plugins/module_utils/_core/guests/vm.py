# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: what only they do; the rest they share with containers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.contract import UPDATE_PASSWORD, Desired, State
from ..model.errors import InvalidOption
from ..model.plan import Plan, Step
from . import hotplug, power
from .guest import Guest, only_root
from .schema import vm as vm_fields
from .sources import CLONE_OPTIONS, RESTORE_OPTIONS
from .volumes.common import Slot, VolumePlan, volume_of
from .volumes.drives import drive_wish, is_cdrom, plan_drive

FLAGS = {"force": False, "purge": False, "destroy_unreferenced_disks": False, "move_disks": False}
# PVE/API2/Qemu.pm, check_vm_modify_config_perm: options that no privilege is for, in any release.
_ROOT_ONLY = re.compile(r"affinity|arch|args|hookscript|hugepages|ivshmem|keephugepages|spice_enhancements|parallel\d+")
_BOOTABLE = re.compile(r"(?:scsi|virtio|sata|ide|net|usb|hostpci)\d+")
_FAMILIES = {"pc": "pc-i440fx-", "q35": "pc-q35-", "virt": "virt-"}  # of machine types: without and with a version


class Vm(Guest):
    """See the module pve_vm for what its options mean."""

    name = "vm"
    kind = "qemu"
    name_option = "name"
    states = tuple(power.POWER_OF_STATE)
    events = ("agent", "ip")
    flags = FLAGS
    options = vm_fields.OPTIONS
    families = vm_fields.FAMILIES
    volume_families = vm_fields.DRIVES
    single_volumes = vm_fields.SINGLE_DRIVES
    config = vm_fields.CONFIG
    volumes = vm_fields.DRIVE_FIELDS
    move_call = "move_disk"
    clone_options = CLONE_OPTIONS
    restore_options = RESTORE_OPTIONS
    required_parts = (
        (r"net\d+", "model", "as in virtio"),
        (r"numa\d+", "cpus", "as in 0-3"),
        (r"virtiofs\d+", "dirid", "the id of a mapping of a directory"),
        ("audio0", "device", "as in ich9-intel-hda"),
        ("ivshmem", "size", "in MiB"),
        ("rng0", "source", "as in /dev/urandom"),
    )

    def own_arguments(self) -> dict[str, Any]:
        return {"update_password": dict(UPDATE_PASSWORD)}

    def desired_volume(self, slot: str, value: Any) -> dict[str, Any] | str:
        return drive_wish(slot, value, self.volume_codec(slot))

    def plan_volume(self, slot: str, current: Slot | None, desired: Slot | str, task: Desired) -> VolumePlan:
        codec = self.volume_codec(slot)
        return plan_drive(slot, current, desired, codec, move=task["move_disks"], purge=task["purge"])

    def _plan_update(self, current: State, desired: Desired) -> Plan:
        return super()._plan_update(current, {**desired, "config": _as_kept(current, desired["config"])})

    def leaves_unused(self, held: Slot) -> bool:
        return not is_cdrom(held)

    def deletes(self, slot: str, held: Slot, desired: Desired) -> bool:
        return super().deletes(slot, held, desired) or bool(desired["purge"] and self.leaves_unused(held))

    def needs_restart(self, name: str, current: State) -> bool:
        return hotplug.needs_restart(name, current)

    def check(self, before: State, after: State, names: Sequence[str], desired: Desired) -> None:
        if "boot" in names and not (desired["restore"] and desired.get("backup", after) is None):
            _refuse_absent_devices(after)
        if desired["as_root"]:
            return
        for name in names:
            what = _for_root_alone(name, after.get(name))
            if what:
                raise only_root(name, what)

    def migration_params(self, current: State, desired: Desired) -> dict[str, Any]:
        running = current["status"] in (power.RUNNING, power.PAUSED)
        params: dict[str, Any] = {"online": True, "with-local-disks": True} if running else {}
        return {**params, "targetstorage": desired["target_storage"]} if desired["target_storage"] else params

    def config_call(self, *, allocates: bool) -> str:
        return "POST" if allocates else "PUT"  # an allocation may take long

    def purge(self, path: str, after: State, removed: Mapping[str, Slot]) -> tuple[dict[str, Any], list[Step]]:
        return {"force": True}, []


VM = Vm()


def _as_kept(current: State, config: Mapping[str, Any]) -> dict[str, Any]:
    """The desired state in the words of the server, where these are others: a Windows keeps the version of its machine type."""
    kept = dict(config)
    machine, present = config.get("machine"), current.get("machine")
    windows = str(config.get("ostype") or current.get("ostype", "")).startswith("w")
    if windows and isinstance(machine, Mapping) and isinstance(present, Mapping):
        family = _FAMILIES.get(machine.get("type", ""))
        if family and str(present.get("type")).startswith(family):
            kept["machine"] = {**machine, "type": present["type"]}
    if config.get("vmgenid") == ("0" if current.get("vmgenid", "0") == "0" else "1"):  # none, or any
        del kept["vmgenid"]
    return kept


def _refuse_absent_devices(after: State) -> None:
    """Refuse an order of boot devices that the machine does not have."""
    order = (after.get("boot") or {}).get("order") or []
    absent = [name for name in order if name not in after]
    if absent:
        present = ", ".join(sorted(name for name in after if _BOOTABLE.fullmatch(name)))
        raise InvalidOption(
            "boot", f"order names {', '.join(absent)}, which it does not have; it has {present or 'none'}"
        )


def _for_root_alone(name: str, value: Any) -> str:
    """What a key is to be set to that only root@pam may set, in words."""
    if _ROOT_ONLY.fullmatch(name):
        return "this"
    if not value:
        return ""
    if re.fullmatch(r"(hostpci|usb)\d+", name):
        host = str(value.get("host") or "") if isinstance(value, Mapping) else ""
        return "" if host.lower() in ("", "spice") else "a device of the host"
    if re.fullmatch(r"serial\d+", name):
        return "" if value == "socket" else "a device of the host"
    return "a path of the host" if isinstance(value, Mapping) and volume_of(value).startswith("/") else ""
