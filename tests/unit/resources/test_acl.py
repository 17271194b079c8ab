# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    PermissionDenied,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.acl import (
    ACL,
    ACL_INFO,
    normalised_path,
)
from tests.unit.resources.fake import Server, calls, options, planned


def row(kind: str, ugid: str, role: str, propagate: int = 1, path: str = "/vms") -> dict[str, Any]:
    return {"path": path, "type": kind, "ugid": ugid, "roleid": role, "propagate": propagate}


ROLES = ("NoAccess", "PVEAdmin", "PVEAuditor", "PVEVMUser", "PVEVMAdmin", "A", "B", "C", "R1", "R2")


class Access(Server):
    """A server that has every user, group and token, and these entries."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        super().__init__({"/access/acl": list(rows), "/access/roles": [{"roleid": role} for role in ROLES]})

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        return super().get(path, params, api_format) if path in self.answers else {}


def server(*rows: dict[str, Any]) -> Server:
    return Access(*rows)


@pytest.mark.parametrize("text", ["/vms/9901", "/vms/9901/", "//vms///9901", "vms/9901", " /vms/9901 "])
def test_paths_are_normalised_as_the_server_does(text: str) -> None:
    assert normalised_path(text) == "/vms/9901"


def test_the_root_is_a_path() -> None:
    assert normalised_path("/") == "/"


def test_all_missing_entries_take_one_call() -> None:
    plan = planned(
        ACL, server(), path="/vms/", users=["b@pve", "a@pve"], groups=["ops"], roles=["PVEVMUser", "PVEAuditor"]
    )
    assert calls(plan) == [
        (
            "PUT",
            "/access/acl",
            {"path": "/vms", "roles": "PVEAuditor,PVEVMUser", "users": "a@pve,b@pve", "groups": "ops"},
        )
    ]
    assert plan.before == {"path": "/vms", "entries": []}
    assert plan.after is not None
    assert [entry["propagate"] for entry in plan.after["entries"]] == [True] * 6


def test_present_entries_take_one_read_and_no_call() -> None:
    present = server(row("user", "a@pve", "PVEAuditor"), row("user", "x@pve", "NoAccess", path="/"))
    assert calls(planned(ACL, present, path="vms", users=["a@pve"], roles=["PVEAuditor"])) == []
    assert present.asked == ["/access/acl"]


def test_only_what_is_missing_is_granted() -> None:
    plan = planned(
        ACL,
        server(row("user", "a@pve", "R1")),
        path="/vms",
        users=["a@pve", "b@pve"],
        roles=["R1", "R2"],
        propagate=True,
    )
    assert calls(plan) == [
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R2", "users": "a@pve,b@pve", "propagate": True}),
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R1", "users": "b@pve", "propagate": True}),
    ]


def test_propagate_is_compared() -> None:
    plan = planned(ACL, server(row("user", "a@pve", "R1")), path="/vms", users=["a@pve"], roles=["R1"], propagate=False)
    assert calls(plan) == [
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R1", "users": "a@pve", "propagate": False})
    ]
    assert plan.after is not None
    assert plan.after["entries"] == [{"type": "user", "ugid": "a@pve", "roleid": "R1", "propagate": False}]


def test_propagate_that_is_not_given_is_left_alone() -> None:
    assert not planned(ACL, server(row("user", "a@pve", "R1", 0)), path="/vms", users=["a@pve"], roles=["R1"]).steps


def test_absent_takes_away_exactly_the_listed_entries() -> None:
    present = server(row("token", "a@pve!t1", "R1"), row("token", "a@pve!t1", "R2"), row("user", "a@pve", "R1"))
    plan = planned(ACL, present, path="/vms", tokens=["a@pve!t1"], roles=["R1", "R3"], state="absent")
    assert calls(plan) == [
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R1", "tokens": "a@pve!t1", "delete": True})
    ]
    assert plan.after is not None
    assert len(plan.after["entries"]) == 2


def test_absent_entries_need_no_call() -> None:
    assert not planned(ACL, server(), path="/vms", users=["a@pve"], roles=["R1"], state="absent").steps


def test_exclusive_grants_before_it_revokes() -> None:
    present = server(row("user", "a@pve", "R1"), row("group", "ops", "R2"), row("user", "b@pve", "R1", path="/"))
    plan = planned(ACL, present, path="/vms", users=["c@pve"], roles=["R1"], exclusive=True)
    assert calls(plan) == [
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R1", "users": "c@pve"}),
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R2", "groups": "ops", "delete": True}),
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R1", "users": "a@pve", "delete": True}),
    ]
    assert plan.after is not None
    assert plan.after["entries"] == [{"type": "user", "ugid": "c@pve", "roleid": "R1", "propagate": True}]


def test_exclusive_without_entries_empties_the_path() -> None:
    assert calls(planned(ACL, server(row("user", "a@pve", "R1")), path="/vms", exclusive=True)) == [
        ("PUT", "/access/acl", {"path": "/vms", "roles": "R1", "users": "a@pve", "delete": True})
    ]


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"users": ["a"], "roles": ["R"]}, "users"),
        ({"users": ["a@pve!t1"], "roles": ["R"]}, "users"),
        ({"tokens": ["a@pve"], "roles": ["R"]}, "tokens"),
        ({"groups": ["a b", "c@pve"], "roles": ["R"]}, "groups"),
        ({"users": ["a@pve"]}, "roles"),
        ({"roles": ["R"]}, "users, groups, tokens"),
        ({}, "users, groups, tokens"),
        ({"state": "absent"}, "users, groups, tokens"),
        ({"users": ["a@pve"], "roles": ["R"], "state": "absent", "exclusive": True}, "exclusive"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        ACL.parse(options(ACL, path="/vms", **given))
    assert error.value.option == option


ENTRIES = st.dictionaries(
    st.tuples(st.sampled_from(["a@pve", "b@pve", "c@pve"]), st.sampled_from(["R1", "R2"])), st.booleans()
)


@given(
    have=ENTRIES,
    users=st.sets(st.sampled_from(["a@pve", "b@pve", "c@pve"]), min_size=1),
    roles=st.sets(st.sampled_from(["R1", "R2"]), min_size=1),
    propagate=st.sampled_from([None, True, False]),
    exclusive=st.booleans(),
)
def test_applying_the_calls_gives_the_predicted_entries(
    have: dict[tuple[str, str], bool], users: set[str], roles: set[str], propagate: bool | None, exclusive: bool
) -> None:
    entries = dict(have)
    present = server(*(row("user", user, role, int(flag)) for (user, role), flag in have.items()))
    desired: dict[str, Any] = {"path": "/vms", "users": sorted(users), "roles": sorted(roles), "exclusive": exclusive}
    plan = planned(ACL, present, **desired, propagate=propagate)
    for _method, _path, params in calls(plan):
        for entry in itertools.product(params["users"].split(","), params["roles"].split(",")):
            if params.get("delete"):
                entries.pop(entry)
            else:
                entries[entry] = params.get("propagate", True)
    assert plan.after is not None
    predicted = {(found["ugid"], found["roleid"]): found["propagate"] for found in plan.after["entries"]}
    assert entries == predicted
    after = server(*(row("user", user, role, int(flag)) for (user, role), flag in entries.items()))
    assert not planned(ACL, after, **desired, propagate=propagate).steps


def test_info_lists_all_or_one_path() -> None:
    rows = server(row("user", "b@pve", "R1"), row("user", "a@pve", "R1", 0, path="/"))
    listed = ACL_INFO.read(rows, ACL_INFO.parse({"path": None}))
    assert [(entry["path"], entry["propagate"]) for entry in listed] == [("/", False), ("/vms", True)]
    assert len(ACL_INFO.read(rows, ACL_INFO.parse({"path": "vms/"}))) == 1


def known(*rows: dict[str, Any]) -> Server:
    return Server(
        {
            "/access/acl": list(rows),
            "/access/roles": [{"roleid": "PVEAuditor"}],
            "/access/users/a@pve": {},
            "/access/users/a@pve/token/t1": {},
            "/access/groups/ops": {},
        }
    )


def test_a_grant_looks_for_its_role_and_subjects() -> None:
    present = known()
    planned(ACL, present, path="/vms", users=["a@pve"], groups=["ops"], tokens=["a@pve!t1"], roles=["PVEAuditor"])
    assert present.asked[1:] == [
        "/access/roles",
        "/access/groups/ops",
        "/access/users/a@pve/token/t1",
        "/access/users/a@pve",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"roles": ["PVEAuditer"], "users": ["a@pve"]},
            "roles: role 'PVEAuditer' does not exist. In check mode, run the",
        ),
        ({"roles": ["PVEAuditor"], "users": ["b@pve"]}, "users: user 'b@pve' does not exist"),
        ({"roles": ["PVEAuditor"], "groups": ["op"]}, "groups: group 'op' does not exist"),
        ({"roles": ["PVEAuditor"], "tokens": ["a@pve!t2"]}, "tokens: token 'a@pve!t2' does not exist"),
    ],
)
def test_a_grant_to_or_of_what_does_not_exist_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        planned(ACL, known(), path="/vms", **given)


def test_a_user_whom_no_path_finds_is_left_to_the_server() -> None:
    assert planned(ACL, known(), path="/vms", users=["müller@ldap"], roles=["PVEAuditor"]).steps


def test_a_subject_that_may_not_be_read_is_left_to_the_server() -> None:
    present = known()
    present.answers["/access/users/b@pve"] = PermissionDenied(
        "GET", "/access/users/b@pve", 403, "Permission check failed"
    )
    planned(ACL, present, path="/vms", users=["b@pve"], roles=["PVEAuditor"])


@pytest.mark.parametrize("path", ["/nosuch/x", "/vms/abc", "/vms/99", "/access/users/x", "/nosuch", "/pool/a/b/c/d"])
def test_paths_that_pve_does_not_know_are_refused(path: str) -> None:
    with pytest.raises(InvalidOption, match=f"path: PVE knows no path '{path}'"):
        planned(ACL, known(), path=path, users=["a@pve"], roles=["PVEAuditor"])


@pytest.mark.parametrize(
    "path",
    ["/", "/pool/ct-text/sub", "/storage/absent", "/nodes/absent", "/sdn/zones/localnetwork/vmbr0/7", "/mapping/pci/x"],
)
def test_paths_of_what_does_not_exist_are_accepted_as_pve_does(path: str) -> None:
    planned(ACL, known(), path=path, users=["a@pve"], roles=["PVEAuditor"])


def test_entries_that_are_there_or_go_are_not_looked_for() -> None:
    present = known(row("user", "gone@pve", "Old", path="/nosuch"))
    planned(ACL, present, path="/nosuch", users=["gone@pve"], roles=["Old"], state="absent")
    planned(ACL, present, path="/nosuch", users=["gone@pve"], roles=["Old"], propagate=False)
    assert set(present.asked) == {"/access/acl"}
