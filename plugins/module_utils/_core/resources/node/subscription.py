# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscription of a node. Its key is shown without the part that is secret."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import NODE_KEY, STATES, Reader, Resource
from ...model.errors import InvalidOption, Refused
from ...model.field import Field
from ...model.kinds.info import OneInfo
from ...model.plan import Plan, Step, api_path
from ...model.table import Table, calls_below

KEY = re.compile(r"pve[1248][cbsp]-(arm-)?[0-9a-f]{10}")


def subscription_path(node: str) -> str:
    return api_path("nodes", node, "subscription")


def masked(key: str) -> str:
    """``pve2c-**********``: the number of sockets and the level are no secret."""
    kind, dash, secret = key.rpartition("-")
    return f"{kind}{dash}{'*' * len(secret)}"


def shown(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription as users may see it."""
    found = {name: value for name, value in answer.items() if name != "signature" and value is not None}
    return {**found, "key": masked(found["key"])} if "key" in found else found


KEY_FIELD = Field("key", secret=True)


@dataclasses.dataclass(frozen=True)
class SubscriptionDesired:
    """What a task wants of a subscription; ``key`` is None to leave it as it is."""

    node: str
    state: str
    key: str | None
    check: bool


@dataclasses.dataclass(frozen=True)
class SubscriptionObserved:
    """A subscription as users may see it, None without one; ``key`` is None where the login may not see it."""

    shown: Mapping[str, Any] | None
    key: str | None = None


class Subscription(Resource[SubscriptionDesired, SubscriptionObserved]):
    """See the module pve_node_subscription."""

    name = "subscription"

    def tables(self) -> Sequence[Table]:
        return (Table(calls_below(["/nodes/*/subscription"], "GET ", "POST ", "PUT ", "DELETE "), (KEY_FIELD,)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            KEY_FIELD.name: KEY_FIELD.spec(),
            "check": {"type": "bool", "default": False},
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> SubscriptionDesired:
        key = None if params["key"] is None else params["key"].strip()
        if key is not None and not KEY.fullmatch(key):
            raise InvalidOption("key", "is not a key of Proxmox VE, such as pve2c-0123456789")
        for name in ("key", "check"):
            if params["state"] == "absent" and params[name]:
                raise InvalidOption(name, "belongs to state: present")
        return SubscriptionDesired(params["node"], params["state"], key, params["check"])

    def read(self, reader: Reader, desired: SubscriptionDesired) -> SubscriptionObserved:
        answer = reader.get(subscription_path(desired.node))
        if answer.get("status") == "notfound":
            return SubscriptionObserved(None)
        return SubscriptionObserved({"node": desired.node, **shown(answer)}, answer.get("key"))

    def plan(self, observed: SubscriptionObserved, desired: SubscriptionDesired) -> Plan:
        node, before = desired.node, observed.shown
        path = subscription_path(node)
        if desired.state == "absent":
            step = Step("DELETE", path, summary=f"delete the subscription key of {node}")
            return Plan.nothing(None) if before is None else Plan(before, None, (step,))
        if desired.key and before is not None and observed.key is None:
            raise Refused(
                f"The subscription key of {node} cannot be read.", hint=f"That needs Sys.Audit on /nodes/{node}."
            )
        if desired.key and desired.key != observed.key:
            summary = f"set the subscription key of {node}, which is checked then"
            after = {"node": node, "key": masked(desired.key)}
            return Plan(before, after, (Step("PUT", path, {"key": desired.key}, summary, secrets=frozenset({"key"})),))
        if not desired.check:
            return Plan.nothing(before)
        if before is None:
            raise InvalidOption("check", f"{node} has no subscription key that could be checked")
        step = Step("POST", path, {"force": True}, f"check the subscription of {node}", verify=False)
        return Plan(before, before, (step,))


SUBSCRIPTION = Subscription()
SUBSCRIPTION_INFO = OneInfo("subscription", lambda desired: subscription_path(desired["node"]), NODE_KEY, shape=shown)
