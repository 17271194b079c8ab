# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item of a loop costs inside the controller's process, and as an ordinary module."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmark.playing import connection, seconds_of
from tools.simulated import Simulated, simulator

ITEMS = 100


def measure() -> None:
    """Print the time of a loop of tasks with nothing to do in both hosts, without the start of Ansible, and the ratio."""
    print(f"A loop of {ITEMS} items with nothing to do (pve_pool), without the start of Ansible")
    with simulator("single") as server, tempfile.TemporaryDirectory() as folder:
        bare = play(server, Path(folder), 1, in_process=True)
        seconds = {host: play(server, Path(folder), ITEMS + 1, in_process=host) - bare for host in (True, False)}
    for host, name in ((True, "in the controller's process"), (False, "as ordinary modules")):
        print(f"  {name:28} {seconds[host]:7.2f} s   {seconds[host] * 1000 / ITEMS:7.1f} ms an item")
    print(f"  ratio                        {seconds[False] / seconds[True]:7.0f} x   (expected: 25 or more)")


def play(server: Simulated, folder: Path, items: int, *, in_process: bool) -> float:
    """The seconds of a playbook with one loop."""
    task = {"pve.automation.pve_pool": {**connection(server.facts), "poolid": "bench"}, "loop": list(range(items))}
    return seconds_of(folder, task, in_process=in_process)
