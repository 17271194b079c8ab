# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines with data for cloud-init on a CD-ROM of their own."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.bulk import GUESTS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from tests.harness.cluster import Cluster, Result

WEB: dict[str, Any] = {
    "vmid": 9001,
    "name": "web",
    "node": "pve1",
    "memory": 256,
    "seed": {"user_data": {"hostname": "web"}},
}


def done(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result


def images(cluster: Cluster) -> dict[str, dict[str, Any]]:
    return cluster.control("GET", "images")


def calls(cluster: Cluster) -> list[tuple[str, str]]:
    return [(row["method"], row["path"].split("/")[-1].partition("-")[0]) for row in cluster.writes_made()]


@pytest.fixture(params=["password", "token"])
def any_login(request: pytest.FixtureRequest, cluster: Cluster) -> Cluster:
    """A cluster for the administrator in person, or for a token."""
    if request.param == "token":
        cluster.connection = cluster.token_connection()
    return cluster


def test_an_image_is_made_attached_replaced_and_deleted_with_its_machine(any_login: Cluster) -> None:
    cluster = any_login
    predicted = done(cluster.run(VM, WEB, check_mode=True))
    made = done(cluster.run(VM, WEB))
    assert calls(cluster) == [("POST", "upload"), ("POST", "qemu")]
    assert made["requests"] == predicted["requests"]
    (volume,) = images(cluster)
    assert made["vm"]["ide2"] == {"file": volume, "media": "cdrom", "size": made["vm"]["ide2"]["size"]}
    assert images(cluster)[volume]["label"] == "cidata"
    assert images(cluster)[volume]["files"]["user-data"] == '#cloud-config\n{\n  "hostname": "web"\n}\n'
    cluster.requests_made()
    assert not done(cluster.run(VM, WEB))["changed"]
    assert len(cluster.requests_made()) == 1

    changed = done(cluster.run(VM, {**WEB, "seed": {"user_data": {"hostname": "new"}}}))
    assert calls(cluster) == [("POST", "upload"), ("PUT", "config"), ("DELETE", "vm")]
    (other,) = images(cluster)
    assert changed["vm"]["ide2"]["file"] == other != volume

    gone = done(cluster.run(VM, {"vmid": 9001, "state": "absent"}))
    assert [row["method"] for row in gone["requests"]] == ["DELETE", "DELETE"]
    assert images(cluster) == {}


@pytest.mark.parametrize("state", ["stopped", "started"])
@pytest.mark.parametrize("hostname", ["web", "new"])
def test_in_another_slot_it_leaves_the_one_that_it_was_in(cluster: Cluster, hostname: str, state: str) -> None:
    done(cluster.run(VM, {**WEB, "state": state}))
    wish = {**WEB, "seed": {"user_data": {"hostname": hostname}, "slot": "scsi5"}}
    predicted = done(cluster.run(VM, wish, check_mode=True))
    moved = done(cluster.run(VM, wish))
    assert moved["requests"] == predicted["requests"]
    assert [moved["vm"]["scsi5"]["file"]] == list(images(cluster))
    assert "ide2" not in moved["vm"]
    assert not done(cluster.run(VM, wish))["changed"]


def test_a_clone_gets_its_own_and_starts_with_it(cluster: Cluster) -> None:
    wish = {
        "name": "far",
        "node": "pve3",
        "clone": "debian-13",
        "state": "started",
        "seed": {"user_data": "#!/bin/sh\n", "slot": "sata1"},
    }
    result = done(cluster.run(VM, wish))
    assert [method for method, _path in calls(cluster)] == ["POST", "POST", "POST", "PUT", "POST"]
    assert result["vm"]["sata1"]["file"] in images(cluster)
    assert not done(cluster.run(VM, wish))["changed"]


def test_the_format_of_a_config_drive(cluster: Cluster) -> None:
    done(cluster.run(VM, {**WEB, "citype": "configdrive2"}))
    (image,) = images(cluster).values()
    assert image["label"] == "config-2"
    assert "openstack/latest/user_data" in image["files"]


@pytest.mark.parametrize("step", ["upload", "config"])
def test_a_later_run_completes_what_was_interrupted(cluster: Cluster, step: str) -> None:
    done(cluster.run(VM, WEB))
    wish = {**WEB, "seed": {"user_data": {"hostname": "new"}}}
    method = "POST" if step == "upload" else "PUT"
    cluster.fault(method=method, path=f"/nodes/pve1/.*{step}", status=500, reason="no")
    assert cluster.run(VM, wish)["failed"]
    done(cluster.run(VM, wish))
    assert len(images(cluster)) == 1
    assert not done(cluster.run(VM, wish))["changed"]


def test_an_image_that_was_never_attached_is_used(cluster: Cluster) -> None:
    cluster.fault(method="POST", path="/nodes/pve1/qemu$", status=500, reason="no")
    assert cluster.run(VM, WEB)["failed"]
    assert len(images(cluster)) == 1
    cluster.writes_made()
    made = done(cluster.run(VM, WEB))
    assert calls(cluster) == [("POST", "qemu")]
    assert {made["vm"]["ide2"]["file"]} == set(images(cluster))


def test_only_an_attached_image_is_deleted(cluster: Cluster) -> None:
    """Another cluster that shares the storage may have a machine of the same id, whose image looks like a forgotten one."""
    cluster.fault(method="POST", path="/nodes/pve1/qemu$", status=500, reason="no")
    assert cluster.run(VM, WEB)["failed"]
    (theirs,) = images(cluster)
    mine = done(cluster.run(VM, {**WEB, "seed": {"user_data": {"hostname": "new"}}}))["vm"]["ide2"]["file"]
    assert set(images(cluster)) == {theirs, mine}
    done(cluster.run(VM, {"vmid": 9001, "state": "absent"}))
    assert set(images(cluster)) == {theirs}


def test_in_a_bulk_each_machine_has_one(cluster: Cluster) -> None:
    guests = [
        {"name": f"web{number}", "placement": "memory", "memory": 16, "seed": {"user_data": {"x": 1}}}
        for number in range(4)
    ]
    done(cluster.run(GUESTS, {"guests": guests}))
    assert len(images(cluster)) == 4
    assert not done(cluster.run(GUESTS, {"guests": guests}))["changed"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"ide": {"ide2": "local-lvm:cloudinit"}}, "seed: slot: ide2 is for the image of the seed"),
        ({"seed": {"storage": "nowhere", "user_data": "a"}}, "nowhere"),
        ({"seed": {"storage": "local-lvm", "user_data": "a"}}, "local-lvm"),
        ({"seed": {"user_data": None}}, "seed"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    cluster: Cluster, options: dict[str, Any], says: str
) -> None:
    result = cluster.run(VM, {**WEB, **options}, check_mode=True)
    assert says in result["msg"]
