# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a node as the API lists them: which are free, and what the others are used for."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption
from ...model.plan import api_path

Row = Mapping[str, Any]
_WITH_PARTITIONS = {"include-partitions": True, "skipsmart": True}
_HELD = ("Device Mapper", "mounted")


def disks_path(node: str, *parts: str) -> str:
    return api_path("nodes", node, "disks", *parts)


@dataclasses.dataclass(frozen=True)
class Inventory:
    """All disks and partitions of a node."""

    node: str
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, reader: Reader, node: str) -> Inventory:
        return cls(node, tuple(reader.get(disks_path(node, "list"), _WITH_PARTITIONS) or []))

    def find(self, option: str, path: str) -> Row:
        """The disk or partition of that path, or of the lasting name that the server lists."""
        for row in self.rows:
            if path in (row["devpath"], row.get("by_id_link")):
                return row
        known = ", ".join(str(row["devpath"]) for row in self.rows) or "none"
        raise InvalidOption(option, f"node {self.node} has no disk {path!r}; it has {known}")

    def owner(self, name: str) -> str:
        """The path of the disk that a name of ZFS stands for: a path or a lasting name, perhaps with a partition."""
        for row in self.rows:
            if row.get("type") == "partition":
                continue
            if any(_is_part(name, str(prefix)) for prefix in (row["devpath"], row.get("by_id_link")) if prefix):
                return str(row["devpath"])
        return name

    def parts(self, row: Row) -> list[Row]:
        """The device with the partitions on it."""
        return [row, *(part for part in self.rows if part.get("parent") == row["devpath"])]

    def uses(self, row: Row) -> set[str]:
        """What the device, or the disk that it is a partition of, is used for."""
        disk = next((other for other in self.rows if other["devpath"] == row.get("parent")), row)
        return {str(part["used"]) for part in self.parts(disk) if part.get("used")}


def _is_part(name: str, disk: str) -> bool:
    """Whether a name is that of the disk or of a partition of it: sda1, nvme0n1p1, by-id/...-part1."""
    mark = "-part" if "/by-" in disk else "p" if disk[-1].isdigit() else ""
    return name == disk or bool(re.fullmatch(re.escape(disk + mark) + r"\d+", name))


def is_partition(row: Row) -> bool:
    return row.get("type") == "partition"


def has_table(row: Row) -> bool:
    """Whether a disk has a GPT. Partitions show that of their disk."""
    return not is_partition(row) and str(row.get("gpt", 0)) == "1"


def content(parts: Iterable[Row]) -> str:
    """What a device holds, in a few words; empty if nothing."""
    found = [f"{row['devpath']}: {row['used']}" for row in parts if row.get("used")]
    return ", ".join(found)


def user_of(parts: Iterable[Row], members: Mapping[str, str]) -> str:
    """Who works with a device right now, so that it must not be touched; empty if nobody does.

    ``members`` has the volume group or pool of a path.
    """
    for row in parts:
        path = str(row["devpath"])
        for owned in (path, str(row.get("parent", ""))):
            if owned in members:
                return f"{owned} belongs to {members[owned]}"
        if str(row.get("mounted", 0)) == "1" or row.get("used") in _HELD:
            return f"{path} is mounted or held by another device"
        if int(row.get("osdid", -1)) >= 0:
            return f"{path} belongs to OSD {row['osdid']}"
    return ""
