# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated cluster for tests: run tasks against it in this process, look what was asked, and order faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import requests
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import (
    Connection,
    connection_arguments,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.model.given import refuse_unusable, validate
from ansible_collections.pve.automation.plugins.module_utils._core.run.engine import failure
from ansible_collections.pve.automation.plugins.module_utils._core.run.hosted import Hosted
from ansible_collections.pve.automation.plugins.module_utils._core.run.module import (
    module_arguments,
    perform,
    unsupported,
)
from tests.harness.documented import module_of, undocumented
from tools.simulated import simulator

Result = dict[str, Any]


class Cluster:
    """A running simulator. Tasks run as root@pam with a password unless ``connection`` is changed.

    One client serves all tasks, as in a loop; ``forget_client`` begins a new one, as a new task does. The client does not
    sleep: the simulator's tasks end at once, and what lags behind does so by the number of looks.
    """

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)
        self._session = requests.Session()
        self._session.trust_env = False
        self._client: Client | None = None
        self._other: Client | None = None
        self.connection = self.password_connection()

    def password_connection(self) -> dict[str, Any]:
        """Connection options of the administrator with a password."""
        return {**self._endpoint(), "api_user": self.facts["user"], "api_password": self.facts["password"]}

    def token_connection(self) -> dict[str, Any]:
        """Connection options of the administrator's token."""
        return {
            **self._endpoint(),
            "api_token_id": self.facts["token_id"],
            "api_token_secret": self.facts["token_secret"],
        }

    def _endpoint(self) -> dict[str, Any]:
        return {"api_host": self.facts["url"], "api_fingerprint": self.facts["fingerprint"]}

    # --- tasks --------------------------------------------------------------------------------------------------------

    def run(self, resource: Hosted, options: Mapping[str, Any], *, check_mode: bool = False) -> Result:
        """The result of a task with these options, validated as Ansible does; it has to be as it is documented."""
        arguments = module_arguments(resource)
        given = {**self.connection, **options}
        try:
            refuse_unusable(arguments["argument_spec"], given)
        except InvalidOption as error:
            return failure(error)
        checked = validate(arguments, given)
        if checked.error_messages:
            texts = [unsupported(resource, text) for text in checked.error_messages]
            return {"failed": True, "changed": False, "msg": ", ".join(texts)}
        result = perform(resource, checked.validated_parameters, check_mode=check_mode, open_client=self._open_client)
        wrong = [] if result.get("failed") else list(undocumented(module_of(resource), result))
        assert not wrong, wrong
        return result

    def _open_client(self, connection: Connection) -> Client:
        if self._client is None or self._client.connection != connection:
            self.forget_client()
            self._client = Client(connection)
            self._client.sleep = lambda seconds: None
        self._client.warnings = []
        return self._client

    def forget_client(self) -> None:
        """Let the next task log in again."""
        if self._client:
            self._client.close()
            self._client = None

    def call(self, method: str, path: str, params: Mapping[str, Any] | None = None, *, in_person: bool = False) -> Any:
        """A call of the API beside all tasks, as somebody else may make it, by token unless ``in_person``.

        It is among the requests made.
        """
        if in_person:
            with closing(_client(self.password_connection())) as client:
                return client.call(method, path, params)
        if self._other is None:
            self._other = _client(self.token_connection())
        return self._other.call(method, path, params)

    def _forget_all_clients(self) -> None:
        self.forget_client()
        if self._other:
            self._other.close()
            self._other = None

    def close(self) -> None:
        self._forget_all_clients()
        self._session.close()

    # --- the other side -----------------------------------------------------------------------------------------------

    def control(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Use the simulator's control path, see tests/simulator/control.py."""
        url = f"{self.facts['url']}/simulator/{name}"
        answer = self._session.request(method, url, json=body, verify=self.facts["ca_path"], timeout=60)
        parsed: dict[str, Any] = answer.json()
        if not answer.ok:
            raise ValueError(parsed["error"])
        return parsed

    def requests_made(self) -> list[dict[str, Any]]:
        """The API requests since this was asked last: method, path, params, user, status."""
        rows: list[dict[str, Any]] = self.control("GET", "requests")["requests"]
        self.control("POST", "requests")
        return rows

    def writes_made(self) -> list[dict[str, Any]]:
        """Those of the requests that were to change something; logins are none."""
        return [row for row in self.requests_made() if row["method"] != "GET" and row["path"] != "/access/ticket"]

    def reset(self) -> None:
        """Back to the initial state, without faults, requests and sessions."""
        self.control("POST", "reset")
        self._forget_all_clients()
        self.connection = self.password_connection()

    def fault(self, **order: Any) -> None:
        """Order a fault for a request, see tests/simulator/faults.py."""
        self.control("POST", "faults", order)

    def task_fault(self, **order: Any) -> None:
        """Let the next task go wrong, see TaskFault in tests/simulator/tasks.py."""
        self.control("POST", "tasks", order)


def _client(options: Mapping[str, Any]) -> Client:
    checked = ArgumentSpecValidator(connection_arguments()).validate(options)
    return Client(Connection.from_options(checked.validated_parameters))


@contextmanager
def running_cluster(scenario: str = "demo", *arguments: str) -> Iterator[Cluster]:
    """A cluster for as long as the block runs."""
    with simulator(scenario, *arguments) as simulated:
        cluster = Cluster(simulated.facts)
        try:
            yield cluster
        finally:
            cluster.close()
