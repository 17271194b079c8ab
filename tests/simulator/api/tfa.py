# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Second factors: TOTP and recovery codes. Others need hardware, which the simulator does not have."""

from __future__ import annotations

import urllib.parse
from typing import Any

from ..auth import totp
from ..call import Call
from ..errors import ApiError, not_simulated
from ..routing import endpoint
from ..state import SecondFactor, User
from .access import existing_user, reauthenticated

RECOVERY_CODES = 10


def described(factor: SecondFactor) -> dict[str, Any]:
    row: dict[str, Any] = {"id": factor.id, "type": factor.type, "created": factor.created}
    if factor.description:
        row["description"] = factor.description
    return row if factor.enable else {**row, "enable": 0}


def existing_factor(user: User | None, ident: str) -> SecondFactor:
    for factor in user.factors if user else ():
        if factor.id == ident:
            return factor
    raise ApiError(404, f"No such tfa entry '{ident}'", newline=False)


@endpoint("GET", "/access/tfa")
def list_all(call: Call) -> list[dict[str, Any]]:
    privileges = ["User.Modify", "Sys.Audit"]
    everybody = call.may("/access/groups", privileges, any=True)
    allowed = call.permissions.members(call.permissions.groups(call.user, privileges)) | {call.user}
    return [
        {"userid": userid, "entries": [described(factor) for factor in user.factors]}
        for userid, user in call.cluster.users.items()
        if user.factors and (everybody or userid in allowed)
    ]


@endpoint("GET", "/access/tfa/{userid}")
def list_of_user(call: Call) -> list[dict[str, Any]]:
    user = call.cluster.users.get(call.params["userid"])
    return [described(factor) for factor in user.factors] if user else []


@endpoint("GET", "/access/tfa/{userid}/{id}")
def read(call: Call) -> dict[str, Any]:
    return described(existing_factor(call.cluster.users.get(call.params["userid"]), call.params["id"]))


@endpoint("POST", "/access/tfa/{userid}")
def create(call: Call) -> dict[str, Any]:
    user = reauthenticated(call, "password")
    kind = call.params["type"]
    common = {"description": call.params.get("description", ""), "created": call.cluster.now()}
    if kind == "totp":
        factor = SecondFactor(call.cluster.uuid(), kind, **common)
        _read_totp(call, factor)
        user.factors.append(factor)
        return {"id": factor.id}
    if kind == "recovery":
        if any(factor.type == "recovery" for factor in user.factors):
            raise ApiError(500, "user already has recovery keys")
        codes = {
            number: "-".join(call.cluster.hexadecimal(4) for _number in range(4)) for number in range(RECOVERY_CODES)
        }
        user.factors.append(SecondFactor("recovery", kind, codes=codes, **common))
        return {"id": "recovery", "recovery": list(codes.values())}
    raise not_simulated(f"second factors of type {kind}")


def _read_totp(call: Call, factor: SecondFactor) -> None:
    """The key from the otpauth:// URI, proved by a current code."""
    if "totp" not in call.params or "value" not in call.params:
        raise ApiError(500, "'totp' and 'value' parameters are required")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(call.params["totp"]).query))
    if "secret" not in query:
        raise ApiError(500, "missing secret in otpauth url")
    factor.key, factor.digits = query["secret"], int(query.get("digits", 6))
    factor.step = int(query.get("period", 30))
    count = call.cluster.now() // factor.step
    if call.params["value"] not in {totp(factor.key, count + offset, factor.digits) for offset in (-1, 0, 1)}:
        raise ApiError(500, "failed to verify TOTP challenge")


@endpoint("PUT", "/access/tfa/{userid}/{id}")
def update(call: Call) -> None:
    factor = existing_factor(reauthenticated(call, "password"), call.params["id"])
    factor.description = call.params.get("description", factor.description)
    factor.enable = call.params.get("enable", factor.enable)


@endpoint("DELETE", "/access/tfa/{userid}/{id}")
def delete(call: Call) -> None:
    user = reauthenticated(call, "password")
    user.factors.remove(existing_factor(user, call.params["id"]))


@endpoint("GET", "/access/users/{userid}/tfa")
def types_of_user(call: Call) -> dict[str, Any]:
    user = existing_user(call.cluster, call.params["userid"])
    answer: dict[str, Any] = {}
    if call.params.get("multiple"):
        answer["user"] = sorted({factor.type for factor in user.factors})
    return answer


@endpoint("PUT", "/access/users/{userid}/unlock-tfa")
def unlock(call: Call) -> int:
    user = existing_user(call.cluster, call.params["userid"])
    if not user.factors:
        raise ApiError(500, "no such user")
    was_locked, user.tfa_locked = user.tfa_locked, False
    return int(was_locked)
