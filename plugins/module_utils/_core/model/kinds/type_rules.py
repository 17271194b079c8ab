# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a thing whose type decides which options it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..changes import changed_fields, refuse_create_only
from ..errors import InvalidOption
from ..field import Fields


def refuse_other_types(given: Iterable[str], kind: str, own: Mapping[str, Collection[str]]) -> None:
    """Refuse options that a type does not have, but others do. ``own`` lists the options of each type."""
    for name in given:
        others = [other for other, names in own.items() if name in names]
        if others and kind not in others:
            raise InvalidOption(name, f"belongs to type: {', '.join(others)}, and this is one of type: {kind}")


@dataclasses.dataclass(frozen=True)
class TypeRules:
    """The options of each type.

    ``options`` are those that not every type has, ``needed`` those that a new one must have, and ``fixed`` those that are
    set at creation only. A type that is not in ``options`` comes from a plugin: the server knows its rules.
    """

    options: Mapping[str, Collection[str]]
    needed: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    fixed: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)

    def check(
        self, name: str, key: str, table: Fields, current: Mapping[str, Any] | None, desired: Mapping[str, Any]
    ) -> None:
        """Refuse what the type of the item ``name`` ``key`` does not have, lacks or keeps."""
        kind = (current or desired).get("type")
        if not kind and self.needed:
            raise InvalidOption("type", f"is needed to create a {name}")
        if kind is None or kind not in self.options:
            return
        if current is not None and kind in self.fixed:
            self._refuse_fixed(f"{name} {key}", kind, table, current, desired)
        refuse_other_types((name for name, value in desired.items() if value != ""), kind, self.options)
        for option in self.needed.get(kind, ()):
            if desired.get(option) == "":
                raise InvalidOption(option, f"a {name} of type {kind} needs it")
            if current is None and option not in desired:
                raise InvalidOption(option, f"is needed to create a {name} of type {kind}")

    def _refuse_fixed(
        self, what: str, kind: str, table: Fields, current: Mapping[str, Any], desired: Mapping[str, Any]
    ) -> None:
        fixed = {"type", *self.fixed[kind]}
        rows = Fields(dataclasses.replace(field, create_only=field.name in fixed) for field in table)
        refuse_create_only(rows, current, changed_fields(table, current, desired), what)
