# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as a whole: resources, state, options."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from .. import property_string
from ..call import Call
from ..errors import ApiError, param_error
from ..guest import Guest
from ..parameters import split_list
from ..resources import guest_row, node_row, storage_row
from ..routing import endpoint
from ..state import Cluster

# Options that the API reads back taken apart, and how their lists are kept (parse_datacenter_config in pve-cluster
# src/PVE/DataCenterConfig.pm).
TAKEN_APART = frozenset("crs ha migration next-id notify replication tag-style u2f user-tag-access webauthn".split())
LISTS = frozenset({"registered-tags"})
PUBLIC_OPTIONS = frozenset({"console", "tag-style", "registered-tags", "user-tag-access"})
DEFAULT_ID_RANGE = (100, 1_000_000)

# --- resources -----------------------------------------------------------------


@endpoint("GET", "/cluster/resources")
def resources(call: Call) -> list[dict[str, Any]]:
    wanted, cluster = call.params.get("type"), call.cluster
    rows: list[dict[str, Any]] = []
    if wanted is None:
        rows.extend(_pools(call))
    if wanted in (None, "vm"):
        guests = cluster.guests.values()
        rows.extend(_guest(call, guest) for guest in guests if call.may(f"/vms/{guest.vmid}", ["VM.Audit"]))
    if wanted in (None, "node"):
        rows.extend(_nodes(call))
    if wanted in (None, "storage"):
        rows.extend(_storages(call))
    if wanted in (None, "sdn"):
        rows.extend(_networks(call))
    return rows


def _guest(call: Call, guest: Guest) -> dict[str, Any]:
    """A guest's row; whose pool may not be seen is shown without it."""
    row = guest_row(call.cluster, guest)
    if "pool" in row and not call.may(f"/pool/{row['pool']}", ["Pool.Audit"]):
        del row["pool"]
    return row


def _pools(call: Call) -> Iterator[dict[str, Any]]:
    for name in call.cluster.pools:
        if call.may(f"/pool/{name}", ["Pool.Audit"]):
            yield {"id": f"/pool/{name}", "pool": name, "type": "pool"}


def _nodes(call: Call) -> Iterator[dict[str, Any]]:
    for node in call.cluster.nodes.values():
        row = node_row(call.cluster, node, call.may(f"/nodes/{node.name}", ["Sys.Audit"]))
        yield {**row, "hastate": "online" if node.online else "unknown", "cgroup-mode": 2}


def _storages(call: Call) -> Iterator[dict[str, Any]]:
    for name, storage in call.cluster.storages.items():
        if not storage.enabled or not call.may(f"/storage/{name}", ["Datastore.Audit"]):
            continue
        for node in call.cluster.nodes:
            if storage.allows(node):
                yield storage_row(call.cluster, name, node)


def _networks(call: Call) -> Iterator[dict[str, Any]]:
    """The zones of SDN per node; "localnetwork" are the nodes' own bridges."""
    kind = "network" if call.cluster.version != "8.4" else "sdn"
    zones = ("localnetwork", *call.cluster.areas.get("sdn_running_zones", ()))
    for zone in zones:
        if not call.may(f"/sdn/zones/{zone}", ["SDN.Audit"]):
            continue
        for node in call.cluster.nodes:
            row = {"type": kind, "node": node, "status": "ok"}
            if kind == "sdn":
                yield {**row, "id": f"sdn/{node}/{zone}", "sdn": zone}
            else:
                yield {
                    **row,
                    "id": f"network/{node}/zone/{zone}",
                    "network": zone,
                    "network-type": "zone",
                }


