# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.resources.firewall.edits import (
    plan_edits,
    staged,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.firewall.safety import Edit, Rule, Safety


def rule(action: str = "ACCEPT", enable: bool = True, type_: str = "in", **more: Any) -> dict[str, Any]:
    return {"type": type_, "action": action, "enable": enable, **more}


def frozen(one: Rule) -> frozenset[tuple[str, Any]]:
    return frozenset(one.items())


class Pve:
    """The list of rules as the API handles it: POST to the top, PUT with moveto or with new values, DELETE."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = [dict(one) for one in rules]
        self.states = [list(self.rules)]

    def do(self, edit: Edit) -> None:
        rules = self.rules
        if edit.kind == "insert":
            rules = [dict(edit.rule), *rules]
        elif edit.kind == "move":
            assert edit.target != edit.position
            moved, others = rules[edit.position], []
            for number, one in enumerate(rules):
                if number == edit.target:
                    others.append(moved)
                if number != edit.position:
                    others.append(one)
            rules = others + ([moved] if edit.target >= len(rules) else [])
        elif edit.kind == "update":
            rules = [dict(edit.rule) if number == edit.position else one for number, one in enumerate(rules)]
        else:
            assert edit.kind == "delete"
            rules = rules[: edit.position] + rules[edit.position + 1 :]
        self.rules = rules
        self.states.append(list(rules))


def decision(rules: Sequence[Rule], direction: str, port: int) -> str:
    """What happens to a packet: the first rule that is in force and fits decides."""
    for one in rules:
        if one["enable"] and one["type"] == direction and one.get("dport") in (None, port):
            return str(one["action"])
    return "policy"


RULES = st.builds(
    lambda type_, action, enable, dport, comment: rule(
        action, enable, type_, **({"dport": dport} if dport else {}), **({"comment": comment} if comment else {})
    ),
    st.sampled_from(["in", "in", "in", "out"]),
    st.sampled_from(["ACCEPT", "ACCEPT", "DROP"]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([None, 22, 80, 443]),
    st.sampled_from(["", "", "a", "b"]),
)
LISTS = st.lists(RULES, max_size=7)
FEW_KINDS = st.builds(  # so that most of them have twins, enabled and not
    rule, st.sampled_from(["ACCEPT", "DROP"]), st.sampled_from([True, True, False]), dport=st.sampled_from([22, 80])
)
TWINS = st.lists(FEW_KINDS, max_size=9)
A, B, C, D = (rule(dport=port) for port in (1, 2, 3, 4))
DROP = rule("DROP")


@given(LISTS | TWINS, LISTS | TWINS)
@example([rule("DROP", comment="a")] * 2, [rule("DROP"), rule(comment="a")])  # equal rules are never exchanged
@example(  # nor do rules that a comment distinguishes change places for ever
    [rule(dport=22, comment="b"), rule(dport=80, comment="b")], [rule(comment="b"), A, rule(comment="b")]
)
def test_the_result_equals_the_wish_and_planning_again_gives_the_rest(current: list[Rule], wanted: list[Rule]) -> None:
    edits = plan_edits(current, wanted)
    server = Pve(current)
    for number, edit in enumerate(edits):
        assert plan_edits(server.rules, wanted) == edits[number:]
        server.do(edit)
    assert server.rules == wanted
    assert plan_edits(server.rules, wanted) == []


@given(LISTS | TWINS, LISTS | TWINS)
@example([], [rule(), rule(enable=False), DROP, rule()])
@example([A, A, A], [A, {**A, "enable": False}, DROP, A])
def test_it_never_takes_more_calls_than_a_rewrite_that_is_as_safe(current: list[Rule], wanted: list[Rule]) -> None:
    """Such a rewrite creates every rule disabled at the top, puts them in force from the top on, and deletes the old ones."""
    in_force = sum(one["enable"] for one in wanted)
    assert len(plan_edits(current, wanted)) <= len(wanted) + in_force + len(current)


@given(LISTS | TWINS)
def test_a_list_that_is_there_takes_no_call(rules: list[Rule]) -> None:
    assert plan_edits(rules, rules) == []


@given(LISTS | TWINS, st.data())
def test_what_only_went_takes_one_call_each(rules: list[Rule], data: st.DataObject) -> None:
    kept = [one for one in rules if data.draw(st.booleans())]
    edits = plan_edits(rules, kept)
    assert len(edits) == len(rules) - len(kept)
    assert {edit.kind for edit in edits} <= {"delete"}


@given(st.permutations([A, B, C, D, DROP]))
def test_a_permutation_takes_only_as_many_moves_as_rules_are_out_of_order(wanted: list[Rule]) -> None:
    current: list[Rule] = [A, B, C, D, DROP]
    edits = plan_edits(current, wanted)
    order = [current.index(one) for one in wanted]
    increasing = [sub for size in range(6) for sub in combinations(order, size) if list(sub) == sorted(sub)]
    assert {edit.kind for edit in edits} <= {"move"}
    assert len(edits) == len(order) - max(map(len, increasing))


@given(LISTS | TWINS, LISTS | TWINS)
def test_a_rule_that_stays_is_never_missing(current: list[Rule], wanted: list[Rule]) -> None:
    server = Pve(current)
    for edit in plan_edits(current, wanted):
        server.do(edit)
    staying = Counter(map(frozen, current)) & Counter(map(frozen, wanted))
    for state in server.states:
        assert not staying - Counter(map(frozen, state))


@given(LISTS | TWINS, LISTS | TWINS)
@example([rule("DROP", dport=80), rule(comment="a")], [rule(enable=False, comment="a"), rule("DROP", dport=80)])
@example([A, DROP, B, C], [B, C, A, DROP])
def test_a_packet_always_meets_the_fate_of_the_old_or_the_new_list(current: list[Rule], wanted: list[Rule]) -> None:
    server = Pve(current)
    for edit in plan_edits(current, wanted):
        server.do(edit)
    for direction in ("in", "out"):
        for port in (22, 80, 443, 5900):
            fates = {decision(current, direction, port), decision(wanted, direction, port)}
            assert all(decision(state, direction, port) in fates for state in server.states)


@given(LISTS | TWINS, LISTS | TWINS)
def test_each_edit_is_judged_safe(current: list[Rule], wanted: list[Rule]) -> None:
    assert Safety(wanted).of_all(current, plan_edits(current, wanted))


@given(TWINS)
@example(
    [rule(), rule(enable=False), rule(comment="(not yet in force)"), rule(enable=False, comment="(not yet in force)")]
)
def test_what_waits_is_reported_from_all_that_is_wished(wanted: list[Rule]) -> None:
    forms = staged(wanted)
    assert not any(form["enable"] for form in forms)
    in_force = {frozen(one): frozen(form) for one, form in zip(wanted, forms, strict=True) if one["enable"]}
    assert len(set(in_force.values())) == len(in_force)
    assert not set(in_force.values()) & set(map(frozen, wanted))


@pytest.mark.parametrize(
    ("current", "wanted", "edits"),
    [
        ([A, DROP], [A, DROP], [Edit("move", 1, 0)]),  # then A would be cut
        ([DROP, A], [B], [Edit("delete", 0)]),
        ([DROP, A, rule()], [DROP], [Edit("move", 0, 3)]),  # all would be let through
        ([rule("DROP", dport=22), rule()], [rule("DROP")], [Edit("delete", 0)]),
        (
            [rule("DROP", dport=22), rule()],
            [rule("DROP", dport=23), DROP],
            [Edit("update", 0, rule=rule("DROP", dport=23))],
        ),
        ([A], [DROP, A], [Edit("insert", rule=rule("REJECT"))]),
        ([A, {**DROP, "enable": False}], [B, DROP], [Edit("update", 1, rule=DROP)]),
        ([rule("web", type_="group"), DROP], [DROP], [Edit("update", 0, rule=rule("mail", type_="group"))]),
    ],
)
def test_unsafe_edits_are_known(current: list[Rule], wanted: list[Rule], edits: list[Edit]) -> None:
    assert not Safety(wanted).of_all(current, edits)


DISTINCT = st.lists(st.sampled_from([22, 80, 443, 8006, 111, 5900]), unique=True, max_size=6)


@given(kept=DISTINCT, new=DISTINCT, data=st.data(), old=DISTINCT)
@example(kept=[], new=[22], data=None, old=[22])
def test_traffic_that_both_lists_let_through_is_never_cut(
    kept: list[int], new: list[int], data: st.DataObject | None, old: list[int]
) -> None:
    """The usual shape: what is accepted, then everything dropped; rules come, go, and get other comments."""
    current = [
        *(rule(dport=port, comment="kept") for port in kept),
        *(rule(dport=port, comment="old") for port in old),
        DROP,
    ]
    added = [rule(dport=port, comment="new") for port in new]
    staying = current[: len(kept)]
    wanted = [*(data.draw(st.permutations(staying + added)) if data else added), rule("DROP", comment="last")]
    server = Pve(current)
    for edit in plan_edits(current, wanted):
        server.do(edit)
    assert server.rules == wanted
    both = [port for port in range(22, 9000) if port in {*kept, *old} & {*kept, *new}]
    neither = [port for port in (22, 80, 443, 8006, 111, 5900) if port not in {*kept, *old, *new}]
    for state in server.states:
        assert all(decision(state, "in", port) == "ACCEPT" for port in both)
        assert all(decision(state, "in", port) == "DROP" for port in neither)


@pytest.mark.parametrize(
    ("current", "wanted", "kinds"),
    [
        ([], [A], ["insert"]),
        ([], [A, B, C], ["insert"] * 3),
        ([A, B, DROP], [A, B, C, DROP], ["insert", "move"]),
        ([A, B], [A, B, DROP], ["insert", "move", "update"]),
        ([A, B], [A, {**DROP, "enable": False}, B], ["insert", "move"]),
        ([A, B, C], [A, C], ["delete"]),
        ([A, B, C], [C, A, B], ["move"]),
        ([A, B], [A, {**B, "enable": False}], ["update"]),
        ([A, {**B, "comment": "web"}], [A, {**C, "comment": "web"}], ["update"]),
        ([A], [{**A, "comment": "x", "log": "info"}], ["update"]),
        ([A], [B], ["insert", "delete"]),
        ([A, DROP], [], ["delete", "delete"]),
    ],
)
def test_small_changes_take_few_calls(current: list[Rule], wanted: list[Rule], kinds: list[str]) -> None:
    assert [edit.kind for edit in plan_edits(current, wanted)] == kinds


def test_a_rule_that_decides_otherwise_waits_disabled() -> None:
    first, *_others, last = plan_edits([A], [A, DROP])
    assert first.rule == {**DROP, "enable": False}
    assert last == Edit("update", 1, rule=DROP)


def test_a_group_decides_nobody_knows_what() -> None:
    group = rule("web", type_="group")
    edits = plan_edits([A], [group, B, A])
    assert [edit.rule["enable"] for edit in edits if edit.kind == "insert"] == [False, True]


def test_many_rules_are_planned_in_time() -> None:
    many = [rule(dport=port) for port in range(300)]
    assert len(plan_edits(many, [*many[1:], many[0]])) == 1
