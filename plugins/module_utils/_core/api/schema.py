# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema that a server publishes of its own API: getting it, keeping it on disk, and holding calls against it."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import pathlib
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

from ..model.contract import Reader
from ..model.errors import InvalidOption, PveError

URL = "/pve-docs/api-viewer/apidoc.js"
# What a parameter's schema may say that is checked here; anything else is left to the server.
_RULES = ("type", "optional", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "items", "format")
_ALTERNATIVES = ("oneOf", "anyOf", "allOf")
_SHAPES = {"integer": r"[+-]?\d+", "number": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", "boolean": "[01]"}
_REST = "{volume}"  # a last part that may contain slashes

# What the schema says of a call: {"properties": {name: rules}, "open": whether further names are allowed}
Call = Mapping[str, Any]
Calls = Mapping[str, Mapping[str, Call]]  # by path template and method

_loaded: dict[pathlib.PurePath, Calls] = {}


# --- getting and keeping it ---------------------------------------------------------------------------------------------


def load(reader: Reader) -> Calls:
    """The schema of the server, read from it once for each host and version and kept in the user's cache directory."""
    version = reader.get("/version")
    host = ",".join(endpoint.authority for endpoint in reader.connection.endpoints)
    release = re.sub(r"[^\w.]", "_", f"{version.get('version')}-{version.get('repoid')}")
    name = f"apidoc-{hashlib.sha256(host.encode()).hexdigest()[:16]}"
    file = cache_directory() / f"{name}-{release}.json"
    calls = _loaded.get(file) or _read(file)
    if calls is None:
        calls = parse(reader.document(URL))
        with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
            _write(file, calls, outdated=f"{name}-*.json")
    _loaded[file] = calls
    return calls


def cache_directory() -> pathlib.Path:
    """Where schemas are kept: a directory of the user below XDG_CACHE_HOME."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (
        pathlib.Path(base) if pathlib.Path(base).is_absolute() else pathlib.Path.home() / ".cache"
    ) / "pve.automation"


def _is_ours(path: pathlib.Path) -> bool:
    """Whether nobody else could have put it there or changed it."""
    status = path.lstat()
    return status.st_uid == os.getuid() and not stat.S_ISLNK(status.st_mode) and not status.st_mode & 0o022


def _read(file: pathlib.Path) -> Calls | None:
    try:
        if not (_is_ours(file.parent) and _is_ours(file)):
            return None
        calls: Calls = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return calls


def _write(file: pathlib.Path, calls: Calls, outdated: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_ours(file.parent):
        return
    for old in file.parent.glob(outdated):
        old.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as draft:  # mode 0600
        json.dump(calls, draft, separators=(",", ":"))
    pathlib.Path(draft.name).replace(file)


def parse(script: str) -> Calls:
    """The calls in the text of apidoc.js, which assigns a tree of paths to a constant."""
    try:
        tree, _end = json.JSONDecoder().raw_decode(script, script.index("["))
        calls = dict(_walk(tree))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PveError(f"{URL} of the server is not understood.", hint="Set validate to false.") from None
    return calls


def _walk(nodes: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, dict[str, Call]]]:
    for node in nodes:
        if node.get("info"):
            yield node["path"], {method: _call(info) for method, info in node["info"].items()}
        yield from _walk(node.get("children") or [])


def _call(info: Mapping[str, Any]) -> Call:
    parameters = info.get("parameters") or {}
    alternatives = any(key in parameters for key in _ALTERNATIVES)
    properties = {name: _rules(schema) for name, schema in (parameters.get("properties") or {}).items()}
    return {"properties": properties, "open": alternatives or bool(parameters.get("additionalProperties", 1))}


def _rules(schema: Mapping[str, Any]) -> dict[str, Any]:
    if any(key in schema for key in _ALTERNATIVES):
        return {"optional": 1}
    rules = {key: schema[key] for key in _RULES if key in schema}
    if not isinstance(rules.get("format"), str):
        rules.pop("format", None)
    if "items" in rules:
        rules["items"] = _rules(rules["items"])
    return rules


# --- holding calls against it -------------------------------------------------------------------------------------------


def check_call(calls: Calls, method: str, path: str, params: Mapping[str, Any]) -> None:
    """Raise InvalidOption unless the server knows the call and its parameters fit. Formats of texts are not checked."""
    template = find_template(calls, path)
    methods = calls[template]
    if method not in methods:
        raise InvalidOption("method", f"{template} has no {method}, only {', '.join(sorted(methods))}")
    call = methods[method]
    in_path = set(re.findall(r"\{([^}]+)\}", template))
    properties = {name: rules for name, rules in call["properties"].items() if name not in in_path}
    wrong = [_complaint(name, value, properties, call, in_path) for name, value in params.items() if value is not None]
    missing = [
        f"{name} is missing"
        for name, rules in properties.items()
        if not rules.get("optional") and params.get(name) is None and not name.endswith("[n]")
    ]
    complaints = [text for text in wrong if text] + missing
    if complaints:
        raise InvalidOption("params", f"{method} {template} does not take them: " + "; ".join(complaints))


def find_template(calls: Calls, path: str) -> str:
    """The path of the schema, with its placeholders, that a real path belongs to."""
    parts = path.split("/")
    fits = [template for template in calls if _fits(template.split("/"), parts)]
    if fits:
        return min(fits, key=lambda template: template.count("{"))
    same_length = ["/".join(_filled(known.split("/"), parts)) for known in calls if known.count("/") == path.count("/")]
    raise InvalidOption("path", f"the server has no {path}" + _did_you_mean(path, dict.fromkeys(same_length)))


def _fits(template: list[str], parts: list[str]) -> bool:
    if template[-1] == _REST and len(parts) > len(template):
        parts = [*parts[: len(template) - 1], "/".join(parts[len(template) - 1 :])]
    return len(template) == len(parts) and _filled(template, parts) == parts


def _filled(template: list[str], parts: list[str]) -> list[str]:
    """A path of the schema with the real path's values for its placeholders."""
    return [part if known.startswith("{") else known for known, part in zip(template, parts, strict=True)]


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 3, 0.7)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _complaint(name: str, value: Any, properties: Mapping[str, Any], call: Call, in_path: set[str]) -> str:
    """Why a parameter is wrong, empty if it is not."""
    if name in in_path:
        return f"{name} stands in the path already"
    rules = properties.get(name, properties.get(re.sub(r"\d+$", "[n]", name)))
    if rules is None:
        return "" if call["open"] else f"{name} is unknown{_did_you_mean(name, properties)}"
    reason = _misfit(value, rules)
    return f"{name}: {reason}" if reason else ""


