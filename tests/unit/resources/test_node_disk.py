# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.disk import NODE_DISK
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.disk_inventory import Inventory
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.disk_pools import (
    pool_leaves,
    raid_level,
)
from tests.unit.resources.fake import Server, calls, planned
from tests.unit.resources.test_schema import parameters

DISKS = "/nodes/pve1/disks"
LINK = "/dev/disk/by-id/nvme-FAST_1"


def disk(devpath: str, **more: Any) -> dict[str, Any]:
    return {"devpath": devpath, "size": 1000, "gpt": 0, "osdid": -1, "type": "ssd", **more}


def part(devpath: str, parent: str, **more: Any) -> dict[str, Any]:
    return {**disk(devpath), "parent": parent, "type": "partition", "gpt": 1, **more}


ROWS = (
    disk("/dev/sda"),
    disk("/dev/sdb", used="LVM"),
    disk("/dev/sdc", used="LVM"),
    disk("/dev/sdd", used="LVM", osdid=3),
    disk("/dev/sde", used="partitions", gpt=1),
    part("/dev/sde1", "/dev/sde", used="ext4", mounted=1),
    disk("/dev/sdf", used="partitions", gpt=1),
    part("/dev/sdf1", "/dev/sdf", used="ext4"),
    part("/dev/sdf2", "/dev/sdf"),
    disk("/dev/nvme0n1", used="partitions", gpt=1, by_id_link=LINK),
    part("/dev/nvme0n1p1", "/dev/nvme0n1", used="ZFS"),
    part("/dev/nvme0n1p9", "/dev/nvme0n1", used="ZFS reserved"),
    disk("/dev/nvme0n10", gpt=1),
    disk("/dev/sdg", used="Device Mapper"),
)
GROUPS = {"leaf": 0, "children": [{"name": "data", "leaf": 0, "children": [{"name": "/dev/sdb", "leaf": 1}]}]}


def tree(name: str, *vdevs: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "state": "ONLINE", "children": [{"name": name, "children": list(vdevs)}]}


def server(**more: Any) -> Server:
    answers = {
        "list": list(ROWS),
        "lvm": GROUPS,
        "lvmthin": [{"lv": "data", "vg": "pve"}],
        "zfs": [{"name": "tank"}],
        "zfs/tank": tree("tank", {"name": f"{LINK}-part1"}),
        "directory": [{"path": "/mnt/pve/backup", "type": "xfs", "device": "/dev/disk/by-uuid/1-2"}],
        **more,
    }
    return Server({f"{DISKS}/{name}": answer for name, answer in answers.items()})


def plan(at: Server | None = None, **options: Any) -> Plan:
    return planned(NODE_DISK, at or server(), node="pve1", **options)


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"type": "lvm", "name": "data"}, ["lvm"]),
        ({"type": "lvm", "name": "data", "devices": ["/dev/sdb"]}, ["lvm"]),
        ({"type": "lvm", "name": "other", "state": "absent"}, ["lvm"]),
        ({"type": "zfs", "name": "tank", "raidlevel": "single", "devices": [LINK]}, ["zfs", "zfs/tank"]),
        ({"type": "zfs", "name": "tank", "devices": ["/dev/nvme0n1"]}, ["zfs", "zfs/tank", "list"]),
        ({"type": "directory", "name": "backup", "filesystem": "xfs", "devices": ["/dev/sdz"]}, ["directory"]),
        ({"type": "lvmthin", "name": "data", "state": "absent"}, ["lvmthin"]),
        ({"state": "wiped", "disk": "/dev/sda"}, ["list"]),
        ({"state": "gpt", "disk": LINK}, ["list"]),
    ],
)
def test_what_is_there_takes_as_few_reads_as_the_api_allows(options: dict[str, Any], asked: list[str]) -> None:
    present = server()
    assert not plan(present, **options).steps
    assert present.asked == [f"{DISKS}/{name}" for name in asked]


