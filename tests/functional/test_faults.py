# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection dropped at every request of a scenario, before and after the server acted.

Each task ends in the wished state or in a clear error, the next run completes it, and nothing is created twice or lost.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.harness.cluster import Cluster, Result, running_cluster
from tests.harness.demo import demo_tasks
from tests.harness.lifecycle_cases import resource_of

Task = tuple[str, Mapping[str, Any]]  # a module and its options
Tasks = Sequence[Task]

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
PLAIN_LISTS = (
    "/access/groups",
    "/access/roles",
    "/access/acl",
    "/cluster/backup",
    "/cluster/firewall/aliases",
    "/cluster/firewall/ipset",
    "/cluster/firewall/groups",
    "/cluster/ha/resources",
    "/cluster/ha/rules",
    "/cluster/notifications/targets",
    "/cluster/notifications/matchers",
)
BACKUP_TIME = re.compile(r"\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d")  # in the name of a backup
MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")
CHANCE = re.compile(r'^ *"(digest|next-run)": .*\n', re.MULTILINE)  # what says nothing about the state
CLEAR = ("It is unknown whether this ran: ", "The connection to ", "Cannot connect to ")


def run(cluster: Cluster, task: Task) -> Result:
    module, options = task
    return cluster.run(resource_of(module), of_this_run(cluster, options))


def play(cluster: Cluster, tasks: Tasks) -> list[Result]:
    """The results of the tasks up to the first failure, as in a play."""
    results = []
    for module, options in tasks:
        results.append(cluster.run(resource_of(module), options))
        if results[-1].get("failed"):
            break
    return results


