# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of users, groups, roles and access control lists that the login could not take back."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.acl import ACL
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.group import GROUP
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.role import ROLE
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.token import TOKEN
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.user import USER
from tests.unit.resources.fake import Server, options, planned

ME, TOKENID = "me@pve", "me@pve!ansible"
ADMIN = {"propagate": 1, "roleid": "Admin"}
BY_USER = {"path": "/", "type": "user", "ugid": ME, **ADMIN}
BY_GROUP = {"path": "/", "type": "group", "ugid": "admins", **ADMIN}
BY_TOKEN = {"path": "/", "type": "token", "ugid": TOKENID, **ADMIN}
Row = dict[str, Any]


class Site(Server):
    """A server on which the user me@pve has its rights by these entries."""

    def __init__(self, *entries: Row, token: bool = False, privsep: int = 0, root: bool = False) -> None:
        privileges = "Permissions.Modify,User.Modify,Group.Allocate,Sys.Modify,VM.Audit"
        me = {"userid": ME, "groups": "admins", "tokens": [{"tokenid": "ansible", "privsep": privsep}]}
        super().__init__(
            {
                "/access/users": [me],
                f"/access/users/{ME}": {"groups": ["admins"], "enable": 1},
                "/access/users/other@pve": {"groups": ["admins"], "enable": 1},
                "/access/users/root@pam": {"enable": 1},
                f"/access/users/{ME}/token/ansible": {"privsep": privsep},
                "/access/roles": [{"roleid": "Admin", "privs": privileges}, {"roleid": "NoAccess", "privs": ""}],
                "/access/roles/Admin": dict.fromkeys(privileges.split(","), 1),
                "/access/roles/Administrator": dict.fromkeys([*privileges.split(","), "VM.Clone"], 1),
                "/access/groups/admins": {"members": [ME, "other@pve"]},
                "/access/acl": list(entries),
            }
        )
        self.connection = Connection(user="root@pam") if root else Connection(user=ME)
        if token:
            self.connection = Connection(token=TOKENID)


def acl(site: Site, **options: Any) -> Plan:
    return planned(ACL, site, **{"path": "/", **options})


def revoked(**subjects: Any) -> dict[str, Any]:
    return {"roles": ["Admin"], "state": "absent", **subjects}


@pytest.mark.parametrize(
    ("site", "wanted"),
    [
        (Site(BY_USER), revoked(users=[ME])),
        (Site(BY_USER), {"users": ["other@pve"], "roles": ["Admin"], "exclusive": True}),
        (Site(BY_USER), {"exclusive": True}),
        (Site(BY_USER), {"users": [ME], "roles": ["Admin"], "propagate": False}),
        (Site(BY_USER), {"path": "/access", "users": [ME], "roles": ["NoAccess"]}),
        (Site(BY_GROUP), revoked(groups=["admins"])),
        (Site(BY_GROUP), {"users": [ME], "roles": ["NoAccess"]}),
        (Site(BY_USER, token=True), revoked(users=[ME])),
        (Site(BY_USER, BY_TOKEN, token=True, privsep=1), revoked(tokens=[TOKENID])),
        (Site(BY_USER, BY_TOKEN, token=True, privsep=1), revoked(users=[ME])),
    ],
)
def test_own_entries_are_kept(site: Site, wanted: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"Permissions\.Modify on /") as error:
        acl(site, **wanted)
    assert "allow_lockout" in error.value.hint
    assert acl(site, **wanted, allow_lockout=True).steps


@pytest.mark.parametrize(
    ("site", "wanted"),
    [
        (Site(BY_USER, BY_GROUP), revoked(users=[ME])),  # the group's rights come in its place
        (Site(BY_USER, BY_GROUP), revoked(groups=["admins"])),
        (Site(BY_USER), {"users": ["other@pve"], "roles": ["Admin"]}),
        (Site(BY_USER), {"path": "/vms/100", "users": [ME], "roles": ["Admin"]}),
        (Site(BY_USER, {**BY_USER, "ugid": "other@pve"}), revoked(users=["other@pve"])),
        (Site(BY_USER, BY_TOKEN, token=True, privsep=0), revoked(tokens=[TOKENID])),
        (Site(BY_USER, root=True), {"exclusive": True}),
    ],
)
def test_other_entries_are_free(site: Site, wanted: dict[str, Any]) -> None:
    assert acl(site, **wanted).steps


