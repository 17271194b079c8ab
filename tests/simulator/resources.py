# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of /cluster/resources, which pools and the list of nodes use as well."""

from __future__ import annotations

from typing import Any

from . import volumes
from .guest import Guest
from .guest_status import cpus_of, disk_bytes, memory_bytes, uptime
from .state import Cluster, Node
from .storages import Storage

COUNTERS = ("cpu", "mem", "memhost", "disk", "diskread", "diskwrite", "netin", "netout")


def guest_row(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    """One guest as its node reported it; PVE's rows carry the pool, tags and lock only where there are any.

    Reports are kept by id, whichever guest it belongs to and wherever that is (pve-manager PVE/API2Tools.pm,
    extract_vm_stats).
    """
    config = guest.config
    row: dict[str, Any] = {
        "id": f"{guest.kind}/{guest.vmid}",
        "type": guest.kind,
        "vmid": guest.vmid,
        "node": guest.node,
        "status": "unknown",
        **cluster.reports.look(guest.vmid, guest_report(cluster, guest), cluster.clock()),
    }
    if not cluster.nodes[guest.node].online:
        row["status"] = "unknown"
    if guest.vmid in cluster.pool_of:
        row["pool"] = cluster.pool_of[guest.vmid]
    if "tags" in config:
        row["tags"] = config["tags"]
    if guest.lock:
        row["lock"] = guest.lock
    resources = cluster.areas.get("ha_resources")
    if resources:
        managed = resources.get(f"{guest.label.lower()}:{guest.vmid}")
        if managed is not None:
            row["hastate"] = managed.get("state", "started")
    return row


def report_all(cluster: Cluster) -> None:
    """Let every node report all its guests and storages."""
    for guest in cluster.guests.values():
        cluster.reports.take(guest.vmid, guest_report(cluster, guest))
    for name in cluster.storages:
        for node in cluster.nodes:
            cluster.reports.take((node, name), storage_report(cluster, name, node))


def guest_report(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    """What a node reports of a guest; of a guest on a node that is down no state and no numbers are known."""
    named = {"name": guest.name, "template": int(guest.is_template)}
    if not cluster.nodes[guest.node].online:
        return named
    usage: dict[str, Any] = {
        **named,
        "status": guest.status,
        "maxcpu": cpus_of(cluster, guest),
        "maxmem": memory_bytes(guest),
        "maxdisk": disk_bytes(guest),
        "uptime": uptime(cluster, guest),
        **dict.fromkeys(COUNTERS, 0),
    }
    if guest.running:
        usage.update(mem=usage["maxmem"] // 3, memhost=usage["maxmem"] // 2, cpu=0.01)
    return usage


def storage_row(cluster: Cluster, name: str, node: str) -> dict[str, Any]:
    """A storage as one node reported it; one that is not usable there has no sizes."""
    storage: Storage = cluster.storages[name]
    row: dict[str, Any] = {
        "id": f"storage/{node}/{name}",
        "type": "storage",
        "storage": name,
        "node": node,
        "plugintype": storage.kind,
        "content": ",".join(cluster.shuffled(sorted(storage.contents))),
        "shared": int(storage.shared),
        "status": "unknown",
    }
    return row | cluster.reports.look((node, name), storage_report(cluster, name, node), cluster.clock())


def storage_report(cluster: Cluster, name: str, node: str) -> dict[str, Any]:
    """What a node reports of a storage, if it can use it."""
    storage: Storage = cluster.storages[name]
    if not (storage.enabled and storage.allows(node) and cluster.nodes[node].online):
        return {}
    used = sum(volume.used for volume in volumes.table(cluster).at(volumes.place_of(storage, node)))
    return {"status": "available", "disk": storage.total // 8 + used, "maxdisk": storage.total}


def node_row(cluster: Cluster, node: Node, audits: bool) -> dict[str, Any]:
    """A node; how busy it is only for those who may audit it."""
    row: dict[str, Any] = {
        "id": f"node/{node.name}",
        "type": "node",
        "node": node.name,
        "status": "online" if node.online else "offline",
    }
    if node.online:
        row["level"] = ""
    if audits and node.online:
        row.update(
            cpu=0.05,
            maxcpu=node.cpus,
            mem=node.memory // 4,
            maxmem=node.memory,
            disk=node.disk // 8,
            maxdisk=node.disk,
            uptime=cluster.now() - node.booted,
        )
    return row
