# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network interfaces of a node as a whole: their options, what follows from what, and what cannot stand together.

``Interfaces`` maps names to options in canonical form. PVE checks the whole file with every call, so that every state on the
way from one to another has to be free of problems.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ...model.field import Field, Fields, hyphenated
from ...model.values import Boolean, Set, Text

Interface = dict[str, Any]
Interfaces = dict[str, Interface]

DEFAULT_MTU = 1500
NO_CARDS = "is missing: a bond needs the cards that it joins"
_DOTTED = re.compile(r"(.+)\.(\d+)")  # the name of a VLAN with its device and tag
_NUMBERED = re.compile(r"vlan(\d+)")  # one with its tag
BOND_MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
    "balance-slb",
    "lacp-balance-slb",
    "lacp-balance-tcp",
)
OVS_BOND_MODES = ("active-backup", "balance-slb", "lacp-balance-slb", "lacp-balance-tcp")
HASHING_MODES = ("balance-xor", "802.3ad")


class Flag(Boolean):
    """A truth value whose falsehood is the same as its absence: what PVE finds in the file it takes for true."""

    def parse(self, value: Any) -> Any:
        return super().parse(value) or ""


class Address(Text):
    """An address of one family; with ``prefix`` one with the length of its network."""

    def __init__(self, version: int, prefix: bool) -> None:
        self.version, self.prefix = version, prefix

    def parse(self, value: Any) -> str:
        text = str(value).strip()
        example = ("192.0.2.5" if self.version == 4 else "2001:db8::5") + ("/24" if self.prefix else "")
        try:
            address = ipaddress.ip_interface(text) if self.prefix else ipaddress.ip_address(text)
        except ValueError:
            raise ValueError(f"{text!r} is not an IPv{self.version} address such as {example}") from None
        if address.version != self.version or self.prefix != ("/" in text):
            raise ValueError(f"{text!r} is not an IPv{self.version} address such as {example}")
        return str(address)


def _devices(name: str) -> Field:
    return Field(name, type="list", elements="str", codec=Set(" "))  # PVE looks for blanks only


FIELDS = Fields(
    [
        Field(
            "type",
            choices=(
                "bridge",
                "bond",
                "vlan",
                "eth",
                "alias",
                "OVSBridge",
                "OVSBond",
                "OVSPort",
                "OVSIntPort",
                "unknown",
            ),
            clear="never",
        ),
        Field("autostart", type="bool", codec=Flag()),
        Field("comments"),
        Field("cidr", codec=Address(4, prefix=True)),
        Field("gateway", codec=Address(4, prefix=False)),
        Field("cidr6", codec=Address(6, prefix=True)),
        Field("gateway6", codec=Address(6, prefix=False)),
        Field("mtu", type="int"),
        _devices("bridge_ports"),
        Field("bridge_vlan_aware", type="bool", codec=Flag()),
        Field("bridge_vids", type="list", elements="str", codec=Set(" ")),
        _devices("slaves"),
        Field("bond_mode", choices=BOND_MODES),
        hyphenated("bond_primary"),
        Field("bond_xmit_hash_policy", choices=("layer2", "layer2+3", "layer3+4")),
        hyphenated("vlan_raw_device"),
        hyphenated("vlan_id", type="int"),
        _devices("ovs_ports"),
        _devices("ovs_bonds"),
        Field("ovs_bridge"),
        Field("ovs_tag", type="int"),
        Field("ovs_options"),
    ]
)
_OVS_PORT = ("ovs_bridge", "ovs_tag", "ovs_options")
_SPECIAL: dict[str, tuple[str, ...]] = {
    "bridge": ("bridge_ports", "bridge_vlan_aware", "bridge_vids"),
    "bond": ("slaves", "bond_mode", "bond_primary", "bond_xmit_hash_policy"),
    "vlan": ("vlan_raw_device", "vlan_id"),
    "OVSBridge": ("ovs_ports", "ovs_options"),
    "OVSBond": ("ovs_bonds", "bond_mode", *_OVS_PORT),
    "OVSPort": _OVS_PORT,
    "OVSIntPort": _OVS_PORT,
}
PORTS = ("bridge_ports", "slaves", "ovs_ports", "ovs_bonds")  # options whose devices belong to one interface only


