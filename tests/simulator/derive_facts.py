# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Derive data/facts-9.2.json, the calls and parameters of the API, from a dump of the API's own schema.

    python -m tests.simulator.derive_facts SCHEMA.json tests/simulator/data/facts-9.2.json

Only facts are kept (names, types, enumerations, bounds, permissions), no descriptive text. Property formats that occur
more than once are kept once, under a name that starts with "@". The output holds one endpoint per line.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ENDPOINT_KEYS = ("permissions", "protected", "proxyto", "additionalProperties", "download_allowed", "variants")
PARAMETER_KEYS = (
    "type", "optional", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "default", "requires",
    "default_key", "alias", "keyAlias", "type-property", "instance-types",
)  # fmt: skip


def derive(schema: dict[str, Any]) -> dict[str, Any]:
    """The facts of a schema: {version, release, formats: {name: {...}}, endpoints: [...]}."""
    formats: dict[str, Any] = {}
    endpoints = [_endpoint(source, schema["endpoints"], formats) for source in schema["endpoints"]]
    return {"version": schema["version"], "release": schema["release"], "formats": formats, "endpoints": endpoints}


def _endpoint(source: dict[str, Any], everything: list[dict[str, Any]], formats: dict[str, Any]) -> dict[str, Any]:
    facts = {key: source[key] for key in ("method", "path", "name")}
    facts.update({key: source[key] for key in ENDPOINT_KEYS if key in source and source[key] not in (None, {})})
    facts.get("permissions", {}).pop("description", None)
    if not source.get("allowtoken", 1):
        facts["allowtoken"] = 0
    if source["method"] == "GET":
        index = _index(source, everything)
        if index:
            facts["index"] = index
    parameters = source["parameters"]
    facts["parameters"] = {name: _parameter(name, parameters[name], formats) for name in sorted(parameters)}
    return facts


def _index(source: dict[str, Any], everything: list[dict[str, Any]]) -> str | None:
    """The key under which a call that lists its fixed children names them, for example "subdir"."""
    prefix = source["path"].rstrip("/") + "/"
    children = {other["path"][len(prefix) :].split("/")[0] for other in everything if other["path"].startswith(prefix)}
    if not any(child and not child.startswith("{") for child in children):
        return None
    returns = source.get("returns") or {}
    properties = returns.get("items", {}).get("properties", {}) if returns.get("type") == "array" else None
    if properties is None or len(properties) > 1:
        return None
    return next(iter(properties), "name")


def _parameter(name: str, source: dict[str, Any], formats: dict[str, Any]) -> dict[str, Any]:
    facts = {key: source[key] for key in PARAMETER_KEYS if key in source}
    if "pattern" in facts:
        facts["pattern"] = _plain_pattern(facts["pattern"])
    if "items" in source:
        facts["items"] = _parameter(name, source["items"], formats)
    if "oneOf" in source:
        facts["oneOf"] = [_parameter(name, variant, formats) for variant in source["oneOf"]]
    form = source.get("format")
    if isinstance(form, dict):
        facts["format"] = _shared(name, {key: _parameter(key, form[key], formats) for key in sorted(form)}, formats)
    elif form is not None:
        facts["format"] = form
    return facts


def _shared(name: str, form: dict[str, Any], formats: dict[str, Any]) -> str:
    """The name under which a property format is kept; the same format gets the same name."""
    base = "@" + re.sub(r"\[n\]$", "", name)
    number = 1
    while True:
        candidate = base if number == 1 else f"{base}-{number}"
        if formats.setdefault(candidate, form) == form:
            return candidate
        number += 1


def _plain_pattern(pattern: str) -> str:
    """The pattern without Perl's way of writing a compiled expression, (?^:...) and (?^i:...)."""
    return re.sub(r"\(\?\^(\w*):", lambda match: f"(?{match[1]}:" if match[1] else "(?:", pattern)


def write(facts: dict[str, Any], target: Path) -> None:
    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    formats = ",\n".join(f"{line(name)}:{line(form)}" for name, form in sorted(facts["formats"].items()))
    endpoints = ",\n".join(line(endpoint) for endpoint in facts["endpoints"])
    head = f'"version":{line(facts["version"])},"release":{line(facts["release"])}'
    target.write_text(f'{{{head},\n"formats":{{\n{formats}\n}},\n"endpoints":[\n{endpoints}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    write(derive(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), Path(sys.argv[2]))
