# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PVE's property strings (``virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=100``) as mappings, driven by data.

``decode(encode(x)) == x`` holds for every canonical mapping, and keys that a table does not know survive as text.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from .values import Boolean, Codec, Integer, List, Number, Set, SizeText, Text, Word

TEXT, WORD, INTEGER, NUMBER, BOOLEAN, SIZE = Text(), Word(), Integer(), Number(), Boolean(), SizeText()
# names of bridges and interfaces in PVE's schema, and of storages (pve-storage, src/PVE/Storage/Plugin.pm)
INTERFACE_NAME, STORAGE_NAME = r"[A-Za-z0-9_.-]+", r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]"
SEMICOLON_LIST, SEMICOLON_SET = List(";"), Set(";")
_MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")


class Mac(Text):
    """A MAC address, canonically in upper case with colons."""

    def parse(self, value: Any) -> str:
        text = str(value).strip().upper().replace("-", ":")
        if not _MAC.fullmatch(text):
            raise ValueError(f"{value!r} is not a MAC address")
        return text


MAC = Mac()


@dataclasses.dataclass(frozen=True)
class Part:
    """One sub-option. ``default`` is the value PVE assumes when it is absent, which equals being absent."""

    name: str
    codec: Codec = TEXT
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    default: Any = None
    aliases: tuple[str, ...] = ()

    def parse(self, value: Any) -> Any:
        """The canonical value; ValueError says what would be right."""
        canonical = self.codec.parse(value)
        if self.choices and canonical not in self.choices:
            raise ValueError(f"{value!r} is not one of {', '.join(self.choices)}")
        if self.minimum is not None and canonical < self.minimum:
            raise ValueError(f"{value!r} is less than {self.minimum:g}")
        if self.maximum is not None and canonical > self.maximum:
            raise ValueError(f"{value!r} is more than {self.maximum:g}")
        if self.pattern and not re.fullmatch(self.pattern, str(canonical)):
            raise ValueError(f"{value!r} does not look right (expected {self.pattern})")
        return canonical


def flag(name: str, default: bool | None = None) -> Part:
    """A boolean sub-option."""
    return Part(name, BOOLEAN, default=default)


def words(*names: str) -> tuple[Part, ...]:
    """Sub-options that are words of fixed spelling."""
    return tuple(Part(name, WORD) for name in names)


