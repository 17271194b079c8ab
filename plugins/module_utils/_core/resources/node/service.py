# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A system service of a node: whether it runs, and what starts, stops, restarts and reloads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Desired, Reader, Resource, State
from ...model.errors import InvalidOption, Refused
from ...model.plan import Plan, Step, api_path

# Without these the node cannot be asked to start them again, or leaves the cluster.
VITAL = ("corosync", "pve-cluster", "pvedaemon", "pveproxy", "pvestatd")
CALLS = {"started": "start", "stopped": "stop", "restarted": "restart", "reloaded": "reload"}
_ACTIVE = ("active", "reloading", "refreshing")  # states of a systemd unit in which its service runs


class NodeService(Resource[Desired, State | None]):
    """See the module pve_node_service."""

    name = "service"

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "service": {"type": "str", "required": True},
            "state": {"type": "str", "choices": list(CALLS)},
            "force": {"type": "bool", "default": False},
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        if not params["service"]:
            raise InvalidOption("service", "must not be empty")
        path = api_path("nodes", params["node"], "services", params["service"])
        return {"path": path, **{name: params[name] for name in ("node", "service", "state", "force")}}

    def read(self, reader: Reader, desired: Desired) -> State:
        answer = reader.get(f"{desired['path']}/state")
        return {
            "node": desired["node"],
            "service": desired["service"],
            "description": answer.get("desc", ""),
            "running": answer.get("active-state") in _ACTIVE,
            "unit_state": answer.get("unit-state", "unknown"),
        }

    def plan(self, current: State | None, desired: Desired) -> Plan:
        state, service = desired["state"], desired["service"]
        running = bool(current and current["running"])
        if not current or state is None or (state in ("started", "stopped") and running == (state == "started")):
            return Plan.nothing(current)
        if current["unit_state"] == "not-found":
            raise InvalidOption("service", f"{service} is not installed on node {desired['node']}")
        if state == "reloaded" and not running:
            raise Refused(f"Service {service} does not run, so that it cannot be reloaded.", hint="Start it instead.")
        if state == "stopped" and service in VITAL and not desired["force"]:
            raise Refused(
                f"Without {service} node {desired['node']} can no longer be managed by this API.",
                hint="Use state: restarted, or set force: true; PVE itself never stops some of these.",
            )
        acts = state in ("restarted", "reloaded")  # anew each time
        step = Step(
            "POST",
            f"{desired['path']}/{CALLS[state]}",
            why=f"{CALLS[state]} service {service} of {desired['node']}",
            task=True,
            guest=service,
            verify=not acts,
            repeatable=not acts,
        )
        return Plan(current, {**current, "running": state != "stopped"}, (step,))


NODE_SERVICE = NodeService()
