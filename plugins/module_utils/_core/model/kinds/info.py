# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``_info`` modules read: rows, single answers, and sets of these from which a task chooses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..contract import DesiredT, Reader, Resource
from ..errors import InvalidOption
from ..field import Field, Fields
from ..plan import Plan

Options = Mapping[str, Any]  # the options of a task that only reads, by name


class Info(Resource[DesiredT, Any]):
    """A resource that is only read."""

    def plan(self, observed: Any, desired: DesiredT) -> Plan:
        return Plan.nothing(observed)


@dataclasses.dataclass(frozen=True)
class ListInfo(Info[Options]):
    """Rows of one call, canonical by the fields of the managed kind where there is one.

    ``key`` is the option that picks one row; a name that does not exist gives an empty list. ``query`` names the options that
    are passed on as parameters.
    """

    name: str
    path: Callable[[Options], str]
    key: str = ""
    fields: Fields | None = None
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    query: Sequence[str] = ()

    def arguments(self) -> dict[str, Any]:
        key = {self.key: Field(self.key).spec()} if self.key else {}
        return {"argument_spec": {**key, **self.options}}

    def parse(self, params: Mapping[str, Any]) -> Options:
        return {name: params.get(name) for name in (*self.options, *([self.key] if self.key else []))}

    def read(self, reader: Reader, desired: Options) -> Any:
        shown = [self._shown(row) for row in self._rows(reader, desired)]
        picked = [row for row in shown if not self.key or desired[self.key] in (None, row.get(self.key))]
        return sorted(picked, key=lambda row: str(row.get(self.key, "")))

    def _rows(self, reader: Reader, desired: Options) -> Iterable[Mapping[str, Any]]:
        """What the server lists, as it answers."""
        rows: Iterable[Mapping[str, Any]] = reader.get(self.path(desired), given(desired, self.query)) or []
        return rows

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row as users see it."""
        if self.fields is None:
            return dict(row)
        known = {field.api for field in self.fields}
        return {**{name: value for name, value in row.items() if name not in known}, **self.fields.observe(row)}


@dataclasses.dataclass(frozen=True)
class OneInfo(Info[Options]):
    """One call whose answer is one thing.

    ``query`` names the options that are passed on as parameters, ``needed`` those that must be given.
    """

    name: str
    path: Callable[[Options], str]
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    query: Sequence[str] = ()
    needed: Sequence[str] = ()
    shape: Callable[[Any], Any] = lambda answer: answer

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": dict(self.options)}

    def parse(self, params: Mapping[str, Any]) -> Options:
        for name in self.needed:
            if params[name] is None:
                raise InvalidOption(name, f"is needed for {self.name}")
        return {name: params[name] for name in self.options}

    def read(self, reader: Reader, desired: Options) -> Any:
        return self.shape(reader.get(self.path(desired), given(desired, self.query)))


@dataclasses.dataclass(frozen=True)
class Composite(Info[Mapping[str, Options]]):
    """Several lists and single answers, each under its name; the option ``gather`` selects them."""

    name: str
    parts: Mapping[str, ListInfo | OneInfo]
    default: Sequence[str]

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        for part in self.parts.values():
            spec.update(part.arguments()["argument_spec"])
        gather = {"type": "list", "elements": "str", "choices": list(self.parts), "default": list(self.default)}
        return {"argument_spec": {**spec, "gather": gather}}

    def parse(self, params: Mapping[str, Any]) -> dict[str, Options]:
        return {name: part.parse(params) for name, part in self.parts.items() if name in params["gather"]}

    def read(self, reader: Reader, desired: Mapping[str, Options]) -> dict[str, Any]:
        return {name: self.parts[name].read(reader, own) for name, own in desired.items()}


def given(desired: Options, names: Sequence[str]) -> dict[str, Any]:
    """Those of the options that have a value."""
    return {name: desired[name] for name in names if desired[name] is not None}
