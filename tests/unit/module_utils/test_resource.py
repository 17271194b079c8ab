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
    NotFound,
    WrongPathPart,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field, Fields
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.info import ListInfo
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.item import Item, Observed
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.singleton import Singleton
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


@pytest.mark.parametrize("part", ["", " ", ".", "..", "a/b", "../x", "a\\b", "a\nb", "a\x00", "\udc80"])
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
    assert "comment" in plan.steps[0].why
    assert "server" in plan.steps[0].why


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
    assert "s3cret" not in f"{plan.after} {plan.steps[0].why} {plan.steps[0].describe()}"


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
    assert step.describe() == {"method": "POST", "path": "/x", "params": {"a": 1, "password": HIDDEN}, "why": "make x"}
