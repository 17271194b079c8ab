# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options that modules, action plugins and the inventory share, and what they mean together."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback

from ..model.errors import InvalidOption
from .pem import plain

DEFAULT_PORT = 8006
BACKENDS = ("https", "local", "openssh")


def _option(env: str, type_: str = "str", **more: Any) -> dict[str, Any]:
    return {"type": type_, "fallback": (env_fallback, [f"PVE_{env}", f"PROXMOX_{env}"]), **more}


def connection_arguments() -> dict[str, dict[str, Any]]:
    """The argument spec of the connection; the doc fragment ``connection`` describes it."""
    return {
        "api_host": _option("HOST", "list", elements="str"),
        "api_port": _option("PORT", "int"),
        "api_user": _option("USER"),
        "api_password": _option("PASSWORD", no_log=True),
        "api_otp": _option("OTP", no_log=True),
        "api_token_id": _option("TOKEN_ID", no_log=False),
        "api_token_secret": _option("TOKEN_SECRET", no_log=True),
        "validate_certs": _option("VALIDATE_CERTS", "bool", default=True),
        "ca_path": _option("CA_PATH", "path"),
        "api_fingerprint": _option("FINGERPRINT", "list", elements="str"),
        "api_connect_timeout": _option("CONNECT_TIMEOUT", "float", default=10),
        "api_timeout": _option("TIMEOUT", "float", default=60),
        "api_backend": _option("BACKEND", choices=list(BACKENDS), default="https"),
        "api_ssh_user": _option("SSH_USER", default="root"),
        "api_ssh_port": _option("SSH_PORT", "int", default=22),
        "api_ssh_key": _option("SSH_KEY", "path", no_log=False),
    }


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Where an API listens."""

    host: str
    port: int
    prefix: str = ""  # path in front of /api2 behind a reverse proxy

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"https://{self.authority}{self.prefix}"


def parse_endpoint(text: str, port: int | None = None) -> Endpoint:
    """An endpoint from ``host``, ``host:port``, an IPv6 literal (in brackets where a port follows) or an https URL.

    ``port`` is for one that names none.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*", text):
        return Endpoint(text, port or DEFAULT_PORT)
    shape = f"{text!r} is not a host, host:port or https://host:port/prefix"
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        raise InvalidOption("api_host", shape) from None
    try:
        named = parts.port
    except ValueError:
        raise InvalidOption("api_host", f"{text!r} has no valid port") from None
    if parts.scheme != "https":
        raise InvalidOption("api_host", f"{text!r}: PVE speaks HTTPS only")
    if not parts.hostname or re.search(r"\s", text) or parts.username or parts.query or parts.fragment:
        raise InvalidOption("api_host", shape)
    prefix = re.sub(r"(/api2(/json)?)?/*$", "", parts.path)
    # A URL with a path is one of a reverse proxy, which listens where HTTPS does.
    usual = 443 if "://" in text and prefix else DEFAULT_PORT
    return Endpoint(parts.hostname, named or port or usual, prefix)


@dataclasses.dataclass(frozen=True)
class Connection:
    """Validated connection options. ``repr`` shows no secret."""

    backend: str = "https"
    endpoints: tuple[Endpoint, ...] = ()
    user: str = ""
    password: str = dataclasses.field(default="", repr=False)
    otp: str = dataclasses.field(default="", repr=False)
    token: str = ""  # user@realm!id, empty for a login with password
    token_secret: str = dataclasses.field(default="", repr=False)
    validate_certs: bool = True
    ca_path: str = ""
    fingerprints: tuple[str, ...] = ()  # each of 64 lower-case hexadecimal digits; any of them is trusted
    connect_timeout: float = 10
    timeout: float = 60
    ssh_user: str = "root"
    ssh_port: int = 22
    ssh_key: str = ""

    @property
    def identity(self) -> str:
        """Who asks, for messages."""
        return self.token or self.user or f"{self.ssh_user} on the node"

    @property
    def is_root(self) -> bool:
        """Whether root@pam asks in person: PVE keeps some things from every token and every other user."""
        return self.backend != "https" or (not self.token and self.user == "root@pam")

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Connection:
        """The connection that a task's options describe; InvalidOption says what is missing or contradictory."""
        backend = options.get("api_backend") or "https"
        hosts = [host for host in options.get("api_host") or [] if host.strip()]
        common: dict[str, Any] = {
            "backend": backend,
            "connect_timeout": _seconds(options, "api_connect_timeout", 10),
            "timeout": _seconds(options, "api_timeout", 60),
        }
        if backend == "local":
            return cls(**common)
        if not hosts:
            raise InvalidOption("api_host", "is missing", hint="Name a node here, or in the environment as PVE_HOST.")
        endpoints = tuple(parse_endpoint(host, options.get("api_port")) for host in hosts)
        if backend == "openssh":
            for name in ("ssh_user", "ssh_port", "ssh_key"):
                common.update({name: options[f"api_{name}"]} if options.get(f"api_{name}") else {})
            return cls(**common, endpoints=endpoints)
        return cls(**common, endpoints=endpoints, **_credentials(options), **_tls(options))


