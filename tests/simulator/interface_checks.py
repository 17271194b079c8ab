# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PVE checks and completes whenever it writes the interfaces of a node.

After PVE::INotify, __write_etc_network_interfaces and $check_mtu (pve-common).
"""

from __future__ import annotations

from typing import Any

from .errors import ApiError

Interface = dict[str, Any]
Interfaces = dict[str, Interface]

PORTS = ("bridge_ports", "ovs_ports", "slaves", "ovs_bonds")
SWITCH_PORTS = ("OVSPort", "OVSIntPort", "OVSBond")
DEFAULT_MTU = 1500


def ports(config: Interface, *options: str) -> list[str]:
    return [port for option in options or PORTS for port in str(config.get(option, "")).split()]


def check(interfaces: Interfaces) -> None:
    """Refuse what cannot be written, and change what is written along."""
    _ports_once(interfaces)
    _release_switch_ports(interfaces)
    for name, config in interfaces.items():
        kind = config["type"]
        if kind == "OVSBridge":
            _switch(name, config, interfaces)
        elif kind == "OVSBond":
            _bond(name, config, interfaces, "ovs_bonds", ("eth",), "OVS bond")
        elif kind == "bond":
            _bond(name, config, interfaces, "slaves", ("eth", "bond"), "bond")
    for name, config in interfaces.items():
        if config["type"] == "vlan":
            _vlan(name, config, interfaces)
        elif config["type"] == "bridge":
            _bridge(name, config, interfaces)


def _ports_once(interfaces: Interfaces) -> None:
    used: dict[str, str] = {}
    for name, config in interfaces.items():
        for port in ports(config):
            if used.setdefault(port, name) != name:
                raise ApiError(500, f"port '{port}' is already used on interface '{used[port]}'")


def _release_switch_ports(interfaces: Interfaces) -> None:
    """A port that no bridge has any more is a card again."""
    switch_of = {port: name for name, config in interfaces.items() for port in ports(config)}
    for name in [name for name, config in interfaces.items() if config["type"] in SWITCH_PORTS]:
        switch = interfaces.get(switch_of.get(name, ""))
        if switch is None:
            card = {"type": "eth", "exists": 1, "method": "manual", "method6": "manual", "families": ["inet"]}
            interfaces[name] = {**card, "priority": interfaces[name].get("priority", 3)}
        elif switch["type"] != "OVSBridge":
            del interfaces[name]


def _switch(name: str, config: Interface, interfaces: Interfaces) -> None:
    for port in ports(config, "ovs_ports"):
        found = interfaces.get(port)
        if found is None:
            raise ApiError(500, f"OVS bridge '{name}' - unable to find port '{port}'")
        if found["type"] not in ("eth", *SWITCH_PORTS):
            raise ApiError(500, f"interface '{port}' is not defined as OVS port/bond")
        found.pop("autostart", None)
        if found["type"] == "eth":
            found["type"] = "OVSPort"
        found["ovs_bridge"] = name
        _mtu(interfaces, name, port)


def _bond(
    name: str, config: Interface, interfaces: Interfaces, option: str, kinds: tuple[str, ...], label: str
) -> None:
    slaves = ports(config, option)
    for port in slaves:
        found = interfaces.get(port)
        if found is None:
            raise ApiError(500, f"{label} '{name}' - unable to find slave '{port}'")
        if found["type"] not in kinds:
            wanted = " or ".join(kinds)
            raise ApiError(
                500, f"{label} '{name}' - wrong interface type on slave '{port}' ('{found['type']}' != '{wanted}')"
            )
        found["autostart"] = 1
        _mtu(interfaces, name, port)
    if slaves and config.get("bond-primary") and config["bond-primary"] not in slaves:
        raise ApiError(500, f"bond '{name}' - bond-primary interface is not a slave")


def _vlan(name: str, config: Interface, interfaces: Interfaces) -> None:
    parent = config["vlan-raw-device"]
    if int(config["vlan-id"]) > 4094:
        raise ApiError(500, f"vlan '{name}' - vlan-id {config['vlan-id']} should be <= 4094")
    if parent not in interfaces:
        raise ApiError(500, f"vlan '{name}' - unable to find parent '{parent}'")
    kind = interfaces[parent]["type"]
    if kind not in ("eth", "bridge", "bond", "vlan"):
        text = f"vlan '{name}' - wrong interface type on parent '{parent}' ('{kind}' != 'eth|bond|bridge|vlan' )"
        raise ApiError(500, text)
    _mtu(interfaces, parent, name)


def _bridge(name: str, config: Interface, interfaces: Interfaces) -> None:
    for port in ports(config, "bridge_ports"):
        found = interfaces.get(port)
        if found is None:
            if "." in port:  # a VLAN of its parent, which need not stand in the file
                continue
            raise ApiError(500, f"bridge '{name}' - unable to find bridge port '{port}'")
        if "static" in (found["method"], found["method6"]):
            raise ApiError(500, f"iface {port} - ip address can't be set on interface if bridged in {name}")
        _mtu(interfaces, port, name)


def _mtu(interfaces: Interfaces, parent: str, child: str) -> None:
    wanted = int(interfaces[child].get("mtu", 0))
    default = wanted if interfaces[parent]["type"] == "bond" else DEFAULT_MTU
    has = int(interfaces[parent].get("mtu", default))
    if wanted > has:
        raise ApiError(500, f"interface '{parent}' - mtu {has} is lower than '{child}' - mtu {wanted}")
