# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, NotFound, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.realm import (
    FIELDS,
    REALM,
    REALM_INFO,
    REALM_SYNC,
    REALM_TYPES,
)
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/access/domains/corp"
LDAP = {
    "type": "ldap",
    "server1": "192.0.2.1",
    "base_dn": "dc=example,dc=org",
    "user_attr": "uid",
    "comment": "directory",
    "sync_attributes": "email=mail,firstname=givenName",
    "sync-defaults-options": "enable-new=1,remove-vanished=acl;entry,scope=users",
    "digest": "d1",
}
OPENID = {
    "type": "openid",
    "issuer-url": "https://id",
    "client-id": "ct",
    "client-key": "hush",
    "scopes": "openid email",
}


def server(answer: dict[str, Any] | None = None) -> Server:
    return Server({PATH: LDAP if answer is None else answer})


def changes(answer: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    found = calls(planned(REALM, server(answer), realm="corp", **given))
    return {name: value for name, value in found[0][2].items() if name != "digest"} if found else {}


def test_every_type_takes_known_options_only() -> None:
    known = {field.name for field in FIELDS}
    named = {name for needed, others in REALM_TYPES.values() for name in (*needed, *others)}
    assert named == known - {"type"}


def test_creation() -> None:
    plan = planned(
        REALM,
        Server(),
        realm="corp",
        type="ldap",
        server1="192.0.2.1",
        base_dn="dc=example,dc=org",
        user_attr="uid",
        password="hush",
        sync_attributes={"email": "mail"},
        sync_defaults_options={"scope": "users", "enable_new": False, "remove_vanished": ["entry", "acl"]},
        case_sensitive=False,
        check_connection=True,
    )
    assert calls(plan) == [
        (
            "POST",
            "/access/domains",
            {
                "realm": "corp",
                "type": "ldap",
                "server1": "192.0.2.1",
                "base_dn": "dc=example,dc=org",
                "user_attr": "uid",
                "password": "hush",
                "sync_attributes": "email=mail",
                "sync-defaults-options": "scope=users,enable-new=0,remove-vanished=acl;entry",
                "case-sensitive": 0,
                "check-connection": True,
            },
        )
    ]
    assert "hush" not in str([step.describe() for step in plan.steps]) + str(plan.after)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"type": "ldap", "comment": "directory", "password": "hush", "case_sensitive": True, "verify": False},
        {"sync_defaults_options": "scope=users,enable-new=1,remove-vanished=entry;acl"},
        {"sync_defaults_options": {"enable_new": True}},
        {"sync_attributes": {"firstname": "givenName"}},
    ],
)
def test_a_present_realm_takes_one_read_and_no_call(given: dict[str, Any]) -> None:
    present = server()
    assert not planned(REALM, present, realm="corp", **given).steps
    assert present.asked == [PATH]


@pytest.mark.parametrize("kind", [{"type": "ad", "domain": "corp.example"}, {"type": "ldap", "base_dn": "dc=x"}])
def test_defaults_that_the_server_does_not_tell_are_no_difference(kind: dict[str, Any]) -> None:
    stored = {**kind, "server1": "dc1", "user_attr": "uid"}
    assert not changes(stored, **kind, case_sensitive=True, verify=False, secure=False, default=False, comment="")
    assert changes(stored, case_sensitive=False) == {"case-sensitive": 0}
    assert not changes({**stored, "case-sensitive": 0}, case_sensitive=False)


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"comment": ""}, {"delete": "comment"}),
        ({"unset": ["comment", "sync_attributes"]}, {"delete": "comment,sync_attributes"}),
        (
            {"sync_defaults_options": {"enable_new": False}},
            {"sync-defaults-options": "enable-new=0,remove-vanished=acl;entry,scope=users"},
        ),
        ({"password": "hush", "update_password": "always"}, {"password": "hush"}),
        ({"user_classes": ["person", "user"]}, {"user_classes": "person,user"}),
    ],
)
def test_changes_take_one_call(given: dict[str, Any], params: dict[str, Any]) -> None:
    assert changes(**given) == params


def test_openid() -> None:
    assert changes(OPENID, scopes=["email", "openid"], query_userinfo=True) == {}
    assert changes(OPENID, autocreate=True) == {"autocreate": 1}
    assert "hush" not in str(planned(REALM, server(OPENID), realm="corp").after)
    with pytest.raises(InvalidOption, match="only when the realm corp is created"):
        changes(OPENID, username_claim="email")


@pytest.mark.parametrize(
    ("current", "given", "option"),
    [
        (None, {"server1": "s"}, "type"),
        (None, {"type": "ldap", "server1": "s", "user_attr": "uid"}, "base_dn"),
        (None, {"type": "openid", "issuer_url": "x", "client_id": "y", "server1": "s"}, "server1"),
        (LDAP, {"issuer_url": "x"}, "issuer_url"),
        (LDAP, {"type": "ad"}, "type"),
        (LDAP, {"server1": ""}, "server1"),
        (LDAP, {"sync_defaults_options": {"scope": "all"}}, "sync_defaults_options"),
        (LDAP, {"sync_attributes": "nonsense=x"}, "sync_attributes"),
    ],
)
def test_bad_input_names_the_option(current: dict[str, Any] | None, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(REALM, server(current) if current else Server(), realm="corp", **given)
    assert error.value.option == option


def test_built_in_realms_stay() -> None:
    there = Server({"/access/domains/pam": {"type": "pam"}})
    with pytest.raises(Refused, match="built in"):
        planned(REALM, there, realm="pam", state="absent")
    assert calls(planned(REALM, there, realm="pam", comment="x")) == [("PUT", "/access/domains/pam", {"comment": "x"})]


def test_deletion() -> None:
    assert calls(planned(REALM, server(), realm="corp", state="absent")) == [("DELETE", PATH, {})]
    assert not planned(REALM, Server(), realm="corp", state="absent").steps


def test_sync() -> None:
    plan = planned(REALM_SYNC, server(), realm="corp", enable_new=False, remove_vanished=["entry", "acl"])
    assert calls(plan) == [("POST", f"{PATH}/sync", {"enable-new": False, "remove-vanished": "acl;entry"})]
    assert plan.steps[0].starts_task
    assert plan.steps[0].changes


def test_a_dry_run_changes_nothing() -> None:
    plan = planned(REALM_SYNC, server(), realm="corp", dry_run=True, scope="both")
    assert calls(plan) == [("POST", f"{PATH}/sync", {"scope": "both", "dry-run": True})]
    assert not plan.steps[0].changes


@pytest.mark.parametrize(
    ("answer", "given", "option"),
    [
        (OPENID, {"scope": "users"}, "realm"),
        ({**LDAP, "sync-defaults-options": ""}, {}, "scope"),
        (LDAP, {"remove_vanished": ["none", "acl"]}, "remove_vanished"),
    ],
)
def test_bad_syncs_name_the_option(answer: dict[str, Any], given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(REALM_SYNC, server(answer), realm="corp", **given)
    assert error.value.option == option


def test_sync_of_an_absent_realm() -> None:
    with pytest.raises(NotFound):
        planned(REALM_SYNC, Server(), realm="corp")


def test_info() -> None:
    there = Server(
        {"/access/domains": [{"realm": "pve", "type": "pve"}, {"realm": "corp", "type": "ldap", "default": 1}]}
    )
    listed = REALM_INFO.read(there, REALM_INFO.parse(options(REALM_INFO)))
    assert listed == [{"realm": "corp", "type": "ldap", "default": True}, {"realm": "pve", "type": "pve"}]
