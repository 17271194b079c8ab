# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACME: challenge plugins, after PVE::API2::ACMEPlugin (pve-manager)."""

from __future__ import annotations

import base64
import binascii

from ..call import Call
from ..errors import ApiError, param_error
from ..routing import endpoint
from ..sections import Section, Sections, change, check_digest, deleted, digest_of, given, sections

BASE = "/cluster/acme"
FIELDS = {"acmedns": ("acme-dns", ("ACMEDNS_USERNAME", "ACMEDNS_PASSWORD", "ACMEDNS_SUBDOMAIN", "ACMEDNS_UPDATE_URL"))}


def plugins(call: Call) -> Sections:
    found = sections(call.cluster, "acme_plugins")
    found.setdefault("standalone", {"type": "standalone"})
    return found


def shown(call: Call, name: str) -> Section:
    return {**plugins(call)[name], "plugin": name, "digest": digest_of(plugins(call))}


def options(call: Call) -> Section:
    """The options given, the plugin's data as the text that came in base64."""
    section = given(call, "id")
    if "data" in section:
        try:
            section["data"] = base64.b64decode(section["data"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise param_error("data", "no valid base64 text") from None
    return section


@endpoint("GET", f"{BASE}/plugins")
def list_plugins(call: Call) -> list[Section]:
    kind = call.params.get("type")
    return [shown(call, name) for name, section in plugins(call).items() if kind in (None, section["type"])]


@endpoint("GET", f"{BASE}/plugins/{{id}}")
def read_plugin(call: Call) -> Section:
    if call.params["id"] not in plugins(call):
        raise ApiError(500, f"ACME plugin '{call.params['id']}' not defined")
    return shown(call, call.params["id"])


@endpoint("POST", f"{BASE}/plugins")
def create_plugin(call: Call) -> None:
    name = call.params["id"]
    if name in plugins(call):
        raise ApiError(500, f"ACME plugin ID '{name}' already exists")
    if call.params["type"] == "dns" and "api" not in call.params:
        raise ApiError(500, "missing value for required option 'api'")
    plugins(call)[name] = options(call)


@endpoint("PUT", f"{BASE}/plugins/{{id}}")
def update_plugin(call: Call) -> None:
    check_digest(call, plugins(call))
    if call.params["id"] not in plugins(call):
        raise ApiError(500, f"ACME plugin ID '{call.params['id']}' does not exist")
    change(plugins(call)[call.params["id"]], options(call), deleted(call))


@endpoint("DELETE", f"{BASE}/plugins/{{id}}")
def delete_plugin(call: Call) -> None:
    plugins(call).pop(call.params["id"], None)


@endpoint("GET", f"{BASE}/challenge-schema")
def challenge_schema(call: Call) -> list[Section]:
    """What a plugin asks for, of those that are known here."""
    return [
        {
            "id": ident,
            "type": "dns",
            "name": name,
            "schema": {"name": name, "fields": {field: {"type": "string", "description": field} for field in fields}},
        }
        for ident, (name, fields) in FIELDS.items()
    ]
