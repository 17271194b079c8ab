# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the field tables of virtual machines and containers are made of."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ...model.errors import InvalidOption
from ...model.field import Field
from ...model.values import Codec, Set, Size, Text, UrlEncoded, split_list

_SSH_KEY = re.compile(r"(?:\S.*\s)?(?:ssh|ecdsa|sk)-[\w@.-]+\s+[A-Za-z0-9+/]+={0,3}(?:\s.*)?")


class Tags(Set):
    """Tags of a guest: a set; PVE keeps them in lower case unless the datacenter options say otherwise."""

    def parse(self, value: Any) -> list[str]:
        return sorted({tag.lower() for tag in split_list(value)})


LEAST_MEMORY = 16  # MiB, of both kinds of guests: the API's schema


class Memory(Size):
    """Memory in MiB, written as a number of MiB or as ``4G``; the newer form ``current=2048`` is read as well.

    ``least`` is the smallest number of MiB that PVE takes.
    """

    def __init__(self, least: int = 0) -> None:
        super().__init__("M")
        self.least = least

    def parse(self, value: Any) -> int:
        size, rest = divmod(super().parse(str(value).removeprefix("current=")), 1024**2)
        if rest:
            raise ValueError(f"{value!r} is not a whole number of MiB")
        return size

    def parse_option(self, value: Any) -> int:
        size = self.parse(value)
        if size < self.least:
            raise ValueError(f"{value!r} is less than {self.least} MiB, the least memory of a guest")
        return size

    def format(self, value: int) -> str:
        return str(value)


class SshKeys(Text):
    """Public keys of SSH as in an ``authorized_keys`` file, whose comment lines PVE refuses, and which go without them."""

    def parse(self, value: Any) -> str:
        text = "\n".join(str(line) for line in value) if isinstance(value, list) else str(value)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        keys = [line for line in lines if not line.startswith("#")]
        if lines and not keys:
            raise ValueError("there is no key, only comments")
        for key in keys:
            if not _SSH_KEY.fullmatch(key):
                raise ValueError(f"{key[:40]!r} is not a public key of SSH, as in ssh-ed25519 AAAAC3Nza... name")
        return "\n".join(keys)


class EncodedSshKeys(UrlEncoded):
    """The same, percent-encoded on the wire."""

    def parse(self, value: Any) -> str:
        return SshKeys().parse(super().parse(value))


@dataclasses.dataclass(frozen=True)
class Family:
    """Numbered keys of one format, which a task gives as one map: ``net: {net0: ..., net1: ...}``."""

    option: str
    prefix: str
    count: int
    codec: Codec

    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.prefix}{number}" for number in range(self.count))

    def fields(self) -> list[Field]:
        """One field for each key."""
        return [Field(name, type="raw", codec=self.codec) for name in self.names()]

    def spread(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The keys that a task gives in this map; an unknown one is refused by name."""
        given = params.get(self.option) or {}
        unknown = sorted(str(key) for key in given if key not in self.names())
        if unknown:
            allowed = f"{self.prefix}0 to {self.prefix}{self.count - 1}"
            raise InvalidOption(self.option, f"{', '.join(unknown)} is not among its keys, which are {allowed}")
        return {key: value for key, value in given.items() if value is not None}


def raw(name: str, codec: Codec, **more: Any) -> Field:
    """A field whose value may be a text, a list or a mapping: its codec judges."""
    return Field(name, type="raw", codec=codec, **more)


def flag(name: str, default: bool | None = None, **more: Any) -> Field:
    return Field(name, type="bool", default=default, **more)