@endpoint("GET", "/cluster/status")
def status(call: Call) -> list[dict[str, Any]]:
    cluster = call.cluster
    rows: list[dict[str, Any]] = [
        {
            "id": f"node/{node.name}",
            "type": "node",
            "name": node.name,
            "nodeid": node.nodeid if cluster.name else 0,
            "ip": node.ip,
            "online": int(node.online),
            "local": int(node.name == cluster.local_node),
            "level": "",
        }
        for node in cluster.nodes.values()
    ]
    if cluster.name:
        online = sum(node.online for node in cluster.nodes.values())
        quorate = int(online > len(cluster.nodes) // 2)
        count = len(cluster.nodes)
        rows.append(
            {
                "id": "cluster",
                "type": "cluster",
                "name": cluster.name,
                "nodes": count,
                "version": count,
                "quorate": quorate,
            }
        )
    return rows


# --- ids ---------------------------------------------------------------------------


@endpoint("GET", "/cluster/nextid")
def next_id(call: Call) -> str:
    cluster = call.cluster
    if "vmid" in call.params:
        vmid = call.params["vmid"]
        if vmid in cluster.guests:
            raise param_error("vmid", f"VM {vmid} already exists")
        return str(vmid)
    lower, upper = id_range(cluster)
    for vmid in range(lower, upper):
        if vmid not in cluster.guests:
            return str(vmid)
    raise ApiError(500, f"unable to get any free VMID in range [{lower},{upper}]")


def id_range(cluster: Cluster) -> tuple[int, int]:
    parts = dict(part.split("=") for part in split_list(cluster.options.get("next-id")))
    lower, upper = DEFAULT_ID_RANGE
    return int(parts.get("lower", lower)), int(parts.get("upper", upper))


# --- options -----------------------------------------------------------------------


def options_digest(cluster: Cluster) -> str:
    return hashlib.sha1(json.dumps(cluster.options, sort_keys=True).encode()).hexdigest()


@endpoint("GET", "/cluster/options")
def read_options(call: Call) -> dict[str, Any]:
    cluster = call.cluster
    shown: dict[str, Any] = {"mac_prefix": "BC:24:11", "description": ""}
    for name, text in cluster.options.items():
        shown[name] = _read_back(call, name, text)
    if not call.may("/", ["Sys.Audit"]):
        shown = {name: value for name, value in shown.items() if name in PUBLIC_OPTIONS}
    used = {tag for guest in cluster.guests.values() for tag in split_list(guest.config.get("tags"))}
    return {**shown, "allowed-tags": sorted(used | set(shown.get("registered-tags", ())))}


def _read_back(call: Call, name: str, text: str) -> Any:
    if name in TAKEN_APART:
        parameters = call.cluster.areas["facts"].endpoints["PUT", "/cluster/options"].parameters
        form = call.cluster.areas["facts"].formats[parameters[name]["format"]]
        return property_string.split(text, form)
    if name in LISTS:
        return split_list(text)
    return f"{text}\n" if name == "description" else text


@endpoint("PUT", "/cluster/options")
def update_options(call: Call) -> None:
    options = {**call.cluster.options}
    for name in split_list(call.params.get("delete")):
        options.pop(name, None)
    options.update({name: text for name, text in call.raw.items() if name != "delete"})
    if "next-id" in options:
        parts = dict(part.split("=") for part in split_list(options["next-id"]))
        lower = int(parts.get("lower", DEFAULT_ID_RANGE[0]))
        upper = int(parts.get("upper", DEFAULT_ID_RANGE[1]))
        if lower >= upper:
            raise ApiError(500, f"lower ({lower}) <= upper ({upper}) boundary rule broken")
    if "description" in options:
        options["description"] = options["description"].rstrip()
    call.cluster.options = options


# --- log and what else --------------------------------------------------------------


@endpoint("GET", "/cluster/log", ordered=True)
def log(call: Call) -> list[dict[str, Any]]:
    """The latest entries, newest first; those of others only for those who may read every log."""
    audits = call.may("/", ["Sys.Syslog"])
    entries = [entry for entry in reversed(call.cluster.log) if audits or entry["user"] == call.owner]
    return entries[: call.params.get("max", 50)]


@endpoint("GET", "/cluster/backup-info/not-backed-up")
def not_backed_up(call: Call) -> list[dict[str, Any]]:
    """The guests that no backup job covers."""
    covered: set[int] = set()
    for job in call.cluster.jobs.values():
        if job.get("all"):
            covered |= call.cluster.guests.keys() - {int(vmid) for vmid in split_list(str(job.get("exclude", "")))}
        covered |= {int(vmid) for vmid in split_list(str(job.get("vmid", "")))}
        if job.get("pool") in call.cluster.pools:
            covered |= call.cluster.pools[job["pool"]].guests
    return [
        {"vmid": vmid, "type": guest.kind, "name": guest.name}
        for vmid, guest in call.cluster.guests.items()
        if vmid not in covered and call.may(f"/vms/{vmid}", ["VM.Audit"])
    ]
