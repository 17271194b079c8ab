# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of one node: its options in PVE, its name servers, its time zone and its table of hosts."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ...model.contract import NODE_KEY, Desired, Reader, Resource, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.kinds.singleton import Singleton
from ...model.plan import Plan, Step, api_path
from ...model.property_string import MAC, NUMBER, SEMICOLON_SET, Part, PropertyString, words
from ...model.values import Word

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


class NodeDns(Resource[Desired, State | None]):
    """See the module pve_node_dns. PVE's call replaces everything, so that what is not given is sent as it is."""

    name = "dns"

    def arguments(self) -> dict[str, Any]:
        own = {"search": {"type": "str"}, "servers": {"type": "list", "elements": "str"}}
        return {"argument_spec": {**NODE_KEY, **own}}

    def may_be_empty(self) -> set[str]:
        return {"servers"}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        if params["search"] == "":
            raise InvalidOption("search", "must not be empty: PVE asks for a domain")
        desired = {"node": params["node"], "path": api_path("nodes", params["node"], "dns")}
        if params["search"] is not None:
            desired["search"] = params["search"].strip()
        if params["servers"] is not None:
            desired["servers"] = _addresses(params["servers"])
        return desired

    def read(self, reader: Reader, desired: Desired) -> State | None:
        answer = reader.get(desired["path"]) or {}
        servers = [answer[name] for name in SERVER_KEYS if answer.get(name)]
        return {"node": desired["node"], "search": answer.get("search", ""), "servers": servers}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        before: State = current or {}
        after: State = {**before, **{name: desired[name] for name in ("search", "servers") if name in desired}}
        changed = [name for name in after if after[name] != before.get(name)]
        if not changed:
            return Plan.nothing(before)
        if not after["search"]:
            raise InvalidOption("search", "is missing: the node has none, and PVE asks for a domain with every change")
        params = {"search": after["search"]}
        params.update(zip(SERVER_KEYS, after["servers"], strict=False))
        return Plan(before, after, (Step("PUT", desired["path"], params, f"change {', '.join(changed)}"),))


class NodeHosts(Resource[Desired, State | None]):
    """See the module pve_node_hosts."""

    name = "hosts"

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {**NODE_KEY, "data": {"type": "str"}}}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        data = params["data"]
        if data is not None and not data.strip():
            raise InvalidOption("data", "must not be empty: PVE's services need the name of the node in it")
        text = None if data is None else data.rstrip("\n") + "\n"
        return {"node": params["node"], "path": api_path("nodes", params["node"], "hosts"), "data": text}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        answer = reader.get(desired["path"]) or {}
        desired["digest"] = answer.get("digest")
        return {"node": desired["node"], "data": str(answer.get("data", ""))}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        before: State = current or {"data": ""}
        if desired["data"] in (None, before["data"].rstrip("\n") + "\n"):
            return Plan.nothing(current)
        params = {"data": desired["data"], **({"digest": desired["digest"]} if desired["digest"] else {})}
        step = Step("POST", desired["path"], params, f"change the table of hosts of {desired['node']}")
        named = {word for line in desired["data"].splitlines() for word in line.partition("#")[0].split()[1:]}
        notes = (
            ()
            if desired["node"] in named
            else (f"data: no line names {desired['node']}, which PVE's services look up.",)
        )
        return Plan(before, {**before, "data": desired["data"]}, (step,), notes)


NODE_DNS, NODE_HOSTS = NodeDns(), NodeHosts()


def _addresses(servers: list[str]) -> list[str]:
    """The addresses in their order, in canonical form, each once."""
    found = []
    for server in servers:
        try:
            found.append(str(ipaddress.ip_address(server.strip())))
        except ValueError:
            raise InvalidOption("servers", f"{server!r} is not an IP address") from None
    found = list(dict.fromkeys(found))
    if len(found) > len(SERVER_KEYS):
        raise InvalidOption("servers", f"PVE keeps {len(SERVER_KEYS)} name servers; these are {len(found)}")
    return found
