# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes against the simulator: what they report, and what happens when one goes down."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.guests import NODE_GUESTS
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.info import NODE_INFO
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.log import NODE_LOG
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.power import NODE_POWER
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.settings import NODE
from tests.functional.test_lifecycle import run_case_stage
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import Case

NODE_CASE = Case(
    "node power",
    "pve_node_power",
    {"node": "pve3"},
    {"state": "shutdown", "force": True},
    {"state": "started", "force": None},
    (("POST", "/nodes/pve3/status", {"command": "shutdown"}),),
    absent=None,
)


def done(result: Result) -> Result:
    """A result that is no failure."""
    assert not result.get("failed"), result["msg"]
    return result


def test_devices_with_their_iommu_groups_and_mediated_types(cluster: Cluster) -> None:
    desired: dict[str, Any] = {"node": ["pve1"], "gather": ["mdev", "usb", "machine_types"]}
    (node,) = done(cluster.run(NODE_INFO, desired))["nodes"]
    assert [(device["id"], device["iommugroup"]) for device in node["pci"]] == [
        ("0000:00:02.0", 0),
        ("0000:01:00.0", 1),
        ("0000:01:00.1", 1),
    ]
    assert len(node["pci"][0]["mdev_types"]) == 2
    assert len(node["usb"]) == 2
    assert node["machine_types"]
    (node,) = done(cluster.run(NODE_INFO, {**desired, "pci_class_blacklist": []}))["nodes"]
    assert len(node["pci"]) == 4


def test_a_dead_node_is_a_warning(cluster: Cluster) -> None:
    cluster.control("POST", "node", {"node": "pve3", "online": False})
    result = done(cluster.run(NODE_INFO, {"gather": ["version"]}))
    assert [node.get("version", {}).get("release") for node in result["nodes"]] == ["9.2", "9.2", None]
    assert result["warnings"] == ["Node pve3 is offline: nothing was asked of it."]


def test_a_node_goes_down_and_is_woken(cluster: Cluster) -> None:
    """Predicted exactly, and only if it is not so already."""
    cluster.run(NODE, {"node": "pve3", "wakeonlan": "BC:24:11:00:00:03"})
    cluster.requests_made()
    run_case_stage(cluster, NODE_CASE, "create")
    run_case_stage(cluster, NODE_CASE, "update")
    for method, path, params in NODE_CASE.drift:
        cluster.call(method, path, params)
    cluster.requests_made()
    run_case_stage(cluster, NODE_CASE, "update")


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_lost_answer_to_a_shutdown_is_no_failure(cluster: Cluster, drop: str) -> None:
    cluster.fault(method="POST", path="/nodes/pve3/status", drop=drop)
    result = cluster.run(NODE_POWER, NODE_CASE.stage("create"))
    assert (done(result)["changed"], result["node"]) == (True, {"node": "pve3", "status": "offline"})


def test_a_lost_answer_to_a_reboot_is_not_sent_again(cluster: Cluster) -> None:
    cluster.fault(method="POST", path="/nodes/pve3/status", drop="after")
    result = cluster.run(NODE_POWER, {"node": "pve3", "state": "rebooted", "force": True})
    assert (result["failed"], result["changed"]) == (True, True)
    assert len(cluster.writes_made()) == 1


def test_the_node_that_is_asked_can_be_rebooted(cluster: Cluster) -> None:
    before = cluster.call("GET", "/nodes/pve1/status")["uptime"]
    result = done(cluster.run(NODE_POWER, {"node": "pve1", "state": "rebooted", "force": True}))
    assert (result["changed"], result["node"]) == (True, {"node": "pve1", "status": "online"})
    assert cluster.call("GET", "/nodes/pve1/status")["uptime"] < before


def test_the_node_that_is_asked_can_be_shut_down(cluster: Cluster) -> None:
    result = done(cluster.run(NODE_POWER, {"node": "pve1", "state": "shutdown", "force": True}))
    assert result["node"] == {"node": "pve1", "status": "offline"}


def test_a_node_with_guests_is_left_alone(cluster: Cluster) -> None:
    for check_mode in (True, False):
        result = cluster.run(NODE_POWER, {"node": "pve2", "state": "rebooted"}, check_mode=check_mode)
        assert result["failed"]
        assert "web2" in result["msg"]
    assert cluster.writes_made() == []


def test_nothing_is_awaited_without_wait(cluster: Cluster) -> None:
    result = done(cluster.run(NODE_POWER, {"node": "pve2", "state": "shutdown", "force": True, "wait": False}))
    assert result["changed"]
    assert cluster.requests_made()[-1]["method"] == "POST"


