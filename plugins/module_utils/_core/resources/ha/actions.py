# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manager of high availability is asked to do: move a resource, disarm itself and arm itself.

It answers before it has done anything, even where it never will; so what stands in the way is found out before, and the end
is waited for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import Reader, Resource, State
from ...model.errors import InvalidOption, NotImplementedByServer, PveError
from ...model.field import Field, hyphenated
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...run.polling import wait_until
from .resource import RESOURCES, check_sid
from .rule import GROUP_FIELDS, GROUPS, NODE, RESOURCE, RULE_FIELDS, RULES
from .status import PAUSE, STATUS, Rows, armed_state, confirmed_status, find_service, status, wait_for_status

TAKE_UP_TIMEOUT = 60.0  # seconds in which the manager takes up a new resource; it needs a round or two
NOT_TAKEN_UP = (None, "request_start")  # its states until then, in which it drops requests
NODE_FIELD = Field("node", required=True, aliases=("target",))
MODE = hyphenated("resource_mode", choices=("freeze", "ignore"))
MOVING = ("migrate", "relocate", "request_start_balance")


def wait_taken_up(reader: Reader, rows: Rows, sid: str) -> dict[str, Any]:
    """The row of a resource once the manager has taken it up; until then it drops requests to move it."""

    def look() -> dict[str, Any] | None:
        service = find_service(status(reader), sid) or {}
        return None if service.get("crm_state") in NOT_TAKEN_UP else service

    service = find_service(rows, sid) or {}
    if service.get("crm_state") not in NOT_TAKEN_UP or service.get("request_state") == "ignored":
        return service
    found = wait_until(reader, look, TAKE_UP_TIMEOUT, PAUSE)
    if found is None:
        raise PveError(
            f"The manager has not taken up {sid} after {TAKE_UP_TIMEOUT:g} s: {service.get('status')}.",
            hint="Until then it drops requests to move it. Its log on the master node (unit pve-ha-crm) shows what it does.",
        )
    return found


# --- moving a resource --------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class MoveDesired:
    """A resource on a node, and how it gets there. ``sid`` may be the id of the guest alone until the resource was read."""

    sid: str
    node: str
    method: str
    wait: bool
    timeout: int


@dataclasses.dataclass(frozen=True)
class MoveObserved:
    """A resource of the manager; the nodes, the rules and the status of the manager only if it is elsewhere."""

    state: State
    nodes: Mapping[str, str] = dataclasses.field(default_factory=dict)  # their status
    rules: Rows = dataclasses.field(default_factory=list)
    rows: Rows = dataclasses.field(default_factory=list)


