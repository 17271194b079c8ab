# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of something that always exists."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ..changes import changed_fields, shown
from ..contract import Reader, Resource, State, refuse_removal_of_sets, unset_option
from ..field import Fields, update_params
from ..given import Use
from ..plan import Plan, Step
from ..table import Table


@dataclasses.dataclass(frozen=True)
class SingletonDesired:
    """What a task wants: ``keys`` are the options that say which one is meant."""

    keys: Mapping[str, Any]
    fields: Mapping[str, Any]
    append: bool = False


@dataclasses.dataclass(frozen=True)
class Singleton(Resource[SingletonDesired, State]):
    """The options of something that always exists: GET and PUT one path, which may hold names from the task.

    ``merges``: options with sets that the option ``append`` only adds to. ``secrets_in`` finds secrets inside of options; then
    ``hides_values`` keeps the options out of logs.
    """

    name: str
    path: Callable[[Mapping[str, Any]], str]
    fields: Fields
    keys: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)  # options that address it
    delete_keys: bool = True
    merges: Sequence[str] = ()
    task: bool = False
    hides_values: bool = False
    secrets_in: Callable[[Mapping[str, Any]], set[str]] = lambda params: set()

    def __post_init__(self) -> None:
        if any(field.secret for field in self.fields):
            raise TypeError(f"singleton {self.name}: a secret cannot be compared, and nothing says when to push it")

    def tables(self) -> Sequence[Table]:
        path = self.path({name: f"({name})" for name in self.keys})
        for name in self.keys:
            path = path.replace(quote(f"({name})", safe=""), "*")
        return (Table((f"GET {path}", f"PUT {path}"), tuple(self.fields)),)

    def option_of(self, parameter: str) -> str:
        return self.fields.option_of(parameter)

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, Any] = {**self.keys, **self.fields.specs()}
        if self.delete_keys:
            spec["unset"] = unset_option()
        if self.merges:
            spec["append"] = {"type": "bool", "default": False}
        return {"argument_spec": spec}

    def uses(self) -> dict[str, Use]:
        return {"append": Use(beside=tuple(self.merges))} if self.merges else {}

    def may_be_empty(self) -> set[str]:
        return self.fields.clearable()

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        return self.secrets_in(params)

    def parse(self, params: Mapping[str, Any]) -> SingletonDesired:
        refuse_removal_of_sets(params, self.merges)
        keys = {name: params[name] for name in self.keys}
        return SingletonDesired(keys, self.fields.parse(params), append=bool(params.get("append")))

    def read(self, reader: Reader, desired: SingletonDesired) -> State:
        return {**desired.keys, **self.fields.observe(reader.get(self.path(desired.keys)) or {})}

    def _wanted(self, observed: State, desired: SingletonDesired) -> Mapping[str, Any]:
        """The options as they are wanted, given what is there."""
        wanted = dict(desired.fields)
        for name in self.merges if desired.append else ():
            if observed.get(name) and name in wanted:
                added = wanted[name]
                wanted[name] = self.fields.named(name).codec.join(observed[name], added) if added else observed[name]
        return wanted

    def plan(self, observed: State, desired: SingletonDesired) -> Plan:
        changes = changed_fields(self.fields, observed, self._wanted(observed, desired))
        if not changes:
            return Plan.nothing(observed)
        step = Step(
            "PUT",
            self.path(desired.keys),
            update_params(changes, self.fields, observed),
            summary=f"change {', '.join(changes)}",
            starts_task=self.task,
        )
        return Plan(observed, shown(self.fields, observed, changes), (step,))
