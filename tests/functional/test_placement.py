# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests whose node is chosen: alone, in a bulk, and when they are found elsewhere."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.bulk import GUESTS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from tests.harness.cluster import Cluster, Result

TEMPLATE = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
WEB = {"vmid": 9001, "name": "web", "memory": 512}


def done(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result


def test_the_prediction_the_result_and_the_next_run_agree(cluster: Cluster) -> None:
    wish = {**WEB, "nodes": ["pve2", "pve3"], "scsi": {"scsi0": "local-lvm:4"}, "net": {"net0": "virtio,bridge=vmbr0"}}
    predicted = done(cluster.run(VM, wish, check_mode=True))
    made = done(cluster.run(VM, wish))
    assert made["requests"] == predicted["requests"]
    node = made["vm"]["node"]
    assert node in ("pve2", "pve3")
    assert f"create virtual machine 9001 (web) on {node} (" in made["requests"][0]["summary"]
    assert "of memory free at overcommit 1.2)" in made["requests"][0]["summary"]
    cluster.requests_made()
    assert not done(cluster.run(VM, wish))["changed"]
    assert len(cluster.requests_made()) <= 2


def test_a_container_is_placed_where_its_template_is(cluster: Cluster) -> None:
    cluster.call("DELETE", f"/nodes/pve1/storage/local/content/{TEMPLATE}")
    wish = {"vmid": 9101, "hostname": "ct", "placement": "count", "ostemplate": TEMPLATE, "rootfs": "local-lvm:1"}
    only = done(cluster.run(LXC, {**wish, "nodes": ["pve1", "pve3"]}))
    assert only["container"]["node"] == "pve3"
    refused = cluster.run(LXC, {**wish, "vmid": 9102, "hostname": "ct2", "nodes": ["pve1"]})
    assert f"No node can take ct2. pve1: pve1 has no volume {TEMPLATE}" in refused["msg"]


def test_guests_of_a_bulk_are_spread_and_the_second_run_changes_nothing(cluster: Cluster) -> None:
    guests = [{"name": f"sql{number}", "spread": "sql", "tags": ["sql"], "memory": 128} for number in range(7)]
    result = done(cluster.run(GUESTS, {"guests": guests}))
    nodes = Counter(entry["vm"]["node"] for entry in result["guests"])
    assert sorted(nodes.values()) == [2, 2, 3]
    assert not done(cluster.run(GUESTS, {"guests": guests}))["changed"]


def test_a_bulk_is_placed_by_one_list_of_the_cluster(cluster: Cluster) -> None:
    guests = [{"name": f"new{number}", "placement": "memory", "memory": 16} for number in range(30)]
    cluster.requests_made()
    first = done(cluster.run(GUESTS, {"guests": guests}, check_mode=True))
    asked = Counter(row["path"] for row in cluster.requests_made() if row["method"] == "GET")
    assert asked["/cluster/resources"] == 1
    second = done(cluster.run(GUESTS, {"guests": guests}, check_mode=True))
    assert [entry["requests"] for entry in first["guests"]] == [entry["requests"] for entry in second["guests"]]


def test_an_entry_that_finds_no_node_hides_no_other(cluster: Cluster) -> None:
    guests = [
        {"name": "huge", "placement": "memory", "memory": "900G"},
        {"name": "small", "placement": "memory", "memory": 16},
    ]
    result = cluster.run(GUESTS, {"guests": guests})
    assert [entry.get("failed", False) for entry in result["guests"]] == [True, False]
    assert "No node can take huge. pve1: " in result["guests"][0]["msg"]


def test_entries_that_fit_a_node_only_one_by_one_are_not_put_there_together(cluster: Cluster) -> None:
    guests = [{"name": name, "nodes": ["pve2"], "memory": "40G"} for name in ("first", "second")]
    alone = done(cluster.run(GUESTS, {"guests": guests[1:]}, check_mode=True))
    assert alone["guests"][0]["vm"]["node"] == "pve2"
    result = cluster.run(GUESTS, {"guests": guests})
    assert [entry.get("failed", False) for entry in result["guests"]] == [False, True]
    assert "No node can take second. pve2: " in result["guests"][1]["msg"]


# --- guests that are elsewhere ----------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(cluster: Cluster) -> Cluster:
    """A cluster with a machine on pve1."""
    done(cluster.run(VM, {**WEB, "node": "pve1"}))
    return cluster


def test_outside_of_the_nodes_a_guest_stays_with_a_warning(elsewhere: Cluster) -> None:
    result = done(elsewhere.run(VM, {**WEB, "nodes": ["pve2", "pve3"]}))
    assert not result["changed"]
    assert result["warnings"] == [
        "The virtual machine 9001 (web) on node pve1 is not on pve2 or pve3; migrate: true would move it."
    ]


@pytest.mark.parametrize("state", ["stopped", "started"])
def test_outside_of_the_nodes_a_guest_moves_if_it_may(elsewhere: Cluster, state: str) -> None:
    wish = {**WEB, "nodes": ["pve2", "pve3"], "migrate": True, "state": state}
    done(elsewhere.run(VM, {**WEB, "state": state}))
    predicted = done(elsewhere.run(VM, wish, check_mode=True))
    moved = done(elsewhere.run(VM, wish))
    assert moved["vm"]["node"] in ("pve2", "pve3")
    assert moved["requests"] == predicted["requests"]
    assert not done(elsewhere.run(VM, wish))["changed"]


def test_nothing_moves_behind_the_back_of_ha(elsewhere: Cluster) -> None:
    elsewhere.call("POST", "/cluster/ha/resources", {"sid": "vm:9001", "state": "stopped"})
    for _round in range(2):
        elsewhere.call("GET", "/cluster/ha/status/current")
    result = done(elsewhere.run(VM, {**WEB, "nodes": ["pve2"], "migrate": True}))
    assert not result["changed"]
    assert "HA manages it, and moves it by the rules of pve_ha_rule." in result["warnings"][0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"nodes": ["pve1", "pve9"]}, "nodes: node 'pve9' does not exist. The nodes are pve1, pve2, pve3."),
        ({"node": "pve1", "nodes": ["pve1"]}, "mutually exclusive"),
        ({"placement": "spread"}, "spread: is needed"),
        ({"node": ["pve1", "pve2"]}, "node: takes a string, not a list. For several, see nodes."),
        ({"node": "['pve1', 'pve2']"}, "is not the name of a node. For several, see nodes."),
        ({"net": {"net0": {"model": "virtio", "bridge": ["vmbr0"]}}}, "net0: bridge: takes a string, not a list"),
        ({"net": {"net0": "virtio,bridge=vmbr 0"}}, "net0: bridge: 'vmbr 0' does not look right"),
        (
            {"scsi": {"scsi0": {"storage": ["local", "fast"], "size": "1G"}}},
            "scsi0: storage: takes a string, not a list",
        ),
        ({"scsi": {"scsi0": {"storage": {"a": 1}, "size": "1G"}}}, "scsi0: storage: takes a string, not a dictionary"),
        ({"scsi": {"scsi0": {"storage": "lo,cal", "size": "1G"}}}, "scsi0: storage: 'lo,cal' does not look right"),
    ],
)
def test_nodes_that_cannot_be_meant(cluster: Cluster, options: dict[str, Any], says: str) -> None:
    assert says in cluster.run(VM, {**WEB, **options})["msg"]
