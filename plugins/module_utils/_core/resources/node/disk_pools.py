# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PVE makes of disks: volume groups, thin pools, zpools and directories. Made once, none of it can be changed."""

from __future__ import annotations

import abc
import dataclasses
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ...model.contract import Reader, State
from ...model.errors import InvalidOption, NotFound
from ...model.field import Field, Fields, hyphenated
from ...model.plan import api_path
from ...model.property_string import INTEGER, Part, PropertyString
from ...model.table import Table
from ...model.values import split_list
from .disk_inventory import Inventory, Row, disks_path, is_partition

Options = Mapping[str, Any]
NAME, ADD_STORAGE = Field("name"), Field("add_storage", type="bool")
CLEANUPS = Fields(hyphenated(name, type="bool") for name in ("cleanup_config", "cleanup_disks"))
FEWEST_DISKS = {
    "single": 1,
    "mirror": 2,
    "raid10": 4,
    "raidz": 3,
    "raidz2": 4,
    "raidz3": 5,
    "draid": 3,
    "draid2": 4,
    "draid3": 5,
}
DRAID = PropertyString(Part("data", INTEGER, minimum=1), Part("spares", INTEGER, minimum=0))


@dataclasses.dataclass(frozen=True)
class Pool:
    """Something made of disks, by its node and its name."""

    node: str
    name: str
    volume_group: str = ""  # of a thin pool, if it is called otherwise

    @property
    def group(self) -> str:
        return self.volume_group or self.name


class Kind(abc.ABC):
    """One kind. ``options`` are taken when it is made, beside ``devices``; ``delete_options`` when it is deleted."""

    type: str
    label: str
    loses_data = True  # by being deleted
    device_key = "device"  # the parameter of the call that makes it
    options: ClassVar[Fields] = Fields([])
    delete_options: ClassVar[Fields] = Fields([])

    def tables(self) -> tuple[Table, Table]:
        devices = Field("devices", self.device_key, type="list", elements="str")
        path = f"/nodes/*/disks/{self.type}"
        made, deleted = (NAME, devices, ADD_STORAGE, *self.options), (*CLEANUPS, *self.delete_options)
        return Table((f"POST {path}",), made), Table((f"DELETE {path}/*",), deleted)

    @abc.abstractmethod
    def read(self, reader: Reader, pool: Pool) -> State | None:
        """What there is of that name. ``devices`` are as the server names them."""

    def parse(self, params: Options) -> dict[str, Any]:
        """The options of its own, canonical."""
        return {field.name: params[field.name] for field in self.options}

    def check_complete(self, options: Options) -> None:
        """Whether it can be made of these options."""
        if len(options.get("devices") or []) != 1:
            raise InvalidOption("devices", f"a {self.label} is made of one disk or partition: list it")

    def params(self, options: Options) -> dict[str, Any]:
        """The parameters of the call that makes it."""
        return {"device": options["devices"][0], **{f.name: options[f.name] for f in self.options if f.name in options}}

    def shown(self, options: Options, rows: list[Row]) -> dict[str, Any]:
        """What of the options can be seen afterwards."""
        return {"devices": sorted(self.listed_as(row) for row in rows)}

    def listed_as(self, row: Row) -> str:
        """How the server names a device that it is made of."""
        return str(row["devpath"])

    def delete_params(self, pool: Pool) -> dict[str, Any]:
        return {}

    def task_id(self, pool: Pool) -> str:
        """The id of the task that deletes it."""
        return str(pool.name)


class Group(Kind):
    """A volume group of LVM."""

    type, label = "lvm", "volume group"

    def read(self, reader: Reader, pool: Pool) -> State | None:
        groups = flatten_groups(reader.get(disks_path(pool.node, "lvm")))
        if pool.name not in groups:
            return None
        return {"devices": sorted(groups[pool.name])}


class ThinPool(Kind):
    """A thin pool of LVM, in a volume group that PVE makes with the same name."""

    type, label = "lvmthin", "thin pool"
    delete_options = Fields([hyphenated("volume_group")])

    def read(self, reader: Reader, pool: Pool) -> State | None:
        group = pool.group
        rows = reader.get(disks_path(pool.node, "lvmthin")) or []
        if not any((row["lv"], row["vg"]) == (pool.name, group) for row in rows):
            return None
        groups = flatten_groups(reader.get(disks_path(pool.node, "lvm")))
        return {"volume_group": group, "devices": sorted(groups.get(group, []))}

    def shown(self, options: Options, rows: list[Row]) -> dict[str, Any]:
        return {"volume_group": options["name"], **super().shown(options, rows)}

    def delete_params(self, pool: Pool) -> dict[str, Any]:
        return {"volume-group": pool.group}

    def task_id(self, pool: Pool) -> str:
        return f"{pool.group}-{pool.name}"


