# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw calls: what is read, what is written, when it is not, and what is never shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.api.https import Response
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    InvalidParameter,
    NotConverged,
    NotFound,
    PveError,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.api import (
    API,
    clean_path,
    contains,
)
from ansible_collections.pve.automation.plugins.module_utils._core.run.module import perform
from tests.unit.resources.fake import Server, calls, options, planned

TOKEN = Connection(endpoints=(Endpoint("pve1", 8006),), user="u@pve", token="u@pve!test", token_secret="s")
UPID = "UPID:pve1:0000D84A:000957F8:6B00C117:qmstart:100:root@pam:"


class Wire:
    """A node behind a client: ``answers`` are taken in turn by (method, URL)."""

    def __init__(self, *answers: tuple[str, str, Response]) -> None:
        self.answers = list(answers)
        self.sent: list[Any] = []

    def open(self, connection: Connection) -> Client:
        client = Client(connection, lambda endpoint: self)
        client.sleep = lambda seconds: None
        return client

    def send(self, method: str, url: str, params: Any, headers: Any, upload: Any = None) -> Response:
        self.sent.append((method, url, dict(params)))
        wanted_method, wanted_url, answer = self.answers.pop(0)
        assert (method, url) == (wanted_method, wanted_url)
        return answer

    def addresses(self) -> tuple[str, str] | None:
        return None

    def close(self) -> None:
        """Nothing is open."""

    def perform(self, *, check_mode: bool = False, **given: Any) -> dict[str, Any]:
        connection = {"api_host": ["pve1"], "api_token_id": "u@pve!test", "api_token_secret": "s"}
        return perform(API, {**options(API, **given), **connection}, check_mode=check_mode, open_client=self.open)


def data(value: Any) -> Response:
    return Response(200, "OK", {"data": value}, "")


# --- paths and options --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/version", "/version"),
        ("version/", "/version"),
        ("/api2/json/version", "/version"),
        ("/api2/json", "/"),
        ("/", "/"),
        (
            "/nodes/pve1/storage/local/content/local%3Aiso%2Fx.iso",
            "/nodes/pve1/storage/local/content/local%3Aiso%2Fx.iso",
        ),
        ("/pools/web shop", "/pools/web%20shop"),
        ("/access/users/a@pve", "/access/users/a@pve"),
    ],
)
def test_paths(given: str, path: str) -> None:
    assert clean_path("path", given, "json") == path


@pytest.mark.parametrize("given", ["/a/../b", "/a/%2e%2e/b", "/a//b", "/a?x=1", "/a#b", "/api2/extjs/version"])
def test_wrong_paths(given: str) -> None:
    with pytest.raises(InvalidOption, match=r"^path: "):
        clean_path("path", given, "json")


