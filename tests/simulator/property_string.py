# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property strings ("virtio=BC:24:..,bridge=vmbr0") as PVE reads and writes them.

Own implementation of the simulator, made from the published behaviour of PVE's JSONSchema
(pve-common src/PVE/JSONSchema.pm, parse_property_string and print_property_string).
A format maps the names of the parts to their schema: {"bridge": {"type": "string", "optional": 1}, ...}.
"""

from __future__ import annotations

from typing import Any

Format = dict[str, dict[str, Any]]

TRUE_WORDS = frozenset({"1", "on", "yes", "true"})
FALSE_WORDS = frozenset({"0", "off", "no", "false"})


class PropertyStringError(ValueError):
    """The text cannot be split into parts; its argument is PVE's sentence."""


def boolean(text: str) -> str:
    """ "1" or "0" for the words that PVE takes as booleans inside property strings, anything else unchanged."""
    word = text.lower()
    return "1" if word in TRUE_WORDS else "0" if word in FALSE_WORDS else text


def default_key(fmt: Format) -> str | None:
    return next((name for name, part in fmt.items() if part.get("default_key")), None)


def split(text: str, fmt: Format) -> dict[str, str]:
    """The parts by their real names: aliases resolved, booleans as "1" and "0", values otherwise unchecked."""
    parts: dict[str, str] = {}
    default_seen = False
    for item in text.split(","):
        if not item.strip():
            continue
        name, equals, value = item.partition("=")
        if not equals:
            key = default_key(fmt)
            if key is None:
                raise PropertyStringError("value without key, but schema does not define a default key")
            if default_seen or key in parts:
                raise PropertyStringError(f"duplicate key in comma-separated list property: {key}")
            default_seen = True
            name, value = key, item
        elif not name or not value:
            raise PropertyStringError("missing key in comma-separated list property")
        schema = fmt.get(name, {})
        if alias := schema.get("alias"):
            if key_alias := schema.get("keyAlias"):
                if key_alias in parts:
                    raise PropertyStringError(f"key alias '{key_alias}' is already defined")
                parts[key_alias] = name
            name, schema = alias, fmt.get(alias, {})
        if name in parts:
            raise PropertyStringError(f"duplicate key in comma-separated list property: {name}")
        parts[name] = boolean(value) if schema.get("type") == "boolean" else value
    return parts


def join(parts: dict[str, Any], fmt: Format) -> str:
    """The text PVE writes: the default key's bare value, required parts, then the others, each by name."""
    first = default_key(fmt)
    required = sorted(name for name in parts if name != first and not fmt.get(name, {}).get("optional"))
    others = sorted(name for name in parts if name != first and fmt.get(name, {}).get("optional"))
    texts = [str(parts[first])] if first in parts else []
    return ",".join(texts + [f"{name}={parts[name]}" for name in required + others])
