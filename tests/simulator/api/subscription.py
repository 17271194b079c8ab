# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscription of a node: after PVE::API2::Subscription (pve-manager).

The shop is the simulator's own: it knows every key but those that end with ten zeros.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ..call import Call
from ..errors import ApiError
from ..routing import endpoint

BASE = "/nodes/{node}/subscription"
URL = "https://www.proxmox.com/en/proxmox-virtual-environment/pricing"
LEVELS = {"c": "Community", "b": "Basic", "s": "Standard", "p": "Premium"}
SOCKETS = 1
LOCAL_KEY_DAYS = 15


def stored(call: Call) -> dict[str, Any] | None:
    found: dict[str, Any] | None = call.cluster.nodes[str(call.node)].extra.get("subscription")
    return found


def store(call: Call, info: dict[str, Any] | None) -> None:
    call.cluster.nodes[str(call.node)].extra["subscription"] = info


def is_active(call: Call) -> bool:
    return (stored(call) or {}).get("status") == "active"


def server_id(call: Call) -> str:
    return hashlib.md5(str(call.node).encode()).hexdigest().upper()


def checked(call: Call, key: str) -> dict[str, Any]:
    """What the shop says about a key."""
    now = call.cluster.now()
    common = {"key": key, "checktime": now, "serverid": server_id(call)}
    if key.endswith("0" * 10):
        return {**common, "status": "invalid", "message": "license key invalid"}
    product = f"Proxmox VE {LEVELS[key[4]]} Subscription {key[3]} CPU/year"
    dates = {"regdate": "2026-01-01 00:00:00", "nextduedate": "2099-01-01"}
    return {**common, **dates, "status": "active", "productname": product, "level": key[4]}


def check_key(key: str) -> None:
    if int(key[3]) < SOCKETS:
        raise ApiError(500, f"wrong number of sockets ({key[3]} < {SOCKETS})")


@endpoint("GET", BASE)
def subscription(call: Call) -> dict[str, Any]:
    """Only who may audit the node sees the key."""
    info, audits = stored(call), call.may(f"/nodes/{call.node}", ["Sys.Audit"])
    if info is None:
        reported: dict[str, Any] = {"status": "notfound", "message": "There is no subscription key", "url": URL}
        return {**reported, "serverid": server_id(call)} if audits else reported
    if not audits:
        return {"status": info["status"], "message": info.get("message"), "url": URL}
    return {**info, "serverid": server_id(call), "sockets": SOCKETS, "url": URL}


@endpoint("PUT", BASE)
def set_key(call: Call) -> None:
    key = call.params["key"].strip()
    check_key(key)
    store(call, checked(call, key))


@endpoint("POST", BASE)
def check_again(call: Call) -> None:
    """Without force only what was not checked for some time."""
    info = stored(call)
    if info is None:
        return
    age = call.cluster.now() - info["checktime"]
    if not call.params.get("force") and info["status"] == "active" and age < LOCAL_KEY_DAYS * 86400:
        return
    check_key(info["key"])
    store(call, checked(call, info["key"]))


@endpoint("DELETE", BASE)
def delete_key(call: Call) -> None:
    store(call, None)
