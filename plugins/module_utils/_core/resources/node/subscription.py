# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscription of a node. Its key is shown without the part that is secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import NODE_KEY, STATES, Desired, Reader, Resource, State
from ...model.errors import InvalidOption, Refused
from ...model.kinds.info import OneInfo
from ...model.plan import Plan, Step, api_path

KEY = re.compile(r"pve[1248][cbsp]-(arm-)?[0-9a-f]{10}")


def subscription_path(desired: Desired) -> str:
    return api_path("nodes", desired["node"], "subscription")


def masked(key: str) -> str:
    """``pve2c-**********``: the number of sockets and the level are no secret."""
    kind, dash, secret = key.rpartition("-")
    return f"{kind}{dash}{'*' * len(secret)}"


def shown(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription as users may see it."""
    told = {name: value for name, value in answer.items() if name != "signature" and value is not None}
    return {**told, "key": masked(told["key"])} if "key" in told else told


class Subscription(Resource[Desired, State | None]):
    """See the module pve_node_subscription."""

    name = "subscription"

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "key": {"type": "str", "no_log": True},
            "check": {"type": "bool", "default": False},
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = {name: params[name] for name in ("node", "check", "state")}
        if params["key"] is not None:
            desired["key"] = params["key"].strip()
            if not KEY.fullmatch(desired["key"]):
                raise InvalidOption("key", "is not a key of Proxmox VE, such as pve2c-0123456789")
        for name in ("key", "check"):
            if params["state"] == "absent" and params[name]:
                raise InvalidOption(name, "belongs to state: present")
        return desired

    def read(self, reader: Reader, desired: Desired) -> State | None:
        answer = reader.get(subscription_path(desired))
        if answer.get("status") == "notfound":
            return None
        desired["present_key"] = answer.get("key")
        return {"node": desired["node"], **shown(answer)}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        node, path = desired["node"], subscription_path(desired)
        if desired["state"] == "absent":
            step = Step("DELETE", path, why=f"delete the subscription key of {node}")
            return Plan.nothing(None) if current is None else Plan(current, None, (step,))
        if "key" in desired and current is not None and desired["present_key"] is None:
            raise Refused(f"{node} does not tell its subscription key.", hint=f"That needs Sys.Audit on /nodes/{node}.")
        if "key" in desired and (current is None or desired["key"] != desired["present_key"]):
            why = f"set the subscription key of {node}, which is checked then"
            after = {"node": node, "key": masked(desired["key"])}
            return Plan(current, after, (Step("PUT", path, {"key": desired["key"]}, why, secrets=frozenset({"key"})),))
        if not desired["check"]:
            return Plan.nothing(current)
        if current is None:
            raise InvalidOption("check", f"{node} has no subscription key that could be checked")
        step = Step("POST", path, {"force": True}, f"check the subscription of {node}", verify=False)
        return Plan(current, current, (step,))


SUBSCRIPTION = Subscription()
SUBSCRIPTION_INFO = OneInfo("subscription", subscription_path, NODE_KEY, shape=shown)
