# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of an interface inside of a guest, which cloud-init and containers write alike.

Forms: ``verify_ipv4_config`` and ``verify_cidrv4`` in PVE/JSONSchema.pm of pve-common, and their relatives for IPv6.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from ...model.property_string import Part
from ...model.values import Text

SHORTEST_PREFIX = 8
EXAMPLES = {4: ("192.0.2.10/24", "192.0.2.1"), 6: ("2001:db8::10/64", "2001:db8::1")}


class OwnAddress(Text):
    """An address with the length of its prefix, or a word for where it comes from."""

    def __init__(self, version: int, *words: str) -> None:
        self.version, self.words = version, words

    def parse(self, value: Any) -> str:
        text = str(value).strip()
        address, slash, length = text.partition("/")
        prefix = int(length) if length.isdecimal() and len(length) < 4 else 0
        longest = 32 if self.version == 4 else 128
        static = bool(slash) and SHORTEST_PREFIX <= prefix <= longest and _is_address(self.version, address)
        if text not in self.words and not static:
            example = EXAMPLES[self.version][0]
            raise ValueError(
                f"{value!r} is not an IPv{self.version} address with the length of its prefix, such as {example}, "
                f"and not {' or '.join(self.words)}"
            )
        return text


class Gateway(Text):
    """An address without a prefix."""

    def __init__(self, version: int) -> None:
        self.version = version

    def parse(self, value: Any) -> str:
        text = str(value).strip()
        if not _is_address(self.version, text):
            raise ValueError(f"{value!r} is not an IPv{self.version} address, such as {EXAMPLES[self.version][1]}")
        return text


def _is_address(version: int, text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == version and "%" not in text
    except ValueError:
        return False


ADDRESSES = (
    Part("ip", OwnAddress(4, "dhcp", "manual")),
    Part("gw", Gateway(4)),
    Part("ip6", OwnAddress(6, "dhcp", "auto", "manual")),
    Part("gw6", Gateway(6)),
)
# Addresses that are not static, and the gateways that mean nothing beside them
NO_GATEWAY = {"ip": (("dhcp", "manual"), ("gw",)), "ip6": (("dhcp", "auto", "manual"), ("gw6",))}
