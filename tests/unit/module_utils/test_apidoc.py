# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema that a server publishes: reading it, keeping it, and what it makes of a call."""

from __future__ import annotations

import json
import pathlib
import stat
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api import schema as apidoc
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, PveError
from tests.simulator import facts
from tests.simulator.apidoc import apidoc as published
from tests.unit.resources import fake

TREE = [
    {
        "path": "/things",
        "text": "things",
        "info": {
            "GET": {"parameters": {"additionalProperties": 0}},
            "POST": {
                "description": "Not kept.",
                "parameters": {
                    "additionalProperties": 0,
                    "properties": {
                        "thing": {"type": "string", "pattern": "[a-z]+", "maxLength": 5},
                        "count": {"type": "integer", "minimum": 1, "maximum": 9, "optional": 1},
                        "share": {"type": "number", "optional": 1},
                        "on": {"type": "boolean", "optional": 1},
                        "kind": {"type": "string", "enum": ["red", "green"], "optional": 1},
                        "net[n]": {"type": "string", "optional": 1},
                        "words": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "optional": 1},
                        "nodes": {"type": "string", "format": "pve-node-list", "optional": 1},
                        "perl": {"type": "string", "pattern": "(?^i:x)", "optional": 1},
                        "either": {"oneOf": [{"type": "integer"}, {"type": "string"}], "optional": 1},
                    },
                },
            },
        },
        "children": [
            {
                "path": "/things/{thing}",
                "text": "{thing}",
                "info": {"PUT": {"parameters": {"properties": {"thing": {"type": "string"}}}}},
                "children": [
                    {
                        "path": "/things/{thing}/content/{volume}",
                        "info": {"GET": {"parameters": {"additionalProperties": 0}}},
                    }
                ],
            },
            {"path": "/things/all", "info": {"GET": {"parameters": {"additionalProperties": 0}}}},
        ],
    }
]
SCRIPT = f"const apiSchema = {json.dumps(TREE)}\n;\n\nlet other = [1, 2];\n"
CALLS = apidoc.parse(SCRIPT)


class Server(fake.Server):
    """A node that publishes a schema."""

    def __init__(self, script: str = SCRIPT, version: str = "9.2.11", host: str = "pve1") -> None:
        super().__init__()
        self.script, self.version, self.fetched = script, version, 0
        self.connection = Connection(endpoints=(Endpoint(host, 8006),))

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        assert path == "/version"
        return {"version": self.version, "repoid": "14a22df35955d97d", "release": "9.2"}

    def document(self, url: str) -> str:
        assert url == "/pve-docs/api-viewer/apidoc.js"
        self.fetched += 1
        return self.script


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty cache directory of the user; nothing is loaded yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(apidoc, "_loaded", {})
    return tmp_path / "pve.automation"


def complaint(method: str = "POST", path: str = "/things", **params: Any) -> str:
    """What is said of a call; empty if nothing."""
    try:
        apidoc.check_call(CALLS, method, path, params)
    except InvalidOption as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"count": 9},
        {"count": "09"},
        {"share": 0.5},
        {"share": "1e3"},
        {"on": True},
        {"on": 0},
        {"on": "1"},
        {"kind": "red"},
        {"net0": "virtio", "net31": "virtio"},
        {"words": ["a", "b"]},
        {"words": "a"},
        {"nodes": ["pve1", "pve2"]},
        {"perl": "anything"},
        {"either": "x"},
        {"count": None, "unknown": None},
    ],
)
def test_right_parameters(params: dict[str, Any]) -> None:
    assert complaint(thing="abc", **params) == ""


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"cuont": 1}, "cuont is unknown (did you mean count?)"),
        ({"zzz": 1}, "zzz is unknown"),
        ({"net": "virtio"}, "net is unknown"),
        ({"count": 0}, "count: 0 is less than 1"),
        ({"count": 10}, "count: 10 is more than 9"),
        ({"count": "1.5"}, "count: '1.5' is not of type integer"),
        ({"count": True}, "count: true is a boolean, not of type integer"),
        ({"share": "half"}, "share: 'half' is not of type number"),
        ({"on": "yes"}, "on: 'yes' is not of type boolean"),
        ({"kind": "blue"}, "kind: 'blue' is not one of red, green"),
        ({"kind": ["red"]}, "kind: takes one value, not a list"),
        ({"words": ["a", "c"]}, "words: 'c' is not one of a, b"),
        ({"thing": "ABC"}, "thing: 'ABC' does not match [a-z]+"),
        ({"thing": "abcdef"}, "thing: 'abcdef' is more than 5 characters"),
        ({"thing": None}, "thing is missing"),
    ],
)
def test_wrong_parameters(params: dict[str, Any], said: str) -> None:
    text = complaint(**{"thing": "abc", **params})
    assert text.startswith("params: POST /things")
    assert said in text


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = complaint(count=0, kind="blue")
    assert all(part in text for part in ("count: 0", "kind: 'blue'", "thing is missing"))


