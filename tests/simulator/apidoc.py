# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema that a server publishes of itself, /pve-docs/api-viewer/apidoc.js."""

from __future__ import annotations

import json
from typing import Any

from .facts import Facts


def apidoc(facts: Facts) -> str:
    """The script that a browser of the API loads: const apiSchema = [tree];"""
    roots: list[dict[str, Any]] = []
    nodes: dict[str, dict[str, Any]] = {}
    for (method, path), endpoint in facts.endpoints.items():
        if path != "/":
            _node(path, roots, nodes)["info"][method] = _info(endpoint.facts, facts.formats)
    return f"const apiSchema = {json.dumps(roots, separators=(',', ':'))}\n;\n"


def _node(path: str, roots: list[dict[str, Any]], nodes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The tree's node of a path, made with those above it when missing."""
    if path in nodes:
        return nodes[path]
    parent, _separator, text = path.rpartition("/")
    node: dict[str, Any] = {"path": path, "text": text, "leaf": 1, "info": {}}
    nodes[path] = node
    if parent:
        above = _node(parent, roots, nodes)
        above["leaf"] = 0
        above.setdefault("children", []).append(node)
    else:
        roots.append(node)
    return node


def _info(source: dict[str, Any], formats: dict[str, Any]) -> dict[str, Any]:
    parameters = {name: _schema(facts, formats) for name, facts in source["parameters"].items()}
    info: dict[str, Any] = {
        key: source[key] for key in ("method", "name", "permissions", "protected", "proxyto") if key in source
    }
    info["allowtoken"] = source.get("allowtoken", 1)
    info["parameters"] = {"additionalProperties": source.get("additionalProperties", 1), "properties": parameters}
    return info


def _schema(facts: dict[str, Any], formats: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema with its property format spelled out."""
    schema = dict(facts)
    form = schema.get("format")
    if form in formats:
        schema["format"] = {name: _schema(part, formats) for name, part in formats[form].items()}
    if "items" in schema:
        schema["items"] = _schema(schema["items"], formats)
    return schema
