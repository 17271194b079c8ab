# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evaluation of the ACL, against what pve-access-control's own tests and documentation promise."""

from __future__ import annotations

import pytest

from ansible_collections.pve.automation.tests.simulator.errors import ApiError
from ansible_collections.pve.automation.tests.simulator.permissions import Permissions, normalized
from ansible_collections.pve.automation.tests.simulator.state import Cluster, Pool, Token, User

ALICE, TOKEN, FULL = "alice@pve", "alice@pve!part", "alice@pve!full"


@pytest.fixture
def cluster() -> Cluster:
    tokens = {"part": Token("s", privsep=1), "full": Token("s", privsep=0)}
    alice = User(ALICE, groups={"crew"}, tokens=tokens)
    return Cluster(users={ALICE: alice}, groups={"crew": ""}, pools={"lab": Pool("lab")})


def roles_on(cluster: Cluster, path: str, **entries: dict[str, int]) -> None:
    """Put entries such as user={"PVEVMUser": 1} on a path, for Alice, her group or her token."""
    names = {"user": ALICE, "group": "crew", "token": TOKEN}
    cluster.acl[path] = {(kind, names[kind]): roles for kind, roles in entries.items()}
    cluster.touch()


def test_a_propagating_role_reaches_what_is_below_and_another_does_not(cluster: Cluster) -> None:
    permissions = Permissions(cluster)
    roles_on(cluster, "/vms", user={"PVETemplateUser": 1})
    assert permissions.privileges(ALICE, "/vms/100") == {"VM.Audit": 1, "VM.Clone": 1}
    roles_on(cluster, "/vms", user={"PVETemplateUser": 0})
    assert permissions.privileges(ALICE, "/vms/100") == {}
    assert permissions.privileges(ALICE, "/vms") == {"VM.Audit": 0, "VM.Clone": 0}


def test_the_deeper_entry_replaces_the_one_above(cluster: Cluster) -> None:
    roles_on(cluster, "/", user={"Administrator": 1})
    roles_on(cluster, "/vms/100", user={"PVETemplateUser": 1})
    assert set(Permissions(cluster).privileges(ALICE, "/vms/100")) == {"VM.Audit", "VM.Clone"}


def test_a_users_own_entry_beats_the_groups_on_the_same_path_only(cluster: Cluster) -> None:
    permissions = Permissions(cluster)
    roles_on(cluster, "/pool/lab", user={"PVEPoolUser": 1}, group={"PVEPoolAdmin": 1})
    assert set(permissions.privileges(ALICE, "/pool/lab")) == {"Pool.Audit"}
    roles_on(cluster, "/", user={"PVEPoolUser": 1})
    roles_on(cluster, "/pool/lab", group={"PVEPoolAdmin": 1})
    assert set(permissions.privileges(ALICE, "/pool/lab")) == {"Pool.Audit", "Pool.Allocate"}


def test_no_access_drops_the_other_roles_of_the_path(cluster: Cluster) -> None:
    roles_on(cluster, "/vms/100", user={"NoAccess": 1, "PVEVMUser": 1})
    assert Permissions(cluster).privileges(ALICE, "/vms/100") == {}


def test_a_separated_token_has_what_both_it_and_its_user_have(cluster: Cluster) -> None:
    permissions = Permissions(cluster)
    roles_on(cluster, "/vms/100", user={"PVETemplateUser": 1})
    assert permissions.privileges(TOKEN, "/vms/100") == {}
    assert permissions.privileges(FULL, "/vms/100") == {"VM.Audit": 1, "VM.Clone": 1}
    roles_on(cluster, "/vms/100", user={"PVETemplateUser": 1}, token={"PVEVMUser": 1})
    assert permissions.privileges(TOKEN, "/vms/100") == {"VM.Audit": 1}


def test_members_of_a_pool_inherit_its_roles_until_they_leave(cluster: Cluster) -> None:
    permissions = Permissions(cluster)
    roles_on(cluster, "/pool/lab", user={"PVETemplateUser": 1})
    cluster.join_pool(100, "lab")
    assert permissions.missing(ALICE, "/vms/100", ["VM.Clone"]) is None
    cluster.leave_pool(100)
    assert permissions.missing(ALICE, "/vms/100", ["VM.Clone"]) == "/vms/100, VM.Clone"


def test_the_error_names_the_path_and_the_first_missing_privilege_or_all_alternatives(cluster: Cluster) -> None:
    permissions = Permissions(cluster)
    with pytest.raises(ApiError) as refusal:
        permissions.require(ALICE, "/vms/100", ["VM.Audit", "VM.Clone"])
    assert (refusal.value.status, refusal.value.message) == (403, "Permission check failed (/vms/100, VM.Audit)")
    with pytest.raises(ApiError, match=r"\(/vms/100, VM.Audit\|VM.Clone\)"):
        permissions.require(ALICE, "/vms/100", ["VM.Audit", "VM.Clone"], any=True)


def test_only_root_in_person_passes_a_call_without_permissions(cluster: Cluster) -> None:
    permissions = Permissions(cluster)
    permissions.require_call(None, "root@pam", {})
    with pytest.raises(ApiError, match="user != root@pam"):
        permissions.require_call(None, "root@pam!token", {})


def test_creating_a_user_needs_the_realm_and_each_named_group(cluster: Cluster) -> None:
    permissions = Permissions(cluster)
    check = {
        "check": [
            "and",
            ["userid-param", "Realm.AllocateUser"],
            ["userid-group", ["User.Modify"], "groups_param", "create"],
        ]
    }
    wanted = {"userid": "bob@pve", "groups": "crew"}
    roles_on(cluster, "/access/realm/pve", user={"PVEUserAdmin": 1})
    with pytest.raises(ApiError, match=r"/access/groups/crew, User\.Modify"):
        permissions.require_call(check, ALICE, wanted)
    roles_on(cluster, "/access/groups/crew", user={"PVEUserAdmin": 1})
    permissions.require_call(check, ALICE, wanted)
    with pytest.raises(ApiError, match=r"/access/groups, User.Modify"):
        permissions.require_call(check, ALICE, {"userid": "bob@pve"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [("//vms///100/", "/vms/100"), ("vms/100", "/vms/100"), ("/", "/"), ("/a b", None), ("", "/")],
)
def test_paths_are_normalised(path: str, expected: str | None) -> None:
    assert normalized(path) == expected
