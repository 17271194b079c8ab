# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``Parts``: what an ``_info`` module reads that takes more than one call, of which a task chooses those it wants."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import InvalidOption
from .plan import Plan
from .resource import Listing, Reader, Wish


@dataclasses.dataclass(frozen=True)
class Reading:
    """One call whose answer is one thing.

    ``query`` names the options that are passed on as parameters, ``needed`` those that must be given.
    """

    name: str
    path: Callable[[Wish], str]
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    query: Sequence[str] = ()
    needed: Sequence[str] = ()
    shape: Callable[[Any], Any] = lambda answer: answer

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": dict(self.options)}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        for name in self.needed:
            if params[name] is None:
                raise InvalidOption(name, f"is needed for {self.name}")
        return {name: params[name] for name in self.options}

    def read(self, reader: Reader, wish: Wish) -> Any:
        return self.shape(
            reader.get(self.path(wish), {name: wish[name] for name in self.query if wish[name] is not None})
        )

    def plan(self, current: Any, wish: Wish) -> Plan:
        return Plan.nothing(current)


@dataclasses.dataclass(frozen=True)
class Parts:
    """Listings and readings by the name under which their answer stands; a task names those it wants in ``gather``."""

    name: str
    parts: Mapping[str, Listing | Reading]
    default: Sequence[str]

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        for part in self.parts.values():
            spec.update(part.arguments()["argument_spec"])
        gather = {"type": "list", "elements": "str", "choices": list(self.parts), "default": list(self.default)}
        return {"argument_spec": {**spec, "gather": gather}}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        return {name: part.wish(params) for name, part in self.parts.items() if name in params["gather"]}

    def read(self, reader: Reader, wish: Wish) -> dict[str, Any]:
        return {name: self.parts[name].read(reader, own) for name, own in wish.items()}

    def plan(self, current: Any, wish: Wish) -> Plan:
        return Plan.nothing(current)
