# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd secrets: whatever characters a secret has and whatever a server answers, no part of a result shows it in any spelling.

A case is a task of the examples or of the lifecycle tests with a secret in one of its options or as a credential, run by the
in-process host in check mode or for real, in some cases with a fault. Secrets of fewer than four characters are out of scope:
they cannot be reported from other text. So is a boolean, which ansible-core hides nowhere.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import importlib
import json
import random
import string
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, quote_plus, urlencode

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.https import Response, Transport
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Upload
from ansible_collections.pve.automation.plugins.plugin_utils import _action
from tests.harness.cluster import Cluster, Result
from tests.harness.examples import OptionPath, option_paths, tasks, with_value
from tests.harness.lifecycle_cases import CASES, resource_of
from tests.unit.test_collection import MODULES

CREDENTIALS = ("api_password", "api_otp", "api_token_secret")
AROUND = (
    "", "", " ", "\n", "\r\n", "\t", "'", '"', "'\"", "\\", "\\n", "\\\\", "%", "%41", "%s", "+", "&", "=", "/", "?", "#", "@", ":",
    ".*", "[a", "(", "$", "^x|", "{{", "{%", "ü", "ß\xff", "€", "😀", "\x85", "\u2028", "\x01", "; ", ",", "a b", "-", "~",
    "<b>", "\0",
)  # fmt: skip
WORDS = ("True", "true", "None", "null", "yes!", "0x1F", "1e10", "nan?")  # what something might take for another type
FAULTS = ("", "", "", "dropped before", "dropped after", "403", "500", "repeats", "repeats", "repeats", "repeats")


@dataclasses.dataclass(frozen=True)
class Case:
    """A task with a secret, which the number of the case decides."""

    number: int
    module: str
    options: Mapping[str, Any]
    place: str  # the option that holds the secret
    secret: str
    needs: tuple[tuple[str, Mapping[str, Any]], ...]
    fault: str
    turn: int  # which request the fault strikes
    check_mode: bool

    def __str__(self) -> str:
        mode = ", check mode" if self.check_mode else ""
        fault = f", request {self.turn} {self.fault}" if self.fault else ""
        return f"odd_secrets {self.number}: {self.module}, {self.place}: {self.secret!a:.120}{fault}{mode}"


# --- secrets and where they stand ---------------------------------------------------------------------------------------


def _secret(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.08:
        return chance.choice(WORDS)
    if kind < 0.16:
        return str(chance.randrange(10**5, 10**12))
    core = _core(chance, chance.choice((6, 8, 12, 12, 300)))
    middle = chance.choice(AROUND) if chance.random() < 0.6 else ""
    return f"{chance.choice(AROUND)}{core}{middle}{_core(chance, 5)}{chance.choice(AROUND)}"


def _core(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=length))


def _as_given(text: str) -> Any:
    return text


