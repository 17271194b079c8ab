# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks and converts the parameters of a call by the facts, with PVE's own texts.

The behaviour is that of PVE::JSONSchema::validate (pve-common, src/PVE/JSONSchema.pm: check_prop, check_object,
check_type, parse_property_string), called by PVE::RESTHandler::handle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from . import property_string
from .errors import params_error
from .facts import Endpoint
from .formats import check_format, split_list

__all__ = ["Validator", "check_property_string", "split_list"]

Errors = dict[str, str]
Convert = Callable[[str], Any]

MISSING = "property is missing and it is not optional"
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"
CONVERT: dict[str, Convert] = {"integer": int, "boolean": int, "number": float}
SYNTAX = {
    "integer": re.compile(r"[+-]?\d+", re.ASCII),
    "boolean": re.compile(r"[01]", re.ASCII),
    "number": re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII),
}


class Property:
    """One parameter, or one part of a property string, ready to be checked."""

    def __init__(self, facts: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
        self.type: str = facts.get("type", "string")
        self.optional = bool(facts.get("optional")) or any(part.get("optional") for part in facts.get("oneOf", ()))
        self.requires: str | None = facts.get("requires")
        self.syntax = SYNTAX.get(self.type)
        self.enum: list[str] | None = facts.get("enum")
        pattern = facts.get("pattern")
        self.pattern = re.compile(rf"(?:{pattern})", re.ASCII) if pattern else None
        self.minimum, self.maximum = facts.get("minimum"), facts.get("maximum")
        self.min_length, self.max_length = facts.get("minLength"), facts.get("maxLength")
        self.format: str | None = facts.get("format")
        self.parts = property_format(self.format, formats)
        self.item = Property(facts["items"], formats) if "items" in facts else None
        self.is_list = self.type == "array" or (self.format or "").endswith("-list")
        self.convert = CONVERT.get(self.type, str)

    def prepared(self, value: Any) -> Any:
        """The value in the form that checks expect: text, or a list of texts; repeated lists are joined."""
        if isinstance(value, list) and self.type != "array" and self.is_list:
            return ",".join(as_text(item) for item in value)
        if self.type == "array" and value != "":
            return [as_text(item) for item in (value if isinstance(value, list) else [value])]
        return value if isinstance(value, (list, dict)) else as_text(value)

    def check(self, path: str, value: Any, errors: Errors) -> None:
        """Note in `errors` under `path` what is wrong with a prepared value."""
        if self.type == "array" and not isinstance(value, list):
            errors[path] = "type check ('array') failed"
        elif self.type == "array" and self.item is not None:
            for index, item in enumerate(value):
                self.item.check(f"{path}[{index}]", item, errors)
        elif isinstance(value, (list, dict)):
            errors[path] = f"type check ('{self.type}') failed - got {'ARRAY' if isinstance(value, list) else 'HASH'}"
        else:
            reason = self.complaint(path, value)
            if reason is not None:
                errors[path] = reason

    def complaint(self, path: str, text: str) -> str | None:
        """The first reason to refuse a text, or None; the order is that of check_prop."""
        if self.syntax and not self.syntax.fullmatch(text):
            return f"type check ('{self.type}') failed - got '{text}'"
        reason = self._format_complaint(path, text)
        if reason is not None:
            return f"invalid format - {reason}\n"
        if self.pattern and not self.pattern.fullmatch(text):
            return "value does not match the regex pattern"
        if self.max_length is not None and len(text) > self.max_length:
            return f"value may only be {self.max_length} characters long"
        if self.min_length is not None and len(text) < self.min_length:
            return f"value must be at least {self.min_length} characters long"
        return self._range_complaint(text)

    def _format_complaint(self, path: str, text: str) -> str | None:
        try:
            if self.parts is not None:
                check_property_string(path, text, self.parts)
            elif self.format:
                check_format(self.format, text)
        except ValueError as error:
            return str(error)
        return None

    def _range_complaint(self, text: str) -> str | None:
        if SYNTAX["number"].fullmatch(text):
            if self.maximum is not None and float(text) > float(self.maximum):
                return f"value must have a maximum value of {self.maximum}"
            if self.minimum is not None and float(text) < float(self.minimum):
                return f"value must have a minimum value of {self.minimum}"
        if self.enum and text not in self.enum:
            return f"value '{text}' does not have a value in the enumeration '{', '.join(self.enum)}'"
        return None


class PropertyFormat:
    """The parts of a property string."""

    def __init__(self, facts: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
        self.facts = dict(facts)
        self.properties = {name: Property(part, formats) for name, part in facts.items() if "alias" not in part}


_compiled: dict[int, PropertyFormat] = {}


def property_format(name: str | None, formats: Mapping[str, Any]) -> PropertyFormat | None:
    """The compiled property format of that name, or None when it is a format of plain texts."""
    facts = formats.get(name or "")
    if facts is None:
        return None
    if id(facts) not in _compiled:
        _compiled[id(facts)] = PropertyFormat(facts, formats)
    return _compiled[id(facts)]


def check_property_string(path: str, text: str, form: PropertyFormat) -> dict[str, str]:
    """Split and check a property string; ValueError reports in PVE's words what is wrong with it."""
    parts = property_string.split(text, form.facts)
    errors: Errors = {}
    check_object(path, parts, form.properties, False, errors)
    if errors:
        raise ValueError("format error\n" + "\n".join(f"{name}: {reason}" for name, reason in sorted(errors.items())))
    return parts


def check_object(
    path: str, values: Mapping[str, Any], properties: Mapping[str, Property], additional: bool, errors: Errors
) -> None:
    """Check all values, and note those that are missing or unknown."""
    prefix = f"{path}." if path else ""
    for name, facts in properties.items():
        if name not in values and not facts.optional:
            errors[prefix + name] = MISSING
    for name, value in values.items():
        known = properties.get(name)
        if known is None:
            if not additional:
                errors[prefix + name] = UNKNOWN
            continue
        if known.requires and known.requires not in values:
            errors[prefix + known.requires] = f"missing property required by '{prefix}{name}'"
        known.check(prefix + name, value, errors)


def as_text(value: Any) -> Any:
    """A JSON value as Perl would use it as text; objects and arrays stay."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value


class Validator:
    """The checks of one endpoint, compiled once."""

    def __init__(self, endpoint: Endpoint, formats: Mapping[str, Any]) -> None:
        self.additional = endpoint.additional
        self.properties = {name: _property(facts, formats) for name, facts in endpoint.parameters.items()}
        self.variants = {
            kind: {
                name: Property({**endpoint.parameters[name], "optional": presence != "required"}, formats)
                for name, presence in own.items()
            }
            for kind, own in endpoint.variants.items()
        }
        of_variants = {name for own in self.variants.values() for name in own}
        self.common = {name: found for name, found in self.properties.items() if name not in of_variants}

    def raw(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The given values as texts or lists of texts, null left out."""
        given: dict[str, Any] = {}
        for name, value in values.items():
            if value is None:
                continue
            known = self.properties.get(name)
            given[name] = known.prepared(value) if known else value
        return given

    def __call__(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The values converted to int (also booleans, as 0 and 1), float, str or lists of these; else an ApiError."""
        errors: Errors = {}
        if self.variants:
            self._check_variant(raw, errors)
        else:
            check_object("", raw, self.properties, self.additional, errors)
        if errors:
            raise params_error(errors)
        return {name: self._converted(name, value) for name, value in raw.items()}

    def _check_variant(self, raw: Mapping[str, Any], errors: Errors) -> None:
        """Check the parameters by the rules of their type; what is wrong with its own stands under "oneOf[TYPE].NAME"."""
        kind = raw.get("type", "")
        own = self.variants.get(kind, {})
        check_object("", {name: raw[name] for name in raw if name in self.common}, self.common, False, errors)
        if kind in self.variants:
            check_object(f"oneOf[{kind}]", {name: raw[name] for name in raw if name in own}, own, False, errors)
        unknown = [name for name in raw if name not in self.common and name not in own]
        if unknown:  # of several, the server names one
            errors["resources" if "resources" in unknown else unknown[0]] = UNKNOWN

    def _converted(self, name: str, value: Any) -> Any:
        known = self.properties.get(name)
        if known is None:
            return value
        if known.type == "array":
            convert = known.item.convert if known.item else str
            return [convert(item) for item in value]
        return known.convert(value)


_properties: dict[int, Property] = {}


def _property(facts: Mapping[str, Any], formats: Mapping[str, Any]) -> Property:
    """The compiled property; net0, net1 ... share the facts and so the property."""
    if id(facts) not in _properties:
        _properties[id(facts)] = Property(facts, formats)
    return _properties[id(facts)]
