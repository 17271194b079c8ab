# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""High availability: resources, the state of the manager, and the groups of 8.4."""

from __future__ import annotations

from typing import Any

from .. import ha, ha_manager
from ..call import Call
from ..errors import ApiError
from ..ha_moves import blocking, move
from ..parameters import split_list
from ..routing import endpoint
from ..sections import as_written, garbled
from ..state import Cluster

GROUPS_GONE = "ha groups have been migrated to rules"
RESOURCE_OPTIONS = ("state", "group", "max_restart", "max_relocate", "failback", "auto-rebalance", "comment")
GROUP_OPTIONS = ("nodes", "restricted", "nofailback", "comment")


def full_sid(cluster: Cluster, text: str) -> str:
    """The id with its type, which a bare number leaves to be found out."""
    if ":" in text:
        return text
    guest = cluster.guests.get(int(text))
    if guest is None:
        known = [sid for sid in ha.resources(cluster) if sid.endswith(f":{text}")]
        if known:
            return known[0]
        raise ApiError(500, f"unable to detect SID from VMID - VM/CT {text} does not exist")
    return ha.sid_of(guest)


def shown(call: Call, sid: str) -> dict[str, Any]:
    config = ha.resources(call.cluster)[sid]
    answer = {**config, "sid": sid, "type": sid.partition(":")[0], "digest": ha.digest(ha.resources(call.cluster))}
    if "comment" in answer:
        answer["comment"] = garbled(answer["comment"])
    return answer


def check_group(call: Call) -> None:
    group = call.params.get("group")
    if group is None:
        return
    if call.cluster.version != "8.4":
        raise ApiError(500, f"invalid parameter 'group': {GROUPS_GONE}")
    if group not in ha.groups(call.cluster):
        raise ApiError(500, f"HA group '{group}' does not exist")


# --- resources ----------------------------------------------------------------------------------------------------------


@endpoint("GET", "/cluster/ha/resources")
def list_resources(call: Call) -> list[dict[str, Any]]:
    rows = [shown(call, sid) for sid in ha.resources(call.cluster)]
    return [row for row in rows if call.params.get("type") in (None, row["type"])]


@endpoint("GET", "/cluster/ha/resources/{sid}")
def read_resource(call: Call) -> dict[str, Any]:
    sid = full_sid(call.cluster, call.params["sid"])
    if sid not in ha.resources(call.cluster):
        raise ApiError(500, f"no such resource '{sid}'")
    return shown(call, sid)


@endpoint("POST", "/cluster/ha/resources")
def create_resource(call: Call) -> None:
    sid = full_sid(call.cluster, call.params["sid"])
    check_group(call)
    kind = sid.partition(":")[0]
    guest = ha.guest_of(call.cluster, sid)
    if guest is None:
        raise ApiError(500, f"resource '{sid}' does not exist in cluster")
    if sid != ha.sid_of(guest):
        what = "VM" if kind == "vm" else "container"
        raise ApiError(500, f"resource '{sid}' - guest with ID {guest.vmid} is not a {what}")
    if sid in ha.resources(call.cluster):
        raise ApiError(500, f"create resource failed: resource ID '{sid}' already defined")
    options = {name: call.params[name] for name in RESOURCE_OPTIONS if name in call.params}
    ha.resources(call.cluster)[sid] = as_written(options, "create resource failed: ")
    ha_manager.add_service(call.cluster, sid)
    ha.request(call.cluster, sid)


@endpoint("PUT", "/cluster/ha/resources/{sid}")
def update_resource(call: Call) -> None:
    sid, known = full_sid(call.cluster, call.params["sid"]), ha.resources(call.cluster)
    failure = "update resources config failed"
    check_group(call)
    ha.check_digest(call.params.get("digest"), known, failure)
    if sid not in known:
        raise ApiError(500, f"{failure}: no such resource '{sid}'")
    changed = {**known[sid], **{name: call.params[name] for name in RESOURCE_OPTIONS if name in call.params}}
    for name in split_list(call.params.get("delete")):
        if name not in RESOURCE_OPTIONS:
            raise ApiError(500, f"{failure}: no such option '{name}'")
        if name in call.params:
            raise ApiError(500, f"{failure}: unable to set and delete property '{name}' at the same time")
        changed.pop(name, None)
    known[sid] = as_written(changed, f"{failure}: ")
    ha.request(call.cluster, sid)


