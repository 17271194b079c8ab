# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of firewall rules: from an ordered list to another one by the calls that PVE has, without a dangerous moment.

PVE knows four edits: a new rule goes to the top, a rule moves in front of another one, a rule is changed where it stands, a
rule is deleted. Each of them takes effect at once, so every list in between must be safe: see firewall_safety.py.

The short way keeps and moves what is there. It goes once through five loops, each over a list that is fixed before it starts:

1. Rules that wait for nothing any more are deleted (see ``_roles``; they are disabled).
2. Missing rules are created at the top, the last one first. One that could decide otherwise than a rule above it in the
   desired rule *waits*: it is created disabled.
3. Rules move, from the top on, behind the one that they are to follow. Those of a longest common subsequence stay.
4. Rules that differ are changed, those to be in force from the top on: so all that is above them is in force already.
   Then those to be disabled, from the bottom on.
5. What is no longer desired is deleted, from the bottom on.

Where an edit of it might be unsafe, the list is rewritten, which always is safe, one edit at a time until the short way is:
all desired rules are created at the top, the last one first, put in force from the top on, and the others deleted from the
bottom on. Each edit leaves a rewrite that is shorter by one, so this ends.

A rule that is in both lists is never changed nor deleted before its like is there. And a plan never takes more calls than a
rewrite: on the short way a rule that is found saves being created and deleted, and costs one move and one change at most;
those that are created stand in order, so at most as many moves as found rules remain.

Planning again half-way gives the rest of the plan. Of a rewrite, because what stands at the top shows how far it has come. Of
the short way, because what a present rule becomes (its role) depends on how often each rule is there, never on its place, and
after each edit it is the same for the rules that are left: a created or changed rule is equal to the desired one or to its
staged form, which is no desired rule; what has no role is touched at the end only. The common subsequence is the one that
begins with the earliest desired rules at the topmost places; a move adds the first rule that it lacks, at the place after the
rule before, and leaves the others of it alone, so that it is found again with that rule added.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .safety import DECORATION, Edit, Key, Keyed, Rule, Safety, apply_edit, decides_as_all_above
from .safety import key as _key

WAITING = "(not yet in force)"


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


def plan_edits(current: Sequence[Rule], wanted: Sequence[Rule]) -> list[Edit]:
    """The edits that turn one list into the other; none if they are equal."""
    rules: list[Rule] = [Keyed(rule) for rule in current]
    wanted = [Keyed(rule) for rule in wanted]
    waiting, safety = staged(wanted), Safety(wanted)
    edits: list[Edit] = []
    while not safety.of_all(rules, short := minimal_edits(rules, wanted, waiting)):
        edits.append(next_of_rewrite(rules, wanted, waiting))
        rules = apply_edit(rules, edits[-1])
    return edits + short


def next_of_rewrite(current: Sequence[Rule], wanted: Sequence[Rule], waiting: Sequence[Rule]) -> Edit:
    """The next edit of a rewrite: create all rules at the top, put them in force, delete the others."""
    number = len(wanted) - _rewritten(current, wanted, waiting) - 1
    if number >= 0:
        return Edit("insert", rule=wanted[number] if decides_as_all_above(wanted, number) else waiting[number])
    for number, rule in enumerate(wanted):
        if current[number] != rule:
            return Edit("update", number, rule=rule, old=current[number])
    return Edit("delete", len(current) - 1)


def _rewritten(current: Sequence[Rule], wanted: Sequence[Rule], waiting: Sequence[Rule]) -> int:
    """How many of the last desired rules stand at the top already."""
    for count in range(min(len(current), len(wanted)), 0, -1):
        pairs = zip(current, wanted[-count:], waiting[-count:], strict=False)
        if all(present in (rule, form) for present, rule, form in pairs):
            return count
    return 0


def minimal_edits(current: Sequence[Rule], wanted: Sequence[Rule], waiting: Sequence[Rule]) -> list[Edit]:
    """The edits that keep as much as they can; some of them may be unsafe."""
    names = [_key(rule) for rule in wanted]
    roles, needless = _roles(current, wanted, waiting)
    line = _Line(current, roles)
    for place in reversed(needless):
        line.delete(place)
    for number in reversed(_first(Counter(names) - Counter(filter(None, roles)), names)):
        line.insert(wanted[number] if decides_as_all_above(wanted, number) else waiting[number], names[number])
    places = _put_in_order(line, names)
    differing = [number for number, place in enumerate(places) if line.rules[place] != wanted[number]]
    in_force = [number for number in differing if wanted[number]["enable"]]
    for number in in_force + [number for number in reversed(differing) if number not in in_force]:
        line.update(places[number], wanted[number])
    for place in [place for place in reversed(line.order) if place not in places]:
        line.delete(place)
    return line.edits


