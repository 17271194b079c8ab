# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firewall keeps: one file per scope with options, rules, aliases and sets; and what a rule has to look like."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError, param_error, params_error
from .firewall_formats import ALIAS
from .formats import split_list

if TYPE_CHECKING:
    from .call import Call
    from .guest import Guest
    from .state import Cluster

Rule = dict[str, Any]

ACTIONS = ("ACCEPT", "DROP", "REJECT")
RULE_KEYS = ("type", "action", "enable", "macro", "proto", "source", "dest", "sport", "dport", "icmp-type", "iface", "log",
             "comment")  # fmt: skip
MODIFIED = "detected modified configuration - file changed by other user? Try again."
MACROS = tuple(
    "Amanda Auth BGP BitTorrent BitTorrent32 CVS Ceph Citrix DAAP DCC DHCPfwd DHCPv6 DNS Distcc FTP Finger GNUnet GRE Git "
    "HKP HTTP HTTPS ICPV2 ICQ IMAP IMAPS IPIP IPP IPPbrwd IPPserver IPsec IPsecah IPsecnat IRC Jetdirect L2TP LDAP LDAPS "
    "MDNS MSNP MSSQL Mail Munin MySQL NNTP NNTPS NTP NeighborDiscovery OSPF OpenVPN PBS PCA PMG POP3 POP3S PPtP Ping "
    "PostgreSQL Printer RDP RIP RNDC Razor Rdate Rsync SANE SMB SMBBI SMBswat SMTP SMTPS SNMP SPAMD SPICEproxy SSH SVN "
    "SixXS Squid Submission Syslog TFTP Telnet Telnets Time Trcrt VNC VNCL Web Webcache Webmin Whois".split()
)


@dataclass
class AddressSet:
    """An IP set; the options of its entries by their address."""

    comment: str | None = None
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Group:
    """A security group."""

    comment: str | None = None
    rules: list[Rule] = field(default_factory=list)


@dataclass
class Configuration:
    """The file of one scope: the cluster, a node, a guest or a virtual network; aliases by their name in lower case."""

    options: dict[str, Any] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    sets: dict[str, AddressSet] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def digest(self) -> str:
        """Of the whole file: every change in a scope is seen by all of its calls."""
        content = {name: value for name, value in asdict(self).items() if value}
        return hashlib.sha1(json.dumps(content, sort_keys=True).encode() if content else b"").hexdigest()

    def check(self, digest: str | None) -> None:
        if digest and digest != self.digest():
            raise ApiError(500, MODIFIED)


def configuration(cluster: Cluster, scope: str) -> Configuration:
    """The file of "cluster", "node/NAME", "guest/VMID" or "vnet/NAME"."""
    files: dict[str, Configuration] | None = cluster.areas.get("firewall")
    if files is None:
        files = cluster.areas["firewall"] = {}
        cluster.areas.setdefault("forget_guest", []).append(forget)
    return files.setdefault(scope, Configuration())


def forget(cluster: Cluster, guest: Guest) -> None:
    cluster.areas["firewall"].pop(f"guest/{guest.vmid}", None)


def copy(cluster: Cluster, guest: Guest, clone: Guest) -> None:
    """A clone takes the firewall of its source along (pve-firewall, clone_vmfw_conf)."""
    original = configuration(cluster, f"guest/{guest.vmid}")
    cluster.areas["firewall"][f"guest/{clone.vmid}"] = deepcopy(original)


def scope_of(call: Call) -> str:
    """The scope that the path of a call names."""
    if "vnet" in call.params:
        return f"vnet/{call.params['vnet']}"
    if "vmid" in call.params:
        return f"guest/{call.params['vmid']}"
    return f"node/{call.node}" if call.node else "cluster"


# --- rules --------------------------------------------------------------------------------------------------------------


