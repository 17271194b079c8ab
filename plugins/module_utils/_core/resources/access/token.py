# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API tokens. The server shows the secret of one once: when it is created or regenerated."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.changes import changed_fields, shown
from ...model.contract import STATES, Reader, Resource, State
from ...model.errors import InvalidOption, NotFound, PermissionDenied, does_not_exist
from ...model.field import Field, Fields, update_params
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import ListInfo, Options
from ...model.periods import period
from ...model.plan import Plan, Step, api_path
from ...model.table import Table, calls_below
from ...model.values import NonZeroComment
from ..existence import exists
from . import acl, lockout
from .expiry import EXPIRE, Lifetime, refuse_past, with_expiry
from .user import check_userid

TOKENID = re.compile(r"[A-Za-z][A-Za-z0-9._-]+")
FULL_UPDATE_SINCE = (9, 1)  # older servers can neither give an existing token a new secret nor delete its comment
SECRET = {"token_secret": "value"}  # key of the result -> key of the server's answer

FIELDS = Fields(
    [Field("comment", codec=NonZeroComment()), EXPIRE, Field("privsep", type="bool", clear="never", default=True)]
)

REGENERATE = Field("regenerate", type="bool")


@dataclasses.dataclass(frozen=True)
class TokenDesired:
    """A token as it is to be; ``entries`` are those of access control lists that its deletion takes away."""

    userid: str
    tokenid: str
    fields: Mapping[str, Any]
    renew_before: int
    regenerate: bool
    allow_lockout: bool
    now: int  # when the task began
    state: str
    entries: Sequence[Mapping[str, Any]] | None = None  # None until they were read

    @property
    def full(self) -> str:
        return f"{self.userid}!{self.tokenid}"

    @property
    def path(self) -> str:
        return api_path("access", "users", self.userid, "token", self.tokenid)

    @property
    def key(self) -> State:
        return _key(self.userid, self.tokenid)


@dataclasses.dataclass(frozen=True)
class TokenObserved:
    """A token (None if absent), and what the plan depends on only if it gets a new secret or loses its comment."""

    state: State | None
    full_update: bool = True  # whether the server can do both by an update
    entries: Sequence[Mapping[str, Any]] | None = None


