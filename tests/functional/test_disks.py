# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of a node against the simulator: made, found again, deleted and wiped, also while connections are lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import resource_of

THINGS: dict[str, dict[str, Any]] = {
    "volume group": {"type": "lvm", "name": "life", "devices": ["/dev/sdb"], "add_storage": True},
    "thin pool": {
        "type": "lvmthin",
        "name": "life",
        "devices": ["/dev/disk/by-id/ata-SIMULATED_SDB"],
        "add_storage": True,
    },
    "single zpool": {"type": "zfs", "name": "life", "devices": ["/dev/sdb"], "raidlevel": "single"},
    "mirror": {
        "type": "zfs",
        "name": "life",
        "devices": ["/dev/sdc", "/dev/sdb"],
        "raidlevel": "mirror",
        "ashift": 13,
        "compression": "zstd",
        "add_storage": True,
    },
    "raid10": {"type": "zfs", "name": "life", "devices": [f"/dev/sd{x}" for x in "bcde"], "raidlevel": "raid10"},
    "draid": {
        "type": "zfs",
        "name": "life",
        "devices": [f"/dev/sd{x}" for x in "bcd"],
        "raidlevel": "draid",
        "draid_config": {"data": 1, "spares": 1},
    },
    "directory": {
        "type": "directory",
        "name": "life",
        "devices": ["/dev/sdb"],
        "filesystem": "xfs",
        "add_storage": True,
    },
}
STORAGE = {"lvm": "lvm", "lvmthin": "lvmthin", "zfs": "zfspool", "directory": "dir"}
GONE: dict[str, Any] = {"state": "absent", "cleanup_config": True, "cleanup_disks": True, "force": True}
things = pytest.mark.parametrize("thing", THINGS.values(), ids=THINGS)


def run(cluster: Cluster, *, check_mode: bool = False, **options: Any) -> Result:
    return cluster.run(resource_of("pve_node_disk"), {"node": "pve1", **options}, check_mode=check_mode)


