# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power of a node: waking it, shutting it down, rebooting it, and waiting until that has happened."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Reader, Resource, State
from ...model.errors import ApiError, AuthenticationFailed, ConnectionFailed, InvalidOption, PveError, Refused
from ...model.given import Use
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...run.polling import wait_until
from .guests import GuestRow, guests_of, named

PAUSE = 3.0  # seconds between two looks
YOUNGEST = 2.0  # seconds that a node has been up, at the least, when it takes commands
COMMANDS = {"shutdown": "shutdown", "rebooted": "reboot"}
STATES = ("started", *COMMANDS)


class NodeTimeout(PveError):
    """The node has not come to the desired state in time."""


@dataclasses.dataclass(frozen=True)
class PowerDesired:
    """What a task wants of the power of a node; ``state`` is None if it only reads."""

    node: str
    state: str | None
    force: bool


@dataclasses.dataclass(frozen=True)
class PowerObserved:
    """Whether a node is on, and what would be lost without it."""

    online: bool
    loses_quorum: bool  # the cluster, if this node goes
    running: Sequence[GuestRow] = ()  # guests that would be shut down; looked up only where that matters


class NodePower(Resource[PowerDesired, PowerObserved]):
    """See the module pve_node_power."""

    name = "node"
    converges_later = True

    def tables(self) -> Sequence[Table]:
        return (Table(("GET /nodes/*/status", "POST /nodes/*/status", "POST /nodes/*/wakeonlan")),)

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

    def parse(self, params: Mapping[str, Any]) -> PowerDesired:
        if params["timeout"] < 1:
            raise InvalidOption("timeout", "must be at least 1 second")
        return PowerDesired(params["node"], params["state"], params["force"])

    def read(self, reader: Reader, desired: PowerDesired) -> PowerObserved:
        node = desired.node
        rows = {str(row["node"]): row for row in reader.get("/nodes") or []}
        if node not in rows:
            raise InvalidOption("node", f"there is no {node} in the cluster, but {', '.join(sorted(rows))}")
        online = {name for name, row in rows.items() if row.get("status") == "online"}
        loses_quorum = len(rows) > 1 and len(online - {node}) <= len(rows) // 2 < len(online)
        present = node in online or (rows[node].get("status") != "offline" and _uptime(reader, node) is not None)
        if not present or desired.state not in COMMANDS or desired.force:
            return PowerObserved(present, loses_quorum)
        running = [guest for guest in guests_of(reader, node) if guest["status"] == "running"]
        return PowerObserved(present, loses_quorum, running)

    def plan(self, observed: PowerObserved, desired: PowerDesired) -> Plan:
        node, state, online = desired.node, desired.state, observed.online
        before = _shown(node, online=online)
        if state is None or (state == "started" and online) or (state == "shutdown" and not online):
            return Plan.nothing(before)
        if state == "started":
            step = Step("POST", api_path("nodes", node, "wakeonlan"), summary=f"wake node {node}")
            return Plan(before, _shown(node, online=True), (step,))
        _refuse(observed, desired)
        step = Step(
            "POST",
            api_path("nodes", node, "status"),
            {"command": COMMANDS[state]},
            summary=f"{'shut down' if state == 'shutdown' else 'reboot'} node {node}",
            verify=state == "shutdown",
            repeatable=state == "shutdown",
        )
        quorum = f"Without node {node} no majority of the nodes is online: the cluster may lose its quorum."
        after = _shown(node, online=state != "shutdown")
        return Plan(before, after, (step,), (quorum,) if observed.loses_quorum else ())

    def wait_converged(
        self, reader: Reader, desired: PowerDesired, answers: Mapping[str, Any], timeout: float
    ) -> State:
        """Wait until the node is on, is off, or is on again; the node may be the one whose API is asked."""
        node = desired.node
        began = time.monotonic()
        if desired.state == "shutdown":
            _wait(reader, lambda: _is_off(reader, node), f"node {node} is off", timeout)
            return _shown(node, online=False)

        def is_there() -> bool:
            uptime = _uptime(reader, node)
            if uptime is None or desired.state == "started":
                return uptime is not None
            return uptime < time.monotonic() - began + YOUNGEST  # else it has not yet gone down

        _wait(reader, is_there, f"node {node} is {'up' if desired.state == 'started' else 'up again'}", timeout)
        return _shown(node, online=True)


def _shown(node: str, *, online: bool) -> State:
    """A node as users see it."""
    return {"node": node, "status": "online" if online else "offline"}


def _refuse(observed: PowerObserved, desired: PowerDesired) -> None:
    """Refuse to reboot a node that is off, and to shut down guests unasked."""
    if not observed.online:
        raise Refused(
            f"Node {desired.node} is not online, so that it cannot be rebooted.", hint="Wake it by state: started."
        )
    if observed.running:
        raise Refused(
            f"On node {desired.node} run guests that would be shut down with it: {named(observed.running)}.",
            hint="Move them away or stop them first, or set force: true.",
        )


NODE_POWER = NodePower()


# --- waiting ----------------------------------------------------------------------------------------------------------


def _wait(client: Reader, reached: Callable[[], bool], goal: str, timeout: float) -> None:
    """Look until the goal is reached; NodeTimeout if it takes too long."""
    client.on_progress(f"waiting until {goal}")
    if not wait_until(client, lambda: reached() or None, timeout, PAUSE):
        raise NodeTimeout(
            f"It cannot be seen after {timeout:g} s that {goal}.",
            hint="It got the command and may still do it. Raise timeout, or look at its console.",
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
    """How long the node has been up, in seconds; None while it does not answer."""
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
