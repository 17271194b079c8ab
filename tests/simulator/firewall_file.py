# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a firewall's configuration on its way through its file, where a comment ends with its line.

PVE writes comments as they are. What follows a line break in one is read back as a line of its own: in a set as an
entry, among rules as a rule, and behind a section's head as whatever that section holds. A rule of an unknown type can
be read, but stops every later write of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import ApiError
from .firewall import AddressSet, Configuration, Group, Rule
from .firewall_formats import ip_or_cidr_or_alias

RULE_TYPES = ("in", "out", "forward", "group")
SECTION = re.compile(r"\[(options|aliases|rules|ipset|group)(?:\s+(\S+))?\]\s*(?:#.*)?", re.IGNORECASE)
PARAMETER = re.compile(r"-(i|p|source|dest|dport|sport|log|icmp-type)\s+(\S+)\s*")
RULE_KEYS = {"i": "iface", "p": "proto"}
UNNAMED = ""  # the key of an entry without an address


def save(file: Configuration, environment: str) -> None:
    """Bring a changed configuration into the shape in which it will be read; ApiError when it cannot be written."""
    for rules in (file.rules, *(group.rules for group in file.groups.values())):
        for rule in rules:
            if rule["type"] not in RULE_TYPES:
                raise ApiError(
                    500, f"unknown rule type '{rule['type']}' at /usr/share/perl5/PVE/Firewall.pm line 3731."
                )
    _Reader(file, environment).read_back()


class _Reader:
    """Cuts all comments to a line, and reads what followed in them."""

    def __init__(self, file: Configuration, environment: str) -> None:
        self.file = file
        self.environment = environment

    def read_back(self) -> None:
        file = self.file
        for alias in file.aliases.values():
            self._follow(_cut(alias), _nowhere)
        for address_set in list(file.sets.values()):
            self._read_set(address_set)
        self._read_rules(file.rules)
        for name, group in list(file.groups.items()):
            group.comment, lines = _first_line(group.comment)
            self._follow(lines, self._rules_reader(file.groups[name].rules, 0))
            self._read_rules(group.rules)

    def _read_set(self, address_set: AddressSet) -> None:
        address_set.comment, lines = _first_line(address_set.comment)
        self._follow(lines, _nowhere)
        if UNNAMED in address_set.entries:  # is written as "!", and read as an address
            address_set.entries["!"] = {"errors": address_set.entries.pop(UNNAMED)["errors"]}
        for options in list(address_set.entries.values()):
            self._follow(_cut(options), lambda line: _read_entry(address_set, line))

    def _read_rules(self, rules: list[Rule]) -> None:
        for rule in list(rules):
            self._follow(_cut(rule), self._rules_reader(rules, rules.index(rule) + 1))

    def _rules_reader(self, rules: list[Rule], position: int) -> Callable[[str], None]:
        def read(line: str) -> None:
            nonlocal position
            rule = parse_rule(line)
            if rule is None:
                return
            if rule["type"] not in RULE_TYPES:
                rule["errors"] = {"type": f"invalid rule type '{rule['type']}' for rule_env '{self.environment}'"}
            rules.insert(position, rule)
            position += 1

        return read

    def _follow(self, lines: list[str], read: Callable[[str], None]) -> None:
        """Read the lines that follow a comment, by the rules of the section that they are in."""
        for line in lines:
            head = SECTION.fullmatch(line)
            if head:
                read = self._section_reader(head[1].lower(), (head[2] or "").lower())
            elif line and not line.startswith("#"):
                read(line)

    def _section_reader(self, kind: str, name: str) -> Callable[[str], None]:
        if kind == "rules":
            return self._rules_reader(self.file.rules, len(self.file.rules))
        if kind == "group" and name:
            return self._rules_reader(self.file.groups.setdefault(name, Group()).rules, 0)
        if kind == "ipset" and name:
            address_set = self.file.sets.setdefault(name, AddressSet())
            return lambda line: _read_entry(address_set, line)
        return _nowhere


def parse_rule(line: str) -> Rule | None:
    """A line as a rule, or None when it is left out with a warning."""
    text, hash_sign, comment = line.partition("#")
    enable = int(not text.startswith("|"))
    words = re.fullmatch(r"(\S+)\s+(\S+)\s*(.*)", text.removeprefix("|"))
    if not words:
        return None
    rule: dict[str, Any] = {"type": words[1].lower(), "action": words[2], "enable": enable}
    macro = re.fullmatch(r"(\S+)\((ACCEPT|DROP|REJECT)\)", words[2])
    if macro:
        rule.update(macro=macro[1], action=macro[2])
    rest = words[3]
    while found := PARAMETER.match(rest):
        rule[RULE_KEYS.get(found[1], found[1])] = found[2]
        rest = rest[found.end() :]
    if hash_sign and comment.strip():
        rule["comment"] = comment.strip()
    return None if rest else rule


def _read_entry(address_set: AddressSet, line: str) -> None:
    """Take a line as an entry of a set; one that is no address stays, with its error."""
    words = re.fullmatch(r"(!)?\s*(\S+)\s*(?:#.*)?", line)
    if not words:
        address_set.entries[UNNAMED] = {"errors": _no_address(), "nomatch": 1}
        return
    options: dict[str, Any] = {"nomatch": 1} if words[1] else {}
    try:
        ip_or_cidr_or_alias(words[2])
    except ValueError:
        options["errors"] = _no_address()
    address_set.entries.setdefault(words[2], options)


def _no_address() -> dict[str, str]:
    return {"cidr": "value does not look like a valid IP address or CIDR network"}


def _cut(thing: dict[str, Any]) -> list[str]:
    """Cut the comment of a thing to its first line, without blanks around it; the other lines."""
    comment, lines = _first_line(thing.pop("comment", None))
    if comment:
        thing["comment"] = comment
    return lines


def _first_line(comment: str | None) -> tuple[str | None, list[str]]:
    first, *lines = (comment or "").split("\n")
    return first.strip() or None, [line.strip() for line in lines]


def _nowhere(line: str) -> None:
    """Leave a line out: no alias or option looks like that."""
