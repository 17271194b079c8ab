# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of one node: its options in PVE, its name servers, its time zone and its table of hosts."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import NODE_KEY, Reader, Resource
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.kinds.singleton import Singleton
from ...model.plan import Plan, Step, api_path
from ...model.property_string import MAC, NUMBER, SEMICOLON_SET, Part, PropertyString, words
from ...model.table import Table
from ...model.values import Word

SEARCH, DATA = Field("search", clear="never"), Field("data", clear="never")
SERVER_KEYS = ("dns1", "dns2", "dns3")
MAX_ACME_DOMAINS = 6


def _acme_domain(number: int) -> Field:
    codec = PropertyString(
        *words("domain", "alias"), Part("plugin", Word(), default="standalone"), default_key="domain"
    )
    return Field(f"acmedomain{number}", type="raw", codec=codec)


LOCATION = PropertyString(
    Part("latitude", NUMBER, minimum=-90, maximum=90),
    Part("longitude", NUMBER, minimum=-180, maximum=180),
    *words("name"),
)
OPTIONS = Fields(
    [
        Field("description"),
        Field(
            "wakeonlan",
            type="raw",
            codec=PropertyString(Part("mac", MAC), *words("bind-interface", "broadcast-address"), default_key="mac"),
        ),
        hyphenated("startall_onboot_delay", type="int", default=0),
        hyphenated("ballooning_target", type="int", default=80),
        Field("location", type="raw", codec=LOCATION),
        Field(
            "acme",
            type="raw",
            codec=PropertyString(Part("account", Word(), default="default"), Part("domains", SEMICOLON_SET)),
        ),
        *(_acme_domain(number) for number in range(MAX_ACME_DOMAINS)),
    ]
)
NODE = Singleton("options", lambda keys: api_path("nodes", keys["node"], "config"), OPTIONS, keys=NODE_KEY)

NODE_TIME = Singleton(
    "time",
    lambda keys: api_path("nodes", keys["node"], "time"),
    Fields([Field("timezone", clear="never")]),
    keys=NODE_KEY,
    delete_keys=False,
)


@dataclasses.dataclass(frozen=True)
class DnsDesired:
    """What a task wants of name resolution; None is left as it is."""

    node: str
    search: str | None
    servers: tuple[str, ...] | None


@dataclasses.dataclass(frozen=True)
class DnsObserved:
    """How a node resolves names: the first server is asked first."""

    search: str
    servers: tuple[str, ...]


class NodeDns(Resource[DnsDesired, DnsObserved]):
    """See the module pve_node_dns. PVE's call replaces everything, so that what is not given is sent as it is."""

    name = "dns"

    def tables(self) -> Sequence[Table]:
        return (Table(("GET /nodes/*/dns", "PUT /nodes/*/dns"), (SEARCH,)),)

    def arguments(self) -> dict[str, Any]:
        servers = {"type": "list", "elements": "str"}
        return {"argument_spec": {**NODE_KEY, SEARCH.name: SEARCH.spec(), "servers": servers}}

    def may_be_empty(self) -> set[str]:
        return {"servers"}

    def parse(self, params: Mapping[str, Any]) -> DnsDesired:
        search, servers = params["search"], params["servers"]
        if search is not None and not search.strip():
            raise InvalidOption("search", "must not be empty: PVE asks for a domain")
        return DnsDesired(
            params["node"],
            None if search is None else search.strip(),
            None if servers is None else _addresses(servers),
        )

    def read(self, reader: Reader, desired: DnsDesired) -> DnsObserved:
        answer = reader.get(_dns_path(desired.node)) or {}
        servers = (answer[name] for name in SERVER_KEYS if answer.get(name))
        return DnsObserved(answer.get("search", ""), tuple(map(_canonical_address, servers)))

    def plan(self, observed: DnsObserved, desired: DnsDesired) -> Plan:
        after = DnsObserved(
            observed.search if desired.search is None else desired.search,
            observed.servers if desired.servers is None else desired.servers,
        )
        before, wanted = self._shown(desired.node, observed), self._shown(desired.node, after)
        if after == observed:
            return Plan.nothing(before)
        if not after.search:
            raise InvalidOption("search", "is missing: the node has none, and PVE asks for a domain with every change")
        changed = ", ".join(name for name in wanted if wanted[name] != before[name])
        params = {"search": after.search, **dict(zip(SERVER_KEYS, after.servers, strict=False))}
        return Plan(before, wanted, (Step("PUT", _dns_path(desired.node), params, f"change {changed}"),))

    @staticmethod
    def _shown(node: str, dns: DnsObserved) -> dict[str, Any]:
        return {"node": node, "search": dns.search, "servers": list(dns.servers)}


