# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which handler answers which call.

Handlers register themselves with @endpoint when their module is imported. A call is looked up among the facts first:
what the real API does not have is "not implemented", what has no handler here is "not simulated".
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import not_implemented, not_simulated
from .facts import Endpoint, Facts
from .parameters import Validator

if TYPE_CHECKING:
    from .call import Call

Handler = Callable[["Call"], Any | Awaitable[Any]]
H = TypeVar("H", bound=Handler)

# Path parameters that take the rest of the path, slashes included (fragmentDelimiter in PVE::RESTHandler).
GREEDY = frozenset({"volume", "cidr"})


@dataclass(frozen=True)
class Registered:
    handler: Handler
    ordered: bool


_handlers: dict[tuple[str, str], Registered] = {}


def registered_calls() -> set[tuple[str, str]]:
    """The calls (method, path) that have a handler of their own."""
    return set(_handlers)


def endpoint(method: str, path: str, *, ordered: bool = False) -> Callable[[H], H]:
    """Register the handler of a call, named as in the facts: @endpoint("PUT", "/pools/{poolid}").

    A list that the handler returns is sent in random order, as by the real server, unless it is `ordered`.
    """

    def register(handler: H) -> H:
        if (method, path) in _handlers:
            raise ValueError(f"{method} {path} has two handlers")
        _handlers[method, path] = Registered(handler, ordered)
        return handler

    return register


@dataclass
class Route:
    """One call of the API with its checks and its handler."""

    endpoint: Endpoint
    formats: dict[str, Any]
    registered: Registered

    @cached_property
    def validator(self) -> Validator:
        return Validator(self.endpoint, self.formats)


@dataclass
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    parameter: str | None = None
    child: _Node | None = None
    methods: dict[str, Route] = field(default_factory=dict)


class Router:
    """Finds the route of a method and a path."""

    def __init__(self, facts: Facts) -> None:
        self.root = _Node()
        for (method, path), source in facts.endpoints.items():
            registered = _handlers.get((method, path)) or _default(source, facts)
            self._leaf(path).methods[method] = Route(source, facts.formats, registered)

    def _leaf(self, path: str) -> _Node:
        node = self.root
        for part in filter(None, path.split("/")):
            if part.startswith("{"):
                node.parameter = part[1:-1]
                node.child = node.child or _Node()
                node = node.child
            else:
                node = node.fixed.setdefault(part, _Node())
        return node

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the parameters in the path; 501 when the API has no such call."""
        node, values = self.root, {}
        parts = [part for part in path.split("/") if part]
        while parts:
            part = parts.pop(0)
            if part in node.fixed:
                node = node.fixed[part]
            elif node.child is not None and node.parameter is not None and not re.search(r"\s", part):
                if node.parameter in GREEDY:
                    part, parts = "/".join([part, *parts]), []
                values[node.parameter] = part
                node = node.child
            else:
                raise not_implemented(method, path)
        if method not in node.methods:
            raise not_implemented(method, path)
        return node.methods[method], values


def _default(source: Endpoint, facts: Facts) -> Registered:
    """The handler of a call without its own: it lists the children, where that is what the call does, or refuses."""
    if source.index is None:
        return Registered(_refusal(source), ordered=False)
    prefix = source.path.rstrip("/") + "/"
    children = {path[len(prefix) :].split("/")[0] for _method, path in facts.endpoints if path.startswith(prefix)}
    rows = [{source.index: child} for child in sorted(children) if child and not child.startswith("{")]
    return Registered(lambda call: [dict(row) for row in rows], ordered=False)


def _refusal(source: Endpoint) -> Handler:
    def refuse(call: Call) -> Any:
        raise not_simulated(f"{source.method} {source.path}")

    return refuse
