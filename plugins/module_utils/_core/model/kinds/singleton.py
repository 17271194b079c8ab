# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of something that always exists."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ..changes import changed_fields, shown
from ..contract import Desired, Reader, Resource, State, unset_option
from ..field import Fields, update_params
from ..plan import Plan, Step


@dataclasses.dataclass(frozen=True)
class Singleton(Resource[Desired, State | None]):
    """The options of something that always exists: GET and PUT one path, which may hold names from the task."""

    name: str
    path: Callable[[Desired], str]
    fields: Fields
    keys: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)  # options that address it
    delete_keys: bool = True
    task: bool = False

    def __post_init__(self) -> None:
        if any(field.secret for field in self.fields):
            raise TypeError(f"singleton {self.name}: a secret cannot be compared, and nothing says when to push it")

    def option_of(self, parameter: str) -> str:
        return self.fields.option_of(parameter)

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, Any] = {**self.keys, **self.fields.specs()}
        if self.delete_keys:
            spec["unset"] = unset_option()
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return self.fields.clearable()

    def parse(self, params: Mapping[str, Any]) -> Desired:
        return {**{name: params[name] for name in self.keys}, "fields": self.fields.parse(params)}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        return {
            **{name: desired[name] for name in self.keys},
            **self.fields.observe(reader.get(self.path(desired)) or {}),
        }

    def plan(self, current: State | None, desired: Desired) -> Plan:
        current = current or {}
        changes = changed_fields(self.fields, current, desired["fields"])
        if not changes:
            return Plan.nothing(current)
        step = Step(
            "PUT",
            self.path(desired),
            update_params(changes, self.fields, current),
            why=f"change {', '.join(changes)}",
            task=self.task,
        )
        return Plan(current, shown(self.fields, current, changes), (step,))
