# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ansible-playbook runs against a simulated cluster."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.harness.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
FULL_NAME = "pve.automation."
CONNECTION_VARIABLES = ("PVE_", "PROXMOX_", "ANSIBLE_")


@dataclasses.dataclass(frozen=True)
class Row:
    """A task that ran: its module, its options as they are written, and its result."""

    name: str
    module: str
    written: dict[str, Any]
    result: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Played:
    """What a playbook did: the tasks that ran, everything that it printed or logged, and its exit code."""

    rows: list[Row]
    printed: str
    logged: str
    code: int

    @property
    def results(self) -> list[tuple[str, dict[str, Any]]]:
        """The results with the names of their tasks."""
        return [(row.name, row.result) for row in self.rows]


@dataclasses.dataclass(frozen=True)
class Task:
    """One task of a playbook: a module of the collection with options, and further keywords such as check_mode."""

    name: str
    module: str
    options: Mapping[str, Any]
    keywords: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        return {"name": self.name, FULL_NAME + self.module: dict(self.options), **self.keywords}


def play(
    cluster: Cluster,
    tasks: Sequence[Task],
    directory: Path,
    *arguments: str,
    in_process: bool,
    variables: Mapping[str, str] | None = None,
) -> Played:
    """Run the tasks in one play, each whatever became of the others; ``variables`` are for the environment."""
    playbook = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "ignore_errors": True,
            "module_defaults": {"group/pve.automation.pve": cluster.connection},
            "vars": {"ansible_python_interpreter": sys.executable, "pve_in_process": in_process},
            "tasks": [task.written() for task in tasks],
        }
    ]
    (directory / "play.yml").write_text(json.dumps(playbook), encoding="utf-8")
    return run_playbook(directory / "play.yml", directory, *arguments, variables=variables)


def run_playbook(
    playbook: Path, directory: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> Played:
    """Run a playbook with a clean environment; what it leaves behind goes to the directory."""
    record, log = directory / "results.jsonl", directory / "ansible.log"
    for path in (record, log):
        path.write_text("", encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(CONNECTION_VARIABLES)}
    environment = {
        **inherited,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "dev"),
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "harness" / "callbacks"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_LOG_PATH": str(log),
        "ANSIBLE_HOME": str(directory / "home"),
        "ANSIBLE_REMOTE_TMP": str(directory / "home" / "tmp"),
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_PIPELINING": "true",  # a module starts in half of the time
        "RECORD_RESULTS": str(record),
        **(variables or {}),
    }
    ended = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", str(playbook), *arguments],
        env=environment,
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    rows = [Row(**json.loads(line)) for line in record.read_text(encoding="utf-8").splitlines()]
    return Played(rows, ended.stdout, log.read_text(encoding="utf-8"), ended.returncode)
