# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of the simulated node, after PVE::API2::Disks and PVE::Diskmanage."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator.conversation import Conversation

DISKS = "/nodes/pve1/disks"


@pytest.fixture
def talk() -> Conversation:
    return Conversation("demo")


def used(talk: Conversation, **params: Any) -> dict[str, Any]:
    return {row["devpath"]: row.get("used") for row in talk("GET", f"{DISKS}/list", **params)}


def test_partitions_change_what_is_reported_of_their_disk(talk: Conversation) -> None:
    assert used(talk)["/dev/sda"] == "BIOS boot"
    assert used(talk, **{"include-partitions": 1})["/dev/sda"] == "partitions"


def test_what_a_deleted_thing_leaves_behind(talk: Conversation) -> None:
    talk("POST", f"{DISKS}/lvm", name="vg", device="/dev/sdb")
    talk("DELETE", f"{DISKS}/lvm/vg")
    talk("POST", f"{DISKS}/zfs", name="tank", devices="/dev/sdc", raidlevel="single")
    talk("DELETE", f"{DISKS}/zfs/tank", **{"cleanup-disks": 1})
    talk("POST", f"{DISKS}/directory", name="data", device="/dev/sdd")
    talk("DELETE", f"{DISKS}/directory/data")
    found = used(talk)
    assert [found[f"/dev/sd{x}"] for x in "bcd"] == ["LVM", None, "ext4"]
    talk("PUT", f"{DISKS}/wipedisk", disk="/dev/sdb")
    assert used(talk)["/dev/sdb"] is None


@pytest.mark.parametrize(
    ("method", "path", "params", "text"),
    [
        ("PUT", "wipedisk", {"disk": "/dev/sda"}, "disk/partition '/dev/sda2' is mounted"),
        ("PUT", "wipedisk", {"disk": "/dev/sda3"}, "disk/partition '/dev/sda3' has a holder"),
        ("PUT", "wipedisk", {"disk": "/dev/sdz"}, "not a valid block device"),
        ("POST", "initgpt", {"disk": "/dev/sda"}, "disk /dev/sda already in use"),
        ("POST", "initgpt", {"disk": "/dev/sda1"}, "/dev/sda1 is a partition"),
        ("POST", "lvm", {"name": "vg", "device": "/dev/sda"}, "device '/dev/sda' is already in use"),
        ("POST", "lvm", {"name": "local", "device": "/dev/sdb", "add_storage": 1}, "Storage ID 'local' already exists"),
        ("POST", "zfs", {"name": "t1", "devices": "/dev/sdb", "raidlevel": "mirror"}, "mirror needs at least 2 disks"),
        ("POST", "zfs", {"name": "t1", "devices": "/dev/sdb", "raidlevel": "none"}, "enumeration"),
    ],
)
def test_refusals(talk: Conversation, method: str, path: str, params: dict[str, Any], text: str) -> None:
    assert text in talk.refused(method, f"{DISKS}/{path}", **params)


def test_what_fails_only_in_the_task(talk: Conversation) -> None:
    task = talk.failed_task("POST", f"{DISKS}/lvm", name="pve", device="/dev/sdb")
    assert task.exitstatus == "volume group with name 'pve' already exists on node 'pve1'"
    assert talk.failed_task("DELETE", f"{DISKS}/lvm/nosuch").exitstatus == "no such volume group 'nosuch'"


def test_only_root_in_person_wipes() -> None:
    talk = Conversation("demo", user="second@pve")
    assert "root@pam" in talk.refused("PUT", f"{DISKS}/wipedisk", disk="/dev/sdb")
