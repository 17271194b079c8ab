# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests: virtual machines and containers with their configuration, pending changes, snapshots and state."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError

if TYPE_CHECKING:
    from .state import Cluster

Config = dict[str, Any]

DIRECTORY = {"qemu": "qemu-server", "lxc": "lxc"}
LABEL = {"qemu": "VM", "lxc": "CT"}


@dataclass
class Snapshot:
    """One snapshot: the configuration of its moment, and what belongs to the snapshot itself."""

    name: str
    config: Config
    time: int
    description: str = ""
    parent: str | None = None
    vmstate: str | None = None  # volume id of the saved memory
    running: Config = field(default_factory=dict)


@dataclass
class Guest:
    """One guest.

    `config` holds integers and booleans as numbers and everything else as text, as the API shows them.
    `pending` holds what waits for the guest to stop; None marks an option that will be deleted.
    """

    vmid: int
    kind: str
    node: str
    config: Config = field(default_factory=dict)
    pending: Config = field(default_factory=dict)
    pending_force: set[str] = field(default_factory=set)  # drives whose volume goes with a pending deletion
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    parent: str | None = None
    status: str = "stopped"
    paused: bool = False
    started: float = 0.0
    pid: int = 0
    cloudinit: Config = field(default_factory=dict)  # the values on the generated cloud-init drive
    agent: dict[str, Any] = field(default_factory=dict)  # files and processes inside the guest
    task_lock: str | None = None  # held by a task that runs
    answers: bool = False  # an operating system runs in it that reacts to ACPI and has an agent

    @property
    def label(self) -> str:
        return LABEL[self.kind]

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def hibernated(self) -> bool:
        """Whether its memory is on a disk, from which it goes on when it is started."""
        return bool(self.config.get("lock") == "suspended")

    @property
    def name(self) -> str:
        if self.kind == "lxc":
            return str(self.config.get("hostname") or f"CT{self.vmid}")
        return str(self.config.get("name") or f"VM {self.vmid}")

    @property
    def is_template(self) -> bool:
        return bool(self.config.get("template"))

    @property
    def lock(self) -> str | None:
        return self.config.get("lock") or self.task_lock

    @property
    def file(self) -> str:
        return f"nodes/{self.node}/{DIRECTORY[self.kind]}/{self.vmid}.conf"

    def text(self) -> str:
        """The configuration file as PVE would write it."""
        parts = [render(self.config)]
        if self.pending:
            removed = [name for name, value in self.pending.items() if value is None]
            values = {name: value for name, value in self.pending.items() if value is not None}
            parts.append("[PENDING]\n" + (f"delete: {','.join(sorted(removed))}\n" if removed else "") + render(values))
        for snapshot in self.snapshots.values():
            parts.append(f"[{snapshot.name}]\n#{snapshot.description}\nsnaptime: {snapshot.time}\n")
            parts.append(render(snapshot.config))
        return "\n".join(parts) + (f"parent: {self.parent}\n" if self.parent else "")

    def digest(self) -> str:
        return hashlib.sha1(self.text().encode()).hexdigest()

    def shown(self) -> Config:
        """The configuration in force, with the lock of a running task."""
        return {**self.config, "lock": self.lock} if self.lock else dict(self.config)

    def effective(self) -> Config:
        """The configuration with the pending changes applied, as GET config shows it by default."""
        merged = {**self.shown(), **self.pending}
        return {name: value for name, value in merged.items() if value is not None}

    def check_lock(self) -> None:
        if self.lock:
            raise ApiError(500, f"{self.label} is locked ({self.lock})")


def render(config: Config) -> str:
    """Options as lines of a configuration file, the description as its leading comment."""
    lines = [f"#{line}" for line in str(config.get("description", "")).splitlines()]
    lines += [f"{name}: {value}" for name, value in sorted(config.items()) if name != "description"]
    return "".join(f"{line}\n" for line in lines)


# --- finding -------------------------------------------------------------------


def missing_config(kind: str, vmid: int, node: str) -> str:
    return f"Configuration file 'nodes/{node}/{DIRECTORY[kind]}/{vmid}.conf' does not exist"


def find_guest(cluster: Cluster, kind: str, vmid: int, node: str) -> Guest:
    guest: Guest | None = cluster.guests.get(vmid)
    if guest is None or guest.kind != kind or guest.node != node:
        raise ApiError(500, missing_config(kind, vmid, node))
    return guest


