# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The in-process host: when it is taken, what it makes of arguments and environment, and what it returns."""

from __future__ import annotations

import functools
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.model.contract import Resource
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan, Step
from ansible_collections.pve.automation.plugins.plugin_utils._action import PveAction, environment, kept_client, plain

OTHER_PYTHON = "/opt/other/bin/python3"


class Tagged(str):
    """As the controller's own texts: a subclass whose text is one, too."""

    __slots__ = ()
    __str__ = functools.partialmethod(lambda self: self)


class TaggedInt(int):
    pass


class TaggedFloat(float):
    pass


class TaggedList(list[Any]):
    pass


class TaggedDict(dict[str, Any]):
    pass


class Vaulted:
    """As a variable from a vault: no text, but becomes one."""

    def __str__(self) -> str:
        return "opened"


class Thing(Resource[Any, Any]):
    """A resource that needs a secret and remembers what it was given."""

    name = "thing"
    seen: Any = None

    def arguments(self) -> dict[str, Any]:
        return {
            "argument_spec": {
                "id": {"type": "str", "required": True, "aliases": ["name"]},
                "count": {"type": "int"},
                "password": {"type": "str", "no_log": True},
            }
        }

    def parse(self, params: Any) -> dict[str, Any]:
        Thing.seen = params
        return dict(params)

    def read(self, reader: Any, desired: Any) -> dict[str, Any]:
        return {"id": desired["id"]}

    def plan(self, observed: Any, desired: Any) -> Plan:
        step = Step("PUT", "/thing", {"password": desired["password"], "note": f"is {desired['password']}"}, "set")
        return Plan(observed, {**observed, "note": f"is {desired['password']}"}, (step,))


class Action(PveAction):
    resource = Thing()


def action(
    args: Any = None,
    *,
    transport: str = "local",
    become: Any = None,
    async_val: int = 0,
    delegate_to: Any = None,
    env: Any = None,
    check_mode: bool = True,
) -> Any:
    made = Action.__new__(Action)
    made._task = SimpleNamespace(
        args=args or {},
        action="pve.automation.pve_thing",
        async_val=async_val,
        check_mode=check_mode,
        delegate_to=delegate_to,
        environment=env,
    )
    made._connection = SimpleNamespace(transport=transport, become=become)
    made._templar = SimpleNamespace(template=lambda value: value)
    return made


ARGS = {"id": "a", "api_host": "pve", "api_token_id": "u@pve!t1", "api_token_secret": "t0ken", "password": "s3cret"}


# --- plain types ------------------------------------------------------------------------------------------------------


def test_arguments_become_plain_types() -> None:
    given = TaggedDict(
        {Tagged("text"): Tagged("a"), "list": TaggedList([TaggedInt(1), TaggedFloat(1.5), True, None]), "set": {"x"}}
    )
    result = plain(given)
    assert result == {"text": "a", "list": [1, 1.5, True, None], "set": ["x"]}
    assert result.__class__ is dict
    assert {type(key) for key in result} == {str}
    assert result["text"].__class__ is str
    assert [type(item) for item in result["list"]] == [int, float, bool, type(None)]
    assert plain(Vaulted()) == "opened"


def test_the_texts_of_this_ansible_become_plain() -> None:
    template = pytest.importorskip("ansible.template")
    if not hasattr(template, "trust_as_template"):
        pytest.skip("this ansible-core does not tag texts")
    tagged = template.trust_as_template("{{ x }}")
    assert tagged.__class__ is not str
    assert plain([tagged])[0].__class__ is str