def test_a_node_without_address_cannot_be_woken(cluster: Cluster) -> None:
    cluster.control("POST", "node", {"node": "pve2", "online": False})
    result = cluster.run(NODE_POWER, {"node": "pve2", "state": "started"})
    assert (result["failed"], result["changed"]) == (True, False)
    assert "No wake on LAN MAC address" in result["msg"]


def test_a_node_that_stays_away_is_told(cluster: Cluster) -> None:
    cluster.run(NODE, {"node": "pve2", "wakeonlan": "BC:24:11:00:00:02"})
    cluster.control("POST", "node", {"node": "pve2", "online": False})
    cluster.fault(status=595, path="/nodes/pve2/status", count=100000)
    result = cluster.run(NODE_POWER, {"node": "pve2", "state": "started", "timeout": 1})
    assert (result["failed"], result["changed"]) == (True, True)
    assert "node pve2 is up" in result["msg"]


def test_a_node_is_emptied(cluster: Cluster) -> None:
    """Machines that run on local disks stay unless these are to be copied as well."""
    desired = {"node": "pve3", "state": "migrated", "target": "pve1", "max_workers": 2}
    here = [guest["vmid"] for guest in done(cluster.run(NODE_GUESTS, {"node": "pve3"}))["node"]["guests"]]
    refused = cluster.run(NODE_GUESTS, {**desired, "vms": [102]})
    assert refused["failed"]
    assert "Has local disks: local-lvm:vm-102-disk-0" in refused["msg"]
    predicted = done(
        cluster.run(NODE_GUESTS, {**desired, "all_guests": True, "with_local_disks": True}, check_mode=True)
    )
    result = done(cluster.run(NODE_GUESTS, {**desired, "all_guests": True, "with_local_disks": True}))
    assert result["requests"] == predicted["requests"]
    assert result["node"] == predicted["node"] == {"node": "pve3", "guests": []}
    again = done(cluster.run(NODE_GUESTS, {**desired, "vms": here}))
    assert (again["changed"], again["requests"]) == (False, [])
    assert done(cluster.run(NODE_POWER, {"node": "pve3", "state": "shutdown"}))["node"]["status"] == "offline"


def test_guests_of_high_availability_stay_unless_named(cluster: Cluster) -> None:
    cluster.call("POST", "/cluster/ha/resources", {"sid": "vm:102"})
    result = done(
        cluster.run(NODE_GUESTS, {"node": "pve3", "state": "hibernated", "all_guests": True}, check_mode=True)
    )
    assert "102" not in result["requests"][0]["params"]["vms"].split(",")
    assert len(result["warnings"]) == 1
    assert "102 (web3)" in result["warnings"][0]


def test_a_guest_that_cannot_start_is_told_with_the_log(cluster: Cluster) -> None:
    (guest,) = done(cluster.run(NODE_GUESTS, {"node": "pve3", "vms": [102]}))["node"]["guests"]
    assert guest["status"] == "running"
    cluster.call("POST", "/nodes/pve3/qemu/102/status/stop")
    cluster.control("POST", "lock", {"vmid": 102, "lock": "migrate"})
    result = cluster.run(NODE_GUESTS, {"node": "pve3", "vms": [102], "state": "started"})
    assert (result["failed"], result["changed"]) == (True, True)
    assert "start 102 (web3) of node pve3" in result["msg"]
    assert "VM is locked (migrate)" in result["msg"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_log_lines_of_the_last_minutes(cluster: Cluster, zone: str) -> None:
    """Journal and system log agree, whatever the clock of the node shows."""
    cluster.call("PUT", "/nodes/pve1/time", {"timezone": zone})
    cluster.call("POST", "/nodes/pve1/services/cron/restart")
    desired = {"node": "pve1", "since": "5m"}
    journal = done(cluster.run(NODE_LOG, desired))["log"]["lines"]
    assert len(journal) == 1
    assert ":srvrestart:cron:" in journal[0]
    assert done(cluster.run(NODE_LOG, {**desired, "source": "syslog"}))["log"]["lines"] == journal
    later = {"node": "pve1", "since": "2099-01-01", "source": "syslog"}
    assert done(cluster.run(NODE_LOG, later))["log"]["lines"] == []
    whole = done(cluster.run(NODE_LOG, {"node": "pve1", "source": "syslog", "service": "systemd"}))["log"]["lines"]
    assert len(whole) == 1
