# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of nodes, and the kinds of machines that guests may be there (pve-manager PVE/API2/Hardware/PCI.pm)."""

from __future__ import annotations

import re
from typing import Any

from ..call import Call
from ..devices import MEDIATED_TYPES
from ..errors import not_simulated
from ..formats import split_list
from ..routing import endpoint
from ..sections import sections

PREFIX = "/nodes/{node}"
HIDDEN_CLASSES = "05;06;0b"
ADDRESS = re.compile(r"(?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-9a-fA-F]")
MACHINE_TYPES = (("i440fx", "pc-i440fx"), ("q35", "pc-q35"))
MACHINE_VERSIONS = {"9.2": ("10.1", "10.0+pve1", "9.2+pve1"), "8.4": ("9.2", "9.1", "9.0")}


@endpoint("GET", f"{PREFIX}/hardware/usb")
def usb_devices(call: Call) -> list[dict[str, Any]]:
    return list(call.cluster.nodes[str(call.node)].extra.get("usb", ()))


@endpoint("GET", f"{PREFIX}/hardware/pci")
def pci_devices(call: Call) -> list[dict[str, Any]]:
    """The devices, without those whose class starts as one that is to be hidden."""
    if not call.params.get("verbose", 1):
        raise not_simulated("PCI devices without their details")
    hidden = tuple(f"0x{start}" for start in split_list(call.params.get("pci-class-blacklist", HIDDEN_CLASSES)))
    devices = call.cluster.nodes[str(call.node)].extra.get("pci", ())
    return [device for device in devices if not device["class"].startswith(hidden)]


@endpoint("GET", f"{PREFIX}/hardware/pci/{{pci-id-or-mapping}}/mdev")
def mediated_types(call: Call) -> list[dict[str, Any]]:
    """The types that a device can make; a device that there is not makes none."""
    name = call.params["pci-id-or-mapping"]
    if not ADDRESS.fullmatch(name):
        if name in sections(call.cluster, "mapping_pci"):
            raise not_simulated("mediated devices of mappings")
        return []
    known = {device["id"] for device in call.cluster.nodes[str(call.node)].extra.get("pci", ())}
    return list(MEDIATED_TYPES.get(name, ())) if name in known else []


# Some of the flags that guests can be given, and what they are for; not all are reported where they can be had.
FLAGS = {
    "nested-virt": "Controls nested virtualization.",
    "amd-no-ssb": "Tells the guest that it need not care for SSB.",
}
PLAIN_FLAGS = ("3dnow", "aes", "pcid")


@endpoint("GET", f"{PREFIX}/capabilities/qemu/cpu-flags")
def cpu_flags(call: Call) -> list[dict[str, Any]]:
    return described_flags([str(call.node)])


@endpoint("GET", "/cluster/qemu/cpu-flags")
def cluster_cpu_flags(call: Call) -> list[dict[str, Any]]:
    nodes = list(call.cluster.nodes)
    return [*described_flags(nodes), *({"name": name, "supported-on": nodes} for name in PLAIN_FLAGS)]


def described_flags(nodes: list[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "description": text, "supported-on": nodes if name == "nested-virt" else []}
        for name, text in FLAGS.items()
    ]


@endpoint("GET", f"{PREFIX}/capabilities/qemu/migration")
def migration_capabilities(call: Call) -> dict[str, bool]:
    return {"has-dbus-vmstate": False}


@endpoint("GET", f"{PREFIX}/capabilities/qemu/machines")
def machine_types(call: Call) -> list[dict[str, str]]:
    versions = MACHINE_VERSIONS[call.cluster.version]
    return [
        {"id": f"{name}-{version}", "type": kind, "version": version}
        for kind, name in MACHINE_TYPES
        for version in versions
    ]
