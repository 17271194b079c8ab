# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones on another node than their template is on, which has its volumes on a storage of its own."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.bulk import GUESTS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from tests.harness.cluster import Cluster, Result

FAR = {
    "name": "far",
    "node": "pve3",
    "clone": "debian-13",
    "cores": 2,
    "scsi": {"scsi0": {"size": "8G"}},
    "state": "started",
}


def done(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result


def calls(cluster: Cluster) -> list[str]:
    return [row["path"].rpartition("/")[2] for row in cluster.writes_made()]


def named(cluster: Cluster, name: str) -> list[dict[str, Any]]:
    rows = [row for node in cluster.facts["nodes"] for row in cluster.call("GET", f"/nodes/{node}/qemu")]
    return [row for row in rows if row["name"] == name]


def test_a_clone_is_made_beside_its_template_moved_and_configured(cluster: Cluster) -> None:
    predicted = done(cluster.run(VM, FAR, check_mode=True))
    result = done(cluster.run(VM, FAR))
    assert calls(cluster) == ["clone", "migrate", "config", "resize", "start"]
    assert [row["summary"] for row in result["requests"]] == [row["summary"] for row in predicted["requests"]]
    assert "target" not in result["requests"][0]["params"]
    assert result["requests"][0]["params"]["full"] is True
    vm = result["vm"]
    assert (vm["node"], vm["cores"], vm["scsi0"]["size"], vm["status"]) == ("pve3", 2, "8G", "running")
    assert "being moved" not in vm.get("description", "")
    assert not done(cluster.run(VM, FAR))["changed"]


@pytest.mark.parametrize(("step", "left"), [("migrate", 4), ("config", 3), ("resize", 2), ("start", 1)])
def test_a_later_run_completes_what_was_interrupted(cluster: Cluster, step: str, left: int) -> None:
    method = "POST" if step in ("migrate", "start") else "PUT"
    cluster.fault(method=method, path=f"/nodes/pve[13]/qemu/[0-9]+/.*{step}", status=500, reason="no")
    assert cluster.run(VM, FAR)["failed"]
    cluster.writes_made()
    result = done(cluster.run(VM, FAR))
    made = calls(cluster)
    assert len(made) == left
    assert "clone" not in made
    assert (result["vm"]["node"], result["vm"]["status"]) == ("pve3", "running")
    assert len(named(cluster, "far")) == 1
    assert not done(cluster.run(VM, FAR))["changed"]


@pytest.mark.parametrize("given", [None, "Ours."])
def test_the_clone_has_the_description_of_its_template_or_of_the_task(cluster: Cluster, given: str | None) -> None:
    cluster.call("PUT", "/nodes/pve1/qemu/900/config", {"description": "golden"})
    wish = {**FAR, "state": "present", **({"description": given} if given else {})}
    assert done(cluster.run(VM, wish))["vm"]["description"] == (given or "golden")


def test_the_volumes_go_to_the_storage_that_the_clone_is_wanted_on(cluster: Cluster) -> None:
    wish = {**FAR, "clone": {"source": "debian-13", "storage": "local"}, "state": "present"}
    result = done(cluster.run(VM, wish))
    assert result["vm"]["scsi0"]["file"].startswith("local:")
    assert not done(cluster.run(VM, wish))["changed"]


def test_a_container_as_well(cluster: Cluster) -> None:
    template = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
    done(
        cluster.run(
            LXC, {"vmid": 9101, "hostname": "golden", "node": "pve1", "ostemplate": template, "rootfs": "local-lvm:1"}
        )
    )
    wish = {"vmid": 9102, "hostname": "copy", "node": "pve2", "clone": "golden", "cores": 2}
    result = done(cluster.run(LXC, wish))
    assert (result["container"]["node"], result["container"]["cores"]) == ("pve2", 2)
    assert not done(cluster.run(LXC, wish))["changed"]


# --- templates of one name --------------------------------------------------------------------------------------------


@pytest.fixture
def copies(cluster: Cluster) -> Cluster:
    """A cluster whose nodes pve1 and pve2 have a template of the same name each."""
    done(cluster.run(VM, {"vmid": 9000, "name": "copied", "node": "pve2", "clone": "debian-13", "template": True}))
    cluster.call("PUT", "/nodes/pve2/qemu/9000/config", {"name": "debian-13"})
    cluster.writes_made()
    return cluster


@pytest.mark.parametrize(("node", "made"), [("pve1", "900/clone"), ("pve2", "9000/clone"), ("pve3", "900/clone")])
def test_the_nearest_copy_is_taken(copies: Cluster, node: str, made: str) -> None:
    result = done(copies.run(VM, {"name": "near", "node": node, "clone": "debian-13"}))
    assert result["requests"][0]["path"].endswith(made)
    assert result["vm"]["node"] == node
    assert len(result["requests"]) == (3 if node == "pve3" else 1)


def test_a_placed_clone_takes_the_copy_of_its_node(copies: Cluster) -> None:
    guests = [
        {
            "name": f"w{number}",
            "nodes": ["pve1", "pve2"],
            "placement": "spread",
            "spread": "w",
            "tags": ["w"],
            "clone": "debian-13",
        }
        for number in range(2)
    ]
    result = done(copies.run(GUESTS, {"guests": guests}))
    sources = {entry["vm"]["node"]: entry["requests"][0]["path"].split("/")[4] for entry in result["guests"]}
    assert sources == {"pve1": "900", "pve2": "9000"}


def test_guests_of_one_name_that_are_no_templates_are_still_refused(cluster: Cluster) -> None:
    assert "2 guests are named 'twin'" in cluster.run(VM, {"name": "copy", "node": "pve1", "clone": "twin"})["msg"]