def check_rule(call: Call, rule: Rule, environment: str) -> None:
    """Refuse with 400 what no rule may be; the environment is "cluster", "host", "vm", "ct", "vnet" or "group"."""
    errors = _kind_complaints(rule, environment)
    if rule.get("iface") and environment == "vnet" and "type" not in errors:
        errors["type"] = "parameter -i not allowed for this rule type"
    if rule.get("iface") and environment in ("vm", "ct") and not re.fullmatch(r"net\d+", rule["iface"]):
        errors["iface"] = "value does not match the regex pattern 'net\\d+'"
    if rule.get("macro"):  # src/PVE/Firewall.pm, verify_rule: the case is ignored, and the known spelling stored
        spelling = next((name for name in MACROS if name.lower() == rule["macro"].lower()), None)
        if spelling is None:
            errors["macro"] = f"unknown macro '{rule['macro']}'"
        else:
            rule["macro"] = spelling
    for name in ("dport", "sport", "icmp-type"):
        if rule.get(name) and not rule.get("proto") and not rule.get("macro"):
            errors["proto"] = f"missing property - '{name}' requires this property"
    if rule.get("icmp-type") and rule.get("proto"):
        if rule["proto"] not in ("icmp", "icmpv6", "ipv6-icmp"):
            errors["proto"] = "missing property - 'icmp-type' requires this property"
        if rule.get("dport"):
            errors["icmp-type"] = "'icmp-type' cannot be specified together with 'dport'"
    errors |= address_complaints(call, rule)
    versions = {_version_of_list(rule.get(name, "")) for name in ("source", "dest")} - {None}
    if len(versions) > 1:
        errors["dest"] = "detected mixed ipv4/ipv6 addresses in rule"
    if errors:
        raise params_error(errors)


def _kind_complaints(rule: Rule, environment: str) -> dict[str, str]:
    """Types and actions that a rule cannot have where it stands."""
    kind = rule["type"]
    foreign = {"group": ("group", "vnet"), "forward": ("vm", "ct"), "in": ("vnet",), "out": ("vnet",)}.get(kind, ())
    if environment in foreign:
        return {"type": f"invalid rule type '{kind}' for rule_env '{environment}'"}
    if kind != "group" and rule["action"] not in ACTIONS:
        return {"action": f"unknown action '{rule['action']}'"}
    if kind == "forward" and rule["action"] == "REJECT":
        return {"action": "cannot define REJECT rules on forward chain"}
    return {}


def address_complaints(call: Call, rule: Rule) -> dict[str, str]:
    """Why the source or the destination of a rule cannot be used."""
    reasons = {name: address_complaint(call, rule.get(name, "")) for name in ("source", "dest")}
    return {name: reason for name, reason in reasons.items() if reason}


def address_complaint(call: Call, text: str) -> str | None:
    """Why a source or destination cannot be used: it names an alias or a set that is not there."""
    if text.startswith("+"):
        name = re.sub(r"^\+(?:dc/|guest/|sdn/)?", "", text)
        of_sdn = name in sets_of_sdn(call.cluster)
        known = of_sdn if text.startswith("+sdn/") else any(name in place.sets for place in _visible(call, text[1:]))
        return None if known else f"no such ipset '{text[1:]}'"
    if not ALIAS.fullmatch(text):
        return None
    return None if alias_address(call, text) else f"no such alias '{text}'"


def sets_of_sdn(cluster: Cluster) -> list[str]:
    """The sets of the networks that run (pve-network, docs of the firewall; made by load_sdn_conf)."""
    vnets = cluster.areas.get("sdn_vnets", [])
    return [f"{vnet}-{kind}" for vnet in vnets for kind in ("all", "dhcp", "gateway", "no-gateway")]


def _visible(call: Call, text: str) -> Iterable[Configuration]:
    """The files in which a name is looked up: the scope's own one and the cluster's, unless it says which."""
    if not text.startswith("dc/"):
        yield configuration(call.cluster, scope_of(call))
    if not text.startswith("guest/"):
        yield configuration(call.cluster, "cluster")


def alias_address(call: Call, text: str) -> str | None:
    name = re.sub(r"^(?:dc|guest)/", "", text).lower()
    for place in _visible(call, text):
        if name in place.aliases:
            return str(place.aliases[name]["cidr"])
    return None


def _version_of_address(text: str) -> int | None:
    """4 or 6 for an address, a network or a range, else None."""
    try:
        return ipaddress.ip_interface(text.partition("-")[0]).version
    except ValueError:
        return None


def _version_of_list(text: str) -> int | None:
    """The version of IP of a list of addresses; it is that of its first one."""
    return _version_of_address(text.partition(",")[0])


def ip_version(call: Call, rule: Mapping[str, Any]) -> int | None:
    """The version of IP that a rule is bound to by its addresses or its protocol."""
    for name in ("source", "dest"):
        for item in split_list(rule.get(name)):
            version = _version_of_address(item) or _version_of_address(alias_address(call, item) or "")
            if version:
                return version
    return {"icmp": 4, "icmpv6": 6, "ipv6-icmp": 6}.get(rule.get("proto", ""))


def check_entry(call: Call, text: str) -> None:
    """Refuse an entry of a set that is neither a network nor an alias."""
    if _version_of_address(text):
        if text.endswith("/0"):
            raise param_error("cidr", "a zero prefix is not allowed in ipset entries")
    elif alias_address(call, text) is None:
        raise ApiError(500, f"no such alias '{re.sub('^(dc|guest)/', '', text)}'")
