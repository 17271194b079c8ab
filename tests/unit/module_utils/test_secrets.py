# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of every kind of character: refused where they cannot be right, and in no message, whoever writes it."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.api.https import HttpsTransport, form
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, PveError
from ansible_collections.pve.automation.plugins.module_utils._core.model.values import url_passwords
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.acme import PLUGIN
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.api import API
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.metric_server import SERVER
from ansible_collections.pve.automation.plugins.module_utils._core.run.module import censored, spellings
from ansible_collections.pve.automation.plugins.plugin_utils._action import PveAction

NOBODY = "127.0.0.1:1"  # nothing listens there
CORE = "Zq7xK9"  # what a message must not show of any secret
ODD = st.text(st.one_of(st.sampled_from("\r\n\t\0\x1b '\"\\%+=:&é€\ud800😀{}"), st.characters()), max_size=4)
AROUND = st.tuples(ODD, ODD).map(lambda ends: f"{ends[0]}{CORE}{ends[1]}")
OPTIONS = {
    "api_token_secret": {"api_token_id": "u@pve!t1"},
    "api_password": {"api_user": "u@pve"},
    "api_otp": {"api_user": "u@pve", "api_password": "p"},
}


class Action(PveAction):
    resource = API


def in_process(args: dict[str, Any]) -> dict[str, Any]:
    action = Action.__new__(Action)
    action._task = SimpleNamespace(action="pve.automation.pve_api", check_mode=False, async_val=0)
    result: dict[str, Any] = action._run_here(args)
    return result


def shows(result: dict[str, Any]) -> bool:
    return CORE in json.dumps(result) or CORE in repr(result)


@pytest.mark.parametrize("option", OPTIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=AROUND)
def test_no_result_shows_a_credential(option: str, secret: str) -> None:
    result = in_process({"api_host": [NOBODY], "path": "/version", **OPTIONS[option], option: secret})
    assert result["failed"]
    assert not shows(result)


@settings(max_examples=60, deadline=None)
@given(secret=AROUND, kind=st.sampled_from(["text", "list", "nested"]), method=st.sampled_from(["GET", "POST"]))
def test_no_result_shows_a_secret_parameter(secret: str, kind: str, method: str) -> None:
    value: Any = {"text": secret, "list": ["x", secret], "nested": {"a": [secret]}}[kind]
    login = {"api_host": [NOBODY], "api_token_id": "u@pve!t1", "api_token_secret": "s"}
    result = in_process({**login, "path": "/x", "method": method, "params": {"password": value, "note": f"<{secret}>"}})
    assert result["failed"]
    assert not shows(result)


def test_a_number_as_secret_is_hidden() -> None:
    assert API.secret_values({"params": {"token": 470110815, "password": True, "size": 12}}) == {"470110815"}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_a_line_break_at_the_end_is_named_with_its_cure(option: str, ending: str) -> None:
    with pytest.raises(InvalidOption, match=rf"^{option}: ends with a line break.*\|-.*trim") as caught:
        Connection.from_options({"api_host": ["pve"], **OPTIONS[option], option: f"{CORE}{ending}"})
    assert CORE not in str(caught.value)


