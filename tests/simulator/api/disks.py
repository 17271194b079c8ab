# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of a node, and what is made of them: after PVE::API2::Disks and its subclasses LVM, LVMThin, ZFS and Directory.

(pve-storage; not recorded: the recorded host's disks were no test objects.)
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..call import Call
from ..disks import Device, Directory, Disk, Disks, Zpool, disks_of, rows
from ..errors import ApiError
from ..formats import split_list
from ..routing import endpoint
from ..sizes import GIB
from ..storages import Storage, make_storage
from ..tasks import TaskError, TaskLog

BASE = "/nodes/{node}/disks"
FEWEST_DISKS = {
    "single": 1, "mirror": 2, "raid10": 4, "raidz": 3, "raidz2": 4, "raidz3": 5, "draid": 3, "draid2": 4, "draid3": 5,
}  # fmt: skip
SUBDIRECTORIES = ("list", "initgpt", "smart", "lvm", "lvmthin", "directory", "wipedisk", "zfs")
DIRECTORY_CONTENT = "rootdir,images,iso,backup,vztmpl,snippets"


def here(call: Call) -> Disks:
    return disks_of(call.cluster.nodes[str(call.node)])


def start(call: Call, kind: str, ident: str, work: Callable[[], None]) -> str:
    """Start a task; to take storages away needs their privilege."""
    if call.params.get("cleanup-config"):
        call.check("/storage", ["Datastore.Allocate"])

    def run(log: TaskLog) -> None:
        try:
            work()
        except ApiError as error:
            raise TaskError(error.message) from None

    return call.cluster.tasks.start(call, str(call.node), kind, ident, run)


# --- storages that go with them -------------------------------------------------------------


def reserve_storage(call: Call, kind: str, options: Mapping[str, str]) -> Callable[[], None]:
    """Check that the storage can be added, and return what adds it (PVE::API2::Storage::Config, create_or_update)."""
    name, node = call.params["name"], str(call.node)
    found: Storage | None = call.cluster.storages.get(name)
    if call.params.get("add_storage"):
        call.check("/storage", ["Datastore.Allocate"])
        check_storage(found, node, {**options, "type": kind})

    def add() -> None:
        if not call.params.get("add_storage"):
            return
        if found is None:
            content = DIRECTORY_CONTENT if kind == "dir" else "rootdir,images"
            make_storage(call.cluster, name, kind, {**options, "content": content, "nodes": node})
        else:
            found.options["nodes"] = ",".join([*split_list(found.options["nodes"]), node])

    return add


def check_storage(found: Storage | None, node: str, options: Mapping[str, str]) -> None:
    """A storage of that name must be one of the same kind on other nodes."""
    if found is None:
        return
    if found.allows(node):
        raise ApiError(500, f"Storage ID '{found.storageid}' already exists on node {node}")
    for option, value in options.items():
        present = {**found.options, "type": found.kind}.get(option)
        if present != value:
            raise ApiError(
                500, f"Option '{option}' ({value}) does not match existing storage configuration '{present}'"
            )


def clean_storages(call: Call, kind: str, options: Mapping[str, str]) -> None:
    """Take the node from the storages that are gone with it, and remove those without another (cleanup_storages_for_node)."""
    if not call.params.get("cleanup-config"):
        return
    cluster, node = call.cluster, str(call.node)
    for storage in list(cluster.storages.values()):
        if storage.kind != kind or any(storage.options.get(name) != value for name, value in options.items()):
            continue
        others = [name for name in split_list(storage.options.get("nodes") or ",".join(cluster.nodes)) if name != node]
        if others:
            storage.options["nodes"] = ",".join(others)
        else:
            cluster.forget_storage(storage.storageid)


def clean_disks(call: Call, devices: Iterable[Device]) -> None:
    """Wipe what something stood on; the whole disk if there was nothing else."""
    disks = here(call)
    for device in devices if call.params.get("cleanup-disks") else ():
        disk = disks.parent(device)
        others = (
            [] if disk is None else [part for part in disk.partitions if part != device and part.used != "ZFS reserved"]
        )
        disks.wipe(device if disk is None or others else disk)


# --- disks -----------------------------------------------------------------------------------


@endpoint("GET", BASE)
def disk_index(call: Call) -> list[dict[str, str]]:
    return [{"name": name} for name in SUBDIRECTORIES]


@endpoint("GET", f"{BASE}/list", ordered=True)
def list_disks(call: Call) -> list[dict[str, Any]]:
    found = rows(here(call), bool(call.params.get("include-partitions")), bool(call.params.get("skipsmart")))
    kind = call.params.get("type")
    if kind == "unused":
        return [row for row in found if "used" not in row]
    if kind == "journal_disks":
        return [
            row for row in found if row.get("used") in (None, "LVM") or (row["used"] == "partitions" and row["gpt"])
        ]
    return list(found)


@endpoint("GET", f"{BASE}/smart")
def smart(call: Call) -> dict[str, Any]:
    here(call).find(call.params["disk"])
    if call.params.get("healthonly"):
        return {"health": "PASSED"}
    attribute = {"id": "  9", "name": "Power_On_Hours", "flags": "-O--CK", "value": 99, "normalized": 99, "worst": 99}
    return {
        "health": "PASSED",
        "type": "ata",
        "attributes": [{**attribute, "threshold": 0, "fail": "-", "raw": "4242"}],
    }


@endpoint("POST", f"{BASE}/initgpt")
def init_gpt(call: Call) -> str:
    disks = here(call)
    disk = disks.find(call.params["disk"])
    if not isinstance(disk, Disk):
        raise ApiError(500, f"{disk.path} is a partition")
    if disks.in_use(disk):
        raise ApiError(500, f"disk {disk.path} already in use")
    return start(call, "diskinit", disk.path.rpartition("/")[2], lambda: setattr(disk, "gpt", True))


@endpoint("PUT", f"{BASE}/wipedisk")
def wipe_disk(call: Call) -> str:
    disks = here(call)
    device = disks.find(call.params["disk"])
    for part in disks.within(device):
        if part.mounted:
            raise ApiError(500, f"disk/partition '{part.path}' is mounted")
        if part.holder:
            raise ApiError(500, f"disk/partition '{part.path}' has a holder")
    return start(call, "wipedisk", device.path.rpartition("/")[2], lambda: disks.wipe(device))


# --- volume groups ---------------------------------------------------------------------------


@endpoint("GET", f"{BASE}/lvm")
def list_groups(call: Call) -> dict[str, Any]:
    disks = here(call)
    groups = []
    for name, devices in sorted(disks.groups.items()):
        children = [{"name": part.path, "size": part.size, "free": part.size, "leaf": 1} for part in devices]
        count = sum(1 for group, _pool in disks.thin if group == name)
        size = sum(part.size for part in devices)
        free = GIB if count else size
        groups.append({"name": name, "size": size, "free": free, "lvcount": count, "leaf": 0, "children": children})
    return {"leaf": 0, "children": groups}


@endpoint("POST", f"{BASE}/lvm")
def create_group(call: Call) -> str:
    name = call.params["name"]
    device = here(call).unused(call.params["device"])
    add_storage = reserve_storage(call, "lvm", {"vgname": name})

    def work() -> None:
        make_group(call, name, device)
        add_storage()

    return start(call, "lvmcreate", name, work)


def make_group(call: Call, name: str, device: Device) -> None:
    disks = here(call)
    if name in disks.groups:
        raise ApiError(500, f"volume group with name '{name}' already exists on node '{call.node}'")
    disks.unused(device.path).used = "LVM"
    disks.groups[name] = [device]


@endpoint("DELETE", f"{BASE}/lvm/{{name}}")
def delete_group(call: Call) -> str:
    name, disks = call.params["name"], here(call)

    def work() -> None:
        if name not in disks.groups:
            raise ApiError(500, f"no such volume group '{name}'")
        devices = disks.groups.pop(name)
        disks.thin = {pool for pool in disks.thin if pool[0] != name}
        for device in devices:
            device.holder = False
        clean_storages(call, "lvm", {"vgname": name})
        clean_disks(call, devices)

    return start(call, "lvmremove", name, work)


# --- thin pools ------------------------------------------------------------------------------


@endpoint("GET", f"{BASE}/lvmthin")
def list_thin_pools(call: Call) -> list[dict[str, Any]]:
    size = {"lv_size": 100 * GIB, "used": 0, "metadata_size": GIB, "metadata_used": 0}
    return [{"lv": name, "vg": group, **size} for group, name in sorted(here(call).thin)]


@endpoint("POST", f"{BASE}/lvmthin")
def create_thin_pool(call: Call) -> str:
    name, disks = call.params["name"], here(call)
    device = disks.unused(call.params["device"])
    add_storage = reserve_storage(call, "lvmthin", {"vgname": name, "thinpool": name})

    def work() -> None:
        make_group(call, name, device)
        device.holder = True
        disks.thin.add((name, name))
        add_storage()

    return start(call, "lvmthincreate", name, work)


@endpoint("DELETE", f"{BASE}/lvmthin/{{name}}")
def delete_thin_pool(call: Call) -> str:
    """The volume group stays, without a disk if that is wiped."""
    name, group, disks = call.params["name"], call.params["volume-group"], here(call)

    def work() -> None:
        if (group, name) not in disks.thin:
            raise ApiError(500, f"no such thin pool {group}/{name}")
        disks.thin.discard((group, name))
        clean_storages(call, "lvmthin", {"vgname": group, "thinpool": name})
        if any(other == group for other, _pool in disks.thin):
            if call.params.get("cleanup-disks"):
                raise ApiError(500, f"volume group '{group}' still in use")
            return
        devices = disks.groups.pop(group) if call.params.get("cleanup-disks") else disks.groups[group]
        for device in devices:
            device.holder = False
        clean_disks(call, devices)

    return start(call, "lvmthinremove", f"{group}-{name}", work)


# --- zpools ----------------------------------------------------------------------------------


@endpoint("GET", f"{BASE}/zfs")
def list_zpools(call: Call) -> list[dict[str, Any]]:
    return [
        {"name": name, "size": size, "alloc": 0, "free": size, "frag": 0, "dedup": 1, "health": "ONLINE"}
        for name, pool in sorted(here(call).zpools.items())
        for size in (sum(device.size for device in pool.disks),)
    ]


@endpoint("GET", f"{BASE}/zfs/{{name}}")
def read_zpool(call: Call) -> dict[str, Any]:
    name, disks = call.params["name"], here(call)
    if name not in disks.zpools:
        raise ApiError(500, f"command '/sbin/zpool status -P {name}' failed: exit code 1")
    pool = disks.zpools[name]
    root = vdev(name, vdevs(disks, pool))
    return {"name": name, "state": "ONLINE", "errors": "No known data errors", "leaf": 0, "children": [root]}


def vdev(name: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "state": "ONLINE", "read": 0, "write": 0, "cksum": 0, "msg": ""}
    return {**row, "leaf": 0, "children": children} if children else {**row, "leaf": 1}


def vdevs(disks: Disks, pool: Zpool) -> list[dict[str, Any]]:
    """A disk stands there with its lasting name and the partition that ZFS made."""
    leaves = []
    for device in pool.disks:
        disk = disks.parent(device)
        leaves.append(vdev(f"{disk.link}-part1" if disk else device.path, []))
    if pool.level == "single":
        return leaves
    if pool.level == "raid10":
        return [vdev(f"mirror-{number // 2}", leaves[number : number + 2]) for number in range(0, len(leaves), 2)]
    label = {"raidz": "raidz1", "draid": f"draid1:{len(leaves) - 1}d:{len(leaves)}c:0s"}.get(pool.level, pool.level)
    return [vdev(f"{label}-0", leaves)]


@endpoint("POST", f"{BASE}/zfs")
def create_zpool(call: Call) -> str:
    name, level, disks = call.params["name"], call.params["raidlevel"], here(call)
    if "draid-config" in call.params and not level.startswith("draid"):
        raise ApiError(500, "draid-config set without using dRAID level")
    devices = [disks.unused(path) for path in split_list(call.params["devices"])]
    add_storage = reserve_storage(call, "zfspool", {"pool": name})
    if name in disks.zpools:
        raise ApiError(500, f"pool '{name}' already exists on node '{call.node}'")
    if level == "raid10" and len(devices) % 2:
        raise ApiError(500, "raid10 needs an even number of disks")
    if level == "single" and len(devices) > 1:
        raise ApiError(500, "please give only one disk for single disk mode")
    if len(devices) < FEWEST_DISKS[level]:
        raise ApiError(500, f"{level} needs at least {FEWEST_DISKS[level]} disks")

    def work() -> None:
        members = []
        for device in devices:
            disks.unused(device.path)
            if isinstance(device, Disk):
                members.append(device.add_partition(1, device.size, "ZFS"))
                device.add_partition(9, 0, "ZFS reserved")
            else:
                device.used = "ZFS"
                members.append(device)
        disks.zpools[name] = Zpool(level, members)
        add_storage()

    return start(call, "zfscreate", name, work)


@endpoint("DELETE", f"{BASE}/zfs/{{name}}")
def delete_zpool(call: Call) -> str:
    name, disks = call.params["name"], here(call)

    def work() -> None:
        if name not in disks.zpools:
            raise ApiError(500, f"command 'zpool destroy {name}' failed: exit code 1")
        pool = disks.zpools.pop(name)
        clean_storages(call, "zfspool", {"pool": name})
        clean_disks(call, pool.disks)

    return start(call, "zfsremove", name, work)


# --- directories -----------------------------------------------------------------------------


def unit(name: str) -> str:
    return f"mnt-pve-{name}.mount".replace("-", "\\x2d").replace("mnt\\x2dpve\\x2d", "mnt-pve-")


@endpoint("GET", f"{BASE}/directory")
def list_directories(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "unitfile": f"/etc/systemd/system/{unit(name)}",
            "path": f"/mnt/pve/{name}",
            "device": f"/dev/disk/by-uuid/{uuid.uuid5(uuid.NAMESPACE_OID, found.device.path)}",
            "type": found.filesystem,
            "options": "defaults",
        }
        for name, found in sorted(here(call).directories.items())
    ]


