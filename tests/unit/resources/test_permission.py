# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils.resources.permission import (
    PERMISSION_INFO,
    REQUIREMENTS,
)
from tests.unit.resources.fake import Server, options

MODULES = Path(__file__).parents[3] / "plugins" / "modules"


class PermissionServer(Server):
    """Tells the same privileges for every path that is asked for; without a path those of /vms."""

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        self.asked.append(str(dict(params or {})))
        return {(params or {}).get("path", "/vms"): {"VM.Audit": 1, "VM.PowerMgmt": 0}}


def told(**given: Any) -> dict[str, Any]:
    found: dict[str, Any] = PERMISSION_INFO.read(
        PermissionServer(), PERMISSION_INFO.wish(options(PERMISSION_INFO, **given))
    )
    return found


def test_all_paths() -> None:
    assert told() == {"paths": {"/vms": {"VM.Audit": True, "VM.PowerMgmt": False}}}


def test_who_and_where_are_passed_on() -> None:
    server = PermissionServer()
    PERMISSION_INFO.read(server, PERMISSION_INFO.wish(options(PERMISSION_INFO, userid="a@pve!t1", path="vms/100/")))
    assert server.asked == [str({"userid": "a@pve!t1", "path": "/vms/100"})]


def test_missing_privileges() -> None:
    assert told(path="/vms/100", privs=["VM.Audit", "VM.Allocate"])["missing"] == {"/vms/100": ["VM.Allocate"]}
    assert told(path="/vms/100", privs=["VM.Audit"])["missing"] == {}


def test_missing_privileges_for_modules() -> None:
    assert told(modules=["pve_storage_info", "pve_user"])["missing"] == {
        "/access/groups": ["User.Modify"],
        "/access/realm": ["Realm.AllocateUser"],
        "/storage": ["Datastore.Audit"],
    }


def test_a_path_narrows_what_modules_need() -> None:
    missing = told(modules=["pve_vm", "pve_acl"], path="/vms/100")["missing"]
    assert set(missing) == {"/vms/100", "/storage", "/sdn/zones"}
    assert "Permissions.Modify" in missing["/vms/100"]
    assert "VM.Audit" not in missing["/vms/100"]


def test_privileges_need_a_path() -> None:
    with pytest.raises(InvalidOption, match="path"):
        told(privs=["VM.Audit"])


def test_requirements_are_those_of_modules_that_exist() -> None:
    assert {name for name in REQUIREMENTS if not (MODULES / f"{name}.py").exists()} - {
        "pve_tfa",
        "pve_permission_info",
    } == set()
