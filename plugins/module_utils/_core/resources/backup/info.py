# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups there are, and what they hold."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...guests.kinds import BY_WORD, WORDS
from ...guests.sources import read_backup
from ...model.contract import Reader
from ...model.errors import ApiError, HopFailed
from ...model.kinds.info import ListInfo, Options
from ...model.periods import period
from ...model.plan import api_path
from .volume import backups_of, newest_first, owner_of, storage_of

PARALLEL = 8  # storages and backups that are asked at the same time


class BackupList(ListInfo):
    """The backups on all storages that a task does not rule out, each storage asked once, however many nodes share it."""

    def parse(self, params: Mapping[str, Any]) -> Options:
        desired = dict(super().parse(params))
        now = int(time.time())
        for option in ("younger_than", "older_than"):
            desired[option] = None if desired[option] is None else now - period(option, desired[option])
        if desired["volume"]:
            desired["storage"] = desired["storage"] or storage_of("volume", desired["volume"])
        return desired

    def read(self, reader: Reader, desired: Options) -> Any:
        rows = sorted((row for row in super().read(reader, desired) if _fits(row, desired)), key=newest_first)
        if desired["newest"]:
            newest: dict[Any, dict[str, Any]] = {}
            for row in rows:
                newest.setdefault(row.get("vmid"), row)
            rows = list(newest.values())
        if not desired["config"]:
            return rows
        with ThreadPoolExecutor(PARALLEL) as threads:
            configs = threads.map(lambda row: _config(reader, row), rows)
            return [{**row, "config": config} for row, config in zip(rows, configs, strict=True)]

    def _rows(self, reader: Reader, desired: Options) -> Iterable[Mapping[str, Any]]:
        vmid = desired["vmid"][0] if desired["vmid"] and len(desired["vmid"]) == 1 else None
        places = _places(reader, desired["node"], desired["storage"])
        with ThreadPoolExecutor(PARALLEL) as threads:
            found = threads.map(
                lambda place: _backups(reader, place[0], place[1], vmid, one_of_many=not desired["node"]), places
            )
            return [
                {**row, "node": node, "storage": storage, "type": _type(row)}
                for (node, storage), rows in zip(places, found, strict=True)
                for row in rows
            ]


def _backups(reader: Reader, node: str, storage: str, vmid: int | None, *, one_of_many: bool) -> list[dict[str, Any]]:
    """The backups of one storage. One of several nodes that does not answer must not hide those of the others."""
    try:
        return list(backups_of(reader, node, storage, vmid))
    except HopFailed as error:
        if not one_of_many:
            raise
        reader.warnings.append(f"The backups of storage {storage} on {node} are missing. {error}")
        return []


def _places(reader: Reader, node: str | None, storage: str | None) -> list[tuple[str, str]]:
    """Nodes and storages to ask."""
    if node and storage:
        return [(node, storage)]
    places: dict[tuple[str, str], tuple[str, str]] = {}
    rows = sorted(reader.get("/cluster/resources", {"type": "storage"}), key=lambda row: str(row["id"]))
    offline = _offline_nodes(reader) if any(row.get("status") != "available" for row in rows) else set()
    for row in rows:
        wanted = node in (None, row["node"]) and storage in (None, row["storage"])
        if not wanted or "backup" not in str(row.get("content", "")).split(","):
            continue
        if row["node"] in offline:
            if int(row.get("shared") or 0) and not node:
                continue  # another node lists the same backups
            reader.warnings.append(
                f"Node {row['node']} is offline: the backups of storage {row['storage']} are missing."
            )
            continue
        if row.get("status") != "available" and not _is_active(reader, row["node"], row["storage"]):
            reader.warnings.append(
                f"Storage {row['storage']} is not available on {row['node']}: it is not listed there."
            )
            continue
        owner = "" if int(row.get("shared") or 0) else row["node"]
        places.setdefault((owner, row["storage"]), (row["node"], row["storage"]))
    return list(places.values())


def _offline_nodes(reader: Reader) -> set[str]:
    """The nodes that cannot be asked, which takes a time-out each."""
    return {str(row["node"]) for row in reader.get("/nodes") or [] if row.get("status") == "offline"}


def _is_active(reader: Reader, node: str, storage: str) -> bool:
    """Whether a storage can be read that its node has not reported as available, as it does not for a new one."""
    try:
        answer = reader.get(api_path("nodes", node, "storage", storage, "status")) or {}
    except ApiError:
        return False
    return bool(answer.get("active"))


def _type(row: Mapping[str, Any]) -> str | None:
    owner = owner_of(row["volid"])
    kind = row.get("subtype") or (owner[0] if owner else None)
    return WORDS.get(str(kind))


def _fits(row: Mapping[str, Any], desired: Options) -> bool:
    return (
        desired["volume"] in (None, row["volid"])
        and (desired["vmid"] is None or row.get("vmid") in desired["vmid"])
        and desired["type"] in (None, row["type"])
        and desired["protected"] in (None, row["protected"])
        and (desired["younger_than"] is None or row["ctime"] >= desired["younger_than"])
        and (desired["older_than"] is None or row["ctime"] < desired["older_than"])
    )


def _config(reader: Reader, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The configuration in a backup, as the module of its kind of guest shows it; None where it may not be read."""
    config = read_backup(reader, row["node"], row["volid"])
    return None if config is None or row["type"] is None else BY_WORD[row["type"]].kind.observe(config)


BACKUP_INFO = BackupList(
    "backups",
    lambda desired: "",
    options={
        "node": {"type": "str"},
        "storage": {"type": "str"},
        "volume": {"type": "str"},
        "vmid": {"type": "list", "elements": "int"},
        "type": {"type": "str", "choices": list(BY_WORD)},
        "protected": {"type": "bool"},
        "younger_than": {"type": "str"},
        "older_than": {"type": "str"},
        "newest": {"type": "bool", "default": False},
        "config": {"type": "bool", "default": False},
    },
)
