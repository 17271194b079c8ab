# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs: what only they do; the rest they share with containers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.contract import UPDATE_PASSWORD, State
from ..model.errors import InvalidOption
from . import hotplug, power
from .guest import Guest, only_root
from .kind import GuestKind, VolumeRules
from .schema import vm as vm_fields
from .seed import OPTION as SEED_OPTION
from .sources import CLONE_OPTIONS, RESTORE_OPTIONS
from .volumes.common import volume_of
from .volumes.drives import is_cdrom, parse_drive, plan_drive

# PVE/API2/Qemu.pm, check_vm_modify_config_perm: options that no privilege is for, in any release.
_ROOT_ONLY = re.compile(r"affinity|arch|args|hookscript|hugepages|ivshmem|keephugepages|spice_enhancements|parallel\d+")
_BOOTABLE = re.compile(r"(?:scsi|virtio|sata|ide|net|usb|hostpci)\d+")
_FAMILIES = {"pc": "pc-i440fx-", "q35": "pc-q35-", "virt": "virt-"}  # of machine types: without and with a version


def check_written(before: State, after: State, names: Sequence[str], *, as_root: bool, complete: bool) -> None:
    """Refuse changes that the server would not accept, or not explain."""
    if "boot" in names and complete:
        _refuse_absent_devices(after)
    for name in () if as_root else names:
        what = _for_root_alone(name, after.get(name))
        if what:
            raise only_root(name, what)


def migration_params(status: str, target_storage: str | None) -> dict[str, Any]:
    """A VM that runs migrates online, its local disks with it."""
    running = status in (power.RUNNING, power.PAUSED)
    params: dict[str, Any] = {"online": True, "with-local-disks": True} if running else {}
    return {**params, "targetstorage": target_storage} if target_storage else params


def as_kept(current: State, config: Mapping[str, Any]) -> dict[str, Any]:
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


DISKS = VolumeRules(
    fields=vm_fields.DRIVE_FIELDS,
    families=vm_fields.DRIVES,
    singles=vm_fields.SINGLE_DRIVES,
    content="images",
    move_call="move_disk",
    move_option="move_disks",
    parse_slot=parse_drive,
    plan_slot=plan_drive,
    check_running=lambda volumes, purge: None,
    leaves_unused=lambda held: not is_cdrom(held),
    purge_params={"force": True},
)
VM = Guest(
    GuestKind(
        type="qemu",
        name="vm",
        states=tuple(power.POWER_OF_STATE),
        events=("agent", "ip"),
        config=vm_fields.CONFIG,
        options=vm_fields.OPTIONS,
        families=vm_fields.FAMILIES,
        volumes=DISKS,
        clone_options=CLONE_OPTIONS,
        restore_options=RESTORE_OPTIONS,
        required_parts=(
            (r"net\d+", "model", "as in virtio"),
            (r"numa\d+", "cpus", "as in 0-3"),
            (r"virtiofs\d+", "dirid", "the id of a mapping of a directory"),
            ("audio0", "device", "as in ich9-intel-hda"),
            ("ivshmem", "size", "in MiB"),
            ("rng0", "source", "as in /dev/urandom"),
        ),
        check=check_written,
        as_kept=as_kept,
        needs_restart=hotplug.needs_restart,
        migration_params=migration_params,
        own_arguments={"update_password": UPDATE_PASSWORD, "seed": SEED_OPTION},
        allocates_by_task=True,  # which may take long
    )
)
