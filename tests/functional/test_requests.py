# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that has nothing to do makes few requests, however it names its object; `make bench` prints the figures of all modules."""

from __future__ import annotations

import pytest

from tests.benchmark.guests import BULK_REQUESTS, CLONE_REQUESTS, requests_of_clones
from tests.benchmark.requests_made import CONFIRMED, EXPECTED, confirmed, done, second_run
from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import CASES, EMPTY_VM, Case, resource_of

MEASURED = [case for case in CASES if case.name in EXPECTED]


@pytest.mark.parametrize("case", MEASURED, ids=lambda case: case.name)
def test_a_second_run_makes_few_requests(cluster: Cluster, case: Case) -> None:
    paths = second_run(cluster, case)
    assert len(paths) == EXPECTED[case.name], paths


def test_every_expectation_has_a_case() -> None:
    assert {case.name for case in MEASURED} == set(EXPECTED)


def test_a_guest_is_confirmed_by_one_more_request_at_most(cluster: Cluster) -> None:
    made = dict(confirmed(cluster))
    assert {name: len(paths) for name, paths in made.items()} == {
        name: expected for name, (_module, _options, expected) in CONFIRMED.items()
    }, made


def test_a_lagging_list_does_not_make_it_dearer(cluster: Cluster) -> None:
    """The list knows the name, or one look at the node of each guest shows which one has it."""
    cluster.control("POST", "lag", {"seconds": 100000, "looks": 1000000})
    made = {name: paths for name, paths in confirmed(cluster, reported=False) if "by name" not in name}
    assert {name: len(paths) for name, paths in made.items()} == {name: CONFIRMED[name][2] for name in made}, made


def test_a_clone_asks_for_nothing_that_an_answer_has_said(cluster: Cluster) -> None:
    cluster.connection = cluster.token_connection()
    single, bulk = requests_of_clones(cluster)
    assert (len(single), len(bulk)) == (CLONE_REQUESTS, BULK_REQUESTS), single
    assert len(set(single)) == len(single) - 2, single  # the configuration before the clone, after it and at the end


RULES = [{"type": "in", "action": "ACCEPT", "proto": "tcp", "dport": str(port)} for port in (22, 80, 443, 8006)]
LISTS = ("/cluster/resources", "/nodes/pve1/qemu", "/nodes/pve1/lxc")


def looked_up(cluster: Cluster) -> list[str]:
    """The lists of guests that were asked for since the last look."""
    return [row["path"] for row in cluster.requests_made() if row["path"] in LISTS]


@pytest.fixture
def guest(cluster: Cluster) -> Cluster:
    """A cluster with the VM 9001, which the client has not seen yet."""
    done(cluster, "pve_vm", EMPTY_VM)
    cluster.forget_client()
    cluster.requests_made()
    return cluster


def test_four_rules_in_one_task_look_for_their_guest_once(guest: Cluster) -> None:
    assert done(guest, "pve_firewall", {"scope": "guest", "vmid": 9001, "rules": RULES})["changed"]
    assert looked_up(guest) == ["/cluster/resources"]


def test_four_rules_in_a_loop_look_for_their_guest_once(guest: Cluster) -> None:
    for rule in RULES:
        options = {"scope": "guest", "vmid": 9001, "rules": [rule], "append": True}
        assert done(guest, "pve_firewall", options)["changed"]
    assert looked_up(guest) == ["/cluster/resources"]


def test_tasks_of_a_loop_confirm_a_guest_where_they_saw_it(guest: Cluster) -> None:
    for options in ({"cores": 2}, {"tags": ["one"]}, {"cores": 2}):
        done(guest, "pve_vm", {"vmid": 9001, **options})
    done(guest, "pve_snapshot", {"vmid": 9001, "snapname": "before"})
    assert looked_up(guest) == ["/cluster/resources"]


def test_a_guest_that_moved_since_it_was_seen_is_found_where_it_is(guest: Cluster) -> None:
    done(guest, "pve_vm", {"vmid": 9001, "cores": 2})
    assert done(guest, "pve_vm", {"vmid": 9001, "node": "pve2", "migrate": True})["changed"]
    assert done(guest, "pve_vm", {"vmid": 9001, "cores": 3})["vm"]["node"] == "pve2"  # type: ignore[index]


def test_a_guest_that_somebody_moved_meanwhile_is_found_where_it_is(guest: Cluster) -> None:
    done(guest, "pve_vm", {"vmid": 9001, "cores": 2})
    guest.call("POST", "/nodes/pve1/qemu/9001/migrate", {"target": "pve2"})
    assert done(guest, "pve_vm", {"vmid": 9001, "cores": 3})["vm"]["node"] == "pve2"  # type: ignore[index]


def test_another_guest_that_got_the_id_meanwhile_is_not_deleted(guest: Cluster) -> None:
    name = done(guest, "pve_vm", {"vmid": 9001, "cores": 2})["vm"]["name"]  # type: ignore[index]
    guest.call("DELETE", "/nodes/pve1/qemu/9001")
    guest.call("POST", "/nodes/pve1/qemu", {"vmid": 9001, "name": "somebody-else"})
    result = guest.run(resource_of("pve_vm"), {"vmid": 9001, "name": name, "state": "absent"})
    assert result["failed"], result
    assert "is not named" in result["msg"]