class Zpool(Kind):
    """A pool of ZFS."""

    type, label = "zfs", "zpool"
    device_key = "devices"
    options = Fields(
        [
            Field("raidlevel", choices=tuple(FEWEST_DISKS)),
            hyphenated("draid_config", type="raw", codec=DRAID),
            Field("ashift", type="int"),
            Field("compression", choices=("on", "off", "gzip", "lz4", "lzjb", "zle", "zstd")),
        ]
    )

    def read(self, reader: Reader, pool: Pool) -> State | None:
        """The list says whether it is there, another call what it is made of."""
        rows = reader.get(disks_path(pool.node, "zfs")) or []
        if not any(row["name"] == pool.name for row in rows):
            return None
        detail = reader.get(disks_path(pool.node, "zfs", pool.name))
        devices = sorted(re.sub(r"-part\d+$", "", leaf) for leaf in pool_leaves(detail))
        return {"devices": devices, "raidlevel": raid_level(detail)}

    def parse(self, params: Options) -> dict[str, Any]:
        own = super().parse(params)
        level, config, ashift = own["raidlevel"], own["draid_config"], own["ashift"]
        if config is not None:
            if level and not level.startswith("draid"):
                raise InvalidOption("draid_config", f"goes with a raidlevel of draid, not with {level}")
            try:
                own["draid_config"] = DRAID.parse(config)
                DRAID.check_known(own["draid_config"])
            except ValueError as error:
                raise InvalidOption("draid_config", str(error)) from None
        if ashift is not None and not 9 <= ashift <= 16:
            raise InvalidOption("ashift", f"{ashift} is not a number from 9 to 16")
        return own

    def check_complete(self, options: Options) -> None:
        level, count = options.get("raidlevel"), len(options.get("devices") or [])
        if level is None:
            raise InvalidOption("raidlevel", "is needed to create a zpool")
        fewest = FEWEST_DISKS[level]
        if level.startswith("draid") and "draid_config" in options:
            config = options["draid_config"]
            fewest = max(fewest, fewest - 2 + config.get("data", 0) + config.get("spares", 0))
        if count < fewest or (level == "single" and count > 1) or (level == "raid10" and count % 2):
            wanted = {"single": "one disk", "raid10": "an even number of disks, four at least"}
            raise InvalidOption(
                "devices", f"{level} needs {wanted.get(level, f'{fewest} disks at least')}; it has {count}"
            )

    def params(self, options: Options) -> dict[str, Any]:
        own = {name: options[name] for name in ("raidlevel", "ashift", "compression") if name in options}
        if "draid_config" in options:
            own["draid-config"] = DRAID.format(options["draid_config"])
        return {"devices": ",".join(options["devices"]), **own}

    def shown(self, options: Options, rows: list[Row]) -> dict[str, Any]:
        level = {"raidlevel": options["raidlevel"]} if "raidlevel" in options else {}
        return {**super().shown(options, rows), **level}

    def listed_as(self, row: Row) -> str:
        return str(row["devpath"] if is_partition(row) else row.get("by_id_link") or row["devpath"])


class Directory(Kind):
    """A file system on a disk, mounted below /mnt/pve. The server names its device by the UUID of the file system only."""

    type, label, loses_data = "directory", "directory", False
    options = Fields([Field("filesystem", choices=("ext4", "xfs"))])

    def read(self, reader: Reader, pool: Pool) -> State | None:
        path = f"/mnt/pve/{pool.name}"
        for row in reader.get(disks_path(pool.node, "directory")) or []:
            if row["path"] == path:
                return {"path": path, "filesystem": row["type"]}
        return None

    def shown(self, options: Options, rows: list[Row]) -> dict[str, Any]:
        return {"path": f"/mnt/pve/{options['name']}", "filesystem": options.get("filesystem", "ext4")}


KINDS: dict[str, Kind] = {kind.type: kind for kind in (Group(), ThinPool(), Zpool(), Directory())}


def is_stored(reader: Reader, node: str, name: str) -> bool:
    """Whether there is a storage of that name for the node."""
    try:
        nodes = reader.get(api_path("storage", name)).get("nodes")
    except NotFound:
        return False
    return not nodes or node in split_list(nodes)


def same_devices(reader: Reader, node: str, given: list[str], listed: list[str]) -> bool:
    """Whether both lists name the same disks; the server is asked only where the names differ."""
    if sorted(given) == sorted(listed):
        return True
    inventory = Inventory.read(reader, node)
    named = {str(inventory.find(f"devices[{number}]", path)["devpath"]) for number, path in enumerate(given)}
    return named in ({inventory.owner(path) for path in listed}, set(listed))


def members(reader: Reader, inventory: Inventory, used: set[str]) -> dict[str, str]:
    """Which volume group or zpool devices belong to, by path; only those kinds are asked for that are among the uses."""
    found = {}
    if "LVM" in used:
        groups = flatten_groups(reader.get(disks_path(inventory.node, "lvm")))
        found = {path: f"volume group {name}" for name, paths in groups.items() for path in paths}
    if {"ZFS", "ZFS reserved"} & used:
        for pool in reader.get(disks_path(inventory.node, "zfs")) or []:
            leaves = pool_leaves(reader.get(disks_path(inventory.node, "zfs", str(pool["name"]))))
            found |= {path: f"zpool {pool['name']}" for leaf in leaves for path in (leaf, inventory.owner(leaf))}
    return found


def flatten_groups(tree: Any) -> dict[str, list[str]]:
    """The paths of the devices of each volume group."""
    groups = (tree or {}).get("children") or []
    return {str(group["name"]): [str(part["name"]) for part in group.get("children") or []] for group in groups}


def pool_leaves(detail: Mapping[str, Any]) -> list[str]:
    """The names of the devices at the ends of a zpool's tree."""
    children = detail.get("children") or []
    if not children:
        return [str(detail["name"])]
    return [leaf for child in children for leaf in pool_leaves(child)]


def raid_level(detail: Mapping[str, Any]) -> str:
    """The level of a zpool, by the names of the parts of its first section, which is called like it."""
    sections = [row for row in detail.get("children") or [] if row["name"] == detail["name"]]
    parts = [str(part["name"]) for section in sections for part in section.get("children") or []]
    names = {re.sub(r"[-:].*", "", part) for part in parts if not part.startswith("/")}
    if not names:
        return "single"
    name = {"raidz1": "raidz", "draid1": "draid"}.get(min(names), min(names))
    return "raid10" if name == "mirror" and len(parts) > 1 else name
