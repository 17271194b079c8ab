# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest with an operating system tells and does: its addresses, and the QEMU guest agent inside it."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from typing import Any

from .errors import ApiError
from .guest import Guest
from .guest_options import option_format
from .property_string import split

LOOPBACK = {"name": "lo", "hardware-address": "00:00:00:00:00:00"}


def cards(guest: Guest) -> list[tuple[int, dict[str, str]]]:
    """The network cards by number."""
    return [
        (number, split(str(guest.config[f"net{number}"]), option_format(guest.kind, f"net{number}")))
        for number in range(32)
        if f"net{number}" in guest.config
    ]


def address(guest: Guest, number: int, text: str | None) -> tuple[str, int]:
    """The IPv4 address and prefix of a card: the configured one, or what DHCP would have given."""
    if text and "/" in text:
        interface = ipaddress.ip_interface(text)
        return str(interface.ip), interface.network.prefixlen
    digest = hashlib.sha1(f"{guest.vmid}/{number}".encode()).digest()
    return f"10.{digest[0]}.{digest[1]}.{digest[2] % 253 + 1}", 24


def _addresses(guest: Guest, number: int, text: str | None) -> list[dict[str, Any]]:
    ip, prefix = address(guest, number, text)
    return [{"ip-address": ip, "ip-address-type": "ipv4", "prefix": prefix}]


def interfaces(guest: Guest) -> list[dict[str, Any]]:
    """The answer of network-get-interfaces."""
    found: list[dict[str, Any]] = [
        {**LOOPBACK, "ip-addresses": [{"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}]}
    ]
    for number, card in cards(guest):
        config = str(guest.config.get(f"ipconfig{number}", ""))
        ip = dict(part.split("=", 1) for part in config.split(",") if "=" in part).get("ip")
        found.append({
            "name": f"eth{number}",
            "hardware-address": card["macaddr"].lower(),
            "ip-addresses": _addresses(guest, number, ip),
            "statistics": dict.fromkeys(
                ("rx-bytes", "rx-packets", "rx-errs", "rx-dropped", "tx-bytes", "tx-packets", "tx-errs", "tx-dropped"), 0
            ),
        })  # fmt: skip
    return found


def container_interfaces(guest: Guest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{**LOOPBACK, "hwaddr": LOOPBACK["hardware-address"], "ip-addresses": []}]
    for number, card in cards(guest):
        ip, prefix = address(guest, number, card.get("ip"))
        mac = card["hwaddr"].lower()
        found.append({
            "name": card["name"], "hwaddr": mac, "hardware-address": mac, "inet": f"{ip}/{prefix}",
            "ip-addresses": [{"ip-address": ip, "ip-address-type": "inet", "prefix": str(prefix)}],
        })  # fmt: skip
    return found


# --- commands -------------------------------------------------------------------------------


def run_command(guest: Guest, words: list[str], stdin: str) -> int:
    """Run a command in the guest; its process id. The simulated shell knows echo, cat, true, false and hostname."""
    processes = guest.agent.setdefault("processes", {})
    pid = 1000 + len(processes)
    name, arguments = words[0].rsplit("/", 1)[-1], words[1:]
    output, code = "", 0
    if name == "echo":
        output = " ".join(arguments) + "\n"
    elif name == "cat":
        output, code = (stdin, 0) if not arguments else _cat(guest, arguments)
    elif name == "hostname":
        output = f"{guest.name}\n"
    elif name not in ("true", ":"):
        code = 1 if name == "false" else 127
    processes[pid] = {"exited": 1, "exitcode": code}
    if output:
        processes[pid]["out-data"] = output
    if code == 127:
        processes[pid]["err-data"] = f"{name}: command not found\n"
    return pid


def _cat(guest: Guest, names: list[str]) -> tuple[str, int]:
    files = guest.agent.get("files", {})
    return "".join(files.get(name, "") for name in names), int(any(name not in files for name in names))


def process_status(guest: Guest, pid: int) -> dict[str, Any]:
    processes = guest.agent.get("processes", {})
    if pid not in processes:
        raise ApiError(500, f"Agent error: PID {pid} does not exist")
    status: dict[str, Any] = processes[pid]
    return status


def read_file(guest: Guest, name: str) -> str:
    files: dict[str, str] = guest.agent.get("files", {})
    if name not in files:
        raise ApiError(500, f"Agent error: failed to open file '{name}': No such file or directory")
    return files[name]


def write_file(guest: Guest, name: str, content: str, encode: bool) -> None:
    text = content if encode else base64.b64decode(content).decode("utf-8", "replace")
    guest.agent.setdefault("files", {})[name] = text
