# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import HopFailed, InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.info import CLUSTER_INFO
from tests.unit.resources.fake import Server, options

NODES = [
    {"type": "node", "name": "pve2", "id": "node/pve2", "nodeid": 2, "ip": "192.0.2.2", "online": 0, "local": 0},
    {
        "type": "node",
        "name": "pve1",
        "id": "node/pve1",
        "nodeid": 1,
        "ip": "192.0.2.1",
        "online": 1,
        "local": 1,
        "level": "c",
    },
]
CLUSTER = {"type": "cluster", "id": "cluster", "name": "lab", "quorate": 0, "version": 4, "nodes": 2}
RESOURCES: list[dict[str, Any]] = [
    {"type": "pool", "id": "/pool/p", "pool": "p"},
    {"type": "network", "id": "network/pve1/zone/localnetwork", "node": "pve1"},
    {"type": "node", "node": "pve2", "status": "offline"},
    {
        "type": "node", "node": "pve1", "status": "online", "cpu": 0.256, "maxcpu": 8,
        "mem": 3000, "maxmem": 8000, "disk": 10, "maxdisk": 100,
    },
    {"type": "qemu", "vmid": 100, "node": "pve1", "status": "running", "maxcpu": 4, "maxmem": 4000, "maxdisk": 50},
    {"type": "lxc", "vmid": 101, "node": "pve1", "status": "stopped", "maxcpu": 0.5, "maxmem": 500, "maxdisk": 5},
    {"type": "qemu", "vmid": 102, "node": "pve1", "status": "stopped", "template": 1, "maxcpu": 1, "maxmem": 1, "maxdisk": 1},
    {"type": "qemu", "vmid": 103, "node": "pve2", "status": "unknown"},
    {
        "type": "storage", "storage": "share", "node": "pve2", "shared": 1, "plugintype": "nfs",
        "status": "unknown", "content": "iso",
    },
    {
        "type": "storage", "storage": "share", "node": "pve1", "shared": 1, "plugintype": "nfs", "status": "available",
        "content": "iso", "disk": 300, "maxdisk": 1000,
    },
    {
        "type": "storage", "storage": "local", "node": "pve1", "shared": 0, "plugintype": "dir", "status": "available",
        "content": "vztmpl,backup", "disk": 10, "maxdisk": 100,
    },
    {"type": "storage", "storage": "local", "node": "pve2", "shared": 0, "plugintype": "dir", "status": "unknown", "content": ""},
]  # fmt: skip
TASK = {"node": "pve1", "type": "qmstart", "id": "100", "user": "root@pam", "endtime": 12, "status": "OK"}
ANSWERS: dict[str, Any] = {
    "/cluster/status": [*NODES, CLUSTER],
    "/cluster/config/nodes": [
        {"name": "pve2", "node": "pve2", "nodeid": "2", "quorum_votes": "1", "ring0_addr": "192.0.2.2"},
        {"name": "pve1", "node": "pve1", "nodeid": "1", "quorum_votes": "2", "ring0_addr": "192.0.2.1"},
    ],
    "/cluster/resources": RESOURCES,
    "/nodes/pve1/qemu": [
        {"vmid": 100, "status": "running", "cpus": 4, "maxmem": 4000, "maxdisk": 50},
        {"vmid": 102, "status": "stopped", "template": 1, "cpus": 1, "maxmem": 1, "maxdisk": 1},
    ],
    "/nodes/pve1/lxc": [{"vmid": 101, "status": "stopped", "cpus": 0.5, "maxmem": 500, "maxdisk": 5}],
    "/cluster/tasks": [{**TASK, "upid": "a", "starttime": 10}, {**TASK, "upid": "b", "starttime": 11}],
    "/cluster/log": [{"msg": "new"}, {"msg": "old"}],
}


def shown(on: Server | None = None, **desired: Any) -> dict[str, Any]:
    on = on or Server(ANSWERS)
    found: dict[str, Any] = CLUSTER_INFO.read(on, CLUSTER_INFO.parse(options(CLUSTER_INFO, **desired)))
    return found


