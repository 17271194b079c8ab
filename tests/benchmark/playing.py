# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of one task, timed as a whole: the start of Ansible is among the seconds."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.common import DEV, ROOT, captured, output, program

OURS = program("ansible-playbook")
PEER_ANSIBLE = os.environ.get("BENCH_PEER_ANSIBLE", "14.5.0")  # of PyPI's package; it has community.proxmox 2.0.0
PEER_PYTHONS = ("3.13", "3.12", "3.14")  # that run it
PEER = ROOT / ".build" / f"peer-{PEER_ANSIBLE}"  # the environment of community.proxmox


def connection(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Connection options of our modules."""
    return {
        "api_host": facts["url"],
        "api_fingerprint": facts["fingerprint"],
        "api_token_id": facts["token_id"],
        "api_token_secret": facts["token_secret"],
    }


def seconds_of(folder: Path, task: Mapping[str, Any], *, in_process: bool = True, command: str = OURS) -> float:
    """The seconds of a playbook with this task; a task that fails is an error."""
    playbook = folder / "play.yml"
    variables = {"pve_in_process": in_process, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [dict(task)]}
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(DEV)} if command == OURS else dict(os.environ)
    start = time.monotonic()
    done = subprocess.run(
        [command, "-i", "localhost,", "-c", "local", str(playbook)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return time.monotonic() - start


def cpu_of(folder: Path, task: Mapping[str, Any]) -> float:
    """The seconds of CPU of such a playbook, which do not depend on what else the machine does."""
    before = _cpu_of_children()
    seconds_of(folder, task)
    return _cpu_of_children() - before


def _cpu_of_children() -> float:
    """The seconds of CPU of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peer_command() -> str:
    """The ansible-playbook of PyPI's ansible package, which has community.proxmox; it is installed if it is not there yet."""
    command = PEER / "bin" / "ansible-playbook"
    if not command.exists():
        found, python = captured(ROOT / "tools" / "find-python.sh", *PEER_PYTHONS)
        if not found:
            raise RuntimeError(f"the peer needs Python {' or '.join(PEER_PYTHONS)}, and none was found")
        output("uv", "venv", "--quiet", "--clear", "--python", python.strip(), PEER)
        packages = (f"ansible=={PEER_ANSIBLE}", "proxmoxer", "requests")
        output("uv", "pip", "install", "--quiet", "--python", PEER / "bin" / "python", *packages)
    return str(command)


def peer_connection(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Connection options of community.proxmox."""
    host, _colon, port = str(facts["url"]).rpartition("://")[2].rpartition(":")
    user, _bang, token = str(facts["token_id"]).partition("!")
    secret = facts["token_secret"]
    given = {
        "api_host": host,
        "api_port": int(port),
        "api_user": user,
        "api_token_id": token,
        "api_token_secret": secret,
    }
    return {**given, "validate_certs": False}