@endpoint("DELETE", "/cluster/ha/resources/{sid}")
def delete_resource(call: Call) -> None:
    sid = full_sid(call.cluster, call.params["sid"])
    if sid not in ha.resources(call.cluster):
        raise ApiError(500, f"cannot delete service '{sid}', not HA managed!")
    ha.drop_resource(call.cluster, sid, bool(call.params.get("purge", 1)))


@endpoint("POST", "/cluster/ha/resources/{sid}/migrate")
@endpoint("POST", "/cluster/ha/resources/{sid}/relocate")
def move_resource(call: Call) -> dict[str, Any]:
    """Queue the move; whether it can be done is found out later, so that even an unknown node is answered well."""
    cluster, target = call.cluster, call.params["node"]
    sid = full_sid(cluster, call.params["sid"])
    config = ha.resources(cluster).get(sid)
    if config is None or config.get("state") == "ignored":
        raise ApiError(500, f"resource '{sid}' is not HA managed")
    answer: dict[str, Any] = {"sid": sid, "requested-node": target}
    guest = ha.guest_of(cluster, sid)
    if guest is None or target == guest.node or target not in cluster.nodes:
        return answer
    blockers = list(blocking(cluster, sid, target))
    if blockers:
        return {**answer, "blocking-resources": blockers}
    move(cluster, guest, target)
    return answer


# --- status -------------------------------------------------------------------------------------------------------------


def master_of(cluster: Cluster) -> str:
    """The node whose manager decides: the first that is up."""
    return next(node.name for node in cluster.nodes.values() if node.online)


@endpoint("GET", "/cluster/ha/status/current")
def current_status(call: Call) -> list[dict[str, Any]]:
    cluster = call.cluster
    ha_manager.look(cluster)
    master, here = master_of(cluster), cluster.local_node
    rows: list[dict[str, Any]] = [
        {"id": "quorum", "type": "quorum", "node": here, "status": "OK", "quorate": 1},
        {
            "id": "master",
            "type": "master",
            "node": master,
            "status": f"{master} (active)",
            "timestamp": cluster.now(),
        },
    ]
    if cluster.version != "8.4":
        mode = ha_manager.disarmed(cluster)
        armed = {"armed-state": "disarmed", "resource_mode": mode} if mode else {"armed-state": "armed"}
        reported = f"disarmed, resource mode: {mode}" if mode else "armed (CRM watchdog active)"
        rows.append({"id": "fencing", "type": "fencing", "node": master, "status": reported, **armed})
    return rows + [_service(cluster, sid) for sid in ha.resources(cluster)]


def _service(cluster: Cluster, sid: str) -> dict[str, Any]:
    config, guest = ha.resources(cluster)[sid], ha.guest_of(cluster, sid)
    words, state = ha.service_state(cluster, sid)
    node = guest.node if guest else "---"
    options = {"max_restart": 1, "max_relocate": 1, "failback": 1, **config}
    if cluster.version == "8.4":
        options.pop("failback")
    options["request_state"] = options.pop("state", "started")
    return {
        "id": f"service:{sid}",
        "type": "service",
        "sid": sid,
        "node": node,
        **({"crm_state": state} if state else {}),
        "state": words,
        "status": f"{sid} ({node}, {words})",
        **options,
    }


