# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.apt import APT, APT_INFO
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.repository import REPOSITORY
from tests.unit.resources.fake import Server, calls, options, planned

UPDATE, TASKS, REPOSITORIES = "/nodes/n/apt/update", "/nodes/n/tasks", "/nodes/n/apt/repositories"
NEWER = [{"Package": "b", "Version": "2"}, {"Package": "a", "Version": "2"}]
DEBIAN, PROXMOX = "/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list.d/pve.sources"


def packages(*ages: int) -> Server:
    return Server({UPDATE: NEWER, TASKS: [{"endtime": int(time.time()) - age} for age in ages]})


@pytest.mark.parametrize(
    ("ages", "given", "refreshes"),
    [
        ([], {}, False),
        ([], {"update_cache": False}, False),
        ([], {"update_cache": True}, True),
        ([], {"cache_valid_time": 3600}, True),
        ([3700], {"cache_valid_time": 3600}, True),
        ([3500], {"cache_valid_time": 3600}, False),
        ([3500], {"cache_valid_time": 3600, "update_cache": True}, False),
    ],
)
def test_lists_are_refreshed_when_they_are_due(ages: list[int], given: dict[str, Any], refreshes: bool) -> None:
    server = packages(*ages)
    plan = planned(APT, server, node="n", **given)
    assert calls(plan) == ([("POST", UPDATE, {})] if refreshes else [])
    assert server.asked == [UPDATE, *([TASKS] if "cache_valid_time" in given else [])]
    assert plan.after is not None
    assert [row["Package"] for row in plan.after["updates"]] == ["a", "b"]


def test_a_refresh_is_a_task_that_a_second_plan_may_hold_again() -> None:
    (step,) = planned(APT, packages(), node="n", update_cache=True, notify=False, quiet=True).steps
    assert (step.starts_task, step.verify, step.params) == (True, False, {"notify": False, "quiet": True})


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"cache_valid_time": -1}, "cache_valid_time"),
        ({"cache_valid_time": 1, "update_cache": False}, "cache_valid_time"),
        ({"notify": True}, "notify"),
        ({"quiet": False, "update_cache": False}, "quiet"),
    ],
)
def test_bad_input_for_packages_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(APT, packages(), node="n", **given)
    assert error.value.option == option


def test_info_reads_what_is_asked_for() -> None:
    server = Server({"/nodes/n/apt/changelog": "a (2)", REPOSITORIES: {"files": []}})
    given = options(APT_INFO, node="n", gather=["changelog", "repositories"], name="a")
    reported = APT_INFO.read(server, APT_INFO.parse(given))
    assert reported == {"repositories": {"files": []}, "changelog": "a (2)"}
    with pytest.raises(InvalidOption, match="name: is needed for changelog"):
        APT_INFO.parse(options(APT_INFO, node="n", gather=["changelog"]))


def entry(
    uri: str, suite: str, *components: str, enabled: int = 1, types: tuple[str, ...] = ("deb",)
) -> dict[str, Any]:
    return {"URIs": [uri], "Suites": [suite], "Components": list(components), "Types": list(types), "Enabled": enabled}


def server(**status: int) -> Server:
    known = ("enterprise", "no-subscription", "test", "ceph-squid-test")
    rows = [
        {"handle": name, **({"status": status[name.replace("-", "_")]} if name.replace("-", "_") in status else {})}
        for name in known
    ]
    debian = [
        entry("http://deb.debian.org/debian/", "trixie", "main", "contrib"),
        entry("http://deb.debian.org/debian", "trixie-updates", "main", enabled=0),
        entry("http://deb.debian.org/debian", "trixie", "main", types=("deb-src",)),
    ]
    proxmox = [
        entry("https://enterprise.proxmox.com/debian/pve", "trixie", "pve-enterprise"),
        entry("http://download.proxmox.com/debian", "bookworm", "pvetest"),
        entry("http://download.proxmox.com/debian/ceph-squid", "trixie", "test", enabled=0),
    ]
    files = [{"path": PROXMOX, "repositories": proxmox}, {"path": DEBIAN, "repositories": debian}]
    return Server({REPOSITORIES: {"digest": "d", "files": files, "standard-repos": rows}})


def switch(path: str, index: int, enabled: bool, **more: str) -> tuple[str, str, dict[str, Any]]:
    return "POST", REPOSITORIES, {"path": path, "index": index, "enabled": enabled, **more}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"handle": "no-subscription"}, []),
        (
            {"handle": "no-subscription", "enabled": True},
            [("PUT", REPOSITORIES, {"handle": "no-subscription", "digest": "d"})],
        ),
        ({"handle": "no-subscription", "enabled": False}, []),
        (
            {"handle": "ceph-squid-test", "enabled": True},
            [("PUT", REPOSITORIES, {"handle": "ceph-squid-test", "digest": "d"})],
        ),
        ({"handle": "ceph-squid-test", "enabled": False}, []),
        ({"handle": "enterprise", "enabled": True}, []),
        ({"handle": "enterprise", "enabled": False}, [switch(PROXMOX, 0, False, digest="d")]),
        ({"handle": "test", "enabled": False}, [switch(PROXMOX, 1, False, digest="d")]),
        ({"uri": "http://deb.debian.org/debian", "suite": "trixie", "type": "deb", "enabled": True}, []),
        ({"component": "contrib", "enabled": False}, [switch(DEBIAN, 0, False, digest="d")]),
        ({"path": DEBIAN, "index": 1, "enabled": True}, [switch(DEBIAN, 1, True, digest="d")]),
        (
            {"uri": "http://deb.debian.org/debian/", "enabled": False},
            [switch(DEBIAN, 0, False, digest="d"), switch(DEBIAN, 2, False)],
        ),
    ],
)
def test_repositories(given: dict[str, Any], wanted: list[Any]) -> None:
    there = server(enterprise=1, test=1, ceph_squid_test=0)
    plan = planned(REPOSITORY, there, node="n", **given)
    assert calls(plan) == wanted
    assert there.asked == [REPOSITORIES]
    if given.get("enabled") is not None:
        assert plan.after is not None
        assert plan.after["enabled"] is given["enabled"]


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"handle": "pve-enterprise", "enabled": True}, "handle"),
        ({"uri": "http://mirror.example.org", "enabled": False}, "uri"),
        ({"path": PROXMOX, "index": 3, "enabled": False}, "path"),
        ({"suite": "sid"}, "suite"),
    ],
)
def test_bad_input_for_repositories_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(REPOSITORY, server(), node="n", **given)
    assert error.value.option == option
