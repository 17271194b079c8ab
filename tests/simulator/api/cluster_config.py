# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The membership of the cluster, as corosync's configuration has it. It can be read but not changed."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError, not_simulated
from ..routing import endpoint
from ..sections import digest_of
from ..state import Cluster

BASE = "/cluster/config"


def totem(cluster: Cluster) -> dict[str, Any]:
    return {
        "cluster_name": cluster.name,
        "config_version": str(len(cluster.nodes)),
        "interface": {"0": {"linknumber": "0"}},
        "ip_version": "ipv4-6",
        "link_mode": "passive",
        "secauth": "on",
        "token_coefficient": "125",
        "version": "2",
    }


def members(cluster: Cluster) -> list[dict[str, str]]:
    return [
        {
            "name": node.name,
            "nodeid": str(node.nodeid),
            "quorum_votes": "1",
            "ring0_addr": node.ip,
        }
        for node in cluster.nodes.values()
    ]


@endpoint("GET", BASE)
def index(call: Call) -> list[dict[str, str]]:
    return [{"name": name} for name in ("nodes", "totem", "join", "qdevice", "apiversion")]


@endpoint("GET", f"{BASE}/nodes")
def list_members(call: Call) -> list[dict[str, str]]:
    return [{**row, "node": row["name"]} for row in members(call.cluster)] if call.cluster.name else []


@endpoint("GET", f"{BASE}/totem")
def read_totem(call: Call) -> dict[str, Any] | None:
    return totem(call.cluster) if call.cluster.name else None


@endpoint("GET", f"{BASE}/qdevice")
def read_qdevice(call: Call) -> dict[str, Any]:
    return {}


@endpoint("GET", f"{BASE}/apiversion")
def api_version(call: Call) -> str:
    return "1"


@endpoint("GET", f"{BASE}/join")
def join_information(call: Call) -> dict[str, Any]:
    cluster = call.cluster
    if not cluster.name:
        raise ApiError(424, "node is not in a cluster, no join info available!", newline=False)
    preferred = call.params.get("node", cluster.local_node)
    if preferred not in cluster.nodes:
        raise ApiError(500, f"unknown node '{preferred}'")
    fingerprint = cluster.areas["fingerprint"]
    return {
        "config_digest": digest_of(members(cluster)),
        "preferred_node": preferred,
        "totem": totem(cluster),
        "nodelist": [{**row, "pve_addr": row["ring0_addr"], "pve_fp": fingerprint} for row in members(cluster)],
    }


@endpoint("POST", BASE)
@endpoint("POST", f"{BASE}/join")
def found_or_join(call: Call) -> Any:
    if call.cluster.name:
        raise ApiError(500, "cluster config '/etc/pve/corosync.conf' already exists")
    raise not_simulated("founding or joining a cluster; choose a scenario with the nodes that you need")


@endpoint("POST", f"{BASE}/nodes/{{node}}")
def add_member(call: Call) -> Any:
    if not call.cluster.name:
        raise ApiError(500, "invalid corosync.conf", {"error0": "no nodes found"})
    raise not_simulated("adding a node to a cluster")


@endpoint("DELETE", f"{BASE}/nodes/{{node}}")
def remove_member(call: Call) -> Any:
    if call.params["node"] not in call.cluster.nodes or not call.cluster.name:
        raise ApiError(500, f"Node/IP: {call.params['node']} is not a known host of the cluster.")
    raise not_simulated("removing a node from a cluster")


@endpoint("GET", "/cluster/ceph/status")
def ceph_status(call: Call) -> Any:
    raise ApiError(500, "binary not installed: /usr/bin/ceph-mon")
