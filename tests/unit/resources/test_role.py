# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.role import ROLE, ROLE_INFO
from tests.unit.resources.fake import Server, calls, planned

PATH = "/access/roles/Ops"
ALL = dict.fromkeys(("Sys.Audit", "VM.Audit", "VM.Console"), 1)


def server(release: tuple[int, int] = (9, 2), **privs: int) -> Server:
    return Server({PATH: privs or {"VM.Audit": 1, "VM.Console": 1}, "/access/roles/Administrator": ALL}, release)


def without_roles() -> Server:
    return Server({"/access/roles/Administrator": ALL})


def test_creation() -> None:
    plan = planned(ROLE, without_roles(), roleid="Ops", privs=["VM.Console", "VM.Audit"])
    assert calls(plan) == [("POST", "/access/roles", {"roleid": "Ops", "privs": "VM.Audit,VM.Console"})]


@pytest.mark.parametrize("given", [{}, {"privs": ["VM.Console", "VM.Audit"]}, {"privs": ["VM.Audit"], "append": True}])
def test_a_present_role_takes_one_read_and_no_call(given: dict[str, Any]) -> None:
    present = server()
    assert not planned(ROLE, present, roleid="Ops", **given).steps
    assert present.asked == [PATH]


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"privs": ["VM.Audit"]}, {"privs": "VM.Audit"}),
        ({"privs": []}, {"privs": ""}),
        ({"privs": ["Sys.Audit"], "append": True}, {"privs": "Sys.Audit", "append": True}),
    ],
)
def test_changes_take_one_call(given: dict[str, Any], params: dict[str, Any]) -> None:
    assert calls(planned(ROLE, server(), roleid="Ops", **given)) == [("PUT", PATH, params)]


@pytest.mark.parametrize(
    ("release", "priv", "reported"),
    [((9, 2), "VM.Monitor", "GuestAgent"), ((8, 4), "VM.GuestAgent.Audit", "VM.Monitor")],
)
def test_privileges_of_the_other_release_are_explained(release: tuple[int, int], priv: str, reported: str) -> None:
    with pytest.raises(InvalidOption, match=reported):
        planned(ROLE, server(release), roleid="Ops", privs=[priv])


@pytest.mark.parametrize("given", [{"privs": ["VM.Adit"]}, {"privs": ["VM.Audit", "VM.Adit"], "append": True}])
def test_privileges_that_no_release_has_are_refused(given: dict[str, Any]) -> None:
    for asked in (server(), without_roles()):
        with pytest.raises(InvalidOption, match=r"privs: PVE 9 has no VM\.Adit"):
            planned(ROLE, asked, roleid="Ops", **given)


def test_a_role_may_be_empty() -> None:
    assert calls(planned(ROLE, Server(), roleid="Ops", privs=[])) == [("POST", "/access/roles", {"roleid": "Ops"})]
    assert not planned(ROLE, Server({PATH: {}}), roleid="Ops", privs=[]).steps


def test_a_privilege_that_is_there_is_not_questioned() -> None:
    present = server((8, 4), **{"VM.Monitor": 1})
    assert not planned(ROLE, present, roleid="Ops", privs=["VM.Monitor"]).steps
    assert present.asked == [PATH]


@pytest.mark.parametrize("roleid", ["PVEAdmin", "pveown", "Administrator", "NoAccess"])
def test_roles_of_the_server_are_left_alone(roleid: str) -> None:
    present = Server({f"/access/roles/{roleid}": {"VM.Audit": 1}})
    for given in ({"privs": ["Sys.Audit"]}, {"state": "absent"}):
        with pytest.raises(Refused, match=roleid):
            planned(ROLE, present, roleid=roleid, **given)
    assert not planned(ROLE, present, roleid=roleid, privs=["VM.Audit"]).steps


def test_info() -> None:
    rows = [{"roleid": "Ops", "privs": "b,a", "special": 0}, {"roleid": "NoAccess", "privs": "", "special": 1}]
    listed = ROLE_INFO.read(Server({"/access/roles": rows}), ROLE_INFO.parse({"roleid": None}))
    assert listed == [
        {"roleid": "NoAccess", "privs": [], "special": True},
        {"roleid": "Ops", "privs": ["a", "b"], "special": False},
    ]