def options_of(kind: str) -> set[str]:
    """The options that an interface of this type can have."""
    special = {name for names in _SPECIAL.values() for name in names}
    return {field.name for field in FIELDS} - special | set(_SPECIAL.get(kind, ()))


def ports(interface: Interface) -> list[tuple[str, str]]:
    """The devices that an interface takes for itself, each with the option that names it."""
    return [(option, device) for option in PORTS for device in interface.get(option, [])]


def below(name: str, interface: Interface) -> set[str]:
    """What an interface stands on."""
    found = {device for _option, device in ports(interface)}
    found |= {interface[option] for option in ("vlan_raw_device", "ovs_bridge") if option in interface}
    return found | ({name.partition(":")[0]} if interface.get("type") == "alias" else set())


def without_empty(interface: Mapping[str, Any]) -> Interface:
    return {name: value for name, value in interface.items() if value not in ("", None, [])}


def normalised(interfaces: Interfaces) -> Interfaces:
    """The interfaces with what PVE makes of them by itself (PVE::INotify, __read_ and __write_etc_network_interfaces)."""
    result = {name: dict(interface) for name, interface in interfaces.items()}
    for name, interface in result.items():
        kind, mode = interface.get("type"), interface.get("bond_mode")
        if kind == "vlan" and (dotted := _DOTTED.fullmatch(name)):
            interface |= {"vlan_raw_device": dotted[1], "vlan_id": int(dotted[2])}
        elif kind == "vlan" and (numbered := _NUMBERED.fullmatch(name)):
            interface["vlan_id"] = int(numbered[1])
        if kind == "bridge" and not interface.get("bridge_vlan_aware"):
            interface.pop("bridge_vids", None)
        if kind == "bond" and mode not in HASHING_MODES:
            interface.pop("bond_xmit_hash_policy", None)
        if kind == "bond" and mode != "active-backup":
            interface.pop("bond_primary", None)
        for slave in interface.get("slaves", []):
            result.get(slave, {})["autostart"] = True
    _normalise_switches(result)
    return result


def _normalise_switches(interfaces: Interfaces) -> None:
    """A card among the ports of an Open vSwitch bridge is a port, any other is none; other ports join their bridge."""
    for name, interface in interfaces.items():
        bridge = interfaces.get(interface.get("ovs_bridge", ""), {})
        if interface["type"] in ("OVSIntPort", "OVSBond") and bridge.get("type") == "OVSBridge":
            bridge["ovs_ports"] = sorted({*bridge.get("ovs_ports", []), name})
    switch_of = {port: name for name, interface in interfaces.items() for port in interface.get("ovs_ports", [])}
    for name, interface in interfaces.items():
        if interface["type"] in ("eth", "OVSPort") and name in switch_of:
            interface |= {"type": "OVSPort", "ovs_bridge": switch_of[name]}
        elif interface["type"] == "OVSPort":
            for option in _OVS_PORT:
                interface.pop(option, None)
            interface["type"] = "eth"
        if interface["type"] in ("OVSPort", "OVSIntPort", "OVSBond"):
            interface.pop("autostart", None)  # its bridge starts it


class Problem(NamedTuple):
    """Why interfaces cannot stand together: at which one, in which of its options."""

    iface: str
    option: str
    text: str


def problems(interfaces: Interfaces) -> set[Problem]:
    """What PVE would refuse, or accept and not bring up."""
    found = {*_clashes(interfaces)}
    for name, interface in interfaces.items():
        for option, text in (*_lacks(name, interface), *_misfits(name, interface, interfaces)):
            found.add(Problem(name, option, text))
    return found


def refusals(interfaces: Interfaces) -> set[Problem]:
    """The problems for which PVE refuses to write interfaces: a bond without cards is none, so that it may be one on the way."""
    return {found for found in problems(interfaces) if found.text != NO_CARDS}


