# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.service import NODE_SERVICE, VITAL
from tests.unit.resources.fake import Server, calls, planned

BASE = "/nodes/pve1/services"


def server(service: str = "cron", **answer: str) -> Server:
    reported = {
        "service": service,
        "desc": "Daemon",
        "state": "running",
        "active-state": "active",
        "unit-state": "enabled",
    }
    return Server({f"{BASE}/{service}/state": {**reported, **answer}})


def stopped(service: str = "cron", **answer: str) -> Server:
    return server(service, **{"state": "dead", "active-state": "inactive", **answer})


@pytest.mark.parametrize(
    ("present", "state"),
    [
        (server(), ""),
        (server(), "started"),
        (server(state="exited"), "started"),
        (server(**{"active-state": "reloading"}), "started"),
        (stopped(), "stopped"),
        (stopped(**{"active-state": "failed"}), "stopped"),
        (stopped(**{"unit-state": "not-found"}), "stopped"),
    ],
)
def test_what_is_so_already_takes_one_get(present: Server, state: str) -> None:
    desired = {"state": state} if state else {}
    assert not planned(NODE_SERVICE, present, node="pve1", service="cron", **desired).steps
    assert present.asked == [f"{BASE}/cron/state"]


@pytest.mark.parametrize(
    ("present", "state", "call", "running"),
    [
        (stopped(), "started", "start", True),
        (stopped(**{"active-state": "activating", "state": "auto-restart"}), "started", "start", True),
        (server(), "stopped", "stop", False),
        (server(), "restarted", "restart", True),
        (stopped(), "restarted", "restart", True),
        (server(), "reloaded", "reload", True),
    ],
)
def test_what_differs_is_one_call(present: Server, state: str, call: str, running: bool) -> None:
    plan = planned(NODE_SERVICE, present, node="pve1", service="cron", state=state)
    assert calls(plan) == [("POST", f"{BASE}/cron/{call}", {})]
    assert plan.steps[0].starts_task
    assert plan.steps[0].verify is (state in ("started", "stopped"))
    assert plan.after == {
        "node": "pve1",
        "service": "cron",
        "description": "Daemon",
        "running": running,
        "unit_state": "enabled",
    }


@pytest.mark.parametrize("service", VITAL)
def test_what_cuts_the_api_is_stopped_only_by_force(service: str) -> None:
    with pytest.raises(Refused, match="force: true"):
        planned(NODE_SERVICE, server(service), node="pve1", service=service, state="stopped")
    plan = planned(NODE_SERVICE, server(service), node="pve1", service=service, state="stopped", force=True)
    assert calls(plan) == [("POST", f"{BASE}/{service}/stop", {})]
    assert planned(NODE_SERVICE, server(service), node="pve1", service=service, state="restarted").steps


def test_what_does_not_run_is_not_reloaded() -> None:
    with pytest.raises(Refused, match="does not run"):
        planned(NODE_SERVICE, stopped(), node="pve1", service="cron", state="reloaded")


@pytest.mark.parametrize("state", ["started", "restarted", "reloaded"])
def test_a_service_that_is_not_installed_is_named(state: str) -> None:
    present: Any = stopped(**{"unit-state": "not-found"})
    with pytest.raises(InvalidOption, match="service: cron is not installed on node pve1"):
        planned(NODE_SERVICE, present, node="pve1", service="cron", state=state)


def test_a_service_needs_a_name() -> None:
    with pytest.raises(InvalidOption, match="service"):
        planned(NODE_SERVICE, server(), node="pve1", service="", state="started")