def test_without_options_it_is_the_status_by_one_request() -> None:
    on = Server(ANSWERS)
    found = shown(on)
    assert on.asked == ["/cluster/status"]
    assert found.keys() == {"status"}
    assert {**found["status"], "nodes": None} == {"name": "lab", "quorate": False, "config_version": 4, "nodes": None}
    assert [(node["node"], node["online"], node["local"]) for node in found["status"]["nodes"]] == [
        ("pve1", True, True),
        ("pve2", False, False),
    ]


def test_a_node_alone_is_quorate() -> None:
    assert shown(Server({"/cluster/status": [NODES[1]]}))["status"] == {
        "name": None,
        "quorate": True,
        "config_version": None,
        "nodes": [{"node": "pve1", "nodeid": 1, "ip": "192.0.2.1", "level": "c", "online": True, "local": True}],
    }


def test_each_subject_is_one_request_and_the_lists_of_guests() -> None:
    on = Server(ANSWERS)
    assert shown(on, gather=list(CLUSTER_INFO.subjects)).keys() == set(CLUSTER_INFO.subjects)
    assert sorted(on.asked) == sorted(ANSWERS)
    assert not on.warnings


def test_guests_are_counted_by_what_their_nodes_list() -> None:
    lagging = [{**row, "status": "unknown"} if row.get("vmid") == 100 else row for row in RESOURCES]
    found = shown(Server({**ANSWERS, "/cluster/resources": lagging}), gather=["resources"])["resources"]
    assert found["nodes"][0]["guests"] == {"running": 1, "templates": 1, "stopped": 1, "unknown": 0}


def test_a_node_that_does_not_list_its_guests_is_warned_about() -> None:
    failed = HopFailed("GET", "/nodes/pve1/qemu", 596, "Connection timed out")
    on = Server({**ANSWERS, "/nodes/pve1/qemu": failed})
    assert shown(on, gather=["resources"])["resources"]["nodes"][0]["guests"]["running"] == 1
    assert [text.partition(":")[0] for text in on.warnings] == ["Guests of pve1 are counted as last reported"]


def test_members_have_votes() -> None:
    found = shown(gather=["members"])["members"]
    assert [(row["node"], row["nodeid"], row["quorum_votes"]) for row in found] == [("pve1", 1, 2), ("pve2", 2, 1)]


def test_resources_by_node() -> None:
    online, offline = shown(gather=["resources"])["resources"]["nodes"]
    assert online == {
        "node": "pve1",
        "status": "online",
        "cpu": {"used": 2.05, "total": 8, "allocated": 4.5},
        "memory": {"used": 3000, "total": 8000, "allocated": 4500},
        "disk": {"used": 10, "total": 100, "allocated": 55},
        "guests": {"running": 1, "stopped": 1, "templates": 1, "unknown": 0},
    }
    assert offline["cpu"] == {"used": None, "total": None, "allocated": 0}
    assert offline["guests"]["unknown"] == 1


def test_a_shared_storage_is_one_entry_as_seen_by_a_node_that_reaches_it() -> None:
    storages = shown(gather=["resources"])["resources"]["storages"]
    assert [(row["storage"], row["nodes"], row["used"], row["total"]) for row in storages] == [
        ("local", ["pve1"], 10, 100),
        ("local", ["pve2"], None, None),
        ("share", ["pve1", "pve2"], 300, 1000),
    ]
    assert storages[0]["content"] == ["backup", "vztmpl"]
    assert storages[2]["status"] == "available"


def test_resources_in_all_count_a_shared_storage_once() -> None:
    assert shown(gather=["resources"])["resources"]["total"] == {
        "cpu": {"used": 2.05, "total": 8, "allocated": 4.5},
        "memory": {"used": 3000, "total": 8000, "allocated": 4500},
        "disk": {"used": 310, "total": 1100, "allocated": 55},
        "guests": {"running": 1, "stopped": 1, "templates": 1, "unknown": 1},
    }


def test_the_newest_tasks_and_lines() -> None:
    on = Server(ANSWERS)
    found = shown(on, gather=["tasks", "log"], limit=1)
    assert [task["upid"] for task in found["tasks"]] == ["b"]
    assert not found["tasks"][0]["failed"]
    assert on.params["/cluster/log"] == {"max": 1}
    with pytest.raises(InvalidOption, match="limit"):
        shown(limit=0)
