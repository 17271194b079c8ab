# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of firewall rules: from an ordered list to another one by the calls that PVE has, without a dangerous moment.

PVE knows four edits: a new rule goes to the top, a rule moves in front of another one, a rule is changed where it stands, a
rule is deleted. Each of them takes effect at once, so every list in between must be safe:

- A rule that is in both lists is never missing and never disabled.
- A new rule is put in force only when nothing in the new list stands above it that could decide otherwise, or when all of
  these are in force already: until then it is created disabled.
- What is no longer wished goes last.

A plan is made edit by edit from the list that the edits before it leave behind. So planning again half-way gives the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Rule = Mapping[str, Any]
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


def plan_edits(current: Sequence[Rule], wished: Sequence[Rule]) -> list[Edit]:
    """The edits that turn one list into the other; none if they are equal."""
    rules, edits = list(current), []
    while (edit := next_edit(rules, wished)) is not None:
        edits.append(edit)
        rules = apply_edit(rules, edit)
    return edits


def next_edit(current: Sequence[Rule], wished: Sequence[Rule]) -> Edit | None:
    """The first edit on the way from one list to the other, None at its end."""
    owners = match(current, wished)
    missing = [number for number, owner in enumerate(owners) if owner is None]
    if missing:
        number = missing[-1]
        harmless = decides_as_all_above(wished, number)
        return Edit("insert", rule=wished[number] if harmless else {**wished[number], "enable": False})
    places = [owner for owner in owners if owner is not None]
    return (
        _next_move(current, places)
        or _next_update(current, wished, places)
        or next((Edit("delete", spare) for spare in range(len(current) - 1, -1, -1) if spare not in places), None)
    )


def _next_move(current: Sequence[Rule], places: Sequence[int]) -> Edit | None:
    """Put the first rule that is out of order behind the one that it has to follow."""
    staying = heaviest_increasing(places, [1 + 1 / (2 + len(places)) * bool(current[at]["enable"]) for at in places])
    for number, place in enumerate(places):
        if number not in staying:
            return Edit("move", place, places[number - 1] + 1 if number else 0)
    return None


def _next_update(current: Sequence[Rule], wished: Sequence[Rule], places: Sequence[int]) -> Edit | None:
    """Change the topmost rule that differs."""
    for rule, place in zip(wished, places, strict=True):
        if current[place] != rule:
            return Edit("update", place, rule=rule, old=current[place])
    return None


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


def match(current: Sequence[Rule], wished: Sequence[Rule]) -> list[int | None]:
    """For each wished rule the place of the present rule that becomes it: an equal one, or one that is changed.

    Changed is what differs only in being enabled, what has the same comment, or what differs only in how it is logged or
    commented.
    """
    owners: list[int | None] = [None] * len(wished)
    keys: list[Callable[[Rule], Any]] = [
        lambda rule: _key(rule, ()),
        lambda rule: _key(rule, ("enable",)),
        lambda rule: rule.get("comment"),
        lambda rule: _key(rule, DECORATION),
    ]
    for key in keys:
        free: dict[Any, list[int]] = {}
        taken = set(owners)
        # By content, not by place: so a move never changes which rule becomes which, and moving comes to an end.
        for place in sorted(range(len(current)), key=lambda place: sorted(map(str, current[place].items()))):
            if place not in taken:
                free.setdefault(key(current[place]), []).append(place)
        last = len(current)
        for number in reversed(range(len(wished))):  # new rules come from the last one on as well
            rule = wished[number]
            places = free.get(key(rule)) if owners[number] is None and key(rule) is not None else None
            if places:
                first = current[places[-1]]  # of rules that are equal, the one that stands above the rule after
                above = [place for place in places if place < last and current[place] == first]
                owners[number] = last = above[-1] if above else places[-1]
                places.remove(last)

    def twins(number: int, place: int) -> Any:
        """What tells copies of one rule that are all to be equal, whether they are in force yet or not."""
        key = _key(wished[number], ("enable",))
        wanted = {rule["enable"] for rule in wished if _key(rule, ("enable",)) == key}
        alike = len(wanted) == 1 and key == _key(current[place], ("enable",))
        return key if alike else number

    owners = _in_order(owners, twins)
    return _in_order(owners, lambda number, place: _key(current[place], ()))


def _in_order(owners: Sequence[int | None], group: Callable[[int, int], Any]) -> list[int | None]:
    """The owners with the places of each group given out in their order: other orders would be moves for nothing."""
    groups = [None if place is None else group(number, place) for number, place in enumerate(owners)]
    places: dict[Any, list[int]] = {}
    for place, name in sorted((place, number) for number, place in enumerate(owners) if place is not None):
        places.setdefault(groups[name], []).append(place)
    return [None if place is None else places[groups[number]].pop(0) for number, place in enumerate(owners)]


def _key(rule: Rule, without: Sequence[str]) -> frozenset[tuple[str, Any]]:
    return frozenset((name, value) for name, value in rule.items() if name not in without)


def heaviest_increasing(numbers: Sequence[int], weights: Sequence[float]) -> set[int]:
    """The indexes of the increasing subsequence of the greatest weight."""
    best: list[float] = []
    before: list[int | None] = []
    for index, number in enumerate(numbers):
        links = [other for other in range(index) if numbers[other] < number]
        link = max(links, key=lambda other: best[other], default=None)
        best.append(weights[index] + (0 if link is None else best[link]))
        before.append(link)
    at = max(range(len(best)), key=lambda index: best[index], default=None)
    chosen = set()
    while at is not None:
        chosen.add(at)
        at = before[at]
    return chosen
