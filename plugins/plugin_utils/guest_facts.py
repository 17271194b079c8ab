# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugin can ask each guest for: its configuration, its agent, its network interfaces.

Guests are asked in parallel. What cannot be read is left out and told once per problem, never a reason to lose a guest.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..module_utils.errors import PveError
from ..module_utils.plan import api_path
from ..module_utils.resource import Reader
from .inventory import Host

FACTS = ("config", "agent", "interfaces")
NAMES_IN_WARNING = 5
_MAC = re.compile(r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b")


@dataclasses.dataclass
class Problem:
    """Something that could not be read, of one or of many guests."""

    what: str
    error: PveError
    guests: list[str] = dataclasses.field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """Equal for the same problem of different guests."""
        return self.what, re.sub(r"\d+", "0", self.error.message)

    def warning(self) -> str:
        names = ", ".join(self.guests[:NAMES_IN_WARNING])
        more = len(self.guests) - NAMES_IN_WARNING
        of = f"{names} and {more} more" if more > 0 else names
        return f"Facts of {of}: the {self.what} could not be read. {self.error}"


def read_facts(
    reader: Reader, guests: Sequence[Host], wanted: Iterable[str], concurrency: int, offline: Iterable[str] = ()
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The facts of each guest by its id, and the warnings. Guests on ``offline`` nodes are not asked."""
    wanted, offline = frozenset(wanted), frozenset(offline)
    asked = [guest for guest in guests if guest.row["node"] not in offline]
    warnings = [_offline_warning(node, guests) for node in sorted(offline)]
    jobs = [_Guest(reader, guest, wanted) for guest in asked]
    with ThreadPoolExecutor(concurrency) as pool:
        facts = dict(zip((guest.id for guest in asked), pool.map(_Guest.read, jobs), strict=True))
    problems: dict[tuple[str, str], Problem] = {}
    for job in jobs:
        for problem in job.problems:
            problems.setdefault(problem.key, problem).guests.append(job.guest.name)
    return facts, [text for text in warnings if text] + [problem.warning() for problem in problems.values()]


def _offline_warning(node: str, guests: Iterable[Host]) -> str:
    count = sum(guest.row["node"] == node for guest in guests)
    return f"Node {node} is not online: its guests ({count}) have no facts." if count else ""


class _Guest:
    """The questions to one guest."""

    def __init__(self, reader: Reader, guest: Host, wanted: frozenset[str]) -> None:
        self.reader, self.guest, self.wanted = reader, guest, wanted
        self.path = api_path("nodes", guest.row["node"], guest.row["type"], guest.row["vmid"])
        self.problems: list[Problem] = []

    def read(self) -> dict[str, Any]:
        """Variables without prefix: those of ``wanted`` that could be had, and ``ansible_host`` as the key ``address``."""
        config = self._ask("configuration", "/config")
        if config is None:
            return {}
        facts: dict[str, Any] = {"config": config} if "config" in self.wanted else {}
        if self.guest.row.get("status") == "running":
            facts.update(self._container() if self.guest.row["type"] == "lxc" else self._machine(config))
        address = guest_address(config, facts.get("interfaces") or [])
        return {**facts, "address": address} if address else facts

    def _container(self) -> dict[str, Any]:
        if "interfaces" not in self.wanted:
            return {}
        rows = self._ask("interfaces", "/interfaces")
        return {"interfaces": [_interface(row) for row in rows or []]}

    def _machine(self, config: Mapping[str, Any]) -> dict[str, Any]:
        if not agent_enabled(config):
            return {}
        facts: dict[str, Any] = {}
        if "agent" in self.wanted:
            system = self._ask("guest agent", "/agent/get-osinfo")
            if system is None:
                return {}  # it would not answer the next question either, after the same time-out
            facts["agent"] = system.get("result") or {}
        if "interfaces" in self.wanted:
            answer = self._ask("guest agent", "/agent/network-get-interfaces")
            if answer is not None:
                facts["interfaces"] = [_interface(row) for row in answer.get("result") or []]
        return facts

    def _ask(self, what: str, path: str) -> Any:
        """The answer; None if there is none, which is a problem then."""
        try:
            answer = self.reader.get(self.path + path)
        except PveError as error:
            self.problems.append(Problem(what, error))
            return None
        return {} if answer is None else answer


def agent_enabled(config: Mapping[str, Any]) -> bool:
    """Whether a machine's configuration says that it has a guest agent."""
    parts = [part.strip().removeprefix("enabled=") for part in str(config.get("agent") or "").split(",")]
    return any(part.lower() in ("1", "on", "yes", "true") for part in parts)


def _interface(row: Mapping[str, Any]) -> dict[str, Any]:
    """One form for what agents and containers tell, which differs between releases, too."""
    addresses = [f"{item['ip-address']}/{item['prefix']}" for item in row.get("ip-addresses") or []]
    addresses = addresses or [row[key] for key in ("inet", "inet6") if row.get(key)]
    mac = str(row.get("hardware-address") or row.get("hwaddr") or "")
    return {"name": row.get("name", ""), "mac": mac.upper(), "addresses": addresses}


def guest_address(config: Mapping[str, Any], interfaces: Sequence[Mapping[str, Any]]) -> str:
    """The address to reach a guest by, empty if none is known.

    The network devices net0, net1 ... are looked at in this order, for an address that the guest has on the device with this
    MAC address, then for a static one in the configuration. IPv4 goes before IPv6; loopback and link-local ones do not count.
    Addresses of other interfaces, such as bridges of container engines in the guest, are never taken.
    """
    slots = sorted(int(key[3:]) for key in config if re.fullmatch(r"net\d+", key))
    by_device = [_addresses_by_mac(str(config[f"net{slot}"]), interfaces) for slot in slots]
    static = [_static_addresses(config, slot) for slot in slots]
    for candidates in (*by_device, *static):
        usable = [address for address in map(_usable, candidates) if address]
        if usable:
            return str(min(usable, key=lambda address: address.version))
    return ""


def _addresses_by_mac(device: str, interfaces: Sequence[Mapping[str, Any]]) -> list[str]:
    mac = _MAC.search(device)
    return [text for row in interfaces if mac and row["mac"] == mac[0].upper() for text in row["addresses"]]


def _static_addresses(config: Mapping[str, Any], slot: int) -> list[str]:
    text = f"{config.get(f'ipconfig{slot}', '')},{config[f'net{slot}']}"
    parts = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    return [parts[key] for key in ("ip", "ip6") if key in parts]


def _usable(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in ``ADDRESS/PREFIX``; None for dhcp, auto, manual and what cannot be reached from elsewhere."""
    try:
        address = ipaddress.ip_interface(text).ip
    except ValueError:
        return None
    return None if address.is_loopback or address.is_link_local or address.is_unspecified else address
