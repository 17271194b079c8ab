# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.permission import (
    PERMISSION_INFO,
    REQUIREMENTS,
)
from tests.unit.resources.fake import Server, options
from tools.coverage import facts, owners, rows, writing_calls


class PermissionServer(Server):
    """Tells the same privileges for every path that is asked for; without a path those of /vms."""

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        self.asked.append(str(dict(params or {})))
        return {(params or {}).get("path", "/vms"): {"VM.Audit": 1, "VM.PowerMgmt": 0}}


def reported(**given: Any) -> dict[str, Any]:
    found: dict[str, Any] = PERMISSION_INFO.read(
        PermissionServer(), PERMISSION_INFO.parse(options(PERMISSION_INFO, **given))
    )
    return found


def test_all_paths() -> None:
    assert reported() == {"paths": {"/vms": {"VM.Audit": True, "VM.PowerMgmt": False}}}


def test_who_and_where_are_passed_on() -> None:
    server = PermissionServer()
    PERMISSION_INFO.read(server, PERMISSION_INFO.parse(options(PERMISSION_INFO, userid="a@pve!t1", path="vms/100/")))
    assert server.asked == [str({"userid": "a@pve!t1", "path": "/vms/100"})]


def test_missing_privileges() -> None:
    assert reported(path="/vms/100", privs=["VM.Audit", "VM.Allocate"])["missing"] == {"/vms/100": ["VM.Allocate"]}
    assert reported(path="/vms/100", privs=["VM.Audit"])["missing"] == {}


def test_missing_privileges_for_modules() -> None:
    assert reported(modules=["pve_storage_info", "pve_user"])["missing"] == {
        "/access/groups": ["User.Modify"],
        "/access/realm": ["Realm.AllocateUser"],
        "/storage": ["Datastore.Audit"],
    }


def test_a_path_narrows_what_modules_need() -> None:
    missing = reported(modules=["pve_vm", "pve_acl"], path="/vms/100")["missing"]
    assert set(missing) == {"/vms/100", "/pool", "/storage", "/sdn/zones"}
    assert "Permissions.Modify" in missing["/vms/100"]
    assert "VM.Audit" not in missing["/vms/100"]


def test_several_paths_narrow_each_what_is_above_them() -> None:
    paths = ["/pool/web", "pool/db/", "/storage/local"]
    needed = reported(modules=["pve_vm", "pve_pool"], path=paths)["needed"]
    assert set(needed) == {"/pool/web", "/pool/db", "/storage/local", "/sdn/zones"}
    assert needed["/pool/web"] == needed["/pool/db"]
    assert {"VM.Allocate", "Pool.Allocate", "Pool.Audit"} <= set(needed["/pool/web"])
    assert needed["/storage/local"] == ["Datastore.AllocateSpace"]


def test_guests_are_selected_by_a_pool_that_can_be_seen() -> None:
    assert reported(modules=["pve_guests"], path="/pool/web")["needed"] == {
        "/pool/web": ["Pool.Audit", "VM.Audit", "VM.PowerMgmt"]
    }
    assert "Pool.Allocate" not in reported(modules=["pve_vm"], path="/pool/web")["needed"]["/pool/web"]


def test_what_is_needed_for_the_cluster_is_not_narrowed() -> None:
    assert reported(modules=["pve_ha"], path="/pool/web")["needed"] == {"/": ["Sys.Audit", "Sys.Console"]}


def test_what_is_needed_does_not_depend_on_what_is_there() -> None:
    assert reported(path=["/vms/100", "/vms/101"], privs=["VM.Audit"])["needed"] == {
        "/vms/100": ["VM.Audit"],
        "/vms/101": ["VM.Audit"],
    }


def test_privileges_need_a_path() -> None:
    with pytest.raises(InvalidOption, match="path"):
        reported(privs=["VM.Audit"])


def test_guest_agents_need_another_privilege_before_pve_9() -> None:
    desired = PERMISSION_INFO.parse(options(PERMISSION_INFO, modules=["pve_guest_agent"]))
    assert PERMISSION_INFO.read(PermissionServer(release=(8, 4)), desired)["missing"] == {"/vms": ["VM.Monitor"]}
    assert reported(modules=["pve_guest_agent"])["missing"] == {"/vms": ["VM.GuestAgent.Unrestricted"]}


def test_an_unknown_module_is_named() -> None:
    with pytest.raises(InvalidOption, match=r"modules: .*'pve_x'.*pve_vm"):
        reported(modules=["pve_vm", "pve_x"])


def needed(check: Any) -> Iterator[tuple[str, str]]:
    """The paths and privileges that a call cannot do without, from its check in the API's schema."""
    kind, *rest = check or [""]
    if kind == "perm" and "any" not in rest:
        yield from ((rest[0].partition("/{")[0] or "/", priv) for priv in rest[1])
    if kind == "and":
        for part in rest:
            yield from needed(part)


PERMISSIONS = {
    (call["method"], call["path"]): call.get("permissions", {}).get("check") for call in facts()["endpoints"]
}


@pytest.mark.parametrize("module", sorted({row.owner for row in rows()} & set(REQUIREMENTS)))
def test_the_requirements_cover_the_calls_of_the_module(module: str) -> None:
    calls = [call for call in writing_calls() if any(row.owner == module for row in owners(*call))]
    for path, priv in {pair for call in calls for pair in needed(PERMISSIONS[call])}:
        above = [
            privs.split()
            for where, privs in REQUIREMENTS[module].items()
            if f"{path}/".startswith(f"{where}/".replace("//", "/"))
        ]
        assert any(priv in privs for privs in above), f"{priv} on {path}"


def test_waiting_for_an_address_costs_no_right_to_run_commands() -> None:
    """PVE 8 has no privilege that allows reading the agent alone: VM.Monitor allows commands in the guest as well."""
    desired = PERMISSION_INFO.parse({"userid": None, "path": None, "privs": None, "modules": ["pve_vm"]})
    for release, has_own in (((9, 2), True), ((8, 4), False)):
        missing = PERMISSION_INFO.read(PermissionServer(release=release), desired)["missing"]["/vms"]
        assert ("VM.GuestAgent.Audit" in missing) is has_own
        assert "VM.Monitor" not in missing


def test_a_privilege_that_the_task_names_is_looked_for_on_pve_8_as_well() -> None:
    desired = PERMISSION_INFO.parse(options(PERMISSION_INFO, path=["/vms/100"], privs=["VM.GuestAgent.Audit"]))
    seen = PERMISSION_INFO.read(PermissionServer(release=(8, 4)), desired)
    assert (seen["needed"], seen["missing"]) == ({"/vms/100": ["VM.Monitor"]}, {"/vms/100": ["VM.Monitor"]})
