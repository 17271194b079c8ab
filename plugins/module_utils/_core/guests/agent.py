# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running guest reports of itself: its addresses, and whether its agent answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Container, Iterable, Mapping
from typing import Any

from ..model.contract import Reader
from ..model.errors import ApiError, PermissionDenied, PveError
from ..run.fanout import Gatherer
from ..run.polling import wait_until
from .locate import Location

PAUSE = 2.0  # seconds between two questions to a guest that boots


class AgentTimeout(PveError):
    """The guest did not report in time what the task waits for."""


def agent_enabled(config: Mapping[str, Any]) -> bool:
    """Whether a machine's configuration says that it has a guest agent."""
    parts = [part.strip().removeprefix("enabled=") for part in str(config.get("agent") or "").split(",")]
    return any(part.lower() in ("1", "on", "yes", "true") for part in parts)


def pending_keys(reader: Reader, where: Location) -> list[str]:
    """The keys whose new values wait for the next start of the guest."""
    return sorted(row["key"] for row in waiting(reader.get(f"{where.path}/pending")))


def waiting(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of keys that wait to take effect: with a new value, or for their deletion."""
    return [row for row in rows if "pending" in row or row.get("delete")]


def interface(row: Mapping[str, Any]) -> dict[str, Any]:
    """One form (name, mac, addresses with prefix) for what agents and containers report, which differs between releases, too."""
    addresses = [f"{item['ip-address']}/{item['prefix']}" for item in row.get("ip-addresses") or []]
    addresses = addresses or [row[key] for key in ("inet", "inet6") if row.get(key)]
    mac = str(row.get("hardware-address") or row.get("hwaddr") or "")
    return {"name": row.get("name", ""), "mac": mac.upper(), "addresses": addresses}


def read_interfaces(reader: Reader, where: Location) -> list[dict[str, Any]]:
    """The network interfaces of a running guest; ApiError while it does not report them."""
    if where.kind == "lxc":
        return [interface(row) for row in reader.get(f"{where.path}/interfaces") or []]
    answer = reader.get(f"{where.path}/agent/network-get-interfaces") or {}
    return [interface(row) for row in result_of(answer, "network-get-interfaces") or []]


class AgentRefused(PveError):
    """The agent inside the guest refuses a command, which PVE passes on as if it were a result."""


def result_of(answer: Mapping[str, Any], command: str) -> Any:
    """What the agent returned; AgentRefused if that is an error."""
    result = answer.get("result")
    error = result.get("error") if isinstance(result, Mapping) else None
    if isinstance(error, Mapping):
        raise AgentRefused(f"The guest agent refuses {command}: {error.get('desc') or error.get('class')}.")
    return result


def wait_for_agent(client: Reader, where: Location, timeout: float, *, address: bool) -> list[dict[str, Any]]:
    """Wait until a guest reports its interfaces, with ``address`` until one has an address that others can reach.

    Returns them; raises AgentTimeout with the last reason. A missing privilege ends the wait at once.
    """
    reason = ""

    def look() -> list[dict[str, Any]] | None:
        nonlocal reason
        try:
            interfaces = read_interfaces(client, where)
        except PermissionDenied:
            raise
        except ApiError as error:
            reason = error.server_message
            return None
        reason = "it has no address but loopback and link-local ones"
        reported = not address or any(reachable(text) for row in interfaces for text in row["addresses"])
        return interfaces if reported else None

    found = wait_until(client, look, timeout, PAUSE)
    if found is None:
        raise AgentTimeout(
            f"The {where} did not report its addresses within {timeout:g} s: {reason}.",
            hint="It needs a running guest agent, and agent: {enabled: true}." if where.kind == "qemu" else "",
        )
    return found


def reachable(text: str) -> bool:
    """Whether an address (with or without prefix) is neither loopback nor link-local."""
    try:
        parsed = ipaddress.ip_interface(text)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified)


class GuestGatherer(Gatherer):
    """The questions to one running guest. What it does not answer is missing in what is returned."""

    def container_facts(self) -> dict[str, Any]:
        rows = self.ask("interfaces", "/interfaces")
        return {} if rows is None else {"interfaces": [interface(row) for row in rows]}

    def agent_facts(self, wanted: Container[str]) -> dict[str, Any]:
        """What the agent of a VM reports: of ``agent`` (the system) and ``interfaces`` those that are wanted."""
        facts: dict[str, Any] = {}
        if "agent" in wanted:
            system = self.ask("guest agent", "/agent/get-osinfo")
            if system is None:
                return {}  # it would not answer the next question either, after the same time-out
            facts["agent"] = self._result(system, "get-osinfo") or {}
        if "interfaces" in wanted:
            answer = self.ask("guest agent", "/agent/network-get-interfaces")
            if answer is not None:
                rows = self._result(answer, "network-get-interfaces") or []
                facts["interfaces"] = [interface(row) for row in rows]
        return facts

    @staticmethod
    def _result(answer: Mapping[str, Any], command: str) -> Any:
        """What the agent returned; None for what it refuses."""
        try:
            return result_of(answer, command)
        except AgentRefused:
            return None
