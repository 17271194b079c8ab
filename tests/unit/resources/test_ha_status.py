# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the manager of high availability."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests import ha_requests
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import PveError
from ansible_collections.pve.automation.plugins.module_utils._core.resources.ha.status import (
    confirmed_status,
    wait_for_service,
)
from tests.unit.resources.fake import Server

STATUS = "/cluster/ha/status/current"


def service(state: str, crm_state: str | None) -> dict[str, Any]:
    row = {"type": "service", "sid": "vm:100", "node": "a", "state": state, "status": f"vm:100 (a, {state})"}
    return {**row, **({"crm_state": crm_state} if crm_state else {})}


def master(timestamp: int, status: str = "active") -> dict[str, Any]:
    return {"type": "master", "node": "a", "status": f"a ({status}, Thu Nov 5)", "timestamp": timestamp}


class Changing(Server):
    """Says something else at each look, at last the same."""

    def __init__(self, *looks: list[dict[str, Any]]) -> None:
        super().__init__()
        self.looks = list(looks)

    def get(self, path: str, params: Any = None, api_format: str = "json") -> Any:
        assert path == STATUS
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


QUEUED, STARTING, STARTED = service("queued", None), service("starting", "started"), service("started", "started")


@pytest.mark.parametrize(
    ("requested", "looks", "pauses"),
    [
        ("started", [[QUEUED], [STARTING], [STARTED]], 2),
        ("stopped", [[QUEUED], [service("stopping", "request_stop")]], 1),
        ("ignored", [[service("ignored", None)]], 0),
        ("started", [[QUEUED, {"type": "fencing", "armed-state": "disarmed"}]], 0),
    ],
)
def test_a_service_is_awaited(requested: str, looks: list[Any], pauses: int) -> None:
    server = Changing(*looks)
    wait_for_service(server, "vm:100", requested, 60)
    assert len(server.pauses) == pauses


def test_a_service_that_fails_ends_the_wait() -> None:
    with pytest.raises(PveError, match=r"vm:100 is in state error: vm:100 \(a, error\)"):
        wait_for_service(Changing([QUEUED], [service("error", "error")]), "vm:100", "started", 60)


@pytest.mark.parametrize(("requested", "what"), [("started", "started"), ("disabled", "taken up")])
def test_a_service_is_not_awaited_for_ever(requested: str, what: str) -> None:
    with pytest.raises(PveError, match=f"The manager has not {what} vm:100 after 0 s"):
        wait_for_service(Changing([QUEUED]), "vm:100", requested, 0)


def test_a_manager_that_does_not_work_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ha_requests, "TAKEOVER", 0.0)
    with pytest.raises(PveError, match=r"does not work \(master: a \(old timestamp"):
        wait_for_service(Changing([QUEUED, master(1, "old timestamp - dead?")]), "vm:100", "started", 600)


def test_the_queue_of_the_manager_is_empty_after_two_rounds() -> None:
    looks = [[master(1)], [master(11)], [master(11)], [master(21), {"type": "fencing"}], [master(31)]]
    assert confirmed_status(Changing(*looks), [master(1)]) == looks[3]


def test_a_manager_that_never_came_round_is_not_waited_for() -> None:
    server = Changing([])
    assert confirmed_status(server, []) == []
    assert server.pauses == []