def _clashes(interfaces: Interfaces) -> Iterator[Problem]:
    """Devices and default gateways that two want to have."""
    owner: dict[str, str] = {}
    for name, interface in interfaces.items():
        for option, device in ports(interface):
            if owner.setdefault(device, name) != name:
                yield Problem(name, option, f"{device} belongs to {owner[device]} already")
    for option in ("gateway", "gateway6"):
        names = [name for name, interface in interfaces.items() if option in interface]
        for name in names[1:]:
            yield Problem(name, option, f"a node has one default gateway, and {names[0]} has it")


def _lacks(name: str, interface: Interface) -> Iterator[tuple[str, str]]:
    """What an interface needs besides, or cannot have beside the rest."""
    kind, mode = interface.get("type"), interface.get("bond_mode")
    if kind in ("bond", "OVSBond"):
        if not interface.get("slaves" if kind == "bond" else "ovs_bonds"):
            yield ("slaves" if kind == "bond" else "ovs_bonds"), NO_CARDS
        if not mode:
            yield "bond_mode", "is missing: a bond needs one"
        elif (mode in OVS_BOND_MODES[1:]) if kind == "bond" else (mode not in OVS_BOND_MODES):
            yield "bond_mode", f"{mode} is not a mode of {'Linux' if kind == 'bond' else 'Open vSwitch'}"
        if interface.get("bond_primary", "") not in ("", *interface.get("slaves", [])):
            yield "bond_primary", f"{interface['bond_primary']} is not one of the slaves"
    if kind == "vlan":
        for option in ("vlan_raw_device", "vlan_id"):
            if not interface.get(option):
                yield option, "is missing: give it, or a name such as vmbr0.100, which has both"
    if kind in ("OVSBond", "OVSPort", "OVSIntPort") and not interface.get("ovs_bridge"):
        yield "ovs_bridge", "is missing: name the bridge"


def _misfits(name: str, interface: Interface, interfaces: Interfaces) -> Iterator[tuple[str, str]]:
    """What does not fit to the interfaces below."""
    for option, device in ports(interface):
        dotted = _DOTTED.fullmatch(device) if option == "bridge_ports" else None
        if device not in interfaces:
            if not dotted or dotted[1] not in interfaces:
                yield option, f"there is no interface {device}"
            continue
        found = interfaces[device]
        if option == "slaves" and found["type"] not in ("eth", "bond"):
            yield option, f"{device} is neither a card nor a bond"
        if option == "ovs_bonds" and found["type"] != "eth":
            yield option, f"{device} is not a card"
        if option == "bridge_ports" and {"cidr", "cidr6"} & set(found):
            yield option, f"{device} has an address, which a port cannot have"
        outer, inner = (device, name) if option == "bridge_ports" else (name, device)
        yield from (("mtu", text) for text in _mtu(outer, inner, interfaces))
    if parent := interface.get("vlan_raw_device"):
        if interfaces.get(parent, {}).get("type") not in ("eth", "bridge", "bond", "vlan"):
            yield "vlan_raw_device", f"there is no card, bond, bridge or VLAN {parent}"
        else:
            yield from (("mtu", text) for text in _mtu(parent, name, interfaces))
    if "ovs_bridge" in interface and interfaces.get(interface["ovs_bridge"], {}).get("type") != "OVSBridge":
        yield "ovs_bridge", f"there is no OVSBridge {interface['ovs_bridge']}"


def _mtu(outer: str, inner: str, interfaces: Interfaces) -> Iterator[str]:
    """Packets of one have to fit into those of the other."""
    wanted = interfaces[inner].get("mtu")
    known = wanted if interfaces[outer].get("type") == "bond" else DEFAULT_MTU
    has = interfaces[outer].get("mtu", known)
    if wanted and wanted > has:
        yield f"mtu {wanted} of {inner} is more than {has} of {outer}"


def cards(name: str, interfaces: Interfaces, seen: Sequence[str] = ()) -> set[str]:
    """The devices at the bottom of an interface, itself if nothing is below it."""
    if name in seen:
        return set()
    interface = interfaces.get(name, {})
    if interface.get("type") not in (*_SPECIAL, "alias") or interface.get("type") == "OVSPort":
        return {name}
    return {card for lower in below(name, interface) for card in cards(lower, interfaces, (*seen, name))}
