# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API reports about the state and the use of guests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import volumes
from .drives import boot_devices, is_cdrom, parse_drive
from .file_system import file_system_size
from .guest import DISK_SLOTS, NET, Guest, volid_of
from .guest_options import option_format
from .property_string import split
from .qemu_config import memory_of
from .sizes import MIB, parse_size

if TYPE_CHECKING:
    from .state import Cluster

QEMU_VERSION = "10.0.13"
MACHINE = "pc-i440fx-10.0+pve1"
PRESSURE = ("cpusome", "cpufull", "iosome", "iofull", "memorysome", "memoryfull")
BLOCK_STATISTICS = ("rd_bytes", "rd_operations", "wr_bytes", "wr_operations", "flush_operations", "wr_highest_offset")


def agent_enabled(guest: Guest) -> bool:
    value = guest.config.get("agent")
    if value is None:
        return False
    return split(str(value), option_format("qemu", "agent")).get("enabled") == "1"


def cpus_of(cluster: Cluster, guest: Guest) -> int:
    config = guest.config
    if guest.kind == "lxc":
        return int(config.get("cores") or float(config.get("cpulimit") or 0) or cluster.nodes[guest.node].cpus)
    count = int(config.get("sockets") or 1) * int(config.get("cores") or 1)
    return min(count, int(config.get("vcpus") or count))


def memory_bytes(guest: Guest) -> int:
    if guest.kind == "lxc":
        return int(guest.config.get("memory", 512)) * MIB
    return memory_of(guest.config) * MIB


def disk_bytes(guest: Guest) -> int:
    """The size of the disk that the guest boots from."""
    slots = ["rootfs"] if guest.kind == "lxc" else boot_devices(guest.config)
    for slot in slots:
        value = str(guest.config.get(slot, ""))
        if slot in ("rootfs", *DISK_SLOTS) and value and "media=cdrom" not in value:
            return next((parse_size(part[5:]) or 0 for part in value.split(",") if part.startswith("size=")), 0)
    return 0


def uptime(cluster: Cluster, guest: Guest) -> int:
    return int(cluster.now() - guest.started) if guest.running else 0


def qemu_status(cluster: Cluster, guest: Guest, full: bool = False) -> dict[str, Any]:
    """A row of the list of virtual machines; `full` adds what only the running process knows."""
    config = guest.config
    status: dict[str, Any] = {
        "vmid": guest.vmid,
        "name": guest.name,
        "status": guest.status,
        "cpus": cpus_of(cluster, guest),
        "maxmem": memory_bytes(guest),
        "maxdisk": disk_bytes(guest),
        "uptime": uptime(cluster, guest),
        **dict.fromkeys(("cpu", "mem", "memhost", "disk", "netin", "netout"), 0),
    }
    status |= {name: config[name] for name in ("tags", "shares", "template") if name in config}
    if guest.lock:
        status["lock"] = guest.lock
    if balloon := config.get("balloon"):
        status["balloon_min"] = int(balloon) * MIB
    if any(f"serial{n}" in config for n in range(4)):
        status["serial"] = 1
    if guest.running:
        status |= {"pid": guest.pid, **{f"pressure{name}": 0 for name in PRESSURE}}
        status |= {"mem": status["maxmem"] // 3, "memhost": status["maxmem"] // 2, "cpu": 0.01, "netin": 170}
    if full:
        status["qmpstatus"] = "paused" if guest.paused else guest.status
        if guest.running:
            status |= _process_status(guest)
    return status


# What QEMU as PVE builds it says that it can do.
SUPPORT = (
    "backup-access-api backup-fleecing backup-max-workers pbs-dirty-bitmap pbs-dirty-bitmap-migration"
    " pbs-dirty-bitmap-savevm pbs-masterkey query-bitmap-info"
).split()


def _process_status(guest: Guest) -> dict[str, Any]:
    memory = memory_bytes(guest)
    status: dict[str, Any] = {
        "diskread": 0,
        "diskwrite": 0,
        "balloon": memory,
        "ballooninfo": {"actual": memory, "max_mem": memory},
        "running-qemu": QEMU_VERSION,
        "running-machine": MACHINE,
        "proxmox-support": {**dict.fromkeys(SUPPORT, True), "pbs-library-version": "0 (stand-in)"},
    }
    drives = [slot for slot in DISK_SLOTS if slot in guest.config]
    if drives:
        status["blockstat"] = {slot: dict.fromkeys(BLOCK_STATISTICS, 0) for slot in drives}
    nets = [name.removeprefix("net") for name in guest.config if NET.fullmatch(name)]
    if nets:
        status["nics"] = {f"tap{guest.vmid}i{number}": {"netin": 170, "netout": 0} for number in nets}
    return status


def qemu_current(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    status = qemu_status(cluster, guest, full=True)
    status["ha"] = ha_state(cluster, guest)
    if agent_enabled(guest):
        status["agent"] = 1
    if vga := guest.config.get("vga"):
        parts = split(str(vga), option_format("qemu", "vga"))
        status["clipboard"] = parts.get("clipboard")
        if parts.get("type", "").startswith("qxl"):
            status["spice"] = 1
    return status


def lxc_status(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    """A row of the list of containers."""
    config = guest.config
    swap = int(config.get("swap", 512)) * MIB
    status: dict[str, Any] = {
        "vmid": guest.vmid,
        "name": guest.name,
        "type": "lxc",
        "status": guest.status,
        "cpus": cpus_of(cluster, guest),
        "maxmem": memory_bytes(guest),
        "maxswap": swap,
        "maxdisk": disk_bytes(guest),
        "uptime": uptime(cluster, guest),
        **dict.fromkeys(("cpu", "mem", "swap", "disk", "diskread", "diskwrite", "netin", "netout"), 0),
    }
    status |= {name: config[name] for name in ("tags", "template") if name in config}
    if guest.lock:
        status["lock"] = guest.lock
    if guest.running:
        status |= {"pid": guest.pid, **{f"pressure{name}": "0.00" for name in PRESSURE}}
        status |= {"mem": status["maxmem"] // 8, "disk": 372736, "maxdisk": file_system_size(status["maxdisk"])}
    return status


def lxc_current(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    return {**lxc_status(cluster, guest), "ha": ha_state(cluster, guest)}


def ha_state(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    """The `ha` part of a guest's status; the HA area keeps its resources by "vm:100" and "ct:100"."""
    sid = f"{guest.label.lower()}:{guest.vmid}"
    resource = cluster.areas.get("ha_resources", {}).get(sid)
    if resource is None or resource.get("state") == "ignored":
        return {"managed": 0}
    group = {"group": resource["group"]} if "group" in resource else {}
    return {"managed": 1, "state": resource.get("state", "started"), **group}


def boots_system(cluster: Cluster, guest: Guest) -> bool:
    """Whether an operating system is on one of the guest's disks, so that it can react when it runs."""
    for slot in DISK_SLOTS[:-2]:
        value = guest.config.get(slot)
        if value is None or is_cdrom(parse_drive(slot, value)):
            continue
        volid = volid_of(value)
        volume = volumes.find_volume(cluster, volid, guest.node) if ":" in volid else None
        if volume is not None and volume.system:
            return True
    return False
