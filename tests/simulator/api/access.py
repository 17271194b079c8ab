# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access: tickets, passwords, effective permissions."""

from __future__ import annotations

import re
from typing import Any

from ..auth import Authenticator
from ..call import Call
from ..errors import ApiError, param_error, permission_error
from ..parameters import split_list
from ..permissions import ROOT, normalized
from ..routing import endpoint
from ..state import Cluster, User

# Which privileges a login shows per area, and where they are looked for besides the ACL's own paths
# (compute_api_permission in pve-access-control src/PVE/RPCEnvironment.pm).
CAPABILITIES = {
    "vms": re.compile(r"VM\.|Permissions\.Modify"),
    "access": re.compile(r"(User|Group)\.|Permissions\.Modify"),
    "storage": re.compile(r"Datastore\.|Permissions\.Modify"),
    "nodes": re.compile(r"Sys\.|Permissions\.Modify"),
    "sdn": re.compile(r"SDN\.|Permissions\.Modify"),
    "dc": re.compile(r"Sys\.Audit|Sys\.Modify|SDN\."),
    "mapping": re.compile(r"Mapping\.|Permissions\.Modify"),
}
CAPABILITY_PATHS = ("/", "/nodes", "/access/groups", "/vms", "/storage", "/sdn", "/mapping")


def authenticator(call: Call) -> Authenticator:
    found: Authenticator = call.cluster.areas["authenticator"]
    return found


def existing_user(cluster: Cluster, userid: str) -> User:
    if userid not in cluster.users:
        raise ApiError(500, f"no such user ('{userid}')")
    return cluster.users[userid]


def set_password(cluster: Cluster, userid: str, password: str) -> None:
    """Refuses realms that keep the passwords elsewhere."""
    realm = userid.rpartition("@")[2]
    if realm not in cluster.realms:
        raise ApiError(500, f"auth domain '{realm}' does not exist")
    kind = cluster.realms[realm]["type"]
    if kind not in ("pve", "pam"):
        raise ApiError(500, f"can't set password on auth type '{kind}'")
    if userid in cluster.users:
        cluster.users[userid].password = password


def reauthenticated(call: Call, password_name: str) -> User:
    """The user to be modified; whoever is not root must give their own password once more."""
    user = existing_user(call.cluster, call.params["userid"])
    if call.is_root:
        return user
    if user.userid == ROOT:
        raise permission_error()
    if password_name not in call.params:
        raise param_error(password_name, "password is required to modify user")
    if not authenticator(call).password_fits(call.user, call.params[password_name]):
        raise ApiError(500, "invalid credentials")
    return user


# --- login -------------------------------------------------------------------


@endpoint("GET", "/access/ticket")
def ticket_form(call: Call) -> None:
    return None


@endpoint("POST", "/access/ticket")
def create_ticket(call: Call) -> dict[str, Any]:
    username = call.params["username"]
    if "realm" in call.params:
        username += f"@{call.params['realm']}"
    answer = _verified(call, username) if "privs" in call.params else _login(call, username)
    if "NeedTFA" not in answer:
        answer["cap"] = capabilities(call, username)
        call.cluster.note("root@pam", f"successful auth for user '{username}'")
    audits = call.permissions.missing(username, "/", ["Sys.Audit"]) is None
    if call.cluster.name and audits:
        answer["clustername"] = call.cluster.name
    return answer


def _failure() -> ApiError:
    return ApiError(401, "authentication failure")


def _login(call: Call, username: str) -> dict[str, Any]:
    auth, params = authenticator(call), call.params
    if not auth.is_enabled(username):
        raise _failure()
    user, challenge = call.cluster.users[username], params.get("tfa-challenge")
    if challenge is not None:
        fits = "otp" not in params and auth.verified_challenge(challenge, username)
        if not fits or not auth.factor_fits(user, params["password"]):
            raise _failure()
    elif auth.verified_ticket(params["password"]) not in (username, ROOT):
        if not auth.password_fits(username, params["password"]):
            raise _failure()
        if "otp" in params:
            if not auth.factor_fits(user, params["otp"]):
                raise _failure()
        elif any(factor.enable for factor in user.factors):
            return {
                "username": username,
                "ticket": auth.challenge(user),
                "CSRFPreventionToken": auth.csrf_token(username),
                "NeedTFA": 1,
            }
    return {"username": username, "ticket": auth.ticket(username), "CSRFPreventionToken": auth.csrf_token(username)}


def _verified(call: Call, username: str) -> dict[str, Any]:
    """Check a password or ticket and privileges on a path, without a new ticket."""
    auth, password = authenticator(call), call.params["password"]
    known = auth.is_enabled(username) and (
        auth.verified_ticket(password) == username or auth.password_fits(username, password)
    )
    path, privileges = normalized(call.params["path"]), split_list(call.params["privs"])
    if not known or path is None or not privileges or call.permissions.missing(username, path, privileges):
        raise _failure()
    return {"username": username}


def capabilities(call: Call, username: str) -> dict[str, dict[str, int]]:
    """What a user may do anywhere, per area of the user interface."""
    found: dict[str, dict[str, int]] = {area: {} for area in CAPABILITIES}
    for path in {*CAPABILITY_PATHS, *call.cluster.acl}:
        for privilege in call.permissions.privileges(username, path):
            for area, pattern in CAPABILITIES.items():
                if pattern.match(privilege):
                    found[area][privilege] = 1
    return found


@endpoint("PUT", "/access/password")
def change_password(call: Call) -> None:
    user = reauthenticated(call, "confirmation-password")
    if not call.is_root and call.user != user.userid and user.realm == "pam":
        raise permission_error()
    set_password(call.cluster, user.userid, call.params["password"])


# --- permissions ---------------------------------------------------------------


@endpoint("GET", "/access/permissions")
def permissions(call: Call) -> dict[str, dict[str, int]]:
    user = call.params.get("userid", call.user)
    if user != call.user and not (user.partition("!")[0] == call.user and "!" in user):
        call.check("/access", ["Sys.Audit"])
    if "path" in call.params:
        path = call.params["path"]
        return {path: call.permissions.privileges(user, normalized(path) or "/")}
    return call.permissions.effective(user)


@endpoint("GET", "/access")
def index(call: Call) -> list[dict[str, str]]:
    names = "users groups roles acl domains openid tfa ticket password"
    return [{"subdir": name} for name in names.split()]
