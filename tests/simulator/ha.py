# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What high availability keeps: resources by "vm:100", rules by name, groups (8.4), and what it does about guests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import ha_manager
from .errors import ApiError
from .guest import Guest
from .guest_power import start_guest, stop_guest
from .tasks import TaskLog

if TYPE_CHECKING:
    from .state import Cluster

Config = dict[str, Any]
REACTION = 5.0  # seconds that the local resource managers take for a request, about


def resources(cluster: Cluster) -> dict[str, Config]:
    """The options of all resources by their id, state included."""
    found: dict[str, Config] = cluster.areas.setdefault("ha_resources", {})
    return found


def rules(cluster: Cluster) -> dict[str, Config]:
    """The rules in their order; `resources` and `nodes` are lists."""
    found: dict[str, Config] = cluster.areas.setdefault("ha_rules", {})
    return found


def groups(cluster: Cluster) -> dict[str, Config]:
    """The groups of nodes, which only 8.4 has."""
    found: dict[str, Config] = cluster.areas.setdefault("ha_groups", {})
    return found


def digest(config: Mapping[str, Any]) -> str:
    return hashlib.sha1(json.dumps(config, sort_keys=True).encode()).hexdigest()


def check_digest(call_digest: str | None, config: Mapping[str, Any], failure: str) -> None:
    if call_digest and call_digest != digest(config):
        text = "detected modified configuration - file changed by other user? Try again."
        raise ApiError(500, f"{failure}: {text}")


def sid_of(guest: Guest) -> str:
    return f"{'vm' if guest.kind == 'qemu' else 'ct'}:{guest.vmid}"


def guest_of(cluster: Cluster, sid: str) -> Guest | None:
    found: Guest | None = cluster.guests.get(int(sid.partition(":")[2]))
    return found


def drop_resource(cluster: Cluster, sid: str, purge: bool = True) -> None:
    """Forget a resource and, with `purge`, take it out of all rules; a rule without resources goes."""
    resources(cluster).pop(sid, None)
    ha_manager.drop_service(cluster, sid)
    for name, rule in list(rules(cluster).items()) if purge else ():
        rule["resources"] = [other for other in rule["resources"] if other != sid]
        if not rule["resources"]:
            del rules(cluster)[name]


def request(cluster: Cluster, sid: str) -> None:
    """Let the resource manager bring the guest to the state that is asked for, in a task of its own."""
    guest = guest_of(cluster, sid)
    wanted = resources(cluster)[sid].get("state", "started")
    if guest is None or wanted == "ignored" or guest.is_template:
        return
    start = wanted in ("started", "enabled")
    if start == guest.running:
        return

    def work(log: TaskLog) -> None:
        if start:
            start_guest(cluster, guest, log)
        else:
            stop_guest(cluster, guest)

    kind = ("qm" if guest.kind == "qemu" else "vz") + ("start" if start else "shutdown")
    cluster.tasks.start("root@pam", guest.node, kind, guest.vmid, work, REACTION)


def service_state(cluster: Cluster, sid: str) -> tuple[str, str | None]:
    """What the resource manager says of a resource: the state in words, and the one it works with, if it does yet."""
    guest = guest_of(cluster, sid)
    wanted = resources(cluster)[sid].get("state", "started")
    if wanted == "ignored" or guest is None:
        return "ignored", "ignored"
    if ha_manager.is_new(cluster, sid):
        return "queued", None
    moves = [task for task in cluster.tasks.all.values() if task.running and task.type in ("qmigrate", "vzmigrate")]
    if str(guest.vmid) in [task.id for task in moves]:
        return (
            "migrate",
            "migrate",
        )  # src/PVE/HA/Tools.pm, get_verbose_service_state: other states are reported as they are
    if wanted in ("started", "enabled"):
        return ("started", "started") if guest.running else ("starting", "request_start")
    if guest.running:
        return "stopping", "request_stop"
    return wanted, "stopped"


def faults(cluster: Cluster, name: str, rule: Mapping[str, Any]) -> list[str]:
    """What makes a rule ineffective or contradict the other ones, in PVE's words."""
    if rule.get("disable"):
        return []
    others = [other for key, other in rules(cluster).items() if key != name and not other.get("disable")]
    if rule["type"] == "node-affinity":
        return list(_shared_node_rules(rule["resources"], others))
    count = len(rule["resources"])
    if count < 2:
        return ["rule is ineffective as there are less than two resources"]
    if rule["affinity"] == "negative" and count > len(cluster.nodes):
        return ["rule defines more resources than available nodes"]
    for other in others:
        opposed = other["type"] == "resource-affinity" and other["affinity"] != rule["affinity"]
        if opposed and len(set(other["resources"]) & set(rule["resources"])) > 1:
            return [f"rule shares two or more resources with a {other['affinity']} resource affinity rule"]
    return []


def _shared_node_rules(sids: Iterable[str], others: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    taken = {sid for other in others if other["type"] == "node-affinity" for sid in other["resources"]}
    for sid in sids:
        if sid in taken:
            yield f"resource '{sid}' is already used in another node affinity rule"
