# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for pvesh, which behaves as the sources of PVE say; copied to a directory of its own, where it keeps its state.

Arguments: JSONSchema.pm, get_options (a list is a repeated option, an unknown one is 400). Output and errors: CLIFormatter.pm,
print_api_result, and Exception.pm, stringify. A task runs inside it and ends when its output cannot be written: RESTEnvironment.pm,
fork_worker and tee_worker for the type ``cli``; its failure is reported on stderr, the exit code stays 0.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
UPID = "UPID:pve:{pid:08X}:00095ABC:{started:08X}:qmshutdown:100:root@pam:"
LISTS = {"command", "vms", "delete"}
CALLS: dict[tuple[str, str], set[str]] = {
    ("get", "/version"): set(),
    ("get", "/nodes/pve/time"): set(),
    ("get", "/nodes/pve/tasks"): {"source", "since"},
    ("get", "/slow"): {"comment"},
    ("get", "/seen"): set(),
    ("set", "/pools"): {"comment", "poolid"},
    ("create", "/nodes/pve/qemu/100/agent/exec"): {"command", "input-data"},
    ("create", "/nodes/pve/qemu/100/status/shutdown"): {"timeout"},
    ("create", "/nodes/other/qemu/100/status/shutdown"): set(),
    ("delete", "/pools"): {"poolid"},
}


def die(text: str, code: int = 255) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(code)


def options(allowed: set[str], given: list[str], usage: str) -> dict[str, Any]:
    """The options of a call; the last one wins, except for lists."""
    found: dict[str, Any] = {}
    while given:
        name, given = given[0], given[1:]
        if not name.startswith("-"):
            die(f"400 too many arguments\n{usage}")
        name = name.lstrip("-")
        if name not in allowed | {"output-format"}:
            print(f"Unknown option: {name}", file=sys.stderr)
            die(f"400 unable to parse option\n{usage}")
        if not given:
            print(f"Option {name} requires an argument", file=sys.stderr)
            die(f"400 unable to parse option\n{usage}")
        value, given = given[0], given[1:]
        found[name] = [*found.get(name, []), value] if name in LISTS else value
    return found


def shutdown() -> str:
    """The task of a shutdown, which takes as many seconds as the file ``duration`` says."""
    seconds = float((HERE / "duration").read_text())
    upid = UPID.format(pid=os.getpid(), started=int(time.time()))
    task = HERE / "tasks" / str(os.getpid())
    task.write_text(json.dumps({"upid": upid, "id": "100", "type": "qmshutdown", "user": "root@pam"}))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.write(1, b"waiting for the guest\n")  # raises once nobody reads it
        time.sleep(0.1)
    task.write_text(json.dumps({**json.loads(task.read_text()), "status": "OK"}))
    (HERE / "stopped").touch()
    return upid


def answer(command: str, path: str, given: dict[str, Any]) -> Any:
    if path == "/slow":
        time.sleep(60)
    if path.startswith("/nodes/other/"):
        die(
            'malformed JSON string, neither tag, array, object, number, string or atom, at character offset 0 (before "UPID:...")'
        )
    if path == "/pools" and command == "delete":
        die("pool 'x' does not exist", 2)
    if "poolid" in given and not given["poolid"].isalnum():
        refusal = "poolid: value does not look like a valid pool ID"
        die(f"400 Parameter verification failed.\n{refusal}\npvesh {command} {path} [OPTIONS]")
    if path.endswith("/exec"):
        return {"pid": 4711}
    if path.endswith("/shutdown"):
        return shutdown()
    tasks = [json.loads(file.read_text()) for file in (HERE / "tasks").iterdir()]
    calls = [json.loads(line) for line in (HERE / "calls").read_text().splitlines()]
    return {
        "/version": {"version": "9.2.11", "release": "9.2"},
        "/nodes/pve/time": {"time": int(time.time())},
        "/nodes/pve/tasks": tasks,
        "/seen": {"stopped": (HERE / "stopped").exists(), "calls": calls},
    }.get(path)


def main() -> None:
    command, path, *given = sys.argv[1:]
    if path.startswith("/nodes/pve/tasks/"):
        (upid, last) = path.split("/")[4:6]
        file = next(file for file in (HERE / "tasks").iterdir() if upid in file.read_text())
        status = json.loads(file.read_text()).get("status")
        ended = {"status": "stopped", "exitstatus": status} if status else {"status": "running"}
        print(json.dumps(ended if last == "status" else [{"n": 1, "t": "no content"}], indent=3))
        return
    if (command, path) not in CALLS:
        die(f"No '{command}' handler defined for '{path}'", 1)
    params = options(CALLS[command, path], given, f"pvesh {command} {path} [OPTIONS]")
    params.pop("output-format", None)
    with (HERE / "calls").open("a") as calls:
        calls.write(json.dumps([command, path, params]) + "\n")
    data = answer(command, path, params)
    if data is not None:
        print(json.dumps(data, indent=3))


if __name__ == "__main__":
    main()
