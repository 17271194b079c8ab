# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated server without its network side: takes requests, gives answers."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import api
from .auth import Authenticator
from .call import Call, Upload
from .certificates import Presented, fingerprint_of
from .errors import ApiError, Unauthorized, Unreachable, permission_error
from .facts import Facts, load
from .faults import Faults
from .permissions import Permissions
from .reports import Lag
from .resources import report_all
from .routing import Route, Router
from .state import Cluster

# Calls that need no login, see auth_handler in pve-manager PVE/HTTPServer.pm.
PUBLIC = frozenset({
    ("GET", "/access/domains"), ("GET", "/access/ticket"), ("POST", "/access/ticket"),
    ("GET", "/access/openid"), ("POST", "/access/openid/auth-url"), ("POST", "/access/openid/login"),
})  # fmt: skip


@dataclass
class Request:
    """One request of the API, its path without prefix and format."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    upload: Upload | None = None
    user: str | None = None


@dataclass
class Answer:
    """What a call gives back: `data`, and what stands beside it."""

    data: Any
    extra: dict[str, Any]


class Simulation:
    """The state of a cluster and everything that acts on it; `reset` starts over from the scenario, or from what `mark` kept."""

    def __init__(
        self,
        build: Callable[[], Cluster],
        version: str = "9.2",
        pace: float = 0.0,
        presented: Presented | None = None,
        lag: Lag | None = None,
    ) -> None:
        api.register()
        self.facts: Facts = load(version)
        self.router = Router(self.facts)
        self.scenario = self.build = build
        self.pace = pace
        self.presented = presented or Presented()
        self.lag = lag or Lag()
        self.cluster = build()
        self.reset()

    def reset(self) -> None:
        """Throw the state away and start over, faults and the list of requests included."""
        self.cluster.tasks.cancel_all()
        self.cluster = self.build()
        self.cluster.tasks.pace = self.pace
        self.cluster.reports.lag = self.lag
        if self.build is self.scenario:
            report_all(self.cluster)
        self.authenticator = Authenticator(self.cluster)
        self.permissions = Permissions(self.cluster)
        self.presented.present_own()
        self.cluster.areas["presented"] = self.presented
        self.cluster.areas["fingerprint"] = fingerprint_of(self.presented.own_pem)
        self.cluster.areas["authenticator"] = self.authenticator
        self.cluster.areas["facts"] = self.facts
        self.cluster.areas["perform"] = self.perform
        self.faults = Faults()
        self.requests: list[dict[str, Any]] = []

    def mark(self) -> None:
        """Let `reset` come back to the present state. No task may be running."""
        if any(task.running for task in self.cluster.tasks.all.values()):
            raise ValueError("a task is running")
        for task in self.cluster.tasks.all.values():
            task.runner = task.finished = None
        areas = self.cluster.areas
        services = {
            name: areas.pop(name) for name in ("authenticator", "facts", "perform", "presented")
        }  # act on the state, are none
        kept = copy.deepcopy(self.cluster)
        areas.update(services)
        self.build = partial(copy.deepcopy, kept)

    def unmark(self) -> None:
        """Let `reset` come back to the scenario's state again."""
        self.build = self.scenario

    def authenticate(self, method: str, path: str, headers: Mapping[str, str], csrf: bool = True) -> str | None:
        """The identity behind a request, None where none is needed; raises Unauthorized."""
        if (method, path) in PUBLIC:
            try:
                return self.authenticator.identify(headers, "GET")
            except Unauthorized:
                return None
        return self.authenticator.identify(headers, method if csrf else "GET")

    async def answer(self, request: Request) -> Answer:
        """Carry out a request whose identity is known; ApiError is a refusal."""
        route, in_path = self.router.find(request.method, request.path)
        values = {**request.body, **request.query}
        self._refuse_contradiction(values, in_path)
        raw = route.validator.raw({**values, **in_path})
        if request.user and "!" in request.user and not route.endpoint.allowtoken:
            text = f"URI '{request.path}' not available with API token, need proper ticket.\n"
            raise permission_error(text)
        self.permissions.require_call(route.endpoint.permissions, request.user, raw)
        self._resolve_node(route, raw)
        call = Call(
            cluster=self.cluster,
            method=request.method,
            path=request.path,
            template=route.endpoint.path,
            user=request.user or "",
            permissions=self.permissions,
            params=route.validator(raw),
            raw=raw,
            upload=request.upload,
        )
        if request.method != "GET":
            self.cluster.reports.changed = self.cluster.clock()
        data = route.registered.handler(call)
        if inspect.isawaitable(data):
            data = await data
        if isinstance(data, list) and not route.registered.ordered:
            data = self.cluster.shuffled(data)
        return Answer(data, call.extra)

    async def perform(self, method: str, path: str, params: dict[str, Any], user: str) -> Answer:
        """Carry out a call from within another one, for the same user."""
        return await self.answer(Request(method, path, {}, query=params, user=user))

    @staticmethod
    def _refuse_contradiction(values: Mapping[str, Any], in_path: Mapping[str, str]) -> None:
        for name, value in in_path.items():
            if name in values and str(values[name]) != value:
                text = "duplicate parameter (already defined in URI) with conflicting values!"
                raise ApiError(400, "Parameter verification failed.", {name: text})

    def _resolve_node(self, route: Route, raw: dict[str, Any]) -> None:
        """Put the real node's name for localhost, and refuse nodes that are unknown or down."""
        name = raw.get("node")
        if "{node}" not in route.endpoint.path or not isinstance(name, str):
            return
        if name == "localhost":
            raw["node"] = name = self.cluster.local_node
        if not route.endpoint.proxied:
            return
        node = self.cluster.nodes.get(name)
        if node is None:
            raise ApiError(
                500,
                f"hostname lookup '{name}' failed - failed to get address info for: {name}: "
                "Temporary failure in name resolution",
            )
        if not node.online:
            raise Unreachable
