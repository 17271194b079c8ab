# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interfaces of the simulated node, after PVE::API2::Network and what PVE checks when it writes the file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator.conversation import Conversation

NETWORK = "/nodes/pve1/network"


@pytest.fixture
def talk() -> Conversation:
    return Conversation("demo")


def test_a_family_whose_address_is_not_sent_is_gone(talk: Conversation) -> None:
    talk("POST", NETWORK, iface="vmbr1", type="bridge", cidr="192.0.2.5/24", cidr6="2001:db8::5/64")
    talk("PUT", f"{NETWORK}/vmbr1", type="bridge", mtu=1400)
    row = talk("GET", f"{NETWORK}/vmbr1")
    assert (row["cidr"], row.get("cidr6"), row["mtu"]) == ("192.0.2.5/24", None, "1400")
    talk("PUT", f"{NETWORK}/vmbr1", type="bridge", cidr6="2001:db8::6/64")
    row = talk("GET", f"{NETWORK}/vmbr1")
    assert (row.get("cidr"), row["cidr6"]) == (None, "2001:db8::6/64")


def test_a_bridge_that_is_reported_not_to_be_aware_of_vlans_is(talk: Conversation) -> None:
    talk("POST", NETWORK, iface="vmbr1", type="bridge", bridge_vlan_aware=0)
    assert talk("GET", f"{NETWORK}/vmbr1")["bridge_vids"] == "2-4094"


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"iface": "vmbr1", "type": "bridge", "bridge_ports": "eno1"}, "eno1 is already used on interface 'vmbr0'"),
        ({"iface": "vmbr1", "type": "bridge", "bridge_ports": "eno9"}, "unable to find bridge port 'eno9'"),
        ({"iface": "vmbr1", "type": "bridge", "bridge_ports": "eno2,eno3"}, "unable to find bridge port 'eno2,eno3'"),
        ({"iface": "vmbr1", "type": "bridge", "bridge_ports": "eno2", "mtu": 9000}, "mtu 1500 is lower"),
        ({"iface": "bond0", "type": "bond", "slaves": "eno9"}, "unable to find slave 'eno9'"),
        ({"iface": "bond0", "type": "bond", "slaves": "vmbr0"}, "wrong interface type on slave 'vmbr0'"),
        ({"iface": "eno9.5", "type": "vlan"}, "unable to find parent 'eno9'"),
        ({"iface": "vmbr1", "type": "OVSBridge", "ovs_ports": "int0"}, "unable to find port 'int0'"),
        ({"iface": "int0", "type": "OVSIntPort", "ovs_bridge": "vmbr0"}, "is no OVS bridge"),
    ],
)
def test_what_cannot_be_written_is_refused(talk: Conversation, params: dict[str, Any], text: str) -> None:
    assert text in talk.refused("POST", NETWORK, **params)
    assert {row["iface"] for row in talk("GET", NETWORK)} == {"eno1", "eno2", "eno3", "vmbr0"}


def test_a_port_joins_its_switch_and_leaves_it(talk: Conversation) -> None:
    talk("POST", NETWORK, iface="vmbr1", type="OVSBridge", ovs_ports="eno2")
    talk("POST", NETWORK, iface="int0", type="OVSIntPort", ovs_bridge="vmbr1")
    assert talk("GET", f"{NETWORK}/vmbr1")["ovs_ports"] == "eno2 int0"
    assert talk("GET", f"{NETWORK}/eno2")["type"] == "OVSPort"
    talk("DELETE", f"{NETWORK}/int0")
    talk("DELETE", f"{NETWORK}/vmbr1")
    assert talk("GET", f"{NETWORK}/eno2")["type"] == "eth"
