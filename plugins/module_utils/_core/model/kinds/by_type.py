# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thing of several types, each of which has a collection and options of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..contract import Reader, Resource
from ..given import Use
from ..plan import Plan
from ..table import Table
from .item import Item, ItemDesired, Observed
from .type_rules import refuse_other_types


@dataclasses.dataclass(frozen=True)
class ByType(Resource[ItemDesired, Observed]):
    """The items of a thing by its type, which a task always names. The items share the key and the extra options."""

    name: str
    items: Mapping[str, Item]

    def tables(self) -> Sequence[Table]:
        return [table for item in self.items.values() for table in item.tables()]

    def arguments(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for item in self.items.values():
            merged.update(item.arguments()["argument_spec"])
        return {"argument_spec": {**merged, "type": {"type": "str", "choices": list(self.items), "required": True}}}

    def may_be_empty(self) -> set[str]:
        return {name for item in self.items.values() for name in item.may_be_empty()}

    def uses(self) -> dict[str, Use]:
        return {name: use for item in self.items.values() for name, use in item.uses().items()}

    def parse(self, params: Mapping[str, Any]) -> ItemDesired:
        kind = params["type"]
        given = [name for name, value in params.items() if value is not None]
        refuse_other_types(
            given, kind, {other: [field.name for field in item.fields] for other, item in self.items.items()}
        )
        return dataclasses.replace(self.items[kind].parse(params), type=kind)

    def read(self, reader: Reader, desired: ItemDesired) -> Observed:
        observed = self.items[desired.type].read(reader, desired)
        state = observed.state and {"type": desired.type, **observed.state}
        return dataclasses.replace(observed, state=state)

    def plan(self, observed: Observed, desired: ItemDesired) -> Plan:
        plan = self.items[desired.type].plan(observed, desired)
        return plan if plan.after is None else dataclasses.replace(plan, after={"type": desired.type, **plan.after})

    def preflight(self, reader: Reader, plan: Plan, desired: ItemDesired) -> None:
        self.items[desired.type].preflight(reader, plan, desired)
