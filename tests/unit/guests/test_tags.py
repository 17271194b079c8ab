# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags that are added to those of a guest, or taken away."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from tests.unit.guests.fake import GuestServer
from tests.unit.resources.fake import calls, planned

CONFIG = "/nodes/pve1/qemu/9001/config"


def plan_of(tags: str | None, **given: Any) -> Any:
    config = {"name": "web", **({"tags": tags} if tags else {})}
    return planned(VM, GuestServer({"qemu/9001": config}), vmid=9001, node="pve1", **given)


@pytest.mark.parametrize(
    ("present", "given", "sent"),
    [
        ("a;b", {"add_tags": ["C"]}, {"tags": "a;b;c"}),
        ("a;b", {"add_tags": ["c"], "remove_tags": ["A", "x"]}, {"tags": "b;c"}),
        (None, {"add_tags": ["c"]}, {"tags": "c"}),
        ("a", {"remove_tags": ["a"]}, {"delete": "tags"}),
    ],
)
def test_single_tags_change_and_others_stay(present: str | None, given: dict[str, Any], sent: dict[str, str]) -> None:
    assert calls(plan_of(present, **given)) == [("PUT", CONFIG, {**sent, "digest": "d1"})]


@pytest.mark.parametrize(
    ("present", "given"),
    [
        ("a;b", {"add_tags": ["b"]}),
        ("a", {"remove_tags": ["b"]}),
        (None, {"remove_tags": ["b"]}),
        ("a", {"add_tags": []}),
    ],
)
def test_what_is_so_already_changes_nothing(present: str | None, given: dict[str, Any]) -> None:
    assert not plan_of(present, **given).steps


def test_a_new_guest_has_the_tags_that_are_added() -> None:
    plan = planned(VM, GuestServer(), vmid=9001, node="pve1", name="web", add_tags=["b", "a"], remove_tags=["c"])
    assert plan.steps[0].params["tags"] == "a;b"


def test_a_clone_keeps_the_tags_of_its_source() -> None:
    server = GuestServer({"qemu/9001": {"name": "web", "tags": "a"}})
    plan = planned(VM, server, vmid=9002, node="pve1", name="copy", clone="9001", add_tags=["b"])
    assert (plan.after or {})["tags"] == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"add_tags": ["a"], "remove_tags": ["A"]}, "remove_tags: a is also in add_tags"),
        ({"add_tags": ["ä"]}, "add_tags: 'ä' is not a tag"),
    ],
)
def test_tags_that_cannot_be_meant(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        plan_of("a", **given)