def check_vmid_free(cluster: Cluster, vmid: int) -> None:
    """Refuse an id that any guest of the cluster has (pve-guest-common, create_and_lock_config)."""
    guest = cluster.guests.get(vmid)
    if guest is not None:
        raise ApiError(500, f"{guest.label} {vmid} already exists on node '{guest.node}'")


# --- making --------------------------------------------------------------------


def new_uuid(cluster: Cluster) -> str:
    return str(uuid.UUID(int=cluster.random.getrandbits(128), version=4))


def new_mac(cluster: Cluster) -> str:
    """An address in the range that PVE uses by default."""
    return "BC:24:11:" + ":".join(f"{cluster.random.randrange(256):02X}" for _number in range(3))


def creation_meta(cluster: Cluster) -> str:
    return f"creation-qemu=10.0.13,ctime={int(cluster.now())}"


def make_guest(cluster: Cluster, vmid: int, kind: str, node: str, config: Config, status: str = "stopped") -> Guest:
    """A guest as scenarios describe it: complete configuration, an operating system inside, unchecked."""
    complete = dict(config)
    if kind == "qemu":
        complete.setdefault("smbios1", f"uuid={new_uuid(cluster)}")
        complete.setdefault("vmgenid", new_uuid(cluster))
        complete.setdefault("meta", creation_meta(cluster))
        complete.setdefault("boot", " ")
    else:
        for name, value in (("arch", "amd64"), ("ostype", "debian"), ("memory", 512), ("swap", 512)):
            complete.setdefault(name, value)
        complete.setdefault("hostname", f"CT{vmid}")
    guest = Guest(vmid, kind, node, complete, answers=True)
    cluster.guests[vmid] = guest
    if status == "running":
        set_running(cluster, guest)
    return guest


def set_running(cluster: Cluster, guest: Guest) -> None:
    """Let a guest run; a machine with freeze waits for its first instruction (qemu-server src/PVE/QemuServer.pm, -S)."""
    guest.status, guest.paused = "running", guest.kind == "qemu" and bool(guest.config.get("freeze"))
    guest.started = cluster.now()
    guest.pid = cluster.random.randrange(1000, 4_000_000)


def set_stopped(guest: Guest) -> None:
    guest.status, guest.paused, guest.pid = "stopped", False, 0
    guest.agent.clear()


# --- slots ----------------------------------------------------------------------

DISK_SLOTS = (
    *(f"ide{n}" for n in range(4)),
    *(f"scsi{n}" for n in range(31)),
    *(f"virtio{n}" for n in range(16)),
    *(f"sata{n}" for n in range(6)),
    "efidisk0",
    "tpmstate0",
)
DRIVE = re.compile(r"(?:ide|scsi|virtio|sata|efidisk|tpmstate)\d+")
MOUNT_POINT = re.compile(r"rootfs|mp\d+")
UNUSED = re.compile(r"unused\d+")
NET = re.compile(r"net\d+")


def volume_slots(kind: str, config: Config) -> list[str]:
    """The names of the options that hold a volume of the guest, in PVE's order."""
    if kind == "qemu":
        return [slot for slot in DISK_SLOTS if slot in config]
    return sorted((name for name in config if MOUNT_POINT.fullmatch(name)), key=_slot_order)


def _slot_order(name: str) -> tuple[bool, int]:
    return (name != "rootfs", int(re.sub(r"\D", "", name) or 0))


def unused_slots(config: Config) -> list[str]:
    return sorted((name for name in config if UNUSED.fullmatch(name)), key=_slot_order)


def volid_of(value: Any) -> str:
    """The volume id (or path, or "none") of a drive, a mount point or an unused volume."""
    for part in str(value).split(","):
        name, equals, rest = part.partition("=")
        if not equals:
            return part
        if name in ("file", "volume"):
            return rest
    return ""


def add_unused(config: Config, volid: str) -> str | None:
    """Note a volume as unused, unless the configuration still names it; the slot that took it."""
    if any(volid_of(value) == volid for name, value in config.items() if _names_volume(name)):
        return None
    slot = next(f"unused{n}" for n in range(256) if f"unused{n}" not in config)
    config[slot] = volid
    return slot


def _names_volume(name: str) -> bool:
    return bool(DRIVE.fullmatch(name) or MOUNT_POINT.fullmatch(name) or UNUSED.fullmatch(name))
