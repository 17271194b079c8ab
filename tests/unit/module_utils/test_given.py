# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options count as given, and what no option takes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.model.given import (
    TO_DELETE,
    TO_MAKE,
    HasOptions,
    Use,
    check_given,
    refuse_unusable,
    validate,
    without_nulls,
)


class Thing(HasOptions):
    """A resource with an option of each kind."""

    def arguments(self) -> dict[str, Any]:
        select = {"tag": {"type": "list", "elements": "str"}, "pool": {"type": "str"}}
        return {
            "argument_spec": {
                "id": {"type": "str", "required": True, "aliases": ["name"]},
                "comment": {"type": "str"},
                "node": {"type": "str"},
                "count": {"type": "int", "default": 3},
                "rate": {"type": "float"},
                "members": {"type": "list", "elements": "str"},
                "vmid": {"type": "list", "elements": "int"},
                "include": {"type": "list", "elements": "str", "default": []},
                "argv": {"type": "list", "elements": "str"},
                "select": {"type": "dict", "options": select},
                "rules": {"type": "list", "elements": "dict", "options": {"source": {}, "comment": {}}},
                "data": {"type": "raw"},
                "unset": {"type": "list", "elements": "str"},
                "append": {"type": "bool", "default": False},
                "force": {"type": "bool", "default": False},
                "state": {"choices": ["present", "absent"], "default": "present"},
            },
            "required_one_of": [["node", "vmid"]],
        }

    def may_be_empty(self) -> Any:
        return {"comment", "members", "rules.comment", "argv[]"}

    def uses(self) -> dict[str, Any]:
        append = Use(never=("absent",), beside=("members",))
        return {"comment": TO_MAKE, "members": TO_MAKE, "append": append, "force": TO_DELETE}


THING = Thing()
GIVEN = {"id": "a", "node": "pve1"}


def checked(**given: Any) -> Any:
    result = validate(THING.arguments(), {**GIVEN, **given})
    assert not result.error_messages
    check_given(THING, result.validated_parameters)
    return result.validated_parameters


# --- null -------------------------------------------------------------------------------------------------------------


def test_null_is_not_given() -> None:
    assert validate(THING.arguments(), {**GIVEN, "node": None}).error_messages == [
        "one of the following is required: node, vmid"
    ]
    assert "missing required arguments: id" in validate(THING.arguments(), {**GIVEN, "id": None}).error_messages[0]
    assert (
        "missing required arguments: id" in validate(THING.arguments(), {"name": None, "node": "x"}).error_messages[0]
    )


def test_an_option_that_is_null_has_its_default() -> None:
    params = checked(count=None, state=None, force=None)
    assert (params["count"], params["state"], params["force"]) == (3, "present", False)


def test_null_is_not_given_in_suboptions_but_stays_in_what_is_free() -> None:
    given = {"select": {"tag": None, "pool": "p"}, "rules": [{"source": None}, None], "data": {"key": None}}
    assert without_nulls(THING.arguments()["argument_spec"], given) == {
        "select": {"pool": "p"},
        "rules": [{}, None],
        "data": {"key": None},
    }


def test_an_unknown_option_is_refused_even_if_it_is_null() -> None:
    assert "colour" in validate(THING.arguments(), {**GIVEN, "colour": None}).error_messages[0]


# --- empty ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"id": ""}, "id: must not be empty$"),
        ({"node": ""}, "node: must not be empty; leave it out"),
        ({"node": " \n"}, "node: must not be empty"),
        ({"vmid": []}, "vmid: must not be empty"),
        ({"include": [""]}, "include: must not be empty"),
        ({"include": ["a", ""]}, "include: has an empty item"),
        ({"members": ["a", " "]}, "members: has an empty item"),
        ({"argv": []}, "argv: must not be empty"),
        ({"argv": ["", " "]}, "argv: must not be empty"),
        ({"select": {}}, "select: must not be empty"),
        ({"select": {"tag": []}}, "select.tag: must not be empty"),
        ({"select": {"tag": [""]}}, "select.tag: must not be empty"),
        ({"select": {"pool": ""}}, "select.pool: must not be empty"),
        ({"rules": [{"source": "x"}, {"source": ""}]}, r"rules\[1\].source: must not be empty"),
        ({"data": {}}, "data: must not be empty"),
    ],
)
def test_what_is_empty_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        checked(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"comment": ""},
        {"members": []},
        {"members": [""]},
        {"argv": ["echo", ""]},
        {"rules": [{"source": "x", "comment": ""}]},
        {"include": []},
        {"unset": []},
        {"select": {"pool": "p"}},
        {"data": "0"},
        {"count": 0},
    ],
)
def test_what_says_something_by_being_empty_is_taken(given: dict[str, Any]) -> None:
    assert {name for name in given if checked(**given)[name] is None} == set()


