# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No option of any module takes an empty, null or hostile value for something else than it is.

The tasks are the examples of the modules, each with one option replaced.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection
from ansible_collections.pve.automation.plugins.module_utils._core.model.given import validate
from ansible_collections.pve.automation.plugins.module_utils._core.run.module import module_arguments, perform
from tests.harness.cluster import Cluster
from tests.harness.examples import option_paths, tasks, with_value
from tests.harness.lifecycle_cases import resource_of
from tests.unit.test_collection import MODULES

SEED = 20261130
EMPTY: Mapping[str, Sequence[Any]] = {
    "str": ("", " \n"),
    "path": ("", " "),
    "list": ("", [], [""], [" "], ["", ""]),
    "dict": ({},),
    "raw": ("", {}, [], [""]),
}
HOSTILE = (".", "..", "a/b", "a\\b", "../../access", "a\nb", "\udc80", "9" * 5000, 10**5000, float("inf"))
CONNECTION = {"api_host": "192.0.2.1", "api_token_id": "root@pam!t1", "api_token_secret": "s3cret"}


def refuses_to_connect(connection: Connection) -> Client:
    raise AssertionError("a request would be made")


def outcome_offline(module: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a task that must fail before the API is reached."""
    resource = resource_of(module)
    checked = validate(module_arguments(resource), {**CONNECTION, **options})
    if checked.error_messages:
        return {"failed": True, "msg": ", ".join(checked.error_messages)}
    return perform(resource, checked.validated_parameters, check_mode=False, open_client=refuses_to_connect)


@pytest.mark.parametrize("module", MODULES)
def test_an_empty_value_is_refused_before_anything_is_sent(module: str) -> None:
    """Of every option and suboption, unless the module says that emptiness means something."""
    resource = resource_of(module)
    allowed = resource.may_be_empty()
    base = tasks(module)[0]
    spec = resource.arguments()["argument_spec"]
    for path, row in option_paths(spec):
        dotted = ".".join(path)
        if dotted in {*allowed, "unset"} or row.get("type", "str") not in EMPTY:
            continue
        for value in EMPTY[row.get("type", "str")]:
            if value == row.get("default"):
                continue
            in_list = len(path) > 1 and spec[path[0]]["type"] == "list"
            others = {name: given for name, given in base.items() if name not in row.get("aliases", ())}
            result = outcome_offline(module, with_value(others, path, value, rows=in_list))
            assert result.get("failed"), (dotted, value)
            assert path[-1] in result["msg"] or path[0] in result["msg"], (dotted, value, result["msg"])


def sample(count: int, choices: int = 1) -> list[tuple[str, int, str, int]]:
    """Options that examples give, with one of several choices for each: module, number of the task, option, choice."""
    given = [
        (module, number, name)
        for module in MODULES
        for number, options in enumerate(tasks(module))
        for name in sorted(options)
    ]
    chance = random.Random(SEED)  # no secret
    return [(*place, chance.randrange(choices)) for place in chance.sample(given, count)]


@pytest.mark.parametrize(("module", "number", "name", "choice"), sample(150, len(HOSTILE)))
def test_a_hostile_value_stays_in_its_place(
    shared_cluster: Cluster, module: str, number: int, name: str, choice: int
) -> None:
    """No traceback, no message of Python's, no request to another path."""
    options, value = tasks(module)[number], HOSTILE[choice]
    shared_cluster.requests_made()
    hostile = [value] if isinstance(options[name], list) else value
    result = shared_cluster.run(resource_of(module), {**options, name: hostile}, check_mode=True)
    result.get("msg", "").encode()
    assert "digit" not in result.get("msg", "").replace("letters, digits", "")
    for request in shared_cluster.requests_made():
        assert not {"", ".", ".."} & set(request["path"].split("/")[1:]), request["path"]
    if not isinstance(value, str) or value[0] in "9\udc80":
        assert result.get("failed")
        assert result["msg"].startswith(f"{name}: ")


@pytest.mark.parametrize(("module", "number", "name", "_choice"), sample(100))
def test_null_is_as_if_it_were_not_given(
    shared_cluster: Cluster, module: str, number: int, name: str, _choice: int
) -> None:
    resource, options = resource_of(module), tasks(module)[number]
    without = {key: value for key, value in options.items() if key != name}
    results = [shared_cluster.run(resource, given, check_mode=True) for given in ({**options, name: None}, without)]
    reported = [{key: result.get(key) for key in ("failed", "msg", "changed", "requests")} for result in results]
    assert reported[0] == reported[1]
