# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of a node: refreshing the lists of them, and reading what is new."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Reader, Resource
from ...model.errors import InvalidOption
from ...model.field import Field, Fields
from ...model.kinds.info import Composite, ListInfo, OneInfo
from ...model.plan import Plan, Step, api_path
from ...model.table import Table

FLAGS = Fields([Field("notify", type="bool"), Field("quiet", type="bool")])
REFRESHES = {"typefilter": "aptupdate", "statusfilter": "ok", "source": "archive", "limit": 1}


def apt_path(node: str, name: str) -> str:
    return api_path("nodes", node, "apt", name)


UPDATES = ListInfo("updates", lambda desired: apt_path(desired["node"], "update"), options=NODE_KEY)


def by_name(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row.get("Package", "")))


@dataclasses.dataclass(frozen=True)
class AptDesired:
    """What a task wants of a node's lists of packages; they are fresh enough if refreshed after ``oldest``."""

    node: str
    update_cache: bool
    oldest: int | None
    now: int
    flags: Mapping[str, bool]  # notify and quiet, if given


@dataclasses.dataclass(frozen=True)
class AptObserved:
    """The updates that a node knows of; ``refreshed`` is None if it does not matter when it learned of them."""

    updates: Sequence[Mapping[str, Any]]
    refreshed: int | None


class NodeApt(Resource[AptDesired, AptObserved]):
    """See the module pve_node_apt. The node's tasks show when the lists were refreshed last."""

    name = "apt"

    def tables(self) -> Sequence[Table]:
        return (Table(("GET /nodes/*/apt/update", "POST /nodes/*/apt/update"), tuple(FLAGS)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "update_cache": {"type": "bool"},
            "cache_valid_time": {"type": "int"},
            **FLAGS.specs(),
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> AptDesired:
        valid, refresh = params["cache_valid_time"], params["update_cache"]
        if valid is not None and valid < 0:
            raise InvalidOption("cache_valid_time", "must not be less than 0 seconds")
        if valid is not None and refresh is False:
            raise InvalidOption("cache_valid_time", "contradicts update_cache: false")
        refresh = bool(refresh or valid is not None)
        flags = FLAGS.parse(params)
        for name in flags if not refresh else ():
            raise InvalidOption(name, "belongs to update_cache")
        now = int(time.time())
        return AptDesired(params["node"], refresh, None if valid is None else now - valid, now, flags)

    def read(self, reader: Reader, desired: AptDesired) -> AptObserved:
        updates = by_name(reader.get(apt_path(desired.node, "update")) or [])
        if desired.oldest is None:
            return AptObserved(updates, None)
        tasks = reader.get(api_path("nodes", desired.node, "tasks"), REFRESHES) or []
        return AptObserved(updates, max((int(task.get("endtime", 0)) for task in tasks), default=0))

    def plan(self, observed: AptObserved, desired: AptDesired) -> Plan:
        before: dict[str, Any] = {"node": desired.node, "updates": observed.updates}
        if observed.refreshed is not None:
            before["refreshed"] = observed.refreshed
        fresh = desired.oldest is not None and (observed.refreshed or 0) >= desired.oldest
        if not desired.update_cache or fresh:
            return Plan.nothing(before)
        summary = f"refresh the lists of packages of {desired.node}"
        step = Step("POST", apt_path(desired.node, "update"), desired.flags, summary, starts_task=True, verify=False)
        return Plan(before, {**before, "refreshed": desired.now}, (step,))


APT = NodeApt()
APT_INFO = Composite(
    "apt",
    {
        "updates": UPDATES,
        "versions": ListInfo("versions", lambda desired: apt_path(desired["node"], "versions"), options=NODE_KEY),
        "repositories": OneInfo("repositories", lambda desired: apt_path(desired["node"], "repositories"), NODE_KEY),
        "changelog": OneInfo(
            "changelog",
            lambda desired: apt_path(desired["node"], "changelog"),
            {**NODE_KEY, "name": {"type": "str"}, "version": {"type": "str"}},
            query=("name", "version"),
            needed=("name",),
        ),
    },
    default=("updates",),
)
