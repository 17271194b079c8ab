# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the HA manager: what ends the wait, and what is told if it was in vain."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import NotFound, PermissionDenied
from ansible_collections.pve.automation.plugins.module_utils._core.resources.ha.requests import (
    NotFulfilled,
    is_request,
    wait_for_manager,
)
from tests.unit.resources.fake import Server

MIGRATE = "UPID:pve1:00000A2D:000D77D0:6B00CBA6:hamigrate:100:root@pam:"
START = MIGRATE.replace("hamigrate", "hastart")
STATUS, TASKS = "/cluster/ha/status/current", "/nodes/pve1/tasks"
REFUSED = PermissionDenied("GET", STATUS, 403, "no")


def wait(upid: Any, looks: Any, answers: Any = None, timeout: float = 0.0) -> int:
    """Wait with these results of looking; returns how many pauses were made."""
    server = Server({STATUS: [], TASKS: [], **(answers or {})})
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
