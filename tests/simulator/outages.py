# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that go down, stay away and come back. How long that takes is counted in requests, not in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ApiError
from .guest_power import start_guest, stop_guest
from .tasks import TaskLog

if TYPE_CHECKING:
    from .state import Cluster, Node

BOOTING = 2  # requests of whatever kind that a node needs to boot


@dataclass
class Outage:
    """A node that is down, or goes down with the next request; ``left`` are the requests until it is up, None for never."""

    left: int | None


def switch_off(node: Node) -> None:
    node.extra["outage"] = Outage(None)


def reboot(node: Node) -> None:
    node.extra["outage"] = Outage(BOOTING)


def wake(node: Node) -> None:
    """Let a node boot that is down; one that is up takes no notice."""
    if not node.online:
        reboot(node)


def take_request(cluster: Cluster) -> bool:
    """Count a request. Whether the node whose API is asked is down, so that there is no answer."""
    for node in cluster.nodes.values():
        outage: Outage | None = node.extra.get("outage")
        if outage is None:
            continue
        if node.online:
            _go_down(cluster, node)
        elif outage.left == 0:
            _come_up(cluster, node)
        if outage.left:
            outage.left -= 1
    local = cluster.nodes[cluster.local_node]
    return "outage" in local.extra


def _go_down(cluster: Cluster, node: Node) -> None:
    """All guests are shut down, see pve-guests.service of pve-manager."""
    for guest in cluster.guests.values():
        if guest.node == node.name and guest.running:
            stop_guest(cluster, guest)
    node.online = False


def _come_up(cluster: Cluster, node: Node) -> None:
    """The guests start that are to start at boot, as far as they can."""
    del node.extra["outage"]
    node.online, node.booted = True, cluster.now()
    for guest in cluster.guests.values():
        if guest.node == node.name and guest.config.get("onboot") and not guest.is_template:
            try:
                start_guest(cluster, guest, TaskLog())
            except ApiError as error:
                cluster.note("root@pam", f"start of {guest.vmid} failed: {error.message}", node.name)
