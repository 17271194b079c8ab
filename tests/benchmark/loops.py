# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item of a loop costs inside the controller's process, and as an ordinary module."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmark.playing import connection, seconds_of
from tools.simulated import Simulated, simulator

HOSTS = {True: ("in the controller's process", 100), False: ("as ordinary modules", 20)}  # and the items of a loop


def measure() -> None:
    """Print the time of an item of a loop with nothing to do in both hosts, without the start of Ansible, and the ratio."""
    print("An item of a loop with nothing to do (pve_pool), without the start of Ansible")
    each = {}
    with simulator("single") as server, tempfile.TemporaryDirectory() as folder:
        bare = play(server, Path(folder), 1, in_process=True)
        for in_process, (name, items) in HOSTS.items():
            each[in_process] = (play(server, Path(folder), items + 1, in_process=in_process) - bare) / items
            print(f"  {name:28} {each[in_process] * 1000:7.1f} ms   ({items} items measured)")
    print(f"  ratio                        {each[False] / each[True]:7.0f} x   (expected: 25 or more)")


def play(server: Simulated, folder: Path, items: int, *, in_process: bool) -> float:
    """The seconds of a playbook with one loop."""
    task = {"pve.automation.pve_pool": {**connection(server.facts), "poolid": "bench"}, "loop": list(range(items))}
    return seconds_of(folder, task, in_process=in_process)