def _as_number(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _in_url(text: str) -> Any:
    return f"http://u:{text}@proxy.example.com:3128"


def _in_file_url(text: str) -> Any:
    return f"https://u:{text}@files.example.com/a.iso"


def _in_pairs(text: str) -> Any:
    return {"CF_Zone": "zone", "CF_Token": text}


def _in_lines(text: str) -> Any:
    return f"CF_Zone=zone\nCF_Token={text}\n"


def _in_json(text: str) -> Any:
    return json.dumps({"Authorization": text})


def _in_json64(text: str) -> Any:
    return base64.b64encode(_in_json(text).encode()).decode()


def _in_otpauth(text: str) -> Any:
    return f"otpauth://totp/alice@pve?secret={text}&issuer=pve"


def _in_key(text: str) -> Any:
    return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"


Shape = Callable[[str], Any]
MORE: Sequence[tuple[str, Mapping[str, Any], str, Shape]] = (
    ("pve_api", {"path": "/access/users", "method": "POST", "params": {"userid": "odd@pve"}}, "params.password", _as_number),
    ("pve_api", {"path": "/pools", "method": "POST", "params": {"poolid": "odd"}, "secret_params": ["comment"]}, "params.comment",
     _as_number),
    ("pve_api", {"path": "/access/domains", "method": "POST", "params": {"realm": "odd", "type": "ad"}, "validate": True},
     "params.client-key", _as_given),
    ("pve_api", {"path": "/storage/local", "method": "PUT", "params": {}, "get_path": "/storage/local", "ensure": {"x": 1}},
     "params.keyring", _as_given),
    ("pve_cluster_options", {}, "http_proxy", _in_url),
    ("pve_storage_content", {"node": "pve1", "storage": "local", "content": "iso"}, "url", _in_file_url),
    ("pve_storage", {"storage": "odd", "type": "cifs", "server": "192.0.2.9", "share": "s", "username": "u"},
     "password", _as_given),
    ("pve_storage", {"storage": "odd", "type": "pbs", "server": "192.0.2.9", "datastore": "d", "username": "u@pbs"},
     "encryption_key", _as_given),
    ("pve_storage", {"storage": "odd", "type": "cephfs", "monhost": ["192.0.2.9"], "username": "u"}, "keyring", _as_given),
    ("pve_notification_endpoint", {"name": "odd", "type": "gotify", "server": "http://gotify.example.com"}, "token", _as_given),
    ("pve_acme_account", {"contact": ["a@example.com"], "directory": "https://acme.example.com/directory", "eab_kid": "k"},
     "eab_hmac_key", _as_given),
    ("pve_realm", {"realm": "odd", "type": "ldap", "server1": "ldap.example.com", "base_dn": "dc=a", "user_attr": "uid"},
     "password", _as_given),
    ("pve_guests", {"guests": [{"node": "pve1", "vmid": 9301, "ciuser": "x"}]}, "guests.cipassword", _as_number),
    ("pve_guests", {"guests": [{"type": "lxc", "node": "pve1", "vmid": 9302, "rootfs": "local:1",
                                "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"}]},
     "guests.password", _as_number),
    ("pve_guest_agent", {"vmid": 100, "exec": {"argv": ["cat"]}}, "exec.stdin", _as_given),
    ("pve_guest_agent", {"vmid": 100, "password": {"username": "root"}}, "password.password", _as_number),
)  # fmt: skip
SHAPES: Mapping[tuple[str, str], tuple[Shape, ...]] = {
    ("pve_acme_plugin", "data"): (_in_pairs, _in_lines),
    ("pve_metric_server", "otel_headers"): (_in_pairs, _in_json, _in_json64),
    ("pve_node_certificate", "key"): (_in_key, _as_given),
    ("pve_tfa", "totp"): (_in_otpauth, _as_given),
    ("pve_notification_endpoint", "secret"): (_in_pairs, _in_pairs, _as_given),
}

Base = tuple[Mapping[str, Any], tuple[tuple[str, Mapping[str, Any]], ...]]


@functools.cache
def _bases(module: str) -> Sequence[Base]:
    """The tasks of a module that its cases vary, with what they need."""
    lives = [
        (case.stage(stage), case.needs)
        for case in CASES
        if case.module == module
        for stage in ("create", "create", "update", "absent")
    ]
    return [*((options, ()) for options in tasks(module)), *lives] or [({}, ())]


@functools.cache
def _secretive() -> Sequence[tuple[str, OptionPath, bool]]:
    """All options that the argument specs mark as secret: module, path, whether its suboptions stand in a list."""
    found = []
    for module in MODULES:
        spec = resource_of(module).arguments()["argument_spec"]
        for path, row in option_paths(spec):
            if row.get("no_log"):
                found.append((module, path, len(path) > 1 and spec[path[0]].get("type") == "list"))
    return found


def cases(numbers: range) -> Iterator[Case]:
    """One case for each number."""
    for number in numbers:
        chance = random.Random(number)  # no secret
        kind = chance.random()
        secret = _secret(chance)
        made = _of_credential if kind < 0.2 else _of_more if kind < 0.5 else _of_spec
        module, options, place, needs = made(chance, secret)
        spec = resource_of(module).arguments()["argument_spec"]
        if "update_password" in spec and chance.random() < 0.5:
            options = {**options, "update_password": "always"}
        fault = chance.choice(FAULTS)
        turn = chance.choice((0, 1, 2, 3)) if fault != "repeats" else 0
        yield Case(number, module, options, place, secret, needs, fault, turn, chance.random() < 0.3)


Made = tuple[str, Mapping[str, Any], str, tuple[tuple[str, Mapping[str, Any]], ...]]


def _of_credential(chance: random.Random, secret: str) -> Made:
    module = chance.choice(MODULES)
    options, needs = chance.choice(_bases(module))
    name = chance.choice(CREDENTIALS)
    return module, {**options, name: secret}, name, needs


def _of_more(chance: random.Random, secret: str) -> Made:
    module, options, place, shape = chance.choice(MORE)
    return module, with_value(options, tuple(place.split(".")), shape(secret)), place, ()


def _of_spec(chance: random.Random, secret: str) -> Made:
    module, path, rows = chance.choice(_secretive())
    bases = _bases(module)
    fitting = [base for base in bases if path[0] in base[0]]
    options, needs = chance.choice(fitting if fitting and chance.random() < 0.8 else bases)
    place = ".".join(path)
    shape = chance.choice(SHAPES.get((module, place), (_as_given, _as_given, _as_number)))
    return module, with_value(options, path, shape(secret), rows=rows), place, needs


# --- servers that repeat what they were sent -------------------------------------------------------------------------------


@dataclasses.dataclass
class RepeatingTransport:
    """A way to a server that refuses what carries the secret, and repeats in its message what it was sent.

    ``credential``: the secret is one, so that logins and reads carry it as well.
    """

    to_server: Transport
    number: int
    credential: bool

    def send(
        self, method: str, url: str, params: Any, headers: Mapping[str, str], upload: Upload | None = None
    ) -> Response:
        sent = {**(params or {}), **{name: headers[name] for name in ("Authorization",) if name in headers}}
        login = url.endswith("/access/ticket")
        if not sent or (not self.credential and (login or method == "GET")):
            return self.to_server.send(method, url, params, headers, upload)
        chance = random.Random(self.number)  # no secret
        spell = chance.choice(REPETITIONS)
        texts = {name: spell(str(value)) for name, value in sent.items()}
        status = chance.choice((400, 403, 500))
        message = chance.choice(("Parameter verification failed.", f"cannot use {texts}", "; ".join(texts.values())))
        errors = {name: f"invalid: {text}" for name, text in texts.items()}
        body = {"data": None, "message": f"{message}\n", "errors": errors}
        return Response(status, message.partition("\n")[0], body, json.dumps(body))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.to_server, name)


