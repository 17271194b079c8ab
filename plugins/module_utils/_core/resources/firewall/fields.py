# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the firewall: the options of each scope, and the parts of a rule."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.property_string import INTEGER, Part, PropertyString, flag
from ...model.values import NonZeroComment, Text, Word
from .references import ALIAS
from .safety import Rule

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", "nolog")
POLICIES = ("ACCEPT", "REJECT", "DROP")
ICMP = ("icmp", "icmpv6", "ipv6-icmp")


class Compact(Text):
    """A list whose order is kept as it is, without blanks."""

    def parse(self, value: Any) -> str:
        return ",".join(part for part in str(value).replace(",", " ").split())


class Addresses(Compact):
    """What a rule's source or destination may be: an alias, an IP set, or a list of addresses, networks and ranges."""

    def parse_option(self, value: Any) -> str:
        """Refuse what PVE takes in no rule."""
        text = self.parse(value)
        if not text or (text.startswith("+") and "," not in text) or ALIAS.fullmatch(text):
            return text
        versions = {_version(part) for part in text.split(",")}
        if {4, 6} <= versions:
            raise ValueError(f"{text!r} mixes IPv4 and IPv6 addresses; make two rules of it")
        return text


def _version(part: str) -> int | None:
    """The version of IP of an address, a network or a range; None for a form that only the server knows."""
    if re.search(r"[^0-9A-Fa-f:./-]", part):
        raise ValueError(
            f"{part!r} is no address, network or range of addresses; an alias or an IP set stands alone in a rule"
        )
    first, _dash, last = part.partition("-")
    ends = [_interface(end) for end in (first, last) if end]
    if None in ends:
        return None
    begin, end = ends[0], ends[-1]
    if begin.version != end.version or begin.ip > end.ip:
        raise ValueError(f"{part!r} is not a range of addresses such as 192.0.2.10-192.0.2.20")
    return int(begin.version)


def _interface(text: str) -> Any:
    """An address with its network, which has no host bits; None for a short or padded form such as 192.0.2 or 010.0.0.1."""
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        address, _slash, _length = text.partition("/")
        short = re.fullmatch(r"\d+(\.\d+){0,2}", address) or re.match(r"0\d|.*\.0\d", address)
        if not short:
            raise ValueError(f"{text!r} is neither an address nor a network such as 192.0.2.0/24") from None
        return None
    if "/" in text and interface.ip != interface.network.network_address:
        raise ValueError(f"{text!r} has host bits set; its network is {interface.network}")
    return interface