@pytest.mark.parametrize("password", ["pass word", "pässwörd", "€", "'\"\\%+=", "😀"])
def test_odd_passwords_are_allowed(password: str) -> None:
    assert Connection.from_options({"api_host": ["pve"], "api_password": password}).password == password


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("api_token_secret", f"{CORE}é"),
        ("api_token_secret", f"{CORE} "),
        ("api_password", f"{CORE}\t"),
        ("api_password", f"\ud800{CORE}"),
    ],
)
def test_what_cannot_be_a_credential_is_refused_without_being_shown(option: str, value: str) -> None:
    with pytest.raises(InvalidOption, match=f"^{option}: holds ") as caught:
        Connection.from_options({"api_host": ["pve"], **OPTIONS[option], option: value})
    assert CORE not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidHeader(f"Invalid header value: {CORE!r}"),
        UnicodeEncodeError("latin-1", f"{CORE}€", 6, 7, "ordinal not in range(256)"),
    ],
)
def test_the_transport_repeats_no_header(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    transport = HttpsTransport(Connection(endpoints=(Endpoint("pve", 8006),)), Endpoint("pve", 8006))

    def refuse(*_args: Any, **_options: Any) -> None:
        raise error

    monkeypatch.setattr(transport.session.get_adapter(transport.endpoint.url), "send", refuse)
    with pytest.raises(PveError, match="a header of the request") as caught:
        transport.send("GET", "/api2/json/version", {}, {"Authorization": CORE})
    assert CORE not in str(caught.value)


def test_half_a_character_in_a_parameter_is_named_and_not_shown() -> None:
    with pytest.raises(PveError, match="The value of 'password' holds half a character") as caught:
        form({"password": f"{CORE}\ud800"})
    assert CORE not in str(caught.value)


def test_the_forms_of_a_secret() -> None:
    assert spellings(["a b\n"]) == {
        *("a b\n", "a b", "a b\\n", "a%20b%0A", "a%20b%0a", "a+b%0A", "a+b%0a", "a%20b", "a+b"),
        *("YSBiCg==", "YSBiCg", "YSBiCg%3D%3D", "YSBiCg%3d%3d", "YSBi"),
    }
    assert spellings(["\n"]) - {"\n", "\\n", "%0A", "%0a", "Cg==", "Cg", "Cg%3D%3D", "Cg%3d%3d"} == set()


@pytest.mark.parametrize(
    ("secret", "form"),
    [
        ("a/b'c", "a/b%27c"),  # quote() of Python by default
        ("a/b'c", "a%2Fb'c"),  # encodeURIComponent() and older releases of URI::Escape
        ("a/b", "a%2fb"),
        ('"ü', '\\"ü'),
        ('"ü', '\\"\\u00fc'),
        ("first line\nsecond line", "second line"),
        ("one\ntwo", "one two"),
        ("????>>>>?", "Pz8_Pz4-Pj4_"),
    ],
)
def test_further_forms_of_a_secret(secret: str, form: str) -> None:
    assert form in spellings([secret])


@pytest.mark.parametrize("before", ["", "a", "ab", "NAME="])
def test_a_secret_inside_of_something_in_base64(before: str) -> None:
    coded = base64.b64encode(f"{before}{CORE * 3}\n".encode()).decode()
    assert any(form in coded for form in spellings([CORE * 3]))


def test_the_frame_of_a_key_and_short_lines_are_no_secrets() -> None:
    forms = spellings([f"-----BEGIN PRIVATE KEY-----\n{CORE}{CORE}\nyes\n-----END PRIVATE KEY-----\n"])
    assert f"{CORE}{CORE}" in forms
    assert not {"-----BEGIN PRIVATE KEY-----", "yes"} & forms


@pytest.mark.parametrize(
    ("url", "passwords"),
    [
        ("http://u:a/b?c#d@proxy:3128", {"a/b?c#d"}),
        ("http://u:[a@proxy", {"[a"}),
        ("http://u:p%40s@proxy", {"p%40s", "p@s"}),
        ("http://:only@proxy", {"only"}),
        ("http://u:@proxy", set()),
        ("http://proxy:8080/a@b", set()),
        ("http://proxy/a:b@c", set()),
        ("text", set()),
    ],
)
def test_the_passwords_in_a_url(url: str, passwords: set[str]) -> None:
    assert url_passwords(url) == passwords


def test_the_values_inside_of_a_text_are_secrets() -> None:
    assert PLUGIN.secret_values({"data": f"A=z\nTOKEN={CORE}\n"}) == {CORE}
    assert PLUGIN.secret_values({"data": CORE}) == set()
    assert SERVER.secret_values({"otel_headers": json.dumps({"a": CORE})}) == {CORE}


def test_a_secret_that_is_part_of_another_one_does_not_uncover_it() -> None:
    assert censored({"msg": f"<{CORE}s>"}, {"s", f"{CORE}s"}) == {"msg": "<********>"}
