# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory of a large cluster costs."""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tools.common import DEV, program
from tools.simulated import Simulated, simulator

GUESTS = 10_000
LARGEST_RATIO = 1.5


def measure() -> None:
    """Print what ansible-inventory costs for a cluster with many guests, beside the same hosts from a script, and without any."""
    print(f"The inventory of {GUESTS} guests without facts (ansible-inventory --list)")
    for scenario, name in (("single", "no guests: Ansible itself"), (str(GUESTS), f"{GUESTS} guests")):
        with simulator(scenario) as server, tempfile.TemporaryDirectory() as folder:
            ours = listing(server, Path(folder))
            asked = len([row for row in server.requests() if row["path"] != "/access/ticket"])
            static = static_listing(Path(folder), ours.printed)
        print(f"  {name:28} {ours}   {asked} request(s)   {ours.hosts} hosts")
    print(f"  {'the same from a script':28} {static}")
    print(f"  ratio of CPU                 {ours.cpu / static.cpu:6.2f} x   (expected: at most {LARGEST_RATIO})")


@dataclasses.dataclass(frozen=True)
class Listing:
    """One ansible-inventory --list: seconds, seconds of CPU, peak memory in MB, and what it printed."""

    seconds: float
    cpu: float
    memory: float
    printed: str

    @property
    def hosts(self) -> int:
        return len(json.loads(self.printed)["_meta"]["hostvars"])

    def __str__(self) -> str:
        return f"{self.seconds:6.2f} s   CPU {self.cpu:6.2f} s   peak {self.memory:5.0f} MB"


def listing(server: Simulated, folder: Path) -> Listing:
    """The inventory of a cluster."""
    source = folder / "bench.pve.yml"
    source.write_text("plugin: pve.automation.pve\n", encoding="utf-8")
    facts = server.facts
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(DEV),
        "PVE_HOST": facts["url"],
        "PVE_FINGERPRINT": facts["fingerprint"],
        "PVE_TOKEN_ID": facts["token_id"],
        "PVE_TOKEN_SECRET": facts["token_secret"],
    }
    return _listing(source, environment)


def static_listing(folder: Path, printed: str) -> Listing:
    """The same hosts, groups and variables from a script that prints them: what core needs to add them."""
    (folder / "hosts.json").write_text(printed, encoding="utf-8")
    script = folder / "hosts.sh"
    script.write_text(f"#!/bin/sh\nexec cat '{folder}/hosts.json'\n", encoding="utf-8")
    script.chmod(0o755)
    return _listing(script, {})


def _listing(source: Path, environment: Mapping[str, str]) -> Listing:
    # A process of its own, whose children's time and peak are those of ansible-inventory alone.
    watcher = [
        sys.executable,
        "-m",
        "tests.benchmark.inventory",
        program("ansible-inventory"),
        "-i",
        str(source),
        "--list",
    ]
    start = time.monotonic()
    watched = {**os.environ, **environment}
    done = subprocess.run(watcher, env=watched, check=True, capture_output=True, text=True)
    seconds = time.monotonic() - start
    cpu, memory = done.stderr.splitlines()[-1].split()
    return Listing(seconds, float(cpu), int(memory) / 1024, done.stdout)


if __name__ == "__main__":
    code = subprocess.run(sys.argv[1:], check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
    sys.exit(code)
