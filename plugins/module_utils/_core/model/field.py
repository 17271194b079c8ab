# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields: one row per option of a resource, with the rules that follow from it.

The argument spec of a module, the comparison and the parameters of every call derive from these rows. A row that contradicts
itself fails at import.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import InvalidOption
from .values import Boolean, Codec, Integer, Number, Secret, Set, Text

_CODECS: dict[str, Codec] = {
    "str": Text(),
    "int": Integer(),
    "float": Number(),
    "bool": Boolean(),
    "list": Set(),
}


@dataclasses.dataclass(frozen=True)
class Field:
    """One option and the key it manages.

    ``clear`` says how an empty string reaches the server: as it is (comments) or by naming the key in ``delete``;
    with ``never`` it is refused.
    """

    name: str
    api: str = ""  # the key on the wire, where it differs from the name
    type: str = "str"
    codec: Codec = None  # type: ignore[assignment]  # by default the one that fits the type
    elements: str = ""
    options: Mapping[str, Any] | None = None  # argument spec of a dict's suboptions
    choices: tuple[Any, ...] = ()
    aliases: tuple[str, ...] = ()
    required: bool = False
    create_only: bool = False
    secret: bool = False  # never shown, never compared
    clear: str = "delete"
    default: Any = None  # what PVE assumes when the key is absent; compared, never sent
    since: str = ""  # first release that has it

    def __post_init__(self) -> None:
        if not all(alias.isidentifier() for alias in self.aliases):
            raise TypeError(f"field {self.name}: ansible-test accepts only identifiers as aliases")
        if self.clear not in ("delete", "empty", "never"):
            raise TypeError(f"field {self.name}: clear is 'delete', 'empty' or 'never'")
        if (self.type == "list") != bool(self.elements):
            raise TypeError(f"field {self.name}: a list names its elements, and nothing else does")
        if self.secret and self.default is not None:
            raise TypeError(f"field {self.name}: a secret has no default")
        if self.options is not None and self.type not in ("dict", "list"):
            raise TypeError(f"field {self.name}: only a dict has options")
        if self.codec is None:
            if self.type not in _CODECS and not self.secret:
                raise TypeError(f"field {self.name}: type {self.type!r} needs a codec")
            object.__setattr__(self, "codec", Secret() if self.secret else _CODECS[self.type])
        object.__setattr__(self, "api", self.api or self.name)

    def spec(self) -> dict[str, Any]:
        """The option's row of an Ansible argument spec."""
        row: dict[str, Any] = {"type": self.type}
        if self.elements:
            row["elements"] = self.elements
        if self.options is not None:
            row["options"] = self.options
        if self.choices:
            row["choices"] = list(self.choices)
        if self.aliases:
            row["aliases"] = list(self.aliases)
        if self.required:
            row["required"] = True
        if self.secret:
            row["no_log"] = True
        elif any(word in self.name for word in ("pass", "secret", "token", "key")):
            row["no_log"] = False
        return row

    def parse(self, value: Any) -> Any:
        """The canonical form of what a user wrote; InvalidOption says what would be right."""
        if is_empty(value):
            if self.clear == "never":
                raise InvalidOption(self.name, "must not be empty")
            return ""
        try:
            canonical = self.codec.parse_option(value)
        except ValueError as error:
            raise InvalidOption(self.name, str(error)) from None
        return "" if is_empty(canonical) else canonical

    def read(self, value: Any) -> Any:
        """The canonical form of what the server answered; what cannot be parsed is kept as it came."""
        try:
            return self.codec.parse(value)
        except ValueError:
            return value

    def format(self, value: Any) -> Any:
        """The form for the wire."""
        try:
            return self.codec.format(value)
        except ValueError as error:
            raise InvalidOption(self.name, str(error)) from None

    def result(self, current: Any, desired: Any) -> Any:
        """The value after a desired state is applied; None when the key is gone."""
        if desired == "":
            return None
        merged = self.codec.merge(current, desired)
        return None if merged == {} else merged

    def differs(self, current: Any, desired: Any) -> bool:
        """Whether applying the desired state changes anything. Absent equals empty and equals PVE's default."""
        return not self.codec.equal(self._known(current), self._known(self.result(current, desired)))

    def _known(self, value: Any) -> Any:
        if value is None or value == "":
            return "" if self.default is None else self.default
        return value


