# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the parameters of a call as the server would, before it is sent: what check mode promises has to be accepted.

The rules are those of the release that ``facts`` names. A newer server may accept more, so that it decides itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from . import facts

_EMAIL = re.compile(r"[\w+~-]+(\.[\w+~-]+)*@[\w+~-]+(\.[\w+~-]+)*")
_FORMATS: Mapping[str, tuple[str, re.Pattern[str]]] = {  # PVE/JSONSchema.pm, register_format
    "pve-node": ("a node's name", re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")),
    "pve-storage-id": ("a storage's name", re.compile(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")),
    "pve-configid": ("a letter, then letters, digits, - and _", re.compile(r"[A-Za-z][A-Za-z0-9_-]+")),
    "pve-vmid": ("a guest's id (100 to 999999999)", re.compile(r"[1-9][0-9]{2,8}")),
    "mac-addr": ("a unicast MAC address", re.compile(r"[A-Fa-f0-9][02468ACEace](:[A-Fa-f0-9]{2}){5}")),
    "dns-name": (
        "a DNS name",
        re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"),
    ),
    "email": ("an e-mail address", _EMAIL),
    "email-opt": ("an e-mail address", re.compile(f"({_EMAIL.pattern})?")),
    "mac-prefix": (  # PVE/JSONSchema.pm, pve_verify_mac_prefix
        "the beginning of unicast MAC addresses, such as BC:24:11",
        re.compile(r"[A-Fa-f0-9][02468ACEace](:[A-Fa-f0-9]{2}){0,2}:?"),
    ),
    # PVE/AccessControl.pm, verify_groupname
    "pve-groupid": ("a group's name (letters, digits, ., - and _)", re.compile(r"[A-Za-z0-9._-]+")),
}
_BOOLEANS = ("0", "1")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Parameters that hold several lines, or words that are passed on as they are, by the calls that take them. In all others
# a control character is refused: a line break could add a line to a configuration file of the server.
_LINES: Sequence[tuple[re.Pattern[str], frozenset[str]]] = [
    (re.compile(path), frozenset(names.split()))
    for path, names in (
        (r"/access/(users|groups)\b|/pools\b", "comment"),  # kept as they are
        (r"/access/domains\b", "certificate key"),
        (r"/cluster/options", "description"),
        (r"/nodes/[^/]+/(qemu|lxc)(/|$)|/nodes/[^/]+/config", "description env tdf"),
        (r"/nodes/[^/]+/storage/[^/]+/content\b", "notes"),
        (r"/nodes/[^/]+/qemu/[^/]+/agent/", "command content input-data password"),
        (r"/nodes/[^/]+/certificates/custom", "certificates key"),
        (r"/nodes/[^/]+/hosts", "data"),
        (r"/nodes/[^/]+/network\b", "comments comments6"),  # each of their lines becomes a comment in the file
        (r"/storage\b", "encryption-key keyring master-pubkey"),
    )
]


class Unacceptable(Exception):
    """The server would refuse this value of a parameter. ``kind`` is the kind of the rule."""

    def __init__(self, parameter: str, reason: str, kind: str) -> None:
        super().__init__(f"{parameter}: {reason}")
        self.parameter, self.reason, self.kind = parameter, reason, kind

    @property
    def reason_of_secret(self) -> str:
        """The reason without anything about the value: of a length only its bound."""
        bound = self.reason.partition("; ")[2] if self.kind == "length" else ""
        return f"has the wrong number of characters; {bound}" if bound else "has a form that PVE refuses"

    def binds(self, release: Callable[[], tuple[int, int]]) -> bool:
        """Whether it holds for a server of this release: newer ones may accept more, PVE 8 has other choices.

        Control characters are refused for all of them.
        """
        if self.kind == "control":
            return True
        server = release()
        return server <= facts.RELEASE and (server[0] >= facts.RELEASE[0] or self.kind != "choice")


def check_call(method: str, path: str, params: Mapping[str, Any]) -> Iterator[Unacceptable]:
    """What the server would refuse of a call."""
    rules = _rules_of(method, path)
    several_lines = {name for pattern, names in _LINES if pattern.match(path) for name in names}
    for name, value in params.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        texts = [_text(item) for item in values]
        if name not in several_lines and any(_CONTROL.search(text) for text in texts):
            yield Unacceptable(name, "must be one line without control characters", "control")
            continue
        for rule in rules.get(re.sub(r"\d+$", "[n]", name)) or rules.get(name) or ():
            kind, _sep, argument = rule.partition(" ")
            if kind == "each":
                kind, _sep, argument = argument.partition(" ")
            reason = next((reason for text in texts if (reason := _violation(kind, argument, text))), "")
            if reason:
                yield Unacceptable(name, reason, kind)
                break


def _text(value: Any) -> str:
    """A value as it travels."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _violation(kind: str, argument: str, text: str) -> str:
    """How a text breaks a rule; empty if it does not."""
    if kind == "boolean":
        return "" if text in _BOOLEANS else f"{text!r} is not a boolean"
    if kind in ("integer", "number"):
        return _out_of_range(kind, argument, text)
    if kind == "choice":
        return "" if text in argument.split() else f"{text!r} is not one of {', '.join(argument.split())}"
    if kind == "length":
        return _wrong_length(argument, text)
    if kind == "pattern":
        return "" if re.search(f"^(?:{argument})$", text) else f"{text!r} does not have the form {argument}"
    return _wrong_format(argument, text)


def _out_of_range(kind: str, argument: str, text: str) -> str:
    if not re.fullmatch(r"-?\d+" if kind == "integer" else r"-?\d*\.?\d+(e-?\d+)?", text):
        return f"{text!r} is not {'a whole number' if kind == 'integer' else 'a number'}"
    lowest, highest = argument.split()
    number = float(text)
    if (lowest == "*" or number >= float(lowest)) and (highest == "*" or number <= float(highest)):
        return ""
    if highest == "*":
        return f"{text} is too small; the minimum is {lowest}"
    return f"{text} is not in the range {lowest} to {highest}" if lowest != "*" else f"{text} is above {highest}"


def _wrong_length(argument: str, text: str) -> str:
    shortest, longest = argument.split()
    if longest != "*" and len(text) > int(longest):
        return f"has {len(text)} characters; at most {longest} are allowed"
    if shortest != "*" and len(text) < int(shortest):
        return f"has {len(text)} characters; at least {shortest} are needed"
    return ""


def _wrong_format(argument: str, text: str) -> str:
    name = argument.removesuffix("-list")
    form, pattern = _FORMATS[name]
    words = [word for word in re.split(r"[,;\0\s]+", text) if word] if name != argument else [text]
    wrong = next((word for word in words if not pattern.fullmatch(word)), None)
    return "" if wrong is None else f"{wrong!r} is not {form}"


# --- the table --------------------------------------------------------------------------------------------------------


def _rules_of(method: str, path: str) -> Mapping[str, Sequence[str]]:
    """The rules of the call that a path is of; none if it is unknown."""
    parts = path.strip("/").split("/")
    best: tuple[int, Mapping[str, Sequence[str]]] = (-1, {})
    for template, rules in _table().get((method, len(parts)), ()):
        pairs = list(zip(template, parts, strict=True))
        if all(name.startswith("{") or name == part for name, part in pairs):
            best = max(best, (sum(name == part for name, part in pairs), rules), key=lambda found: found[0])
    return best[1]


@functools.cache
def _table() -> Mapping[tuple[str, int], Sequence[tuple[Sequence[str], Mapping[str, Sequence[str]]]]]:
    """The facts by method and number of parts of the path."""
    found: dict[tuple[str, int], list[tuple[Sequence[str], dict[str, list[str]]]]] = {}
    rules: dict[str, list[str]] = {}
    for line in facts.TABLE.strip().splitlines():
        if not line.startswith(" "):
            method, _sep, path = line.partition(" ")
            template = path.strip("/").split("/")
            rules = {}
            found.setdefault((method, len(template)), []).append((template, rules))
            continue
        names, _sep, rule = line.strip().partition(" ")
        for name in names.split(","):
            rules.setdefault(name, []).append(rule)
    return found
