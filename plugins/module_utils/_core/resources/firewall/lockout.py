# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node still lets this machine in after a change of its firewall.

A node decides about a new connection to its API like this (pve-firewall, enable_host_firewall; proxmox-firewall, firewall.rs):
the rules of the node, then those of the cluster, the first that fits decides; then members of the IP set ``management``, to
which the local network belongs, are let in; then the policy of the cluster decides. With nftables the IP set comes first, and
the local network belongs to it only where nobody has defined it.

The server shows nobody from which address it sees a connection. Known is the address of this machine on the way there, which
is that address unless something between them translates it. What cannot be known is taken for the worse: a rule that may
fit does not let in, but it may keep out.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from ...model.contract import Reader, State
from ...model.errors import NotFound, Refused
from ...model.plan import api_path
from .fields import OPTIONS, observe_rule
from .safety import Rule
from .scope import CLUSTER, Scope

API, SSH = 8006, 22
MACROS = {API: "PMG", SSH: "SSH"}  # the only ones that mean these ports
SERVICES = {SSH: "ssh"}
OBJECTS = {
    "alias": "aliases",
    "ipset": "ipsets",
}  # what rules refer to by name -> the part of Reachability that holds it
OPTION: dict[str, dict[str, Any]] = {"allow_lockout": {"type": "bool", "default": False}}
Fit: TypeAlias = "bool | None"  # None: perhaps


@dataclasses.dataclass(frozen=True)
class Reachability:
    """Everything that decides about a connection from ``own`` to a port of ``server``; an empty address is not known."""

    own: str
    server: str
    port: int
    node: str
    cluster_options: Mapping[str, Any]
    node_options: Mapping[str, Any]
    cluster_rules: Sequence[Rule]
    node_rules: Sequence[Rule]
    groups: Mapping[str, Sequence[Rule]]
    aliases: Mapping[str, str]
    ipsets: Mapping[str, Sequence[Mapping[str, Any]]]
    local_network: str

    def kept_out_by(self) -> str:
        """What keeps the connection out, in words; empty if it is let in."""
        if not self.cluster_options.get("enable", False) or not self.node_options.get("enable", True):
            return ""
        nftables = self.node_options.get("nftables", False)
        if nftables and self._is_management(nftables=True):
            return ""
        for place, rule, fit in self._fitting():
            if rule["action"] != "ACCEPT":
                return f"{place} {'keeps' if fit else 'may keep'} it out"
            if fit:
                return ""
        if not nftables and self._is_management(nftables=False):
            return ""
        policy = self.cluster_options.get("policy_in", "DROP")
        return "" if policy == "ACCEPT" else f"no rule is sure to let it in, and policy_in is {policy}"

    def _fitting(self) -> Iterator[tuple[str, Rule, Fit]]:
        """The rules in force that fit or may fit, in the order in which they are asked."""
        for owner, rules in ((f"node {self.node}", self.node_rules), ("the cluster", self.cluster_rules)):
            for number, rule in enumerate(rules):
                if not rule["enable"]:
                    continue
                place = f"rule {number} of {owner}"
                if rule["type"] == "group":
                    yield from self._fitting_of_group(place, rule)
                elif (fit := self.fit(rule)) is not False:
                    yield place, rule, fit

    def _fitting_of_group(self, place: str, rule: Rule) -> Iterator[tuple[str, Rule, Fit]]:
        for number, inner in enumerate(self.groups[rule["action"]]):
            fit = self.fit(inner) if inner["enable"] else False
            if fit is not False:
                yield f"rule {number} of group {rule['action']} ({place})", inner, None if "iface" in rule else fit

    def fit(self, rule: Rule) -> Fit:
        """Whether a rule is about the connection."""
        parts: list[Fit] = [
            rule["type"] == "in",
            rule.get("macro") in (None, MACROS.get(self.port)),
            rule.get("proto") in (None, "tcp", "6"),
            "dport" not in rule or self._is_port(rule["dport"]),
            None if "sport" in rule or "iface" in rule else True,
            "source" not in rule or self._among(self.own, rule["source"]),
            "dest" not in rule or self._among(self.server, rule["dest"]),
        ]
        return False if False in parts else None if None in parts else True

    def _is_port(self, ports: str) -> bool:
        for part in ports.split(","):
            low, _colon, high = part.partition(":")
            ends = [int(end) for end in (low, high or low) if end.isdigit()]
            if part == SERVICES.get(self.port) or (len(ends) == 2 and ends[0] <= self.port <= ends[1]):
                return True
        return False

    def _is_management(self, *, nftables: bool) -> bool:
        if self.port not in MACROS:
            return False
        own = self.ipsets.get("management")
        local = self.local_network if nftables else self.aliases.get("local_network", self.local_network)
        if local and not (nftables and own is not None) and self._among(self.own, local):
            return True
        return own is not None and self._in_set(self.own, "management") is True

    def _among(self, address: str, places: str) -> Fit:
        fits = [self._at(address, place) for place in places.split(",")]
        return True if True in fits else None if None in fits else False

    def _at(self, address: str, place: str) -> Fit:
        """Whether an address is at a place: an address, network, range, alias or IP set."""
        if not address:
            return None
        name = re.fullmatch(r"(\+?)(?:dc/)?([A-Za-z][\w-]*)", place)
        if name and name[1]:
            return self._in_set(address, name[2].lower())
        if name:
            place = self.aliases.get(name[2].lower(), "")
        one = ipaddress.ip_address(address)
        try:
            low, dash, high = place.partition("-")
            if not dash:
                return one in ipaddress.ip_network(place, strict=False)
            first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
        except ValueError:
            return None
        return first.version == one.version and int(first) <= int(one) <= int(last)

    def _in_set(self, address: str, name: str) -> Fit:
        if name not in self.ipsets:
            return None
        fits: dict[bool, list[Fit]] = {False: [], True: []}
        for entry in self.ipsets[name]:
            fits[str(entry.get("nomatch", 0)) in ("1", "True")].append(self._at(address, entry["cidr"]))
        inside = True if True in fits[False] else None if None in fits[False] else False
        return None if inside and any(fit is not False for fit in fits[True]) else inside