@endpoint("GET", "/cluster/ha/status/manager_status")
def manager_status(call: Call) -> dict[str, Any]:
    cluster = call.cluster
    ha_manager.look(cluster)
    now = cluster.now()
    services = {}
    for sid, config in ha.resources(cluster).items():
        guest = ha.guest_of(cluster, sid)
        if guest is not None and config.get("state") != "ignored":
            state = ha.service_state(cluster, sid)[1]
            if state is None:
                continue
            services[sid] = {"node": guest.node, "state": state, "uid": ha.digest({"sid": sid})[:22]}
    return {
        "manager_status": {
            "master_node": master_of(cluster),
            "node_status": {node.name: "online" if node.online else "unknown" for node in cluster.nodes.values()},
            "service_status": services,
            "timestamp": now,
        },
        "lrm_status": {
            name: {"mode": "active", "state": "active", "timestamp": now, "results": {}} for name in cluster.nodes
        },
        "quorum": {"node": cluster.local_node, "quorate": "1"},
    }


@endpoint("POST", "/cluster/ha/status/disarm-ha")
def disarm(call: Call) -> None:
    ha_manager.request_mode(call.cluster, call.params["resource-mode"])


@endpoint("POST", "/cluster/ha/status/arm-ha")
def arm(call: Call) -> None:
    ha_manager.request_mode(call.cluster, None)


# --- groups, which 9 replaced by rules -------------------------------------------------------------------------------------


def refuse_groups(call: Call, doing: str) -> None:
    if call.cluster.version != "8.4":
        raise ApiError(500, f"{doing}: {GROUPS_GONE}")


def shown_group(cluster: Cluster, name: str) -> dict[str, Any]:
    return {**ha.groups(cluster)[name], "group": name, "type": "group", "digest": ha.digest(ha.groups(cluster))}


@endpoint("GET", "/cluster/ha/groups")
def list_groups(call: Call) -> list[dict[str, Any]]:
    refuse_groups(call, "cannot index groups")
    return [shown_group(call.cluster, name) for name in ha.groups(call.cluster)]


@endpoint("GET", "/cluster/ha/groups/{group}")
def read_group(call: Call) -> dict[str, Any]:
    refuse_groups(call, "cannot read group")
    name = call.params["group"]
    if name not in ha.groups(call.cluster):
        raise ApiError(500, f"no such ha group '{name}'")
    return shown_group(call.cluster, name)


@endpoint("POST", "/cluster/ha/groups")
def create_group(call: Call) -> None:
    refuse_groups(call, "cannot create group")
    name = call.params["group"]
    if name in ha.groups(call.cluster):
        raise ApiError(500, f"create ha group failed: ha group ID '{name}' already defined")
    _store_group(call, name, {})


@endpoint("PUT", "/cluster/ha/groups/{group}")
def update_group(call: Call) -> None:
    refuse_groups(call, "cannot update group")
    name, failure = call.params["group"], "update ha group failed"
    ha.check_digest(call.params.get("digest"), ha.groups(call.cluster), failure)
    if name not in ha.groups(call.cluster):
        raise ApiError(500, f"{failure}: no such ha group '{name}'")
    config = dict(ha.groups(call.cluster)[name])
    for option in split_list(call.params.get("delete")):
        if option == "nodes":
            raise ApiError(500, f"{failure}: unable to delete required option 'nodes'")
        if option not in GROUP_OPTIONS:
            raise ApiError(500, f"{failure}: no such option '{option}'")
        config.pop(option, None)
    _store_group(call, name, config)


def _store_group(call: Call, name: str, config: dict[str, Any]) -> None:
    ha.groups(call.cluster)[name] = {**config, **{key: call.params[key] for key in GROUP_OPTIONS if key in call.params}}


@endpoint("DELETE", "/cluster/ha/groups/{group}")
def delete_group(call: Call) -> None:
    refuse_groups(call, "cannot delete group")
    name = call.params["group"]
    for sid, config in ha.resources(call.cluster).items():
        if config.get("group") == name:
            raise ApiError(500, f"delete group failed: ha group is used by service '{sid}'")
    ha.groups(call.cluster).pop(name, None)
