# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that high availability manages: their power and place are requests to its manager.

What stands in qemu-server and pve-container under vm_is_ha_managed becomes a task that ends once the request is queued.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import ha, ha_manager
from .guest import Guest
from .guest_migrate import StorageMap, migrate
from .tasks import TaskError, TaskLog

if TYPE_CHECKING:
    from .call import Call
    from .state import Cluster


def managed(cluster: Cluster, guest: Guest | None) -> str | None:
    """The id of the guest's resource, if the manager looks after it."""
    if guest is None:
        return None
    sid = ha.sid_of(guest)
    config = ha.resources(cluster).get(sid)
    return sid if config is not None and config.get("state") != "ignored" else None


def request_power(call: Call, guest: Guest, sid: str, start: bool) -> str:
    """The task that asks for a start or a stop."""
    verb = "start" if start else "stop"

    def work(log: TaskLog) -> None:
        log(f"Requesting HA {verb} for {guest.label} {guest.vmid}")
        ha.resources(call.cluster)[sid]["state"] = "started" if start else "stopped"
        ha.request(call.cluster, sid)

    return call.cluster.tasks.start(call, guest.node, f"ha{verb}", guest.vmid, work)


def request_move(call: Call, guest: Guest, sid: str, target: str) -> str:
    """The task that asks for a migration; only a resource that must stay apart makes it fail."""

    def work(log: TaskLog) -> None:
        log(f"Requesting HA migration for {guest.label} {guest.vmid} to node {target}")
        blockers = list(blocking(call.cluster, sid, target))
        if blockers:
            log(f"cannot migrate resource '{sid}' to node '{target}':\n")
            for blocker in blockers:
                other = blocker["sid"]
                log(f"- resource '{other}' on target node '{target}' in negative affinity with resource '{sid}'")
            raise TaskError(f"command 'ha-manager migrate {sid} {target}' failed: exit code 2")
        move(call.cluster, guest, target)

    return call.cluster.tasks.start(call, guest.node, "hamigrate", guest.vmid, work)


def blocking(cluster: Cluster, sid: str, target: str) -> Iterator[dict[str, str]]:
    """The resources on the target that a rule keeps apart from this one."""
    for other in companions(cluster, sid, "negative"):
        guest = ha.guest_of(cluster, other)
        if guest is not None and guest.node == target:
            yield {"sid": other, "cause": "resource-affinity"}


def companions(cluster: Cluster, sid: str, affinity: str) -> Iterator[str]:
    """The other resources of the enabled rules with this affinity."""
    for rule in ha.rules(cluster).values():
        if rule["type"] == "resource-affinity" and rule["affinity"] == affinity and not rule.get("disable"):
            yield from (other for other in rule["resources"] if sid in rule["resources"] and other != sid)


def excluded(cluster: Cluster, sid: str, target: str) -> bool:
    """Whether a strict rule keeps the resource from the node."""
    strict = [
        rule
        for rule in ha.rules(cluster).values()
        if rule["type"] == "node-affinity" and rule.get("strict") and not rule.get("disable")
    ]
    return any(
        sid in rule["resources"]
        and (target in {node.partition(":")[0] for node in rule["nodes"]}) == (rule.get("affinity") == "negative")
        for rule in strict
    )


def move(cluster: Cluster, guest: Guest, target: str) -> None:
    """Let the manager migrate the guest some seconds later, in a task of its own that locks it.

    It drops the request if a rule is against it, or if it has not taken up the service yet.
    """
    sid = ha.sid_of(guest)
    if excluded(cluster, sid, target) or ha_manager.is_new(cluster, sid):
        return

    def work(log: TaskLog) -> None:
        migrate(cluster, guest, target, StorageMap(), log)

    def finished(error: str | None) -> None:
        guest.task_lock = None

    guest.task_lock = "migrate"
    kind = "qmigrate" if guest.kind == "qemu" else "vzmigrate"
    cluster.tasks.start("root@pam", guest.node, kind, guest.vmid, work, ha.REACTION, finished)


def preconditions(cluster: Cluster, guest: Guest, allowed: list[str], refused: dict[str, Any]) -> dict[str, Any]:
    """What GET migrate reports of a managed guest in addition; nodes with a blocking resource are not allowed."""
    sid = managed(cluster, guest)
    if sid is None:
        return {}
    for node in list(refused):
        blockers = list(blocking(cluster, sid, node))
        if blockers:
            refused[node]["blocking-ha-resources"] = blockers
            allowed.remove(node)
    return {"dependent-ha-resources": sorted(companions(cluster, sid, "positive"))}
