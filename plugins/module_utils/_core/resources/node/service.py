# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A system service of a node: whether it runs, and what starts, stops, restarts and reloads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Reader, Resource
from ...model.errors import InvalidOption, Refused
from ...model.plan import Plan, Step, api_path
from ...model.table import Table

# Without these the node cannot be asked to start them again, or leaves the cluster.
VITAL = ("corosync", "pve-cluster", "pvedaemon", "pveproxy", "pvestatd")
CALLS = {"started": "start", "stopped": "stop", "restarted": "restart", "reloaded": "reload"}
_ACTIVE = ("active", "reloading", "refreshing")  # states of a systemd unit in which its service runs


@dataclasses.dataclass(frozen=True)
class ServiceDesired:
    """What a task wants of a service; ``state`` is None if it only reads."""

    node: str
    service: str
    state: str | None
    force: bool

    @property
    def path(self) -> str:
        return api_path("nodes", self.node, "services", self.service)


@dataclasses.dataclass(frozen=True)
class ServiceObserved:
    """A service as systemd describes it."""

    description: str
    running: bool
    unit_state: str


class NodeService(Resource[ServiceDesired, ServiceObserved]):
    """See the module pve_node_service."""

    name = "service"

    def tables(self) -> Sequence[Table]:
        return (
            Table(("GET /nodes/*/services/*/state", *(f"POST /nodes/*/services/*/{call}" for call in CALLS.values()))),
        )

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "service": {"type": "str", "required": True},
            "state": {"type": "str", "choices": list(CALLS)},
            "force": {"type": "bool", "default": False},
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> ServiceDesired:
        if not params["service"]:
            raise InvalidOption("service", "must not be empty")
        return ServiceDesired(params["node"], params["service"], params["state"], params["force"])

    def read(self, reader: Reader, desired: ServiceDesired) -> ServiceObserved:
        answer = reader.get(f"{desired.path}/state")
        running = answer.get("active-state") in _ACTIVE
        return ServiceObserved(answer.get("desc", ""), running, answer.get("unit-state", "unknown"))

    def plan(self, observed: ServiceObserved, desired: ServiceDesired) -> Plan:
        state = desired.state
        before = {"node": desired.node, "service": desired.service, **dataclasses.asdict(observed)}
        if state is None or (state in ("started", "stopped") and observed.running == (state == "started")):
            return Plan.nothing(before)
        _refuse(observed, desired)
        acts = state in ("restarted", "reloaded")  # each time
        step = Step(
            "POST",
            f"{desired.path}/{CALLS[state]}",
            summary=f"{CALLS[state]} service {desired.service} of {desired.node}",
            starts_task=True,
            task_id=desired.service,
            verify=not acts,
            repeatable=not acts,
        )
        return Plan(before, {**before, "running": state != "stopped"}, (step,))


def _refuse(observed: ServiceObserved, desired: ServiceDesired) -> None:
    """Refuse what cannot be done to a service, and stopping one that is needed to start it again."""
    service = desired.service
    if observed.unit_state == "not-found":
        raise InvalidOption("service", f"{service} is not installed on node {desired.node}")
    if desired.state == "reloaded" and not observed.running:
        raise Refused(f"Service {service} does not run, so that it cannot be reloaded.", hint="Start it instead.")
    if desired.state == "stopped" and service in VITAL and not desired.force:
        raise Refused(
            f"Without {service} node {desired.node} can no longer be managed by this API.",
            hint="Use state: restarted, or set force: true; PVE itself never stops some of these.",
        )


NODE_SERVICE = NodeService()
