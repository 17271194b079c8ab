# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields: rows that contradict themselves, wishes, what a server answered, and the parameters of a change."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field, Fields, update_params
from ansible_collections.pve.automation.plugins.module_utils._core.model.property_string import (
    BOOLEAN,
    Part,
    PropertyString,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.values import SizeText

AGENT = PropertyString(Part("enabled", BOOLEAN, default=False), Part("type"), default_key="enabled")
FIELDS = Fields([
    Field("comment", clear="empty"),
    Field("cores", type="int", default=1),
    Field("onboot", type="bool", default=False),
    Field("tags", type="list", elements="str"),
    Field("memory", codec=SizeText("M", bare=True)),
    Field("agent", type="raw", codec=AGENT),
    Field("kind", api="type", create_only=True, aliases=("sort",)),
    Field("password", secret=True),
    Field("pinned", clear="never"),
])  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"clear": "sometimes"}, "clear is"),
        ({"type": "list"}, "names its elements"),
        ({"elements": "str"}, "names its elements"),
        ({"secret": True, "default": "x"}, "a secret has no default"),
        ({"options": {}}, "only a dict has options"),
        ({"type": "raw"}, "needs a codec"),
    ],
)
def test_a_row_that_contradicts_itself_fails_at_import(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(TypeError, match=f"field broken: .*{reason}"):
        Field("broken", **row)


def test_names_stand_once_in_a_table() -> None:
    with pytest.raises(TypeError, match="same name: a"):
        Fields([Field("a"), Field("a", api="b")])
    with pytest.raises(TypeError, match="same api: a"):
        Fields([Field("a"), Field("b", api="a")])


def test_the_argument_spec_follows_from_the_rows() -> None:
    specs = FIELDS.specs()
    assert specs["kind"] == {"type": "str", "aliases": ["sort"]}
    assert specs["password"] == {"type": "str", "no_log": True}
    assert specs["tags"] == {"type": "list", "elements": "str"}
    assert Field("token_id").spec()["no_log"] is False
    assert Field("mode", required=True, choices=("a",)).spec() == {"type": "str", "choices": ["a"], "required": True}


def test_what_is_not_given_is_not_wished_and_zero_false_and_empty_are_values() -> None:
    assert FIELDS.parse({"comment": None, "cores": 0, "onboot": False, "tags": []}) == {
        "cores": 0,
        "onboot": False,
        "tags": "",
    }
    assert FIELDS.parse({"comment": "", "memory": "2G", "agent": "1"}) == {
        "comment": "",
        "memory": "2G",
        "agent": {"enabled": True},
    }
    assert FIELDS.parse({"tags": [""]}) == {"tags": ""}


def test_unset_removes() -> None:
    assert FIELDS.parse({"unset": ["cores", "tags"]}) == {"cores": "", "tags": ""}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"unset": ["nosuch"]}, "unset: 'nosuch' is not an option that can be removed"),
        ({"unset": ["cores"], "cores": 2}, "unset: 'cores' is also given a value"),
        ({"unset": ["sort"]}, "unset: 'sort' cannot be removed"),
        ({"unset": ["pinned"]}, "unset: 'pinned' cannot be removed"),
        ({"pinned": ""}, "pinned: must not be empty"),
        ({"memory": "much"}, "memory: 'much' is not a size such as 32G or 512M"),
        ({"agent": {"enabled": "1", "colour": "red"}}, "agent: unknown option colour; known are enabled, type"),
    ],
)
def test_a_wrong_wish_names_the_option(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption) as refusal:
        FIELDS.parse(params)
    assert str(refusal.value) == message


def test_what_the_server_answered_is_shown_canonically_without_secrets_and_foreign_keys() -> None:
    answer = {
        "comment": "",
        "cores": "4",
        "onboot": "1",
        "tags": " ",
        "memory": "2048",
        "agent": "1",
        "type": "x",
        "password": "secret",
        "digest": "0",
    }
    assert FIELDS.observe(answer) == {
        "cores": 4,
        "onboot": True,
        "memory": "2G",
        "agent": {"enabled": True},
        "kind": "x",
    }


def test_what_cannot_be_parsed_is_kept_and_a_wish_replaces_it() -> None:
    assert FIELDS.observe({"agent": "perhaps"}) == {"agent": "perhaps"}
    assert FIELDS.named("agent").differs("perhaps", {"enabled": True})
    assert update_params({"agent": {"enabled": True}}, FIELDS, {"agent": "perhaps"}) == {"agent": "1"}


@pytest.mark.parametrize(
    ("name", "current", "desired", "differs"),
    [
        ("comment", None, "", False),
        ("comment", "x", "", True),
        ("cores", None, 1, False),
        ("cores", None, 2, True),
        ("cores", 1, "", False),
        ("onboot", None, False, False),
        ("tags", ["a", "b"], ["a", "b"], False),
        ("tags", None, "", False),
        ("tags", ["a"], "", True),
        ("agent", None, {"enabled": False}, False),
        ("agent", None, {"enabled": True}, True),
        ("agent", {"enabled": True, "type": "x"}, {"enabled": True}, False),
        ("agent", {"enabled": True, "type": "x"}, {"type": ""}, True),
        ("agent", None, {"type": ""}, False),
        ("agent", {"enabled": True}, "", True),
    ],
)
def test_what_counts_as_a_difference(name: str, current: Any, desired: Any, differs: bool) -> None:
    assert FIELDS.named(name).differs(current, desired) is differs


def test_the_parameters_of_a_change() -> None:
    current = {"agent": {"enabled": True, "type": "x"}, "cores": 2, "tags": ["a"]}
    changes = {
        "comment": "",
        "cores": "",
        "onboot": True,
        "tags": "",
        "memory": "2G",
        "agent": {"type": "y"},
        "kind": "z",
    }
    assert update_params(changes, FIELDS, current) == {
        "comment": "",
        "onboot": 1,
        "memory": "2048",
        "agent": "1,type=y",
        "type": "z",
        "delete": "cores,tags",
    }


def test_a_property_string_without_sub_options_is_deleted() -> None:
    assert update_params({"agent": {"type": ""}}, FIELDS, {"agent": {"type": "x"}}) == {"delete": "agent"}
