# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.group import GROUP, GROUP_INFO
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/access/groups/ops"


def server(**more: Any) -> Server:
    return Server({PATH: {"comment": "Operators", "members": ["b@pve", "a@pve"]}, **more})


def test_creation_with_members() -> None:
    plan = planned(GROUP, Server(), groupid="ops", comment="Operators", members=["a@pve"])
    assert calls(plan) == [
        ("POST", "/access/groups", {"groupid": "ops", "comment": "Operators"}),
        ("PUT", "/access/users/a@pve", {"groups": "ops", "append": True}),
    ]
    assert plan.after == {"groupid": "ops", "comment": "Operators", "members": ["a@pve"]}


@pytest.mark.parametrize("given", [{}, {"comment": "Operators"}, {"members": ["a@pve", "b@pve"]}])
def test_a_present_group_takes_one_read_and_no_call(given: dict[str, Any]) -> None:
    present = server()
    assert not planned(GROUP, present, groupid="ops", **given).steps
    assert present.asked == [PATH]


def test_the_comment_is_updated_and_cleared() -> None:
    for comment in ("Other", ""):
        assert calls(planned(GROUP, server(), groupid="ops", comment=comment)) == [("PUT", PATH, {"comment": comment})]


def test_who_is_not_listed_leaves_but_keeps_the_other_groups() -> None:
    present = server(**{"/access/users/b@pve": {"groups": ["ops", "dev", "audit"]}})
    plan = planned(GROUP, present, groupid="ops", members=["c@pve", "a@pve"])
    assert calls(plan) == [
        ("PUT", "/access/users/c@pve", {"groups": "ops", "append": True}),
        ("PUT", "/access/users/b@pve", {"groups": "audit,dev"}),
    ]
    assert plan.after is not None
    assert plan.after["members"] == ["a@pve", "c@pve"]


def test_append_takes_nobody_out() -> None:
    plan = planned(GROUP, server(), groupid="ops", members=["c@pve"], append=True)
    assert calls(plan) == [("PUT", "/access/users/c@pve", {"groups": "ops", "append": True})]
    assert plan.after is not None
    assert plan.after["members"] == ["a@pve", "b@pve", "c@pve"]


def test_deletion() -> None:
    assert calls(planned(GROUP, server(), groupid="ops", members=["c@pve"], state="absent")) == [("DELETE", PATH, {})]
    assert not planned(GROUP, Server(), groupid="ops", state="absent").steps


@pytest.mark.parametrize(
    ("given", "option"), [({"groupid": "a b"}, "groupid"), ({"groupid": "ops", "members": ["root"]}, "members")]
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        GROUP.parse(options(GROUP, **given))
    assert error.value.option == option


def test_info() -> None:
    rows = [{"groupid": "ops", "users": "b@pve,a@pve", "comment": "x"}, {"groupid": "dev", "users": ""}]
    listed = GROUP_INFO.read(Server({"/access/groups": rows}), GROUP_INFO.parse({"groupid": None}))
    assert listed == [
        {"groupid": "dev", "members": []},
        {"groupid": "ops", "comment": "x", "members": ["a@pve", "b@pve"]},
    ]