def test_nothing_is_asked_where_nothing_changes() -> None:
    site = Site(BY_USER)
    assert not acl(site, users=[ME], roles=["Admin"]).steps
    assert site.asked == ["/access/acl"]


@pytest.mark.parametrize("wanted", [{"privs": []}, {"privs": ["VM.Audit"]}, {"state": "absent"}])
def test_the_role_in_use_is_kept(wanted: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"Sys\.Modify on /access"):
        planned(ROLE, Site(BY_USER), roleid="Admin", **wanted)
    assert planned(ROLE, Site(BY_USER), roleid="Admin", allow_lockout=True, **wanted).steps
    assert planned(ROLE, Site(), roleid="Admin", **wanted).steps
    assert planned(ROLE, Site(BY_USER), roleid="Admin", privs=["VM.Clone"], append=True).steps


@pytest.mark.parametrize("wanted", [{"members": ["other@pve"]}, {"members": []}, {"state": "absent"}])
def test_the_own_group_is_kept(wanted: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"User\.Modify on /access/groups"):
        planned(GROUP, Site(BY_GROUP), groupid="admins", **wanted)
    assert planned(GROUP, Site(BY_GROUP), groupid="admins", allow_lockout=True, **wanted).steps
    assert planned(GROUP, Site(BY_USER), groupid="admins", **wanted).steps
    assert planned(GROUP, Site(BY_GROUP), groupid="admins", members=[ME]).steps


def test_one_does_not_leave_the_group_that_gives_the_rights() -> None:
    with pytest.raises(Refused, match=r"User\.Modify"):
        planned(USER, Site(BY_GROUP), userid=ME, groups=[])
    assert planned(USER, Site(BY_GROUP), userid=ME, groups=[], allow_lockout=True).steps
    assert planned(USER, Site(BY_GROUP), userid="other@pve", groups=[]).steps
    assert planned(USER, Site(BY_USER), userid=ME, groups=[]).steps


PAST = int(time.time()) - 60


@pytest.mark.parametrize(
    "login", [{"api_user": ME}, {"api_token_id": TOKENID}, {"api_user": ME, "api_token_id": "ansible"}]
)
@pytest.mark.parametrize("end", [{"state": "absent"}, {"enable": False}, {"expire": PAST}])
def test_the_own_user_does_not_end(login: dict[str, Any], end: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="log in otherwise"):
        USER.parse({**options(USER, userid=ME, **end), **login})
    assert USER.parse({**options(USER, userid="other@pve", **end), **login})
    assert USER.parse({**options(USER, userid=ME, comment="x"), **login})


@pytest.mark.parametrize("end", [{"state": "absent"}, {"regenerate": True}, {"expire": PAST}])
def test_the_own_token_does_not_end(end: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="log in otherwise"):
        TOKEN.parse({**options(TOKEN, tokenid=TOKENID, **end), "api_token_id": TOKENID})
    assert TOKEN.parse({**options(TOKEN, tokenid="me@pve!other", **end), "api_token_id": TOKENID})


def test_the_own_token_keeps_the_rights_of_its_user() -> None:
    wanted = {"tokenid": TOKENID, "privsep": True}
    with pytest.raises(Refused, match=TOKENID):
        planned(TOKEN, Site(BY_USER, token=True), **wanted)
    assert planned(TOKEN, Site(BY_USER, token=True), **wanted, allow_lockout=True).steps
    assert planned(TOKEN, Site(BY_USER, BY_TOKEN, token=True), **wanted).steps
    assert planned(TOKEN, Site(BY_USER), **wanted).steps


@pytest.mark.parametrize("end", [{"state": "absent"}, {"enable": False}])
def test_root_stays(end: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="root@pam"):
        planned(USER, Site(BY_USER), userid="root@pam", **end)
    assert planned(USER, Site(BY_USER), userid="root@pam", allow_lockout=True, **end).steps
