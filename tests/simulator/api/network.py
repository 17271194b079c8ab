# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network interfaces of a node. Changes are planned, and wait until they are applied or forgotten."""

from __future__ import annotations

from typing import Any

from .. import interfaces
from ..call import Call
from ..errors import ApiError, param_error
from ..parameters import split_list
from ..routing import endpoint
from ..state import Node
from ..tasks import TaskLog

BASE = "/nodes/{node}/network"
BRIDGES = ("bridge", "OVSBridge")
CONTROL = ("node", "iface", "delete")
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
    if call.params["type"].startswith("OVS"):
        raise ApiError(500, "Open VSwitch is not installed (need package 'openvswitch-switch')")
    return {name: value for name, value in call.params.items() if name not in CONTROL}


def check_gateway(call: Call) -> None:
    """Only one interface has the default gateway of a family."""
    for option in ("gateway", "gateway6"):
        for name, config in interfaces.planned(node_of(call)).items():
            if call.given(option) and option in config and name != call.params["iface"]:
                raise param_error(option, f"Default gateway already exists on interface '{name}'.")


def store(call: Call, config: interfaces.Interface) -> None:
    """Plan an interface as it will read back."""
    name, node = call.params["iface"], node_of(call)
    interfaces.plan(node, {**interfaces.planned(node), name: interfaces.normal(name, config)})


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
    if call.params["iface"] in interfaces.planned(node_of(call)):
        raise param_error("iface", "interface already exists")
    check_gateway(call)
    store(call, given(call))


@endpoint("PUT", f"{BASE}/{{iface}}")
def update_interface(call: Call) -> None:
    config = dict(existing(call))
    for option in split_list(call.params.get("delete")):
        for name in (option, *ADDRESSES.get(option, ())):
            config.pop(name, None)
    check_gateway(call)
    options = given(call)
    for cidr, parts in ADDRESSES.items():
        if any(name in options for name in (cidr, *parts)):
            for name in (cidr, *parts):
                config.pop(name, None)
    store(call, {**config, **options})


@endpoint("DELETE", f"{BASE}/{{iface}}")
def delete_interface(call: Call) -> None:
    existing(call)
    node = node_of(call)
    left = {name: config for name, config in interfaces.planned(node).items() if name != call.params["iface"]}
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
