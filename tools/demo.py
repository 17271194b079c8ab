# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks/demo.yml twice against a simulated three-node cluster; the second run must change nothing."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass

from tools.common import record, tee
from tools.simulated import Simulated, simulator


@dataclass(frozen=True)
class Run:
    """What one run of the playbook cost and did."""

    succeeded: bool
    changed: int  # tasks
    seconds: float
    reads: int  # requests
    writes: int

    @classmethod
    def play(cls, server: Simulated) -> Run:
        start = time.monotonic()
        succeeded, printed = tee("ansible-playbook", "playbooks/demo.yml", env=environment(server))
        seconds = time.monotonic() - start
        methods = [request["method"] for request in server.requests()]
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
    }


def main() -> int:
    with simulator("demo") as server:
        runs = [Run.play(server), Run.play(server)]
    print("            changed   seconds   reads   writes")
    for name, run in zip(("first run", "second run"), runs, strict=True):
        print(f"{name:10} {run.changed:8} {run.seconds:9.1f} {run.reads:7} {run.writes:8}")
    good = [run.succeeded for run in runs]
    good.append(runs[0].changed > 0)
    good.append(runs[1].changed == 0)
    if not good[-1]:
        print("The second run changed something.")
    return record("demo", good.count(True), good.count(False))


if __name__ == "__main__":
    sys.exit(main())
