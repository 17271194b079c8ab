# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    NotFound,
    PermissionDenied,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.token import TOKEN, TOKEN_INFO
from tests.unit.resources.fake import Server, calls, options, planned

USER = "/access/users/alice@pve"
PATH = f"{USER}/token/t1"
T1 = {"comment": "a token", "expire": 1999999999, "privsep": 1}
ACL_ROWS = [
    {"path": "/vms", "type": "token", "ugid": "alice@pve!t1", "roleid": "PVEVMUser", "propagate": 1},
    {"path": "/", "type": "token", "ugid": "alice@pve!t1", "roleid": "PVEAuditor", "propagate": 0},
    {"path": "/", "type": "token", "ugid": "alice@pve!t2", "roleid": "PVEAuditor", "propagate": 1},
    {"path": "/", "type": "user", "ugid": "alice@pve", "roleid": "PVEAdmin", "propagate": 1},
]


def server(release: tuple[int, int] = (9, 2), **changed: Any) -> Server:
    return Server({PATH: {**T1, **changed}, "/access/acl": ACL_ROWS}, release)


def test_creation_returns_the_secret_once() -> None:
    plan = planned(TOKEN, Server(), tokenid="alice@pve!t1", comment="x", privsep=False)
    assert calls(plan) == [("POST", PATH, {"comment": "x", "privsep": 0})]
    step = plan.steps[0]
    assert step.returns == {"token_secret": "value"}
    assert not step.repeatable
    assert plan.after == {
        "userid": "alice@pve", "tokenid": "t1", "full_tokenid": "alice@pve!t1", "comment": "x", "privsep": False
    }  # fmt: skip


def test_a_token_of_a_user_that_does_not_exist_is_refused_as_such() -> None:
    refusal = PermissionDenied("GET", PATH, 403, "Permission check failed")
    nobody = Server({PATH: refusal})
    with pytest.raises(InvalidOption, match=r"^userid: user 'alice@pve' does not exist\. Create it by pve_user"):
        planned(TOKEN, nobody, tokenid="alice@pve!t1")
    assert calls(planned(TOKEN, nobody, tokenid="alice@pve!t1", state="absent")) == []


@pytest.mark.parametrize("user", [{"enable": 1}, PermissionDenied("GET", USER, 403, "Permission check failed")])
def test_a_token_that_may_not_be_read_is_a_matter_of_rights(user: Any) -> None:
    refusal = PermissionDenied("GET", PATH, 403, "Permission check failed")
    with pytest.raises(PermissionDenied):
        planned(TOKEN, Server({PATH: refusal, USER: user}), tokenid="alice@pve!t1")


@pytest.mark.parametrize("present", [server(), Server()])
def test_an_expiry_in_the_past_is_refused(present: Server) -> None:
    with pytest.raises(InvalidOption, match="expire: is in the past"):
        planned(TOKEN, present, tokenid="alice@pve!t1", expire="2020-01-31")


@pytest.mark.parametrize("given", [{}, {"comment": "a token", "privsep": True, "expire": "1999999999"}])
def test_a_present_token_takes_one_read_and_no_call(given: dict[str, Any]) -> None:
    present = server()
    assert not planned(TOKEN, present, userid="alice@pve", tokenid="t1", **given).steps
    assert present.asked == [PATH]


def test_changes_take_one_call() -> None:
    plan = planned(TOKEN, server(), userid="alice@pve", tokenid="t1", comment="", privsep=False, expire=0)
    assert calls(plan) == [("PUT", PATH, {"delete": "comment", "privsep": 0, "expire": 0})]
    assert plan.steps[0].returns == {}


def test_an_old_server_clears_a_comment_by_a_blank() -> None:
    plan = planned(TOKEN, server((8, 4)), userid="alice@pve", tokenid="t1", comment="")
    assert calls(plan) == [("PUT", PATH, {"comment": " "})]
    assert plan.after is not None
    assert "comment" not in plan.after


def test_clearing_what_is_clear_takes_one_read() -> None:
    present = Server({PATH: {"privsep": 1, "expire": 0}})
    assert not planned(TOKEN, present, userid="alice@pve", tokenid="t1", comment="").steps
    assert present.asked == [PATH]


def test_a_period_counts_from_the_creation() -> None:
    created = planned(TOKEN, Server(), tokenid="alice@pve!t1", expire="90d").after
    assert created is not None
    again = planned(TOKEN, server(expire=created["expire"]), tokenid="alice@pve!t1", expire="90d")
    assert not again.steps
    assert not planned(TOKEN, server(expire=1), tokenid="alice@pve!t1", expire="90d").steps


def test_renew_before_gives_a_token_that_runs_out_more_time() -> None:
    plan = planned(TOKEN, server(expire=1), tokenid="alice@pve!t1", expire="90d", renew_before="14d")
    assert [set(params) for _method, _path, params in calls(plan)] == [{"expire"}]