def _put_in_order(line: _Line, names: Sequence[Key]) -> list[int]:
    """Move what is out of order; returns for each desired rule the number of the one that is or becomes it."""
    staying = common_subsequence(names, [line.roles[place] for place in line.order])
    places: list[int | None] = [None if at is None else line.order[at] for at in staying]
    free = _by(line.roles.__getitem__, (place for place in line.order if place not in places))
    found: list[int] = []
    for name, stays in zip(names, places, strict=True):
        place = free[name].pop(0) if stays is None else stays
        if stays is None:
            line.move_behind(place, found[-1] if found else None)
        found.append(place)
    return found


def staged(wanted: Sequence[Rule]) -> list[Rule]:
    """Each rule as it waits: disabled and, where that alone is a desired rule as well, with a mark in its comment.

    No staged form of a rule in force is a desired rule, and no two rules have the same one.
    """
    mark, names = WAITING, {_key(rule) for rule in wanted}
    while any(str(rule.get("comment", "")).startswith(mark) for rule in wanted):
        mark += WAITING
    forms: list[Rule] = []
    for rule in wanted:
        form = {**rule, "enable": False}
        if rule["enable"] and _key(form) in names:
            form["comment"] = f"{mark} {rule.get('comment', '')}".strip()
        forms.append(Keyed(form))
    return forms


def match(current: Sequence[Rule], wanted: Sequence[Rule]) -> list[int | None]:
    """For each desired rule the place of the present rule that is or becomes it."""
    roles, _needless = _roles(current, wanted, staged(wanted))
    free = _by(roles.__getitem__, range(len(current)))
    return [free[key].pop(0) if free.get(key) else None for key in map(_key, wanted)]


def _roles(
    current: Sequence[Rule], wanted: Sequence[Rule], waiting: Sequence[Rule]
) -> tuple[list[Key | None], list[int]]:
    """For each present rule the desired one that it is or becomes, if any; and the places of those that wait for nothing.

    First what is equal, then what waits. Of the rest, a rule without a twin may be changed: one that differs only in being
    enabled, one with the same comment, one that differs only in how it is logged or commented.
    """
    names, keys = list(map(_key, wanted)), list(map(_key, current))
    present = Counter(keys)
    copies = Counter(names)
    needed = copies - present
    roles: list[Key | None] = [key if key in copies else None for key in keys]
    others = _by(keys.__getitem__, (place for place, role in enumerate(roles) if role is None))
    needless: list[int] = []
    for name, form in dict(zip(names, map(_key, waiting), strict=True)).items():
        if needed[name]:
            places = others.get(form, [])
            needless += places[needed[name] :]
            for place in places[: needed[name]]:
                roles[place] = name
            needed[name] -= len(places[: needed[name]])
    single = [place for place, role in enumerate(roles) if role is None and present[keys[place]] == 1]
    single.sort(key=lambda place: sorted(map(str, current[place].items())))
    for alike in (_without("enable"), lambda rule: rule.get("comment"), _without(*DECORATION)):
        kinds = {place: alike(current[place]) for place in single if roles[place] is None}
        free = _by(kinds.__getitem__, kinds)
        for number in _first(+needed, names):
            what = alike(wanted[number])
            if what is not None and free.get(what):
                roles[free[what].pop(0)] = names[number]
                needed[names[number]] -= 1
    return roles, sorted(needless)


def _by(what: Callable[[int], Any], numbers: Iterable[int]) -> dict[Any, list[int]]:
    """Numbers by what they have in common."""
    groups: dict[Any, list[int]] = {}
    for number in numbers:
        groups.setdefault(what(number), []).append(number)
    return groups


def _first(counts: Mapping[Key, int], names: Iterable[Key]) -> list[int]:
    """The indexes of the first ``counts[name]`` of each name."""
    left = Counter(counts)
    found = []
    for number, name in enumerate(names):
        if left[name] > 0:
            left[name] -= 1
            found.append(number)
    return found


def _without(*names: str) -> Callable[[Rule], Any]:
    return lambda rule: frozenset((name, value) for name, value in rule.items() if name not in names)


def common_subsequence(wanted: Sequence[Any], present: Sequence[Any]) -> list[int | None]:
    """For each desired thing its place in a longest common subsequence, None if it is not in it.

    Of several ones the one that has the earliest desired things, and these at the earliest places.
    """
    places = _by(present.__getitem__, range(len(present)))
    last: list[int] = []  # by length, the last place (negative) where a subsequence of what is left begins
    lengths: dict[tuple[int, int], int] = {}
    for number in reversed(range(len(wanted))):
        found = [(bisect.bisect_left(last, -place), place) for place in places.get(wanted[number], ())]
        for length, place in found:
            lengths[number, place] = length + 1
            last[length : length + 1] = [min(-place, *last[length : length + 1])] if length < len(last) else [-place]
    chosen: list[int | None] = []
    left, start = len(last), 0
    for number, thing in enumerate(wanted):
        at = next((place for place in places.get(thing, ()) if place >= start), None)
        if at is not None and lengths[number, at] == left:
            left, start = left - 1, at + 1
        else:
            at = None
        chosen.append(at)
    return chosen
