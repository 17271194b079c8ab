# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The QEMU guest agent's calls (qemu-server src/PVE/API2/Qemu/Agent.pm)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .. import guest_agent
from ..call import Call
from ..errors import ApiError
from ..guest import Guest
from ..guest_power import stop_guest
from ..guest_status import cpus_of
from ..routing import endpoint
from .qemu_power import machine

BASE = "/nodes/{node}/qemu/{vmid}/agent"
READS = (
    "get-fsinfo get-host-name get-memory-block-info get-memory-blocks get-osinfo get-time get-timezone get-users"
    " get-vcpus info network-get-interfaces"
).split()
ACTIONS = (
    "fsfreeze-freeze fsfreeze-status fsfreeze-thaw fstrim ping shutdown suspend-disk suspend-hybrid suspend-ram"
).split()
OTHERS = "exec exec-status file-read file-write set-user-password".split()


UNKNOWN_USER = (
    "child process has failed to set user password: chpasswd: (user {user}) pam_chauthtok() failed, error:\n"
    "Authentication token manipulation error\nchpasswd: (line 1, user {user}) password not changed\n\n"
)
# What the agent of the trait "restricted-agent" is set to refuse.
REFUSED = frozenset(ACTIONS) - {"fsfreeze-status", "ping"}


def is_restricted(guest: Guest) -> bool:
    """Whether the machine runs nothing but an agent that refuses what would freeze, trim or stop it."""
    return bool(guest.agent.get("restricted"))


def agent_of(call: Call) -> Guest:
    """The machine, if its agent can be talked to."""
    guest = machine(call)
    if "agent" not in guest.config:  # whether it is enabled there does not matter
        raise ApiError(500, "No QEMU guest agent configured")
    if not guest.running:
        raise ApiError(500, f"VM {guest.vmid} is not running")
    if not (guest.answers or is_restricted(guest)) or guest.paused:
        raise ApiError(500, "QEMU guest agent is not running")
    return guest


@endpoint("GET", BASE)
def agent_index(call: Call) -> Any:
    return [{"name": name} for name in sorted([*READS, *ACTIONS, *OTHERS])]


def answer(call: Call, guest: Guest, command: str) -> Any:
    """What the agent returns for a command without arguments."""
    simple: dict[str, Any] = {
        "network-get-interfaces": guest_agent.interfaces(guest),
        "get-host-name": {"host-name": guest.name},
        "get-osinfo": {
            "id": "debian", "name": "Debian GNU/Linux", "pretty-name": "Debian GNU/Linux 13 (trixie)",
            "version": "13 (trixie)", "version-id": "13", "machine": "x86_64", "kernel-release": "6.12.0-amd64",
            "kernel-version": "#1 SMP",
        },
        "get-time": time.time_ns(),
        "get-timezone": {"zone": "UTC", "offset": 0},
        "get-users": [],
        "get-vcpus": [{"logical-id": n, "online": True, "can-offline": n > 0} for n in range(cpus_of(call.cluster, guest))],
        "get-fsinfo": guest_agent.file_systems(),
        "get-memory-blocks": [],
        "get-memory-block-info": {"size": 134217728},
        "info": {"version": "10.0.0", "supported_commands": guest_agent.commands([*READS, *ACTIONS, *OTHERS])},
        "ping": {},
        "fsfreeze-status": guest.agent.get("freeze", "thawed"),
        "fstrim": {"paths": [{"path": "/", "trimmed": 0, "minimum": 0}]},
    }  # fmt: skip
    if command in simple:
        return simple[command]
    if command in ("fsfreeze-freeze", "fsfreeze-thaw"):
        guest.agent["freeze"] = "frozen" if command == "fsfreeze-freeze" else "thawed"
        return 1
    if command == "shutdown":
        stop_guest(call.cluster, guest)
    elif command.startswith("suspend-"):
        guest.paused = True
    return {}


def result(call: Call, command: str) -> Any:
    """What a command without arguments is answered with; a refusal by the agent is a result as well."""
    guest = agent_of(call)
    if command in REFUSED and is_restricted(guest):
        text = f"Command guest-{command} has been disabled: the command is not allowed"
        return {"result": {"error": {"class": "CommandNotFound", "desc": text}}}
    return {"result": answer(call, guest, command)}


def handler(command: str) -> Callable[[Call], Any]:
    return lambda call: result(call, command)


for _command in READS:
    endpoint("GET", f"{BASE}/{_command}")(handler(_command))
for _command in ACTIONS:
    endpoint("POST", f"{BASE}/{_command}")(handler(_command))


@endpoint("POST", BASE)
def any_command(call: Call) -> Any:
    return result(call, call.params["command"])


@endpoint("POST", f"{BASE}/exec")
def execute(call: Call) -> Any:
    guest = agent_of(call)
    return {"pid": guest_agent.run_command(guest, call.params["command"], call.params.get("input-data", ""))}


@endpoint("GET", f"{BASE}/exec-status")
def execution_status(call: Call) -> Any:
    return guest_agent.process_status(agent_of(call), call.params["pid"])


@endpoint("GET", f"{BASE}/file-read")
def read_file(call: Call) -> Any:
    content = guest_agent.read_file(agent_of(call), call.params["file"])
    return {"content": content.decode("latin-1"), "bytes-read": len(content)}


@endpoint("POST", f"{BASE}/file-write")
def write_file(call: Call) -> Any:
    encode = bool(call.params.get("encode", 1))
    guest_agent.write_file(agent_of(call), call.params["file"], call.params["content"], encode)
    return None


@endpoint("POST", f"{BASE}/set-user-password")
def set_password(call: Call) -> Any:
    user, guest = call.params["username"], agent_of(call)
    if is_restricted(guest) and user != "root":
        raise ApiError(500, f"Agent error: {UNKNOWN_USER.format(user=user)}")
    return {"result": {}}
