# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as volumes: what an archive holds, how it is named, and which ones pruning keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from . import volumes
from .drives import is_cdrom, parse_drive
from .guest import Config, Guest, render, volid_of, volume_slots
from .lxc_config import parse_mount_point
from .sizes import KIB
from .storages import Storage
from .volume_names import parse_name
from .volumes import Volume

if TYPE_CHECKING:
    from .state import Cluster

SUFFIXES = {"0": "", "1": ".lzo", "lzo": ".lzo", "gzip": ".gz", "zstd": ".zst"}


@dataclass(frozen=True)
class DiskCopy:
    """A disk inside a backup."""

    storage: str
    format: str
    size: int
    system: bool


@dataclass
class Archive:
    """What a backup holds: the configuration without locks and pending changes, and the disks by slot."""

    kind: str
    config: Config
    disks: dict[str, DiskCopy] = field(default_factory=dict)
    firewall: Any = None

    def text(self) -> str:
        """The configuration as vzdump writes it into the archive."""
        lines = [
            f"#qmdump#map:{slot}:drive-{slot}:{disk.storage}:{disk.format}:"
            for slot, disk in sorted(self.disks.items())
            if self.kind == "qemu"
        ]
        return render(self.config) + "".join(f"{line}\n" for line in lines)


@dataclass
class Selection:
    """The disks of a guest: what a backup includes, and what it leaves out and why."""

    included: dict[str, Volume] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)


def select(cluster: Cluster, guest: Guest) -> Selection:
    """PVE backs up every disk without backup=0, of containers only the root and mount points with backup=1."""
    result = Selection()
    for slot in volume_slots(guest.kind, guest.config):
        value = guest.config[slot]
        parts = parse_drive(slot, value) if guest.kind == "qemu" else parse_mount_point(slot, value)
        if guest.kind == "qemu" and is_cdrom(parts):  # a cloud-init drive as well: a restore makes a new one
            continue
        volid = volid_of(value)
        volume = volumes.find_volume(cluster, volid, guest.node) if ":" in volid else None
        wanted = parts.get("backup", "1" if guest.kind == "qemu" or slot == "rootfs" else "0") == "1"
        if volume is None or not wanted:
            result.excluded[slot] = "backup=no" if guest.kind == "qemu" else "disabled"
        else:
            result.included[slot] = volume
    return result


def archive_of(cluster: Cluster, guest: Guest) -> Archive:
    selection = select(cluster, guest)
    kept = {name: value for name, value in guest.config.items() if name not in ("lock", "parent", "vmstate")}
    disks = {
        slot: DiskCopy(volume.storage, volume.format, volume.size, volume.system)
        for slot, volume in selection.included.items()
    }
    return Archive(guest.kind, kept, disks)


def moment_of(cluster: Cluster, storage: Storage, guest: Guest) -> int:
    """The present second, or the next one that no backup of the guest has: archives are named by it."""
    place, now = volumes.place_of(storage, guest.node), cluster.now()
    taken = {volume.ctime for volume in volumes.table(cluster).owned(place, guest.vmid) if volume.content == "backup"}
    while now in taken:
        now += 1
    return now


def archive_name(storage: Storage, guest: Guest, moment: int, compress: str) -> str:
    when = datetime.fromtimestamp(moment, timezone.utc)
    if storage.kind == "pbs":
        return f"backup/{'vm' if guest.kind == 'qemu' else 'ct'}/{guest.vmid}/{when:%Y-%m-%dT%H:%M:%SZ}"
    suffix = ("vma" if guest.kind == "qemu" else "tar") + SUFFIXES[compress]
    return f"backup/vzdump-{guest.kind}-{guest.vmid}-{when:%Y_%m_%d-%H_%M_%S}.{suffix}"


def archive_size(archive: Archive) -> int:
    """Bytes: of a machine a header, of each disk what describes its blocks of 64 KiB, 59 at once, and something for a system."""
    if archive.kind == "lxc":
        return 32 * KIB + sum(disk.size // 1024 for disk in archive.disks.values())
    size = 15 * KIB
    for disk in archive.disks.values():
        blocks = -(-disk.size // (64 * KIB))
        size += -(-blocks // 59) * 512 + (disk.size // 1024 if disk.system else 0)
    return size


def store(cluster: Cluster, storage: Storage, guest: Guest, name: str, moment: int) -> Volume:
    archive = archive_of(cluster, guest)
    size = archive_size(archive)
    volume = Volume(
        storage.storageid, volumes.place_of(storage, guest.node)[1], name, "backup",
        parse_name(storage, name).format, size, moment, guest.vmid, size,
    )  # fmt: skip
    volume.payload = archive
    return volumes.table(cluster).add(volume)


def notes_of(cluster: Cluster, guest: Guest, template: str) -> str:
    """The notes of a backup from their template (pve-manager PVE/VZDump.pm, generate_notes)."""
    values = {
        "cluster": cluster.name or "standalone node",
        "guestname": guest.name,
        "node": guest.node,
        "vmid": str(guest.vmid),
    }
    text = template.replace("\\n", "\n").replace("\\\\", "\\")
    return re.sub(r"\{\{([^{}]+)\}\}", lambda match: values.get(match[1], match[0]), text)


# --- pruning ---------------------------------------------------------------------------------

# How the moments of a kept backup are reported apart (pve-storage src/PVE/Storage.pm, prune_mark_backup_group).
SPANS = {
    "keep-hourly": "%Y-%m-%d %H",
    "keep-daily": "%Y-%m-%d",
    "keep-weekly": "%G-%V",
    "keep-monthly": "%Y-%m",
    "keep-yearly": "%Y",
}


def prune_options(text: str) -> dict[str, int]:
    return {
        name: int(value)
        for name, _separator, value in (part.partition("=") for part in text.split(","))
        if value.isdigit()
    }


def marks(backups: Iterable[Volume], options: Mapping[str, int]) -> dict[str, str]:
    """By volume id: "keep", "remove" or "protected". Groups are the guests."""
    result = {}
    groups: dict[int | None, list[Volume]] = {}
    for volume in backups:
        if volume.protected:
            result[volume.volid] = "protected"
        else:
            groups.setdefault(volume.vmid, []).append(volume)
    for group in groups.values():
        newest_first = sorted(group, key=lambda volume: volume.ctime, reverse=True)
        kept = _kept(newest_first, options)
        result |= {volume.volid: "keep" if volume.volid in kept else "remove" for volume in newest_first}
    return result


def _kept(newest_first: list[Volume], options: Mapping[str, int]) -> set[str]:
    if options.get("keep-all") or not any(options.values()):
        return {volume.volid for volume in newest_first}
    kept = {volume.volid for volume in newest_first[: options.get("keep-last", 0)]}
    for span, form in SPANS.items():
        left = options.get(span, 0)
        seen = {_moment(volume, form) for volume in newest_first if volume.volid in kept}
        for volume in newest_first:
            if left <= 0:
                break
            if volume.volid not in kept and _moment(volume, form) not in seen:
                seen.add(_moment(volume, form))
                kept.add(volume.volid)
                left -= 1
    return kept


def _moment(volume: Volume, form: str) -> str:
    return datetime.fromtimestamp(volume.ctime, timezone.utc).strftime(form)
