# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of firewall parameters: addresses, ports and protocols, refused in the words of the genuine server.

Addresses are checked as Net::IP does it (pve-firewall, src/PVE/Firewall.pm: parse_address_list, pve_verify_ip_or_cidr).
"""

from __future__ import annotations

import ipaddress
import re

ALIAS = re.compile(r"(?:(?:dc|guest)/)?[A-Za-z][A-Za-z0-9_-]+")
ADDRESS_OR_CIDR = re.compile(r"(?:\d+(?:\.\d+){3}|[\da-fA-F]*:[\da-fA-F:.]*)(?:/\d+)?")
NO_ADDRESS = "value does not look like a valid IP address or CIDR network"

# The names in Debian's /etc/protocols, and icmpv6.
PROTOCOLS = frozenset(
    "ip hopopt icmp igmp ggp ipencap st tcp egp igp pup udp hmp xns-idp rdp iso-tp4 dccp xtp ddp idpr-cmtp ipv6"
    " ipv6-route ipv6-frag idrp rsvp gre esp ah skip ipv6-icmp icmpv6 ipv6-nonxt ipv6-opts rspf vmtp eigrp ospf ax.25"
    " ipip etherip encap pim ipcomp vrrp l2tp isis sctp fc mobility-header udplite mpls-in-ip manet hip shim6 wesp rohc"
    " ethernet".split()
)


def ip_or_cidr(text: str) -> None:
    """An address, or a network that may have host bits."""
    if not ADDRESS_OR_CIDR.fullmatch(text):
        raise ValueError(NO_ADDRESS)
    address, _slash, prefix = text.partition("/")
    try:
        version = ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(NO_ADDRESS) from None
    _check_prefix_length(prefix, version.max_prefixlen)


def ip_or_cidr_or_alias(text: str) -> None:
    if not ALIAS.fullmatch(text):
        ip_or_cidr(text)


def address_list(text: str) -> None:
    """What a rule's source or dest may be: an alias, a set, a list of addresses, networks and ranges, or empty."""
    if not text or ALIAS.fullmatch(text) or re.fullmatch(r"\+\S+", text):
        return
    versions = {_version_of_element(element) for element in text.split(",")}
    if len(versions) > 1:
        raise ValueError(f"detected mixed ipv4/ipv6 addresses in address list '{text}'")


def _version_of_element(element: str) -> int:
    """4 or 6 for an element of an address list; ValueError in the words of Net::IP."""
    first, dash, last = element.partition("-")
    try:
        return _version_of_range(first, last) if dash else _version_of_network(element)
    except ValueError as error:
        raise ValueError(f"invalid IP address: {error}") from None


def _version_of_network(text: str) -> int:
    address, _slash, prefix = text.partition("/")
    found = _address(address, text)
    _check_prefix_length(prefix, found.max_prefixlen)
    if prefix and int(found) & ((1 << (found.max_prefixlen - int(prefix))) - 1):
        raise ValueError(f"Invalid prefix {int(found):0{found.max_prefixlen}b}/{prefix}")
    return found.version


def _version_of_range(first: str, last: str) -> int:
    begin, end = _address(first, first), _address(last, last)
    if begin.version != end.version:
        raise ValueError(f"Begin and End addresses have different IP versions - {first} - {last}")
    if int(begin) > int(end):
        raise ValueError(f"Begin address is greater than End address {first} - {last}")
    return begin.version


def _address(text: str, whole: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"Invalid chars in IP {whole}") from None


def _check_prefix_length(prefix: str, longest: int) -> None:
    if prefix and int(prefix) > longest:
        raise ValueError(f"Prefix length {int(prefix)} is longer than IP address ({longest})")


def ports(text: str) -> None:
    """Ports, names of services and ranges of ports, separated by commas; an empty string has none."""
    for entry in text.split(",") if text else []:
        ends = entry.split(":")
        for end in ends:
            if (end.isdigit() and int(end) > 65535) or not re.fullmatch(r"[\w-]+", end, re.ASCII):
                raise ValueError(f"invalid port '{end}'")
        if len(ends) == 2 and all(end.isdigit() for end in ends) and int(ends[0]) > int(ends[1]):
            raise ValueError(f"backwards range '{entry}' not allowed, did you mean '{ends[1]}:{ends[0]}'?")


def protocol(text: str) -> None:
    known = int(text) <= 255 if text.isdigit() else text in PROTOCOLS
    if not known:
        raise ValueError(f"unknown protocol '{text}'")