def _misfit(value: Any, rules: Mapping[str, Any]) -> str:
    """Why a value does not fit its rules, empty if it does."""
    items = value if isinstance(value, list) else [value]
    if rules.get("type") == "array":
        rules = rules.get("items", {})
    elif isinstance(value, list) and not str(rules.get("format", "")).endswith("-list"):
        return "takes one value, not a list"
    return next((reason for reason in (_misfit_of_one(item, rules) for item in items) if reason), "")


def _misfit_of_one(value: Any, rules: Mapping[str, Any]) -> str:
    kind = rules.get("type", "string")
    if isinstance(value, bool) and kind != "boolean":
        return f"{str(value).lower()} is a boolean, not of type {kind}"
    text = str(int(value)) if isinstance(value, bool) else str(value)
    if kind in _SHAPES and not re.fullmatch(_SHAPES[kind], text):
        return f"{text!r} is not of type {kind}"
    if "enum" in rules and text not in map(str, rules["enum"]):
        return f"{text!r} is not one of {', '.join(map(str, rules['enum']))}"
    if kind in ("integer", "number"):
        return _out_of_range(float(text), text, "", rules.get("minimum"), rules.get("maximum"))
    if not _matches(rules.get("pattern"), text):
        return f"{text!r} does not match {rules['pattern']}"
    return _out_of_range(len(text), repr(text), " characters", rules.get("minLength"), rules.get("maxLength"))


def _out_of_range(number: float, shown: str, unit: str, least: Any, most: Any) -> str:
    if least is not None and number < float(least):
        return f"{shown} is less than {least}{unit}"
    if most is not None and number > float(most):
        return f"{shown} is more than {most}{unit}"
    return ""


def _matches(pattern: str | None, text: str) -> bool:
    """Whether a text matches; true for a pattern of Perl's that Python cannot read, which is left to the server."""
    try:
        return pattern is None or bool(re.fullmatch(pattern, text))
    except re.error:
        return True
