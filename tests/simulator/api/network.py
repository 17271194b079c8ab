# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network interfaces of a node. Changes are planned, and wait until they are applied or forgotten.

After PVE::API2::Network (pve-manager).
"""

from __future__ import annotations

from typing import Any

from .. import interfaces
from ..call import Call
from ..errors import ApiError, param_error
from ..interface_checks import PORTS, ports
from ..parameters import split_list
from ..routing import endpoint
from ..state import Node
from ..tasks import TaskLog

BASE = "/nodes/{node}/network"
BRIDGES = ("bridge", "OVSBridge")
CONTROL = ("node", "iface", "delete")
GATEWAYS = {"cidr": "gateway", "cidr6": "gateway6"}
ADDRESSES = {"cidr": ("address", "netmask"), "cidr6": ("address6", "netmask6")}


def node_of(call: Call) -> Node:
    return call.cluster.nodes[str(call.node)]


def existing(call: Call) -> interfaces.Interface:
    found = interfaces.planned(node_of(call))
    if call.params["iface"] not in found:
        raise param_error("iface", "interface does not exist")
    return found[call.params["iface"]]


def given(call: Call) -> interfaces.Interface:
    """The options of a call, truth values as numbers."""
    if call.params["type"].startswith("OVS") and not node_of(call).openvswitch:
        raise ApiError(500, "Open VSwitch is not installed (need package 'openvswitch-switch')")
    options = {name: value for name, value in call.params.items() if name not in CONTROL}
    return {**options, **{name: " ".join(split_list(options[name])) for name in ("bridge_vids",) if name in options}}


def check_unique(call: Call) -> None:
    """Only one interface has the default gateway of a family, and a port."""
    for option in ("gateway", "gateway6"):
        for name, config in interfaces.planned(node_of(call)).items():
            if call.given(option) and option in config and name != call.params["iface"]:
                raise param_error(option, f"Default gateway already exists on interface '{name}'.")
    wanted = {port: option for option in PORTS for port in ports(call.params, option)}
    for name, config in interfaces.planned(node_of(call)).items():
        for port in ports(config) if name != call.params["iface"] else ():
            if port in wanted:
                raise param_error(wanted[port], f"{port} is already used on interface '{name}'.")


def store(
    call: Call,
    config: interfaces.Interface,
    others: interfaces.Interfaces | None = None,
    without_address: bool = False,
) -> None:
    """Plan an interface as it will read back, beside the others as they are planned unless reported.

    A change without an address leaves the present one in the file, but as one of method manual.
    """
    name, node = call.params["iface"], node_of(call)
    planned = interfaces.normal(name, config)
    if without_address:
        planned["method"] = "manual"
    interfaces.plan(node, {**(others or interfaces.planned(node)), name: planned})


@endpoint("GET", BASE)
def list_interfaces(call: Call) -> list[dict[str, Any]]:
    """The interfaces as planned; bridges only for those who may audit or use them."""
    node, kind = node_of(call), call.params.get("type")
    changes = interfaces.changes(node)
    if changes:
        call.changes = changes
    rows = []
    for name, config in interfaces.planned(node).items():
        bridge = config["type"] in BRIDGES
        if bridge and not call.may(f"/sdn/zones/localnetwork/{name}", ["SDN.Audit", "SDN.Use"], any=True):
            continue
        if kind in (None, "include_sdn", config["type"]) or (bridge and kind in ("any_bridge", "any_local_bridge")):
            rows.append({**config, "iface": name})
    if kind in ("any_bridge", "include_sdn", "vnet"):
        rows += [{"iface": name, "type": "vnet", "active": 1} for name in call.cluster.areas.get("sdn_vnets", ())]
    return rows


@endpoint("GET", f"{BASE}/{{iface}}")
def read_interface(call: Call) -> dict[str, Any]:
    return existing(call)


@endpoint("POST", BASE)
def create_interface(call: Call) -> None:
    planned = interfaces.planned(node_of(call))
    if call.params["iface"] in planned:
        raise param_error("iface", "interface already exists")
    check_unique(call)
    options = given(call)
    joins = options["type"] in ("OVSIntPort", "OVSBond")
    store(call, options, with_joined(call, planned, options.get("ovs_bridge")) if joins else None)


def with_joined(call: Call, planned: interfaces.Interfaces, name: str | None) -> interfaces.Interfaces:
    """The interfaces with a new port in the list of its bridge."""
    if not name:
        raise param_error("ovs_bridge", "parameter is required")
    if name not in planned:
        raise param_error("ovs_bridge", f"bridge '{name}' does not exist")
    if planned[name]["type"] != "OVSBridge":
        raise param_error("ovs_bridge", f"interface '{name}' is no OVS bridge")
    listed = ports(planned[name], "ovs_ports")
    return {**planned, name: {**planned[name], "ovs_ports": " ".join(dict.fromkeys([*listed, call.params["iface"]]))}}


@endpoint("PUT", f"{BASE}/{{iface}}")
def update_interface(call: Call) -> None:
    """What is not sent stays, but for the addresses: a family whose address is not sent is no longer written."""
    config = dict(existing(call))
    for option in split_list(call.params.get("delete")):
        for name in (option, *ADDRESSES.get(option, ())):
            config.pop(name, None)
    check_unique(call)
    options = given(call)
    sent = {cidr: any(name in options for name in (cidr, *parts)) for cidr, parts in ADDRESSES.items()}
    for cidr, parts in ADDRESSES.items():
        unwritten = not sent[cidr] and (cidr == "cidr6" or sent["cidr6"])  # without any address the first family is
        for name in (cidr, *parts) if sent[cidr] or unwritten else ():
            config.pop(name, None)
        if unwritten:
            config.pop(GATEWAYS[cidr], None)
    store(call, {**config, **options}, without_address=not any(sent.values()))


@endpoint("DELETE", f"{BASE}/{{iface}}")
def delete_interface(call: Call) -> None:
    config, node, name = existing(call), node_of(call), call.params["iface"]
    left = {other: dict(row) for other, row in interfaces.planned(node).items() if other != name}
    switch = left.get(config.get("ovs_bridge", ""))
    if config["type"] in ("OVSIntPort", "OVSBond") and switch:
        switch["ovs_ports"] = " ".join(port for port in ports(switch, "ovs_ports") if port != name)
    interfaces.plan(node, left)


@endpoint("DELETE", BASE)
def revert(call: Call) -> None:
    interfaces.revert(node_of(call))


@endpoint("PUT", BASE)
def apply(call: Call) -> str:
    node = node_of(call)

    def run(log: TaskLog) -> None:
        interfaces.apply(node)

    return call.cluster.tasks.start(call, node.name, "srvreload", "networking", run, duration=5.0)
