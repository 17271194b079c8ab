# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugin can ask each guest for: its configuration, its agent, its network interfaces.

Guests are asked in parallel. What cannot be read is left out and reported once per problem, never a reason to lose a guest.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..module_utils._core.guests.agent import GuestGatherer, agent_enabled, reachable
from ..module_utils._core.model.contract import Reader
from ..module_utils._core.model.plan import api_path
from ..module_utils._core.run.fanout import gather_all, warnings_of
from ._inventory import Host

FACTS = ("config", "agent", "interfaces")
_MAC = re.compile(r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b")


def read_facts(
    reader: Reader, guests: Sequence[Host], wanted: Iterable[str], concurrency: int, offline: Iterable[str] = ()
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The facts of each guest by its id, and the warnings. Guests on ``offline`` nodes are not asked."""
    wanted, offline = frozenset(wanted), frozenset(offline)
    asked = [guest for guest in guests if guest.row["node"] not in offline]
    warnings = [_offline_warning(node, guests) for node in sorted(offline)]
    gatherers = [_Guest(reader, guest, wanted) for guest in asked]
    found = gather_all(gatherers, _Guest.read, concurrency)
    facts = dict(zip((guest.id for guest in asked), found, strict=True))
    return facts, [text for text in warnings if text] + warnings_of(gatherers)


def _offline_warning(node: str, guests: Iterable[Host]) -> str:
    count = sum(guest.row["node"] == node for guest in guests)
    return f"Node {node} is not online: its guests ({count}) have no facts." if count else ""


class _Guest(GuestGatherer):
    """The questions to one guest."""

    def __init__(self, reader: Reader, guest: Host, wanted: frozenset[str]) -> None:
        super().__init__(reader, api_path("nodes", guest.row["node"], guest.row["type"], guest.row["vmid"]), guest.name)
        self.guest, self.wanted = guest, wanted

    def read(self) -> dict[str, Any]:
        """Variables without prefix: those of ``wanted`` that could be had, and ``ansible_host`` as the key ``address``."""
        config = self.ask("configuration", "/config")
        if config is None:
            return {}
        facts: dict[str, Any] = {"config": config} if "config" in self.wanted else {}
        if self.guest.row.get("status") == "running":
            facts.update(self._live(config))
        address = guest_address(config, facts.get("interfaces") or [])
        return {**facts, "address": address} if address else facts

    def _live(self, config: Mapping[str, Any]) -> dict[str, Any]:
        if self.guest.row["type"] == "qemu":
            return self.agent_facts(self.wanted) if agent_enabled(config) else {}
        return self.container_facts() if "interfaces" in self.wanted else {}


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
        usable = [ipaddress.ip_interface(text).ip for text in candidates if reachable(text) and "%" not in text]
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
