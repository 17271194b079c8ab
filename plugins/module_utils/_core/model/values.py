# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codecs: how one value looks to a user, to the comparison, and on the wire.

A codec has one canonical form per value. ``parse`` takes whatever a user or the server may write and returns that form;
``format`` turns it into what the API wants. Two values are equal if their canonical forms are.
"""

from __future__ import annotations

import abc
import datetime
import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any
from urllib.parse import quote, unquote

TRUE_WORDS = frozenset({"1", "yes", "on", "true", "y", "t"})
FALSE_WORDS = frozenset({"0", "no", "off", "false", "n", "f"})
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_FACTORS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_LARGEST_SIZE = 2**63  # bytes; no file or memory is larger
_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}


def url_passwords(url: str) -> set[str]:
    """What may be the password in a URL, even if it holds characters that end it. A port is none."""
    found = re.findall(r"://[^/?#@:]*:(?!\d{1,5}[/?#])(.*)@", url, re.DOTALL)
    return {form for password in found for form in (password, unquote(password)) if form}


class Codec(abc.ABC):
    """See the module's text. ``parse`` raises ValueError with a reason that follows the option's name."""

    @abc.abstractmethod
    def parse(self, value: Any) -> Any:
        """The canonical form of a value, whoever wrote it."""

    def parse_option(self, value: Any) -> Any:
        """The canonical form of what a user wrote."""
        return self.parse(value)

    def format(self, value: Any) -> Any:
        """The form for the wire of a canonical value."""
        return value

    def merge(self, current: Any, desired: Any) -> Any:
        """The value after ``desired`` is applied to ``current``; None if nothing is left."""
        return desired

    def join(self, current: Any, added: Any) -> Any:
        """The list ``current`` with what ``added`` holds besides."""
        return self.parse([*current, *added])

    def equal(self, current: Any, after: Any) -> bool:
        """Whether two canonical values mean the same to PVE."""
        return bool(current == after)


class Text(Codec):
    """Text as it is; PVE drops blanks and newlines at the end of comments and descriptions."""

    def parse(self, value: Any) -> str:
        return str(value).rstrip()


class VolumeName(Text):
    """The name of a file on a storage; a path on the node, which only root@pam may give, is left to the server."""

    def __init__(self, example: str) -> None:
        self.example = example

    def parse(self, value: Any) -> str:
        text = super().parse(value)
        if ":" not in text and not text.startswith("/"):
            raise ValueError(f"{text!r} does not name a file on a storage, as {self.example} does")
        return text


class Comment(Text):
    """A comment, which the server stores without the blanks around it."""

    def parse(self, value: Any) -> str:
        return str(value).strip()


class NonZeroComment(Comment):
    """A comment in the file of users, groups, tokens and pools, or in one of the firewall."""

    def parse_option(self, value: Any) -> str:
        text = self.parse(value)
        if text == "0":  # PVE/AccessControl.pm, write_user_config; PVE/Firewall.pm: what is false is not written
            raise ValueError("PVE does not keep a comment that is only 0")
        return text


class Secret(Text):
    """A secret: never trimmed, never compared (the server does not show it)."""

    def parse(self, value: Any) -> str:
        return str(value)


class Word(Text):
    """A word of fixed spelling, compared without regard to case where the server changes it (``lower``)."""

    def __init__(self, lower: bool = False) -> None:
        self.lower = lower

    def parse(self, value: Any) -> str:
        text = str(value).strip()
        return text.lower() if self.lower else text


class Matching(Text):
    """Text of a certain form. ``reason`` says what is wrong with another one, which is ``{value}`` in it."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern, self.reason = re.compile(pattern), reason

    def parse(self, value: Any) -> str:
        text = super().parse(value)
        if text and not self.pattern.fullmatch(text):
            raise ValueError(self.reason.format(value=repr(text)))
        return text


class Integer(Codec):
    """A whole number, which the server may send as a string."""

    def parse(self, value: Any) -> int:
        try:
            return int(str(value).strip())
        except ValueError:
            raise ValueError(f"{value!r} is not a whole number") from None


class Within(Integer):
    """A whole number that is at least ``lowest`` and, where there is one, at most ``highest``."""

    def __init__(self, lowest: int, highest: int | None = None) -> None:
        self.lowest, self.highest = lowest, highest

    def parse(self, value: Any) -> int:
        number = super().parse(value)
        if number < self.lowest or (self.highest is not None and number > self.highest):
            bounds = f"less than {self.lowest}" if self.highest is None else f"not from {self.lowest} to {self.highest}"
            raise ValueError(f"{number} is {bounds}")
        return number


class Number(Codec):
    """A number; ``2`` and ``2.0`` are equal."""

    def parse(self, value: Any) -> float | int:
        try:
            number = float(str(value).strip())
        except ValueError:
            raise ValueError(f"{value!r} is not a number") from None
        if not math.isfinite(number):
            raise ValueError(f"{value!r} is not a finite number")
        return int(number) if number.is_integer() else number


