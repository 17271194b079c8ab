# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests a task means that says what they have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from .directory import Row
from .schema.families import Tags

TAGS = Tags(";")
REPORTED = ("name", "status", "template")  # what nodes report only from time to time
_FIGURES = ("cpu", "disk", "hastate", "lock", "maxcpu", "maxdisk", "maxmem", "mem", "pool", "uptime")


@dataclasses.dataclass(frozen=True)
class Selection:
    """What guests have in common; None fits all."""

    vmid: Sequence[int] | None
    name: Sequence[str] | None
    tags: Sequence[str] | None
    pool: Sequence[str] | None
    node: Sequence[str] | None
    status: str | None
    type: str | None
    template: bool | None

    def fits(self, row: Row) -> bool:
        """Whether a guest fits: of a list it has to fit one entry, but it needs all tags."""
        for option in ("vmid", "pool", "node"):
            wanted = getattr(self, option)
            if wanted is not None and row.get(option, "") not in wanted:
                return False
        for option in ("status", "type", "template"):
            if getattr(self, option) not in (None, row[option]):
                return False
        if self.name is not None and not any(fnmatchcase(row["name"], pattern) for pattern in self.name):
            return False
        return self.tags is None or set(self.tags) <= set(row["tags"])

    def without_reported(self) -> Selection:
        """The same without what nodes report only from time to time."""
        return dataclasses.replace(self, **dict.fromkeys(REPORTED))


def observe_row(row: Mapping[str, Any]) -> Row:
    """A row of the cluster's list with the types and names that the modules use."""
    return {
        "vmid": int(row["vmid"]),
        "name": row.get("name", ""),
        "node": row["node"],
        "type": row["type"],
        "status": row.get("status", "unknown"),
        "template": bool(row.get("template")),
        "tags": TAGS.parse(row.get("tags", "")),
        **{name: row[name] for name in _FIGURES if name in row},
    }
