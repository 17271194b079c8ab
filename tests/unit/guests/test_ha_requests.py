# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the HA manager: what ends the wait, and what is reported if it was in vain."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests import ha_requests
from ansible_collections.pve.automation.plugins.module_utils._core.guests.ha_requests import (
    MANAGER,
    NotFulfilled,
    dead_parts,
    is_request,
    wait_for_manager,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    Conflict,
    NotFound,
    PermissionDenied,
)
from tests.unit.resources.fake import Server

MIGRATE = "UPID:pve1:00000A2D:000D77D0:6B00CBA6:hamigrate:100:root@pam:"
START = MIGRATE.replace("hamigrate", "hastart")
STATUS, TASKS, LOCKS = "/cluster/ha/status/current", "/nodes/pve1/tasks", "/cluster/resources"
DEAD = {"type": "master", "node": "pve1", "status": "pve1 (old timestamp - dead?, Mon Nov 30 12:00:00 2026)"}
REFUSED = PermissionDenied("GET", STATUS, 403, "no")


def wait(upid: Any, looks: Any, answers: Any = None, timeout: float = 0.0) -> int:
    """Wait with these results of looking; returns how many pauses were made."""
    server = Server({STATUS: [], TASKS: [], LOCKS: [], **(answers or {})})
    results = iter(looks)
    pauses: list[Any] = []
    server.sleep = pauses.append

    def happened() -> Any:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    wait_for_manager(server, upid, "move it", timeout, happened)
    return len(pauses)


def service(state: Any) -> dict[str, Any]:
    return {"sid": "vm:100", "state": state, "status": f"vm:100 (pve1, {state})"}


def test_which_tasks_are_requests() -> None:
    assert is_request(MIGRATE)
    assert not is_request(MIGRATE.replace("hamigrate", "qmigrate"))


def test_what_has_happened_is_not_waited_for() -> None:
    assert wait(MIGRATE, [True]) == 0


def test_it_looks_until_it_has_happened_also_while_the_guest_moves() -> None:
    moving = NotFound("GET", "/x", 500, "does not exist")
    assert wait(MIGRATE, [False, moving, False, True], timeout=60) == 3


@pytest.mark.parametrize(
    ("upid", "answers", "says"),
    [
        (
            START,
            {STATUS: [service("error"), {"sid": "vm:101", "state": "started"}]},
            r"it says: vm:100 \(pve1, error\)",
        ),
        (MIGRATE, {TASKS: [{"type": "qmigrate", "status": "no space"}]}, "qmigrate failed: no space"),
    ],
)
def test_what_is_final_ends_the_wait(upid: Any, answers: Any, says: str) -> None:
    with pytest.raises(NotFulfilled, match=f"has not done what it was asked for: move it .*{says}"):
        wait(upid, [False], answers, timeout=60)


@pytest.mark.parametrize(
    ("upid", "answers", "says"),
    [
        (MIGRATE, {}, r"move it\. Rules"),
        (MIGRATE, {STATUS: REFUSED, TASKS: REFUSED}, r"move it\. Rules"),
        (MIGRATE, {STATUS: [service("started")]}, r"it says: vm:100 \(pve1, started\)"),
        (
            START,
            {TASKS: [{"type": "qmigrate", "status": "x"}, {"type": "qmstart", "status": "no KVM"}]},
            "qmstart failed: no KVM",
        ),
        (MIGRATE, {TASKS: [{"type": "qmigrate", "status": "WARNINGS: 1"}]}, r"move it\. Rules"),
    ],
)
def test_the_wait_ends_in_time_with_what_is_known(upid: Any, answers: Any, says: str) -> None:
    with pytest.raises(NotFulfilled, match=f"has not done within 0 s what it was asked for: .*{says}"):
        wait(upid, [False], answers)


def test_a_guest_that_has_arrived_but_is_still_locked_is_moving() -> None:
    server = Server({STATUS: [], TASKS: [], LOCKS: [{"vmid": 100, "lock": "migrate"}, {"vmid": 101}]})
    server.on_progress = lambda text: None
    server.sleep = lambda seconds: server.answers.update({LOCKS: [{"vmid": 100}]})
    wait_for_manager(server, MIGRATE, "move it", 60, lambda: True)
    assert server.answers[LOCKS] == [{"vmid": 100}]


@pytest.mark.parametrize("dead", [DEAD, {**DEAD, "type": "lrm"}])
def test_a_manager_that_stays_dead_ends_the_wait(monkeypatch: pytest.MonkeyPatch, dead: dict[str, Any]) -> None:
    monkeypatch.setattr(ha_requests, "TAKEOVER", 0.0)
    with pytest.raises(NotFulfilled, match=rf"does not work \({dead['type']}: pve1 \(old timestamp .*in its queue"):
        wait(START, [False], {STATUS: [dead]}, timeout=600)


def test_a_manager_that_seems_dead_is_reported_at_once_and_waited_for() -> None:
    reported: list[str] = []
    server = Server({STATUS: [DEAD], TASKS: []})
    server.on_progress = reported.append
    server.sleep = lambda seconds: server.answers.update({STATUS: []})
    looks = iter([False, False, True])
    wait_for_manager(server, START, "start it", 600, lambda: next(looks))
    assert [text.partition(" (")[0] for text in reported] == ["The HA manager does not work at present"]


def test_the_part_of_another_node_does_not_matter() -> None:
    assert dead_parts([{**DEAD, "type": "lrm", "node": "pve2"}], "pve1") == ""


def test_only_requests_are_waited_for() -> None:
    MANAGER.wait(Server({}), MIGRATE.replace("hamigrate", "qmigrate"), "move it", 60, lambda: False)


def test_a_move_that_was_dropped_because_the_resource_is_new_is_asked_for_again() -> None:
    server = Server({STATUS: [{"sid": "vm:100", "state": "queued", "status": "queued"}], TASKS: []})
    settled = [{**service("started"), "crm_state": "started"}]
    server.sleep = lambda seconds: server.answers.update({STATUS: settled})
    with pytest.raises(Conflict, match="new to it"):
        wait_for_manager(server, MIGRATE, "move it", 60, lambda: False)
