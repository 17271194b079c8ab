# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an edit of a list of rules is safe: no packet meets another fate by it than it met before, or meets by the desired state.

Then the same holds for a whole plan of safe edits: at any moment each packet meets the fate of the old list or of the new one.

Which packets a rule fits is not asked, so that everything that may be counts. An edit is safe if each rule that newly decides
about some packets is *sound*, or decides as the rule did that decided before. A rule is sound where it stands if all rules
that stand above it in the desired list and decide otherwise are in force above it: what gets to it would get to it in that list as
well.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Rule = Mapping[str, Any]
Key = frozenset[tuple[str, Any]]
DECORATION = ("enable", "log", "comment")  # what does not change which packets a rule is about


@dataclasses.dataclass(frozen=True)
class Edit:
    """One call. ``position`` is where the rule stands before it; ``target`` is the rule that it moves in front of."""

    kind: str  # insert, move, update or delete
    position: int = 0
    target: int = 0
    rule: Rule = dataclasses.field(default_factory=dict)
    old: Rule = dataclasses.field(default_factory=dict, compare=False)  # what an update replaces


def apply_edit(rules: Sequence[Rule], edit: Edit) -> list[Rule]:
    """The list after an edit, as PVE does it."""
    if edit.kind == "insert":
        return [edit.rule, *rules]
    after = list(rules)
    taken = after.pop(edit.position)
    if edit.kind == "move":
        after.insert(edit.target - (edit.target > edit.position), taken)
    elif edit.kind == "update":
        after.insert(edit.position, edit.rule)
    return after


class Keyed(dict[str, Any]):
    """A rule that remembers its keys, which are asked for over and over."""

    @functools.cached_property
    def key(self) -> Key:
        return frozenset(self.items())

    @functools.cached_property
    def packets(self) -> Key:
        fate = () if self["type"] == "group" else ("action",)  # that of a group names its rules
        return frozenset((name, value) for name, value in self.items() if name not in (*DECORATION, *fate))


def key(rule: Rule) -> Key:
    """What makes two rules the same."""
    return rule.key if isinstance(rule, Keyed) else frozenset(rule.items())


def decides_otherwise(rule: Rule, other: Rule) -> bool:
    """Whether a packet that both fit may meet another fate by the one than by the other."""
    if "group" in (rule["type"], other["type"]):
        return True  # nobody knows what is in it
    return bool(rule["type"] == other["type"] and rule["action"] != other["action"])


def decides_as_all_above(wanted: Sequence[Rule], number: int) -> bool:
    """Whether a packet meets the same fate by this rule as by any one above it, so that it does no harm at the top."""
    rule = wanted[number]
    return not rule["enable"] or not any(
        other["enable"] and decides_otherwise(rule, other) for other in wanted[:number]
    )


class Safety:
    """Finds out whether edits on the way to a desired state are safe."""

    def __init__(self, wanted: Sequence[Rule]) -> None:
        self.in_force = {key(rule) for rule in wanted if rule["enable"]}
        self.above: dict[Key, set[Key]] = {}  # of each desired rule those above its first copy that decide otherwise
        for number, rule in enumerate(wanted):
            others = (other for other in wanted[:number] if other["enable"] and decides_otherwise(rule, other))
            self.above.setdefault(key(rule), {key(other) for other in others})

    def of_all(self, rules: Sequence[Rule], edits: Iterable[Edit]) -> bool:
        for edit in edits:
            after = apply_edit(rules, edit)
            if not self._of(rules, edit, after):
                return False
            rules = after
        return True

    def _of(self, before: Sequence[Rule], edit: Edit, after: Sequence[Rule]) -> bool:
        old = edit.rule if edit.kind == "insert" else before[edit.position]
        if edit.kind == "move":
            return not old["enable"] or self._of_move(old, edit, after)
        if edit.kind == "update" and old["enable"] and edit.rule["enable"] and packets(old) == packets(edit.rule):
            return not decides_otherwise(old, edit.rule) or self._is_sound(after, edit.position)
        comes = edit.kind in ("insert", "update") and edit.rule["enable"]
        goes = edit.kind in ("delete", "update") and old["enable"]
        if comes and not self._is_sound(after, edit.position):
            return False
        below = edit.position + (edit.kind == "update")
        return not goes or self._is_left_to(old, after, range(below, len(after)), ends=True)

    def _of_move(self, rule: Rule, edit: Edit, after: Sequence[Rule]) -> bool:
        if edit.target > edit.position:
            return self._is_left_to(rule, after, range(edit.position, edit.target - 1), ends=False)
        passed = after[edit.target + 1 : edit.position + 1]
        alike = not any(other["enable"] and decides_otherwise(rule, other) for other in passed)
        return alike or self._is_sound(after, edit.target)

    def _is_left_to(self, gone: Rule, after: Sequence[Rule], places: Iterable[int], *, ends: bool) -> bool:
        """Whether what a rule decided about may be left to those at the places, and in the end (``ends``) to the policy."""
        for place in places:
            heir = after[place]
            if not heir["enable"]:
                continue
            if packets(heir) == packets(gone):
                return not decides_otherwise(heir, gone) or self._is_sound(after, place)
            if decides_otherwise(heir, gone) and not self._is_sound(after, place):
                return False
        return not ends or self.in_force <= set(_in_force(after))

    def _is_sound(self, rules: Sequence[Rule], place: int) -> bool:
        others = self.above.get(key(rules[place]))
        return others is not None and others <= set(_in_force(rules[:place]))


def _in_force(rules: Sequence[Rule]) -> Iterator[Key]:
    return (key(rule) for rule in rules if rule["enable"])


def packets(rule: Rule) -> Key:
    """The part of a rule that says which packets it is about."""
    return (rule if isinstance(rule, Keyed) else Keyed(rule)).packets