def _seconds(options: Mapping[str, Any], name: str, default: float) -> float:
    value = options.get(name)
    if value is None:
        return default
    if not 0 < value < math.inf:
        raise InvalidOption(name, "must be more than 0 seconds, and finite")
    return float(value)


def _check_credentials(options: Mapping[str, Any]) -> None:
    """Refuse credentials that cannot be right, before a library shows them in an error of its own."""
    for name, allowed, what in (
        ("api_user", r"[^\s\x00-\x1f\x7f]*", "blanks or control characters"),
        ("api_token_id", r"[!-~]*", "characters other than printable ASCII, or blanks"),
        ("api_token_secret", r"[!-~]*", "characters other than printable ASCII, or blanks"),
        ("api_password", r"[^\x00-\x1f\x7f]*", "control characters"),
        ("api_otp", r"[ -~]*", "characters other than printable ASCII"),
    ):
        text = str(options.get(name) or "")
        if re.search(r"[\r\n]\Z", text):
            raise InvalidOption(
                name,
                "ends with a line break, which is no part of it",
                hint="A block scalar keeps it unless it begins with |-; {{ value | trim }} removes it from any text.",
            )
        if not re.fullmatch(allowed, text) or re.search(r"[\ud800-\udfff]", text):
            raise InvalidOption(name, f"holds {what}")


def is_empty_in_environment(name: str) -> bool:
    """Whether the environment gives an option an empty value, as a controller does for what its credential leaves out."""
    _fallback, variables = connection_arguments()[name]["fallback"]
    return next((os.environ[name] for name in variables if name in os.environ), None) == ""


def _is_from_environment(options: Mapping[str, Any], name: str) -> bool:
    """Whether an option has the value that the environment gives it."""
    value, (_fallback, variables) = options.get(name), connection_arguments()[name]["fallback"]
    return bool(value == next((os.environ[name] for name in variables if name in os.environ), None))


def _credentials(options: Mapping[str, Any]) -> dict[str, Any]:
    _check_credentials(options)
    user = options.get("api_user") or ""
    password, secret = options.get("api_password"), options.get("api_token_secret")
    token_id = options.get("api_token_id") or ""
    by_task = password and not _is_from_environment(options, "api_password")
    if by_task and all(_is_from_environment(options, name) for name in ("api_token_id", "api_token_secret")):
        token_id, secret = "", None  # the task says who asks: a token of the environment must not ask in its place
    if token_id or secret:
        if not (token_id and secret):
            missing = "api_token_secret" if token_id else "api_token_id"
            raise InvalidOption(missing, "is missing: a token has an id and a secret")
        token = token_id if "!" in token_id else f"{user}!{token_id}"
        if not re.fullmatch(r"[^!\s]+@[^!\s@]+![A-Za-z][\w.-]+", token):
            raise InvalidOption(
                "api_token_id", f"{token!r} is not of the form user@realm!id; give it whole, or set api_user"
            )
        return {"token": token, "user": token.partition("!")[0], "token_secret": secret or ""}
    if not password:
        raise InvalidOption("api_password", "is missing: give it, or api_token_id with api_token_secret")
    user = user or "root@pam"
    if "@" not in user:
        raise InvalidOption("api_user", f"{user!r} lacks its realm, as in {user}@pam or {user}@pve")
    return {"user": user, "password": password, "otp": options.get("api_otp") or ""}


def _tls(options: Mapping[str, Any]) -> dict[str, Any]:
    ca_path = options.get("ca_path") or ""
    if ca_path and not os.access(ca_path, os.R_OK):
        raise InvalidOption("ca_path", f"there is no file {ca_path!r} that can be read")
    given = [plain(text) for text in options.get("api_fingerprint") or []]
    fingerprints = tuple(text for text in given if text)
    if not all(re.fullmatch(r"[0-9a-f]{64}", text) for text in fingerprints):
        raise InvalidOption("api_fingerprint", "is not a SHA-256 fingerprint: 64 hexadecimal digits, colons optional")
    validate = options.get("validate_certs")
    if validate is False and options.get("api_fingerprint") is not None and not fingerprints:
        raise InvalidOption(
            "api_fingerprint", "must not be empty with validate_certs: false, or nothing would check the certificate"
        )
    return {
        "ca_path": ca_path,
        "fingerprints": fingerprints,
        "validate_certs": True if validate is None else validate,
    }


def task_arguments() -> dict[str, dict[str, Any]]:
    """Options of modules whose calls run as PVE tasks; the doc fragment ``task`` describes them."""
    return {"wait": {"type": "bool", "default": True}, "timeout": {"type": "int", "default": 600}}
