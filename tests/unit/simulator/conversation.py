# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talks to a simulation without a network between: one call after the other, tasks done before they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.pve.automation.tests.simulator.errors import ApiError
from ansible_collections.pve.automation.tests.simulator.scenarios import scenario
from ansible_collections.pve.automation.tests.simulator.simulation import Request, Simulation
from ansible_collections.pve.automation.tests.simulator.tasks import Task


class Conversation:
    """Calls of one identity; what is a task's UPID must have ended well, unless `failed_task` is used."""

    def __init__(
        self, name: str = "single", user: str = "root@pam", version: str = "9.2", nodes: Sequence[str] = ()
    ) -> None:
        self.simulation = Simulation(scenario(name, version, nodes), version)
        self.cluster = self.simulation.cluster
        self.user = user

    def raw(self, method: str, url: str, /, **params: Any) -> Any:
        named = {name.replace("_", "-") if name in DASHED else name: value for name, value in params.items()}
        request = Request(method, url, {}, user=self.user)
        if method in ("GET", "DELETE"):
            request.query = named
        else:
            request.body = named
        return asyncio.run(self.simulation.answer(request)).data

    def __call__(self, method: str, url: str, /, **params: Any) -> Any:
        answer = self.raw(method, url, **params)
        if isinstance(answer, str) and answer.startswith("UPID:"):
            task = self.cluster.tasks.all[answer]
            assert task.exitstatus == "OK", task.log.lines
        return answer

    def refused(self, method: str, url: str, /, **params: Any) -> str:
        """The text of the refusal, with the reasons per parameter."""
        with pytest.raises(ApiError) as refusal:
            self.raw(method, url, **params)
        return str(refusal.value)

    def failed_task(self, method: str, url: str, /, **params: Any) -> Task:
        task = self.cluster.tasks.all[self.raw(method, url, **params)]
        assert task.exitstatus not in (None, "OK")
        return task

    def config(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.raw("GET", f"{path}/config", current=1)
        return answer


DASHED = frozenset({"notes_template", "resource_mode"})  # parameters whose names are no Python names
