# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options: every form of host, credentials and trust, and what is said when one is missing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import (
    Connection,
    connection_arguments,
    parse_endpoint,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption

FINGERPRINT = ":".join(["AB"] * 32)
TOKEN = {"api_host": ["pve"], "api_token_id": "u@pve!t1", "api_token_secret": "s"}
PASSWORD = {"api_host": ["pve"], "api_password": "p"}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("pve", "https://pve:8006"),
        (" pve.example.com ", "https://pve.example.com:8006"),
        ("pve:443", "https://pve:443"),
        ("192.0.2.1", "https://192.0.2.1:8006"),
        ("192.0.2.1:8007", "https://192.0.2.1:8007"),
        ("2001:db8::1", "https://[2001:db8::1]:8006"),
        ("::1", "https://[::1]:8006"),
        ("::ffff:192.0.2.1", "https://[::ffff:192.0.2.1]:8006"),
        ("[2001:db8::1]", "https://[2001:db8::1]:8006"),
        ("[2001:db8::1]:443", "https://[2001:db8::1]:443"),
        ("https://pve", "https://pve:8006"),
        ("https://pve:443/", "https://pve:443"),
        ("https://pve:8006/api2/json", "https://pve:8006"),
        ("https://proxy.example.com/pve", "https://proxy.example.com:443/pve"),
        ("https://proxy.example.com:8443/a/b/api2/json/", "https://proxy.example.com:8443/a/b"),
        ("https://[2001:db8::1]/pve", "https://[2001:db8::1]:443/pve"),
    ],
)
def test_forms_of_a_host(text: str, url: str) -> None:
    assert parse_endpoint(text).url == url


def test_the_port_option_is_for_hosts_that_name_none() -> None:
    connection = Connection.from_options(
        {**PASSWORD, "api_host": ["a", "b:1", "::1", "https://c/pve"], "api_port": 444}
    )
    assert [endpoint.authority for endpoint in connection.endpoints] == ["a:444", "b:1", "[::1]:444", "c:444"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://pve", "PVE speaks HTTPS only"),
        ("pve:port", "has no valid port"),
        ("pve:99999", "has no valid port"),
        ("https://", "is not a host, host:port or https://host:port/prefix"),
        ("https://root:pw@pve", "is not a host"),
        ("https://pve/?x=1", "is not a host"),
        ("[::1", "is not a host"),
        ("two words", "is not a host"),
    ],
)
def test_what_is_no_host(text: str, reason: str) -> None:
    with pytest.raises(InvalidOption, match=f"api_host: .*{reason}"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("options", "token"),
    [
        ({"api_token_id": "u@pve!t1"}, "u@pve!t1"),
        ({"api_user": "u@pve", "api_token_id": "t1"}, "u@pve!t1"),
        ({"api_user": "other@pam", "api_token_id": "u@pve!t1"}, "u@pve!t1"),
        ({"api_user": "u.v-w@my-realm", "api_token_id": "a-b.c_d"}, "u.v-w@my-realm!a-b.c_d"),
        ({"api_user": "u@pve", "api_token_id": "t1", "api_password": "p"}, "u@pve!t1"),
    ],
)
def test_forms_of_a_token(options: dict[str, Any], token: str) -> None:
    connection = Connection.from_options({"api_host": ["pve"], "api_token_secret": "s", **options})
    assert (connection.token, connection.token_secret, connection.password) == (token, "s", "")
    assert connection.identity == token


def test_a_password_without_a_user_is_root_s() -> None:
    connection = Connection.from_options({**PASSWORD, "api_otp": "123456"})
    assert (connection.user, connection.password, connection.otp) == ("root@pam", "p", "123456")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"api_password": "p"}, "api_host: is missing. Name a node here, or in the environment as PVE_HOST."),
        ({"api_host": [" "], "api_password": "p"}, "api_host: is missing"),
        ({"api_host": ["pve"]}, "api_password: is missing: give it, or api_token_id with api_token_secret"),
        ({"api_host": ["pve"], "api_token_id": "u@pve!t"}, "api_token_secret: is missing"),
        ({"api_host": ["pve"], "api_token_secret": "s"}, "api_token_id: is missing"),
        ({**TOKEN, "api_token_id": "t1"}, "api_token_id: '!t1' is not of the form user@realm!id"),
        ({**TOKEN, "api_token_id": "u!t1"}, "api_token_id: 'u!t1' is not of the form user@realm!id"),
        ({**PASSWORD, "api_user": "admin"}, "api_user: 'admin' lacks its realm, as in admin@pam or admin@pve"),
        ({**PASSWORD, "api_timeout": 0}, "api_timeout: must be more than 0 seconds"),
        ({**PASSWORD, "api_connect_timeout": -1}, "api_connect_timeout: must be more than 0 seconds"),
        ({**PASSWORD, "api_timeout": float("inf")}, "api_timeout: must be more than 0 seconds, and finite"),
        ({**PASSWORD, "api_timeout": float("nan")}, "api_timeout: must be more than 0 seconds, and finite"),
        (
            {**PASSWORD, "validate_certs": False, "api_fingerprint": [""]},
            "api_fingerprint: must not be empty with validate_certs: false",
        ),
        ({**PASSWORD, "ca_path": "/no/such.pem"}, "ca_path: there is no file '/no/such.pem' that can be read"),
        ({**PASSWORD, "api_fingerprint": [FINGERPRINT, "AB:CD"]}, "api_fingerprint: is not a SHA-256 fingerprint"),
    ],
)
def test_what_is_missing_or_wrong_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption) as refusal:
        Connection.from_options(options)
    assert str(refusal.value).startswith(message)