@pytest.mark.parametrize("path", ["/pools/", "/nodes/pve1/qemu/ "])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_an_empty_variable_at_the_end_of_a_path_is_refused_where_something_is_written(method: str, path: str) -> None:
    with pytest.raises(InvalidOption, match=r"^path: "):
        API.parse(options(API, method=method, path=path))
    assert API.parse(options(API, path=path)).method == "GET"


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"ensure": {}}, "ensure"),
        ({"get_path": "/b"}, "get_path"),
        ({"method": "DELETE", "ensure": {"a": 1}}, "ensure"),
        ({"method": "PUT", "get_path": "/b"}, "get_path"),
        ({"method": "POST", "format": "html"}, "format"),
        ({"method": "POST", "params": {"net0": {"model": "virtio"}}}, "params"),
        ({"method": "POST", "params": {"delete": [["a"]]}}, "params"),
    ],
)
def test_contradictions_are_refused_before_anything_is_sent(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        API.parse(options(API, path="/a", **given))
    assert refused.value.option == option


# --- plans --------------------------------------------------------------------------------------------------------------


def test_a_write_without_looking_is_made_every_time() -> None:
    plan = planned(API, Server(), path="/nodes/pve1/qemu/100/status/start", method="POST")
    assert calls(plan) == [("POST", "/nodes/pve1/qemu/100/status/start", {})]
    assert not plan.steps[0].repeatable
    assert not plan.steps[0].verify
    assert plan.steps[0].task_id == "100"


def test_a_write_is_made_only_if_the_answer_differs() -> None:
    desired = {"path": "/pools/web", "method": "PUT", "params": {"comment": "new"}, "ensure": {"comment": "new"}}
    plan = planned(API, Server({"/pools/web": {"comment": "old", "members": []}}), **desired)
    assert calls(plan) == [("PUT", "/pools/web", {"comment": "new"})]
    assert plan.before == {"comment": "old"}
    assert plan.after == {"comment": "new"}
    assert plan.steps[0].repeatable
    assert not planned(API, Server({"/pools/web": {"comment": "new", "members": []}}), **desired).steps


def test_a_thing_is_created_only_if_it_is_absent() -> None:
    desired = {"path": "/pools", "method": "POST", "params": {"poolid": "web"}, "get_path": "/pools/web", "ensure": {}}
    assert len(planned(API, Server(), **desired).steps) == 1
    assert not planned(API, Server({"/pools/web": {"members": []}}), **desired).steps


def test_a_thing_is_deleted_only_if_it_is_there() -> None:
    desired = {"path": "/pools/web", "method": "DELETE", "get_path": "/pools/web"}
    assert not planned(API, Server(), **desired).steps
    plan = planned(API, Server({"/pools/web": {"members": []}}), **desired)
    assert calls(plan) == [("DELETE", "/pools/web", {})]
    assert plan.after is None


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"a": "1", "b": 2}, {"a": 1}),
        ({"a": 1}, {"a": True}),
        ({"a": "0"}, {"a": False}),
        ({"a": "x \n"}, {"a": "x"}),
        ({"a": "c,b"}, {"a": ["b", "c"]}),
        ({"a": ["c", "b"]}, {"a": ["b", "c"]}),
        ({"a": 2}, {"a": 2.0}),
        ({"b": 1}, {"a": None}),
        ({"b": 1}, {"a": ""}),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 1}}}),
        ([{"id": "x", "a": 1}, {"id": "y", "a": 2}], {"id": "y", "a": 2}),
        ({"a": [{"b": 1, "c": 2}, {"b": 3}]}, {"a": [{"b": 3}, {"b": 1}]}),
        ({}, {}),
        ([{}], {}),
    ],
)
def test_what_is_contained(answer: Any, wanted: Any) -> None:
    assert contains(answer, wanted)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"a": "1"}, {"a": 2}),
        ({"a": "10"}, {"a": "1"}),
        ({"a": "x"}, {"b": "x"}),
        ({"a": "x"}, {"a": None}),
        ({"a": "b,c,d"}, {"a": ["b", "c"]}),
        ([{"id": "x", "a": 1}, {"id": "y", "a": 2}], {"id": "x", "a": 2}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]}),
        (None, {}),
        ([], {"a": 1}),
        ("text", {"a": 1}),
    ],
)
def test_what_is_not_contained(answer: Any, wanted: Any) -> None:
    assert not contains(answer, wanted)


# --- secrets ------------------------------------------------------------------------------------------------------------


def test_secrets_are_hidden_in_requests() -> None:
    params = {
        "password": "p1",
        "cipassword": "p2",
        "private-key": "p3",
        "token": "p4",
        "own": "p5",
        "tokenid": "t",
        "sshkeys": "k",
    }
    given = {"path": "/a", "method": "POST", "params": params, "secret_params": ["own"]}
    shown = planned(API, Server(), **given).steps[0].describe()["params"]
    assert shown == {**dict.fromkeys(params, "********"), "tokenid": "t", "sshkeys": "k"}
    assert API.secret_values(options(API, **given)) == {"p1", "p2", "p3", "p4", "p5"}


def test_secrets_of_options_that_are_not_valid() -> None:
    assert API.secret_values({"params": None}) == set()
    assert API.secret_values({"params": "password=x"}) == {"password=x"}
    assert API.secret_values({}) == set()


# --- the whole way ------------------------------------------------------------------------------------------------------


def test_reading_changes_nothing_and_works_in_check_mode() -> None:
    wire = Wire(("GET", "/api2/json/pools", data([{"poolid": "web"}])))
    result = wire.perform(path="/pools", check_mode=True)
    assert result["data"] == [{"poolid": "web"}]
    assert result["changed"] is False
    assert result["requests"] == []


