# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of high availability. Their parameters depend on the type, which the schema tells in a form of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import ha
from ..call import Call
from ..errors import ApiError, params_error
from ..parameters import MISSING, UNKNOWN, Property, check_object, split_list
from ..routing import endpoint
from ..state import Cluster
from .ha import full_sid

TYPES = ("node-affinity", "resource-affinity")
COMMON: dict[str, dict[str, Any]] = {
    "resources": {"type": "string", "format": "pve-ha-resource-or-vm-id-list"},
    "disable": {"type": "boolean", "optional": 1},
    "comment": {"type": "string", "optional": 1, "maxLength": 4096},
}
OWN: dict[str, dict[str, dict[str, Any]]] = {
    "node-affinity": {
        "nodes": {"type": "string", "format": "pve-ha-node-list"},
        "strict": {"type": "boolean", "optional": 1},
        "affinity": {
            "type": "string",
            "enum": ["positive", "negative"],
            "optional": 1,
        },  # src/PVE/HA/Rules/NodeAffinity.pm
    },
    "resource-affinity": {"affinity": {"type": "string", "enum": ["positive", "negative"]}},
}
ENVELOPE: dict[str, dict[str, Any]] = {
    "rule": {"type": "string", "format": "pve-configid"},
    "type": {"type": "string", "enum": list(TYPES)},
    "digest": {"type": "string", "maxLength": 64, "optional": 1},
    "delete": {"type": "string", "maxLength": 4096, "optional": 1},
}
LISTS = ("resources", "nodes")


def checked(call: Call, update: bool) -> dict[str, Any]:
    """The parameters by the rules of their type, converted; what is wrong stands under "oneOf[TYPE].NAME"."""
    kind = call.raw.get("type")
    own = {**COMMON, **OWN[kind]} if kind in TYPES else {}
    envelope = {name: ENVELOPE[name] for name in ENVELOPE if update or name in ("rule", "type")}
    errors: dict[str, str] = {}
    fixed = {name: Property(facts, {}) for name, facts in envelope.items()}
    inner = {name: Property({**facts, "optional": 1} if update else facts, {}) for name, facts in own.items()}
    given = {name: fixed.get(name, inner.get(name, Property({}, {}))).prepared(call.raw[name]) for name in call.raw}
    check_object("", {name: given[name] for name in given if name in fixed}, fixed, False, errors)
    unknown = [name for name in given if name not in fixed and name not in inner]
    if kind in TYPES:
        check_object("oneOf[" + kind + "]", {n: given[n] for n in given if n in inner}, inner, False, errors)
    if unknown:
        # Without a type that it knows, the server names one of the parameters that belong to none.
        name = "resources" if "resources" in unknown else unknown[0]
        errors[name] = UNKNOWN
    if errors:
        raise params_error(errors)
    properties = {**fixed, **inner}
    return {name: properties[name].convert(value) for name, value in given.items()}


def options(call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule keeps of the parameters, lists taken apart."""
    own = {**COMMON, **OWN[params["type"]]}
    config = {name: params[name] for name in own if name in params}
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
    params, failure = checked(call, update=False), "create ha rule failed"
    name = params["rule"]
    if name in ha.rules(call.cluster):
        raise ApiError(500, f"{failure}: HA rule '{name}' already defined")
    config = {"type": params["type"], **options(call, params)}
    check_references(call.cluster, config, failure)
    check_effect(call.cluster, name, config, failure)
    ha.rules(call.cluster)[name] = config


@endpoint("PUT", "/cluster/ha/rules/{rule}")
def update_rule(call: Call) -> None:
    if "type" not in call.raw:
        others = [name for name in call.raw if name not in ENVELOPE]
        raise params_error({"type": MISSING, **({others[0]: UNKNOWN} if others else {})})
    params, failure = checked(call, update=True), "update HA rules failed"
    name, known = params["rule"], ha.rules(call.cluster)
    if name not in known:
        raise ApiError(500, f"{failure}: HA rule '{name}' does not exist")
    ha.check_digest(params.get("digest"), known, failure)
    if known[name]["type"] != params["type"]:
        raise ApiError(500, f"{failure}: unexpected property 'type'")
    config = {**known[name], **options(call, params)}
    own = {**COMMON, **OWN[params["type"]]}
    for option in split_list(params.get("delete")):
        if option in own and not own[option].get("optional"):
            raise ApiError(500, f"{failure}: unable to delete required option '{option}'")
        if option not in own:
            raise ApiError(500, f"{failure}: no such option '{option}'")
        config.pop(option, None)
    check_references(call.cluster, config, failure)
    check_effect(call.cluster, name, config, failure)
    known[name] = config


@endpoint("DELETE", "/cluster/ha/rules/{rule}")
def delete_rule(call: Call) -> None:
    ha.rules(call.cluster).pop(call.params["rule"], None)
