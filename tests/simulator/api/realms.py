# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication realms ("domains")."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .. import property_string
from ..call import Call
from ..errors import ApiError, not_simulated, param_error
from ..parameters import split_list
from ..routing import endpoint
from ..sections import as_written
from ..state import Cluster

REQUIRED = {
    "ad": ("server1", "domain"),
    "ldap": ("server1", "base_dn", "user_attr"),
    "openid": ("issuer-url", "client-id"),
}
BUILTIN: dict[str, dict[str, Any]] = {
    "pam": {"type": "pam", "plugin": "PVE::Auth::PAM", "comment": "Linux PAM standard authentication"},
    "pve": {"type": "pve", "comment": "Proxmox VE authentication server"},
}
CONTROL = frozenset({"realm", "delete", "digest", "check-connection", "password"})
MODIFIED = "detected modified configuration - file changed by other user? Try again."


def digest(cluster: Cluster) -> str:
    """The digest of the one file that holds all realms."""
    return hashlib.sha1(json.dumps(cluster.realms, sort_keys=True).encode()).hexdigest()


def _settings(call: Call) -> dict[str, Any]:
    """The options that a call gives, property strings in the order that the server writes."""
    settings = {name: value for name, value in call.params.items() if name not in CONTROL}
    text = settings.get("sync-defaults-options")
    if text:
        form = call.cluster.areas["facts"].formats.get("@sync-defaults-options", {})
        settings["sync-defaults-options"] = property_string.join(property_string.split(text, form), form)
    return settings


def _set_default(cluster: Cluster, name: str) -> None:
    """Only one realm is the default."""
    for other, config in cluster.realms.items():
        if other != name:
            config.pop("default", None)


@endpoint("GET", "/access/domains")
def list_realms(call: Call) -> list[dict[str, Any]]:
    shown = ("type", "comment", "default", "tfa")
    return [
        {"realm": name, **{key: config[key] for key in shown if config.get(key)}}
        for name, config in call.cluster.realms.items()
    ]


@endpoint("GET", "/access/domains/{realm}")
def read_realm(call: Call) -> dict[str, Any]:
    name = call.params["realm"]
    if name not in call.cluster.realms:
        raise ApiError(500, f"domain '{name}' does not exist")
    return {**call.cluster.realms[name], "digest": digest(call.cluster)}


@endpoint("POST", "/access/domains")
def create_realm(call: Call) -> None:
    name, kind = call.params["realm"], call.params["type"]
    failure = "add auth server failed: "
    if name in call.cluster.realms:
        raise ApiError(500, f"{failure}domain '{name}' already exists")
    if kind in BUILTIN:
        raise ApiError(500, f"{failure}unable to create builtin type '{kind}'")
    for required in REQUIRED[kind]:
        if required not in call.params:
            raise ApiError(500, f"{failure}missing value for required option '{required}'")
    call.cluster.realms[name] = as_written(_settings(call), failure)
    if call.params.get("default"):
        _set_default(call.cluster, name)
    call.cluster.touch()


@endpoint("PUT", "/access/domains/{realm}")
def update_realm(call: Call) -> None:
    name, failure = call.params["realm"], "update auth server failed: "
    if call.given("digest") and call.params["digest"] != digest(call.cluster):
        raise ApiError(500, failure + MODIFIED)
    config = call.cluster.realms.get(name)
    if config is None:
        source = "/usr/share/perl5/PVE/API2/Domains.pm line 261."
        raise ApiError(500, f"{failure}cannot lookup undefined type! at {source}")
    deleted = split_list(call.params.get("delete"))
    for required in REQUIRED.get(config["type"], ()):
        if required in deleted:
            raise ApiError(500, f"{failure}section '{name}' - missing value for required option '{required}'")
    kept = {option: value for option, value in config.items() if option == "type" or option not in deleted}
    call.cluster.realms[name] = as_written({**kept, **_settings(call)}, failure)
    if call.params.get("default"):
        _set_default(call.cluster, name)


@endpoint("DELETE", "/access/domains/{realm}")
def delete_realm(call: Call) -> None:
    name = call.params["realm"]
    if name not in call.cluster.realms:
        raise ApiError(500, f"delete auth server failed: authentication domain '{name}' does not exist")
    del call.cluster.realms[name]
    if name in BUILTIN:  # these two come back with their defaults
        call.cluster.realms[name] = dict(BUILTIN[name])
    call.cluster.touch()


@endpoint("POST", "/access/domains/{realm}/sync")
def sync_realm(call: Call) -> None:
    config = call.cluster.realms.get(call.params["realm"])
    if config is None:
        raise param_error("realm", "Realm does not exist.")
    if config["type"] not in ("ldap", "ad"):
        raise ApiError(500, f"Cannot sync realm type '{config['type']}'! Only LDAP/AD realms can be synced.")
    raise not_simulated("syncing a realm with a directory server")