class Boolean(Codec):
    """``true``/``false`` for users, 1/0 on the wire."""

    def parse(self, value: Any) -> bool:
        word = str(value).strip().lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        raise ValueError(f"{value!r} is neither true nor false")

    def format(self, value: bool) -> int:
        return int(value)


def bytes_of(value: Any, unit: str = "") -> int:
    """The size in bytes of ``32G``, ``512M``, ``1.5T`` or a bare number, which counts in ``unit`` (default: bytes)."""
    match = _SIZE.fullmatch(str(value).strip())
    if not match:
        raise ValueError(f"{value!r} is not a size such as 32G or 512M")
    number = Fraction(match[1]) * _FACTORS[(match[2] or unit).upper()]
    if number.denominator != 1:
        raise ValueError(f"{value!r} is not a whole number of bytes")
    if number > _LARGEST_SIZE:
        raise ValueError(f"{value!r} is too large; the largest size is 8388608T")
    if unit and number % 1024:  # its shortest writing would be a bare number, which counts in the unit
        raise ValueError(f"{value!r} is not a whole number of K")
    return int(number)


def size_text(number: int) -> str:
    """The shortest exact writing of a size in bytes, as PVE writes it: ``32G``, ``528K``, ``1000``."""
    for unit in "TGMK":
        if number and number % _FACTORS[unit] == 0:
            return f"{number // _FACTORS[unit]}{unit}"
    return str(number)


class Size(Codec):
    """A size, canonically in bytes; ``unit`` is what a bare number counts in and what is sent where ``bare`` is set."""

    def __init__(self, unit: str = "", bare: bool = False) -> None:
        self.unit, self.bare = unit, bare

    def parse(self, value: Any) -> int:
        return bytes_of(value, self.unit)

    def format(self, value: int) -> str:
        if not self.bare:
            return size_text(value)
        factor = _FACTORS[self.unit]
        if value % factor:
            raise ValueError(f"{size_text(value)} is not a whole number of {self.unit or 'byte'}")
        return str(value // factor)


class SizeText(Size):
    """A size whose canonical form is the shortest text (``32G``), for objects that users read."""

    def parse(self, value: Any) -> str:  # type: ignore[override]
        return size_text(bytes_of(value, self.unit))

    def format(self, value: str) -> str:  # type: ignore[override]
        return super().format(bytes_of(value, self.unit)) if self.bare else value


def split_list(value: Any) -> list[str]:
    """The parts of a list, or of a text with commas, semicolons or blanks between them (all that PVE accepts)."""
    if isinstance(value, str):
        return [part for part in re.split(r"[,;\s\0]+", value) if part]
    if isinstance(value, Iterable):
        return [part for item in value for part in split_list(str(item))]
    return [str(value)]


class List(Codec):
    """An ordered list, joined by ``separator`` on the wire."""

    def __init__(self, separator: str = ",") -> None:
        self.separator = separator

    def parse(self, value: Any) -> list[str]:
        return list(dict.fromkeys(split_list(value)))

    def format(self, value: list[str]) -> str:
        return self.separator.join(value)

    def equal(self, current: Any, after: Any) -> bool:
        return list(current or []) == list(after or [])


class Set(List):
    """A set: order and repetition mean nothing; shown sorted (numbers by value)."""

    def parse(self, value: Any) -> list[str]:
        return sorted(
            set(split_list(value)), key=lambda part: (not part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        )


class Limits(Set):
    """A set of what is allowed, such as nodes. Without one all are, so that nothing can be added."""

    def join(self, current: Any, added: Any) -> Any:
        return super().join(current, added) if current else []


class Items(Codec):
    """Texts that may hold anything, so that they are never split; sent one by one. Their order means nothing."""

    def parse(self, value: Any) -> list[str]:
        return sorted({str(item) for item in ([value] if isinstance(value, str) else value)})


class UrlEncoded(Text):
    """Text that PVE wants percent-encoded inside the form as well, and returns so (``sshkeys``)."""

    def parse(self, value: Any) -> str:
        text = "\n".join(str(line) for line in value) if isinstance(value, list) else str(value)
        if "%20" in text or "%0A" in text.upper():
            text = unquote(text)
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())

    def format(self, value: str) -> str:
        return quote(value, safe="")


class Expiry(Codec):
    """A point in time as seconds since the epoch; 0 means never.

    Users may write ``never``, an epoch, an ISO date (``2027-01-31``, ``2027-01-31T12:00``; UTC unless it names a zone) or,
    relative to ``now``, a period such as ``90d`` or ``12h``.
    """

    def parse(self, value: Any) -> int:
        text = str(value).strip().lower()
        if text in ("never", ""):
            return 0
        if re.fullmatch(r"\d{1,12}", text):
            return int(text)
        try:
            moment = datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
        except ValueError:
            raise ValueError(f"{value!r} is neither 'never', an epoch, an ISO date nor a period such as 90d") from None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp())


def seconds_of(value: Any) -> int | None:
    """The length of a period such as ``90d``, ``12h`` or ``2w`` in seconds; None if it is not written as one."""
    match = re.fullmatch(r"(\d{1,10})\s*([smhdwy])", str(value).strip().lower())
    return int(match[1]) * _PERIODS[match[2]] if match else None