def of_this_run(cluster: Cluster, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options with the time of the backup that there is now, if they name one."""
    text = json.dumps(options)
    if not BACKUP_TIME.search(text):
        return options
    (backup,) = cluster.call("GET", "/nodes/pve1/storage/pvetest-demo/content", {"content": "backup"})
    found: dict[str, Any] = json.loads(BACKUP_TIME.sub(BACKUP_TIME.findall(backup["volid"])[0], text))
    return found


def state_of(cluster: Cluster) -> str:
    """Everything that the scenarios may leave behind, as text."""
    get = functools.partial(cluster.call, "GET")
    guests = {kind: get(f"/nodes/pve1/{kind}") for kind in ("qemu", "lxc")}
    paths = [f"/nodes/pve1/{kind}/{row['vmid']}" for kind, rows in guests.items() for row in rows]
    storages = [row["storage"] for row in get("/nodes/pve1/storage")]
    pools = [get("/pools", {"poolid": row["poolid"]})[0] for row in get("/pools")]
    seen = {
        **{path: get(path) for path in PLAIN_LISTS},
        "users": get("/access/users", {"full": 1}),
        "pools": [{**pool, "members": sorted(row["id"] for row in pool.get("members", []))} for pool in pools],
        "storages": [{**row, "content": sorted(row["content"].split(","))} for row in get("/storage")],
        "guests": [settled_config(get(f"{path}/config")) for path in paths],
        "snapshots": [row["name"] for path in paths for row in get(f"{path}/snapshot")],
        "rules": [row for path in paths for row in get(f"{path}/firewall/rules")],
        "power": [{"id": row["vmid"], "on": row["status"]} for rows in guests.values() for row in rows],
        "volumes": [row["volid"] for name in storages for row in get(f"/nodes/pve1/storage/{name}/content")],
    }
    text = json.dumps({name: by_text(rows) for name, rows in seen.items()}, indent=1, sort_keys=True)
    return CHANCE.sub("", BACKUP_TIME.sub("(time)", text))


def settled_config(config: dict[str, Any]) -> dict[str, Any]:
    """A guest's configuration without what the server makes up each time."""
    kept = {name: value for name, value in config.items() if name not in ("digest", "meta", "vmgenid", "smbios1")}
    return {name: MAC.sub("", str(value)) if name.startswith("net") else value for name, value in kept.items()}


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


@pytest.fixture
def bare_cluster() -> Iterator[Cluster]:
    """One node without guests, so that its whole state is soon read."""
    with running_cluster("single", "--nodes", "pve1") as cluster:
        yield cluster


@pytest.mark.parametrize("scenario", ["control plane", "guests", "demo"])
def test_a_connection_dropped_at_every_request(bare_cluster: Cluster, scenario: str, tmp_path: Path) -> None:
    """Task by task: where the state after each of them is the one without faults, so is the one at the end."""
    tasks = {"control plane": CONTROL_PLANE, "guests": GUESTS}.get(scenario) or demo_tasks(bare_cluster, tmp_path)
    bare_cluster.reset()
    for task in tasks:
        bare_cluster.control("POST", "mark")
        sweep(bare_cluster, task)
        bare_cluster.reset()
        run(bare_cluster, task)


def sweep(cluster: Cluster, task: Task) -> None:
    """After a read nothing has changed, so that there before and after are the same. All writes are dropped, and the last
    read; with FAULTS=all in the environment every read.
    """
    cluster.reset()
    result = run(cluster, task)
    assert not result.get("failed"), result["msg"]
    methods = [row["method"] for row in cluster.requests_made()]
    state = state_of(cluster)
    reads = [index for index, method in enumerate(methods) if method == "GET"]
    for index, method in enumerate(methods):
        if index in reads[:-1] and os.environ.get("FAULTS") != "all":
            continue
        for drop in ("before",) if method == "GET" else ("before", "after"):
            where = f"{task}: request {index} of {len(methods)}, dropped {drop} the server acted"
            cluster.reset()
            cluster.fault(index=index, drop=drop)
            survives(cluster, task, where)
            assert state_of(cluster) == state, where


def survives(cluster: Cluster, task: Task, where: str) -> None:
    result = run(cluster, task)
    if result.get("failed"):
        assert any(text in result["msg"] for text in CLEAR), f"{where}: {result['msg']}"
        result = run(cluster, task)
    assert not result.get("failed"), f"{where}, and again: {result['msg']}"
    assert created_twice(cluster) == [], where


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_task_that_still_runs_after_the_connection_was_lost_is_awaited(cluster: Cluster, drop: str) -> None:
    """Reading at once would show a machine that is not there yet, and create it again."""
    cluster.fault(method="POST", path="/nodes/pve1/qemu", drop=drop)
    cluster.task_fault(type="qmcreate", duration=1.0)
    result = cluster.run(resource_of("pve_vm"), {**MACHINE, "vmid": 9200, "pool": None})
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is True
    assert "was unclear" in result["warnings"][0]
    assert [row["summary"] for row in result["requests"]] == ["create virtual machine 9200 (fault)"]
    assert created_twice(cluster) == []


def test_a_connection_lost_while_a_task_is_awaited_is_taken_up_again(cluster: Cluster) -> None:
    cluster.task_fault(type="qmcreate", duration=0.5)
    cluster.fault(method="GET", path=r"/nodes/pve1/tasks/.*/status", drop="before", count=3)
    result = cluster.run(resource_of("pve_vm"), {**MACHINE, "vmid": 9200, "pool": None})
    assert not result.get("failed"), result["msg"]
    assert "warnings" not in result
    assert created_twice(cluster) == []


def test_a_node_that_cannot_be_reached_is_told(cluster: Cluster) -> None:
    """The asked node answers 595 for another one that is down; nothing ran there."""
    cluster.control("POST", "node", {"node": "pve2", "online": False})
    result = cluster.run(resource_of("pve_vm"), {**MACHINE, "vmid": 9200, "node": "pve2"})
    assert result["failed"] is True
    assert result["changed"] is False
    assert "595" in result["msg"]
    assert cluster.call("GET", "/cluster/nextid", {"vmid": 9200}) in (9200, "9200")
