# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of firewall rules: from an ordered list to another one by the calls that PVE has, without a dangerous moment.

PVE knows four edits: a new rule goes to the top, a rule moves in front of another one, a rule is changed where it stands, a
rule is deleted. Each of them takes effect at once, so every list in between must be safe. ``plan_edits`` goes once through
five loops, each over a list that is fixed before it starts, so it ends:

1. Rules that wait for nothing any more are deleted (see ``_roles``; they are disabled).
2. Missing rules are created at the top, the last one first. One that could decide otherwise than a rule above it in the
   wish *waits*: it is created disabled.
3. Rules move, from the top on, behind the one that they are to follow. Those of a longest common subsequence stay.
4. Rules that differ are changed, those to be in force from the top on: so all that is above them is in force already.
   Then those to be disabled, from the bottom on.
5. What is no longer wished is deleted, from the bottom on.

A rule that is in both lists is never changed nor deleted. And a plan never takes more calls than a rewrite that is as safe
(create all rules waiting, put them in force, delete the old ones): a rule that is found saves being created and deleted, and
costs one move and one change at most; those that are created stand in order, so at most as many moves as found rules remain.

Planning again half-way gives the rest of the plan. What a present rule becomes (its role) depends on how often each rule is
there, never on its place, and after each edit it is the same for the rules that are left: a created or changed rule is equal
to the wished one or to its waiting form, which is no wished rule; what has no role is touched at the end only. The common
subsequence is the one that begins with the earliest wished rules at the topmost places; a move adds the first rule that it
lacks, at the place after the rule before, and leaves the others of it alone, so that it is found again with that rule added.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Rule = Mapping[str, Any]
Key = frozenset[tuple[str, Any]]
DECORATION = ("enable", "log", "comment")  # what does not change which packets a rule is about
WAITING = "(not yet in force)"


@dataclasses.dataclass(frozen=True)
class Edit:
    """One call. ``position`` is where the rule stands before it; ``target`` is the rule that it moves in front of."""

    kind: str  # insert, move, update or delete
    position: int = 0
    target: int = 0
    rule: Rule = dataclasses.field(default_factory=dict)
    old: Rule = dataclasses.field(default_factory=dict, compare=False)  # what an update replaces


class _Line:
    """The list as the edits so far leave it: its rules, known by a number that they keep, and their roles."""

    def __init__(self, rules: Sequence[Rule], roles: Sequence[Key | None]) -> None:
        self.edits: list[Edit] = []
        self.order = list(range(len(rules)))
        self.rules = dict(enumerate(rules))
        self.roles = dict(enumerate(roles))

    def insert(self, rule: Rule, role: Key) -> None:
        self.edits.append(Edit("insert", rule=rule))
        number = len(self.rules)
        self.order.insert(0, number)
        self.rules[number], self.roles[number] = rule, role

    def move_behind(self, number: int, other: int | None) -> None:
        position = self.order.index(number)
        target = 0 if other is None else self.order.index(other) + 1
        self.edits.append(Edit("move", position, target))
        self.order.remove(number)
        self.order.insert(target - (target > position), number)

    def update(self, number: int, rule: Rule) -> None:
        self.edits.append(Edit("update", self.order.index(number), rule=rule, old=self.rules[number]))
        self.rules[number] = rule

    def delete(self, number: int) -> None:
        self.edits.append(Edit("delete", self.order.index(number)))
        self.order.remove(number)


def plan_edits(current: Sequence[Rule], wished: Sequence[Rule]) -> list[Edit]:
    """The edits that turn one list into the other; none if they are equal."""
    names = [_key(rule) for rule in wished]
    waiting = waiting_forms(wished)
    roles, needless = _roles(current, wished, waiting)
    line = _Line(current, roles)
    for place in reversed(needless):
        line.delete(place)
    for number in reversed(_first(Counter(names) - Counter(filter(None, roles)), names)):
        line.insert(wished[number] if decides_as_all_above(wished, number) else waiting[number], names[number])
    places = _put_in_order(line, names)
    differing = [number for number, place in enumerate(places) if line.rules[place] != wished[number]]
    in_force = [number for number in differing if wished[number]["enable"]]
    for number in in_force + [number for number in reversed(differing) if number not in in_force]:
        line.update(places[number], wished[number])
    for place in [place for place in reversed(line.order) if place not in places]:
        line.delete(place)
    return line.edits


def _put_in_order(line: _Line, names: Sequence[Key]) -> list[int]:
    """Move what is out of order; returns for each wished rule the number of the one that is or becomes it."""
    staying = common_subsequence(names, [line.roles[place] for place in line.order])
    places: list[int | None] = [None if at is None else line.order[at] for at in staying]
    free: dict[Key | None, list[int]] = {}
    for place in line.order:
        if place not in places:
            free.setdefault(line.roles[place], []).append(place)
    found: list[int] = []
    for name, stays in zip(names, places, strict=True):
        place = free[name].pop(0) if stays is None else stays
        if stays is None:
            line.move_behind(place, found[-1] if found else None)
        found.append(place)
    return found


