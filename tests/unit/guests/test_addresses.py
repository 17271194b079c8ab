# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of interfaces have the forms that PVE takes, for cloud-init and for containers."""

from __future__ import annotations

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.schema.addresses import ADDRESSES
from tests.simulator.formats import check_format

PARTS = {part.name: part for part in ADDRESSES}
FORMATS = {"ip": "pve-ipv4-config", "gw": "ipv4", "ip6": "pve-ipv6-config", "gw6": "ipv6"}
TEXTS = (
    "dhcp auto manual 192.0.2.10 192.0.2.10/24 192.0.2.10/8 192.0.2.10/7 192.0.2.10/33 192.0.2.10/024x 192.0.2.300/24 "
    "192.0.2.1 192.0.2 2001:db8::1 2001:db8::1/64 2001:db8::1/129 2001:db8::1/7 ::1 fe80::1%eth0/64 2001:db8::g/64 DHCP x"
).split()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", PARTS)
def test_they_are_refused_where_the_server_refuses_them(name: str, text: str) -> None:
    """The simulator is the witness."""

    def accepted() -> bool:
        try:
            check_format(FORMATS[name], text)
        except ValueError:
            return False
        return True

    if accepted():
        assert PARTS[name].parse(text) == text
    else:
        with pytest.raises(ValueError, match=r"is not an IPv[46] address"):
            PARTS[name].parse(text)