def collect_context(
    reader: Reader, scope: Scope, state: State | None = None, after: State | None = None
) -> Reachability | None:
    """Read what decides about this machine now; None if a change of the scope cannot keep it out.

    ``state`` and ``after`` are the scope before and after the change, for what their rules refer to.
    """
    state, after, connection = state or {}, after or {}, reader.connection
    own, server = reader.addresses() or ("", "")
    if connection.backend == "local" or (own and (own == server or ipaddress.ip_address(own).is_loopback)):
        return None
    options = _options(reader, "cluster", CLUSTER)
    if not (after.get("options", options) if scope.kind == "cluster" else options).get("enable"):
        return None
    here: Mapping[str, Any] = next((row for row in reader.get("/cluster/status") or [] if row.get("local")), {})
    node = str(here.get("name", ""))
    if scope.kind == "node" and scope.id != node:
        return None  # the way leads by another node
    if is_translated(own, server) or (
        connection.backend == "https" and any(endpoint.port != API for endpoint in connection.endpoints)
    ):
        own = server = ""
    path = f"{api_path('nodes', node)}/firewall"
    node_options = _options(reader, "node", path)
    cluster_rules, node_rules = _rules(reader, f"{CLUSTER}/rules"), _rules(reader, f"{path}/rules")
    aliases = {str(row["name"]).lower(): row["cidr"] for row in reader.get(f"{CLUSTER}/aliases") or []}
    network = local_network(reader.get(api_path("nodes", node, "network")) or [], str(here.get("ip", "")))
    rules = [*cluster_rules, *node_rules, *state.get("rules", []), *after.get("rules", [])]
    named = sorted({rule["action"] for rule in rules if rule["type"] == "group"})
    groups = {name: _rules_of_group(reader, name) for name in named}
    rules += [rule for group in groups.values() for rule in group]
    known = {str(row["name"]).lower(): row["name"] for row in reader.get(f"{CLUSTER}/ipset") or []}
    sets = sorted(known.keys() & {"management", *_sets_of(rules)})
    return Reachability(
        own=own,
        server=server,
        port=connection.ssh_port if connection.backend == "openssh" else API,
        node=node,
        cluster_options=options,
        node_options=node_options,
        cluster_rules=cluster_rules,
        node_rules=node_rules,
        groups=groups,
        aliases=aliases,
        ipsets={name: reader.get(f"{CLUSTER}/ipset{api_path(known[name])}") or [] for name in sets},
        local_network=network,
    )


