# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of resources share: a server that only answers what it was reported, and the way from options to a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import NotFound
from ansible_collections.pve.automation.plugins.module_utils._core.model.places import Places
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan, Step
from ansible_collections.pve.automation.plugins.module_utils._core.run.hosted import AnyResource, Hosted

MACROS = "/cluster/firewall/macros"


class Server:
    """Answers GETs from a table of path -> data; what is not in it does not exist. ``asked`` lists the paths,
    ``params`` holds what was sent with them.

    Every server has some macros of the firewall. In the format extjs an answer is the whole body, so that the table holds that.
    """

    def __init__(self, answers: Mapping[str, Any] | None = None, release: tuple[int, int] = (9, 2)) -> None:
        macros = [{"macro": name} for name in ("HTTPS", "Ping", "SSH")]
        self.answers: dict[str, Any] = {MACROS: macros, **(answers or {})}
        self._release = release
        self.asked: list[str] = []
        self.params: dict[str, Mapping[str, Any]] = {}
        self.warnings: list[str] = []
        self.said: list[str] = []
        self.pauses: list[float] = []
        self.on_progress: Callable[[str], None] = self.said.append
        self.sleep: Callable[[float], None] = self.pauses.append
        self.connection = Connection()
        self.places = Places()

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        self.asked.append(path)
        if params:
            self.params[path] = params
        answer = self.answers.get(path, NotFound("GET", path, 500, f"'{path}' does not exist"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def document(self, url: str) -> str:
        raise NotFound("GET", url, 404, "no such file")

    def addresses(self) -> tuple[str, str] | None:
        return "127.0.0.1", "127.0.0.1"

    def release(self) -> tuple[int, int]:
        self.asked.append("/version")
        return self._release


def options(resource: Hosted, /, **given: Any) -> dict[str, Any]:
    """The options of a task as a module gets them: types converted, defaults filled in."""
    arguments = dict(resource.arguments())
    checked = ArgumentSpecValidator(arguments.pop("argument_spec"), **arguments).validate(given)
    assert not checked.error_messages, checked.error_messages
    return dict(checked.validated_parameters)


def planned(resource: AnyResource, server: Server, /, **given: Any) -> Plan:
    """The plan of a task with these options, if the preflight lets it pass."""
    desired = resource.parse(options(resource, **given))
    observed = resource.read(server, desired)
    desired = resource.remember(observed, desired)
    plan = resource.plan(observed, desired)
    if plan.steps:
        resource.preflight(server, plan, desired)
    assert undeclared(resource, plan) == []
    return plan


def undeclared(resource: AnyResource, plan: Plan) -> list[str]:
    """The calls of a plan that the tables of the resource do not name, if it has any: coverage and privileges lack them."""
    declared = [call for table in resource.tables() for call in table.calls]
    patterns = [re.escape(call).replace(r"\*", ".+") for call in declared] or [".*"]
    made = [f"{step.method} {step.path}" for step in plan.steps]
    return [call for call in made if not any(re.fullmatch(pattern, call) for pattern in patterns)]


def calls(plan: Plan) -> list[tuple[str, str, dict[str, Any]]]:
    """The calls of a plan, as the server gets them."""
    return [call(step) for step in plan.steps]


def call(step: Step) -> tuple[str, str, dict[str, Any]]:
    return step.method, step.path, dict(step.params)
