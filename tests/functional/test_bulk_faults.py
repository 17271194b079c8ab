# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection dropped while machines are cloned, restored, and made ten at a time: see test_faults.py.

Clone and restore are interrupted at every request. A bulk of ten makes well over a hundred, which would take minutes, and its
guests are all alike: there the first and the last request of each kind are dropped, and with FAULTS=all in the environment
every one.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.functional.test_faults import CLEAR, MAC, Tasks, created_twice, play
from tests.harness.cluster import Cluster

TEMPLATE: Mapping[str, Any] = {
    "node": "pve1",
    "vmid": 9230,
    "name": "template",
    "scsi": {"scsi0": {"storage": "local", "size": "1G", "format": "qcow2"}},
    "net": {"net0": {"model": "virtio", "bridge": "vmbr0"}},
    "template": True,
}
CONFIGURED: Mapping[str, Any] = {
    "cores": 2,
    "memory": "1G",
    "tags": ["made"],
    "scsi": {"scsi0": {"size": "2G"}},
    "net": {"net0": {"tag": 7}},
    "state": "started",
}
CLONE: Tasks = (
    (
        "pve_vm",
        {"vmid": 9231, "name": "by-id", "node": "pve1", "clone": {"source": "template", "full": True}, **CONFIGURED},
    ),
    ("pve_vm", {"name": "by-name", "clone": 9230, **CONFIGURED}),
)
BULK: Tasks = (
    (
        "pve_guests",
        {
            "guests": [
                {"name": f"bulk{number}", "node": "pve1", "clone": {"source": "template", "full": True}, **CONFIGURED}
                for number in range(10)
            ],
            "parallel": 4,
        },
    ),
)
MADE_UP = {"digest", "meta", "vmgenid", "smbios1"}  # by the server, again each time


@dataclasses.dataclass(frozen=True)
class Scenario:
    """Tasks that are interrupted, after others that prepare them. Both may depend on what the preparation led to."""

    prepare: Tasks
    tasks: Callable[[Cluster], Tasks]
    sampled: bool = False


def restorations(cluster: Cluster) -> Tasks:
    """A machine as it was backed up, and one that becomes something else in the same task."""
    rows = cluster.call("GET", "/nodes/pve1/storage/local/content", {"content": "backup", "vmid": 9240})
    volume = rows[0]["volid"]
    return (
        (
            "pve_backup",
            {"node": "pve1", "volume": volume, "vmid": [9241], "unique": True, "start": True, "state": "restored"},
        ),
        ("pve_vm", {"vmid": 9242, "node": "pve1", "restore": volume, "name": "changed", **CONFIGURED}),
    )


SAVED: Tasks = (
    ("pve_vm", {**TEMPLATE, "vmid": 9240, "name": "saved", "template": None}),
    ("pve_backup", {"vmid": [9240], "storage": "local", "mode": "stop"}),
)
SCENARIOS = {
    "clone": Scenario((("pve_vm", TEMPLATE),), lambda cluster: CLONE),
    "restore": Scenario(SAVED, restorations),
    "bulk": Scenario((("pve_vm", TEMPLATE),), lambda cluster: BULK, sampled=True),
}


def state_of(cluster: Cluster) -> str:
    """The machines of the node by name, with their power and volumes, as text; ids and addresses are the server's to choose."""
    machines = cluster.call("GET", "/nodes/pve1/qemu")
    volumes = [row["volid"] for row in cluster.call("GET", "/nodes/pve1/storage/local/content")]
    seen = []
    for row in machines:
        config = cluster.call("GET", f"/nodes/pve1/qemu/{row['vmid']}/config")
        kept = {name: MAC.sub("", str(value)) for name, value in config.items() if name not in MADE_UP}
        own = sorted(volid for volid in volumes if f":{row['vmid']}/" in volid)
        reported = json.dumps([row["status"], kept, own], sort_keys=True)
        seen.append(f"{row.get('name')}: " + re.sub(rf"\b{row['vmid']}\b", "ID", reported))
    return "\n".join(sorted(seen))


def begin(cluster: Cluster, scenario: Scenario) -> Tasks:
    """Prepare a scenario; the requests count from here on."""
    cluster.reset()
    prepared = play(cluster, scenario.prepare)
    assert not prepared[-1].get("failed"), prepared[-1]["msg"]
    tasks = scenario.tasks(cluster)
    cluster.requests_made()
    return tasks


def chosen(requests: Sequence[Mapping[str, Any]], *, sampled: bool, drop: str) -> list[int]:
    """The indexes of the requests to drop. After a read nothing has changed, so that there before and after are the same."""
    kinds: dict[str, list[int]] = {}
    for index, row in enumerate(requests):
        if drop == "before" or row["method"] != "GET":
            key = re.sub(r"UPID:[^/]*|\d{3,}", "ID", f"{row['method']} {row['path']}") if sampled else str(index)
            kinds.setdefault(key, []).append(index)
    return sorted({found[place] for found in kinds.values() for place in (0, -1)})


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_connection_dropped_at_a_request(shared_cluster: Cluster, name: str, drop: str) -> None:
    cluster, scenario = shared_cluster, SCENARIOS[name]
    tasks = begin(cluster, scenario)
    results = play(cluster, tasks)
    assert not results[-1].get("failed"), results[-1]["msg"]
    requests = cluster.requests_made()
    wanted = state_of(cluster)
    for index in chosen(requests, sampled=scenario.sampled and os.environ.get("FAULTS") != "all", drop=drop):
        where = (
            f"{name}: request {index} of {len(requests)} ({requests[index]['method']}), dropped {drop} the server acted"
        )
        tasks = begin(cluster, scenario)
        cluster.fault(index=index, drop=drop)
        results = play(cluster, tasks)
        if results[-1].get("failed"):
            message = results[-1]["msg"]
            assert any(text in message for text in CLEAR), f"{where}: {message}"
            results = play(cluster, tasks)
        assert not results[-1].get("failed"), f"{where}, and again: {results[-1]['msg']}"
        assert created_twice(cluster) == [], where
        assert state_of(cluster) == wanted, where


def test_a_configured_clone_reads_nothing_twice(shared_cluster: Cluster) -> None:
    """One write of the configuration, one growth, one start, and between two writes no read that was made already."""
    cluster = shared_cluster
    (module, options), *_others = begin(cluster, SCENARIOS["clone"])
    play(cluster, [(module, options)])
    rows = [row for row in cluster.requests_made() if row["path"] != "/access/ticket" and "/tasks/" not in row["path"]]
    writes = [f"{row['method']} {row['path'].rpartition('/')[2]}" for row in rows if row["method"] != "GET"]
    assert writes == ["POST clone", "PUT config", "PUT resize", "POST start"]
    read: list[str] = []  # since the last write
    for row in rows:
        read = [*read, row["path"]] if row["method"] == "GET" else []
        assert len(read) == len(set(read)), "\n".join(read)
