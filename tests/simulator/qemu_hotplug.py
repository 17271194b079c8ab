# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes a running virtual machine takes, which ones wait until it is off, and which ones fail.

Follows qemu-server src/PVE/QemuServer.pm: vmconfig_hotplug_pending, vmconfig_update_net, vmconfig_update_disk,
vmconfig_update_agent and vm_deviceunplug.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from .drives import boot_devices, is_cdrom, parse_drive
from .formats import split_list
from .guest import DRIVE, NET, Config, Guest
from .guest_options import option_format
from .property_string import split

CLOUDINIT = frozenset("cicustom cipassword citype ciuser ciupgrade nameserver searchdomain sshkeys".split())
AT_ONCE = CLOUDINIT | frozenset(
    "cpulimit cpuunits description hookscript lock migrate_downtime migrate_speed name onboot protection shares startup"
    " tags vmstatestorage".split()
)
DEFAULT_FEATURES = ("network", "disk", "usb")
BY_FEATURE = {"tablet": "usb", "vcpus": "cpu", "memory": "memory"}
CARD_IDENTITY = ("model", "macaddr", "queues", "mtu")
DISK_FIXED = ("aio", "cache", "discard", "iothread", "product", "queues", "ro", "ssd", "vendor")
USB_SYSTEMS = frozenset({"l26", "win8", "win10", "win11"})
AGENT_LIVE = frozenset({"fstrim_cloned_disks"})


class Verdict(Enum):
    """What becomes of a change while the machine runs."""

    APPLY = "apply"
    UNPLUG = "unplug"  # apply, which takes a device away from the machine's operating system
    WAIT = "wait"


class HotplugProblem(Exception):
    """The change fails; the argument is PVE's reason."""


def features(config: Config) -> frozenset[str]:
    text = str(config.get("hotplug", "1"))
    return frozenset(DEFAULT_FEATURES if text == "1" else () if text == "0" else split_list(text))


def judge(guest: Guest, name: str, new: Any) -> Verdict:
    """The verdict on setting an option to `new`, or on deleting it where that is None."""
    old, able = guest.config.get(name), features(guest.config)
    if NET.fullmatch(name):
        return _judge_card(name, old, new, able)
    if DRIVE.fullmatch(name):
        return _judge_drive(name, old, new, able)
    return _when(_taken_live(guest, name, old, new, able))


def _taken_live(guest: Guest, name: str, old: Any, new: Any, able: frozenset[str]) -> bool:
    base = name.rstrip("0123456789")
    if name in AT_ONCE or base == "ipconfig":
        return True
    if base == "usb":
        return "usb" in able and str(guest.config.get("ostype")) in USB_SYSTEMS
    if name in BY_VALUE:
        return BY_VALUE[name](old, new)
    return BY_FEATURE.get(name) in able


def _when(possible: bool) -> Verdict:
    return Verdict.APPLY if possible else Verdict.WAIT


def _judge_card(name: str, old: Any, new: Any, able: frozenset[str]) -> Verdict:
    if old is not None and new is not None:
        before, after = (split(str(value), option_format("qemu", name)) for value in (old, new))
        identical = not _differ(before, after, CARD_IDENTITY)
        if identical and "bridge" in before and "bridge" in after:
            return Verdict.APPLY
    if "network" not in able:
        return Verdict.WAIT
    return Verdict.APPLY if old is None else Verdict.UNPLUG


def _judge_drive(name: str, old: Any, new: Any, able: frozenset[str]) -> Verdict:
    pluggable = "disk" in able and name.startswith(("scsi", "virtio"))
    if name in ("efidisk0", "tpmstate0"):
        return Verdict.WAIT
    if new is None:
        return Verdict.UNPLUG if pluggable else Verdict.WAIT
    if old is None:
        return _when(pluggable)
    return _judge_change(name, parse_drive(name, old), parse_drive(name, new), able)


def _judge_change(name: str, before: dict[str, str], after: dict[str, str], able: frozenset[str]) -> Verdict:
    if is_cdrom(before) != is_cdrom(after):
        raise HotplugProblem("unable to change media type\n")
    if is_cdrom(before):
        return Verdict.APPLY
    if before["file"] == after["file"]:
        return _when(not _differ(before, after, DISK_FIXED))
    if "disk" in able and not name.startswith(("scsi", "virtio")):
        raise HotplugProblem(f"can't unplug device '{name}'\n")
    return Verdict.UNPLUG if "disk" in able else Verdict.WAIT


def _differ(before: Mapping[str, str], after: Mapping[str, str], names: tuple[str, ...]) -> bool:
    return any(before.get(name) != after.get(name) for name in names)


def _same_agent(old: Any, new: Any) -> bool:
    """Whether only what the running machine never sees differs."""
    before, after = (split(str(value), option_format("qemu", "agent")) for value in (old, new))
    return all(before.get(name) == after.get(name) for name in {*before, *after} - AGENT_LIVE)


# Options of which it depends on the old and the new value whether the running machine takes them.
BY_VALUE: dict[str, Callable[[Any, Any], bool]] = {
    "agent": lambda old, new: old is not None and new is not None and _same_agent(old, new),
    "balloon": lambda old, new: (old is None or old != 0) == (new is None or new != 0),
    "hotplug": lambda old, new: not re.search("cpu|memory", f"{old} {new}"),
}


def check_unplug(guest: Guest, name: str) -> None:
    """Refuse what cannot be taken away: disks that the machine boots from, devices of a machine that does not react."""
    if DRIVE.fullmatch(name) and name in boot_devices(guest.config):
        raise HotplugProblem(f"can't unplug bootdisk '{name}'\n")
    if not guest.answers:
        raise HotplugProblem(f"error on hot-unplugging device '{name}' - still busy in guest?\n")
