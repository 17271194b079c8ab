# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Second factors of users: all can be listed, changed and deleted; those that need no browser can be added."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...model.contract import STATES, Reader, Resource, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import ListInfo
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...model.values import Boolean
from .user import by_token, check_userid, own_password

TYPES = ("totp", "recovery", "yubico", "webauthn", "u2f")
ADDABLE = ("totp", "recovery", "yubico")
COLLECTION = "/access/tfa"
FIELDS = Fields(
    [
        Field("type", choices=TYPES),
        Field("description"),
        Field("enable", type="bool"),
        Field("totp", secret=True),
        Field("value", secret=True),
    ]
)


def totp_code(uri: str, now: float) -> str:
    """The code that an otpauth URI stands for at a moment (RFC 6238). InvalidOption says what is wrong with the URI."""
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


@dataclasses.dataclass(frozen=True)
class FactorDesired:
    """A factor as it is to be; ``own_password`` is that of the login, by which PVE wants a change confirmed."""

    userid: str
    id: str | None
    type: str | None
    description: str | None
    enable: bool | None
    unlock: bool
    state: str
    totp: str | None
    value: str | None
    by_token: bool
    own_password: str | None


@dataclasses.dataclass(frozen=True)
class FactorsObserved:
    """The factors of a user, and whether it is locked out of them, if the task is to end that."""

    state: State
    locked: bool = False


class SecondFactor(Resource[FactorDesired, FactorsObserved]):
    """One factor of a user, named by ``id``, or by ``type`` and ``description``. A user has one set of recovery keys."""

    name = "tfa"

    def tables(self) -> Sequence[Table]:
        return (
            Table((f"POST {COLLECTION}/*", f"PUT {COLLECTION}/*/*", f"DELETE {COLLECTION}/*/*"), tuple(FIELDS)),
            Table(("PUT /access/users/*/unlock-tfa",)),
        )

    def arguments(self) -> dict[str, Any]:
        spec = {
            "userid": {"type": "str", "required": True},
            "id": {"type": "str"},
            **FIELDS.specs(),
            "unlock": {"type": "bool", "default": False},
            "state": dict(STATES),
        }
        return {"argument_spec": spec, "mutually_exclusive": [("id", "type")]}

    def may_be_empty(self) -> set[str]:
        return {"description"}

    def uses(self) -> dict[str, Use]:
        return dict.fromkeys(("enable", "totp", "value", "unlock"), TO_MAKE)

    def parse(self, params: Mapping[str, Any]) -> FactorDesired:
        check_userid("userid", params["userid"])
        if not (params["id"] or params["type"] or params["unlock"]):
            raise InvalidOption("id, type", "name the factor by one of them")
        if params["unlock"] and params["state"] == "absent":
            raise InvalidOption("unlock", "goes with state: present")
        names = ("userid", "id", "type", "description", "enable", "unlock", "state", "totp")
        value = params["value"]
        if params["totp"] and not value:
            value = totp_code(params["totp"], time.time())
        return FactorDesired(
            **{name: params[name] for name in names},
            value=value,
            by_token=by_token(params),
            own_password=own_password(params),
        )

    def read(self, reader: Reader, desired: FactorDesired) -> FactorsObserved:
        """Whether a user is locked out is in the list of all users only."""
        if not desired.unlock:
            entries = reader.get(COLLECTION + api_path(desired.userid)) or []
            return FactorsObserved(observe({"userid": desired.userid, "entries": entries}))
        rows = [row for row in reader.get(COLLECTION) or [] if row["userid"] == desired.userid]
        state = observe(rows[0] if rows else {"userid": desired.userid})
        locked = state.get("totp-locked", False) or state.get("tfa-locked-until", 0) > time.time()
        return FactorsObserved(state, locked)

    def plan(self, observed: FactorsObserved, desired: FactorDesired) -> Plan:
        current = observed.state
        steps = [*(self._unlock(desired) if observed.locked else []), *self._steps(current, desired)]
        if not steps:
            return Plan.nothing(current)
        if desired.by_token and any(step.path.startswith(COLLECTION) for step in steps):
            raise InvalidOption(
                "api_token_id", "PVE lets no API token change second factors; log in with api_user and api_password"
            )
        return Plan(current, _after(current, steps), tuple(steps))

    @staticmethod
    def _unlock(desired: FactorDesired) -> list[Step]:
        path = api_path("access", "users", desired.userid, "unlock-tfa")
        return [Step("PUT", path, summary=f"let user {desired.userid} use second factors again")]

    def _steps(self, current: State, desired: FactorDesired) -> list[Step]:
        if not desired.id and not desired.type:
            return []
        found = [entry for entry in current["entries"] if _is_meant(entry, desired)]
        if len(found) > 1:
            listed = ", ".join(f"{entry['id']} ({entry.get('description', '')!r})" for entry in found)
            raise InvalidOption("description", f"several factors fit: {listed}; name one by id or description")
        whose = f"of user {desired.userid}"
        if desired.state == "absent":
            return (
                [_step("DELETE", desired, {}, f"delete second factor {found[0]['id']} {whose}", found[0])]
                if found
                else []
            )
        if not found:
            return [self._addition(desired)]
        wanted = {"description": desired.description, "enable": desired.enable}
        changes = {
            name: value for name, value in wanted.items() if value is not None and value != found[0].get(name, "")
        }
        return (
            [_step("PUT", desired, changes, f"change second factor {found[0]['id']} {whose}", found[0])]
            if changes
            else []
        )

    @staticmethod
    def _addition(desired: FactorDesired) -> Step:
        kind = desired.type
        if kind is None:
            raise InvalidOption("id", f"user {desired.userid} has no second factor {desired.id!r}")
        if kind not in ADDABLE:
            raise InvalidOption("type", f"a factor of type {kind} can be added in a browser only")
        if desired.enable is False:
            raise InvalidOption("enable", "a new factor is always enabled; disable it once it is there")
        if kind == "totp" and not desired.totp:
            raise InvalidOption("totp", "is needed to add a factor of type totp")
        if kind == "yubico" and not desired.value:
            raise InvalidOption("value", "is needed to add a factor of type yubico: what the key types")
        params = {"type": kind, "description": desired.description}
        params |= {"totp": desired.totp, "value": desired.value} if kind != "recovery" else {}
        returns = {"recovery_keys": "recovery"} if kind == "recovery" else {}
        summary = f"add a second factor of type {kind} to user {desired.userid}"
        return _step("POST", desired, params, summary, returns=returns)