def test_what_stands_in_the_path_is_no_parameter() -> None:
    assert complaint("PUT", "/things/abc") == ""
    assert "thing stands in the path already" in complaint("PUT", "/things/abc", thing="abc")


def test_names_are_free_where_the_schema_says_so() -> None:
    assert complaint("PUT", "/things/abc", whatever=1) == ""


def test_parameters_in_alternatives_are_left_to_the_server() -> None:
    """As of the rules of high availability since PVE 9.2.7."""
    kinds = [{"properties": {"nodes": {"type": "string"}}}, {"properties": {"affinity": {"type": "string"}}}]
    parameters = {"additionalProperties": 0, "allOf": [{"properties": {"rule": {"type": "string"}}}, {"oneOf": kinds}]}
    calls = apidoc.parse(f"x = {json.dumps([{'path': '/rules', 'info': {'POST': {'parameters': parameters}}}])}")
    apidoc.check_call(calls, "POST", "/rules", {"rule": "r1", "nodes": "pve1"})


def test_wrong_path_and_method() -> None:
    assert complaint("GET", "/thing") == "path: the server has no /thing (did you mean /things?)"
    assert complaint("GET", "/things/abc/kontent/x") == (
        "path: the server has no /things/abc/kontent/x (did you mean /things/abc/content/x?)"
    )
    assert complaint("DELETE") == "method: /things has no DELETE, only GET, POST"


def test_a_word_of_the_schema_goes_before_a_placeholder() -> None:
    assert apidoc.find_template(CALLS, "/things/all") == "/things/all"
    assert apidoc.find_template(CALLS, "/things/any") == "/things/{thing}"


def test_a_volume_may_hold_slashes() -> None:
    assert apidoc.find_template(CALLS, "/things/a/content/local:iso/x.iso") == "/things/{thing}/content/{volume}"


def test_only_what_is_checked_is_kept() -> None:
    assert "description" not in json.dumps(CALLS)


@pytest.mark.parametrize("script", ["", "<html>login</html>", "const apiSchema = [", "const apiSchema = [1]"])
def test_a_schema_that_is_none_is_an_error(script: str) -> None:
    with pytest.raises(PveError, match="not understood"):
        apidoc.parse(script)


def test_the_whole_schema_of_a_server_is_understood() -> None:
    calls = apidoc.parse(published(facts.load()))
    assert sum(map(len, calls.values())) > 650
    apidoc.check_call(
        calls, "PUT", "/nodes/pve1/qemu/100/config", {"memory": "2048", "net0": "virtio,bridge=vmbr0", "onboot": True}
    )
    with pytest.raises(InvalidOption, match="did you mean memory"):
        apidoc.check_call(calls, "PUT", "/nodes/pve1/qemu/100/config", {"memry": 2048})


def test_it_is_fetched_once_and_kept(cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    assert apidoc.load(server) == apidoc.load(server) == CALLS
    monkeypatch.setattr(apidoc, "_loaded", {})  # as in the next process
    assert apidoc.load(server) == CALLS
    assert server.fetched == 1
    (file,) = cache.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_another_version_replaces_it_and_another_host_has_its_own(cache: pathlib.Path) -> None:
    servers = [Server(), Server(version="9.2.12"), Server(host="pve2")]
    for server in servers:
        apidoc.load(server)
    assert [server.fetched for server in servers] == [1, 1, 1]
    assert len(list(cache.iterdir())) == 2


def test_a_file_that_others_could_write_is_not_believed(cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    apidoc.load(server)
    (file,) = cache.iterdir()
    file.write_text("{}", encoding="utf-8")
    file.chmod(0o666)
    monkeypatch.setattr(apidoc, "_loaded", {})
    assert apidoc.load(server) == CALLS
    assert server.fetched == 2


@pytest.mark.parametrize("damage", ["", "not json"])
def test_a_damaged_file_is_fetched_again(cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    server = Server()
    apidoc.load(server)
    (file,) = cache.iterdir()
    file.write_text(damage, encoding="utf-8")
    monkeypatch.setattr(apidoc, "_loaded", {})
    assert apidoc.load(server) == CALLS
    assert server.fetched == 2


def test_without_a_cache_it_works_as_well(cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.parent.joinpath("file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent / "file"))
    assert apidoc.load(Server()) == CALLS
