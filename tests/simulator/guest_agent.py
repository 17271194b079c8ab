# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest with an operating system reports and does: its addresses, and the QEMU guest agent inside it."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
import shlex
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, Lost
from .guest import Guest
from .guest_options import option_format
from .property_string import split
from .sizes import GIB

LOOPBACK = {"name": "lo", "hardware-address": "00:00:00:00:00:00"}

STATISTICS = tuple(f"{way}-{what}" for way in ("rx", "tx") for what in ("bytes", "packets", "errs", "dropped"))


def file_systems() -> list[dict[str, Any]]:
    """The answer of get-fsinfo."""
    controller = {"domain": 0, "bus": 0, "slot": 5, "function": 0}
    disk = {"dev": "/dev/sda1", "bus-type": "scsi", "bus": 0, "target": 0, "unit": 0, "pci-controller": controller}
    sizes = {"total-bytes": 8 * GIB, "total-bytes-privileged": 9 * GIB, "used-bytes": 2 * GIB}
    return [{"name": "sda1", "mountpoint": "/", "type": "ext4", "disk": [disk], **sizes}]


def commands(names: Iterable[str]) -> list[dict[str, Any]]:
    """What the agent says that it can do."""
    return [{"name": f"guest-{name}", "enabled": True, "success-response": True} for name in sorted(names)]


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
    local = {"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}
    found: list[dict[str, Any]] = [{**LOOPBACK, "ip-addresses": [local], "statistics": dict.fromkeys(STATISTICS, 0)}]
    for number, card in cards(guest):
        config = str(guest.config.get(f"ipconfig{number}", ""))
        ip = dict(part.split("=", 1) for part in config.split(",") if "=" in part).get("ip")
        found.append({
            "name": f"eth{number}",
            "hardware-address": card["macaddr"].lower(),
            "ip-addresses": _addresses(guest, number, ip),
            "statistics": dict.fromkeys(STATISTICS, 0),
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

# The folders at the root of a guest; every path below one of them can be written.
FOLDERS = frozenset("/bin /boot /dev /etc /home /mnt /opt /root /run /srv /tmp /usr /var".split())
NOT_FOUND = "failed to open file '{}' (mode: '{}'): No such file or directory"
OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass
class Process:
    """A program that was started in a guest: its end, and what it has written."""

    out: bytes = b""
    error: bytes = b""
    code: int = 0
    signal: int | None = None
    ends: float = 0.0  # by the monotonic clock

    def status(self) -> dict[str, Any]:
        """What guest-exec-status reports; output as PVE passes it on, a character for each byte."""
        if time.monotonic() < self.ends:
            return {"exited": 0}
        reported: dict[str, Any] = {"exited": 1}
        reported.update({"exitcode": self.code} if self.signal is None else {"signal": self.signal})
        for name, written in (("out", self.out), ("err", self.error)):
            if written:
                reported.update({f"{name}-data": written.decode("latin-1"), f"{name}-truncated": 0})
        return reported


def run_command(guest: Guest, words: list[str], stdin: str) -> int:
    """Start a program in the guest; its process id."""
    check_ascii(stdin, "subroutine entry at /usr/share/perl5/PVE/QemuServer/Agent.pm line 135.")
    program = PROGRAMS.get(words[0].rsplit("/", 1)[-1])
    if program is None:
        raise Lost  # the agent's error has quotes beyond ASCII, over which the server's own process dies
    process = program(guest, words[1:], stdin)
    processes = guest.agent.setdefault("processes", {})
    guest.agent["pid"] = pid = guest.agent.get("pid", 999) + 1
    processes[pid] = process
    return int(pid)


def check_ascii(text: str, where: str) -> None:
    if not text.isascii():
        raise ApiError(500, f"Wide character in {where}")


def _echo(_guest: Guest, arguments: list[str], _stdin: str) -> Process:
    return Process(" ".join(arguments).encode() + b"\n")


def _printf(_guest: Guest, arguments: list[str], _stdin: str) -> Process:
    return Process(OCTAL.sub(lambda found: bytes([int(found[1], 8)]), "".join(arguments[:1]).encode()))


def _hostname(guest: Guest, _arguments: list[str], _stdin: str) -> Process:
    return Process(f"{guest.name}\n".encode())


def _sleep(_guest: Guest, arguments: list[str], _stdin: str) -> Process:
    return Process(ends=time.monotonic() + float(arguments[0]))


def _shell(guest: Guest, arguments: list[str], stdin: str) -> Process:
    """Run a script of simple commands, separated by semicolons, whose output may go to standard error."""
    whole = Process()
    for command in filter(None, map(str.strip, arguments[1].split(";") if arguments[:1] == ["-c"] else ())):
        if command == "kill -9 $$":
            return Process(whole.out, whole.error, signal=9)
        words = shlex.split(command.removesuffix(">&2"))
        if words[0] == "exit":
            return Process(whole.out, whole.error, int(words[1]))
        program = PROGRAMS.get(words[0])
        not_found = Process(error=f"sh: 1: {words[0]}: not found\n".encode(), code=127)
        done = program(guest, words[1:], stdin) if program else not_found
        to_error = command.endswith(">&2")
        whole.out += b"" if to_error else done.out
        whole.error += done.error + (done.out if to_error else b"")
        whole.code = done.code
    return whole


def _cat(guest: Guest, names: list[str], stdin: str) -> Process:
    if not names:
        return Process(stdin.encode())
    files: dict[str, bytes] = guest.agent.get("files", {})
    missing = "".join(f"cat: {name}: No such file or directory\n" for name in names if name not in files)
    return Process(b"".join(files.get(name, b"") for name in names), missing.encode(), int(bool(missing)))


# The programs that the simulated guest has.
PROGRAMS: dict[str, Callable[[Guest, list[str], str], Process]] = {
    "echo": _echo, "printf": _printf, "cat": _cat, "hostname": _hostname, "sleep": _sleep, "sh": _shell, "bash": _shell,
    **dict.fromkeys(("true", ":", "systemctl"), lambda guest, arguments, stdin: Process()),
    "false": lambda guest, arguments, stdin: Process(code=1),
}  # fmt: skip


def process_status(guest: Guest, pid: int) -> dict[str, Any]:
    """How a program does; one that has ended is reported of once."""
    processes: dict[int, Process] = guest.agent.get("processes", {})
    if pid not in processes:
        raise ApiError(500, "Agent error: PID ld does not exist")  # so it says
    status = processes[pid].status()
    if status["exited"]:
        del processes[pid]
    return status


def read_file(guest: Guest, name: str) -> bytes:
    files: dict[str, bytes] = guest.agent.get("files", {})
    if name in FOLDERS:
        raise ApiError(500, "Agent error: failed to read file: Is a directory")
    if name not in files:
        raise ApiError(500, f"Agent error: {NOT_FOUND.format(name, 'r')}")
    return files[name]


def write_file(guest: Guest, name: str, content: str, encode: bool) -> None:
    check_ascii(content, "subroutine entry at /usr/share/perl5/PVE/API2/Qemu/Agent.pm line 624.")
    if "/" + name.strip("/").partition("/")[0] not in FOLDERS:
        raise ApiError(500, f"Agent error: {NOT_FOUND.format(name, 'wb')}")
    guest.agent.setdefault("files", {})[name] = content.encode() if encode else base64.b64decode(content)