def test_fingerprints_with_and_without_colons() -> None:
    for text in (FINGERPRINT, FINGERPRINT.lower(), FINGERPRINT.replace(":", "")):
        assert Connection.from_options({**TOKEN, "api_fingerprint": [text]}).fingerprints == ("ab" * 32,)


def test_each_node_has_a_fingerprint_of_its_own() -> None:
    connection = Connection.from_options({**TOKEN, "api_fingerprint": [FINGERPRINT, "", "cd" * 32]})
    assert connection.fingerprints == ("ab" * 32, "cd" * 32)


def test_certificates_are_verified_unless_that_is_switched_off() -> None:
    assert Connection.from_options(TOKEN).validate_certs
    assert not Connection.from_options({**TOKEN, "validate_certs": False}).validate_certs


def test_a_node_itself_needs_no_credentials() -> None:
    local = Connection.from_options({"api_backend": "local"})
    assert (local.backend, local.endpoints) == ("local", ())
    shell = Connection.from_options(
        {"api_backend": "openssh", "api_host": ["pve"], "api_ssh_port": 23, "api_ssh_user": "a"}
    )
    assert (shell.endpoints[0].host, shell.ssh_port, shell.ssh_user) == ("pve", 23, "a")
    with pytest.raises(InvalidOption, match="api_host: is missing"):
        Connection.from_options({"api_backend": "openssh"})


def test_no_secret_is_in_the_repr() -> None:
    connection = Connection.from_options({**PASSWORD, "api_password": "s3cret", "api_otp": "s3cret"})
    assert "s3cret" not in repr(connection)
    assert "s3cret" not in repr(Connection.from_options({**TOKEN, "api_token_secret": "s3cret"}))


def from_environment(monkeypatch: pytest.MonkeyPatch, **environment: Any) -> Any:
    for name in ("HOST", "PORT", "USER", "PASSWORD", "TOKEN_ID", "TOKEN_SECRET", "VALIDATE_CERTS", "FINGERPRINT"):
        for prefix in ("PVE_", "PROXMOX_"):
            monkeypatch.delenv(prefix + name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    checked = ArgumentSpecValidator(connection_arguments()).validate({})
    assert checked.error_messages == []
    return Connection.from_options(checked.validated_parameters)


def test_the_environment_stands_in_for_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = from_environment(
        monkeypatch,
        PVE_HOST="a,b:1",
        PVE_PORT="443",
        PVE_TOKEN_ID="u@pve!t1",
        PVE_TOKEN_SECRET="s",
        PVE_VALIDATE_CERTS="no",
        PVE_FINGERPRINT=FINGERPRINT,
        PVE_TIMEOUT="2.5",
    )
    assert [endpoint.authority for endpoint in connection.endpoints] == ["a:443", "b:1"]
    assert (connection.token, connection.validate_certs, connection.timeout) == ("u@pve!t1", False, 2.5)
    assert connection.fingerprints == ("ab" * 32,)


def test_the_names_of_the_elder_collection_come_second(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = from_environment(
        monkeypatch, PVE_HOST="ours", PROXMOX_HOST="theirs", PROXMOX_USER="u@pve", PROXMOX_PASSWORD="p"
    )
    assert (connection.endpoints[0].host, connection.user, connection.password) == ("ours", "u@pve", "p")


def test_every_option_has_a_fallback_in_the_environment_and_secrets_are_not_logged() -> None:
    for name, row in connection_arguments().items():
        own, elder = row["fallback"][1]
        assert own.startswith("PVE_"), name
        assert elder.startswith("PROXMOX_"), name
    hidden = {name for name, row in connection_arguments().items() if row.get("no_log")}
    assert hidden == {"api_password", "api_otp", "api_token_secret"}


def test_an_option_inside_another_one_keeps_reason_and_hint() -> None:
    error = InvalidOption("net", "no: colon", hint="Do this.").inside("rules[2]").inside("guests[0] (web1)", ": ")
    assert (error.option, error.reason, error.hint) == ("guests[0] (web1): rules[2].net", "no: colon", "Do this.")
    assert str(error) == "guests[0] (web1): rules[2].net: no: colon. Do this."


@pytest.mark.parametrize(
    ("given", "token", "password"),
    [
        ({"api_password": "of the task"}, "", "of the task"),
        ({"api_password": "of the environment"}, "env@pve!t1", ""),
        ({}, "env@pve!t1", ""),
        ({"api_password": "of the task", "api_token_id": "own@pve!t1", "api_token_secret": "own"}, "own@pve!t1", ""),
    ],
)
def test_a_token_of_the_environment_does_not_replace_a_password_of_the_task(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], token: str, password: str
) -> None:
    surroundings = {"TOKEN_ID": "env@pve!t1", "TOKEN_SECRET": "secret", "PASSWORD": "of the environment"}
    for name, value in surroundings.items():
        monkeypatch.setenv(f"PVE_{name}", value)
    taken_over = {f"api_{name.lower()}": value for name, value in surroundings.items()}
    connection = Connection.from_options({"api_host": ["pve1"], **taken_over, **given})
    assert (connection.token, connection.password) == (token, password)