class Token(Resource[TokenDesired, TokenObserved]):
    """A token of a user, named by ``userid`` and ``tokenid`` or by the latter alone as ``user@realm!id``."""

    name = "token"

    def tables(self) -> Sequence[Table]:
        calls = calls_below(["/access/users/*/token/*"], "POST ", "PUT ", "DELETE ")
        entries = Table((f"PUT {acl.COLLECTION}",), None)  # of a token that is created again
        return Table(calls, (*FIELDS, REGENERATE)), entries

    def arguments(self) -> dict[str, Any]:
        spec = {
            "userid": {"type": "str"},
            "tokenid": {"type": "str", "required": True, "no_log": False},
            **FIELDS.specs(),
            "renew_before": {"type": "str"},
            "regenerate": {**REGENERATE.spec(), "default": False},
            **lockout.OPTION,
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return FIELDS.clearable()

    def uses(self) -> dict[str, Use]:
        return dict.fromkeys([*(field.name for field in FIELDS), "renew_before", "regenerate"], TO_MAKE)

    def parse(self, params: Mapping[str, Any]) -> TokenDesired:
        userid, tokenid = _identity(params)
        fields = FIELDS.parse(params)
        lockout.refuse_own_token(params, f"{userid}!{tokenid}", fields)
        renew_before = period("renew_before", params["renew_before"]) if params["renew_before"] else 0
        if renew_before and not isinstance(fields.get("expire"), Lifetime):
            raise InvalidOption("renew_before", "goes with a period in expire, such as 90d")
        return TokenDesired(
            userid=userid,
            tokenid=tokenid,
            fields=fields,
            renew_before=renew_before,
            regenerate=params["regenerate"],
            allow_lockout=params["allow_lockout"],
            now=int(time.time()),
            state=params["state"],
        )

    def read(self, reader: Reader, desired: TokenDesired) -> TokenObserved:
        try:
            answer = reader.get(desired.path)
        except NotFound:
            return TokenObserved(None)
        except PermissionDenied:  # which is also the answer where the user does not exist
            if exists(reader, api_path("access", "users", desired.userid)):
                raise
            if desired.state == "absent":
                return TokenObserved(None)
            raise does_not_exist("userid", f"user {desired.userid!r}", "Create it by pve_user.") from None
        state = {**desired.key, **FIELDS.observe(answer)}
        cleared = desired.fields.get("comment") == "" and "comment" in state
        if desired.state == "absent" or not (desired.regenerate or cleared):
            return TokenObserved(state)
        full_update, entries = reader.release() >= FULL_UPDATE_SINCE, desired.entries
        if desired.regenerate and not full_update and entries is None:
            rows = reader.get(acl.COLLECTION) or []
            entries = [row for row in rows if (row["type"], row["ugid"]) == ("token", desired.full)]
        return TokenObserved(state, full_update, entries)

    def remember(self, observed: TokenObserved, desired: TokenDesired) -> TokenDesired:
        return desired if desired.entries is not None else dataclasses.replace(desired, entries=observed.entries)

    def preflight(self, reader: Reader, plan: Plan, desired: TokenDesired) -> None:
        separated = desired.fields.get("privsep") and desired.full == reader.connection.token
        if separated and not desired.allow_lockout:
            lockout.refuse_loss(reader, lambda rights: rights.with_token(desired.full, plan.after))

    def plan(self, observed: TokenObserved, desired: TokenDesired) -> Plan:
        current = observed.state
        if desired.state == "absent":
            step = Step("DELETE", desired.path, summary=f"delete token {desired.full}")
            return Plan.nothing(None) if current is None else Plan(current, None, (step,))
        refuse_past(desired.fields.get("expire"), (current or {}).get("expire"), desired.now)
        fresh = current is None or desired.regenerate
        fields = with_expiry(desired.fields, None if fresh else current, desired.renew_before)
        changes = changed_fields(FIELDS, current or {}, fields) if current else dict(fields)
        after = shown(FIELDS, current or desired.key, changes)
        if current is None:
            return Plan(None, after, self._creation(desired, after))
        if desired.regenerate and not observed.full_update:
            delete = Step(
                "DELETE", desired.path, summary=f"delete token {desired.full}, to create it again", verify=False
            )
            return Plan(current, after, (delete, *self._creation(desired, after, verify=bool(changes))))
        if desired.regenerate or changes:
            return Plan(current, after, (self._update(desired, changes, observed),))
        return Plan.nothing(current)

    @staticmethod
    def _creation(desired: TokenDesired, after: State, *, verify: bool = True) -> tuple[Step, ...]:
        """The call that creates it, and those that give it back the roles that its predecessor had."""
        named = {name: value for name, value in after.items() if name not in desired.key}
        create = Step(
            "POST",
            desired.path,
            update_params(named, FIELDS, {}),
            f"create token {desired.full}",
            returns=SECRET,
            verify=verify,
            repeatable=False,
        )
        return (create, *acl.regrants(desired.entries or []))

    @staticmethod
    def _update(desired: TokenDesired, changes: Mapping[str, Any], observed: TokenObserved) -> Step:
        params = update_params(changes, FIELDS, observed.state or {})
        if "delete" in params and not observed.full_update:
            del params["delete"]
            params["comment"] = " "  # an empty one is ignored; a blank is trimmed when it is stored
        if not desired.regenerate:
            return Step("PUT", desired.path, params, f"change {', '.join(changes)} of token {desired.full}")
        summary = f"give token {desired.full} a new secret" + (f", change {', '.join(changes)}" if changes else "")
        params["regenerate"] = True
        return Step("PUT", desired.path, params, summary, returns=SECRET, verify=bool(changes), repeatable=False)


def _identity(params: Mapping[str, Any]) -> tuple[str, str]:
    user, given, tokenid = params["tokenid"].rpartition("!")
    userid = params["userid"] or user
    if given and userid != user:
        raise InvalidOption("tokenid", f"{params['tokenid']!r} is not a token of {userid}")
    if not userid:
        raise InvalidOption("userid", "is missing: give it, or tokenid whole as user@realm!id")
    check_userid("userid", userid)
    if not TOKENID.fullmatch(tokenid):
        raise InvalidOption(
            "tokenid", f"{tokenid!r} is not two or more letters, digits, '.', '_', '-', with a letter in front"
        )
    return userid, tokenid


def _key(userid: str, tokenid: str) -> State:
    return {"userid": userid, "tokenid": tokenid, "full_tokenid": f"{userid}!{tokenid}"}


class TokenList(ListInfo):
    """The tokens of one user, never their secrets."""

    def read(self, reader: Reader, desired: Options) -> Any:
        check_userid("userid", desired["userid"])
        rows: list[dict[str, Any]] = super().read(reader, desired)
        return [{**row, **_key(desired["userid"], row["tokenid"])} for row in rows]


TOKEN = Token()
TOKEN_INFO = TokenList(
    "tokens",
    lambda desired: api_path("access", "users", desired["userid"], "token"),
    key="tokenid",
    fields=FIELDS,
    options={"userid": {"type": "str", "required": True}},
)
