# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, InvalidParameter
from ansible_collections.pve.automation.plugins.module_utils._core.resources.backup.job import JOB, JOB_INFO
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/cluster/backup/j1"


CLUSTER: dict[str, Any] = {
    "/storage/local": {"content": "iso,backup"},
    "/storage/disks": {"content": "images,rootdir"},
    "/pools": [{"poolid": "web"}],
    "/nodes": [{"node": "pve1"}],
    "/cluster/resources": [{"type": "qemu", "vmid": vmid, "node": "pve1"} for vmid in (101, 102, 103)],
}


def absent() -> Server:
    error = InvalidParameter("GET", PATH, 400, "Parameter verification failed.", {"id": "No such job 'j1'"})
    return Server({**CLUSTER, PATH: error})


def present(**config: Any) -> Server:
    return Server({**CLUSTER, PATH: {"id": "j1", "type": "vzdump", "enabled": 1, "schedule": "21:00", **config}})


def test_a_job_is_created_with_what_was_given_and_nothing_else() -> None:
    plan = planned(
        JOB, absent(), id="j1", schedule="sat  03:00", vmid=[102, 101], prune_backups={"keep-last": 3}, enabled=False
    )
    params = {"id": "j1", "enabled": 0, "prune-backups": "keep-last=3", "schedule": "sat 03:00", "vmid": "101,102"}
    assert calls(plan) == [("POST", "/cluster/backup", params)]


def test_notes_of_several_lines_are_sent_as_one() -> None:
    desired = {"schedule": "21:00", "vmid": [101], "storage": "local"}
    plan = planned(JOB, absent(), id="j1", **desired, notes_template="C:\\ of\n{{guestname}}\n")
    line = r"C:\\ of\n{{guestname}}"
    assert plan.steps[0].params["notes-template"] == line
    server = present(vmid="101", storage="local", **{"notes-template": line})
    for same in ("C:\\ of\n{{guestname}}\n", line):
        assert not planned(JOB, server, id="j1", **desired, notes_template=same).steps


def test_a_noop_is_one_get() -> None:
    server = present(
        vmid="102,101",
        mailto="b@x.org,a@x.org",
        fleecing={"enabled": "1", "storage": "local"},
        **{"prune-backups": {"keep-last": "3"}, "exclude-path": ["/b", "/a, c"], "repeat-missed": 0},
    )
    desired = {
        "vmid": [101, 102],
        "mailto": ["a@x.org", "b@x.org"],
        "prune_backups": "keep-last=3",
        "repeat_missed": False,
    }
    desired |= {"exclude_path": ["/a, c", "/b"], "fleecing": "1,storage=local", "enabled": True, "all": False}
    assert not planned(JOB, server, id="j1", schedule="21:00", **desired).steps
    assert server.asked == [PATH]


def test_a_retention_is_a_whole_and_other_defaults_are_not_assumed() -> None:
    server = present(all=1, **{"prune-backups": {"keep-last": "3", "keep-daily": "7"}})
    plan = planned(JOB, server, id="j1", prune_backups={"keep-last": 3}, mode="snapshot")
    assert calls(plan) == [("PUT", PATH, {"mode": "snapshot", "prune-backups": "keep-last=3"})]


def test_lists_are_whole_or_added_to() -> None:
    assert calls(planned(JOB, present(vmid="101"), id="j1", vmid=[102])) == [("PUT", PATH, {"vmid": "102"})]
    assert calls(planned(JOB, present(vmid="101"), id="j1", vmid=[102], append=True)) == [
        ("PUT", PATH, {"vmid": "101,102"})
    ]
    assert not planned(JOB, present(vmid="101,102"), id="j1", vmid=[102], append=True).steps
    assert calls(planned(JOB, present(all=1, exclude="101"), id="j1", exclude=[102], append=True)) == [
        ("PUT", PATH, {"exclude": "101,102"})
    ]
    assert calls(planned(JOB, present(all=1, exclude="101"), id="j1", exclude=[])) == [
        ("PUT", PATH, {"delete": "exclude"})
    ]


@pytest.mark.parametrize(
    ("current", "given", "params"),
    [
        ({"all": 1, "exclude": "101"}, {"vmid": [102]}, {"delete": "all,exclude", "vmid": "102"}),
        ({"all": 1, "exclude": "101"}, {"vmid": [102], "all": False}, {"delete": "all,exclude", "vmid": "102"}),
        ({"vmid": "101"}, {"all": True, "exclude": [103]}, {"all": 1, "delete": "vmid", "exclude": "103"}),
        ({"vmid": "101"}, {"pool": "web"}, {"delete": "vmid", "pool": "web"}),
    ],
)
def test_another_way_of_selecting_replaces_the_present_one(
    current: dict[str, Any], given: dict[str, Any], params: dict[str, Any]
) -> None:
    plan = planned(JOB, present(**current), id="j1", **given)
    ((method, path, sent),) = calls(plan)
    assert (method, path) == ("PUT", PATH)
    assert {**sent, "delete": set(sent["delete"].split(","))} == {**params, "delete": set(params["delete"].split(","))}
    assert not set(plan.after or {}) & set(params["delete"].split(","))