RULE_FIELDS = Fields(
    [
        Field("type", choices=("in", "out", "forward", "group"), clear="never"),
        Field("action", clear="never"),
        Field("enable", type="bool", clear="never"),
        Field("macro"),
        Field("proto", codec=Word(lower=True)),
        Field("source", codec=Addresses()),
        Field("dest", codec=Addresses()),
        Field("sport", codec=Compact()),
        Field("dport", codec=Compact()),
        hyphenated("icmp_type"),
        Field("iface"),
        Field("log", choices=LEVELS),
        Field("comment", codec=NonZeroComment()),
    ]
)
_LEVEL: dict[str, Any] = {"choices": LEVELS}
_COMMON = [Field("enable", type="bool", clear="never", default=False)]
_BOTH_WAYS = [
    Field("policy_in", choices=POLICIES, default="DROP"),
    Field("policy_out", choices=POLICIES, default="ACCEPT"),
]
_RATE = PropertyString(flag("enable", True), Part("rate"), Part("burst", INTEGER, minimum=0), default_key="enable")
OPTIONS: dict[str, Fields] = {
    "cluster": Fields(
        [
            *_COMMON,
            *_BOTH_WAYS,
            Field("policy_forward", choices=("ACCEPT", "DROP"), default="ACCEPT"),
            Field("ebtables", type="bool", default=True),
            Field("log_ratelimit", type="raw", codec=_RATE),
        ]
    ),
    "node": Fields(
        [
            Field("enable", type="bool", clear="never", default=True),
            *(Field(f"log_level_{way}", **_LEVEL) for way in ("in", "out", "forward")),
            Field("log_nf_conntrack", type="bool", default=False),
            Field("ndp", type="bool", default=True),
            Field("nf_conntrack_allow_invalid", type="bool", default=False),
            Field("nf_conntrack_helpers", type="list", elements="str"),
            Field("nf_conntrack_max", type="int", default=262144),
            Field("nf_conntrack_tcp_timeout_established", type="int", default=432000),
            Field("nf_conntrack_tcp_timeout_syn_recv", type="int", default=60),
            Field("nftables", type="bool", default=False),
            Field("nosmurfs", type="bool"),
            Field("protection_synflood", type="bool", default=False),
            Field("protection_synflood_burst", type="int", default=1000),
            Field("protection_synflood_rate", type="int", default=200),
            Field("smurf_log_level", **_LEVEL),
            Field("tcp_flags_log_level", **_LEVEL),
            Field("tcpflags", type="bool", default=False),
        ]
    ),
    "guest": Fields(
        [
            *_COMMON,
            *_BOTH_WAYS,
            Field("dhcp", type="bool", default=False),
            Field("ipfilter", type="bool"),
            *(Field(f"log_level_{way}", **_LEVEL) for way in ("in", "out")),
            Field("macfilter", type="bool", default=True),
            Field("ndp", type="bool", default=True),
            Field("radv", type="bool"),
        ]
    ),
    "vnet": Fields(
        [
            *_COMMON,
            Field("policy_forward", choices=("ACCEPT", "DROP"), default="ACCEPT"),
            Field("log_level_forward", **_LEVEL),
        ]
    ),
}


def option_specs() -> dict[str, dict[str, Any]]:
    """The suboptions of all scopes together."""
    return {name: row for fields in OPTIONS.values() for name, row in fields.specs().items()}


def parse_rule(number: int, row: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """A rule in canonical form; InvalidOption names what is wrong in which one. A pattern (not ``whole``) may lack parts."""
    try:
        rule = {name: value for name, value in RULE_FIELDS.parse(row).items() if value != ""}
    except InvalidOption as error:
        raise error.inside(f"rules[{number}]") from None
    if rule.get("log") == "nolog":
        del rule["log"]
    if not whole:
        if not rule:
            raise InvalidOption(f"rules[{number}]", "says nothing: it would fit every rule")
        return rule
    for name in ("type", "action"):
        if name not in rule:
            raise InvalidOption(f"rules[{number}].{name}", "is missing: a rule has a type and an action")
    if rule["type"] == "group":
        rule["action"] = rule["action"].lower()
    else:
        rule["action"] = rule["action"].upper()
        if rule["action"] not in POLICIES:
            raise InvalidOption(f"rules[{number}].action", f"{rule['action']!r} is not one of {', '.join(POLICIES)}")
    _check_protocol(f"rules[{number}]", rule)
    return {"enable": True, **rule}


def _check_protocol(option: str, rule: Mapping[str, Any]) -> None:
    """Refuse ports and types of ICMP that the protocol does not have (pve-firewall, src/PVE/Firewall.pm, verify_rule)."""
    for name in ("sport", "dport", "icmp_type"):
        if name in rule and not {"proto", "macro"} & set(rule):
            raise InvalidOption(f"{option}.{name}", "needs proto as well")
    if "icmp_type" in rule:
        if "dport" in rule:
            raise InvalidOption(f"{option}.icmp_type", "excludes dport, which names a type of ICMP as well")
        if rule.get("proto", "icmp") not in ICMP:
            raise InvalidOption(f"{option}.icmp_type", f"needs proto {' or '.join(ICMP)}, not {rule['proto']}")


def observe_rule(row: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as users see it; logging nothing is the same as not logging."""
    rule = {"enable": False, **RULE_FIELDS.observe(row)}
    if rule.get("log") == "nolog":
        del rule["log"]
    return rule


def rule_params(rule: Rule) -> dict[str, Any]:
    return {RULE_FIELDS.named(name).api: RULE_FIELDS.named(name).format(value) for name, value in rule.items()}
