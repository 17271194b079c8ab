# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of the simulated cluster, bent in shape: whatever a server says, a task ends with a result and no traceback."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import random
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.https import Response
from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import CASES, resource_of

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", " ", "x", "0", "-1", "a=b,c", "\u0000\ud83d", "9" * 5000,
    [], [None], [[]], ["x"], {}, {"x": None},
)  # fmt: skip
GUESTS: tuple[dict[str, Any], ...] = (
    {"vmid": 9300, "node": "pve1", "cores": 2, "scsi": {"scsi0": {"storage": "local", "size": "2G"}}},
    {"vmid": 9300, "node": "pve1", "state": "absent"},
)
MORE: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("pve_guest_info", {}),
    ("pve_guest_info", {"gather": ["config"]}),
    ("pve_node_info", {}),
    ("pve_cluster_info", {}),
    ("pve_task_info", {}),
    ("pve_backup_info", {}),
    ("pve_storage_info", {}),
    ("pve_permission_info", {}),
    ("pve_version_info", {}),
    ("pve_acl_info", {}),
    ("pve_user_info", {}),
    ("pve_pool_info", {}),
    ("pve_role_info", {}),
    ("pve_ha_info", {}),
    ("pve_firewall_info", {}),
    ("pve_guests", {"guests": list(GUESTS[:1])}),
    ("pve_guests", {"select": {"types": ["vm"]}, "state": "stopped", "force": True}),
    ("pve_api", {"path": "/cluster/resources"}),
)


@dataclasses.dataclass(frozen=True)
class Case:
    """A task and how the answers to it are bent, which the number of the case decides."""

    number: int
    module: str
    options: Mapping[str, Any]


class Bender:
    """Bends one of the answers to a task; the same number bends the same way."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)
        self.turn = self.chance.choice((0, 0, 0, 1, 1, 2, 3, 5))
        self.said = ""

    def bend(self, path: str, data: Any) -> Any:
        self.turn -= 1
        if self.turn >= 0 or self.said:
            return data
        bent = copy.deepcopy(data)
        places = list(_places(bent))
        set_value, drop, where = (
            self.chance.choice(places) if places and self.chance.random() < 0.85 else (None, None, "")
        )
        if set_value is None or drop is None:
            bent = self.chance.choice(ODD)
            self.said = f"GET {path}: {bent!a:.60}"
        elif self.chance.random() < 0.3:
            drop()
            self.said = f"GET {path}: without {where}"
        else:
            value = self.chance.choice(ODD)
            set_value(value)
            self.said = f"GET {path}: {where} is {value!a:.60}"
        return bent


def _places(value: Any, where: str = "") -> Iterator[tuple[Callable[[Any], None], Callable[[], Any], str]]:
    """Every place in an answer: how to set it, how to drop it, and its name."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    for key in keys:
        name = f"{where}[{key!r}]"
        yield functools.partial(value.__setitem__, key), functools.partial(value.pop, key), name
        yield from _places(value[key], name)


class BentClient(Client):
    """A client whose server bends what it answers to reads."""

    bender: Bender | None = None

    def respond(self, method: str, url: str, path: str, params: Any, upload: Any = None) -> Response:
        response = super().respond(method, url, path, params, upload)
        if self.bender is None or method != "GET" or not isinstance(response.body, dict):
            return response
        body = {**response.body, "data": self.bender.bend(path, response.body.get("data"))}
        return dataclasses.replace(response, body=body, text=json.dumps(body))


def cases(numbers: range) -> Iterator[Case]:
    """One case for each number; together they go through all tasks in turn."""
    tasks: list[tuple[str, Mapping[str, Any]]] = [
        (case.module, case.stage(stage)) for case in CASES for stage in ("create", "absent")
    ]
    tasks += [*MORE, *(("pve_vm", options) for options in GUESTS)]
    for number in numbers:
        module, options = tasks[number % len(tasks)]
        yield Case(number, module, options)


def play(cluster: Cluster, case: Case) -> str:
    """Predict the task with a bent answer; returns what is wrong with how it ended, empty if nothing is."""
    bender = Bender(case.number)

    def open_client(connection: Any) -> Client:
        client = BentClient(connection)
        client.sleep = lambda seconds: None
        client.bender = bender
        return client

    cluster._open_client = open_client  # type: ignore[method-assign]
    try:
        result = cluster.run(resource_of(case.module), case.options, check_mode=True)
    except Exception:  # a traceback is a finding, which the caller reports
        return f"{case.number} {case.module}, {bender.said}\n{traceback.format_exc()}"
    finally:
        del cluster._open_client
    written = cluster.writes_made()
    if written:
        return f"{case.number} {case.module}, {bender.said}\ncheck mode wrote {written}"
    wrong = "exception" in json.dumps(result, default=repr) and "This is a bug" in str(result.get("msg"))
    return f"{case.number} {case.module}, {bender.said}\n{result['msg']}" if wrong else ""
