# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, InvalidParameter
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.realm_sync_job import JOB, JOB_INFO
from tests.unit.resources.fake import Server, calls, options, planned

JOBS = "/cluster/jobs/realm-sync"
PATH = f"{JOBS}/daily"
# as a genuine server answers
PRESENT = {
    "type": "realm-sync",
    "realm": "corp",
    "schedule": "daily",
    "scope": "both",
    "enabled": 1,
    "enable-new": 1,
    "remove-vanished": "acl;entry",
    "comment": "syncing",
}
ABSENT = InvalidParameter("GET", PATH, 400, "Parameter verification failed.", {"id": "No such job 'daily'"})
REALMS = {"/access/domains": [{"realm": "pve", "type": "pve"}, {"realm": "corp", "type": "ad"}]}


def test_a_job_is_created_under_its_own_path() -> None:
    plan = planned(
        JOB,
        Server({PATH: ABSENT, **REALMS}),
        id="daily",
        realm="corp",
        schedule="0 6 * * *",
        remove_vanished=["entry", "acl"],
    )
    params = {"realm": "corp", "schedule": "06:00", "remove-vanished": "acl;entry"}
    assert calls(plan) == [("POST", PATH, params)]


def test_what_is_there_takes_one_get() -> None:
    server = Server({PATH: PRESENT})
    desired = {"realm": "corp", "schedule": "daily", "remove_vanished": ["entry", "acl"], "enable_new": True}
    assert not planned(JOB, server, id="daily", enabled=True, **desired).steps
    assert server.asked == [PATH]


def test_what_the_realm_decides_is_no_default() -> None:
    """An absent key means what the realm sets, so that PVE's own default counts as a change."""
    bare = {name: PRESENT[name] for name in ("type", "realm", "schedule")}
    plan = planned(JOB, Server({PATH: bare}), id="daily", enable_new=True, remove_vanished=["none"], enabled=True)
    assert calls(plan) == [("PUT", PATH, {"schedule": "daily", "enable-new": 1, "remove-vanished": "none"})]


def test_what_is_cleared_goes_by_delete_in_an_update_that_names_the_schedule() -> None:
    plan = planned(JOB, Server({PATH: PRESENT}), id="daily", comment="", remove_vanished=[], unset=["scope"])
    assert calls(plan) == [("PUT", PATH, {"schedule": "daily", "delete": "comment,remove-vanished,scope"})]


@pytest.mark.parametrize(
    ("present", "given", "option"),
    [
        (False, {"schedule": "daily"}, "realm"),
        (False, {"realm": "corp"}, "schedule"),
        (True, {"realm": "other"}, "realm"),
        (True, {"schedule": ""}, "schedule"),
        (True, {"remove_vanished": ["none", "acl"]}, "remove_vanished"),
        (True, {"unset": ["enabled"]}, "unset"),
    ],
)
def test_bad_input_names_the_option(present: bool, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(JOB, Server({PATH: PRESENT if present else ABSENT}), id="daily", **given)
    assert error.value.option == option


def test_the_list_tells_when_jobs_run() -> None:
    rows = [
        {**PRESENT, "id": "daily", "last-run": None, "next-run": 1795219200},
        {**PRESENT, "id": "again", "enabled": 0, "last-run": 1795132800},
    ]
    listed = JOB_INFO.read(Server({JOBS: rows}), JOB_INFO.parse(options(JOB_INFO)))
    assert [(job["id"], job.get("last_run"), job.get("next_run")) for job in listed] == [
        ("again", "2026-11-20T00:00:00Z", None),
        ("daily", None, "2026-11-21T00:00:00Z"),
    ]
    assert listed[0]["remove_vanished"] == ["acl", "entry"]


@pytest.mark.parametrize(
    ("realm", "message"),
    [("pve", "realm: 'pve' is of type pve; only ad and ldap"), ("crop", "realm: realm 'crop' does not exist")],
)
def test_a_new_job_needs_a_realm_with_a_directory(realm: str, message: str) -> None:
    server = Server(
        {PATH: ABSENT, "/access/domains": [{"realm": "pve", "type": "pve"}, {"realm": "corp", "type": "ad"}]}
    )
    assert planned(JOB, server, id="daily", realm="corp", schedule="daily").steps
    with pytest.raises(InvalidOption, match=message):
        planned(JOB, server, id="daily", realm=realm, schedule="daily")