# --- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "variables", "here"),
    [
        ({}, {}, True),
        ({"transport": "ansible.builtin.local"}, {}, True),
        ({"transport": "ssh"}, {}, False),
        ({"become": object()}, {}, False),
        ({"async_val": 10}, {}, False),
        ({}, {"pve_in_process": False}, False),
        ({}, {"pve_in_process": "no"}, False),
        ({}, {"pve_in_process": "yes"}, True),
        ({}, {"ansible_python_interpreter": sys.executable}, True),
        ({}, {"ansible_python_interpreter": "auto_silent"}, True),
        ({}, {"ansible_python_interpreter": OTHER_PYTHON}, False),
        ({"delegate_to": "b"}, {"ansible_python_interpreter": OTHER_PYTHON}, True),
        (
            {"delegate_to": "b"},
            {"ansible_delegated_vars": {"b": {"ansible_python_interpreter": OTHER_PYTHON}}},
            False,
        ),
    ],
)
def test_in_process_only_where_it_equals_the_module(
    monkeypatch: pytest.MonkeyPatch, task: dict[str, Any], variables: dict[str, Any], here: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert action(**task)._in_process(variables) is here


def test_not_on_macos_where_forks_are_fragile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not action()._in_process({})


@pytest.mark.parametrize("async_val", [0, 10])
def test_otherwise_the_module_runs(monkeypatch: pytest.MonkeyPatch, async_val: int) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp, task_vars: {"skipped": False})
    made = action(transport="ssh", async_val=async_val)
    calls = []

    def execute(**how: Any) -> dict[str, Any]:
        calls.append(how)
        return {"changed": True}

    made._execute_module = execute
    assert made.run(task_vars={"a": 1}) == {"changed": True}
    assert calls == [{"task_vars": {"a": 1}, "wrap_async": bool(async_val)}]


# --- what -------------------------------------------------------------------------------------------------------------


def run_here(args: Any, **more: Any) -> Any:
    return action(args, **more)._run_here(args)


def test_results_are_censored() -> None:
    result = run_here(ARGS)
    assert result["changed"] is True
    assert "s3cret" not in str(result)
    assert "t0ken" not in str(result)
    assert result["requests"][0]["params"]["password"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    arguments = result["invocation"]["module_args"]
    assert arguments["password"] == arguments["api_token_secret"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert (arguments["id"], arguments["count"], arguments["api_timeout"]) == ("a", None, 60)


def test_arguments_are_converted_and_defaults_filled_in() -> None:
    run_here({**ARGS, "count": "5"})
    assert (Thing.seen["count"], Thing.seen["api_backend"], Thing.seen["api_host"]) == (5, "https", ["pve"])


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (
            {"colour": "red"},
            "Unsupported parameters for (pve.automation.pve_thing) module: colour. Supported parameters",
        ),
        ({"id": None}, "missing required arguments: id"),
        ({"count": "many"}, "argument 'count' is of type"),
        ({"api_token_id": "t1"}, "api_token_id: '!t1' is not of the form user@realm!id"),
    ],
)
def test_wrong_arguments_are_a_failed_result_without_secrets(args: dict[str, Any], text: str) -> None:
    given = {name: value for name, value in {**ARGS, **args}.items() if value is not None}
    result = run_here(given)
    assert result["failed"] is True
    assert text in result["msg"]
    assert "s3cret" not in str(result)


def test_an_option_by_two_names_warns() -> None:
    result = run_here({**ARGS, "name": "b"})
    assert result["warnings"] == ["Both option id and its alias name are set."]


def test_a_bug_stays_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thing, "plan", lambda self, current, desired: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_here(ARGS)


# --- environment ------------------------------------------------------------------------------------------------------


def test_the_environment_of_the_task_holds_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp, task_vars: {})
    monkeypatch.delenv("PVE_HOST", raising=False)
    args = {name: value for name, value in ARGS.items() if name != "api_host"}
    made = action(args, env=[{"PVE_HOST": "first"}, {"PVE_HOST": "second", "PVE_PORT": 443}])
    result = made.run(task_vars={})
    assert result["invocation"]["module_args"]["api_host"] == ["second"]
    assert result["invocation"]["module_args"]["api_port"] == 443
    assert "PVE_HOST" not in os.environ


def test_the_environment_is_restored_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PVE_HOST", "before")
    monkeypatch.delenv("PVE_USER", raising=False)
    with pytest.raises(KeyError, match="no-such"), environment({"PVE_HOST": "inside", "PVE_USER": "x"}):
        raise KeyError("no-such", os.environ["PVE_HOST"], os.environ["PVE_USER"])
    assert os.environ["PVE_HOST"] == "before"
    assert "PVE_USER" not in os.environ


# --- the client -------------------------------------------------------------------------------------------------------


def test_a_client_is_kept_for_the_items_of_a_loop() -> None:
    connection = Connection(endpoints=(Endpoint("a", 1),), token="u@pve!t", token_secret="one")
    first = kept_client(connection)
    first.warnings.append("old")
    again = kept_client(Connection(endpoints=(Endpoint("a", 1),), token="u@pve!t", token_secret="one"))
    assert again is first
    assert again.warnings == []
    assert kept_client(Connection(endpoints=(Endpoint("a", 1),), token="u@pve!t", token_secret="two")) is not first
