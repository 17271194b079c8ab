# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things of several types, each of which has options of its own; ``Variants`` have collections of their own as well."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..contract import Desired, Reader, Resource, State
from ..errors import InvalidOption
from ..given import Use
from ..plan import Plan
from .item import Item


def refuse_other_types(given: Iterable[str], kind: str, own: Mapping[str, Collection[str]]) -> None:
    """Refuse options that a type does not have, but others do. ``own`` tells the options of each type."""
    for name in given:
        others = [other for other, names in own.items() if name in names]
        if others and kind not in others:
            raise InvalidOption(name, f"belongs to type: {', '.join(others)}, and this is one of type: {kind}")


@dataclasses.dataclass(frozen=True)
class ByType(Resource[Desired, State | None]):
    """The items of a thing by its type, which a task always names. The items share the key and the extra options."""

    name: str
    items: Mapping[str, Item]

    def arguments(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for item in self.items.values():
            merged.update(item.arguments()["argument_spec"])
        return {"argument_spec": {**merged, "type": {"type": "str", "choices": list(self.items), "required": True}}}

    def may_be_empty(self) -> set[str]:
        return {name for item in self.items.values() for name in item.may_be_empty()}

    def uses(self) -> dict[str, Use]:
        return {name: use for item in self.items.values() for name, use in item.uses().items()}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        kind = params["type"]
        given = [name for name, value in params.items() if value is not None]
        refuse_other_types(
            given, kind, {other: [field.name for field in item.fields] for other, item in self.items.items()}
        )
        return {**self.items[kind].parse(params), "type": kind}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        state = self.items[desired["type"]].read(reader, desired)
        return state and {"type": desired["type"], **state}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        plan = self.items[desired["type"]].plan(current, desired)
        return plan if plan.after is None else dataclasses.replace(plan, after={"type": desired["type"], **plan.after})
