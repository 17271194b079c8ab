# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of a node: refreshing what is known of them, and telling what is new."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Desired, Reader, Resource, State
from ...model.errors import InvalidOption
from ...model.kinds.info import Composite, ListInfo, OneInfo
from ...model.plan import Plan, Step, api_path

REFRESHES = {"typefilter": "aptupdate", "statusfilter": "ok", "source": "archive", "limit": 1}


def apt_path(desired: Desired, name: str) -> str:
    return api_path("nodes", desired["node"], "apt", name)


UPDATES = ListInfo("updates", lambda desired: apt_path(desired, "update"), options=NODE_KEY)


def by_name(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row.get("Package", "")))


class NodeApt(Resource[Desired, State | None]):
    """See the module pve_node_apt. When the lists were refreshed last, the node's tasks tell."""

    name = "apt"

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "update_cache": {"type": "bool"},
            "cache_valid_time": {"type": "int"},
            "notify": {"type": "bool"},
            "quiet": {"type": "bool"},
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        valid, refresh = params["cache_valid_time"], params["update_cache"]
        if valid is not None and valid < 0:
            raise InvalidOption("cache_valid_time", "must not be less than 0 seconds")
        if valid is not None and refresh is False:
            raise InvalidOption("cache_valid_time", "contradicts update_cache: false")
        refresh = refresh or valid is not None
        for name in ("notify", "quiet"):
            if params[name] is not None and not refresh:
                raise InvalidOption(name, "belongs to update_cache")
        desired = {name: params[name] for name in ("node", "cache_valid_time", "notify", "quiet")}
        return {**desired, "update_cache": refresh, "now": int(time.time())}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        state: State = {"node": desired["node"], "updates": by_name(UPDATES.read(reader, desired))}
        if desired["cache_valid_time"] is not None:
            tasks = reader.get(api_path("nodes", desired["node"], "tasks"), REFRESHES) or []
            state["refreshed"] = max((int(task.get("endtime", 0)) for task in tasks), default=0)
        return state

    def plan(self, current: State | None, desired: Desired) -> Plan:
        present: State = current or {}
        valid = desired["cache_valid_time"]
        fresh = valid is not None and present["refreshed"] >= desired["now"] - valid
        if not desired["update_cache"] or fresh:
            return Plan.nothing(present)
        params = {name: desired[name] for name in ("notify", "quiet") if desired[name] is not None}
        why = f"refresh the lists of packages of {desired['node']}"
        step = Step("POST", apt_path(desired, "update"), params, why, task=True, verify=False)
        return Plan(present, {**present, "refreshed": desired["now"]}, (step,))


APT = NodeApt()
APT_INFO = Composite(
    "apt",
    {
        "updates": UPDATES,
        "versions": ListInfo("versions", lambda desired: apt_path(desired, "versions"), options=NODE_KEY),
        "repositories": OneInfo("repositories", lambda desired: apt_path(desired, "repositories"), NODE_KEY),
        "changelog": OneInfo(
            "changelog",
            lambda desired: apt_path(desired, "changelog"),
            {**NODE_KEY, "name": {"type": "str"}, "version": {"type": "str"}},
            query=("name", "version"),
            needed=("name",),
        ),
    },
    default=("updates",),
)
