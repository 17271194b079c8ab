# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any call of the API, with what makes a raw call repeatable: looking first, and checking it against the schema."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from ...api import schema as apidoc
from ...api.connection import task_arguments
from ...guests.ha_requests import MANAGER
from ...model.contract import Reader, Resource
from ...model.errors import InvalidOption, NotFound
from ...model.plan import Plan, Step
from ...model.values import split_list

METHODS = ("GET", "POST", "PUT", "DELETE")
FORMATS = ("json", "extjs", "html", "text")
_SECRET = re.compile(
    r"pass(word|wd|phrase)|secret|credential|keyring|(^|[-_])(key|token|otp|challenge)$", re.IGNORECASE
)


@dataclasses.dataclass(frozen=True)
class CallDesired:
    """A call. ``get_path`` is read before a write, empty if nothing is; ``secrets`` names the parameters to hide."""

    method: str
    path: str
    params: Mapping[str, Any]
    secrets: frozenset[str]
    format: str
    get_path: str
    ensure: Any
    validate: bool


class ApiCall(Resource[CallDesired, Any]):
    """A GET reads. A write is a plan of one step, or of none if ``get_path`` shows that it is not needed."""

    name = "data"
    checks_calls = False  # the user says what is sent
    hides_values = True

    def arguments(self) -> dict[str, Any]:
        spec = {
            "path": {"type": "str", "required": True},
            "method": {"type": "str", "choices": [*METHODS, *map(str.lower, METHODS)], "default": "GET"},
            "params": {"type": "dict"},
            "secret_params": {"type": "list", "elements": "str", "no_log": False},
            "format": {"type": "str", "choices": list(FORMATS), "default": "json"},
            "get_path": {"type": "str"},
            "ensure": {"type": "dict"},
            "validate": {"type": "bool", "default": False},
        }
        return {"argument_spec": {**spec, **task_arguments()}}

    def may_be_empty(self) -> set[str]:
        """Parameters may be none, and ``ensure`` may ask for no more than that there is an answer."""
        return {"params", "secret_params", "ensure"}

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        given = params.get("params")
        if not isinstance(given, dict):
            return {given} if isinstance(given, str) and given else set()
        names = _secret_names(given, params.get("secret_params"))
        return {text for name in names for text in _leaves(given[name]) if text}

    def parse(self, params: Mapping[str, Any]) -> CallDesired:
        method, api_format, ensure = params["method"].upper(), params["format"], params["ensure"]
        path = clean_path("path", params["path"], api_format)
        if method != "GET" and params["path"].strip().endswith("/"):
            raise InvalidOption(
                "path",
                f"{params['path']!r} ends in an empty part",
                hint="Leave the last slash out, or give what is missing after it: a variable may be empty.",
            )
        get_path = clean_path("get_path", params["get_path"], "json") if params["get_path"] else ""
        _refuse_contradictions(method, api_format, get_path, ensure)
        values = params["params"] or {}
        for name, value in values.items():
            items = value if isinstance(value, list) else [value]
            if any(isinstance(item, (dict, list)) for item in items):
                raise InvalidOption("params", f"{name} is nested; the API takes texts, such as 'virtio,bridge=vmbr0'")
        return CallDesired(
            method=method,
            path=path,
            params=values,
            secrets=_secret_names(values, params["secret_params"]),
            format=api_format,
            get_path=get_path or (path if ensure is not None else ""),
            ensure=ensure,
            validate=params["validate"],
        )

    def read(self, reader: Reader, desired: CallDesired) -> Any:
        if desired.validate:
            apidoc.check_call(apidoc.load(reader), desired.method, desired.path, desired.params)
        if desired.method == "GET":
            return reader.get(desired.path, desired.params, api_format=desired.format)
        if not desired.get_path:
            return None
        try:
            return reader.get(desired.get_path)
        except NotFound:
            return None

    def remember(self, observed: Any, desired: CallDesired) -> CallDesired:
        """The call is checked once."""
        return dataclasses.replace(desired, validate=False)

    def plan(self, observed: Any, desired: CallDesired) -> Plan:
        if desired.method == "GET":
            return Plan.nothing(observed)
        if not desired.get_path:
            return Plan(None, None, (self._step(desired),))
        if desired.method == "DELETE":
            return Plan.nothing(None) if observed is None else Plan(_shown(observed, {}), None, (self._step(desired),))
        if observed is not None and contains(observed, desired.ensure):
            return Plan.nothing(observed)
        before = _shown(observed, desired.ensure)
        after = {key: value for key, value in {**before, **desired.ensure}.items() if value is not None}
        return Plan(before, after, (self._step(desired),))

    def _step(self, desired: CallDesired) -> Step:
        looked = bool(desired.get_path)
        guest = re.match(r"/nodes/[^/]+/(?:qemu|lxc)/(\d+)(?:/|$)", desired.path)
        return Step(
            desired.method,
            desired.path,
            desired.params,
            summary=f"{desired.method} {desired.path}",
            secrets=desired.secrets,
            starts_task=desired.path.startswith(("/nodes/", "/cluster/")),
            returns={"data": ""},
            verify=looked,
            repeatable=looked,
            task_id=guest[1] if guest else "",
            awaits=MANAGER if guest else None,
            api_format=desired.format,
        )


