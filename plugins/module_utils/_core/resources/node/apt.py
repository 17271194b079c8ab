# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of a node: refreshing what is known of them, and telling what is new."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Reader, Resource, State, Wish
from ...model.errors import InvalidOption
from ...model.kinds.info import Listing, Parts, Reading
from ...model.plan import Plan, Step, api_path

REFRESHES = {"typefilter": "aptupdate", "statusfilter": "ok", "source": "archive", "limit": 1}


def apt_path(wish: Wish, name: str) -> str:
    return api_path("nodes", wish["node"], "apt", name)


UPDATES = Listing("updates", lambda wish: apt_path(wish, "update"), options=NODE_KEY)


def by_name(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row.get("Package", "")))


class NodeApt(Resource[Wish, State | None]):
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

    def wish(self, params: Mapping[str, Any]) -> Wish:
        valid, refresh = params["cache_valid_time"], params["update_cache"]
        if valid is not None and valid < 0:
            raise InvalidOption("cache_valid_time", "must not be less than 0 seconds")
        if valid is not None and refresh is False:
            raise InvalidOption("cache_valid_time", "contradicts update_cache: false")
        refresh = refresh or valid is not None
        for name in ("notify", "quiet"):
            if params[name] is not None and not refresh:
                raise InvalidOption(name, "belongs to update_cache")
        wish = {name: params[name] for name in ("node", "cache_valid_time", "notify", "quiet")}
        return {**wish, "update_cache": refresh, "now": int(time.time())}

    def read(self, reader: Reader, wish: Wish) -> State | None:
        state: State = {"node": wish["node"], "updates": by_name(UPDATES.read(reader, wish))}
        if wish["cache_valid_time"] is not None:
            tasks = reader.get(api_path("nodes", wish["node"], "tasks"), REFRESHES) or []
            state["refreshed"] = max((int(task.get("endtime", 0)) for task in tasks), default=0)
        return state

    def plan(self, current: State | None, wish: Wish) -> Plan:
        present: State = current or {}
        valid = wish["cache_valid_time"]
        fresh = valid is not None and present["refreshed"] >= wish["now"] - valid
        if not wish["update_cache"] or fresh:
            return Plan.nothing(present)
        params = {name: wish[name] for name in ("notify", "quiet") if wish[name] is not None}
        why = f"refresh the lists of packages of {wish['node']}"
        step = Step("POST", apt_path(wish, "update"), params, why, task=True, verify=False)
        return Plan(present, {**present, "refreshed": wish["now"]}, (step,))


APT = NodeApt()
APT_INFO = Parts(
    "apt",
    {
        "updates": UPDATES,
        "versions": Listing("versions", lambda wish: apt_path(wish, "versions"), options=NODE_KEY),
        "repositories": Reading("repositories", lambda wish: apt_path(wish, "repositories"), NODE_KEY),
        "changelog": Reading(
            "changelog",
            lambda wish: apt_path(wish, "changelog"),
            {**NODE_KEY, "name": {"type": "str"}, "version": {"type": "str"}},
            query=("name", "version"),
            needed=("name",),
        ),
    },
    default=("updates",),
)
