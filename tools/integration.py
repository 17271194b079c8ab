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
from functools import partial
from typing import Any

import yaml

from tools.ansible_test import CORES, Core, Job, ansible_test, copied_tree, prepare, run_jobs
from tools.common import conclude
from tools.simulated import simulator

# ansible-core and pve_in_process of each run against the simulator
RUNS = (("2.19", False), ("2.19", True), ("2.17", True))
LIVE_RUN = ("2.19", True)


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


def run_targets(core: Core, variables: Mapping[str, Any], targets: list[str]) -> tuple[int, int, str]:
    """Run the targets with one ansible-core; passed and failed targets, and the output."""
    host = "in-process" if variables["pve_in_process"] else "modules"
    with copied_tree(f"integration-{core.release}-{host}") as tree:
        config = tree / "tests" / "integration" / "integration_config.yml"
        config.touch(mode=0o600)
        config.write_text(yaml.safe_dump(dict(variables)), encoding="utf-8")
        try:
            succeeded, printed = ansible_test(core, tree, "integration", "--continue-on-error", *targets)
        finally:
            config.unlink()  # it holds a password
    ran = len(set(re.findall(r"^Running (\S+) integration test role$", printed, re.MULTILINE)))
    told = re.search(r"The (\d+) integration test\(s\) listed below \(out of \d+\) failed", printed)
    failed = int(told[1]) if told else 0 if succeeded and ran else 1
    return max(0, ran - failed), failed, printed


def run_simulated(core: Core, in_process: bool, targets: list[str]) -> tuple[int, int, str]:
    """Run the targets against a simulator of their own."""
    with simulator("demo") as server:
        variables = {**simulated_variables(server.facts), "pve_in_process": in_process}
        return run_targets(core, variables, targets)


def jobs(live: bool, targets: list[str]) -> list[Job]:
    """What is to run, as far as there is a Python for it."""
    listed = []
    for release, in_process in [LIVE_RUN] if live else RUNS:
        core = CORES[release]
        title = f"integration, ansible-core {core.version}, {'in process' if in_process else 'as modules'}"
        if live:
            variables = {**live_variables(os.environ), "pve_in_process": in_process}
            run = partial(run_targets, core, variables, targets)
        else:
            run = partial(run_simulated, core, in_process, targets)
        if prepare(core):
            listed.append(Job(title, run))
    return listed


def main() -> int:
    targets = [word for word in sys.argv[1:] if word != "--live"]
    live = "--live" in sys.argv[1:]
    try:
        passed, failed = run_jobs(jobs(live, targets))
    except ValueError as error:
        print(error)
        return 2
    return conclude("live" if live else "integration", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
