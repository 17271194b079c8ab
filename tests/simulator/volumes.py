# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes: what lies on storages, how new ones are named, and what can be done with them.

A volume is known by its storage, the node that holds it (None on shared storages) and its name, which is what
follows the colon of a volume id: "9000/vm-9000-disk-0.qcow2" in a directory, "vm-9000-disk-0" elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .sizes import KIB
from .storages import Storage, find_storage, usable_storage
from .volume_names import file_path, split_volid

if TYPE_CHECKING:
    from .state import Cluster

Place = tuple[str, str | None]


@dataclass
class Volume:
    """One volume. `payload` is what a backup or an appliance holds; `system`: whether an operating system is on the disk."""

    storage: str
    node: str | None
    name: str
    content: str
    format: str
    size: int
    ctime: int
    vmid: int | None = None
    used: int = 4096
    parent: str | None = None
    snapshots: list[str] = field(default_factory=list)
    notes: str = ""
    protected: bool = False
    system: bool = False
    payload: Any = None

    @property
    def volid(self) -> str:
        return f"{self.storage}:{self.name}"

    @property
    def basename(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def is_base(self) -> bool:
        return self.basename.startswith(("base-", "basevol-"))


class VolumeTable:
    """All volumes of a cluster, found by place and name and by place and owner."""

    def __init__(self) -> None:
        self._by_place: dict[Place, dict[str, Volume]] = defaultdict(dict)
        self._by_owner: dict[tuple[Place, int], dict[str, Volume]] = defaultdict(dict)

    def add(self, volume: Volume) -> Volume:
        place = (volume.storage, volume.node)
        self._by_place[place][volume.name] = volume
        if volume.vmid is not None:
            self._by_owner[place, volume.vmid][volume.name] = volume
        return volume

    def remove(self, volume: Volume) -> None:
        place = (volume.storage, volume.node)
        self._by_place[place].pop(volume.name, None)
        if volume.vmid is not None:
            self._by_owner[place, volume.vmid].pop(volume.name, None)

    def all(self) -> Iterator[Volume]:
        for volumes in self._by_place.values():
            yield from volumes.values()

    def at(self, place: Place) -> Iterable[Volume]:
        return self._by_place[place].values()

    def owned(self, place: Place, vmid: int) -> Iterable[Volume]:
        return self._by_owner[place, vmid].values()

    def get(self, place: Place, name: str) -> Volume | None:
        return self._by_place[place].get(name)

    def drop_place(self, place: Place) -> None:
        for volume in list(self._by_place.pop(place, {}).values()):
            if volume.vmid is not None:
                self._by_owner[place, volume.vmid].pop(volume.name, None)


def table(cluster: Cluster) -> VolumeTable:
    found: VolumeTable = cluster.areas.setdefault("volumes", VolumeTable())
    return found


def place_of(storage: Storage, node: str) -> Place:
    return (storage.storageid, None if storage.shared else node)


# --- naming ---------------------------------------------------------------------


def free_name(volumes: VolumeTable, storage: Storage, node: str, vmid: int, image_format: str) -> str:
    """The first free vm-VMID-disk-N (pve-storage Plugin.pm, get_next_vm_diskname)."""
    numbers = set()
    for volume in volumes.owned(place_of(storage, node), vmid):
        if match := re.match(rf"(?:vm|base|subvol|basevol)-{vmid}-disk-(\d+)", volume.basename):
            numbers.add(int(match[1]))
    number = next(n for n in range(len(numbers) + 1) if n not in numbers)
    prefix = "subvol" if image_format == "subvol" else "vm"
    return _full_name(storage, vmid, f"{prefix}-{vmid}-disk-{number}", image_format)


def _full_name(storage: Storage, vmid: int, stem: str, image_format: str) -> str:
    return f"{vmid}/{stem}.{image_format}" if storage.is_directory else stem


# --- finding, making and removing ----------------------------------------------


def find_volume(cluster: Cluster, volid: str, node: str) -> Volume | None:
    storageid, name = split_volid(volid)
    storage = find_storage(cluster, storageid)
    return table(cluster).get(place_of(storage, node), name)


def existing_volume(cluster: Cluster, volid: str, node: str) -> Volume:
    volume = find_volume(cluster, volid, node)
    if volume is None:
        raise ApiError(500, f"volume '{volid}' does not exist")
    return volume


def check_images(storage: Storage, container: bool) -> None:
    content = "rootdir" if container else "images"
    if content not in storage.contents:
        if container:
            raise ApiError(500, f"storage '{storage.storageid}' does not support container directories")
        raise ApiError(500, f"storage '{storage.storageid}' does not support content-type 'images'")


def allocate(
    cluster: Cluster,
    storageid: str,
    node: str,
    vmid: int,
    size: int,
    image_format: str | None = None,
    stem: str | None = None,
    content: str = "images",
) -> Volume:
    """A new volume of `size` bytes; `stem` replaces the name that is chosen otherwise ("vm-9000-cloudinit")."""
    storage = usable_storage(cluster, storageid, node)
    image_format = image_format or storage.default_format
    if image_format not in storage.type.formats:
        raise ApiError(500, f"unsupported format '{image_format}'")
    name = (
        _full_name(storage, vmid, stem, image_format)
        if stem
        else free_name(table(cluster), storage, node, vmid, image_format)
    )
    if table(cluster).get(place_of(storage, node), name):
        raise ApiError(500, f"disk image '{file_path(storage, name)}' already exists")
    volume = Volume(storageid, place_of(storage, node)[1], name, content, image_format, size, int(cluster.now()), vmid)
    volume.used = 196 * KIB if image_format == "qcow2" else 4 * KIB
    return table(cluster).add(volume)


def copy_volume(
    cluster: Cluster,
    source: Volume,
    storageid: str,
    node: str,
    vmid: int,
    image_format: str | None = None,
    snapshot: str | None = None,
) -> Volume:
    """A full copy; without a snapshot name the present contents are copied, never the snapshots."""
    storage = usable_storage(cluster, storageid, node)
    wanted = image_format or source.format
    if wanted not in storage.type.formats:
        wanted = storage.default_format
    size = -(-source.size // KIB) * KIB
    volume = allocate(cluster, storageid, node, vmid, size, wanted, content=source.content)
    volume.system, volume.used = source.system, max(volume.used, source.used)
    return volume


def linked_clone(cluster: Cluster, base: Volume, node: str, vmid: int) -> Volume:
    """A volume that stores only what differs from its base."""
    storage = find_storage(cluster, base.storage)
    image_format = "qcow2" if storage.is_directory and base.format != "subvol" else base.format
    name = free_name(table(cluster), storage, node, vmid, image_format)
    parent = f"../{base.name}" if storage.is_directory else base.name
    volume = Volume(
        base.storage,
        base.node,
        f"{base.name}/{name}",
        base.content,
        image_format,
        base.size,
        int(cluster.now()),
        vmid,
        196 * KIB,
        parent,
        system=base.system,
    )
    return table(cluster).add(volume)


def rename_volume(cluster: Cluster, volume: Volume, name: str, vmid: int | None = None) -> Volume:
    table(cluster).remove(volume)
    renamed = replace(volume, name=name, vmid=volume.vmid if vmid is None else vmid)
    return table(cluster).add(renamed)


def make_base(cluster: Cluster, volume: Volume) -> Volume:
    """Turn a volume into a base of linked clones: vm-… becomes base-…."""
    head, slash, last = volume.name.rpartition("/")
    for prefix, base in (("vm-", "base-"), ("subvol-", "basevol-")):
        if last.startswith(prefix):
            last = base + last.removeprefix(prefix)
            break
    return rename_volume(cluster, volume, head + slash + last)


def clones_of(cluster: Cluster, base: Volume) -> list[Volume]:
    prefix = f"{base.name}/"
    return [volume for volume in table(cluster).at((base.storage, base.node)) if volume.name.startswith(prefix)]


def free(cluster: Cluster, volume: Volume) -> None:
    if volume.is_base and clones_of(cluster, volume):
        raise ApiError(500, f"base volume '{volume.volid}' is still in use by linked cloned")
    table(cluster).remove(volume)


def has_feature(
    cluster: Cluster, volume: Volume, feature: str, snapshot: str | None = None, container: bool = False
) -> bool:
    """Whether a volume can be copied ("copy"), snapshotted or cloned without copying ("clone").

    What a directory makes of a raw base volume is a qcow2 image, which a container cannot use.
    """
    if feature == "copy":
        return True
    storage = find_storage(cluster, volume.storage)
    if feature == "snapshot" and storage.options.get("snapshot-as-volume-chain"):
        return volume.format == "qcow2"
    if feature == "clone" and snapshot:
        return f"clone-snapshot:{volume.format}" in storage.type.features
    if feature == "clone" and (not volume.is_base or (container and storage.is_directory)):
        return False
    return f"{feature}:{volume.format}" in storage.type.features
