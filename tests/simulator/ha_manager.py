# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounds of the cluster's resource manager, which comes round to what it is asked about every ten seconds.

In pve-ha-manager src/PVE/HA/Manager.pm, manage() reads the commands of a round before it takes up new services, and
update_crm_commands() drops those for services that it does not know. Until then src/PVE/API2/HA/Status.pm shows a service
as "queued", without crm_state. Here a round is over with the second look at the manager's status or after ten seconds. A
lag of nothing for the lists of the cluster (reports.Lag) is one for the manager, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .reports import Waiting

if TYPE_CHECKING:
    from .state import Cluster

SECONDS, LOOKS = 10.0, 2


@dataclass
class Manager:
    """What the manager has not come to yet: services by their id, and modes to be disarmed in, None to be armed."""

    new: dict[str, Waiting] = field(default_factory=dict)
    modes: list[tuple[str | None, Waiting]] = field(default_factory=list)


def look(cluster: Cluster) -> None:
    """Count a look at the manager's status."""
    manager = _manager(cluster)
    for waiting in (*manager.new.values(), *(waiting for _mode, waiting in manager.modes)):
        waiting.looks += 1


def add_service(cluster: Cluster, sid: str) -> None:
    _manager(cluster).new[sid] = Waiting(cluster.clock())


def drop_service(cluster: Cluster, sid: str) -> None:
    _manager(cluster).new.pop(sid, None)


def is_new(cluster: Cluster, sid: str) -> bool:
    """Whether the manager has not taken up the service yet, so that it drops commands for it."""
    manager = _manager(cluster)
    waiting = manager.new.get(sid)
    if waiting is not None and _over(cluster, waiting):
        del manager.new[sid]
    return sid in manager.new


def request_mode(cluster: Cluster, mode: str | None) -> None:
    """Queue the command to disarm in this mode, or to arm."""
    _manager(cluster).modes.append((mode, Waiting(cluster.clock())))


def disarmed(cluster: Cluster) -> str | None:
    """The mode in which the manager is disarmed, if it is."""
    modes = _manager(cluster).modes
    while modes and _over(cluster, modes[0][1]):
        cluster.areas["ha_disarmed"] = modes.pop(0)[0]
    mode: str | None = cluster.areas.get("ha_disarmed")
    return mode


def _manager(cluster: Cluster) -> Manager:
    found: Manager = cluster.areas.setdefault("ha_manager", Manager())
    return found


def _over(cluster: Cluster, waiting: Waiting) -> bool:
    return cluster.reports.lag.off or waiting.looks >= LOOKS or cluster.clock() - waiting.since >= SECONDS
