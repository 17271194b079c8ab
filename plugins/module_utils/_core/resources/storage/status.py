# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of storages on all nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import ApiError
from ...model.plan import api_path

Row = dict[str, Any]


def storage_rows(reader: Reader) -> list[Row]:
    """The rows of storages in /cluster/resources, where a storage is only available once its node has reported it.

    That takes some ten seconds after it was added or activated, so nodes that are online are asked for the other ones.
    """
    rows = [
        dict(row) for row in reader.get("/cluster/resources", {"type": "storage"}) or [] if row["type"] == "storage"
    ]
    nodes = {row["node"] for row in rows if row.get("status") != "available"}
    if not nodes:
        return rows
    online = {row["node"] for row in reader.get("/nodes") or [] if row.get("status") == "online"}
    listed = {node: _listed(reader, node) for node in sorted(nodes & online)}
    return [_current(row, listed.get(row["node"], {}).get(row["storage"])) for row in rows]


def _listed(reader: Reader, node: str) -> Mapping[str, Row]:
    """The storages that a node lists, by name; none if it does not answer."""
    try:
        return {row["storage"]: row for row in reader.get(api_path("nodes", node, "storage")) or []}
    except ApiError:
        return {}


def _current(row: Row, listed: Mapping[str, Any] | None) -> Row:
    if row.get("status") == "available" or not listed or not listed.get("active"):
        return row
    return {**row, "status": "available", "disk": listed.get("used"), "maxdisk": listed.get("total")}
