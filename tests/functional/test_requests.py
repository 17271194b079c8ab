# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that has nothing to do makes few requests, however it names its object; `make bench` prints the figures of all modules."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
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
    assert len(set(single)) == len(single) - 1, single  # the configuration before the clone and at the end


CONTAINER = {
    "node": "pve1",
    "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz",
    "rootfs": "local:1",
}
NET = {"net0": "virtio,bridge=vmbr0"}
MADE = ["POST", "task"]  # what makes, changes or starts it, and the look at its task


def since_the_first_write(cluster: Cluster) -> list[str]:
    """What was asked for from the first write on: the last words of paths that were read, and the methods of writes."""
    words = [
        "task"
        if "/tasks/" in row["path"]
        else f"GET {row['path'].rpartition('/')[2]}"
        if row["method"] == "GET"
        else row["method"]
        for row in cluster.requests_made()
    ]
    return words[words.index("POST") :]


def test_a_new_guest_that_is_started_is_read_once(cluster: Cluster) -> None:
    cluster.connection = cluster.token_connection()
    for module, options in (
        ("pve_vm", {"node": "pve1", "vmid": 9101, "net": NET}),
        ("pve_lxc", {**CONTAINER, "vmid": 9102}),
    ):
        cluster.requests_made()
        done(cluster, module, {**options, "state": "started"})
        assert since_the_first_write(cluster) == [*MADE, *MADE, "GET config"], module


@pytest.mark.parametrize(("module", "name"), [("pve_vm", "vm"), ("pve_lxc", "container")])
def test_that_a_guest_runs_is_not_asked_for_after_its_start(cluster: Cluster, module: str, name: str) -> None:
    """That it is stopped is: the task of a stop ends by a signal in the worst case."""
    cluster.connection = cluster.token_connection()
    done(cluster, module, {"node": "pve1", "vmid": 9101, **(CONTAINER if module == "pve_lxc" else {})})
    for state, status, asked in (("started", "running", []), ("stopped", "stopped", ["GET current"])):
        cluster.requests_made()
        made = done(cluster, module, {"node": "pve1", "vmid": 9101, "state": state, "force": state == "stopped"})
        assert made[name]["status"] == status  # type: ignore[index]
        assert since_the_first_write(cluster) == [*MADE, "GET config", *asked, "GET pending"]


def test_a_machine_that_is_started_frozen_waits_until_it_is_resumed(cluster: Cluster) -> None:
    for state, status in (("started", "paused"), ("resumed", "running")):
        options = {"node": "pve1", "vmid": 9101, "freeze": True, "state": state}
        assert done(cluster, "pve_vm", options)["vm"]["status"] == status  # type: ignore[index]
        cluster.requests_made()
        assert cluster.run(resource_of("pve_vm"), options)["changed"] is False
        assert cluster.writes_made() == []


def test_copies_of_containers_and_backups_are_read_once_as_well(cluster: Cluster) -> None:
    cluster.connection = cluster.token_connection()
    done(cluster, "pve_lxc", {**CONTAINER, "vmid": 9101, "hostname": "origin", "template": True})
    done(cluster, "pve_vm", {"node": "pve1", "vmid": 9102, "net": NET, "scsi": {"scsi0": "local:1"}})
    backup = done(cluster, "pve_backup", {"vmid": 9102, "storage": "local"})["backups"][0]["backup"]["volid"]  # type: ignore[index]
    for module, options in (
        ("pve_lxc", {"clone": {"source": 9101, "full": True}, "rootfs": {"size": "2G"}, "memory": 128}),
        ("pve_vm", {"restore": backup, "net": {"net0": {"tag": 7}}, "scsi": {"scsi0": {"size": "2G"}}}),
    ):
        cluster.requests_made()
        done(
            cluster,
            module,
            {"node": "pve1", "vmid": 9103 if module == "pve_lxc" else 9104, **options, "state": "started"},
        )
        assert since_the_first_write(cluster) == [*MADE, "PUT", "PUT", "task", *MADE, "GET config"], module


def test_a_clone_that_is_written_to_unseen_has_addresses_of_its_own(cluster: Cluster) -> None:
    done(cluster, "pve_vm", {"node": "pve1", "vmid": 9101, "net": NET, "template": True})
    macs = {cluster.call("GET", "/nodes/pve1/qemu/9101/config")["net0"].split(",")[0]}
    for vmid in (9102, 9103):
        made = done(cluster, "pve_vm", {"vmid": vmid, "clone": {"source": 9101}, "net": {"net0": {"tag": 7}}})
        assert made["vm"]["net0"]["tag"] == 7  # type: ignore[index]
        assert made["pending"] == []
        macs.add(made["vm"]["net0"]["macaddr"])  # type: ignore[index]
    assert len(macs) == 3


def test_a_template_that_is_changed_before_it_is_cloned_makes_no_difference(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the plan did not foresee is done after the rest; of that, what has to wait for the next start is reported."""
    call = Client.call

    def changing(self: Client, method: str, path: str, *more: Any, **options: Any) -> Any:
        if path.endswith("/clone"):
            cluster.call("PUT", "/nodes/pve1/qemu/9101/config", {"memory": 256, "tags": "changed"})
        return call(self, method, path, *more, **options)

    done(cluster, "pve_vm", {"node": "pve1", "vmid": 9101, "memory": 512, "tags": ["old"], "template": True})
    monkeypatch.setattr(Client, "call", changing)
    options = {"vmid": 9102, "clone": {"source": 9101}, "memory": 512, "tags": ["old"], "cores": 2, "state": "started"}
    made = done(cluster, "pve_vm", options)
    assert [made["vm"][name] for name in ("memory", "tags", "cores")] == [512, ["old"], 2]  # type: ignore[index]
    assert made["pending"] == ["memory"]
    monkeypatch.undo()
    assert not done(cluster, "pve_vm", options)["changed"]


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
