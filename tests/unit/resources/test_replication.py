# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, PveError
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.replication import (
    REPLICATION,
    REPLICATION_INFO,
    wait_for_run,
)
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/cluster/replication/100-0"
PRESENT = {
    "id": "100-0",
    "type": "local",
    "guest": 100,
    "source": "pve1",
    "target": "pve2",
    "rate": 10,
    "schedule": "sat 03:00",
}


def cluster() -> Server:
    guest = {"type": "qemu", "vmid": 100, "node": "pve1"}
    return Server({"/nodes": [{"node": "pve1"}, {"node": "pve2"}], "/cluster/resources": [guest]})


def test_a_job_is_created() -> None:
    plan = planned(REPLICATION, cluster(), id="100-0", target="pve2", schedule="*/30 * * * *", rate=10.0, disable=False)
    params = {"type": "local", "id": "100-0", "target": "pve2", "schedule": "*:00,30", "rate": 10, "disable": 0}
    assert calls(plan) == [("POST", "/cluster/replication", params)]


def test_what_is_there_takes_one_get() -> None:
    server = Server({PATH: PRESENT})
    desired = {"target": "pve2", "rate": 10, "schedule": "0 3 * * 6", "disable": False}
    assert not planned(REPLICATION, server, id="100-0", **desired).steps
    assert server.asked == [PATH]


def test_only_what_differs_is_sent() -> None:
    server = Server({PATH: PRESENT})
    plan = planned(REPLICATION, server, id="100-0", disable=True, unset=["rate", "schedule"])
    assert calls(plan) == [("PUT", PATH, {"disable": 1, "delete": "rate,schedule"})]


@pytest.mark.parametrize("flags", [{}, {"keep": True}, {"force": True}])
def test_deletion(flags: dict[str, bool]) -> None:
    plan = planned(REPLICATION, Server({PATH: PRESENT}), id="100-0", state="absent", **flags)
    assert calls(plan) == [("DELETE", PATH, flags)]


def test_a_job_that_waits_for_its_deletion_counts_as_gone() -> None:
    server = Server({PATH: {**PRESENT, "remove_job": "full"}})
    assert not planned(REPLICATION, server, id="100-0", state="absent").steps


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({}, "target"),
        ({"id": "100"}, "id"),
        ({"target": "pve2", "rate": 0.5}, "rate"),
        ({"target": "pve2", "schedule": "0 0 1 * 1"}, "schedule"),
        ({"state": "absent", "keep": True, "force": True}, "keep"),
        ({"target": "pve2", "disable": True, "run_now": True}, "run_now"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(REPLICATION, cluster(), **{"id": "100-0", **given})
    assert error.value.option == option


def test_the_target_cannot_be_changed() -> None:
    with pytest.raises(InvalidOption, match="target"):
        planned(REPLICATION, Server({PATH: PRESENT}), id="100-0", target="pve3")


def test_a_run_is_asked_for_after_the_changes_and_a_new_job_runs_by_itself() -> None:
    run: Any = ("POST", "/nodes/pve1/replication/100-0/schedule_now", {})
    assert calls(planned(REPLICATION, Server({PATH: PRESENT}), id="100-0", run_now=True)) == [run]
    plan = planned(REPLICATION, Server({PATH: PRESENT}), id="100-0", rate=20, run_now=True)
    assert calls(plan) == [("PUT", PATH, {"rate": 20}), run]
    new = planned(REPLICATION, cluster(), id="100-0", target="pve2", run_now=True)
    assert [step.method for step in new.steps] == ["POST"]


class Runs(Server):
    """A server whose job goes through these states, one at each look."""

    def __init__(self, *states: dict[str, Any]) -> None:
        super().__init__()
        self.states = list(states)

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        assert path == "/nodes/pve1/replication/100-0/status"
        return self.states.pop(0)

    def sleep(self, seconds: float) -> None:
        assert self.states, "waits although nothing comes any more"


RUNNING = ({"last_try": 0, "last_sync": 5}, {"last_try": 9, "last_sync": 5, "pid": 1})


def waited(server: Runs, timeout: float = 60) -> dict[str, Any]:
    return wait_for_run(server, {"id": "100-0", "source": "pve1"}, timeout)  # type: ignore[arg-type]


def test_the_end_of_a_run_is_waited_for() -> None:
    end = {"last_try": 9, "last_sync": 9, "duration": 1.5, "next_sync": 20, "fail_count": 0}
    assert waited(Runs(*RUNNING, end)) == {"last_sync": 9, "duration": 1.5, "next_sync": 20}


def test_a_run_that_fails_or_does_not_end_fails_the_task() -> None:
    with pytest.raises(PveError, match="no space left"):
        waited(Runs(*RUNNING, {"last_try": 9, "last_sync": 5, "fail_count": 1, "error": "no space left"}))
    with pytest.raises(PveError, match="has not ended"):
        waited(Runs(RUNNING[0]), timeout=0)


def test_a_node_tells_how_the_runs_of_its_jobs_went() -> None:
    reported = {**PRESENT, "fail_count": 1, "error": "no route", "last_sync": 5, "disable": 0}
    server = Server({"/nodes/pve1/replication": [reported], "/cluster/replication": [PRESENT]})
    listed = REPLICATION_INFO.read(server, REPLICATION_INFO.parse(options(REPLICATION_INFO, node="pve1")))
    assert [(job["id"], job["fail_count"], job["error"], job["disable"]) for job in listed] == [
        ("100-0", 1, "no route", False)
    ]
    listed = REPLICATION_INFO.read(server, REPLICATION_INFO.parse(options(REPLICATION_INFO)))
    assert "fail_count" not in listed[0]
    assert server.asked == ["/nodes/pve1/replication", "/cluster/replication"]


def test_a_new_job_looks_for_its_guest_and_its_target() -> None:
    assert planned(REPLICATION, cluster(), id="100-0", target="pve2").steps


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"id": "100-0", "target": "pve9"}, "target: node 'pve9' does not exist"),
        ({"id": "100-0", "target": "pve1"}, "target: guest 100 is on pve1 itself"),
        (
            {"id": "109-0", "target": "pve2"},
            "id: guest 109 does not exist.*In check mode, run the task that creates it",
        ),
    ],
)
def test_a_new_job_that_the_server_would_refuse(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        planned(REPLICATION, cluster(), **given)


def test_a_job_that_is_there_looks_for_nothing() -> None:
    server = Server({PATH: PRESENT})
    planned(REPLICATION, server, id="100-0", disable=True)
    assert server.asked == [PATH]
