# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    NotImplementedByServer,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.ha.actions import ARM, MOVE
from tests.unit.resources.fake import Server, calls, planned

STATUS, RULES, GROUPS = "/cluster/ha/status/current", "/cluster/ha/rules", "/cluster/ha/groups"
NO_RULES = NotImplementedByServer("GET", RULES, 501, "Method 'GET /cluster/ha/rules' not implemented")


def service(sid: str, node: str, **more: Any) -> dict[str, Any]:
    reported = {"crm_state": "started", "state": "started", "request_state": "started", **more}
    return {"id": f"service:{sid}", "type": "service", "sid": sid, "node": node, "status": "?", **reported}


def lrm(node: str, status: str) -> dict[str, Any]:
    return {"id": f"lrm:{node}", "type": "lrm", "node": node, "status": f"{node} ({status}, Thu Nov 5)"}


def fencing(state: str, **more: Any) -> dict[str, Any]:
    return {"id": "fencing", "type": "fencing", "node": "a", "status": "?", "armed-state": state, **more}


def cluster(*rows: dict[str, Any], rules: Any = (), **more: Any) -> Server:
    nodes = [{"node": "a", "status": "online"}, {"node": "b", "status": "online"}, {"node": "c", "status": "offline"}]
    status = [*rows, *([] if rows else [service("vm:100", "a")]), lrm("a", "active"), lrm("b", "idle")]
    return Server({STATUS: status, "/nodes": nodes, RULES: rules if rules == NO_RULES else list(rules), **more})


def test_what_is_there_takes_one_get() -> None:
    server = cluster()
    plan = planned(MOVE, server, sid="100", node="a")
    assert not plan.steps
    assert server.asked == [STATUS]
    assert plan.after == {"sid": "vm:100", "node": "a", "state": "started", "request_state": "started"}


@pytest.mark.parametrize("method", ["migrate", "relocate"])
def test_moves(method: str) -> None:
    plan = planned(MOVE, cluster(), sid="100", node="b", method=method)
    assert calls(plan) == [("POST", f"/cluster/ha/resources/vm:100/{method}", {"node": "b"})]
    assert (plan.after or {})["node"] == "b"


def test_who_moves_along_is_reported() -> None:
    rule = {"rule": "r1", "type": "resource-affinity", "affinity": "positive", "resources": "vm:100,ct:101"}
    assert planned(MOVE, cluster(rules=[rule]), sid="100", node="b").notes == ("ct:101 moves along, by rule r1.",)
    assert not planned(MOVE, cluster(rules=[{**rule, "disable": 1}]), sid="100", node="b").notes


STRICT = {"rule": "r1", "type": "node-affinity", "resources": "vm:100", "nodes": "a:2,c", "strict": 1}
APART = {"rule": "r1", "type": "resource-affinity", "affinity": "negative", "resources": "vm:100,ct:101"}


@pytest.mark.parametrize(
    ("server", "node", "option", "reported"),
    [
        (cluster(service("vm:101", "a")), "b", "sid", "pve_ha"),
        (cluster(), "d", "node", "could go to b, c"),
        (cluster(), "c", "node", "offline"),
        (cluster(service("vm:100", "a"), lrm("b", "maintenance mode")), "b", "node", "maintenance"),
        (cluster(service("vm:100", "a", request_state="ignored")), "b", "sid", "ignores"),
        (cluster(service("vm:100", "a", crm_state="error")), "b", "sid", "error"),
        (cluster(service("vm:100", "a"), fencing("disarming")), "b", "sid", "pve_ha_arm"),
        (cluster(rules=[STRICT]), "b", "node", "keeps vm:100 on a, c"),
        (cluster(rules=[{**STRICT, "nodes": "b", "affinity": "negative"}]), "b", "node", "keeps vm:100 away from b"),
        (cluster(service("vm:100", "a"), service("ct:101", "b"), rules=[APART]), "b", "node", "ct:101 is on b"),
    ],
)
def test_what_cannot_be_is_refused(server: Server, node: str, option: str, reported: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(MOVE, server, sid="vm:100", node=node)
    assert error.value.option == option
    assert reported in str(error.value)


@pytest.mark.parametrize(
    "rule",
    [
        {**STRICT, "strict": 0},
        {**STRICT, "affinity": "negative"},
        {**STRICT, "disable": 1},
        {**STRICT, "resources": "vm:9"},
        APART,
    ],
)
def test_what_can_be_is_not_refused(rule: dict[str, Any]) -> None:
    rows = (service("vm:100", "a"), service("ct:101", "a"), fencing("standby"))
    assert planned(MOVE, cluster(*rows, rules=[rule]), sid="vm:100", node="b").steps


@pytest.mark.parametrize("restricted", [0, 1])
def test_groups_of_pve_8_count_as_rules(restricted: int) -> None:
    group = {f"{GROUPS}/g": {"group": "g", "nodes": "a:2", "restricted": restricted}}
    server = cluster(service("vm:100", "a", group="g"), rules=NO_RULES, **group)
    if not restricted:
        assert planned(MOVE, server, sid="100", node="b").steps
        return
    with pytest.raises(InvalidOption, match="strict rule g"):
        planned(MOVE, server, sid="100", node="b")


def test_pve_8_without_a_group_has_nothing_in_the_way() -> None:
    assert planned(MOVE, cluster(service("vm:100", "a"), rules=NO_RULES), sid="100", node="b").steps


ARMING: Any = [("POST", "/cluster/ha/status/arm-ha", {})]
DISARMING = [("POST", "/cluster/ha/status/disarm-ha", {"resource-mode": "freeze"})]


@pytest.mark.parametrize(
    ("row", "desired", "sent"),
    [
        (fencing("armed"), {"state": "armed"}, []),
        (fencing("standby"), {"state": "armed"}, []),
        (fencing("disarming", resource_mode="freeze"), {"state": "armed"}, ARMING),
        (fencing("disarmed", resource_mode="freeze"), {"state": "armed"}, ARMING),
        (fencing("standby"), {"state": "disarmed", "resource_mode": "freeze"}, DISARMING),
        (fencing("disarming", resource_mode="freeze"), {"state": "disarmed", "resource_mode": "freeze"}, []),
        (fencing("disarmed", resource_mode="ignore"), {"state": "disarmed", "resource_mode": "freeze"}, DISARMING),
    ],
)
def test_arming(row: dict[str, Any], desired: dict[str, Any], sent: list[Any]) -> None:
    assert calls(planned(ARM, cluster(row), **desired)) == sent


def test_arming_needs_a_server_that_knows_it_and_says_so() -> None:
    with pytest.raises(InvalidOption, match=r"9\.2"):
        planned(ARM, cluster(), state="armed")
    with pytest.raises(InvalidOption, match="resource_mode"):
        planned(ARM, cluster(fencing("armed")), state="armed", resource_mode="ignore")
