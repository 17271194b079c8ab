# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.user import USER, USER_INFO
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/access/users/alice@pve"
ALICE = {
    "enable": 1,
    "expire": 0,
    "email": "",
    "comment": "Tester, the",
    "groups": ["ops", "dev"],
    "tokens": {"t1": {"expire": 0, "privsep": 1}},
}


REALMS = [{"realm": "pam", "type": "pam"}, {"realm": "pve", "type": "pve"}, {"realm": "corp", "type": "ldap"}]
EXISTING: dict[str, Any] = {
    "/access/domains": REALMS,
    **{f"/access/groups/{name}": {"members": []} for name in ("dev", "new", "ops")},
}


def server(**changed: Any) -> Server:
    return Server({PATH: {**ALICE, **changed}, **EXISTING})


@pytest.mark.parametrize("expire", ["2020-01-31", "0d", "1"])
@pytest.mark.parametrize("present", [server(), Server()])
def test_an_expiry_in_the_past_is_refused(present: Server, expire: str) -> None:
    with pytest.raises(InvalidOption, match=r"expire: is in the past\. To lock a user out, set enable: false"):
        planned(USER, present, userid="alice@pve", expire=expire)


def test_an_expiry_that_has_passed_meanwhile_stays() -> None:
    assert not planned(USER, server(expire=5), userid="alice@pve", expire="5").steps


def test_creation_sends_what_was_given_and_nothing_else() -> None:
    plan = planned(USER, Server(EXISTING), userid="alice@pve", password="secret-1", groups=["ops", "dev"], comment="x")
    assert calls(plan) == [
        (
            "POST",
            "/access/users",
            {"userid": "alice@pve", "password": "secret-1", "groups": "dev,ops", "comment": "x"},
        )
    ]
    assert "secret-1" not in str([step.describe() for step in plan.steps]) + str(plan.after)


@pytest.mark.parametrize("present", [server(), Server(EXISTING)])
def test_a_group_that_does_not_exist_is_refused(present: Server) -> None:
    with pytest.raises(InvalidOption, match=r"groups: group 'opps' does not exist\. Create it by pve_group"):
        planned(USER, present, userid="alice@pve", groups=["dev", "opps"])


def test_a_present_user_takes_one_read_and_no_call() -> None:
    present = server()
    plan = planned(
        USER,
        present,
        userid="alice@pve",
        comment="Tester, the ",
        email="",
        enable=True,
        expire="never",
        groups=["dev", "ops", "dev"],
        password="secret-1",
        keys="abc",
    )
    assert not plan.steps
    assert present.asked == [PATH]


def test_what_is_not_given_is_not_touched() -> None:
    assert not planned(USER, server(enable=0, expire=1999999999), userid="alice@pve").steps


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"comment": ""}, {"comment": ""}),
        ({"unset": ["comment"]}, {"comment": ""}),
        ({"enable": False}, {"enable": 0}),
        ({"expire": "1999999999"}, {"expire": 1999999999}),
        ({"groups": ["ops"]}, {"groups": "ops"}),
        ({"groups": []}, {"groups": ""}),
        ({"groups": ["new", "ops"], "append": True}, {"groups": "new", "append": True}),
        ({"keys": "abc", "update_password": "always"}, {"keys": "abc"}),
    ],
)
def test_changes_take_one_call(given: dict[str, Any], params: dict[str, Any]) -> None:
    assert calls(planned(USER, server(), userid="alice@pve", **given)) == [("PUT", PATH, params)]


def test_appending_what_is_there_needs_no_call() -> None:
    assert not planned(USER, server(), userid="alice@pve", groups=["ops"], append=True).steps
    assert not planned(USER, server(), userid="alice@pve", groups=[], append=True).steps


def test_zero_is_a_value() -> None:
    assert calls(planned(USER, server(expire=5), userid="alice@pve", expire=0)) == [("PUT", PATH, {"expire": 0})]


def test_an_expiry_that_is_never_is_cut_by_a_period() -> None:
    plan = planned(USER, server(), userid="alice@pve", expire="90d")
    assert plan.steps
    assert plan.after is not None
    again = planned(USER, server(expire=plan.after["expire"]), userid="alice@pve", expire="90d")
    assert not again.steps


def test_the_password_is_set_only_when_asked() -> None:
    plan = planned(USER, server(), userid="alice@pve", password="secret-1", update_password="always", comment="new")
    assert calls(plan) == [
        ("PUT", PATH, {"comment": "new"}),
        ("PUT", "/access/password", {"userid": "alice@pve", "password": "secret-1"}),
    ]
    assert "secret-1" not in str([step.describe() for step in plan.steps]) + str(plan.after)
    assert [step.verify for step in plan.steps] == [True, False]


def test_others_than_root_confirm_with_their_own_password() -> None:
    given = options(USER, userid="alice@pve", password="secret-1", update_password="always")
    desired = USER.parse({**given, "api_user": "bob@pve", "api_password": "own-pass"})
    step = USER.plan(USER.read(server(), desired), desired).steps[0]
    assert step.params["confirmation-password"] == "own-pass"
    assert "own-pass" not in str(step.describe())


def test_a_token_cannot_change_a_password() -> None:
    given = options(USER, userid="alice@pve", password="secret-1", update_password="always")
    desired = USER.parse({**given, "api_token_id": "bob@pve!t1"})
    with pytest.raises(InvalidOption, match="update_password"):
        USER.plan(USER.read(server(), desired), desired)


def test_deletion() -> None:
    assert calls(planned(USER, server(), userid="alice@pve", state="absent")) == [("DELETE", PATH, {})]
    assert not planned(USER, Server(), userid="alice@pve", state="absent").steps


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"userid": "alice"}, "userid"),
        ({"userid": "a b@pve"}, "userid"),
        ({"userid": "alice@pve", "expire": "soon"}, "expire"),
        ({"userid": "alice@pve", "expire": "9" * 20}, "expire"),
        ({"userid": "alice@pve", "password": ""}, "password"),
        ({"userid": "alice@pve", "keys": ""}, "keys"),
        ({"userid": "alice@pve", "unset": ["enable"]}, "unset"),
        ({"userid": "alice@pve", "unset": ["nonsense"]}, "unset"),
        ({"userid": "alice@pve", "unset": ["comment"], "comment": "x"}, "unset"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        USER.parse(options(USER, **given))
    assert error.value.option == option


def test_info_shows_neither_keys_nor_raw_values() -> None:
    rows = [
        {
            "userid": "b@pve",
            "enable": 1,
            "expire": 0,
            "groups": "y,x",
            "tokens": None,
            "keys": "hush",
            "realm-type": "pve",
        }
    ]
    listed = USER_INFO.read(Server({"/access/users": rows}), USER_INFO.parse({"userid": None}))
    assert listed == [
        {"userid": "b@pve", "enable": True, "expire": 0, "groups": ["x", "y"], "tokens": [], "realm-type": "pve"}
    ]


@pytest.mark.parametrize(
    ("userid", "message"),
    [
        ("bob@nosuch", "userid: realm 'nosuch' does not exist. The realms are corp, pam, pve."),
        ("bob@corp", "password: cannot be set in realm 'corp', which is of type ldap"),
    ],
)
def test_a_password_needs_a_realm_that_keeps_it(userid: str, message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        planned(USER, Server(EXISTING), userid=userid, password="secret-1")
    server = Server(EXISTING)
    assert planned(USER, server, userid=userid).steps
    assert "/access/domains" not in server.asked
