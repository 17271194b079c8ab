# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host that runs a task inside the controller's worker process instead of starting a module for it.

A module costs a third of a second for each loop item; this way costs milliseconds. It is taken only where it provably equals
the module (see docs/adr), otherwise the ordinary module runs. ``pve_in_process: false`` switches it off.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.errors import AnsibleValidationError, UnsupportedError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._core.api.client import Client
from ..module_utils._core.api.connection import Connection
from ..module_utils._core.model.errors import InvalidOption
from ..module_utils._core.model.given import refuse_unusable, validate
from ..module_utils._core.run.engine import failure
from ..module_utils._core.run.hosted import Hosted
from ..module_utils._core.run.module import censored, module_arguments, perform, secret_values, spellings, unsupported

display = Display()
_clients: dict[Connection, Client] = {}


def plain(value: Any) -> Any:
    """The value without the subclasses (tags, vault, unsafe) that the controller wraps around plain types."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str.__str__(str(value))  # str() alone may return another subclass


def kept_client(connection: Connection) -> Client:
    """One client per connection, kept for the items of a loop, which share a process."""
    client = _clients.get(connection)
    if client is None:
        client = _clients[connection] = Client(connection)
    client.warnings = []
    client.on_step = lambda text: display.vv(f"pve: {text}")
    client.on_progress = lambda text: display.display(f"pve: {text}")
    return client


@contextmanager
def environment(extra: Mapping[str, str]) -> Iterator[None]:
    """The task's ``environment:`` for as long as the block runs."""
    before = dict(os.environ)
    os.environ.update(extra)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class PveAction(ActionBase):
    """Base of the generated action plugins; a subclass names its resource."""

    resource: Hosted
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.pop("skipped", None) if not result.get("skipped") else None
        args = plain(self._task.args)
        try:
            refuse_unusable(module_arguments(self.resource)["argument_spec"], args)
        except InvalidOption as error:
            result.update(failure(error))
            return result
        if not self._in_process(task_vars):
            result.update(self._execute_module(task_vars=task_vars, wrap_async=bool(self._task.async_val)))
            return result
        with environment(self._task_environment()):
            result.update(self._run_here(args))
        return result

    def _in_process(self, task_vars: Mapping[str, Any]) -> bool:
        """Whether running here equals running the module."""
        if not boolean(self._templar.template(task_vars.get("pve_in_process", True)), strict=False):
            return False
        local = getattr(self._connection, "transport", "") in ("local", "ansible.builtin.local")
        plain_task = not self._task.async_val and self._connection.become is None
        return local and plain_task and sys.platform != "darwin" and self._same_interpreter(task_vars)

    def _same_interpreter(self, task_vars: Mapping[str, Any]) -> bool:
        if self._task.delegate_to:
            task_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        wanted = self._templar.template(task_vars.get("ansible_python_interpreter"))
        return wanted in (None, "", sys.executable) or str(wanted).startswith("auto")

    def _task_environment(self) -> dict[str, str]:
        merged: dict[str, str] = {}
        for part in self._task.environment or []:
            merged.update(plain(self._templar.template(part)) or {})
        return {name: str(value) for name, value in merged.items()}

    def _run_here(self, args: dict[str, Any]) -> dict[str, Any]:
        checked = validate(module_arguments(self.resource), args)
        params = checked.validated_parameters
        secrets = spellings(map(str, checked._no_log_values | secret_values(self.resource, params)))
        if checked.errors.errors:
            outcome: dict[str, Any] = {"failed": True, "msg": self._refusal(checked.errors.errors[0])}
        else:
            outcome = perform(self.resource, params, check_mode=self._task.check_mode, open_client=kept_client)
        for twice in checked._warnings:
            text = f"Both option {twice['option']} and its alias {twice['alias']} are set."
            outcome.setdefault("warnings", []).append(text)
        outcome["invocation"] = {"module_args": params}
        return censored(outcome, secrets)

    def _refusal(self, error: AnsibleValidationError) -> str:
        """What a module says about a wrong option."""
        text = str(error.msg)
        if not isinstance(error, UnsupportedError):
            return text
        return unsupported(self.resource, f"Unsupported parameters for ({self._task.action}) module: {text}")