class HaMove(Resource[MoveDesired, MoveObserved]):
    """A resource is on the node that a task names; the manager brings it there."""

    name = "resource"

    def tables(self) -> Sequence[Table]:
        return (
            Table(
                (f"GET {STATUS}/current", f"POST {RESOURCES}/*/migrate", f"POST {RESOURCES}/*/relocate"), (NODE_FIELD,)
            ),
        )

    def arguments(self) -> dict[str, Any]:
        spec = {
            "sid": {"type": "str", "required": True, "aliases": ["vmid"]},
            NODE_FIELD.name: NODE_FIELD.spec(),
            "method": {"type": "str", "choices": ["migrate", "relocate"], "default": "migrate"},
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> MoveDesired:
        sid = check_sid("sid", params["sid"])
        return MoveDesired(sid, params["node"], params["method"], params["wait"], params["timeout"])

    def read(self, reader: Reader, desired: MoveDesired) -> MoveObserved:
        rows = status(reader)
        service = find_service(rows, desired.sid)
        if service is None:
            raise InvalidOption(
                "sid",
                f"{desired.sid} is not under high availability",
                hint="Put it there by pve_ha, or move the guest.",
            )
        if service.get("node") == desired.node:
            return MoveObserved(shown_service(service))
        nodes = {row["node"]: row["status"] for row in reader.get("/nodes") or []}
        rules = _rules(reader, service)
        return MoveObserved(shown_service(wait_taken_up(reader, rows, service["sid"])), nodes, rules, rows)

    def remember(self, observed: MoveObserved, desired: MoveDesired) -> MoveDesired:
        return dataclasses.replace(desired, sid=observed.state["sid"])

    def plan(self, observed: MoveObserved, desired: MoveDesired) -> Plan:
        current, node = observed.state, desired.node
        sid = current["sid"]
        if current["node"] == node:
            return Plan.nothing(current)
        check_move(observed, sid, node)
        step = Step(
            "POST",
            f"{RESOURCES}{api_path(sid, desired.method)}",
            {"node": node},
            f"{desired.method} {sid} from {current['node']} to {node}",
            verify=False,  # the manager comes to it later
            returns={"move": ""},
        )
        friends = companions(observed.rules, sid, "positive")
        notes = tuple(f"{other} moves along, by rule {rule}." for other, rule in friends.items())
        return Plan(current, {**current, "node": node}, (step,), notes)

    def after_apply(
        self, reader: Reader, desired: MoveDesired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """Wait until the resource is where it should be, in the state that is requested of it."""
        if not changed:
            return {}
        blockers = [row["sid"] for row in (answers.get("move") or {}).get("blocking-resources", [])]
        if blockers:
            raise PveError(
                f"{desired.sid} does not move to {desired.node}: {', '.join(blockers)} must not be beside it."
            )
        if not desired.wait:
            return {}
        moving = False

        def arrived(rows: Rows) -> State | None:
            nonlocal moving
            service = find_service(rows, desired.sid) or {}
            busy = service.get("crm_state") in MOVING
            there = service.get("node") == desired.node
            if service.get("crm_state") == "error" or (moving and not busy and not there):
                raise PveError(
                    f"{desired.sid} did not move to {desired.node}: {service.get('status')}.",
                    hint=f"The task log of the guest on {service.get('node')} says why.",
                )
            moving = busy
            ready = service.get("request_state") != "started" or service.get("state") == "started"
            return shown_service(service) if there and ready and not busy else None

        what = f"{desired.sid} has not arrived on {desired.node}"
        return {self.name: wait_for_status(reader, desired.timeout, arrived, what)}


def shown_service(service: Mapping[str, Any]) -> State:
    return {name: service[name] for name in ("sid", "node", "state", "request_state") if name in service}


def _rules(reader: Reader, service: Mapping[str, Any]) -> Rows:
    """The rules in force; of PVE 8 the group of the resource, as the rule that it became."""
    try:
        rows = [{**row, **RULE_FIELDS.observe(row)} for row in reader.get(RULES) or []]
    except NotImplementedByServer:
        if not service.get("group"):
            return []
        group = GROUP_FIELDS.observe(reader.get(GROUPS + api_path(service["group"])))
        group |= {"rule": service["group"], "type": NODE, "resources": [service["sid"]]}
        return [{**group, "strict": group.get("restricted", False)}]
    return [row for row in rows if not row.get("disable")]


def companions(rules: Iterable[Mapping[str, Any]], sid: str, affinity: str) -> dict[str, str]:
    """The resources that rules keep with this one (positive) or apart from it (negative), each with its rule."""
    return {
        other: rule["rule"]
        for rule in rules
        if rule["type"] == RESOURCE and rule.get("affinity") == affinity and sid in rule["resources"]
        for other in rule["resources"]
        if other != sid
    }


def check_move(observed: MoveObserved, sid: str, node: str) -> None:
    """Refuse what the manager would accept and never do."""
    rows, nodes = observed.rows, observed.nodes
    service = find_service(rows, sid) or {}
    if service.get("request_state") == "ignored":
        raise InvalidOption(
            "sid", f"the manager ignores {sid}", hint="Ask another state of it by pve_ha, or move the guest."
        )
    if service.get("crm_state") == "error":
        raise InvalidOption("sid", f"{sid} is in state error", hint="Repair it and set it to disabled by pve_ha first.")
    if armed_state(rows).get("state", "armed") in ("disarming", "disarmed"):
        raise InvalidOption("sid", "the manager is disarmed and moves nothing", hint="Arm it by pve_ha_arm.")
    if node not in nodes:
        known = ", ".join(sorted(set(nodes) - {observed.state["node"]}))
        raise InvalidOption("node", f"there is no node {node!r} in the cluster; {sid} could go to {known or 'none'}")
    if nodes[node] != "online":
        raise InvalidOption("node", f"{node} is {nodes[node]}")
    if any(row["type"] == "lrm" and row.get("node") == node and "maintenance mode" in row["status"] for row in rows):
        raise InvalidOption("node", f"{node} is in maintenance mode")
    for rule in observed.rules:
        if rule["type"] == NODE and rule.get("strict") and sid in rule["resources"]:
            named = [name.partition(":")[0] for name in rule["nodes"]]
            apart = rule.get("affinity") == "negative"
            if (node in named) == apart:
                keeps = f"keeps {sid} away from" if apart else f"keeps {sid} on"
                raise InvalidOption("node", f"the strict rule {rule['rule']} {keeps} {', '.join(named)}")
    for other, name in companions(observed.rules, sid, "negative").items():
        if (find_service(rows, other) or {}).get("node") == node:
            raise InvalidOption("node", f"{other} is on {node}, and rule {name} keeps {sid} apart from it")


# --- arming -------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class ArmDesired:
    """The manager armed or disarmed, and how it treats resources while it is disarmed."""

    state: str
    resource_mode: str | None
    wait: bool
    timeout: int


class HaArm(Resource[ArmDesired, State]):
    """The manager is armed, or is not: then it fences no node and leaves resources as they are."""

    name = "ha"

    def tables(self) -> Sequence[Table]:
        return (Table((f"GET {STATUS}/current", f"POST {STATUS}/arm-ha", f"POST {STATUS}/disarm-ha"), (MODE,)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            "state": {"type": "str", "choices": ["armed", "disarmed"], "required": True},
            MODE.name: MODE.spec(),
            **task_arguments(),
        }
        return {"argument_spec": spec, "required_if": [("state", "disarmed", ("resource_mode",))]}

    def parse(self, params: Mapping[str, Any]) -> ArmDesired:
        if params["state"] == "armed" and params["resource_mode"] is not None:
            raise InvalidOption("resource_mode", "goes with state: disarmed")
        return ArmDesired(params["state"], params["resource_mode"], params["wait"], params["timeout"])

    def read(self, reader: Reader, desired: ArmDesired) -> State:
        rows = status(reader)
        if desired.wait and is_on_the_way(armed_state(rows), desired):
            rows = confirmed_status(reader, rows)
        state = armed_state(rows)
        if not state:
            raise InvalidOption("state", "this server's manager cannot be disarmed; that came with PVE 9.2")
        return state

    def plan(self, observed: State, desired: ArmDesired) -> Plan:
        if is_on_the_way(observed, desired):
            return Plan.nothing(observed)
        if desired.state == "armed":
            step = Step("POST", f"{STATUS}/arm-ha", {}, "arm the manager of high availability", verify=False)
            return Plan(observed, {"state": "armed"}, (step,))
        mode = desired.resource_mode
        summary = f"disarm the manager of high availability, resources: {mode}"
        step = Step("POST", f"{STATUS}/disarm-ha", {"resource-mode": mode}, summary, verify=False)
        return Plan(observed, {"state": "disarmed", "resource_mode": mode}, (step,))

    def after_apply(
        self, reader: Reader, desired: ArmDesired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """Wait until every node is there."""
        if not desired.wait:
            return {}

        def reached(rows: Rows) -> State | None:
            found = armed_state(rows)
            return found if is_on_the_way(found, desired) and found["state"] != "disarming" else None

        return {self.name: wait_for_status(reader, desired.timeout, reached, f"The manager is not {desired.state}")}


def is_on_the_way(state: State, desired: ArmDesired) -> bool:
    """Whether it is as desired, or is becoming so."""
    if desired.state == "armed":
        return bool(state.get("state") == "armed")
    return state.get("state") in ("disarming", "disarmed") and state.get("resource_mode") == desired.resource_mode


MOVE = HaMove()
ARM = HaArm()
