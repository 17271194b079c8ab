# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings: one name for the PCI devices, USB devices or directories that serve a purpose, each on its own node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...model.field import Field, Fields, hyphenated
from ...model.kinds.by_type import ByType
from ...model.kinds.info import ListInfo, Options
from ...model.kinds.item import Item
from ...model.plan import api_path
from ...model.property_string import INTEGER, TEXT, WORD, Part, PropertyString
from ...model.values import Codec, Comment, Word

MAPPINGS = "/cluster/mapping"
PROBLEMS = ("checks", "errors", "error")  # the types name them differently
LOWER = Word(lower=True)
_ID = r"[0-9a-f]{4}:[0-9a-f]{4}"
_ADDRESS = r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}(\.[0-9a-f])?"
_NODE = Part("node", WORD)
_DEVICE = Part("id", LOWER, pattern=_ID)
_DESCRIPTION = Part("description", TEXT)


class Description(Comment):
    """A description of characters that PVE gives back as they were."""

    def parse_option(self, value: Any) -> str:
        text = self.parse(value)
        if not text.isascii():
            raise ValueError(f"{text!r} has characters outside ASCII, which PVE garbles in mappings")
        return text


class Entries(Codec):
    """The entries of a mapping, as mappings or as PVE's texts. Their order means nothing; shown sorted."""

    def __init__(self, entry: PropertyString, *needed: str) -> None:
        self.entry, self.needed = entry, needed

    def parse(self, value: Any) -> list[dict[str, Any]]:
        rows = {_sort_key(row): row for row in map(self._parse_entry, value)}
        return [rows[key] for key in sorted(rows)]

    def _parse_entry(self, value: Any) -> dict[str, Any]:
        path = value.get("path") if isinstance(value, Mapping) else None
        if path is not None and not isinstance(path, str):
            raise ValueError(f"path: {path!r} is a number; put the path in quotes, as YAML reads digits and colons so")
        return {name: item for name, item in self.entry.parse(value).items() if item != ""}

    def parse_option(self, value: Any) -> list[dict[str, Any]]:
        """The entries; refuses what only users write: unknown parts, and entries that lack some."""
        entries = self.parse(value)
        for entry in entries:
            self.entry.check_known(entry)
            missing = [name for name in self.needed if name not in entry]
            text = self.entry.format(entry)
            if missing:
                raise ValueError(f"{text!r} lacks {' and '.join(missing)}")
            Description().parse_option(text)
        return entries

    def join(self, current: list[dict[str, Any]], added: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The entries of ``added``, and those of nodes that have none there."""
        nodes = {entry["node"] for entry in added}
        return self.parse([*(entry for entry in current if entry["node"] not in nodes), *added])

    def format(self, value: list[dict[str, Any]]) -> list[str]:
        return [self.entry.format(row) for row in value]


def _sort_key(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(entry.get("node", "")), str(entry.get("path", "")), json.dumps(entry, sort_keys=True)


def _item(kind: str, entries: Entries, *fields: Field) -> Item:
    common = (
        Field("description", codec=Description()),
        Field("map", type="list", elements="raw", codec=entries, clear="never"),
    )
    return Item(
        "mapping",
        f"{MAPPINGS}/{kind}",
        Field("id", aliases=("name",)),
        Fields([*common, *fields]),
        needed=("map",),
        digest=True,
        merges=("map",),
    )


_PCI = PropertyString(
    _NODE,
    Part("path", LOWER, pattern=f"{_ADDRESS}(;{_ADDRESS})*"),
    _DEVICE,
    Part("iommugroup", INTEGER),
    Part("subsystem-id", LOWER, pattern=_ID),
    _DESCRIPTION,
)
_USB = PropertyString(_NODE, Part("path", WORD, pattern=r"\d+-\d+(\.\d+)*"), _DEVICE, _DESCRIPTION)
_DIR = PropertyString(_NODE, Part("path", WORD, pattern="/[^;,=()]*"))
ITEMS = {
    "pci": _item(
        "pci",
        Entries(_PCI, "node", "path", "id"),
        hyphenated("live_migration_capable", type="bool", default=False),
        Field("mdev", type="bool", default=False),
    ),
    "usb": _item("usb", Entries(_USB, "node", "id")),
    "dir": _item("dir", Entries(_DIR, "node", "path")),
}


class MappingList(ListInfo):
    """The mappings of a type; with ``check_node`` also what is wrong with them on that node."""

    def parse(self, params: Mapping[str, Any]) -> Options:
        return {**super().parse(params), "check-node": params["check_node"]}

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        kind = str(row.get("type"))
        shown = {"id": row["id"], "type": kind, **ITEMS[kind].fields.observe(row)}
        found = next((row[name] for name in PROBLEMS if name in row), None)
        return shown if found is None else {**shown, "problems": found}


MAPPING = ByType("mapping", ITEMS)
MAPPING_INFO = MappingList(
    "mappings",
    lambda desired: MAPPINGS + api_path(desired["type"]),
    key="id",
    options={"type": {"type": "str", "choices": list(ITEMS), "required": True}, "check_node": {"type": "str"}},
    query=("check-node",),
)
