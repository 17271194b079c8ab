# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager of high availability comes to what it is asked only after a while, and drops what comes too early."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.tests.simulator.reports import Lag

from .conversation import Conversation

STATUS = "/cluster/ha/status/current"
RESOURCE = "/cluster/ha/resources/vm:9000"
GUEST = "/nodes/pve/qemu/9000"


@pytest.fixture
def pve() -> Conversation:
    talk = Conversation(nodes=("pve", "pveb"))
    talk.cluster.reports.lag = Lag(seconds=3600)
    talk("POST", "/nodes/pve/qemu", vmid=9000, name="a")
    talk("POST", "/cluster/ha/resources", sid="vm:9000", state="stopped")
    return talk


def row(pve: Conversation, name: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = pve("GET", STATUS)
    return next(row for row in rows if row["id"] == name)


def settle(pve: Conversation) -> None:
    while row(pve, "service:vm:9000")["state"] == "queued":
        pass


def test_a_new_service_is_queued_for_a_round(pve: Conversation) -> None:
    service = row(pve, "service:vm:9000")
    assert (service["state"], service["status"]) == ("queued", "vm:9000 (pve, queued)")
    assert "crm_state" not in service
    assert row(pve, "service:vm:9000")["crm_state"] == "stopped"


def test_a_round_is_over_after_ten_seconds(pve: Conversation) -> None:
    pve.cluster.clock_offset += 11
    assert row(pve, "service:vm:9000")["state"] == "stopped"


@pytest.mark.parametrize("path", [f"{RESOURCE}/migrate", f"{RESOURCE}/relocate", f"{GUEST}/migrate"])
def test_a_move_in_the_round_of_a_new_service_is_lost_without_a_word(pve: Conversation, path: str) -> None:
    desired = {"target" if path.startswith(GUEST) else "node": "pveb"}
    pve("POST", path, **desired)
    settle(pve)
    assert pve.cluster.guests[9000].node == "pve"
    pve("POST", path, **desired)
    assert pve.cluster.guests[9000].node == "pveb"


def test_a_service_that_was_removed_and_added_is_new_again(pve: Conversation) -> None:
    settle(pve)
    pve("DELETE", RESOURCE)
    pve("POST", "/cluster/ha/resources", sid="vm:9000", state="stopped")
    assert row(pve, "service:vm:9000")["state"] == "queued"


def test_disarming_and_arming_take_effect_later_and_in_their_order(pve: Conversation) -> None:
    pve("POST", "/cluster/ha/status/disarm-ha", resource_mode="freeze")
    assert [row(pve, "fencing")["armed-state"] for _look in range(3)] == ["armed", "disarmed", "disarmed"]
    pve("POST", "/cluster/ha/status/arm-ha")
    assert [row(pve, "fencing")["armed-state"] for _look in range(2)] == ["disarmed", "armed"]
    pve("POST", "/cluster/ha/status/arm-ha")
    pve("POST", "/cluster/ha/status/disarm-ha", resource_mode="ignore")
    assert [row(pve, "fencing").get("resource_mode") for _look in range(2)] == [None, "ignore"]


def test_a_lag_of_nothing_is_one_for_the_manager_too(pve: Conversation) -> None:
    pve.cluster.reports.lag = Lag(seconds=0)
    assert row(pve, "service:vm:9000")["crm_state"] == "stopped"
    pve("POST", "/cluster/ha/status/disarm-ha", resource_mode="freeze")
    assert row(pve, "fencing")["armed-state"] == "disarmed"
