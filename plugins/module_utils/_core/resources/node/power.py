# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power of a node: waking it, shutting it down, rebooting it, and waiting until that has happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Desired, Reader, Resource, State
from ...model.errors import ApiError, AuthenticationFailed, ConnectionFailed, InvalidOption, PveError, Refused
from ...model.given import Use
from ...model.plan import Plan, Step, api_path
from ...run.polling import wait_until
from .guests import guests_of, named

PAUSE = 3.0  # seconds between two looks
YOUNGEST = 2.0  # seconds that a node has been up, at the least, when it takes commands
COMMANDS = {"shutdown": "shutdown", "rebooted": "reboot"}
STATES = ("started", *COMMANDS)


class NodeTimeout(PveError):
    """The node has not come to the wished state in time."""


class NodePower(Resource[Desired, State | None]):
    """See the module pve_node_power."""

    name = "node"
    converges_later = True

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "state": {"type": "str", "choices": list(STATES)},
            "force": {"type": "bool", "default": False},
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def uses(self) -> dict[str, Use]:
        return {"force": Use(only=tuple(COMMANDS))}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        if params["timeout"] < 1:
            raise InvalidOption("timeout", "must be at least 1 second")
        return {name: params[name] for name in ("node", "state", "force")}

    def read(self, reader: Reader, desired: Desired) -> State:
        rows = {str(row["node"]): row for row in reader.get("/nodes") or []}
        if desired["node"] not in rows:
            raise InvalidOption("node", f"there is no {desired['node']} in the cluster, but {', '.join(sorted(rows))}")
        online = {name for name, row in rows.items() if row.get("status") == "online"}
        desired["loses_quorum"] = len(rows) > 1 and len(online - {desired["node"]}) <= len(rows) // 2 < len(online)
        present = desired["node"] in online or (
            rows[desired["node"]].get("status") != "offline" and _uptime(reader, desired["node"]) is not None
        )
        desired["running"] = []
        if present and desired["state"] in COMMANDS and not desired["force"]:
            desired["running"] = [guest for guest in guests_of(reader, desired["node"]) if guest["status"] == "running"]
        return {"node": desired["node"], "status": "online" if present else "offline"}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        node, state = desired["node"], desired["state"]
        current = current or {}
        online = current["status"] == "online"
        if state is None or (state == "started" and online) or (state == "shutdown" and not online):
            return Plan.nothing(current)
        if state == "started":
            step = Step("POST", api_path("nodes", node, "wakeonlan"), why=f"wake node {node}")
            return Plan(current, {**current, "status": "online"}, (step,))
        if not online:
            raise Refused(
                f"Node {node} is not online, so that it cannot be rebooted.", hint="Wake it by state: started."
            )
        if desired["running"]:
            raise Refused(
                f"On node {node} run guests that would be shut down with it: {named(desired['running'])}.",
                hint="Move them away or stop them first, or set force: true.",
            )
        step = Step(
            "POST",
            api_path("nodes", node, "status"),
            {"command": COMMANDS[state]},
            why=f"{'shut down' if state == 'shutdown' else 'reboot'} node {node}",
            verify=state == "shutdown",
            repeatable=state == "shutdown",
        )
        after = {**current, "status": "offline" if state == "shutdown" else "online"}
        quorum = f"Without node {node} no majority of the nodes is online: the cluster may lose its quorum."
        return Plan(current, after, (step,), (quorum,) if desired["loses_quorum"] else ())

    def wait_converged(self, reader: Reader, desired: Desired, answers: Mapping[str, Any], timeout: float) -> State:
        """Wait until the node is there, or is not, or is there anew; the node may be the one whose API is asked."""
        node = desired["node"]
        began = time.monotonic()
        if desired["state"] == "shutdown":
            _wait(reader, lambda: _is_off(reader, node), f"node {node} is off", timeout)
            return {"node": node, "status": "offline"}

        def is_there() -> bool:
            uptime = _uptime(reader, node)
            if uptime is None or desired["state"] == "started":
                return uptime is not None
            return uptime < time.monotonic() - began + YOUNGEST  # else it has not yet gone down

        _wait(reader, is_there, f"node {node} is {'up' if desired['state'] == 'started' else 'up again'}", timeout)
        return {"node": node, "status": "online"}


NODE_POWER = NodePower()


# --- waiting ----------------------------------------------------------------------------------------------------------


def _wait(client: Reader, reached: Callable[[], bool], goal: str, timeout: float) -> None:
    """Look until the goal is reached; NodeTimeout if it takes too long."""
    client.on_progress(f"waiting until {goal}")
    if not wait_until(client, lambda: reached() or None, timeout, PAUSE):
        raise NodeTimeout(
            f"It cannot be seen after {timeout:g} s that {goal}.",
            hint="It was told so and may still do it. Raise timeout, or look at its console.",
        )


def _is_off(client: Reader, node: str) -> bool:
    """Whether the others take the node for offline, or nobody of api_host answers, so that it was the only one."""
    try:
        rows = client.get("/nodes") or []
    except ConnectionFailed:
        return True
    except PveError as error:
        _raise_unless_passing(error)
        return False
    return not any(row["node"] == node and row.get("status") != "offline" for row in rows)


def _uptime(client: Reader, node: str) -> float | None:
    """How long the node has been up, in seconds; None while it does not tell."""
    try:
        return float(client.get(api_path("nodes", node, "status"))["uptime"])
    except PveError as error:
        _raise_unless_passing(error)
        return None


def _raise_unless_passing(error: PveError) -> None:
    """While a node boots or goes down it cannot be reached, knows no logins, or answers that parts of it are missing."""
    passing = isinstance(error, (ConnectionFailed, AuthenticationFailed)) or (
        isinstance(error, ApiError) and error.status >= 500
    )
    if not passing:
        raise error
