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
    """One guest; PVE's rows carry the pool, tags and lock only where there are any.

    Of a guest on a node that is down no state and no numbers are known.
    """
    config = guest.config
    row: dict[str, Any] = {
        "id": f"{guest.kind}/{guest.vmid}",
        "type": guest.kind,
        "vmid": guest.vmid,
        "name": guest.name,
        "node": guest.node,
        "template": int(bool(config.get("template"))),
        **(_usage(cluster, guest) if cluster.nodes[guest.node].online else {"status": "unknown"}),
    }
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


def _usage(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    """The state of a guest and what it may use and does use."""
    usage: dict[str, Any] = {
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
    """A storage as one node sees it; one that is not usable there tells no sizes."""
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
    if storage.enabled and storage.allows(node) and cluster.nodes[node].online:
        used = sum(volume.used for volume in volumes.table(cluster).at(volumes.place_of(storage, node)))
        row.update(status="available", disk=storage.total // 8 + used, maxdisk=storage.total)
    return row


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