def _is_meant(entry: Mapping[str, Any], desired: FactorDesired) -> bool:
    if desired.id:
        return bool(entry["id"] == desired.id)
    named = (
        desired.description is None or desired.type == "recovery" or entry.get("description", "") == desired.description
    )
    return bool(entry["type"] == desired.type and named)


def _step(
    method: str,
    desired: FactorDesired,
    params: Mapping[str, Any],
    summary: str,
    entry: Mapping[str, Any] | None = None,
    **more: Any,
) -> Step:
    path = COLLECTION + api_path(desired.userid, *([entry["id"]] if entry else []))
    sent = {name: value for name, value in {**params, "password": desired.own_password}.items() if value is not None}
    secrets = frozenset({"password", "totp", "value"})
    return Step(method, path, sent, summary, secrets, repeatable=method != "POST", **more)


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
    """The factors of a user as users see them; whether it is locked out only where the server says so."""
    entries = [{**entry, "enable": Boolean().parse(entry.get("enable", 1))} for entry in row.get("entries") or []]
    state: State = {"userid": row["userid"], "entries": sorted(entries, key=lambda entry: (entry["type"], entry["id"]))}
    if "totp-locked" in row:
        state["totp-locked"] = Boolean().parse(row["totp-locked"])
    if "tfa-locked-until" in row:
        state["tfa-locked-until"] = int(row["tfa-locked-until"])
    return state


class SecondFactorList(ListInfo):
    """Users with their second factors; those without any are not in the list."""

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return observe(row)


TFA = SecondFactor()
TFA_INFO = SecondFactorList("tfa", lambda desired: COLLECTION, key="userid")