def _dns_path(node: str) -> str:
    return api_path("nodes", node, "dns")


@dataclasses.dataclass(frozen=True)
class HostsDesired:
    """The table of hosts that a task wants; None to leave it as it is."""

    node: str
    data: str | None


@dataclasses.dataclass(frozen=True)
class HostsObserved:
    """A node's table of hosts."""

    data: str
    digest: str | None


class NodeHosts(Resource[HostsDesired, HostsObserved]):
    """See the module pve_node_hosts."""

    name = "hosts"

    def tables(self) -> Sequence[Table]:
        return (Table(("GET /nodes/*/hosts", "POST /nodes/*/hosts"), (DATA,)),)

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {**NODE_KEY, DATA.name: DATA.spec()}}

    def parse(self, params: Mapping[str, Any]) -> HostsDesired:
        data = params["data"]
        if data is not None and not data.strip():
            raise InvalidOption("data", "must not be empty: PVE's services need the name of the node in it")
        _check_lines(data or "")
        return HostsDesired(params["node"], data and _with_one_end(data))

    def read(self, reader: Reader, desired: HostsDesired) -> HostsObserved:
        answer = reader.get(_hosts_path(desired.node)) or {}
        return HostsObserved(str(answer.get("data", "")), answer.get("digest"))

    def plan(self, observed: HostsObserved, desired: HostsDesired) -> Plan:
        before = {"node": desired.node, "data": observed.data}
        if desired.data in (None, _with_one_end(observed.data)):
            return Plan.nothing(before)
        params = {"data": desired.data, **({"digest": observed.digest} if observed.digest else {})}
        step = Step("POST", _hosts_path(desired.node), params, f"change the table of hosts of {desired.node}")
        return Plan(before, {**before, "data": desired.data}, (step,), self._notes(desired.node, str(desired.data)))

    @staticmethod
    def _notes(node: str, data: str) -> tuple[str, ...]:
        named = {word for line in data.splitlines() for word in line.partition("#")[0].split()[1:]}
        return () if node in named else (f"data: no line names {node}, which PVE's services look up.",)


def _hosts_path(node: str) -> str:
    return api_path("nodes", node, "hosts")


def _check_lines(data: str) -> None:
    """Refuse lines that do not begin with an address, as the server does."""
    for line in data.splitlines():
        first = line.partition("#")[0].split()[:1]
        try:
            for address in first:
                ipaddress.ip_address(address)
        except ValueError:
            raise InvalidOption("data", f"the line {line!r} does not begin with an IP address") from None


def _with_one_end(data: str) -> str:
    """The text with one line break at its end."""
    return data.rstrip("\n") + "\n"


NODE_DNS, NODE_HOSTS = NodeDns(), NodeHosts()


def _addresses(servers: list[str]) -> tuple[str, ...]:
    """The addresses in their order, in canonical form, each once."""
    found = []
    for server in servers:
        try:
            found.append(str(ipaddress.ip_address(server.strip())))
        except ValueError:
            raise InvalidOption("servers", f"{server!r} is not an IP address") from None
    unique = tuple(dict.fromkeys(found))
    if len(unique) > len(SERVER_KEYS):
        raise InvalidOption("servers", f"PVE keeps {len(SERVER_KEYS)} name servers; these are {len(unique)}")
    return unique


def _canonical_address(text: str) -> str:
    """An address as a task's would be written; what is none is kept as it is."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text
