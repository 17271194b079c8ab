# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a node against the simulator: the management bridge moves onto a bond, also while connections are lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import resource_of

NETWORK = "/nodes/pve1/network"
MIGRATION: dict[str, Any] = {
    "node": "pve1",
    "interfaces": [
        {"iface": "vmbr0", "bridge_ports": ["bond0"], "bridge_vlan_aware": True},
        {"iface": "vmbr0.100", "type": "vlan", "cidr6": "2001:db8::5/64", "autostart": True},
        {"iface": "bond0", "type": "bond", "slaves": ["eno1", "eno2"], "bond_mode": "802.3ad", "autostart": True},
    ],
}
APPLIED = f"PUT {NETWORK}"


def run(cluster: Cluster, **options: Any) -> Result:
    return cluster.run(resource_of("pve_node_network"), {"node": "pve1", **options})


def state_of(cluster: Cluster) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = cluster.call("GET", NETWORK)
    return sorted(rows, key=lambda row: str(row["iface"]))


def staged(cluster: Cluster) -> bool:
    listed = cluster.run(resource_of("pve_node_network_info"), {"node": "pve1"})
    return bool(listed["network"]["changes"])


def accepted(cluster: Cluster) -> Counter[str]:
    made = (row for row in cluster.requests_made() if row["method"] != "GET" and row.get("status") == 200)
    return Counter(f"{row['method']} {row['path']} {row['params'].get('iface', '')}".strip() for row in made)


def test_the_management_bridge_moves_onto_a_bond_and_is_applied_once(cluster: Cluster) -> None:
    done = run(cluster, **MIGRATION)
    assert not done.get("failed"), done["msg"]
    made = accepted(cluster)
    assert made[APPLIED] == 1
    assert {row["status"] for row in cluster.requests_made()} <= {200}
    found = {row["iface"]: row for row in state_of(cluster)}
    assert (found["vmbr0"]["bridge_ports"], found["vmbr0"]["cidr"]) == ("bond0", "10.0.0.1/24")
    assert (found["vmbr0"]["gateway"], found["vmbr0"]["method"]) == ("10.0.0.254", "static")
    assert found["bond0"]["slaves"] == "eno1 eno2"
    assert not staged(cluster)
    cluster.requests_made()
    again = run(cluster, **MIGRATION)
    assert (again["changed"], [row["method"] for row in cluster.requests_made()]) == (False, ["GET"])


def test_both_families_of_addresses_survive_a_change(cluster: Cluster) -> None:
    both = {"iface": "vmbr1", "type": "bridge", "cidr": "192.0.2.5/24", "cidr6": "2001:db8::5/64"}
    run(cluster, interfaces=[both])
    done = run(cluster, interfaces=[{"iface": "vmbr1", "comments": "new"}])
    assert not done.get("failed"), done["msg"]
    row = next(row for row in state_of(cluster) if row["iface"] == "vmbr1")
    assert (row["cidr"], row["cidr6"], row["families"]) == ("192.0.2.5/24", "2001:db8::5/64", ["inet", "inet6"])


def test_staging_applying_and_forgetting_are_tasks_of_their_own(cluster: Cluster) -> None:
    run(cluster, **MIGRATION, apply=False)
    assert staged(cluster)
    cluster.requests_made()
    assert run(cluster, **MIGRATION, apply=False)["changed"] is False
    assert accepted(cluster) == {}
    assert run(cluster, revert=True)["changed"] is True
    assert not staged(cluster)
    assert run(cluster, revert=True)["changed"] is False
    run(cluster, **MIGRATION, apply=False)
    cluster.requests_made()
    assert run(cluster, **MIGRATION)["changed"] is True
    assert accepted(cluster) == {APPLIED: 1}
    assert run(cluster, apply=True)["changed"] is False


def test_what_would_cut_the_node_off_changes_nothing(cluster: Cluster) -> None:
    refused = run(cluster, interfaces=[{"iface": "vmbr0", "cidr": "10.0.0.99/24"}])
    assert refused["failed"] is True
    assert "allow_cutoff" in refused["msg"]
    assert cluster.writes_made() == []
    done = run(cluster, interfaces=[{"iface": "vmbr0", "cidr": "10.0.0.99/24"}], allow_cutoff=True)
    assert done["changed"] is True


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_connection_dropped_at_every_request(cluster: Cluster, drop: str) -> None:
    run(cluster, **MIGRATION)
    wanted, count = state_of(cluster), len(cluster.requests_made())
    for index in range(count):
        cluster.reset()
        cluster.fault(index=index, drop=drop)
        done = run(cluster, **MIGRATION)
        if done.get("failed"):  # the ticket was not even given
            assert "connection" in done["msg"].lower()
            done = run(cluster, **MIGRATION)
        assert not done.get("failed"), f"request {index}, dropped {drop}: {done['msg']}"
        made = accepted(cluster)
        assert made["POST /nodes/pve1/network bond0"] == made["POST /nodes/pve1/network vmbr0.100"] == 1
        assert state_of(cluster) == wanted
        assert not staged(cluster)


def test_a_connection_that_is_lost_while_the_changes_are_applied_is_taken_up_again(cluster: Cluster) -> None:
    """The answer with the task's id is lost, and the node cannot be reached for some requests; the task still runs."""
    cluster.task_fault(type="srvreload", duration=0.5)
    cluster.fault(method="PUT", path=f"{NETWORK}$", drop="after")
    cluster.fault(method="GET", path=r"/nodes/pve1/tasks.*", drop="before", count=3)
    done = run(cluster, **MIGRATION)
    assert not done.get("failed"), done["msg"]
    assert "was unclear" in done["warnings"][0]
    assert accepted(cluster)[APPLIED] == 1
    assert not staged(cluster)
    rows = cluster.call("GET", "/nodes/pve1/tasks", {"typefilter": "srvreload"})
    assert [row["status"] for row in rows] == ["OK"]


def test_a_reload_that_fails_while_the_connection_is_lost_is_told(cluster: Cluster) -> None:
    """By then nothing is staged any more, so that only the task knows."""
    cluster.task_fault(type="srvreload", duration=0.5, error="command 'ifreload -a' failed: exit code 1")
    cluster.fault(method="PUT", path=f"{NETWORK}$", drop="after")
    done = run(cluster, **MIGRATION)
    assert "ifreload -a" in done["warnings"][0] + done.get("msg", "")


def test_a_long_loss_while_the_task_is_awaited_does_not_end_the_wait(cluster: Cluster) -> None:
    cluster.task_fault(type="srvreload", duration=0.5)
    cluster.fault(method="GET", path=r"/nodes/pve1/tasks/.*/status", drop="before", count=12)
    done = run(cluster, **MIGRATION)
    assert not done.get("failed"), done["msg"]
    assert done["network"]["staged"] is False


def test_a_reload_that_fails_is_told_with_its_log(cluster: Cluster) -> None:
    cluster.task_fault(type="srvreload", error="command 'ifreload -a' failed: exit code 1")
    done = run(cluster, **MIGRATION)
    assert done["failed"] is True
    assert "ifreload -a" in done["msg"]
    assert done["changed"] is True
