# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and their API tokens."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError, param_error
from ..parameters import split_list
from ..routing import endpoint
from ..state import Cluster, Token, User
from .access import existing_user, set_password
from .acl import drop_from_acl

DETAILS = ("firstname", "lastname", "email", "comment", "keys")


def described(user: User) -> dict[str, Any]:
    """What the API reports of a user.

    An empty e-mail address shows up once something stands behind it in the server's configuration line
    (parse_user_config in pve-access-control src/PVE/AccessControl.pm).
    """
    row: dict[str, Any] = {"enable": user.enable, "expire": user.expire}
    row.update({name: value for name, value in user.details.items() if value})
    if row.get("comment") or row.get("keys"):
        row.setdefault("email", "")
    return row


def described_token(token: Token) -> dict[str, Any]:
    row: dict[str, Any] = {"privsep": token.privsep, "expire": token.expire}
    return {**row, "comment": token.comment} if token.comment else row


def _fill(cluster: Cluster, user: User, call: Call, failure: str) -> None:
    """Set what the call gives; a group that does not exist is refused before anything is set."""
    groups = split_list(call.params.get("groups"))
    for group in groups:
        if group not in cluster.groups:
            raise ApiError(500, f"{failure}: no such group '{group}'")
    if "groups" in call.params:
        user.groups = set(groups) | (user.groups if call.params.get("append") else set())
    user.enable = call.params.get("enable", user.enable)
    user.expire = call.params.get("expire", user.expire)
    user.details.update({name: call.params[name].strip(" ") for name in DETAILS if name in call.params})


@endpoint("GET", "/access/users")
def list_users(call: Call) -> list[dict[str, Any]]:
    cluster, privileges = call.cluster, ["User.Modify", "Sys.Audit"]
    everybody = call.may("/access/groups", privileges, any=True)
    allowed = call.permissions.members(call.permissions.groups(call.user, privileges))
    rows = []
    for userid, user in cluster.users.items():
        if not everybody and userid != call.user and userid not in allowed:
            continue
        if "enabled" in call.params and bool(user.enable) != bool(call.params["enabled"]):
            continue
        row = {"userid": userid, **described(user)}
        if user.realm in cluster.realms:
            row["realm-type"] = cluster.realms[user.realm]["type"]
        if call.params.get("full"):
            row["groups"] = ",".join(cluster.shuffled(sorted(user.groups)))
            row["tokens"] = [{"tokenid": name, **described_token(token)} for name, token in user.tokens.items()] or None
        rows.append(row)
    return rows


@endpoint("POST", "/access/users")
def create_user(call: Call) -> None:
    userid = call.params["userid"]
    if userid in call.cluster.users:
        raise ApiError(500, f"create user failed: user '{userid}' already exists")
    user = User(userid)
    if "password" in call.params:
        try:
            set_password(call.cluster, userid, call.params["password"])
        except ApiError as error:
            raise ApiError(500, f"create user failed: {error.message}") from None
        user.password = call.params["password"]
    _fill(call.cluster, user, call, "create user failed")
    call.cluster.users[userid] = user
    call.cluster.touch()


@endpoint("GET", "/access/users/{userid}")
def read_user(call: Call) -> dict[str, Any]:
    user = existing_user(call.cluster, call.params["userid"])
    tokens = {name: described_token(token) for name, token in user.tokens.items()}
    groups = call.cluster.shuffled(sorted(user.groups))
    return {**described(user), "groups": groups, "tokens": tokens or None}


@endpoint("PUT", "/access/users/{userid}")
def update_user(call: Call) -> None:
    userid = call.params["userid"]
    if userid not in call.cluster.users:
        raise ApiError(500, f"update user failed: no such user ('{userid}')")
    _fill(call.cluster, call.cluster.users[userid], call, "update user failed")
    call.cluster.touch()


@endpoint("DELETE", "/access/users/{userid}")
def delete_user(call: Call) -> None:
    userid = call.params["userid"]
    call.cluster.users.pop(userid, None)
    drop_from_acl(call.cluster, "user", userid)


# --- tokens --------------------------------------------------------------------------


def existing_token(call: Call) -> tuple[User, Token]:
    user, tokenid = existing_user(call.cluster, call.params["userid"]), call.params["tokenid"]
    if tokenid not in user.tokens:
        raise ApiError(500, f"no such token '{tokenid}' for user '{user.userid}'")
    return user, user.tokens[tokenid]


def _echo(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    """The row with what was sent as it was sent: numbers as texts, comments with the blanks around them."""
    return {
        **row,
        **{name: call.raw[name] for name in ("privsep", "expire", "comment") if call.raw.get(name, "") != ""},
    }


@endpoint("GET", "/access/users/{userid}/token")
def list_tokens(call: Call) -> list[dict[str, Any]]:
    user = existing_user(call.cluster, call.params["userid"])
    return [{"tokenid": name, **described_token(token)} for name, token in user.tokens.items()]


@endpoint("GET", "/access/users/{userid}/token/{tokenid}")
def read_token(call: Call) -> dict[str, Any]:
    return described_token(existing_token(call)[1])


@endpoint("POST", "/access/users/{userid}/token/{tokenid}")
def create_token(call: Call) -> dict[str, Any]:
    user, tokenid = existing_user(call.cluster, call.params["userid"]), call.params["tokenid"]
    if tokenid in user.tokens:
        raise param_error("tokenid", "Token already exists.")
    token = Token(
        secret=call.cluster.uuid(),
        privsep=call.params.get("privsep", 1),
        expire=call.params.get("expire", 0),
        comment=call.params.get("comment", "").strip(" "),
    )
    user.tokens[tokenid] = token
    call.cluster.touch()
    info = _echo(call, described_token(token))
    if "expire" not in call.params:
        del info["expire"]
    return {"full-tokenid": f"{user.userid}!{tokenid}", "value": token.secret, "info": info}


@endpoint("PUT", "/access/users/{userid}/token/{tokenid}")
def update_token(call: Call) -> dict[str, Any]:
    user, token = existing_token(call)
    token.privsep = call.params.get("privsep", token.privsep)
    token.expire = call.params.get("expire", token.expire)
    if "comment" in call.params:
        token.comment = call.params["comment"].strip(" ")
    if "comment" in split_list(call.params.get("delete")):
        token.comment = None
    answer = _echo(call, described_token(token))
    if call.params.get("regenerate"):
        token.secret = call.cluster.uuid()
        answer.update({"full-tokenid": f"{user.userid}!{call.params['tokenid']}", "value": token.secret})
    call.cluster.touch()
    return answer


@endpoint("DELETE", "/access/users/{userid}/token/{tokenid}")
def delete_token(call: Call) -> None:
    user, _token = existing_token(call)
    del user.tokens[call.params["tokenid"]]
    drop_from_acl(call.cluster, "token", f"{user.userid}!{call.params['tokenid']}")
