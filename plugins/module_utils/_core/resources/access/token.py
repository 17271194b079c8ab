# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API tokens. The server tells the secret of one once: when it is created or regenerated."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from ...model.changes import changed_fields, shown
from ...model.contract import STATES, Desired, Reader, Resource, State, StateOrNone
from ...model.errors import InvalidOption, NotFound
from ...model.field import Field, Fields, update_params
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import ListInfo
from ...model.periods import period
from ...model.plan import Plan, Step, api_path
from ...model.values import NonZeroComment
from . import acl, lockout
from .expiry import EXPIRE, Lifetime, refuse_past, settled
from .user import check_userid

TOKENID = re.compile(r"[A-Za-z][A-Za-z0-9._-]+")
FULL_UPDATE_SINCE = (9, 1)  # older servers can neither give an existing token a new secret nor delete its comment
SECRET = {"token_secret": "value"}  # key of the result -> key of the server's answer

FIELDS = Fields(
    [Field("comment", codec=NonZeroComment()), EXPIRE, Field("privsep", type="bool", clear="never", default=True)]
)


class Token(Resource[Desired, StateOrNone]):
    """A token of a user, named by ``userid`` and ``tokenid`` or by the latter alone as ``user@realm!id``."""

    name = "token"

    def arguments(self) -> dict[str, Any]:
        spec = {
            "userid": {"type": "str"},
            "tokenid": {"type": "str", "required": True, "no_log": False},
            **FIELDS.specs(),
            "renew_before": {"type": "str"},
            "regenerate": {"type": "bool", "default": False},
            **lockout.OPTION,
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return FIELDS.clearable()

    def uses(self) -> dict[str, Use]:
        return dict.fromkeys([*(field.name for field in FIELDS), "renew_before", "regenerate"], TO_MAKE)

    def parse(self, params: Mapping[str, Any]) -> Desired:
        userid, tokenid = _identity(params)
        fields = FIELDS.parse(params)
        lockout.refuse_own_token(params, f"{userid}!{tokenid}", fields)
        renew_before = period("renew_before", params["renew_before"]) if params["renew_before"] else 0
        if renew_before and not isinstance(fields.get("expire"), Lifetime):
            raise InvalidOption("renew_before", "goes with a period in expire, such as 90d")
        return {
            "userid": userid,
            "tokenid": tokenid,
            "fields": fields,
            "renew_before": renew_before,
            "regenerate": params["regenerate"],
            "allow_lockout": params["allow_lockout"],
            "now": int(time.time()),
            "state": params["state"],
        }

    def read(self, reader: Reader, desired: Desired) -> State | None:
        try:
            answer = reader.get(_path(desired))
        except NotFound:
            return None
        state = {**_key(desired), **FIELDS.observe(answer)}
        cleared = desired["fields"].get("comment") == "" and "comment" in state
        if desired["state"] == "present" and (desired["regenerate"] or cleared):
            desired["full_update"] = reader.release() >= FULL_UPDATE_SINCE
            if desired["regenerate"] and not desired["full_update"] and "acl" not in desired:
                mine = [row for row in reader.get(acl.COLLECTION) or [] if row["ugid"] == _full(desired)]
                desired["acl"] = [row for row in mine if row["type"] == "token"]
        return state

    def preflight(self, reader: Reader, plan: Plan, desired: Desired) -> None:
        separated = desired["fields"].get("privsep") and _full(desired) == reader.connection.token
        if separated and not desired["allow_lockout"]:
            lockout.refuse_loss(reader, lambda rights: rights.with_token(_full(desired), plan.after))

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            step = Step("DELETE", _path(desired), summary=f"delete token {_full(desired)}")
            return Plan.nothing(None) if observed is None else Plan(observed, None, (step,))
        refuse_past(desired["fields"].get("expire"), (observed or {}).get("expire"), desired["now"])
        fresh = observed is None or desired["regenerate"]
        fields = settled(desired["fields"], None if fresh else observed, desired["renew_before"])
        changes = changed_fields(FIELDS, observed or {}, fields) if observed else dict(fields)
        after = shown(FIELDS, observed or _key(desired), changes)
        if observed is None:
            return Plan(None, after, self._creation(desired, after))
        if desired["regenerate"] and not desired["full_update"]:
            delete = Step(
                "DELETE", _path(desired), summary=f"delete token {_full(desired)}, to create it anew", verify=False
            )
            return Plan(observed, after, (delete, *self._creation(desired, after, verify=bool(changes))))
        if desired["regenerate"] or changes:
            return Plan(observed, after, (self._update(desired, changes, observed),))
        return Plan.nothing(observed)

    @staticmethod
    def _creation(desired: Desired, after: State, *, verify: bool = True) -> tuple[Step, ...]:
        """The call that creates it, and those that give it back the roles that its predecessor had."""
        named = {name: value for name, value in after.items() if name not in _key(desired)}
        create = Step(
            "POST",
            _path(desired),
            update_params(named, FIELDS, {}),
            f"create token {_full(desired)}",
            returns=SECRET,
            verify=verify,
            repeatable=False,
        )
        return (create, *acl.regrants(desired.get("acl", [])))

    @staticmethod
    def _update(desired: Desired, changes: Mapping[str, Any], current: State) -> Step:
        params = update_params(changes, FIELDS, current)
        if "delete" in params and not desired["full_update"]:
            del params["delete"]
            params["comment"] = " "  # an empty one is ignored; a blank is trimmed when it is stored
        if not desired["regenerate"]:
            return Step("PUT", _path(desired), params, f"change {', '.join(changes)} of token {_full(desired)}")
        summary = f"give token {_full(desired)} a new secret" + (f", change {', '.join(changes)}" if changes else "")
        params["regenerate"] = True
        return Step("PUT", _path(desired), params, summary, returns=SECRET, verify=bool(changes), repeatable=False)


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


def _full(desired: Desired) -> str:
    return f"{desired['userid']}!{desired['tokenid']}"


def _key(desired: Desired) -> State:
    return {"userid": desired["userid"], "tokenid": desired["tokenid"], "full_tokenid": _full(desired)}


def _path(desired: Desired) -> str:
    return api_path("access", "users", desired["userid"], "token", desired["tokenid"])


class TokenList(ListInfo):
    """The tokens of one user, never their secrets."""

    def read(self, reader: Reader, desired: Desired) -> Any:
        check_userid("userid", desired["userid"])
        rows: list[dict[str, Any]] = super().read(reader, desired)
        return [{**row, **_key({"userid": desired["userid"], "tokenid": row["tokenid"]})} for row in rows]


TOKEN = Token()
TOKEN_INFO = TokenList(
    "tokens",
    lambda desired: api_path("access", "users", desired["userid"], "token"),
    key="tokenid",
    fields=FIELDS,
    options={"userid": {"type": "str", "required": True}},
)