def is_empty(value: Any) -> bool:
    """True for what clears a key: an empty string, list or dictionary. 0 and false are values."""
    return value == "" if isinstance(value, str) else isinstance(value, (list, dict)) and not value


def hyphenated(name: str, **more: Any) -> Field:
    """A field whose key has hyphens on the wire for the underscores of its name."""
    return Field(name, api=name.replace("_", "-"), **more)


class Fields(tuple[Field, ...]):
    """The table of a resource."""

    _by_name: dict[str, Field]
    _places: dict[str, int]  # of what is shown, by key on the wire

    def __new__(cls, rows: Iterable[Field]) -> Fields:
        self = super().__new__(cls, rows)
        for key in ("name", "api"):
            names = [getattr(field, key) for field in self]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise TypeError(f"fields with the same {key}: {', '.join(twice)}")
        self._by_name = {}
        self._places = {field.api: place for place, field in enumerate(self) if not field.secret}
        for field in self:
            for name in (field.name, field.api, *field.aliases):
                self._by_name.setdefault(name, field)
        return self

    def specs(self) -> dict[str, dict[str, Any]]:
        """The argument spec of all fields."""
        return {field.name: field.spec() for field in self}

    def clearable(self) -> set[str]:
        """The options that are cleared by being empty."""
        return {field.name for field in self if field.clear != "never" and not field.required}

    def named(self, name: str) -> Field:
        """The field of that name, alias or key on the wire; KeyError if there is none."""
        return self._by_name[name]

    def option_of(self, parameter: str) -> str:
        """The option behind a parameter of a call."""
        field = self._by_name.get(parameter)
        return field.name if field else parameter.replace("-", "_")

    def parse(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What a task wants, canonical, by field name: options that are not given are absent, ``unset`` ones are empty."""
        given = {name: value for name, value in params.items() if value is not None and value != {}}  # {} names nothing
        desired = {field.name: field.parse(given[field.name]) for field in self if field.name in given}
        for name, value in desired.items():
            field = self.named(name)
            if value == "" and (field.required or field.clear == "never"):
                raise InvalidOption(name, "must not be empty")
        for name in params.get("unset") or []:
            try:
                field = self.named(name)
            except KeyError:
                raise InvalidOption("unset", f"{name!r} is not an option that can be removed") from None
            if field.name in desired:
                raise InvalidOption("unset", f"{name!r} is also given a value")
            if field.clear == "never" or field.create_only:
                raise InvalidOption("unset", f"{name!r} cannot be removed")
            desired[field.name] = ""
        return desired

    def observe(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The canonical object behind a server's answer, by field name; secrets and unknown keys are left out."""
        places = sorted(self._places[key] for key, value in answer.items() if value is not None and key in self._places)
        present = [self[place] for place in places]
        values = {field.name: field.read(answer[field.api]) for field in present}
        return {name: value for name, value in values.items() if not is_empty(value)}


def update_params(changes: Mapping[str, Any], fields: Fields, current: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the call that turns ``current`` into ``current`` with ``changes`` (canonical, "" removes)."""
    params: dict[str, Any] = {}
    removed = []
    for name, desired in changes.items():
        field = fields.named(name)
        after = field.result(current.get(name), desired)
        if after is not None:
            params[field.api] = field.format(after)
        elif field.clear == "empty":
            params[field.api] = ""
        else:
            removed.append(field.api)
    if removed:
        params["delete"] = ",".join(removed)
    return params
