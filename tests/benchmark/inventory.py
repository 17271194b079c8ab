# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory of a large cluster costs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.common import DEV, program
from tools.simulated import Simulated, simulator

GUESTS = 10_000


def measure() -> None:
    """Print time, peak memory and requests of ansible-inventory for a cluster with many guests, and without any."""
    print(f"The inventory of {GUESTS} guests without facts (ansible-inventory --list)")
    for scenario, name in (("single", "no guests: Ansible itself"), (str(GUESTS), f"{GUESTS} guests")):
        with simulator(scenario) as server, tempfile.TemporaryDirectory() as folder:
            seconds, memory, hosts = listing(server, Path(folder))
            asked = len([row for row in server.requests() if row["path"] != "/access/ticket"])
        print(f"  {name:28} {seconds:6.2f} s   peak {memory:5.0f} MB   {asked} request(s)   {hosts} hosts")


def listing(server: Simulated, folder: Path) -> tuple[float, float, int]:
    """Seconds, peak memory in MB, and hosts of one ansible-inventory --list."""
    source = folder / "bench.pve.yml"
    source.write_text("plugin: pve.automation.pve\n", encoding="utf-8")
    facts = server.facts
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(DEV),
        "PVE_HOST": facts["url"],
        "PVE_FINGERPRINT": facts["fingerprint"],
        "PVE_TOKEN_ID": facts["token_id"],
        "PVE_TOKEN_SECRET": facts["token_secret"],
    }
    # A process of its own, whose children's peak is that of ansible-inventory alone.
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
    printed = subprocess.run(watcher, env=environment, check=True, capture_output=True, text=True)
    seconds = time.monotonic() - start
    hosts = len(json.loads(printed.stdout)["_meta"]["hostvars"])
    return seconds, int(printed.stderr.splitlines()[-1]) / 1024, hosts


if __name__ == "__main__":
    code = subprocess.run(sys.argv[1:], check=False).returncode
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
    sys.exit(code)