def _options(reader: Reader, scope: str, path: str) -> dict[str, Any]:
    return OPTIONS[scope].observe(reader.get(f"{path}/options") or {})


def _rules(reader: Reader, path: str) -> list[Rule]:
    rows = sorted(reader.get(path) or [], key=lambda row: int(row["pos"]))
    return [observe_rule(row) for row in rows]


def _rules_of_group(reader: Reader, name: str) -> list[Rule]:
    """The rules of a group; none of one that is absent, which the server skips."""
    try:
        return _rules(reader, f"{CLUSTER}/groups{api_path(name)}")
    except NotFound:
        return []


def _sets_of(rules: Iterable[Rule]) -> set[str]:
    places = [place for rule in rules for name in ("source", "dest") for place in str(rule.get(name, "")).split(",")]
    return {place.removeprefix("+").removeprefix("dc/").lower() for place in places if place.startswith("+")}


def local_network(interfaces: Iterable[Mapping[str, Any]], address: str) -> str:
    """The network of the node's own address; empty if no interface has it."""
    for interface in interfaces:
        for key in ("cidr", "cidr6"):
            if str(interface.get(key, "")).partition("/")[0] == address:
                return str(ipaddress.ip_network(interface[key], strict=False))
    return ""


def is_translated(own: str, server: str) -> bool:
    """Whether something must translate the address on the way: a private one does not reach a public one."""
    return bool(own) and not ipaddress.ip_address(own).is_global and ipaddress.ip_address(server).is_global


def check_lockout(reachability: Reachability, scope: Scope, current: State, after: State) -> tuple[str, ...]:
    """Refuse a change that keeps this machine out. What to warn of, where the present rules would keep it out as well."""
    then, known = after_change(reachability, scope, after), after_change(reachability, scope, current)
    reason = then.kept_out_by()
    if not reason or then == known:
        return ()
    who = known.own or "this machine, whose address as the server sees it is not known"
    if known.kept_out_by():
        note = (
            f"Whether {who} can still reach port {known.port} of {known.node} after this is not known: by what can be read "
            "it could not reach it now, so that something between them has another address."
        )
        return (note,)
    raise Refused(
        f"After this, no new connection from {who} to port {known.port} of {known.node} would be let in: {reason}.",
        hint="Let it in by a rule of its own, or by an entry of the IP set management. "
        "If it does get in, or is not to, set allow_lockout to true.",
    )


def keep_way_in(reader: Reader, scope: Scope, before: State, after: State) -> None:
    """Refuse a change of a thing that rules refer to by which this machine would be kept out, as a preflight."""
    reachability = collect_context(reader, scope)
    if reachability:
        reader.warnings.extend(check_lockout(reachability, scope, before, after))


def options_come_first(reachability: Reachability, scope: Scope, current: State, after: State) -> bool:
    """Whether this machine is kept out between the calls if the rules are changed first, but not the other way round."""
    if "options" not in after or "rules" not in after:
        return False
    rules_first = after_change(reachability, scope, {**after, "options": current["options"]})
    options_first = after_change(reachability, scope, {**after, "rules": current["rules"]})
    return bool(rules_first.kept_out_by()) and not options_first.kept_out_by()


def after_change(reachability: Reachability, scope: Scope, state: State) -> Reachability:
    """The reachability with the scope in a state."""
    changed: dict[str, Any]
    if scope.kind in OBJECTS:
        part = OBJECTS[scope.kind]
        things = {name: value for name, value in getattr(reachability, part).items() if name != scope.id}
        changed = {part: {**things, scope.id: state[part]} if state else things}
    elif scope.kind == "group":
        in_use = state.get("rules") or scope.id in reachability.groups
        changed = {"groups": {**reachability.groups, scope.id: state["rules"]}} if in_use and "rules" in state else {}
    else:
        changed = {f"{scope.kind}_{part}": state[part] for part in ("options", "rules") if part in state}
    return dataclasses.replace(reachability, **changed)