# --- meaning nothing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"state": "absent", "comment": "x"}, "comment: means nothing with state: absent"),
        ({"state": "absent", "members": []}, "members: means nothing with state: absent"),
        ({"force": True}, "force: means nothing with state: present"),
        ({"append": True}, "append: means nothing without members"),
        ({"append": True, "members": ["a"], "state": "absent"}, "members: means nothing with state: absent"),
    ],
)
def test_what_means_nothing_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        checked(**given)


@pytest.mark.parametrize(
    "given", [{"append": True, "members": ["a"]}, {"state": "absent", "force": True}, {"force": False}]
)
def test_what_means_something_is_taken(given: dict[str, Any]) -> None:
    assert {name: checked(**given)[name] for name in given} == given


# --- what cannot be sent ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"count": 10**5000},
            "count: is a number beyond the limit, which is 18446744073709551615",
        ),
        (
            {"count": "9" * 5000},
            "count: is a number beyond the limit, which is 18446744073709551615",
        ),
        (
            {"vmid": ["100", "9" * 80]},
            "vmid: is a number beyond the limit, which is 18446744073709551615",
        ),
        (
            {"comment": "9" * 5000},
            "comment: is a number beyond the limit, which is 18446744073709551615",
        ),
        ({"rate": float("inf")}, "rate: inf is not a finite number"),
        ({"rate": "Infinity"}, "rate: 'Infinity' is not a finite number"),
        ({"rate": "nan"}, "rate: 'nan' is not a finite number"),
        ({"rate": "1e999"}, "rate: '1e999' is not a finite number"),
        ({"comment": "a\udc80"}, "comment: is not valid Unicode text"),
        ({"data": {"\udc80": 1}}, "data: is not valid Unicode text"),
        ({"data": [{"x": float("nan")}]}, "data: nan is not a finite number"),
    ],
)
def test_what_cannot_be_sent_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption, match=says) as error:
        refuse_unusable(THING.arguments()["argument_spec"], given)
    str(error.value).encode()


@pytest.mark.parametrize(
    "given", [{"count": "64"}, {"count": 2**64 - 1}, {"rate": "1e3"}, {"comment": "9" * 100}, {"comment": "Größe 😀"}]
)
def test_what_can_be_sent_is_taken(given: dict[str, Any]) -> None:
    refuse_unusable(THING.arguments()["argument_spec"], given)


@pytest.mark.parametrize("value", [5, True, 0.5, [5], [{"tag": "a"}, None]])
def test_a_scalar_in_place_of_suboptions_is_refused(value: Any) -> None:
    """ansible-core's validator breaks off with a TypeError there."""
    with pytest.raises(InvalidOption, match="in place of a dictionary of suboptions"):
        refuse_unusable(Thing().arguments()["argument_spec"], {"select": value})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"node": ["pve1", "pve2"]}, "node: takes a string, not a list"),
        ({"node": "['pve1', 'pve2']"}, "is not the name of a node"),
        ({"node": "pve 1"}, "node: 'pve 1' is not the name of a node"),
        ({"name": ["a"]}, "id: takes a string, not a list"),
        ({"comment": {"a": 1}}, "comment: takes a string, not a dictionary"),
        ({"select": {"pool": ["a"]}}, r"select\.pool: takes a string, not a list"),
        ({"rules": [{"source": ["10.0.0.1"]}]}, r"rules\.source: takes a string, not a list"),
    ],
)
def test_a_list_in_place_of_a_string_is_refused(given: dict[str, Any], says: str) -> None:
    """Ansible would make the string "['pve1', 'pve2']" of it."""
    with pytest.raises(InvalidOption, match=says):
        refuse_unusable(THING.arguments()["argument_spec"], given)


def test_an_endless_value_is_repeated_in_short() -> None:
    assert len(str(InvalidOption("id", f"{'9' * 70000!r} is wrong"))) < 5000
