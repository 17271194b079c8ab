# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection dropped at every request of a scenario, before and after the server acted.

Each run ends in the wished state or in a clear error, the next run completes it, and nothing is created twice or lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.harness.cluster import Cluster, Result
from tests.harness.lives import resource_of

Tasks = Sequence[tuple[str, Mapping[str, Any]]]

CONTROL_PLANE: Tasks = (
    ("pve_group", {"groupid": "fault", "comment": "Fault"}),
    ("pve_user", {"userid": "fault@pve", "comment": "Fault", "groups": ["fault"], "password": "fault-s3cret"}),
    ("pve_user", {"userid": "fault@pve", "comment": "changed", "groups": []}),
    ("pve_pool", {"poolid": "fault", "comment": "Fault", "storage": ["local"]}),
    ("pve_role", {"roleid": "Fault", "privs": ["VM.Audit"]}),
    ("pve_acl", {"path": "/pool/fault", "users": ["fault@pve"], "roles": ["Fault", "PVEPoolUser"]}),
    ("pve_token", {"userid": "fault@pve", "tokenid": "one", "comment": "Fault"}),
    ("pve_acl", {"path": "/pool/fault", "tokens": ["fault@pve!one"], "roles": ["Fault"]}),
    ("pve_role", {"roleid": "Fault", "privs": ["VM.Audit", "Sys.Audit"]}),
    ("pve_group", {"groupid": "fault", "state": "absent"}),
)
MACHINE: Mapping[str, Any] = {
    "node": "pve1",
    "name": "fault",
    "scsi": {"scsi0": {"storage": "local", "size": "2G", "format": "qcow2"}},
    "net": {"net0": {"model": "virtio", "bridge": "vmbr0"}},
    "ide": {"ide2": "local:cloudinit"},
    "pool": "fault",
}
GUESTS: Tasks = (
    ("pve_pool", {"poolid": "fault"}),
    ("pve_vm", {**MACHINE, "vmid": 9200, "state": "started"}),
    ("pve_vm", {"vmid": 9200, "cores": 2, "description": "changed", "scsi": {"scsi0": {"size": "3G"}}}),
    ("pve_vm", {**MACHINE, "name": "fault-by-name"}),
    ("pve_vm", {"node": "pve1", "vmid": 9202}),
    ("pve_vm", {"vmid": 9202, "state": "absent"}),
    ("pve_vm", {"vmid": 9200, "state": "stopped", "force": True}),
)
SCENARIOS = {"control plane": CONTROL_PLANE, "guests": GUESTS}
ONCE = {"token_secret"}  # what is told once: the fault may have swallowed it

CLEAR = ("It is unknown whether this ran: ", "The connection to ", "Cannot connect to ")


def play(cluster: Cluster, tasks: Tasks) -> list[Result]:
    """The results of the tasks up to the first failure, as in a play."""
    results = []
    for module, options in tasks:
        results.append(cluster.run(resource_of(module), options))
        if results[-1].get("failed"):
            break
    return results


def state_of(cluster: Cluster) -> str:
    """Everything that the scenarios may leave behind, as text."""
    config = [
        cluster.call("GET", f"/nodes/pve1/qemu/{row['vmid']}/config") for row in cluster.call("GET", "/nodes/pve1/qemu")
    ]
    for guest in config:
        for name in ("digest", "meta", "vmgenid", "smbios1"):
            guest.pop(name, None)
        guest["net0"] = str(guest.get("net0", ""))[-12:]  # without the MAC
    pools = [cluster.call("GET", "/pools", {"poolid": row["poolid"]}) for row in cluster.call("GET", "/pools")]
    seen = {
        "users": by_text(cluster.call("GET", "/access/users", {"full": 1})),
        "groups": by_text(cluster.call("GET", "/access/groups")),
        "roles": by_text(cluster.call("GET", "/access/roles")),
        "acl": by_text(cluster.call("GET", "/access/acl")),
        "pools": by_text(
            [{**pool, "members": sorted(row["id"] for row in pool.get("members", []))} for (pool,) in pools]
        ),
        "guests": by_text(config),
        "power": by_text([{"id": row["vmid"], "on": row["status"]} for row in cluster.call("GET", "/nodes/pve1/qemu")]),
        "volumes": by_text([row["volid"] for row in cluster.call("GET", "/nodes/pve1/storage/local/content")]),
    }
    return json.dumps(seen, indent=1, sort_keys=True)


def by_text(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def created_twice(cluster: Cluster) -> list[str]:
    """Objects that more than one accepted POST to the same collection created."""
    made: Counter[str] = Counter()
    for row in cluster.requests_made():
        if (
            row["method"] == "POST"
            and row.get("status") == 200
            and row["path"] != "/access/ticket"
            and "/status/" not in row["path"]
        ):
            made[f"{row['path']} {row['params']}"] += 1
    return [what for what, times in made.items() if times > 1]


@pytest.fixture(scope="module")
def references(shared_cluster: Cluster) -> dict[str, tuple[str, int]]:
    """For each scenario the state that it leads to without faults, and how many requests lead there."""
    found = {}
    for name, tasks in SCENARIOS.items():
        shared_cluster.reset()
        results = play(shared_cluster, tasks)
        assert not results[-1].get("failed"), results[-1]["msg"]
        count = shared_cluster.control("GET", "requests")["count"]
        found[name] = (state_of(shared_cluster), count)
    return found


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_connection_dropped_at_every_request(
    shared_cluster: Cluster, references: dict[str, tuple[str, int]], name: str, drop: str
) -> None:
    cluster, tasks = shared_cluster, SCENARIOS[name]
    wished, count = references[name]
    assert count > len(tasks)
    for index in range(count):
        where = f"{name}: request {index} of {count}, dropped {drop} the server acted"
        cluster.reset()
        cluster.fault(index=index, drop=drop)
        results = play(cluster, tasks)
        if results[-1].get("failed"):
            message = results[-1]["msg"]
            assert any(text in message for text in CLEAR), f"{where}: {message}"
            results = play(cluster, tasks)
        assert not results[-1].get("failed"), f"{where}, and again: {results[-1]['msg']}"
        assert created_twice(cluster) == [], where
        assert state_of(cluster) == wished, where