def test_a_wipe_is_of_the_disk_that_a_lasting_name_means() -> None:
    done = plan(server(zfs=[]), state="wiped", disk=LINK, force=True)
    assert calls(done) == [("PUT", f"{DISKS}/wipedisk", {"disk": "/dev/nvme0n1"})]
    assert (done.steps[0].starts_task, done.steps[0].task_id) == (True, "nvme0n1")
    assert done.after == {"node": "pve1", "devpath": "/dev/nvme0n1", "size": 1000, "gpt": False}
    assert calls(plan(state="wiped", disk="/dev/sdf1", force=True)) == [
        ("PUT", f"{DISKS}/wipedisk", {"disk": "/dev/sdf1"})
    ]
    assert not plan(state="wiped", disk="/dev/sdf2").steps
    assert plan(state="wiped", disk="/dev/nvme0n10", force=True).steps


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/dev/sdb", "volume group data"),
        ("/dev/sdd", "OSD 3"),
        ("/dev/sde", "mounted"),
        ("/dev/sdg", "held"),
        ("/dev/nvme0n1", "zpool tank"),
        ("/dev/nvme0n1p9", "zpool tank"),
    ],
)
def test_what_is_in_use_is_not_even_wiped_by_force(path: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        plan(state="wiped", disk=path, force=True)
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    "options",
    [
        {"state": "wiped", "disk": "/dev/sdc"},  # left over from a volume group that is gone
        {"state": "wiped", "disk": "/dev/sdf"},
        {"state": "wiped", "disk": "/dev/nvme0n10"},
        {"type": "lvm", "name": "data", "state": "absent"},
        {"type": "zfs", "name": "tank", "state": "absent", "cleanup_config": True},
        {"type": "directory", "name": "backup", "state": "absent", "cleanup_disks": True},
    ],
)
def test_data_is_lost_only_by_force(options: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        plan(**options)
    assert "force: true" in str(refusal.value)
    assert len(plan(**options, force=True).steps) == 1


def test_a_directory_is_taken_away_without_force_because_its_data_stay() -> None:
    done = plan(type="directory", name="backup", state="absent", cleanup_config=True)
    assert calls(done) == [("DELETE", f"{DISKS}/directory/backup", {"cleanup-config": True})]


def test_a_thin_pool_in_a_group_of_another_name_is_deleted() -> None:
    done = plan(type="lvmthin", name="data", volume_group="pve", state="absent", force=True)
    assert calls(done) == [("DELETE", f"{DISKS}/lvmthin/data", {"volume-group": "pve"})]
    assert done.steps[0].task_id == "pve-data"


@pytest.mark.parametrize("path", ["/dev/sdc", "/dev/sdf", "/dev/sde1", "/dev/nvme0n1"])
def test_a_disk_that_is_not_empty_is_not_used(path: str) -> None:
    tasks: list[dict[str, Any]] = [
        {"type": "lvm", "name": "new", "devices": [path]},
        {"type": "zfs", "name": "new", "devices": ["/dev/sda", path], "raidlevel": "mirror"},
    ]
    for options in tasks:
        with pytest.raises(Refused, match="is not empty") as refusal:
            plan(**options)
        assert "state: wiped" in refusal.value.hint


def test_a_partition_table_is_for_an_empty_disk() -> None:
    uuid = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
    done = plan(state="gpt", disk="/dev/sda", uuid=uuid)
    assert calls(done) == [("POST", f"{DISKS}/initgpt", {"disk": "/dev/sda", "uuid": uuid})]
    with pytest.raises(Refused, match="is not empty"):
        plan(state="gpt", disk="/dev/sdc")
    with pytest.raises(InvalidOption, match="is a partition"):
        plan(state="gpt", disk="/dev/sdf2")


def test_the_parameters_of_a_zpool() -> None:
    many = Server({f"{DISKS}/zfs": [], f"{DISKS}/list": [disk(f"/dev/sd{x}") for x in "abcdefg"]})
    draid = {"raidlevel": "draid2", "draid_config": {"data": 2, "spares": 1}, "ashift": 13, "compression": "off"}
    done = plan(many, type="zfs", name="new", devices=[f"/dev/sd{x}" for x in "edcba"], **draid)
    assert done.steps[0].params == {
        "name": "new",
        "devices": "/dev/sde,/dev/sdd,/dev/sdc,/dev/sdb,/dev/sda",
        "raidlevel": "draid2",
        "ashift": 13,
        "compression": "off",
        "draid-config": "data=2,spares=1",
    }
    with pytest.raises(InvalidOption, match="needs 7 disks at least"):
        plan(many, type="zfs", name="new", devices=["/dev/sda"] * 6, raidlevel="draid2", draid_config="data=4,spares=1")


def test_every_parameter_of_the_calls_is_an_option() -> None:
    spec = {name.replace("_", "-") for name in NODE_DISK.arguments()["argument_spec"]} | {"device"}  # one of devices
    for path in ("wipedisk", "initgpt", "lvm", "lvmthin", "zfs", "directory"):
        assert {name.replace("_", "-") for name in parameters(f"{DISKS}/{path}")} <= spec


@pytest.mark.parametrize(
    ("vdevs", "level"),
    [
        ([{"name": "/dev/sda"}], "single"),
        ([{"name": "mirror-0", "children": [{"name": "/dev/sda"}, {"name": "/dev/sdb"}]}], "mirror"),
        ([{"name": "mirror-0", "children": []}, {"name": "mirror-1", "children": []}], "raid10"),
        ([{"name": "raidz1-0", "children": []}], "raidz"),
        ([{"name": "raidz3-0", "children": []}], "raidz3"),
        ([{"name": "draid1:4d:6c:1s-0", "children": []}], "draid"),
        ([{"name": "draid2:4d:7c:1s-0", "children": []}], "draid2"),
    ],
)
def test_the_level_of_a_zpool_is_seen_by_its_parts(vdevs: list[dict[str, Any]], level: str) -> None:
    whole = tree("tank", *vdevs)
    whole["children"].append({"name": "logs", "children": [{"name": "/dev/sdz1"}]})
    assert raid_level(whole) == level
    assert "/dev/sdz1" in pool_leaves(whole)


def test_names_of_disks_that_begin_alike_are_distinguished() -> None:
    inventory = Inventory("pve1", ROWS)
    assert inventory.owner("/dev/nvme0n10") == "/dev/nvme0n10"
    assert inventory.owner("/dev/nvme0n1p9") == "/dev/nvme0n1"
    assert inventory.owner(f"{LINK}-part9") == "/dev/nvme0n1"
    assert inventory.owner(f"{LINK}0-part9") == f"{LINK}0-part9"


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"type": "lvm", "name": "new"}, "devices"),
        ({"type": "lvm", "name": "new", "devices": []}, "devices"),
        ({"type": "lvm", "name": "new", "devices": ["/dev/sda", "/dev/sdb"]}, "devices"),
        ({"type": "lvm", "name": "new", "devices": ["/dev/sdz"]}, "devices[0]"),
        ({"type": "lvm", "name": "n", "devices": ["/dev/sda"]}, "name"),
        ({"type": "lvm", "name": "new", "devices": ["/dev/sda"], "raidlevel": "mirror"}, "raidlevel"),
        ({"type": "lvm", "name": "data", "devices": ["/dev/sda"]}, "devices"),
        ({"type": "lvm", "name": "data", "add_storage": True}, "add_storage"),
        ({"type": "lvm", "name": "data", "cleanup_disks": True}, "cleanup_disks"),
        ({"type": "lvmthin", "name": "data", "volume_group": "pve"}, "volume_group"),
        ({"type": "zfs", "name": "new", "devices": ["/dev/sda"]}, "raidlevel"),
        ({"type": "zfs", "name": "new", "devices": ["/dev/sda"], "raidlevel": "mirror"}, "devices"),
        ({"type": "zfs", "name": "new", "devices": ["/dev/sda"] * 2, "raidlevel": "single"}, "devices"),
        ({"type": "zfs", "name": "new", "devices": ["/dev/sda"] * 5, "raidlevel": "raid10"}, "devices"),
        ({"type": "zfs", "name": "new", "raidlevel": "mirror", "draid_config": "data=1"}, "draid_config"),
        ({"type": "zfs", "name": "new", "raidlevel": "draid", "draid_config": {"colour": 1}}, "draid_config"),
        ({"type": "zfs", "name": "new", "ashift": 8}, "ashift"),
        ({"type": "zfs", "name": "tank", "raidlevel": "mirror"}, "raidlevel"),
        ({"type": "directory", "name": "backup", "filesystem": "ext4"}, "filesystem"),
        ({"state": "wiped", "disk": "sda"}, "disk"),
        ({"state": "wiped", "disk": "/dev/sdz"}, "disk"),
        ({"state": "wiped", "disk": "/dev/sda", "name": "data"}, "name"),
        ({"state": "wiped", "disk": "/dev/sda", "uuid": "1-2"}, "uuid"),
        ({"state": "gpt", "disk": "/dev/sda", "uuid": "nonsense"}, "uuid"),
        ({"state": "absent", "type": "lvm", "name": "data", "devices": ["/dev/sdb"]}, "devices"),
    ],
)
def test_bad_input_names_the_option(options: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        plan(**options)
    assert error.value.option == option