def _leaves(value: Any) -> list[str]:
    """The single values of anything as texts; booleans and null are no secrets."""
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _leaves(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _leaves(item)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def _secret_names(values: Mapping[str, Any], named: list[str] | None) -> frozenset[str]:
    return frozenset(name for name in values if name in (named or []) or _SECRET.search(name))


def _refuse_contradictions(method: str, api_format: str, get_path: str, ensure: Any) -> None:
    if method == "GET" and (get_path or ensure is not None):
        raise InvalidOption("get_path" if get_path else "ensure", "belongs to a method that writes, not to GET")
    if method == "DELETE" and ensure is not None:
        raise InvalidOption("ensure", "says nothing about a DELETE; with get_path it is made only if that exists")
    if method in ("POST", "PUT") and get_path and ensure is None:
        raise InvalidOption("get_path", f"needs ensure with {method}: what to look for in the answer")
    if method != "GET" and api_format in ("html", "text"):
        raise InvalidOption("format", f"{api_format} is for GET; a call that writes answers as json or extjs")


def clean_path(option: str, text: str, api_format: str) -> str:
    """The path below /api2/FORMAT, which may be in front of it. What is percent-encoded stays, the rest is made safe."""
    path = "/" + text.strip().strip("/")
    prefix = re.match(r"/api2(?:/(\w+))?(?=/|$)", path)
    if prefix:
        if prefix[1] != api_format:
            raise InvalidOption(option, f"{prefix[0]} does not fit the format {api_format}; leave it out")
        path = path[prefix.end() :] or "/"
    if "?" in path or "#" in path:
        raise InvalidOption(option, f"{text!r} holds parameters or a fragment; give parameters by params")
    parts = path.split("/")[1:]
    if path != "/" and any(unquote(part) in ("", ".", "..") for part in parts):
        raise InvalidOption(option, f"{text!r} has an empty part, or one that leads elsewhere")
    return quote(path, safe="/%:@!,+=~")


def contains(answer: Any, wanted: Any) -> bool:
    """Whether an answer has all that is wanted; of a list, whether one of its items has.

    Values are equal as PVE takes them: true is 1, 2 is "2", a list is the same in any order and as comma-separated text.
    None wants a key to be absent.
    """
    if isinstance(wanted, Mapping):
        if isinstance(answer, list):
            return any(contains(item, wanted) for item in answer)
        return isinstance(answer, Mapping) and all(contains(answer.get(key), item) for key, item in wanted.items())
    if wanted is None or answer is None:
        return wanted is answer or wanted == ""
    if isinstance(wanted, list):
        if any(isinstance(item, (dict, list)) for item in wanted):
            return isinstance(answer, list) and all(any(contains(have, item) for have in answer) for item in wanted)
        return sorted(map(_text, wanted)) == sorted(
            map(_text, answer if isinstance(answer, list) else split_list(answer))
        )
    return _text(answer) == _text(wanted)


def _text(value: Any) -> str:
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return str(value).rstrip()


def _shown(current: Any, ensure: Mapping[str, Any]) -> dict[str, Any]:
    """What the diff shows of the present state: the keys in question, or all; nothing of a list."""
    if not isinstance(current, Mapping):
        return {}
    return {key: current[key] for key in ensure if key in current} if ensure else dict(current)


API = ApiCall()
