# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as a whole: quorum and members, a summary of its resources, the latest tasks, its log."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...guests.directory import OFFLINE, Directory
from ...model.contract import Reader
from ...model.errors import InvalidOption
from ...model.kinds.info import Info
from ...model.values import split_list
from .task import describe

Row = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

GUESTS = ("qemu", "lxc")
KINDS = ("cpu", "memory", "disk")
_ALLOCATED = {"cpu": "maxcpu", "memory": "maxmem", "disk": "maxdisk"}  # keys of a guest's row


@dataclasses.dataclass(frozen=True)
class ClusterInfoDesired:
    """What is read of the cluster, and how many entries of its lists."""

    gather: Sequence[str]
    limit: int


class ClusterInfo(Info[ClusterInfoDesired]):
    """See the module pve_cluster_info. Each subject is one request; ``resources`` also reads the lists of the nodes' guests."""

    name = "cluster"
    subjects = ("status", "members", "resources", "tasks", "log")

    def arguments(self) -> dict[str, Any]:
        spec = {
            "gather": {"type": "list", "elements": "str", "choices": list(self.subjects), "default": ["status"]},
            "limit": {"type": "int", "default": 50},
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> ClusterInfoDesired:
        if params["limit"] < 1:
            raise InvalidOption("limit", "must be at least 1")
        return ClusterInfoDesired(params["gather"], params["limit"])

    def read(self, reader: Reader, desired: ClusterInfoDesired) -> Row:
        wanted, limit = desired.gather, desired.limit
        found: Row = {}
        if "status" in wanted:
            found["status"] = status(reader.get("/cluster/status"))
        if "members" in wanted:
            found["members"] = members(reader.get("/cluster/config/nodes") or [])
        if "resources" in wanted:
            found["resources"] = summary(_current_rows(reader))
        if "tasks" in wanted:
            tasks = map(describe, reader.get("/cluster/tasks") or [])
            found["tasks"] = sorted(tasks, key=lambda task: (task["starttime"], task["upid"]), reverse=True)[:limit]
        if "log" in wanted:
            found["log"] = reader.get("/cluster/log", {"max": limit}) or []
        return found


CLUSTER_INFO = ClusterInfo()


def status(rows: Rows) -> Row:
    """Quorum and nodes. A node that is in no cluster needs no votes."""
    cluster = next((row for row in rows if row["type"] == "cluster"), {"quorate": 1})
    nodes = [
        {
            "node": row["name"],
            "nodeid": row.get("nodeid"),
            "ip": row.get("ip"),
            "level": row.get("level", ""),
            "online": bool(row.get("online")),
            "local": bool(row.get("local")),
        }
        for row in rows
        if row["type"] == "node"
    ]
    return {
        "name": cluster.get("name"),
        "quorate": bool(cluster.get("quorate")),
        "config_version": cluster.get("version"),
        "nodes": sorted(nodes, key=lambda node: str(node["node"])),
    }


def members(rows: Rows) -> list[Row]:
    """The nodes as corosync's configuration has them, with their votes."""
    listed = [
        {
            **{name: value for name, value in row.items() if name != "name"},
            "node": row.get("node") or row["name"],
            **{name: int(row[name]) for name in ("nodeid", "quorum_votes") if name in row},
        }
        for row in rows
    ]
    return sorted(listed, key=lambda row: str(row["node"]))


# --- resources --------------------------------------------------------------------------------------------------------


def _current_rows(reader: Reader) -> Rows:
    """The rows of all resources, with guests as their nodes list them: statuses in /cluster/resources lag behind."""
    directory = Directory(reader)
    directory.confirm()
    for node, reason in sorted(directory.silent.items()):
        if reason != OFFLINE:
            reader.warnings.append(
                f"Guests of {node} are counted as last reported: its lists could not be read. {reason}"
            )
    return directory.current_rows()


def summary(rows: Rows) -> Row:
    """What there is, what is used and what the guests may use: by node, by storage and in all."""
    guests = [row for row in rows if row["type"] in GUESTS]
    nodes = [_node(row, guests) for row in rows if row["type"] == "node"]
    storages = _storages([row for row in rows if row["type"] == "storage"])
    total = {kind: _sum(node[kind] for node in nodes) for kind in KINDS}
    total["disk"].update(_sum(storages, ("used", "total")))
    return {
        "nodes": sorted(nodes, key=lambda node: str(node["node"])),
        "storages": storages,
        "total": {**total, "guests": _counts(guests)},
    }


def _node(row: Mapping[str, Any], guests: Rows) -> Row:
    own = [guest for guest in guests if guest["node"] == row["node"]]
    fits = [guest for guest in own if not guest.get("template")]
    allocated = {kind: sum(guest.get(key, 0) for guest in fits) for kind, key in _ALLOCATED.items()}
    cores = row.get("maxcpu")
    busy = None if cores is None or row.get("cpu") is None else round(row["cpu"] * cores, 2)
    return {
        "node": row["node"],
        "status": row.get("status", "unknown"),
        "cpu": {"used": busy, "total": cores, "allocated": allocated["cpu"]},
        "memory": {"used": row.get("mem"), "total": row.get("maxmem"), "allocated": allocated["memory"]},
        "disk": {"used": row.get("disk"), "total": row.get("maxdisk"), "allocated": allocated["disk"]},
        "guests": _counts(own),
    }


def _counts(guests: Rows) -> dict[str, int]:
    states = ["template" if guest.get("template") else guest.get("status", "unknown") for guest in guests]
    counts = {"running": states.count("running"), "templates": states.count("template")}
    return {**counts, "stopped": states.count("stopped"), "unknown": states.count("unknown")}


def _storages(rows: Rows) -> list[Row]:
    """One entry for each storage of a node, and for a shared one a single entry: all nodes see the same space."""
    places: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        places.setdefault((row["storage"], "" if row.get("shared") else row["node"]), []).append(row)
    found = []
    for (name, _node_name), seen in sorted(places.items()):
        best = next((row for row in seen if row.get("status") == "available"), seen[0])
        found.append(
            {
                "storage": name,
                "nodes": sorted(row["node"] for row in seen),
                "shared": bool(best.get("shared")),
                "type": best.get("plugintype"),
                "content": sorted(split_list(best.get("content") or "")),
                "status": best.get("status", "unknown"),
                "used": best.get("disk"),
                "total": best.get("maxdisk"),
            }
        )
    return found


def _sum(entries: Iterable[Mapping[str, Any]], names: Sequence[str] = ("used", "total", "allocated")) -> Row:
    """The sums of what is known."""
    listed = list(entries)
    return {name: round(sum(entry[name] or 0 for entry in listed), 2) for name in names}
