# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control path /simulator/..., outside of the API: for tests, without authentication.

GET  /simulator/requests   {count, requests: [{method, path, params, user, status}]} since the last reset
POST /simulator/requests   forget the requests, so that indexes start at 0 again
POST /simulator/faults     order a fault, see faults.Fault; DELETE withdraws all
POST /simulator/tasks      the next task goes wrong, see tasks.TaskFault
POST /simulator/lock       {vmid, lock}: put a lock on a guest, or take it away with null
POST /simulator/node       {node, online}: let a node go down or come back
POST /simulator/clock      {seconds}: move the clock on, for example past a ticket's life
POST /simulator/lag        {seconds, looks, cache}: how long lists of the cluster lag until the next reset, see reports.Lag
POST /simulator/report     every node reports its guests and storages now
GET  /simulator/images     {volid: {label, files}} of the CD-ROM images that were uploaded
POST /simulator/move       {vmid, node}: a guest moves by itself, as an administrator or a load balancer moves it
POST /simulator/mark       the present state is what a reset comes back to; DELETE: the initial one is, again
POST /simulator/reset      back to the initial state
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from .faults import Fault
from .guest_migrate import StorageMap, migrate
from .images import Image
from .reports import Lag
from .resources import report_all
from .simulation import Simulation
from .tasks import TaskFault
from .volumes import table

FIELDS_OF_TASK_FAULT = {field.name for field in fields(TaskFault)}


class Control:
    """Answers the requests of the control path."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation

    async def handle(self, request: web.Request, path: str) -> web.Response:
        name = f"{request.method.lower()}_{path.removeprefix('/simulator/')}"
        action = getattr(self, name, None)
        if action is None:
            return web.json_response({"error": f"no control for {request.method} {path}"}, status=404)
        try:
            text = await request.text()
            source = json.loads(text) if text else {}
            return web.json_response(action(source))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{error}"}, status=400)

    def get_requests(self, source: Mapping[str, Any]) -> dict[str, Any]:
        return {"count": len(self.simulation.requests), "requests": self.simulation.requests}

    def post_requests(self, source: Mapping[str, Any]) -> dict[str, Any]:
        self.simulation.requests.clear()
        return {}

    def post_faults(self, source: Mapping[str, Any]) -> dict[str, Any]:
        self.simulation.faults.waiting.append(Fault.parse(source))
        return {}

    def delete_faults(self, source: Mapping[str, Any]) -> dict[str, Any]:
        self.simulation.faults.waiting.clear()
        self.simulation.cluster.tasks.faults.clear()
        return {}

    def post_tasks(self, source: Mapping[str, Any]) -> dict[str, Any]:
        unknown = source.keys() - FIELDS_OF_TASK_FAULT
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        self.simulation.cluster.tasks.faults.append(TaskFault(**source))
        return {}

    def post_lock(self, source: Mapping[str, Any]) -> dict[str, Any]:
        config = self.simulation.cluster.guests[int(source["vmid"])].config
        if source["lock"] is None:
            config.pop("lock", None)
        else:
            config["lock"] = source["lock"]
        return {}

    def post_node(self, source: Mapping[str, Any]) -> dict[str, Any]:
        node = self.simulation.cluster.nodes[source["node"]]
        node.online = bool(source["online"])
        node.extra.pop("outage", None)
        return {}

    def post_clock(self, source: Mapping[str, Any]) -> dict[str, Any]:
        cluster, seconds = self.simulation.cluster, float(source["seconds"])
        cluster.clock_offset += seconds
        if seconds >= cluster.reports.lag.seconds:
            report_all(cluster)
        return {}

    def post_lag(self, source: Mapping[str, Any]) -> dict[str, Any]:
        self.simulation.cluster.reports.lag = Lag(**source)
        return {}

    def post_report(self, source: Mapping[str, Any]) -> dict[str, Any]:
        report_all(self.simulation.cluster)
        return {}

    def get_images(self, source: Mapping[str, Any]) -> dict[str, Any]:
        found = [volume for volume in table(self.simulation.cluster).all() if isinstance(volume.payload, Image)]
        return {volume.volid: asdict(volume.payload) for volume in found}

    def post_move(self, source: Mapping[str, Any]) -> dict[str, Any]:
        cluster, target = self.simulation.cluster, str(source["node"])
        guest = cluster.guests[int(source["vmid"])]
        if target not in cluster.nodes:
            raise ValueError(f"there is no node {target}")
        if guest.node != target:
            migrate(cluster, guest, target, StorageMap(), lambda line: None)
        return {}

    def post_mark(self, source: Mapping[str, Any]) -> dict[str, Any]:
        self.simulation.mark()
        return {}

    def delete_mark(self, source: Mapping[str, Any]) -> dict[str, Any]:
        self.simulation.unmark()
        return {}

    def post_reset(self, source: Mapping[str, Any]) -> dict[str, Any]:
        self.simulation.reset()
        return {}