def succeeded(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    assert "warnings" not in result
    return result


def predicted(cluster: Cluster, **options: Any) -> Result:
    """What a task did, after check mode had reported it and before it finds nothing more to do."""
    reported = succeeded(run(cluster, check_mode=True, **options))
    assert cluster.writes_made() == []
    done = succeeded(run(cluster, **options))
    assert reported["changed"] is done["changed"] is True
    assert (reported["requests"], reported["diff"], reported["disk"]) == (done["requests"], done["diff"], done["disk"])
    assert len(cluster.writes_made()) == 1
    again = succeeded(run(cluster, **options))
    assert (again["changed"], again["disk"], cluster.writes_made()) == (False, done["disk"], [])
    return done


def unused(cluster: Cluster) -> set[str]:
    return {str(row["devpath"]) for row in cluster.call("GET", "/nodes/pve1/disks/list", {"type": "unused"})}


@things
def test_made_and_deleted(cluster: Cluster, thing: dict[str, Any]) -> None:
    free = unused(cluster)
    assert predicted(cluster, **thing)["disk"]["name"] == "life"
    assert len(free - unused(cluster)) == len(thing["devices"])
    if thing.get("add_storage"):
        assert cluster.call("GET", "/storage/life")["type"] == STORAGE[thing["type"]]
    cluster.requests_made()
    named = {name: thing[name] for name in ("type", "name")}
    assert predicted(cluster, **named, **GONE)["disk"] is None
    assert unused(cluster) == free
    assert "life" not in {row["storage"] for row in cluster.call("GET", "/storage")}


def test_what_is_there_takes_two_reads_at_most(cluster: Cluster) -> None:
    for name, thing in THINGS.items():
        cluster.reset()
        reported = succeeded(run(cluster, **thing))["disk"]
        cluster.requests_made()
        named = {key: thing[key] for key in ("type", "name")}
        lasting = {"devices": reported["devices"]} if "devices" in reported else {}
        assert succeeded(run(cluster, **named, **lasting))["changed"] is False
        expected = 1 if thing["type"] in ("lvm", "directory") else 2
        assert [row["method"] for row in cluster.requests_made()] == ["GET"] * expected, name


def test_a_storage_is_extended_to_a_second_node(cluster: Cluster) -> None:
    mirror = THINGS["mirror"]
    succeeded(run(cluster, **mirror))
    succeeded(run(cluster, **mirror, node="pve2"))
    assert set(cluster.call("GET", "/storage/life")["nodes"].split(",")) == {"pve1", "pve2"}
    succeeded(run(cluster, type="zfs", name="life", **GONE))
    assert cluster.call("GET", "/storage/life")["nodes"] == "pve2"


def test_what_differs_is_an_error(cluster: Cluster) -> None:
    succeeded(run(cluster, **THINGS["mirror"]))
    for name, value in {"devices": ["/dev/sdb", "/dev/sdd"], "raidlevel": "single", "add_storage": True}.items():
        if name == "add_storage":
            cluster.call("DELETE", "/storage/life")
        cluster.requests_made()
        refused = run(cluster, **{**THINGS["mirror"], name: value})
        assert refused["failed"] is True
        assert refused["error"]["option"] == name
        assert cluster.writes_made() == []


def test_a_disk_with_something_on_it_is_wiped_first(cluster: Cluster) -> None:
    group, zpool = THINGS["volume group"], THINGS["single zpool"]
    succeeded(run(cluster, **group))
    refused = run(cluster, **zpool)
    assert "/dev/sdb is not empty" in refused["msg"]
    assert "volume group life" in run(cluster, state="wiped", disk="/dev/sdb", force=True)["msg"]
    refused = run(cluster, type="lvm", name="life", state="absent")
    assert "force" in refused["msg"]
    succeeded(run(cluster, type="lvm", name="life", state="absent", force=True))
    refused = run(cluster, state="wiped", disk="/dev/sdb")
    assert "force" in refused["msg"]
    cluster.requests_made()
    predicted(cluster, state="wiped", disk="/dev/sdb", force=True)
    predicted(cluster, state="gpt", disk="/dev/sdb", uuid="0FC63DAF-8483-4772-8E79-3D69D8477DE4")
    predicted(cluster, **zpool)
    assert "zpool life" in run(cluster, state="wiped", disk="/dev/sdb", force=True)["msg"]
    assert "zpool life" in run(cluster, state="wiped", disk="/dev/sdb1", force=True)["msg"]


@pytest.mark.parametrize("disk", ["/dev/sda", "/dev/sda2", "/dev/sda3"])
def test_the_system_is_never_wiped(cluster: Cluster, disk: str) -> None:
    refused = run(cluster, state="wiped", disk=disk, force=True)
    assert "is in use" in refused["msg"]
    assert cluster.writes_made() == []


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_connection_dropped_while_a_pool_is_made(cluster: Cluster, drop: str) -> None:
    """The task goes on; it is awaited, and not started a second time."""
    cluster.fault(method="POST", path="/nodes/pve1/disks/zfs", drop=drop)
    cluster.task_fault(type="zfscreate", duration=0.5)
    done = run(cluster, **THINGS["mirror"])
    assert not done.get("failed"), done["msg"]
    assert done["changed"] is True
    tasks = cluster.call("GET", "/nodes/pve1/tasks", {"typefilter": "zfscreate"})
    assert [row["status"] for row in tasks] == ["OK"]


def test_a_task_that_fails_is_told(cluster: Cluster) -> None:
    cluster.task_fault(type="lvmcreate", error="command 'vgcreate' failed: exit code 5")
    failed = run(cluster, **THINGS["volume group"])
    assert failed["failed"] is True
    assert "vgcreate" in failed["msg"]


def test_the_listing(cluster: Cluster) -> None:
    succeeded(run(cluster, **THINGS["mirror"]))
    listing = resource_of("pve_node_disk_info")
    everything = cluster.run(listing, {"node": "pve1", "include": ["lvm", "lvmthin", "zfs", "directory", "smart"]})[
        "disks"
    ]
    assert [row["devpath"] for row in everything["disks"]] == [f"/dev/sd{x}" for x in "abcde"]
    assert {row["smart"]["health"] for row in everything["disks"]} == {"PASSED"}
    assert (everything["zfs"][0]["name"], everything["zfs"][0]["state"]) == ("life", "ONLINE")
    assert (everything["lvm"][0]["name"], everything["lvmthin"][0]["lv"], everything["directory"]) == (
        "pve",
        "data",
        [],
    )
    free = cluster.run(listing, {"node": "pve1", "unused": True})["disks"]["disks"]
    assert [row["devpath"] for row in free] == ["/dev/sdd", "/dev/sde"]
    parts = cluster.run(listing, {"node": "pve1", "include_partitions": True})["disks"]["disks"]
    assert "/dev/sda3" in [row["devpath"] for row in parts]
