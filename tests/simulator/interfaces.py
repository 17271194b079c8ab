# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network interfaces of a node: what runs, what is planned, and the file that both stand in.

After PVE::INotify, read_etc_network_interfaces and write_etc_network_interfaces (pve-common).
"""

from __future__ import annotations

import difflib
import ipaddress
from typing import Any

from .errors import ApiError
from .interface_checks import check
from .state import Cluster, Node

Interface = dict[str, Any]
Interfaces = dict[str, Interface]

FIRST_PRIORITY = 3
LAST_PRIORITY = 10_000  # of an interface that is new, until the file is sorted
ORDER = {"eth": 0, "bond": 1, "bridge": 2, "vlan": 3}  # in the file, by type; others come last
DEFAULTS: dict[str, Interface] = {
    "bridge": {"bridge_ports": "", "bridge_stp": "off", "bridge_fd": "0"},
    "bond": {"slaves": "", "bond_mode": "balance-rr", "bond_miimon": "100"},
}
NUMBERS = frozenset({"autostart", "active", "priority", "bridge_vlan_aware"})
OPTIONS = (  # in the file, below an interface
    *("slaves", "bond_miimon", "bond_mode", "bond_xmit_hash_policy", "bond-primary"),
    *("bridge_ports", "bridge_stp", "bridge_fd", "bridge_vlan_aware", "bridge_vids"),
    *("ovs_bridge", "ovs_ports", "ovs_bonds", "ovs_tag", "ovs_options", "vlan-id", "vlan-raw-device", "mtu"),
)
INTERFACES = "/usr/share/perl5/PVE/Network/Interfaces.pm"


def pending(node: Node) -> Interfaces | None:
    """The interfaces as they are planned, None when nothing is."""
    found: Interfaces | None = node.extra.get("pending_interfaces")
    return found


def planned(node: Node) -> Interfaces:
    """The interfaces as they will be."""
    found = pending(node)
    return node.interfaces if found is None else found


def plan(node: Node, interfaces: Interfaces) -> None:
    """Check and write the planned interfaces, put in the order of the file and numbered by it."""
    interfaces = {name: dict(config) for name, config in interfaces.items()}
    check(interfaces)
    by_place = sorted(interfaces, key=lambda name: _place(interfaces[name]))
    node.extra["pending_interfaces"] = {
        name: {**interfaces[name], "priority": number} for number, name in enumerate(by_place, FIRST_PRIORITY)
    }


def _place(config: Interface) -> tuple[int, int]:
    return ORDER.get(config["type"], len(ORDER)), config.get("priority", LAST_PRIORITY)


def revert(node: Node) -> None:
    node.extra.pop("pending_interfaces", None)


def apply(node: Node) -> None:
    """Bring up what is planned."""
    found = pending(node)
    if found is not None:
        node.interfaces = {name: {**config, "active": 1} for name, config in found.items()}
        for name, config in node.interfaces.items():
            if config["type"] == "vlan":
                node.interfaces[name]["exists"] = 1
        revert(node)


def normal(name: str, config: Interface) -> Interface:
    """An interface as it reads back from the file: addresses in both forms, numbers as texts, defaults of the type."""
    shown = {key: value if key in NUMBERS else str(value) for key, value in config.items() if key not in LISTED}
    _complete_addresses(shown)
    kind = shown["type"]
    shown = {**DEFAULTS.get(kind, {}), **shown}
    if kind == "vlan":
        _complete_vlan(name, shown)
        shown["exists"] = config.get("exists")
    if kind != "bond":
        shown.pop("slaves", None)
    elif shown["bond_mode"] not in ("balance-xor", "802.3ad"):
        shown.pop("bond_xmit_hash_policy", None)
    if kind == "bond" and shown["bond_mode"] != "active-backup":
        shown.pop("bond-primary", None)
    if kind == "bridge" and "bridge_vlan_aware" in shown:  # also if it is 0
        shown = {**shown, "bridge_vlan_aware": 1, "bridge_vids": shown.get("bridge_vids") or "2-4094"}
    elif kind == "bridge":
        shown.pop("bridge_vlan_aware", None)
        shown.pop("bridge_vids", None)
    if not shown.get("autostart"):
        shown.pop("autostart", None)
    if "comments" in shown:
        lines = [line.rstrip() for line in shown.pop("comments").rstrip().split("\n")]
        shown.update({"comments": "".join(f"{line}\n" for line in lines)} if any(lines) else {})
    if kind.startswith("OVS") and kind != "OVSBridge":
        shown.pop("autostart", None)
    families = [family for family, key in (("inet", "address"), ("inet6", "address6")) if key in shown]
    return {
        **shown,
        "families": families or ["inet"],
        "method": "static" if "address" in shown else "manual",
        "method6": "static" if "address6" in shown else "manual",
    }


LISTED = frozenset({"families", "method", "method6", "exists"})


def _complete_addresses(config: Interface) -> None:
    """cidr, address and netmask say the same; the cidr counts."""
    for suffix in ("", "6"):
        cidr, address, netmask = f"cidr{suffix}", f"address{suffix}", f"netmask{suffix}"
        if cidr in config:
            config[address], _separator, config[netmask] = config[cidr].partition("/")
        elif address in config and netmask in config:
            prefix = config[netmask]
            if not prefix.isdigit():
                prefix = str(ipaddress.IPv4Network(f"0.0.0.0/{prefix}").prefixlen)
            config[netmask], config[cidr] = prefix, f"{config[address]}/{prefix}"


def _complete_vlan(name: str, config: Interface) -> None:
    """A name like vmbr0.7 reports the device and the tag; another needs both as options."""
    device, dot, tag = name.partition(".")
    if dot:
        config.update({"vlan-raw-device": device, "vlan-id": tag})
    for option in ("vlan-raw-device", "vlan-id"):
        if option not in config:
            raise ApiError(500, f"missing {option} option at {INTERFACES} line 954.")


# --- the file ------------------------------------------------------------------------


def changes(node: Node) -> str | None:
    """The planned changes as a difference of the two files, None when nothing is planned."""
    found = pending(node)
    if found is None:
        return None
    names = ("/etc/network/interfaces", "/etc/network/interfaces.new")
    lines = difflib.unified_diff(rendered(node.interfaces), rendered(found), *names)
    return "".join(lines)


def rendered(interfaces: Interfaces) -> list[str]:
    """The lines of /etc/network/interfaces."""
    lines = ["auto lo\n", "iface lo inet loopback\n", "\n"]
    for name, config in interfaces.items():
        if config.get("autostart"):
            lines.append(f"auto {name}\n")
        for family, suffix in (("inet", ""), ("inet6", "6")):
            if family in config["families"]:
                lines.append(f"iface {name} {family} {config[f'method{suffix}']}\n")
                lines += [f"\t{option} {value}\n" for option, value in _options(config, suffix)]
        lines += [f"#{line}\n" for line in config.get("comments", "").splitlines()]
        lines.append("\n")
    return [*lines, "source /etc/network/interfaces.d/*\n"]


def _options(config: Interface, suffix: str) -> list[tuple[str, str]]:
    """The options below an interface in the file, those of the interface itself with its first family only."""
    found = [("address", config[f"cidr{suffix}"])] if f"cidr{suffix}" in config else []
    if f"gateway{suffix}" in config:
        found.append(("gateway", config[f"gateway{suffix}"]))
    if suffix and "inet" in config["families"]:
        return found
    if config["type"].startswith("OVS"):
        found.append(("ovs_type", config["type"]))
    for option in OPTIONS:
        if option in config:
            value = "yes" if option == "bridge_vlan_aware" else str(config[option]) or "none"
            found.append((option.replace("_", "-").replace("slaves", "bond-slaves"), value))
    return found


def bridges_of(cluster: Cluster, node: str) -> set[str]:
    """What a card can be attached to: the node's bridges and the virtual networks of SDN."""
    interfaces = cluster.nodes[node].interfaces
    found = {name for name, options in interfaces.items() if "ridge" in str(options.get("type", ""))}
    return found | set(cluster.areas.get("sdn_vnets", ())) if found else set()