@endpoint("POST", f"{BASE}/directory")
def create_directory(call: Call) -> str:
    name, disks, filesystem = call.params["name"], here(call), call.params.get("filesystem", "ext4")
    device = disks.unused(call.params["device"])
    add_storage = reserve_storage(call, "dir", {"path": f"/mnt/pve/{name}"})
    if name in disks.directories:
        path = f"/mnt/pve/{name}"
        raise ApiError(500, f"the path for '{name}' is already mounted: {path} ({disks.directories[name].device.path})")

    def work() -> None:
        disks.unused(device.path)
        part = device.add_partition(1, device.size, filesystem) if isinstance(device, Disk) else device
        part.used, part.mounted = filesystem, True
        disks.directories[name] = Directory(part, filesystem)
        add_storage()

    return start(call, "dircreate", name, work)


@endpoint("DELETE", f"{BASE}/directory/{{name}}")
def delete_directory(call: Call) -> str:
    name, disks = call.params["name"], here(call)

    def work() -> None:
        if name not in disks.directories:
            raise ApiError(500, f"command 'systemctl stop '{unit(name)}'' failed: exit code 5")
        found = disks.directories.pop(name)
        found.device.mounted = False
        clean_storages(call, "dir", {"path": f"/mnt/pve/{name}"})
        clean_disks(call, [found.device])

    return start(call, "dirremove", name, work)