@pytest.mark.parametrize(
    ("server", "given", "option"),
    [
        (absent(), {"all": True}, "schedule"),
        (absent(), {"schedule": "21:00"}, "all, pool, vmid"),
        (absent(), {"schedule": "21:00", "all": True, "vmid": [101]}, "all and vmid"),
        (absent(), {"schedule": "21:00", "pool": "web", "exclude": [101]}, "exclude"),
        (absent(), {"schedule": "21:00", "all": True, "protected": True}, "protected"),
        (absent(), {"schedule": "21:00", "vmid": [99]}, "vmid"),
        (absent(), {"schedule": "0 0 1 * 1", "all": True}, "schedule"),
        (present(vmid="101"), {"exclude": [102]}, "exclude"),
        (present(vmid="101"), {"vmid": []}, "all, pool, vmid"),
        (present(all=1), {"all": False}, "all, pool, vmid"),
        (present(all=1), {"vmid": [101], "append": True}, "append"),
        (present(all=1), {"show_runs": 101}, "show_runs"),
        (present(all=1), {"schedule": ""}, "schedule"),
        (present(all=1), {"unset": ["enabled"]}, "unset"),
        (present(all=1), {"ionice": 9}, "ionice"),
        (present(all=1), {"bwlimit": -1}, "bwlimit"),
    ],
)
def test_bad_input_names_the_option(server: Server, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(JOB, server, id="j1", **given)
    assert error.value.option == option


def test_what_needs_a_storage_is_sent_with_it() -> None:
    assert calls(planned(JOB, present(all=1, storage="s1"), id="j1", notes_template="x")) == [
        ("PUT", PATH, {"notes-template": "x", "storage": "s1"})
    ]
    assert calls(planned(JOB, present(all=1, storage="s1", **{"notes-template": "x"}), id="j1", notes_template="")) == [
        ("PUT", PATH, {"delete": "notes-template"})
    ]


def test_next_runs_cost_one_more_get_and_come_in_utc() -> None:
    server = present(all=1)
    server.answers["/cluster/jobs/schedule-analyze"] = [{"timestamp": 1700006400, "utc": "..."}]
    plan = planned(JOB, server, id="j1", show_runs=1)
    assert not plan.steps
    assert (plan.after or {})["next_runs"] == ["2023-11-15T00:00:00Z"]
    assert server.asked == [PATH, "/cluster/jobs/schedule-analyze"]


def test_jobs_of_the_old_form_are_understood() -> None:
    server = Server({PATH: {"id": "j1", "enabled": 1, "starttime": "21:00", "dow": "mon,tue", "all": 1}})
    assert not planned(JOB, server, id="j1", schedule="mon,tue 21:00").steps


def test_absent() -> None:
    assert calls(planned(JOB, present(all=1), id="j1", state="absent")) == [("DELETE", PATH, {})]
    assert not planned(JOB, absent(), id="j1", state="absent").steps


def test_info_tells_the_next_run() -> None:
    rows = [{"id": "b", "enabled": 0, "schedule": "daily"}, {"id": "a", "enabled": 1, "next-run": 1700006400}]
    found = JOB_INFO.read(Server({"/cluster/backup": rows}), JOB_INFO.parse(options(JOB_INFO)))
    assert found == [
        {"id": "a", "enabled": True, "next_run": "2023-11-15T00:00:00Z"},
        {"id": "b", "enabled": False, "schedule": "daily"},
    ]


def test_what_a_change_names_is_looked_for() -> None:
    server = present(vmid="101")
    planned(JOB, server, id="j1", storage="local", node="pve1", comment="x")
    assert server.asked == [PATH, "/storage/local", "/nodes"]


def test_what_a_job_names_already_is_not_looked_for() -> None:
    server = present(vmid="101", storage="gone", node="gone")
    planned(JOB, server, id="j1", storage="gone", node="gone", comment="x")
    assert server.asked == [PATH]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"storage": "locla"}, "storage: storage 'locla' does not exist. In check mode, run the task that creates it"),
        ({"storage": "disks"}, "storage: storage 'disks' takes no backup, only images, rootdir"),
        ({"fleecing": "1,storage=locla"}, "fleecing.storage: storage 'locla' does not exist"),
        ({"node": "pve9"}, "node: node 'pve9' does not exist"),
    ],
)
def test_misspelt_names_are_refused_which_pve_accepts(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        planned(JOB, present(vmid="101"), id="j1", **given)


def test_a_pool_that_does_not_exist_is_refused() -> None:
    server = present(vmid="101")
    del server.answers["/pools"]
    with pytest.raises(InvalidOption, match="pool: pool 'wbe' does not exist"):
        planned(JOB, server, id="j1", pool="wbe")


def test_guests_that_do_not_exist_are_warned_about() -> None:
    server = present(vmid="101")
    planned(JOB, server, id="j1", vmid=[101, 109])
    assert server.warnings == ["vmid: there is no guest 109."]


def test_blanks_around_a_comment_are_no_change() -> None:
    assert not planned(JOB, present(vmid="101", comment="blank around"), id="j1", comment="  blank around  ").steps
