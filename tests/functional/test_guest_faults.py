# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection dropped at every request while containers and snapshots are managed: see test_faults.py."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.functional.test_faults import CLEAR, Tasks, created_twice, play
from tests.harness.cluster import Cluster

CONTAINER: Mapping[str, Any] = {
    "node": "pve1",
    "hostname": "fault",
    "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz",
    "rootfs": "local:1",
    "net": {"net0": "name=eth0,bridge=vmbr0,ip=dhcp"},
    "unprivileged": True,
}
CONTAINERS: Tasks = (
    ("pve_lxc", {**CONTAINER, "vmid": 9210, "mp": {"mp0": "local:1,mp=/data"}, "state": "started"}),
    ("pve_lxc", {"vmid": 9210, "mp": {"mp0": {"size": "2G"}, "mp1": "local:1,mp=/more"}, "tags": ["changed"]}),
    ("pve_lxc", {"vmid": 9210, "state": "stopped", "force": True, "unset": ["mp1"], "purge": True}),
    ("pve_lxc", {"vmid": 9211, "hostname": "copy", "clone": {"source": 9210, "full": True}, "rootfs": {"size": "2G"}}),
    ("pve_lxc", {"vmid": 9211, "tags": ["gone"], "protection": False}),
    ("pve_lxc", {"vmid": 9211, "state": "absent"}),
)
SNAPSHOTS: Tasks = (
    ("pve_vm", {"node": "pve1", "vmid": 9220, "scsi": {"scsi0": "local:1,format=qcow2"}}),
    ("pve_snapshot", {"vmid": 9220, "snapname": "one"}),
    ("pve_snapshot", {"vmid": 9220, "snapname": "one", "description": "changed"}),
    ("pve_snapshot", {"vmid": 9220, "snapname": "two", "retention": 2, "prefix": "*"}),
    ("pve_snapshot", {"vmid": 9220, "snapname": "one", "state": "absent"}),
)
MACHINE: Mapping[str, Any] = {"node": "pve1", "scsi": {"scsi0": "local:1"}, "net": {"net0": "virtio,bridge=vmbr0"}}
CLONES: Tasks = (
    ("pve_lxc", {**CONTAINER, "vmid": 9210, "template": True}),
    (
        "pve_lxc",
        {
            "vmid": 9211,
            "clone": {"source": 9210, "full": True},
            "net": {"net0": {"tag": 7}},
            "memory": 128,
            "state": "started",
        },
    ),
    (
        "pve_vm",
        {
            "node": "pve1",
            "vmid": 9219,
            "scsi": {"scsi0": "local:1"},
            "net": {"net0": "virtio,bridge=vmbr0"},
            "template": True,
        },
    ),
    (
        "pve_vm",
        {
            "vmid": 9220,
            "clone": {"source": 9219, "full": True},
            "net": {"net0": {"tag": 7}},
            "cores": 2,
            "scsi": {"scsi0": {"size": "2G"}},
            "state": "started",
        },
    ),
)
SCENARIOS = {"containers": CONTAINERS, "snapshots": SNAPSHOTS, "clones": CLONES}
CHOSEN_BY_THE_SERVER = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}|[0-9a-f]{40}|\"snaptime\": \d+")


def state_of(cluster: Cluster) -> str:
    """The guests of the scenarios, their power, volumes and snapshots, as text."""
    seen: dict[str, Any] = {}
    for kind, vmid in (("lxc", 9210), ("lxc", 9211), ("qemu", 9220)):
        if any(row["vmid"] == vmid for row in cluster.call("GET", f"/nodes/pve1/{kind}")):
            path = f"/nodes/pve1/{kind}/{vmid}"
            config = cluster.call("GET", f"{path}/config")
            seen[path] = {name: value for name, value in config.items() if name not in ("meta", "vmgenid", "smbios1")}
            seen[f"{path}: power"] = cluster.call("GET", f"{path}/status/current")["status"]
            seen[f"{path}: snapshots"] = sorted(cluster.call("GET", f"{path}/snapshot"), key=lambda row: row["name"])
    volumes = cluster.call("GET", "/nodes/pve1/storage/local/content")
    seen["volumes"] = sorted(row["volid"] for row in volumes if row.get("vmid") in (9210, 9211, 9220))
    return CHOSEN_BY_THE_SERVER.sub("", json.dumps(seen, indent=1, sort_keys=True))


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_connection_dropped_at_every_request(shared_cluster: Cluster, name: str, drop: str) -> None:
    cluster, tasks = shared_cluster, SCENARIOS[name]
    cluster.reset()
    results = play(cluster, tasks)
    assert not results[-1].get("failed"), results[-1]["msg"]
    methods = [row["method"] for row in cluster.requests_made()]
    wanted = state_of(cluster)
    assert len(methods) > len(tasks)
    for index, method in enumerate(methods):
        if method == "GET" and drop == "after":
            continue  # after a read nothing has changed: the same as before
        where = f"{name}: request {index} of {len(methods)} ({method}), dropped {drop} the server acted"
        cluster.reset()
        cluster.fault(index=index, drop=drop)
        results = play(cluster, tasks)
        if results[-1].get("failed"):
            message = results[-1]["msg"]
            assert any(text in message for text in CLEAR), f"{where}: {message}"
            results = play(cluster, tasks)
        assert not results[-1].get("failed"), f"{where}, and again: {results[-1]['msg']}"
        assert created_twice(cluster) == [], where
        assert state_of(cluster) == wanted, where
