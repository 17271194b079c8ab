# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a node and what is on them: volume groups, thin pools, zpools and mounted directories.

After PVE::Diskmanage (pve-storage), get_disks, disk_is_used, is_mounted, has_holder and wipe_blockdev.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError
from .sizes import GIB, MIB
from .state import Node

SYSTEM_GROUP, SYSTEM_POOL = "pve", "data"
SPARE_DISKS = ("sdb", "sdc", "sdd", "sde")


@dataclass
class Device:
    """A disk or a partition; `used` is what its signature says, `holder` whether something stands on it."""

    path: str
    size: int
    used: str = ""
    mounted: bool = False
    holder: bool = False


@dataclass
class Disk(Device):
    gpt: bool = False
    virtual: bool = False  # of a virtual machine, so that it reports nothing of itself
    partitions: list[Device] = field(default_factory=list)

    @property
    def link(self) -> str:
        return f"/dev/disk/by-id/ata-SIMULATED_{self.path.rpartition('/')[2].upper()}"

    def add_partition(self, number: int, size: int, used: str) -> Device:
        self.gpt = True
        partition = Device(f"{self.path}{number}", size, used)
        self.partitions.append(partition)
        return partition

    def everything(self) -> list[Device]:
        return [self, *self.partitions]


@dataclass
class Zpool:
    level: str
    disks: list[Device]


@dataclass
class Directory:
    device: Device
    filesystem: str


@dataclass
class Disks:
    """Everything of one node. Volume groups are lists of devices by name, thin pools pairs of group and name."""

    disks: dict[str, Disk] = field(default_factory=dict)
    groups: dict[str, list[Device]] = field(default_factory=dict)
    thin: set[tuple[str, str]] = field(default_factory=set)
    zpools: dict[str, Zpool] = field(default_factory=dict)
    directories: dict[str, Directory] = field(default_factory=dict)

    def find(self, path: str) -> Device:
        """The device behind a path or a link; as PVE::Diskmanage::verify_blockdev_path."""
        for disk in self.disks.values():
            for device in disk.everything():
                number = device.path.removeprefix(disk.path)
                if path in (device.path, disk.link + (f"-part{number}" if number else "")):
                    return device
        raise ApiError(
            500, "not a valid block device" if path.startswith("/dev/") else f"got unusual device path '{path}'"
        )

    def parent(self, device: Device) -> Disk | None:
        """The disk of a partition."""
        return next((disk for disk in self.disks.values() if device in disk.partitions), None)

    def within(self, device: Device) -> list[Device]:
        return device.everything() if isinstance(device, Disk) else [device]

    def unused(self, path: str) -> Device:
        """The device, if nothing is on it (assert_disk_unused)."""
        device = self.find(path)
        if self.in_use(device):
            raise ApiError(500, f"device '{device.path}' is already in use")
        return device

    def in_use(self, device: Device) -> bool:
        return bool(device.used or device.holder or device.mounted or (isinstance(device, Disk) and device.partitions))

    def wipe(self, device: Device) -> None:
        device.used, device.mounted, device.holder = "", False, False
        if isinstance(device, Disk):
            device.gpt, device.partitions = False, []


def disks_of(node: Node) -> Disks:
    """The disks of a node: one with the system, and some that are empty."""
    found = node.extra.get("disks")
    if not isinstance(found, Disks):
        found = node.extra["disks"] = _new()
    return found


def bare_disks() -> Disks:
    """The disk of a small virtual machine, which reports nothing of itself and is mounted as it is."""
    return Disks({"vda": Disk("/dev/vda", 256 * GIB, used="mounted", mounted=True, virtual=True)}, {}, set())


def _new() -> Disks:
    system = Disk("/dev/sda", 128 * GIB)
    system.add_partition(1, MIB, "BIOS boot")
    system.add_partition(2, GIB, "EFI").mounted = True
    group = system.add_partition(3, 127 * GIB, "LVM")
    group.holder = True
    disks = {"sda": system, **{name: Disk(f"/dev/{name}", 64 * GIB) for name in SPARE_DISKS}}
    return Disks(disks, {SYSTEM_GROUP: [group]}, {(SYSTEM_GROUP, SYSTEM_POOL)})


def rows(disks: Disks, partitions: bool, skip_smart: bool) -> Iterator[dict[str, Any]]:
    """The list of disks as the API shows it, each with its partitions behind it where they are wanted."""
    for name, disk in disks.disks.items():
        used = disk.used
        if disk.partitions:
            used = (
                "partitions" if partitions else used or next((part.used for part in disk.partitions if part.used), "")
            )
        row: dict[str, Any] = {
            "devpath": disk.path,
            "size": disk.size,
            "gpt": int(disk.gpt),
            "wwn": "unknown",
            **(VIRTUAL if disk.virtual else _identity(name, disk, skip_smart)),
            **_common(disk, used or ("partitions" if disk.partitions else "")),
        }
        yield row
        for part in disk.partitions if partitions else ():
            more = {
                "devpath": part.path,
                "parent": disk.path,
                "gpt": int(disk.gpt),
                "type": "partition",
                "size": part.size,
            }
            yield {**more, **_common(part, part.used or ("Device Mapper" if part.holder else ""))}


VIRTUAL = {
    "type": "unknown", "rpm": -1, "vendor": "0x1af4", "model": "unknown", "serial": "unknown", "health": "UNKNOWN",
    "wearout": "N/A",
}  # fmt: skip


def _identity(name: str, disk: Disk, skip_smart: bool) -> dict[str, Any]:
    return {
        "by_id_link": disk.link,
        "type": "ssd",
        "rpm": 0,
        "vendor": "ATA",
        "model": "SIMULATED",
        "serial": name.upper(),
        "health": "UNKNOWN" if skip_smart else "PASSED",
        "wearout": "N/A" if skip_smart else 100,
    }


def _common(device: Device, used: str) -> dict[str, Any]:
    mounted = {"mounted": 1} if device.mounted else {}
    return {"osdid": -1, "osdid-list": None, **mounted, **({"used": used} if used else {})}