def test_regenerate_in_place() -> None:
    plan = planned(TOKEN, server(), tokenid="alice@pve!t1", regenerate=True, comment="new")
    assert calls(plan) == [("PUT", PATH, {"comment": "new", "regenerate": True})]
    step = plan.steps[0]
    assert (step.returns, step.repeatable, step.verify) == ({"token_secret": "value"}, False, True)
    second = planned(TOKEN, server(comment="new"), tokenid="alice@pve!t1", regenerate=True, comment="new")
    assert [step.verify for step in second.steps] == [False]


def test_regenerate_starts_the_period_again() -> None:
    plan = planned(TOKEN, server(expire=1), tokenid="alice@pve!t1", regenerate=True, expire="90d")
    assert plan.steps[0].params["expire"] > 1


def test_regenerate_on_an_old_server_keeps_properties_and_roles() -> None:
    plan = planned(TOKEN, server((8, 4)), tokenid="alice@pve!t1", regenerate=True)
    tokens = "alice@pve!t1"
    assert calls(plan) == [
        ("DELETE", PATH, {}),
        ("POST", PATH, {"comment": "a token", "expire": 1999999999, "privsep": 1}),
        ("PUT", "/access/acl", {"path": "/", "roles": "PVEAuditor", "tokens": tokens, "propagate": False}),
        ("PUT", "/access/acl", {"path": "/vms", "roles": "PVEVMUser", "tokens": tokens, "propagate": True}),
    ]
    assert [step.verify for step in plan.steps] == [False] * 4
    assert plan.before == plan.after


def test_roles_are_not_forgotten_when_the_deletion_ends_unclear() -> None:
    """The engine reads and plans again; by then the token and its entries are gone."""
    old = server((8, 4))
    desired = TOKEN.parse(options(TOKEN, tokenid="alice@pve!t1", regenerate=True))
    desired = TOKEN.remember(TOKEN.read(old, desired), desired)
    old.answers = {"/access/acl": [], PATH: NotFound("GET", PATH, 500, "no such token")}
    plan = TOKEN.plan(TOKEN.read(old, desired), desired)
    assert [method for method, _path, _params in calls(plan)] == ["POST", "PUT", "PUT"]


def test_regenerating_an_absent_token_creates_it() -> None:
    assert calls(planned(TOKEN, Server(), tokenid="alice@pve!t1", regenerate=True)) == [("POST", PATH, {})]


def test_deletion() -> None:
    assert calls(planned(TOKEN, server(), tokenid="alice@pve!t1", state="absent")) == [("DELETE", PATH, {})]
    assert not planned(TOKEN, Server(), tokenid="alice@pve!t1", state="absent").steps


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"tokenid": "t1"}, "userid"),
        ({"tokenid": "bob@pve!t1", "userid": "alice@pve"}, "tokenid"),
        ({"tokenid": "t", "userid": "alice@pve"}, "tokenid"),
        ({"tokenid": "1t", "userid": "alice@pve"}, "tokenid"),
        ({"tokenid": "t1", "userid": "alice"}, "userid"),
        ({"tokenid": "alice@pve!t1", "renew_before": "14d"}, "renew_before"),
        ({"tokenid": "alice@pve!t1", "renew_before": "soon", "expire": "90d"}, "renew_before"),
        ({"tokenid": "alice@pve!t1", "expire": "tomorrow"}, "expire"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        TOKEN.parse(options(TOKEN, **given))
    assert error.value.option == option


@pytest.mark.parametrize("login", [{"api_token_id": "alice@pve!t1"}, {"api_user": "alice@pve", "api_token_id": "t1"}])
@pytest.mark.parametrize("given", [{"regenerate": True}, {"state": "absent"}])
def test_a_token_does_not_lock_itself_out(login: dict[str, str], given: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="logs in with"):
        TOKEN.parse({**options(TOKEN, tokenid="alice@pve!t1", **given), **login})
    assert TOKEN.parse({**options(TOKEN, tokenid="alice@pve!t2", **given), **login})
    assert TOKEN.parse({**options(TOKEN, tokenid="alice@pve!t1", comment="x"), **login})


def test_info_lists_the_tokens_of_a_user() -> None:
    rows = Server({"/access/users/alice@pve/token": [{"tokenid": "t2", "privsep": 0, "expire": 0}, {"tokenid": "t1"}]})
    listed = TOKEN_INFO.read(rows, TOKEN_INFO.parse(options(TOKEN_INFO, userid="alice@pve")))
    assert [row["full_tokenid"] for row in listed] == ["alice@pve!t1", "alice@pve!t2"]
    assert listed[1]["privsep"] is False
