# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving guests between nodes with the volumes that only their present node has.

Follows qemu-server src/PVE/QemuMigrate.pm and pve-container src/PVE/LXC/Migrate.pm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from . import volumes
from .errors import param_error
from .formats import split_list
from .guest import Config, Guest, unused_slots, volid_of, volume_slots
from .guest_destroy import owned_volumes
from .storages import find_storage, usable_storage
from .tasks import TaskError, TaskLog

if TYPE_CHECKING:
    from .state import Cluster


@dataclass
class StorageMap:
    """Where volumes of a storage go on the target: `default` for all that are not named."""

    default: str | None = None
    named: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, storageid: str) -> str:
        return self.named.get(storageid, self.default or storageid)


def storage_map(parameter: str, text: str | None) -> StorageMap:
    """A map from "STORE", "FROM:TO,…" or "1", which leaves all where they are."""
    result = StorageMap()
    for item in split_list(text):
        source, colon, target = item.partition(":")
        if colon:
            result.named[source] = target
        elif item != "1":
            if result.default:
                text = "failed to parse storage map: default target ID can only be provided once\n"
                raise param_error(parameter, text)
            result.default = item
    return result


def local_volumes(cluster: Cluster, guest: Guest) -> list[volumes.Volume]:
    """What has to be copied: everything the guest owns on storages of its node alone."""
    return [volume for volume in owned_volumes(cluster, guest) if volume.node is not None]


def used_storages(guest: Guest) -> set[str]:
    """The storages that drives and mount points lie on, CD images included."""
    volids = (volid_of(guest.config[slot]) for slot in volume_slots(guest.kind, guest.config))
    return {volid.partition(":")[0] for volid in volids if ":" in volid and not volid.startswith("/")}


def check_storages(cluster: Cluster, guest: Guest, target: str, mapping: StorageMap) -> None:
    """Every storage that will be used must be there on the target."""
    for storageid in sorted({*mapping.named.values(), *filter(None, [mapping.default])}):
        usable_storage(cluster, storageid, target)
    for storageid in sorted(used_storages(guest)):
        usable_storage(cluster, mapping[storageid], target)


def unavailable_storages(cluster: Cluster, guest: Guest, target: str) -> list[str]:
    return sorted(name for name in used_storages(guest) if not find_storage(cluster, name).allows(target))


def local_resources(guest: Guest) -> list[str]:
    """Devices of the host that the machine uses."""
    return sorted(
        name
        for name, value in guest.config.items()
        if re.fullmatch(r"(?:usb|hostpci|serial|parallel)\d+", name)
        and not str(value).startswith(("spice", "socket"))
        and "mapping=" not in str(value)
    )


def stamped(cluster: Cluster, log: TaskLog) -> Callable[[str], None]:
    """A log whose lines carry the time, as those of migrations do."""

    def write(line: str) -> None:
        moment = datetime.fromtimestamp(cluster.now(), timezone.utc)
        log(f"{moment:%Y-%m-%d %H:%M:%S} {line}")

    return write


def abort(say: Callable[[str], None], why: str) -> None:
    say(f"ERROR: migration aborted (duration 00:00:00): {why}")
    raise TaskError("migration aborted")


def migrate(cluster: Cluster, guest: Guest, target: str, mapping: StorageMap, say: Callable[[str], None]) -> None:
    """Copy the local volumes and move the configuration."""
    say(f"starting migration of {guest.label} {guest.vmid} to node '{target}' ({cluster.nodes[target].ip})")
    local = local_volumes(cluster, guest)
    if local:
        say("copying local disk images")
    renamed = {}
    for volume in local:
        copy = _transfer(cluster, guest, volume, target, mapping[volume.storage])
        renamed[volume.volid] = copy.volid
        say(f"volume '{volume.volid}' is '{copy.volid}' on the target")
    for config in _configs(guest):
        _rename(guest, config, renamed)
    for snapshot in guest.snapshots.values():
        snapshot.vmstate = renamed.get(snapshot.vmstate or "", snapshot.vmstate)
    guest.node = target
    say("migration finished successfully (duration 00:00:03)")


def _transfer(cluster: Cluster, guest: Guest, volume: volumes.Volume, target: str, storageid: str) -> volumes.Volume:
    storage = usable_storage(cluster, storageid, target)
    table = volumes.table(cluster)
    image_format = volume.format if volume.format in storage.type.formats else storage.default_format
    name = volume.name
    source = find_storage(cluster, volume.storage)
    if source.is_directory != storage.is_directory or table.get(volumes.place_of(storage, target), name):
        name = volumes.free_name(table, storage, target, guest.vmid, image_format)
    table.remove(volume)
    moved = volumes.Volume(
        storageid, volumes.place_of(storage, target)[1], name, volume.content, image_format, volume.size,
        cluster.now(), guest.vmid, volume.used, volume.parent, list(volume.snapshots), system=volume.system,
    )  # fmt: skip
    return table.add(moved)


def _configs(guest: Guest) -> Iterator[Config]:
    yield guest.config
    yield guest.pending
    for snapshot in guest.snapshots.values():
        yield snapshot.config


def _rename(guest: Guest, config: dict[str, Any], renamed: dict[str, str]) -> None:
    for slot in (*volume_slots(guest.kind, config), *unused_slots(config)):
        if config[slot] is not None:
            volid = volid_of(config[slot])
            if volid in renamed:
                config[slot] = str(config[slot]).replace(volid, renamed[volid], 1)
