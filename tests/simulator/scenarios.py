# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The initial states: what a server holds before the first request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .devices import VIRTUAL_PCI_DEVICES
from .disks import bare_disks
from .populations import make_room, populate_demo, populate_many
from .state import Cluster, Node, Token, User
from .storages import make_storage


@dataclass(frozen=True)
class Credentials:
    """Identities that every scenario knows."""

    user: str = "root@pam"
    password: str = "simulated"
    token_id: str = "root@pam!automation"
    token_secret: str = "5c1e0a52-7d0f-4c2c-9d3a-6d8b2b1f0e11"
    second_user: str = "second@pve"
    second_password: str = "second-simulated"


CREDENTIALS = Credentials()
EVERY_CONTENT = ("backup", "images", "import", "iso", "rootdir", "snippets", "vztmpl")
THREE_NODES = ("pve1", "pve2", "pve3")


def scenario(name: str, version: str, nodes: Sequence[str] = ()) -> Callable[[], Cluster]:
    """What builds the scenario "single", "demo" or of a number of guests; `nodes` gives names other than the usual."""
    if name == "single":
        return partial(single, version, nodes or ("pve",))
    if name == "demo":
        return partial(demo, version, nodes or THREE_NODES)
    if name.isdigit() and 0 < int(name) <= 10_000:
        return partial(generated, version, nodes or THREE_NODES, int(name))
    raise ValueError(f"no scenario '{name}': single, demo, or a number of guests up to 10000")


def single(version: str, nodes: Sequence[str]) -> Cluster:
    """A bare installation on small machines, without guests; more than one node make a cluster."""
    cluster = _base(version, nodes, "single" if len(nodes) > 1 else "")
    for node in cluster.nodes.values():
        node.cpus = 2
        node.extra.update(pci=VIRTUAL_PCI_DEVICES, disks=bare_disks())
    return cluster


def demo(version: str, nodes: Sequence[str]) -> Cluster:
    """A cluster with some thirty guests, see populations.py."""
    cluster = _base(version, nodes, "demo")
    for node in cluster.nodes.values():
        node.openvswitch = True
        node.interfaces["vmbr0"]["gateway"] = "10.0.0.254"
        for number in (2, 3):
            node.interfaces[f"eno{number}"] = spare_card(number)
    populate_demo(cluster)
    make_room(cluster)
    return cluster


def spare_card(number: int) -> dict[str, Any]:
    """A card that nothing uses."""
    card = {"type": "eth", "method": "manual", "method6": "manual", "families": ["inet"], "exists": 1}
    return {**card, "priority": number + 3}


def generated(version: str, nodes: Sequence[str], count: int) -> Cluster:
    """A cluster with that many guests."""
    cluster = _base(version, nodes, "large")
    populate_many(cluster, count)
    make_room(cluster)
    return cluster


def _base(version: str, nodes: Sequence[str], name: str) -> Cluster:
    """Nodes, the users that every scenario has and their token."""
    seed = int(hashlib.sha1(name.encode()).hexdigest()[:8], 16)
    cluster = Cluster(version=version, name=name, seed=seed)
    for number, node in enumerate(nodes, 1):
        cluster.nodes[node] = _node(cluster, node, number)
    cluster.realms = {
        "pam": {"type": "pam", "plugin": "PVE::Auth::PAM", "comment": "Linux PAM standard authentication"},
        "pve": {"type": "pve", "comment": "Proxmox VE authentication server"},
    }
    token = Token(CREDENTIALS.token_secret, privsep=0)
    tokens = {CREDENTIALS.token_id.partition("!")[2]: token}
    cluster.users = {
        CREDENTIALS.user: User(CREDENTIALS.user, password=CREDENTIALS.password, tokens=tokens),
        CREDENTIALS.second_user: User(CREDENTIALS.second_user, password=CREDENTIALS.second_password),
    }
    cluster.acl = {"/": {("user", CREDENTIALS.second_user): {"Administrator": 1}}}
    make_storage(cluster, "local", "dir", {"path": "/var/lib/vz", "content": ",".join(EVERY_CONTENT)})
    return cluster


def _node(cluster: Cluster, name: str, number: int) -> Node:
    """A node with one card and a bridge on it."""
    address = f"10.0.0.{number}"
    node = Node(name, number, ip=address, booted=cluster.now() - 86400)
    node.dns = {"search": "example.org", "dns1": "10.0.0.254"}
    node.hosts = f"127.0.0.1 localhost\n{address} {name}.example.org {name}\n"
    node.interfaces = {
        "eno1": {"type": "eth", "method": "manual", "method6": "manual", "families": ["inet"], "priority": 3},
        "vmbr0": {
            "type": "bridge", "method": "static", "method6": "manual", "families": ["inet"], "priority": 4, "active": 1,
            "autostart": 1, "address": address, "netmask": "24", "cidr": f"{address}/24",
            "bridge_ports": "eno1", "bridge_stp": "off", "bridge_fd": "0",
        },
    }  # fmt: skip
    return node
