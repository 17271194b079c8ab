# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the integration targets: against the simulator, or with `--live` against a PVE server named by the environment.

The targets get these variables:

    pve_connection   connection options, for module_defaults of group/pve.automation.pve
    pve_node, pve_storage, pve_bridge   where guests can be created
    pve_live         whether it is a real server
    pve_in_process   whether tasks run in the controller's process or as ordinary modules

Arguments name the targets to run instead of all.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from tools.ansible_test import CORES, Job, ansible_test, copied_tree, find_python, prepare, run_jobs
from tools.common import ROOT, TAIL, Outcome, conclude
from tools.simulated import simulator

TARGETS = ROOT / "tests" / "integration" / "targets"


@dataclass(frozen=True)
class Run:
    """A run of targets with one ansible-core, in one host."""

    release: str
    in_process: bool
    targets: tuple[str, ...]

    @property
    def title(self) -> str:
        host = "in process" if self.in_process else "as modules"
        return f"ansible-core {CORES[self.release].version}, {host}, {len(self.targets)} targets"

    @property
    def tree(self) -> str:
        return f"integration-{self.release}-{'in-process' if self.in_process else 'modules'}"


def all_targets() -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in TARGETS.glob("*/tasks")))


def simulated_runs(targets: tuple[str, ...]) -> list[Run]:
    """Each target runs with the oldest release or the newest that a Python here can run; with INTEGRATION_ALL=1, and where
    targets are named, each runs with both.

    Each module meets the releases by the same few files: the host of the modules, argument specs, results. A quarter of the
    targets run as ordinary modules: that takes ten times as long, and a functional test holds for every module that both
    hosts give the same results. The releases between them run the unit tests and sanity, the developer's one the functional
    tests.
    """
    runnable = [release for release, core in CORES.items() if find_python(core)]
    with_both = os.environ.get("INTEGRATION_ALL") == "1" or targets != all_targets()
    runs = []
    for number, release in enumerate((runnable[0], runnable[-1])):
        chosen = targets if with_both else targets[number::2]
        as_modules = chosen[2 * number :: 4]
        in_process = tuple(name for name in chosen if name not in as_modules)
        runs += [Run(release, in_process=False, targets=as_modules), Run(release, in_process=True, targets=in_process)]
    return [run for run in runs if run.targets]


def live_variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """The targets' variables for a live server; ValueError names what is missing."""
    given = {name: environment.get(f"PVE_{name}") or None for name in ("HOST", "PORT", "USER", "PASSWORD", "NODE")}
    token = environment.get("PVE_TOKEN_ID"), environment.get("PVE_TOKEN_SECRET")
    missing = [f"PVE_{name}" for name in ("HOST", "NODE") if not given[name]]
    if not all(token) and not (given["USER"] and given["PASSWORD"]):
        missing.append("PVE_USER and PVE_PASSWORD (or PVE_TOKEN_ID and PVE_TOKEN_SECRET)")
    if missing:
        raise ValueError(f"A live server needs in the environment: {', '.join(missing)}")
    connection = {
        "api_host": given["HOST"],
        "api_port": int(given["PORT"]) if given["PORT"] else None,
        "api_user": given["USER"],
        "api_password": None if all(token) else given["PASSWORD"],
        "api_token_id": token[0] if all(token) else None,
        "api_token_secret": token[1] if all(token) else None,
        "api_fingerprint": environment.get("PVE_FINGERPRINT") or None,
        "validate_certs": environment.get("PVE_VALIDATE_CERTS") or None,
    }
    return {
        "pve_connection": {name: value for name, value in connection.items() if value is not None},
        "pve_node": given["NODE"],
        "pve_storage": environment.get("PVE_STORAGE") or "local",
        "pve_bridge": environment.get("PVE_BRIDGE") or "vmbr0",
        "pve_live": True,
    }


def simulated_variables(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The targets' variables for a running simulator."""
    return {
        "pve_connection": {
            "api_host": facts["url"],
            "api_user": facts["user"],
            "api_password": facts["password"],
            "api_fingerprint": facts["fingerprint"],
        },
        "pve_node": facts["node"],
        "pve_storage": facts["storage"],
        "pve_bridge": facts["bridge"],
        "pve_live": False,
    }


def run_targets(run: Run, variables: Mapping[str, Any]) -> tuple[Outcome, str]:
    """Run its targets; returns the outcome and the output."""
    with copied_tree(run.tree) as tree:
        config = tree / "tests" / "integration" / "integration_config.yml"
        config.touch(mode=0o600)
        config.write_text(yaml.safe_dump({**variables, "pve_in_process": run.in_process}), encoding="utf-8")
        try:
            core = CORES[run.release]
            succeeded, printed = ansible_test(core, tree, "integration", "--continue-on-error", *run.targets)
        finally:
            config.unlink()  # it holds a password
    ran = len(set(re.findall(r"^Running (\S+) integration test role$", printed, re.MULTILINE)))
    listed = re.search(r"The (\d+) integration test\(s\) listed below \(out of \d+\) failed", printed)
    failed = int(listed[1]) if listed else 0 if succeeded and ran else 1
    outcome = Outcome(max(0, ran - failed), failed)
    if failed:
        shown = failed_tasks(printed) or printed.splitlines()[-TAIL:]
        outcome.failures.append("\n".join([run.title, *shown]))
    return outcome, printed


def failed_tasks(printed: str) -> list[str]:
    """The lines that name the tasks that failed, with what ended them, and the targets that ansible-test lists."""
    found, task = [], ""
    for line in printed.splitlines():
        if line.startswith("TASK ["):
            task = line.rstrip("* ")
        elif line.startswith(("fatal: ", "failed: ")):
            found += [task, line]
        elif line == "...ignoring":
            del found[-2:]
        elif line.startswith(("ERROR: ", "FATAL: ")):
            found.append(line)
    return found


def run_simulated(run: Run) -> tuple[Outcome, str]:
    """Run its targets against a simulator of their own."""
    with simulator("demo") as server:
        return run_targets(run, simulated_variables(server.facts))


def jobs(live: bool, targets: tuple[str, ...], outcome: Outcome) -> list[Job]:
    """What is to run, as far as there is a Python for it."""
    listed = []
    for run in [Run("2.19", in_process=True, targets=targets)] if live else simulated_runs(targets):
        work = partial(run_targets, run, live_variables(os.environ)) if live else partial(run_simulated, run)
        if prepare(CORES[run.release], outcome):
            listed.append(Job(f"integration, {run.title}", work))
    return listed


def main() -> int:
    targets = tuple(word for word in sys.argv[1:] if word != "--live") or all_targets()
    live = "--live" in sys.argv[1:]
    outcome = Outcome()
    try:
        run_jobs(jobs(live, targets, outcome), outcome)
    except ValueError as error:
        print(error)
        return 2
    return conclude("live" if live else "integration", outcome)


if __name__ == "__main__":
    sys.exit(main())
