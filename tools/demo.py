# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks/demo.yml twice; the second run must change nothing, although a simulated guest has moved meanwhile.

It runs against a simulated three-node cluster, or against the cluster that PVE_HOST names, after a question (CONFIRM=1 answers it).
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tools.common import BUILD, Outcome, record, run, tee
from tools.simulated import Simulated, simulator

MOVED = 9102  # a machine that moves to another node between the runs


@dataclass(frozen=True)
class Run:
    """What one run of the playbook cost and did."""

    succeeded: bool
    changed: int  # tasks
    seconds: float
    reads: int  # requests
    writes: int

    @classmethod
    def play(cls, server: Simulated | None, env: Mapping[str, str]) -> Run:
        start = time.monotonic()
        succeeded, printed = tee("ansible-playbook", "-i", "playbooks/demo.pve.yml", "playbooks/demo.yml", env=env)
        seconds = time.monotonic() - start
        asked = server.requests() if server else []  # a real server does not count them
        methods = [request["method"] for request in asked if request["path"] != "/access/ticket"]
        reads = methods.count("GET")
        changed = sum(int(count) for count in re.findall(r" changed=(\d+) ", printed))
        return cls(succeeded, changed, seconds, reads, len(methods) - reads)


def environment(server: Simulated) -> dict[str, str]:
    """The connection, as a user gives it by the environment."""
    facts = server.facts
    return {
        "PVE_HOST": facts["url"],
        "PVE_USER": facts["user"],
        "PVE_PASSWORD": facts["password"],
        "PVE_FINGERPRINT": facts["fingerprint"],
        "PVE_NODE": facts["node"],
        "PVE_STORAGE": facts["storage"],
        "PVE_BRIDGE": facts["bridge"],
        "PVE_DEMO_ISO_URL": "https://mirror.example.org/pvetest-demo.iso",  # only the simulator has it
    }


def main() -> int:
    if os.environ.get("PVE_HOST"):
        if not confirmed(os.environ["PVE_HOST"]):
            print("Nothing was done.")
            return 1
        state = BUILD / "demo"
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        return play_twice(None, {"PVE_DEMO_STATE": str(state)})
    with simulator("demo") as server, tempfile.TemporaryDirectory(prefix="pve-demo-") as folder:
        return play_twice(server, {**environment(server), "PVE_DEMO_STATE": folder})


def confirmed(host: str) -> bool:
    """Whether the user wants the demo on a real cluster."""
    print(
        f"This runs against the real cluster at {host} (PVE_HOST), as PVE_USER and with PVE_NODE, PVE_BRIDGE, PVE_KVM."
    )
    print(
        "All that it makes is named pvetest-demo or has an id from 9100 to 9105; it starts the machines 9101 to 9103."
    )
    print("make demo-clean deletes them again.")
    if os.environ.get("CONFIRM") == "1":
        return True
    return sys.stdin.isatty() and input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def play_twice(server: Simulated | None, env: Mapping[str, str]) -> int:
    """Run the playbook twice, show the inventory, and sum up; returns the exit code."""
    runs = [Run.play(server, env)]
    if server:  # as HA, an administrator or a load balancer does it
        server.control("POST", "move", {"vmid": MOVED, "node": server.facts["nodes"][-1]})
    runs.append(Run.play(server, env))
    graph = run("ansible-inventory", "-i", "playbooks/demo.pve.yml", "--graph", env=env)
    print("            changed   seconds   reads   writes")
    for name, played in zip(("first run", "second run"), runs, strict=True):
        print(f"{name:10} {played.changed:8} {played.seconds:9.1f} {played.reads:7} {played.writes:8}")
    first, second = runs
    checks = {
        "the first run succeeds": first.succeeded,
        "the first run changes something": first.changed > 0,
        "the second run succeeds": second.succeeded,
        "the second run changes nothing": second.changed == 0 and second.writes == 0,
        "the inventory is listed": graph,
    }
    outcome = Outcome()
    for name, holds in checks.items():
        outcome.check(name, holds)
        if not holds:
            print(f"Not so: {name}.")
    return record("demo", outcome)


if __name__ == "__main__":
    sys.exit(main())