class PropertyString(Codec):
    """A codec for one format of property string.

    ``default_key`` names the part that may be written without its key. ``key_aliases`` are keys that stand for the value of
    one part and hold the value of another: ``virtio=MAC`` is ``model=virtio,macaddr=MAC``. Of the ``exclusive`` parts a value
    has one: naming another replaces it. ``rules_out`` are values of a part beside which other parts mean nothing: a desired for
    such a value removes them. ``elsewhere`` has advice about parts that users look for here, by name.

    A sub-option that is not named stays as it is; one that is given as an empty string is removed.
    """

    def __init__(
        self,
        *parts: Part,
        default_key: str = "",
        key_aliases: tuple[str, str, tuple[str, ...]] | None = None,
        exclusive: tuple[str, ...] = (),
        rules_out: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] | None = None,
        elsewhere: Mapping[str, str] | None = None,
        strict: bool = True,
    ) -> None:
        self.parts = {part.name: part for part in parts}
        self.by_key = {alias: part for part in parts for alias in (part.name, *part.aliases)}
        self.default_key = default_key
        self.key_aliases = key_aliases
        self.strict = strict
        self.exclusive = exclusive
        self.rules_out = rules_out or {}
        self.elsewhere = elsewhere or {}
        if default_key and default_key not in self.parts:
            raise TypeError(f"the default key {default_key!r} is not among the parts")
        if len(self.by_key) != sum(1 + len(part.aliases) for part in parts):
            raise TypeError("a key stands twice in a property string's table")

    def decode(self, text: str) -> dict[str, Any]:
        """The mapping behind a text; ValueError if a piece has no key and there is no default key."""
        found: dict[str, Any] = {}
        for piece in filter(None, (piece.strip() for piece in text.split(","))):
            key, equals, value = piece.partition("=")
            key = key.strip()
            if not equals or not self._is_key(key):
                if not self.default_key or self.default_key in found:
                    raise ValueError(f"{piece!r} is not of the form key=value")
                key, value = self.default_key, piece
            self._put(found, key, value)
        return found

    def _is_key(self, key: str) -> bool:
        return key in self.by_key or bool(re.fullmatch(r"[A-Za-z][\w.-]*", key))

    def _looks_like_pair(self, text: str) -> bool:
        key, equals, _value = text.partition("=")
        return bool(equals) and self._is_key(key.strip())

    def _put(self, found: dict[str, Any], key: str, value: Any) -> None:
        if self.key_aliases and key in self.key_aliases[2] and key not in self.by_key:
            stands_for, holds, _keys = self.key_aliases
            self._put(found, stands_for, key)
            key = holds
        if key not in self.by_key and key.replace("_", "-") in self.by_key:
            key = key.replace("_", "-")
        part = self.by_key.get(key)
        name = part.name if part else key
        value = value.strip() if isinstance(value, str) else value
        if name in found:
            raise ValueError(f"{name} is given twice")
        if value == "":
            found[name] = ""
            return
        if isinstance(value, (list, tuple, Mapping)) and (part is None or isinstance(part.codec, Text)):
            raise ValueError(f"{name}: takes a string, not a {'dictionary' if isinstance(value, Mapping) else 'list'}")
        try:
            found[name] = part.parse(value) if part else str(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def parse(self, value: Any) -> dict[str, Any]:
        """The canonical mapping of a text or of a user's mapping (where None means: not given)."""
        if isinstance(value, Mapping):
            found: dict[str, Any] = {}
            for key, item in value.items():
                if item is not None:
                    self._put(found, str(key), item)
            return found
        return self.decode(str(value))

    def parse_option(self, value: Any) -> dict[str, Any]:
        canonical = self.parse(value)
        self.check_known(canonical)
        return canonical

    def check_known(self, value: Mapping[str, Any]) -> None:
        """Refuse keys that the table does not know: for what users write, not for what servers answer."""
        unknown = sorted(set(value) - set(self.parts))
        if unknown and self.strict:
            advice = "".join(f"; {text}" for text in dict.fromkeys(map(self.elsewhere.get, unknown)) if text)
            raise ValueError(f"unknown option {', '.join(unknown)}{advice}; known are {', '.join(sorted(self.parts))}")
        self.check_consistent(value)

    def check_consistent(self, value: Mapping[str, Any], named: Mapping[str, Any] | None = None) -> None:
        """Refuse parts beside a value that rules them out, if ``named`` (by default all of the value) has them."""
        given = value if named is None else named
        for name, (values, others) in self.rules_out.items():
            useless = [other for other in others if given.get(other)] if value.get(name) in values else []
            if useless:
                raise ValueError(f"{', '.join(useless)} means nothing with {name}={value[name]}")

    def format(self, value: Mapping[str, Any]) -> str:
        """The text for the API: the default key first, the others in the mapping's order."""
        pieces = []
        for name in sorted(value, key=lambda name: name != self.default_key):
            item = value[name]
            part = self.parts.get(name)
            text = str(part.codec.format(item) if part else item)
            if "," in text:
                raise ValueError(f"{name}: {text!r} has a comma, which separates the options of a property string")
            bare = name == self.default_key and not self._looks_like_pair(text)
            pieces.append(text if bare else f"{name}={text}")
        return ",".join(pieces)

    def merge(self, current: Any, desired: Mapping[str, Any]) -> dict[str, Any]:
        """What results when ``desired`` is applied: what it does not name stays, what it empties goes."""
        replaced = set(self.exclusive) if any(desired.get(name) for name in self.exclusive) else set()
        for name, (values, others) in self.rules_out.items():
            if desired.get(name) in values:
                replaced.update(others)
        known = current if isinstance(current, Mapping) else {}
        merged = {name: item for name, item in known.items() if name not in replaced}
        merged.update(desired)
        return {name: item for name, item in merged.items() if item != ""}

    def equal(self, current: Any, after: Any) -> bool:
        """Whether both mean the same; None is a value without sub-options, and an absent one equals PVE's default for it."""
        if current and isinstance(current, str):  # it could not be parsed
            return False
        current, after = current or {}, after or {}
        names = set(current) | set(after)
        return all(self._value(current, name) == self._value(after, name) for name in names)

    def _value(self, mapping: Mapping[str, Any], name: str) -> Any:
        part = self.parts.get(name)
        return mapping.get(name, part.default if part else None)