class RepeatingClient(Client):
    """A client of such a server."""

    case: Case

    def _transport(self, index: int) -> Transport:
        to_server = super()._transport(index)
        if self.case.fault != "repeats":
            return to_server
        return RepeatingTransport(to_server, self.case.number, self.case.place in CREDENTIALS)


REPETITIONS: tuple[Callable[[str], str], ...] = (
    str, str, str.strip, repr, lambda text: quote(text, safe="!*'()~"), lambda text: quote(text).lower(),
    json.dumps, quote, quote_plus, lambda text: urlencode({"value": text}),
    lambda text: base64.b64encode(text.encode()).decode(), lambda text: " ".join(text.split()),
    lambda text: next(iter(text.strip().splitlines()), ""), lambda text: json.dumps(text, ensure_ascii=False),
)  # fmt: skip


# --- playing -------------------------------------------------------------------------------------------------------------


def play(cluster: Cluster, case: Case) -> str:
    """Run the task; returns where its result shows the secret, empty if nowhere."""
    try:
        for module, options in case.needs:
            cluster.run(resource_of(module), options)
        _order(cluster, case)
        result = run_in_process(cluster, case)
        shown = [f"{where}: {text[:600]}" for where, text in _texts(result) if shows(text, case.secret)]
        wrong = "\n".join(shown)
    except Exception:  # a traceback is a finding, which the caller reports
        wrong = traceback.format_exc(limit=-6)
    finally:
        cluster.reset()
    return f"{case}\n{wrong}" if wrong else ""


def _order(cluster: Cluster, case: Case) -> None:
    if case.fault.startswith("dropped"):
        cluster.fault(index=_requests_so_far(cluster) + case.turn, drop=case.fault.split()[1])
    elif case.fault.isdecimal():
        header = quote(case.secret) if not case.secret.isprintable() or not case.secret.isascii() else case.secret
        cluster.fault(
            index=_requests_so_far(cluster) + case.turn, status=int(case.fault), reason=f"wrong value {header}"
        )


def _requests_so_far(cluster: Cluster) -> int:
    return len(cluster.control("GET", "requests")["requests"])


def run_in_process(cluster: Cluster, case: Case) -> Result:
    """The result of the task by the in-process host, as the controller gets it."""
    connection = dict(cluster.connection)
    if case.place == "api_token_secret":
        connection = {**cluster.token_connection()}
    made: list[RepeatingClient] = []

    def open_client(connection: Any) -> Client:
        client = RepeatingClient(connection)
        client.sleep = lambda seconds: None
        client.case = case
        made.append(client)
        return client

    host = _host(case)
    with patch.object(_action, "kept_client", open_client):
        try:
            result: Result = host._run_here({**connection, **case.options})
        finally:
            for client in made:
                client.close()
    return result


def _host(case: Case) -> _action.PveAction:
    """The action plugin of the case's module, without the controller around it."""
    plugin = importlib.import_module(f"ansible_collections.pve.automation.plugins.action.{case.module}").ActionModule
    host: _action.PveAction = plugin.__new__(plugin)
    host._task = SimpleNamespace(action=f"pve.automation.{case.module}", check_mode=case.check_mode, async_val=0)
    return host


# --- looking ---------------------------------------------------------------------------------------------------------------


def _texts(value: Any, where: str = "result") -> Iterator[tuple[str, str]]:
    """All texts and numbers in a result, and the names of its dictionaries."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield f"{where}, a name", str(name)
            yield from _texts(item, f"{where}.{name}")
    elif isinstance(value, (list, tuple, set)):
        for number, item in enumerate(value):
            yield from _texts(item, f"{where}[{number}]")
    elif not isinstance(value, bool) and value is not None:
        yield where, str(value)


def shows(text: str, secret: str) -> bool:
    return any(form in text for form in forms(secret))


@functools.lru_cache(maxsize=4)
def forms(secret: str) -> Sequence[str]:
    """Every spelling of a secret from which somebody could read it, and its single lines."""
    found = {secret, secret.strip()}
    for text in tuple(found):
        data = text.encode()
        found.update((json.dumps(text, ensure_ascii=False)[1:-1], quote(data, safe="!*'()~")))
        found.update((repr(text)[1:-1], json.dumps(text)[1:-1], ascii(text)[1:-1], quote(data, safe=""), quote(data)))
        found.update((quote_plus(data), base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()))
        found.add(base64.b64encode(data).decode().rstrip("="))
    # In base64 of something longer, the same bytes look different by where they begin.
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + secret.encode()).decode()
        found.add(coded[4 if offset else 0 : -4])
    found.update(line.strip() for line in secret.splitlines())
    return sorted(form for form in found if len(form) >= 4)