@pytest.mark.parametrize(
    ("api_format", "shown"), [("text", "raw\n"), ("html", "raw\n"), ("extjs", {"success": 1, "data": 5})]
)
def test_formats(api_format: str, shown: Any) -> None:
    body = {"success": 1, "data": 5} if api_format == "extjs" else "raw\n"
    wire = Wire(("GET", f"/api2/{api_format}/version", Response(200, "OK", body, "raw\n")))
    assert wire.perform(path="/version", format=api_format)["data"] == shown


def test_an_error_of_the_extjs_format_is_an_error() -> None:
    body = {
        "success": 0,
        "status": "400",
        "message": "Parameter verification failed.\n",
        "errors": {"poolid": "missing"},
        "data": None,
    }
    wire = Wire(("POST", "/api2/extjs/pools", Response(200, "OK", body, "")))
    result = wire.perform(path="/pools", method="POST", format="extjs")
    assert result["failed"]
    assert result["error"]["type"] == InvalidParameter.__name__
    assert result["error"]["errors"] == {"poolid": "missing"}


@pytest.mark.parametrize("api_format", ["json", "extjs"])
def test_a_task_is_waited_for(api_format: str) -> None:
    answer = {"data": UPID} if api_format == "json" else {"success": 1, "data": UPID}
    path = f"/nodes/pve1/tasks/{UPID}"
    wire = Wire(
        ("POST", f"/api2/{api_format}/nodes/pve1/qemu/100/status/start", Response(200, "OK", answer, "")),
        ("GET", f"/api2/json{path}/status", data({"status": "stopped", "exitstatus": "no such disk"})),
        ("GET", f"/api2/json{path}/log", data([{"n": 1, "t": "TASK ERROR: no such disk"}])),
    )
    result = wire.perform(path="/nodes/pve1/qemu/100/status/start", method="POST", format=api_format)
    assert result["failed"]
    assert result["error"]["type"] == "TaskFailed"
    assert result["error"]["exitstatus"] == "no such disk"


def test_the_answer_of_a_write_is_returned() -> None:
    wire = Wire(("POST", "/api2/json/access/users/a@pve/token/t", data({"value": "once"})))
    result = wire.perform(path="/access/users/a@pve/token/t", method="POST")
    assert result["data"] == {"value": "once"}
    assert result["changed"] is True


def test_a_write_that_did_not_bring_what_was_wanted_is_an_error() -> None:
    old = ("GET", "/api2/json/pools/web", data({"comment": "old"}))
    wire = Wire(old, ("PUT", "/api2/json/pools/web", data(None)), *[old] * 6)
    result = wire.perform(path="/pools/web", method="PUT", params={"comment": "x"}, ensure={"comment": "new"})
    assert result["failed"]
    assert result["error"]["type"] == NotConverged.__name__
    assert "'old'" in result["msg"]
    assert "'new'" in result["msg"]


def test_check_mode_sends_no_write() -> None:
    wire = Wire(("GET", "/api2/json/pools/web", data({"comment": "old"})))
    result = wire.perform(
        path="/pools/web", method="PUT", params={"comment": "new"}, ensure={"comment": "new"}, check_mode=True
    )
    assert result["changed"] is True
    assert [(row["method"], row["path"]) for row in result["requests"]] == [("PUT", "/pools/web")]
    assert len(wire.sent) == 1


def test_a_wrong_call_is_refused_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"/pools": {"POST": {"properties": {"poolid": {"type": "string"}}, "open": False}}}
    monkeypatch.setattr(
        "ansible_collections.pve.automation.plugins.module_utils._core.api.schema.load", lambda reader: schema
    )
    wire = Wire()
    result = wire.perform(path="/pools", method="POST", params={"poolld": "web"}, validate=True)
    assert result["failed"]
    assert "did you mean poolid" in result["msg"]
    assert wire.sent == []


def test_formats_other_than_json_need_https() -> None:
    client = Client(Connection(backend="local"), lambda endpoint: SimpleNamespace())
    with pytest.raises(PveError, match="api_backend https"):
        client.get("/version", api_format="text")
    with pytest.raises(PveError, match="api_backend https"):
        client.document("/pve-docs/api-viewer/apidoc.js")


def test_what_is_not_there_is_an_error_of_a_read() -> None:
    wire = Wire(("GET", "/api2/json/pools/none", Response(500, "pool 'none' does not exist", "", "")))
    result = wire.perform(path="/pools/none")
    assert result["failed"]
    assert result["error"]["type"] == NotFound.__name__
