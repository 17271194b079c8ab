# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication of a guest's volumes to another node."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidOption
from ..field import Field, Fields
from ..plan import Plan
from ..resource import Item, Listing, Reader, State, Wish
from .schedule import Schedule

JOBS = "/cluster/replication"
FIELDS = Fields(
    [
        Field("target", create_only=True, clear="never"),
        Field("schedule", codec=Schedule(), default="*/15"),
        Field("rate", type="float"),
        Field("comment"),
        Field("disable", type="bool", default=False),
    ]
)


class Replication(Item):
    """An item that the node of its guest deletes some time after it was told to: until then it counts as gone."""

    def wish(self, params: Mapping[str, Any]) -> Wish:
        wish = super().wish(params)
        if not re.fullmatch(r"[1-9]\d{2,8}-\d{1,9}", wish["key"]):
            raise InvalidOption("id", f"{wish['key']!r} is not the id of a guest and a number, such as '100-0'")
        if wish["keep"] and wish["force"]:
            raise InvalidOption("keep", "cannot be had with force, which forgets the job and cleans up nothing")
        rate = wish["fields"].get("rate")
        if isinstance(rate, (int, float)) and rate < 1:
            raise InvalidOption("rate", f"{rate} is less than 1 MB per second")
        return wish

    def _answer(self, reader: Reader, key: str) -> Mapping[str, Any] | None:
        answer = super()._answer(reader, key)
        return None if answer is None or answer.get("remove_job") else answer

    def plan(self, current: State | None, wish: Wish) -> Plan:
        if wish["state"] == "present" and current is None and "target" not in wish["fields"]:
            raise InvalidOption("target", "is needed to create a replication job")
        return super().plan(current, wish)

    def _plan_create(self, wish: Wish) -> Plan:
        plan = super()._plan_create(wish)
        steps = tuple(dataclasses.replace(step, params={"type": "local", **step.params}) for step in plan.steps)
        return Plan(plan.before, plan.after, steps)


def _delete_params(wish: Wish, current: State) -> dict[str, Any]:
    return {name: True for name in ("keep", "force") if wish[name]}


FLAG = {"type": "bool", "default": False}
REPLICATION = Replication(
    "job",
    JOBS,
    Field("id"),
    FIELDS,
    extra_options={"keep": FLAG, "force": FLAG},
    delete_params=_delete_params,
)
REPLICATION_INFO = Listing("jobs", lambda wish: JOBS, key="id", fields=FIELDS)
