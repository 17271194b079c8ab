# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Second factors of users: all can be listed, changed and deleted; those that need no browser can be added."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...model.contract import STATES, Reader, Resource, State, Wish
from ...model.errors import InvalidOption
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import Listing
from ...model.plan import Plan, Step, api_path
from ...model.values import Boolean
from .user import by_token, check_userid, own_password

TYPES = ("totp", "recovery", "yubico", "webauthn", "u2f")
ADDABLE = ("totp", "recovery", "yubico")
COLLECTION = "/access/tfa"


def totp_code(uri: str, now: float) -> str:
    """The code that an otpauth URI stands for at a moment (RFC 6238). InvalidOption tells what is wrong with the URI."""
    parts = urlsplit(uri)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    secret = query.get("secret", "").upper().replace(" ", "")
    algorithm = query.get("algorithm", "SHA1").upper()
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        digits, period = int(query.get("digits", 6)), int(query.get("period", 30))
    except ValueError:
        key, digits, period = b"", 0, 0
    if (parts.scheme, parts.netloc) != ("otpauth", "totp") or not key or not digits or period <= 0:
        raise InvalidOption("totp", "is not a URI such as otpauth://totp/alice@pve?secret=BASE32&issuer=pve")
    if algorithm not in ("SHA1", "SHA256", "SHA512"):
        raise InvalidOption("totp", f"algorithm {algorithm} is not one of SHA1, SHA256, SHA512")
    digest = hmac.new(key, int(now // period).to_bytes(8, "big"), getattr(hashlib, algorithm.lower())).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


class SecondFactor(Resource[Wish, State | None]):
    """One factor of a user, named by ``id``, or by ``type`` and ``description``. A user has one set of recovery keys."""

    name = "tfa"

    def arguments(self) -> dict[str, Any]:
        spec = {
            "userid": {"type": "str", "required": True},
            "id": {"type": "str"},
            "type": {"type": "str", "choices": list(TYPES)},
            "description": {"type": "str"},
            "enable": {"type": "bool"},
            "totp": {"type": "str", "no_log": True},
            "value": {"type": "str", "no_log": True},
            "unlock": {"type": "bool", "default": False},
            "state": dict(STATES),
        }
        return {"argument_spec": spec, "mutually_exclusive": [("id", "type")]}

    def may_be_empty(self) -> set[str]:
        return {"description"}

    def uses(self) -> dict[str, Use]:
        return dict.fromkeys(("enable", "totp", "value", "unlock"), TO_MAKE)

    def wish(self, params: Mapping[str, Any]) -> Wish:
        check_userid("userid", params["userid"])
        if not (params["id"] or params["type"] or params["unlock"]):
            raise InvalidOption("id, type", "name the factor by one of them")
        if params["unlock"] and params["state"] == "absent":
            raise InvalidOption("unlock", "goes with state: present")
        wish = {name: params[name] for name in ("userid", "id", "type", "description", "enable", "unlock", "state")}
        value = params["value"]
        if params["totp"] and not value:
            value = totp_code(params["totp"], time.time())
        return {
            **wish,
            "totp": params["totp"],
            "value": value,
            "by_token": by_token(params),
            "own_password": own_password(params),
        }

    def read(self, reader: Reader, wish: Wish) -> State | None:
        """Whether a user is locked out is told only in the list of all users."""
        if not wish["unlock"]:
            return observe(
                {"userid": wish["userid"], "entries": reader.get(COLLECTION + api_path(wish["userid"])) or []}
            )
        rows = [row for row in reader.get(COLLECTION) or [] if row["userid"] == wish["userid"]]
        state = observe(rows[0] if rows else {"userid": wish["userid"]})
        wish["locked"] = state.get("totp-locked", False) or state.get("tfa-locked-until", 0) > time.time()
        return state

    def plan(self, current: State | None, wish: Wish) -> Plan:
        current = current or observe({"userid": wish["userid"]})
        steps = [*self._unlock(wish), *self._steps(current, wish)]
        if not steps:
            return Plan.nothing(current)
        if wish["by_token"] and any(step.path.startswith(COLLECTION) for step in steps):
            raise InvalidOption(
                "api_token_id", "PVE lets no API token change second factors; log in with api_user and api_password"
            )
        return Plan(current, _after(current, steps), tuple(steps))

    @staticmethod
    def _unlock(wish: Wish) -> list[Step]:
        if not wish.get("locked"):
            return []
        path = api_path("access", "users", wish["userid"], "unlock-tfa")
        return [Step("PUT", path, why=f"let user {wish['userid']} use second factors again")]

    def _steps(self, current: State, wish: Wish) -> list[Step]:
        if not wish["id"] and not wish["type"]:
            return []
        found = [entry for entry in current["entries"] if _is_meant(entry, wish)]
        if len(found) > 1:
            listed = ", ".join(f"{entry['id']} ({entry.get('description', '')!r})" for entry in found)
            raise InvalidOption("description", f"several factors fit: {listed}; name one by id or description")
        whose = f"of user {wish['userid']}"
        if wish["state"] == "absent":
            return (
                [_step("DELETE", wish, {}, f"delete second factor {found[0]['id']} {whose}", found[0])] if found else []
            )
        if not found:
            return [self._addition(wish)]
        changes = {
            name: wish[name]
            for name in ("description", "enable")
            if wish[name] is not None and wish[name] != found[0].get(name, "")
        }
        return (
            [_step("PUT", wish, changes, f"change second factor {found[0]['id']} {whose}", found[0])] if changes else []
        )

    @staticmethod
    def _addition(wish: Wish) -> Step:
        kind = wish["type"]
        if kind is None:
            raise InvalidOption("id", f"user {wish['userid']} has no second factor {wish['id']!r}")
        if kind not in ADDABLE:
            raise InvalidOption("type", f"a factor of type {kind} can be added in a browser only")
        if wish["enable"] is False:
            raise InvalidOption("enable", "a new factor is always enabled; disable it once it is there")
        if kind == "totp" and not wish["totp"]:
            raise InvalidOption("totp", "is needed to add a factor of type totp")
        if kind == "yubico" and not wish["value"]:
            raise InvalidOption("value", "is needed to add a factor of type yubico: what the key types")
        params = {"type": kind, "description": wish["description"]}
        params |= {"totp": wish["totp"], "value": wish["value"]} if kind != "recovery" else {}
        returns = {"recovery_keys": "recovery"} if kind == "recovery" else {}
        why = f"add a second factor of type {kind} to user {wish['userid']}"
        return _step("POST", wish, params, why, returns=returns)


def _is_meant(entry: Mapping[str, Any], wish: Wish) -> bool:
    if wish["id"]:
        return bool(entry["id"] == wish["id"])
    named = (
        wish["description"] is None or wish["type"] == "recovery" or entry.get("description", "") == wish["description"]
    )
    return bool(entry["type"] == wish["type"] and named)


def _step(
    method: str, wish: Wish, params: Mapping[str, Any], why: str, entry: Mapping[str, Any] | None = None, **more: Any
) -> Step:
    path = COLLECTION + api_path(wish["userid"], *([entry["id"]] if entry else []))
    sent = {name: value for name, value in {**params, "password": wish["own_password"]}.items() if value is not None}
    secrets = frozenset({"password", "totp", "value"})
    return Step(method, path, sent, why, secrets, repeatable=method != "POST", **more)


def _after(current: State, steps: list[Step]) -> State:
    entries = {entry["id"]: dict(entry) for entry in current["entries"]}
    for step in steps:
        shown = {name: value for name, value in step.params.items() if name in ("type", "description", "enable")}
        ident = step.path.rpartition("/")[2]
        if step.method == "DELETE":
            del entries[ident]
        elif step.method == "POST":
            entries["(new)"] = {**shown, "enable": True}
        elif ident in entries:
            entries[ident].update(shown)
    return {"userid": current["userid"], "entries": list(entries.values())}


def observe(row: Mapping[str, Any]) -> State:
    """The factors of a user as users see them; whether it is locked out only where the server tells."""
    entries = [{**entry, "enable": Boolean().parse(entry.get("enable", 1))} for entry in row.get("entries") or []]
    state: State = {"userid": row["userid"], "entries": sorted(entries, key=lambda entry: (entry["type"], entry["id"]))}
    if "totp-locked" in row:
        state["totp-locked"] = Boolean().parse(row["totp-locked"])
    if "tfa-locked-until" in row:
        state["tfa-locked-until"] = int(row["tfa-locked-until"])
    return state


class SecondFactorListing(Listing):
    """Users with their second factors; those without any are not in the list."""

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return observe(row)


TFA = SecondFactor()
TFA_INFO = SecondFactorListing("tfa", lambda wish: COLLECTION, key="userid")