def decides_as_all_above(wished: Sequence[Rule], number: int) -> bool:
    """Whether a packet meets the same fate by this rule as by any one above it, so that it does no harm at the top."""
    rule = wished[number]
    if not rule["enable"]:
        return True
    above = [other for other in wished[:number] if other["enable"]]
    if rule["type"] == "group":
        return not above
    return all(
        other["type"] != "group" and (other["type"] != rule["type"] or other["action"] == rule["action"])
        for other in above
    )


def waiting_forms(wished: Sequence[Rule]) -> list[Rule]:
    """Each rule as it waits: disabled and, where that alone is a wished rule as well, with a mark in its comment.

    No waiting form of a rule in force is a wished rule, and no two rules have the same one.
    """
    mark, names = WAITING, {_key(rule) for rule in wished}
    while any(str(rule.get("comment", "")).startswith(mark) for rule in wished):
        mark += WAITING
    forms: list[Rule] = []
    for rule in wished:
        form = {**rule, "enable": False}
        if rule["enable"] and _key(form) in names:
            form["comment"] = f"{mark} {rule.get('comment', '')}".strip()
        forms.append(form)
    return forms


def match(current: Sequence[Rule], wished: Sequence[Rule]) -> list[int | None]:
    """For each wished rule the place of the present rule that is or becomes it."""
    free: dict[Key | None, list[int]] = {}
    for place, role in enumerate(_roles(current, wished, waiting_forms(wished))[0]):
        free.setdefault(role, []).append(place)
    return [free[key].pop(0) if free.get(key) else None for key in map(_key, wished)]


def _roles(
    current: Sequence[Rule], wished: Sequence[Rule], waiting: Sequence[Rule]
) -> tuple[list[Key | None], list[int]]:
    """For each present rule the wished one that it is or becomes, if any; and the places of those that wait for nothing.

    First what is equal, then what waits. Of the rest, a rule without a twin may be changed: one that differs only in being
    enabled, one with the same comment, one that differs only in how it is logged or commented.
    """
    present = Counter(map(_key, current))
    names = list(map(_key, wished))
    needed = Counter(names) - present
    roles: list[Key | None] = [key if key in set(names) else None for key in map(_key, current)]
    needless = []
    for name, form in dict(zip(names, map(_key, waiting), strict=True)).items():
        places = [place for place, rule in enumerate(current) if roles[place] is None and _key(rule) == form]
        if needed[name]:
            needless += places[needed[name] :]
            for place in places[: needed[name]]:
                roles[place] = name
            needed[name] -= len(places[: needed[name]])
    single = [place for place, role in enumerate(roles) if role is None and present[_key(current[place])] == 1]
    single.sort(key=lambda place: sorted(map(str, current[place].items())))
    for alike in (_without("enable"), lambda rule: rule.get("comment"), _without(*DECORATION)):
        for number in _first(+needed, names):
            fitting = (place for place in single if alike(current[place]) == alike(wished[number]) is not None)
            changed = next(fitting, None)
            if changed is not None:
                roles[changed] = names[number]
                needed[names[number]] -= 1
                single.remove(changed)
    return roles, sorted(needless)


def _first(counts: Mapping[Key, int], names: Iterable[Key]) -> list[int]:
    """The indexes of the first ``counts[name]`` of each name."""
    left = Counter(counts)
    found = []
    for number, name in enumerate(names):
        if left[name] > 0:
            left[name] -= 1
            found.append(number)
    return found


def _key(rule: Rule) -> Key:
    return frozenset(rule.items())


def _without(*names: str) -> Callable[[Rule], Any]:
    return lambda rule: frozenset((name, value) for name, value in rule.items() if name not in names)


def common_subsequence(wished: Sequence[Any], present: Sequence[Any]) -> list[int | None]:
    """For each wished thing its place in a longest common subsequence, None if it is not in it.

    Of several ones the one that has the earliest wished things, and these at the earliest places.
    """
    width = len(present)
    length = [[0] * (width + 1) for _row in range(len(wished) + 1)]  # of what is left from a number and a place on
    for number in reversed(range(len(wished))):
        row, below = length[number], length[number + 1]
        for place in reversed(range(width)):
            row[place] = below[place + 1] + 1 if wished[number] == present[place] else max(below[place], row[place + 1])
    chosen: list[int | None] = []
    start = 0
    for number, thing in enumerate(wished):
        found = next((place for place in range(start, width) if present[place] == thing), None)
        if found is not None and length[number + 1][found + 1] + 1 == length[number][start]:
            start = found + 1
        else:
            found = None
        chosen.append(found)
    return chosen
