# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of high availability. Their parameters depend on the type, which the schema reports in a form of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import ha
from ..call import Call
from ..errors import ApiError
from ..parameters import split_list
from ..routing import endpoint
from ..sections import as_written
from ..state import Cluster
from .ha import full_sid

TYPES = ("node-affinity", "resource-affinity")
LISTS = ("resources", "nodes")


def variant(call: Call, kind: str) -> dict[str, str]:
    """Which options a rule of that type has, and whether it needs them."""
    found: dict[str, str] = call.cluster.areas["facts"].endpoints["POST", "/cluster/ha/rules"].variants[kind]
    return found


def options(call: Call) -> dict[str, Any]:
    """What a rule keeps of the parameters, lists taken apart."""
    params = call.params
    config = {name: params[name] for name in variant(call, params["type"]) if name in params}
    if "nodes" in config:
        config["nodes"] = split_list(config["nodes"])
    if "resources" in config:
        config["resources"] = sorted({full_sid(call.cluster, sid) for sid in split_list(config["resources"])})
    return config


def check_references(cluster: Cluster, config: Mapping[str, Any], failure: str) -> None:
    absent = [name for node in config.get("nodes", ()) if (name := node.partition(":")[0]) not in cluster.nodes]
    if absent:
        raise ApiError(500, f"{failure}: cannot use non-existent node(s) {', '.join(absent)}.")
    unmanaged = [sid for sid in config["resources"] if sid not in ha.resources(cluster)]
    if unmanaged:
        raise ApiError(500, f"{failure}: cannot use unmanaged resource(s) {', '.join(unmanaged)}.")


def check_effect(cluster: Cluster, name: str, config: Mapping[str, Any], failure: str) -> None:
    reasons = ha.faults(cluster, name, config)
    if reasons:
        text = "".join(f"resources: {reason}\n" for reason in reasons)
        raise ApiError(500, f"{failure}: 400 Rule '{name}' is invalid.\n{text}")


def shown(cluster: Cluster, name: str) -> dict[str, Any]:
    known = ha.rules(cluster)
    config = known[name]
    answer = {**config, **{key: ",".join(config[key]) for key in LISTS if key in config}}
    answer |= {"rule": name, "order": list(known).index(name) + 1, "digest": ha.digest(known)}
    reasons = ha.faults(cluster, name, config)
    return {**answer, "errors": {"resources": reasons}} if reasons else answer


@endpoint("GET", "/cluster/ha/rules")
def list_rules(call: Call) -> list[dict[str, Any]]:
    wanted, kind = call.params.get("resource"), call.params.get("type")
    return [
        shown(call.cluster, name)
        for name, config in ha.rules(call.cluster).items()
        if kind in (None, config["type"]) and (wanted is None or wanted in config["resources"])
    ]


@endpoint("GET", "/cluster/ha/rules/{rule}")
def read_rule(call: Call) -> dict[str, Any]:
    name = call.params["rule"]
    if name not in ha.rules(call.cluster):
        raise ApiError(500, f"no such ha rule '{name}'")
    return shown(call.cluster, name)


@endpoint("POST", "/cluster/ha/rules")
def create_rule(call: Call) -> None:
    params, failure = call.params, "create ha rule failed"
    name = params["rule"]
    if name in ha.rules(call.cluster):
        raise ApiError(500, f"{failure}: HA rule '{name}' already defined")
    config = {"type": params["type"], **options(call)}
    check_references(call.cluster, config, failure)
    check_effect(call.cluster, name, config, failure)
    ha.rules(call.cluster)[name] = as_written(config, f"{failure}: ", bytes_only=True)


@endpoint("PUT", "/cluster/ha/rules/{rule}")
def update_rule(call: Call) -> None:
    params, failure = call.params, "update HA rules failed"
    name, known = params["rule"], ha.rules(call.cluster)
    if name not in known:
        raise ApiError(500, f"{failure}: HA rule '{name}' does not exist")
    ha.check_digest(params.get("digest"), known, failure)
    if known[name]["type"] != params["type"]:
        raise ApiError(500, f"{failure}: unexpected property 'type'")
    config = {**known[name], **options(call)}
    own = variant(call, params["type"])
    for option in split_list(params.get("delete")):
        if own.get(option) == "required":
            raise ApiError(500, f"{failure}: unable to delete required option '{option}'")
        if option not in own:
            raise ApiError(500, f"{failure}: no such option '{option}'")
        config.pop(option, None)
    check_references(call.cluster, config, failure)
    check_effect(call.cluster, name, config, failure)
    known[name] = as_written(config, f"{failure}: ", bytes_only=True)


@endpoint("DELETE", "/cluster/ha/rules/{rule}")
def delete_rule(call: Call) -> None:
    ha.rules(call.cluster).pop(call.params["rule"], None)
