# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users. Their API tokens have a declaration of their own (token.py) and are never touched by this one."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping
from typing import Any

from ...model.contract import Reader, State
from ...model.errors import InvalidOption, does_not_exist
from ...model.field import Field, Fields
from ...model.kinds.info import ListInfo, Options
from ...model.kinds.item import Item, ItemDesired, Observed
from ...model.plan import HIDDEN, Plan, Step, api_path
from ...model.values import Matching, NonZeroComment
from ..existence import exists
from . import lockout
from .expiry import EXPIRE, refuse_past, with_expiry

USERID = re.compile(r"[^\s:/!@]+(?:@[^\s:/!@]+)*@[A-Za-z][A-Za-z0-9._-]+")
PASSWORD_PATH = "/access/password"
WITH_PASSWORDS = ("pam", "pve")  # types of realms whose passwords PVE changes

FIELDS = Fields(
    [
        Field("comment", codec=NonZeroComment(), clear="empty"),
        Field("email", clear="empty"),
        Field("enable", type="bool", clear="never", default=True),
        EXPIRE,
        Field("firstname", clear="empty"),
        Field("groups", type="list", elements="str", clear="empty"),
        Field("keys", secret=True, clear="empty"),
        Field("lastname", clear="empty"),
        Field("password", secret=True, clear="never"),
    ]
)


NOT_A_USER = "{value} is not a user with its realm, such as 'alice@pve'"


def check_userid(option: str, userid: str) -> None:
    """Refuse what is not a name with a realm."""
    if not USERID.fullmatch(userid):
        raise InvalidOption(option, NOT_A_USER.format(value=repr(userid)))


def by_token(params: Mapping[str, Any]) -> bool:
    """Whether the task logs in with an API token, which may not change what people log in with."""
    return bool(params.get("api_token_id"))


def own_password(params: Mapping[str, Any]) -> str | None:
    """What everybody but root@pam has to confirm such changes with: the password of the login."""
    return params.get("api_password") if (params.get("api_user") or "root@pam") != "root@pam" else None


@dataclasses.dataclass(frozen=True)
class UserDesired(ItemDesired):
    """What a task wants of a user, and what it logs in with: what password changes depend on."""

    by_token: bool = False
    own_password: str | None = None
    now: int = 0


class User(Item):
    """An item whose password is changed by a call of its own, which no API token may make."""

    def parse(self, params: Mapping[str, Any]) -> ItemDesired:
        desired = super().parse(params)
        lockout.refuse_own_user(params, desired.key, desired.fields)
        return UserDesired(
            **vars(desired), by_token=by_token(params), own_password=own_password(params), now=int(time.time())
        )

    def _wanted(self, observed: Observed, desired: ItemDesired) -> Mapping[str, Any]:
        now = _own(desired).now
        refuse_past(desired.fields.get("expire"), (observed.state or {}).get("expire"), now)
        return with_expiry(super()._wanted(observed, desired), observed.state)

    def _plan_update(self, observed: Observed, current: State, desired: ItemDesired) -> Plan:
        own = _own(desired)
        fields = dict(desired.fields)
        password = fields.pop("password", None)
        plan = super()._plan_update(observed, current, dataclasses.replace(desired, fields=fields))
        if password is None or not desired.push_secrets:
            return plan
        if own.by_token:
            raise InvalidOption(
                "update_password", "PVE lets no API token change a password; log in with api_user and api_password"
            )
        params = {"userid": desired.key, "password": password}
        if own.own_password:
            params["confirmation-password"] = own.own_password
        summary = f"set the password of user {desired.key}"
        step = Step(
            "PUT", PASSWORD_PATH, params, summary, frozenset({"password", "confirmation-password"}), verify=False
        )
        return Plan(current, {**(plan.after or {}), "password": HIDDEN}, (*plan.steps, step))


def _own(desired: ItemDesired) -> UserDesired:
    """The same as what ``parse`` of a user returns."""
    if not isinstance(desired, UserDesired):
        raise TypeError(f"{desired!r} is not of a user")
    return desired


def _changed_rights(rights: lockout.Rights, plan: Plan, desired: ItemDesired) -> lockout.Rights:
    return rights.with_user(desired.key, plan.after)


def _keep_groups(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    if "groups" in desired.fields:
        lockout.keep_rights(_changed_rights)(reader, plan, desired)


def _require_groups(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse groups that do not exist."""
    joined = set((plan.after or {}).get("groups") or []) - set((plan.before or {}).get("groups") or [])
    for group in sorted(joined):
        if not exists(reader, api_path("access", "groups", group)):
            raise does_not_exist("groups", f"group {group!r}", "Create it by pve_group.")


def _require_realm_of_password(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse a password in a realm that does not exist or keeps none, as PVE does (PVE/AccessControl.pm, domain_set_password).

    Without a password PVE takes the user. Every login sees all realms.
    """
    if not any("password" in step.params for step in plan.steps):
        return
    realm = desired.key.rpartition("@")[2]
    types = {row["realm"]: row.get("type") for row in reader.get("/access/domains") or []}
    if realm not in types:
        raise does_not_exist("userid", f"realm {realm!r}", f"The realms are {', '.join(sorted(types))}.")
    if types[realm] not in WITH_PASSWORDS:
        kept = "the directory behind it keeps the passwords"
        raise InvalidOption("password", f"cannot be set in realm {realm!r}, which is of type {types[realm]}: {kept}")


class UserList(ListInfo):
    """Users with their groups and the names, not the secrets, of their tokens."""

    def parse(self, params: Mapping[str, Any]) -> Options:
        return {**super().parse(params), "full": True}

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **super()._shown(row),
            "tokens": row.get("tokens") or [],
            "groups": FIELDS.named("groups").read(row["groups"]),
        }


USER = User(
    "user",
    "/access/users",
    Field("userid", aliases=("name",), codec=Matching(USERID.pattern, NOT_A_USER)),
    FIELDS,
    append="groups",
    more_calls=(f"PUT {PASSWORD_PATH}",),
    preflights=(lockout.refuse_end_of_root, _require_groups, _require_realm_of_password, _keep_groups),
    extra_options=lockout.OPTION,
)
USER_INFO = UserList("users", lambda desired: "/access/users", key="userid", fields=FIELDS, query=("full",))
