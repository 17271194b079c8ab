# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task gives the same result in the controller's process and as a module in a process of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import CASES, resource_of
from tests.harness.playbook import Played, Task, play

VOLATILE = re.compile(
    r"UPID:[^\"' ]+:"  # tasks
    r"|[0-9A-F]{2}(?::[0-9A-F]{2}){5}"  # MAC addresses
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}"  # secrets of tokens
    r"|[0-9a-f]{40}"  # digests
)
TIMES = {"snaptime", "checktime"}
BAD = (
    Task("an unknown option", "pve_pool", {"poolid": "x", "colour": "red"}),
    Task("a missing option", "pve_pool", {"comment": "x"}),
    Task("a wrong type", "pve_pool", {"poolid": "x", "vms": ["abc"]}),
    Task("a wrong choice", "pve_pool", {"poolid": "x", "state": "gone"}),
    Task("an option by two names", "pve_pool", {"poolid": "x", "name": "y", "state": "absent"}),
    Task("null in place of an id", "pve_pool", {"poolid": None}),
    Task("null in place of a name", "pve_vm", {"node": "pve1", "name": None}),
    Task("null in place of what has a default", "pve_pool", {"poolid": "nulls", "state": None, "comment": None}),
    Task("null in place of a selector", "pve_guests", {"select": {"tag": None}, "state": "stopped"}),
    Task("an empty selector", "pve_guests", {"select": {"tag": []}, "state": "stopped", "force": True}),
    Task("an empty node", "pve_vm", {"vmid": 100, "node": ""}),
    Task("an option that means nothing", "pve_pool", {"poolid": "x", "comment": "c", "state": "absent"}),
    Task("an id that is no part of a path", "pve_user", {"userid": "a/b@pve"}),
    Task("a node that is no part of a path", "pve_node_time", {"node": ".."}),
    Task("a number without an end", "pve_pool", {"poolid": "x", "vms": ["9" * 5000]}),
    Task("a time-out without an end", "pve_pool", {"poolid": "x", "api_timeout": "inf"}),
    Task("a value that the server refuses", "pve_pool", {"poolid": "no good"}),
    Task("a value that is refused here", "pve_pool", {"poolid": "x", "vms": [5]}),
    Task("a password that is wrong", "pve_pool", {"poolid": "x", "api_password": "wr0ng"}),
    Task("a number where a text is wanted", "pve_pool", {"poolid": 12345, "comment": 1.5, "state": "absent"}),
    Task("another environment", "pve_pool", {"poolid": "x"}, {"environment": {"PVE_TIMEOUT": "0"}}),
    Task("check mode", "pve_pool", {"poolid": "x"}, {"check_mode": True}),
    Task("a fact", "pve_version_info", {}),
)


def script() -> list[Task]:
    """The creation of every case, some cases to their end, and what goes wrong."""
    tasks = [Task(f"{case.name}: create", case.module, case.stage("create")) for case in CASES]
    full = [case for case in CASES if case.module == "pve_vm"]
    rest = [
        Task(f"{case.name}: {stage}", case.module, case.stage(stage)) for case in full for stage in ("update", "absent")
    ]
    return [*tasks, tasks[0], *rest, *BAD]


def comparable(result: dict[str, Any]) -> Any:
    """The result without what differs from run to run."""

    def settle(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: settle(item) for key, item in value.items() if key not in TIMES and not key.startswith("_ansible")
            }
        if isinstance(value, list):
            return [settle(item) for item in value]
        return VOLATILE.sub("~", value) if isinstance(value, str) else value

    return settle(result)


def in_both_hosts(cluster: Cluster, directory: Path) -> tuple[Played, Played]:
    """The script in the controller's process and as modules, each from the same state."""
    hosts = []
    for in_process in (True, False):
        cluster.reset()
        for module, options in (need for case in CASES for need in case.needs):
            assert not cluster.run(resource_of(module), options).get("failed")
        hosts.append(play(cluster, script(), directory, in_process=in_process))
    return hosts[0], hosts[1]


def test_both_hosts_give_the_same_results(cluster: Cluster, tmp_path: Path) -> None:
    hosts = in_both_hosts(cluster, tmp_path)
    for host in hosts:
        assert [name for name, _result in host.results] == [task.name for task in script()], host.printed[-3000:]
    here, module = ([(name, comparable(result)) for name, result in host.results] for host in hosts)
    assert [pair for pair in zip(here, module, strict=True) if pair[0] != pair[1]] == []
    bad = {task.name for task in BAD}
    assert [row for row in hosts[0].results if row[1].get("failed") and row[0] not in bad] == []


def test_the_hosts_really_differ(shared_cluster: Cluster, tmp_path: Path) -> None:
    """A module reads its environment in a process of its own, whose Python is started for it."""
    marker = tmp_path / "sitecustomize.py"
    started = tmp_path / "started"
    marker.write_text(f"import sys\nopen({str(started)!r}, 'a').write(sys.argv[0] + '\\n')\n", encoding="utf-8")
    task = Task("look", "pve_version_info", {})
    for in_process in (True, False):
        started.write_text("", encoding="utf-8")
        path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
        variables = {"PYTHONPATH": path, "ANSIBLE_PIPELINING": "false"}  # so that the module is a file with a name
        outcome = play(shared_cluster, [task], tmp_path, in_process=in_process, variables=variables)
        assert not outcome.results[0][1].get("failed"), outcome.printed
        modules = [line for line in started.read_text(encoding="utf-8").splitlines() if "AnsiballZ" in line]
        assert bool(modules) is not in_process
