# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item of a loop costs inside the controller's process, and as an ordinary module."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from tools.common import DEV
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
    task: dict[str, Any] = {
        "name": "Nothing to do",
        "pve.automation.pve_pool": {
            "api_host": server.facts["url"],
            "api_fingerprint": server.facts["fingerprint"],
            "api_token_id": server.facts["token_id"],
            "api_token_secret": server.facts["token_secret"],
            "poolid": "bench",
        },
        "loop": list(range(items)),
    }
    playbook = folder / "play.yml"
    variables = {"pve_in_process": in_process, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play_ = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [task]}
    playbook.write_text(yaml.safe_dump([play_]), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(DEV)}
    start = time.monotonic()
    subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", str(playbook)],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - start
