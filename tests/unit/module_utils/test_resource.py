# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of resources: the plans that they make, without a server."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    InvalidParameter,
    NotFound,
    Refused,
    WrongPathPart,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field, Fields
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.info import ListInfo
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.item import (
    BuiltIn,
    Item,
    Observed,
    Parent,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.members import Members
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.singleton import Singleton
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.type_rules import TypeRules
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN, Step, api_path, whole_part
from tests.unit.resources import fake

FIELDS = Fields([
    Field("comment", clear="empty"),
    Field("server"),
    Field("type", create_only=True),
    Field("enabled", api="enable", type="bool", default=True),
    Field("password", secret=True),
])  # fmt: skip
THING = Item("thing", "/things", Field("id"), FIELDS)
GIVEN = {"id": "a b", "state": "present", "update_password": "on_create"}


class Answers(fake.Server):
    """A reader that knows some answers, and answers everything else as PVE does."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(answers)

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        if path not in self.answers:
            raise NotFound("GET", path, 500, f"{path} does not exist")
        return self.answers[path]


def plan_of(item: Any, current: Any = None, **params: Any) -> Any:
    return item.plan(Observed(current), item.parse({**GIVEN, **params}))


def calls(plan: Any) -> list[Any]:
    return [(step.method, step.path, dict(step.params)) for step in plan.steps]


# --- items ------------------------------------------------------------------------------------------------------------


def test_ids_never_become_another_level_of_the_path() -> None:
    assert THING.path("a b") == "/things/a%20b"
    assert whole_part("local:iso/a b.iso") == "/local:iso%2Fa%20b.iso"


@pytest.mark.parametrize("part", ["", " ", ".", "..", "a/b", "../x", "a\\b", "a\nb", "a\x00", "\udc80", "ctü@pve"])
def test_what_is_no_id_is_refused_as_a_part_of_a_path(part: str) -> None:
    with pytest.raises(WrongPathPart, match="is not an id that the API takes"):
        api_path("nodes", part)


@pytest.mark.parametrize("part", ["", "..", "local:iso/../x", "local:iso//x", "/x", "x/", "local:iso/a\\b", "a/\udc80"])
def test_what_is_no_volume_is_refused_as_the_end_of_a_path(part: str) -> None:
    with pytest.raises(WrongPathPart):
        whole_part(part)


def test_creating_sends_only_what_was_given() -> None:
    plan = plan_of(THING, comment="", enabled=False, type="dir", password="s3cret")
    assert calls(plan) == [
        ("POST", "/things", {"id": "a b", "enable": 0, "type": "dir", "password": "s3cret"}),
    ]
    assert plan.before is None
    assert plan.after == {"id": "a b", "enabled": False, "type": "dir", "password": HIDDEN}


def test_updating_sends_only_what_differs() -> None:
    current = {"id": "a b", "comment": "old", "server": "s", "type": "dir"}
    plan = plan_of(THING, current, comment="new", server="", type="dir", enabled=True)
    assert calls(plan) == [("PUT", "/things/a%20b", {"comment": "new", "delete": "server"})]
    assert plan.before == current
    assert plan.after == {"id": "a b", "comment": "new", "type": "dir"}
    assert "comment" in plan.steps[0].summary
    assert "server" in plan.steps[0].summary


@pytest.mark.parametrize("params", [{}, {"comment": "old"}, {"enabled": True}, {"server": ""}, {"password": "x"}])
def test_nothing_to_do(params: dict[str, Any]) -> None:
    current = {"id": "a b", "comment": "old"}
    plan = plan_of(THING, current, **params)
    assert (plan.steps, plan.before, plan.after) == ((), current, current)


def test_secrets_are_pushed_when_creating_or_always_and_never_shown() -> None:
    plan = plan_of(THING, {"id": "a b"}, password="s3cret", update_password="always")
    assert calls(plan) == [("PUT", "/things/a%20b", {"password": "s3cret"})]
    assert plan.steps[0].describe()["params"] == {"password": HIDDEN}
    assert not plan.steps[0].verify
    assert "s3cret" not in f"{plan.after} {plan.steps[0].summary} {plan.steps[0].describe()}"


def test_a_secret_that_is_to_be_removed_needs_to_be_pushed() -> None:
    with pytest.raises(InvalidOption, match=r"password: .* removed only with update_password: always"):
        plan_of(THING, {"id": "a b"}, unset=["password"])
    plan = plan_of(THING, {"id": "a b"}, unset=["password"], update_password="always")
    assert calls(plan) == [("PUT", "/things/a%20b", {"delete": "password"})]


def test_what_is_fixed_at_creation_is_an_error_when_it_differs() -> None:
    with pytest.raises(InvalidOption, match=r"type: can be set only when the thing a b is created; it is 'dir' and "):
        plan_of(THING, {"id": "a b", "type": "dir"}, type="nfs")


def test_a_secret_that_is_fixed_at_creation_does_not_get_into_the_message() -> None:
    item = dataclasses.replace(THING, fields=Fields([Field("key", secret=True, create_only=True)]))
    with pytest.raises(InvalidOption) as refusal:
        plan_of(item, {"id": "a b"}, key="s3cret", update_password="always")
    assert "s3cret" not in str(refusal.value)


def test_deleting() -> None:
    assert calls(plan_of(THING, {"id": "a b"}, state="absent")) == [("DELETE", "/things/a%20b", {})]
    assert plan_of(THING, None, state="absent").steps == ()


def test_the_digest_that_was_read_guards_the_update() -> None:
    item = dataclasses.replace(THING, digest=True)
    desired = item.parse({**GIVEN, "comment": "new"})
    observed = item.read(Answers(**{"/things/a%20b": {"comment": "old", "digest": "f00"}}), desired)
    assert observed.state == {"id": "a b", "comment": "old"}
    assert calls(item.plan(observed, desired)) == [("PUT", "/things/a%20b", {"comment": "new", "digest": "f00"})]


def test_reading_an_item() -> None:
    desired = THING.parse(GIVEN)
    assert THING.read(Answers(), desired).state is None
    assert THING.read(Answers(**{"/things/a%20b": {"enable": "0"}}), desired).state == {"id": "a b", "enabled": False}


def test_a_new_item_has_to_have_what_it_needs() -> None:
    item = dataclasses.replace(THING, needed=("type", "server or comment"))
    with pytest.raises(InvalidOption, match="type: is needed to create thing a b"):
        plan_of(item, comment="x")
    with pytest.raises(InvalidOption, match="server or comment: is needed to create thing a b"):
        plan_of(item, type="dir", server="")
    assert plan_of(item, type="dir", comment="x").steps
    assert not plan_of(item, {"id": "a b", "type": "dir"}, server="").steps


def test_an_item_has_a_name() -> None:
    with pytest.raises(InvalidOption, match="id: must not be empty"):
        THING.parse({**GIVEN, "id": " "})


def test_the_options_of_an_item() -> None:
    spec = THING.arguments()["argument_spec"]
    assert spec["id"]["required"]
    assert spec["unset"] == {"type": "list", "elements": "str"}
    assert spec["update_password"]["choices"] == ["on_create", "always"]
    assert "unset" not in dataclasses.replace(THING, delete_keys=False).arguments()["argument_spec"]


def test_an_item_with_a_parent_is_where_the_task_says() -> None:
    parent = Parent({"zone": {"type": "str"}}, lambda params: params["zone"], lambda reader, zone: f"/zones/{zone}")
    item = dataclasses.replace(THING, parent=parent)
    assert "zone" in item.arguments()["argument_spec"]
    desired = item.parse({**GIVEN, "zone": "z", "comment": "new"})
    server = Answers(**{"/zones/z/things/a%20b": {"comment": "old"}})
    assert calls(item.plan(item.read(server, desired), desired)) == [
        ("PUT", "/zones/z/things/a%20b", {"comment": "new"})
    ]
    assert calls(item.plan(item.read(Answers(), desired), desired)) == [
        ("POST", "/zones/z/things", {"id": "a b", "comment": "new"})
    ]


def test_an_update_that_replaces_sends_all_that_stays() -> None:
    item = dataclasses.replace(THING, replaces=True)
    plan = plan_of(item, {"id": "a b", "comment": "old", "server": "s"}, comment="")
    assert calls(plan) == [("PUT", "/things/a%20b", {"server": "s"})]


def test_extra_options_are_passed_on_where_they_are_not_the_default() -> None:
    flag = {"type": "bool", "default": False}
    item = dataclasses.replace(THING, extra_options={"keep_data": flag}, passed_on={"keep_data": ("DELETE",)})
    present = {"id": "a b"}
    assert calls(plan_of(item, present, state="absent", keep_data=True)) == [
        ("DELETE", "/things/a%20b", {"keep-data": True})
    ]
    assert calls(plan_of(item, present, state="absent", keep_data=False)) == [("DELETE", "/things/a%20b", {})]
    assert calls(plan_of(item, present, comment="x", keep_data=True)) == [("PUT", "/things/a%20b", {"comment": "x"})]


@pytest.mark.parametrize(("changeable", "refused"), [(True, [{"state": "absent"}]), (False, [{"comment": "x"}])])
def test_what_comes_with_the_server_stays(changeable: bool, refused: list[dict[str, Any]]) -> None:
    own = BuiltIn("a b".__eq__, "{name} {key} is built in", changeable=changeable)
    item = dataclasses.replace(THING, built_in=own)
    for params in refused:
        with pytest.raises(Refused, match="thing a b is built in"):
            plan_of(item, {"id": "a b"}, **params)
    assert not plan_of(item, {"id": "a b"}).steps
    assert plan_of(item, {"id": "c"}, id="c", comment="x").steps


def test_a_secret_that_is_known_to_be_missing_is_sent() -> None:
    item = dataclasses.replace(THING, shown_secrets=("password",))
    missing = item.observe("a b", {})
    assert calls(plan_of(item, missing, password="s3cret")) == [("PUT", "/things/a%20b", {"password": "s3cret"})]
    there = item.observe("a b", {"password": "1"})
    assert there == {"id": "a b", "password": HIDDEN}
    assert not plan_of(item, there, password="s3cret").steps


def test_absence_may_be_an_error_of_the_key() -> None:
    item = dataclasses.replace(THING, absent="no such thing")
    wrong = InvalidParameter("GET", "/things/a%20b", 400, "no", {"id": "no such thing"})
    assert item.read(fake.Server({"/things/a%20b": wrong}), item.parse(GIVEN)) == Observed(None)
    with pytest.raises(InvalidParameter):
        THING.read(fake.Server({"/things/a%20b": wrong}), THING.parse(GIVEN))


RULES = TypeRules({"dir": ("path",), "nfs": ("server",)}, needed={"nfs": ("server",)}, fixed={"nfs": ("server",)})


@pytest.mark.parametrize(
    ("current", "wanted", "refusal"),
    [
        (None, {}, "type: is needed to create a thing"),
        (None, {"type": "nfs"}, "server: is needed to create a thing of type nfs"),
        (None, {"type": "dir", "server": "s"}, "server: belongs to type: nfs"),
        ({"type": "nfs", "server": "s"}, {"server": "t"}, "server: can be set only when the thing a b is created"),
        ({"type": "dir"}, {"server": "t"}, "server: belongs to type: nfs"),
    ],
)
def test_a_type_has_its_own_options(current: Any, wanted: dict[str, Any], refusal: str) -> None:
    item = dataclasses.replace(THING, types=RULES)
    with pytest.raises(InvalidOption, match=refusal):
        plan_of(item, current and {"id": "a b", **current}, **wanted)
    assert plan_of(item, type="plugin", server="s").steps  # of a plugin: the server knows


# --- members ----------------------------------------------------------------------------------------------------------

USERS = Members(Field("users", type="list", elements="str"))


@pytest.mark.parametrize(
    ("given", "append", "added", "dropped", "after"),
    [
        (None, False, [], [], ["a", "b"]),
        (["c", "b"], False, ["c"], ["a"], ["b", "c"]),
        (["c", "b"], True, ["c"], [], ["a", "b", "c"]),
        ([], False, [], ["a", "b"], []),
    ],
)
def test_members(given: Any, append: bool, added: list[str], dropped: list[str], after: list[str]) -> None:
    difference = USERS.difference({"users": ["a", "b"]}, USERS.parse({"users": given}), append=append)
    assert [list(difference.added), list(difference.dropped), list(difference.after)] == [added, dropped, after]
    assert bool(difference) == bool(added or dropped)


# --- singletons -------------------------------------------------------------------------------------------------------

OPTIONS = Singleton(
    "options",
    lambda desired: api_path("nodes", desired["node"], "config"),
    Fields(FIELDS[:2]),
    keys={"node": {"type": "str"}},
)


def test_a_singleton_is_only_ever_changed() -> None:
    desired = OPTIONS.parse({"node": "pve", "comment": "new", "unset": ["server"]})
    state = OPTIONS.read(Answers(**{"/nodes/pve/config": {"comment": "old", "server": "s"}}), desired)
    plan = OPTIONS.plan(state, desired)
    assert calls(plan) == [("PUT", "/nodes/pve/config", {"comment": "new", "delete": "server"})]
    assert plan.after == {"node": "pve", "comment": "new"}
    assert plan.after is not None
    assert OPTIONS.plan(dict(plan.after), desired).steps == ()


def test_a_singleton_without_options_reads_as_empty() -> None:
    assert OPTIONS.read(Answers(**{"/nodes/pve/config": None}), OPTIONS.parse({"node": "pve"})) == {"node": "pve"}


def test_a_singleton_has_no_secrets() -> None:
    with pytest.raises(TypeError, match="nothing says when to push it"):
        Singleton("broken", lambda desired: "/", FIELDS)


# --- listings ---------------------------------------------------------------------------------------------------------


def test_listings_are_sorted_filtered_and_canonical() -> None:
    listing = ListInfo("things", lambda desired: "/things", key="id", fields=FIELDS)
    reader = Answers(**{"/things": [{"id": "b", "enable": "0"}, {"id": "a", "extra": 1}]})
    assert listing.read(reader, listing.parse({})) == [{"id": "a", "extra": 1}, {"id": "b", "enabled": False}]
    assert listing.read(reader, listing.parse({"id": "b"})) == [{"id": "b", "enabled": False}]
    assert listing.read(reader, listing.parse({"id": "c"})) == []


def test_listings_plan_nothing() -> None:
    assert ListInfo("things", lambda desired: "/things").plan([], {}).steps == ()


# --- steps ------------------------------------------------------------------------------------------------------------


def test_a_step_hides_its_secrets() -> None:
    step = Step("POST", "/x", {"a": 1, "password": "p"}, "make x", frozenset({"password"}))
    assert step.describe() == {
        "method": "POST",
        "path": "/x",
        "params": {"a": 1, "password": HIDDEN},
        "summary": "make x",
    }
