# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups, roles and the access control list."""

from __future__ import annotations

import re
from typing import Any

from ..call import Call
from ..errors import ApiError, param_error, params_error
from ..parameters import split_list
from ..permissions import normalized
from ..roles import Role
from ..routing import endpoint
from ..state import Cluster

NAME = r"[A-Za-z0-9._-]+"
# After check_path in pve-access-control src/PVE/AccessControl.pm.
ACL_PATH = re.compile(
    rf"/|/access(/groups(/{NAME})?|/realm(/{NAME})?)?|/nodes(/{NAME})?|/pool(/{NAME}){{0,3}}"
    rf"|/sdn(/controllers(/{NAME})?|/dns(/{NAME})?|/fabrics(/{NAME})?|/ipams(/{NAME})?)?"
    rf"|/sdn/(prefix-lists|route-maps)(/{NAME})?"
    rf"|/sdn/zones(/{NAME}(/{NAME}(/[1-9][0-9]{{0,3}})?)?)?|/storage(/{NAME})?|/vms(/[1-9][0-9]{{2,}})?"
    rf"|/mapping(/{NAME}(/{NAME})?)?"
)


# --- groups ----------------------------------------------------------------------


def members(cluster: Cluster, group: str) -> list[str]:
    return [userid for userid, user in cluster.users.items() if group in user.groups]


@endpoint("GET", "/access/groups")
def list_groups(call: Call) -> list[dict[str, str]]:
    rows = []
    for name, comment in call.cluster.groups.items():
        path = f"/access/groups/{name}"
        if call.may(path, ["User.Modify", "Sys.Audit", "Group.Allocate"], any=True):
            row = {"groupid": name, "users": ",".join(members(call.cluster, name))}
            rows.append({**row, "comment": comment} if comment else row)
    return rows


@endpoint("GET", "/access/groups/{groupid}")
def read_group(call: Call) -> dict[str, Any]:
    name = call.params["groupid"]
    if name not in call.cluster.groups:
        raise ApiError(500, f"group '{name}' does not exist")
    answer: dict[str, Any] = {"members": call.cluster.shuffled(members(call.cluster, name))}
    comment = call.cluster.groups[name]
    return {**answer, "comment": comment} if comment else answer


@endpoint("POST", "/access/groups")
def create_group(call: Call) -> None:
    name = call.params["groupid"]
    if name in call.cluster.groups:
        raise ApiError(500, f"create group failed: group '{name}' already exists")
    call.cluster.groups[name] = call.params.get("comment", "").strip(" ")
    call.cluster.touch()


@endpoint("PUT", "/access/groups/{groupid}")
def update_group(call: Call) -> None:
    name = call.params["groupid"]
    if name not in call.cluster.groups:
        raise ApiError(500, f"update group failed: group '{name}' does not exist")
    if "comment" in call.params:
        call.cluster.groups[name] = call.params["comment"].strip(" ")


@endpoint("DELETE", "/access/groups/{groupid}")
def delete_group(call: Call) -> None:
    name = call.params["groupid"]
    if name not in call.cluster.groups:
        raise ApiError(500, f"delete group failed: group '{name}' does not exist")
    del call.cluster.groups[name]
    for user in call.cluster.users.values():
        user.groups.discard(name)
    drop_from_acl(call.cluster, "group", name)


# --- roles -----------------------------------------------------------------------


def privileges_of(call: Call) -> set[str]:
    """The privileges of the parameter privs; unknown ones are refused like a format."""
    known = call.cluster.roles["Administrator"].privileges
    privileges = split_list(call.params.get("privs"))
    for name in privileges:
        if name not in known:
            raise param_error("privs", f"invalid format - invalid privilege '{name}'\n")
    return set(privileges)


def changeable_role(call: Call, action: str, participle: str) -> Role:
    name = call.params["roleid"]
    role = call.cluster.roles.get(name)
    if role is not None and role.special:
        raise ApiError(500, f"auto-generated role '{name}' cannot be {participle}")
    if role is None:
        raise ApiError(500, f"{action} role failed: role '{name}' does not exist")
    return role


@endpoint("GET", "/access/roles")
def list_roles(call: Call) -> list[dict[str, Any]]:
    return [
        {"roleid": name, "privs": ",".join(sorted(role.privileges)), "special": int(role.special)}
        for name, role in call.cluster.roles.items()
    ]


@endpoint("GET", "/access/roles/{roleid}")
def read_role(call: Call) -> dict[str, int]:
    name = call.params["roleid"]
    if name not in call.cluster.roles:
        raise ApiError(500, f"role '{name}' does not exist")
    return dict.fromkeys(call.cluster.roles[name].privileges, 1)


@endpoint("POST", "/access/roles")
def create_role(call: Call) -> None:
    name, privileges = call.params["roleid"], privileges_of(call)
    if name.lower().startswith("pve"):
        raise param_error("roleid", "cannot use role ID starting with the (case-insensitive) 'PVE' namespace")
    if name in call.cluster.roles:
        raise ApiError(500, f"create role failed: role '{name}' already exists")
    call.cluster.roles[name] = Role(privileges)
    call.cluster.touch()


@endpoint("PUT", "/access/roles/{roleid}")
def update_role(call: Call) -> None:
    privileges = privileges_of(call)
    role = changeable_role(call, "update", "modified")
    role.privileges = privileges | (role.privileges if call.params.get("append") else set())
    call.cluster.touch()


@endpoint("DELETE", "/access/roles/{roleid}")
def delete_role(call: Call) -> None:
    changeable_role(call, "delete", "deleted")
    name = call.params["roleid"]
    del call.cluster.roles[name]
    for entries in call.cluster.acl.values():
        for roles in entries.values():
            roles.pop(name, None)
    call.cluster.touch()


# --- the access control list ---------------------------------------------------------


def drop_from_acl(cluster: Cluster, kind: str, name: str) -> None:
    """Forget a user, group or token that is gone; a user's tokens go along."""
    for entries in cluster.acl.values():
        for key in list(entries):
            if key == (kind, name) or (kind == "user" and key[0] == "token" and key[1].startswith(f"{name}!")):
                del entries[key]
    cluster.touch()


@endpoint("GET", "/access/acl")
def read_acl(call: Call) -> list[dict[str, Any]]:
    audits = call.may("/access", ["Sys.Audit"])
    return [
        {"path": path, "type": kind, "ugid": name, "roleid": role, "propagate": propagate}
        for path, entries in call.cluster.acl.items()
        if audits or call.permissions.may_modify(call.user, path)
        for (kind, name), roles in entries.items()
        for role, propagate in roles.items()
    ]


@endpoint("PUT", "/access/acl")
def update_acl(call: Call) -> None:
    kinds = ("users", "groups", "tokens")
    if not any(call.params.get(kind) for kind in kinds):
        raise params_error(dict.fromkeys(kinds, "either 'users', 'groups' or 'tokens' is required."))
    path, delete = normalized(call.params["path"]), call.params.get("delete")
    if not call.params["path"] or path is None or (not delete and not ACL_PATH.fullmatch(path)):
        raise param_error("path", f"invalid ACL path '{call.params['path']}'")
    subjects = [(kind[:-1], name) for kind in kinds for name in split_list(call.params.get(kind))]
    roles = split_list(call.params["roles"])
    _check_acl_names(call.cluster, roles, subjects)
    for subject in subjects:
        granted = call.cluster.acl.setdefault(path, {}).setdefault(subject, {})
        for role in roles:
            if delete:
                granted.pop(role, None)
            else:
                granted[role] = call.params.get("propagate", 1)
    call.cluster.touch()


def _check_acl_names(cluster: Cluster, roles: list[str], subjects: list[tuple[str, str]]) -> None:
    def refuse(text: str) -> None:
        raise ApiError(500, f"ACL update failed: {text}")

    for role in roles:
        if role not in cluster.roles:
            refuse(f"role '{role}' does not exist")
    for kind, name in subjects:
        if kind == "group" and name not in cluster.groups:
            refuse(f"group '{name}' does not exist")
        if kind == "user" and name not in cluster.users:
            refuse(f"user '{name}' does not exist")
        if kind == "token":
            userid, _separator, tokenid = name.partition("!")
            if userid not in cluster.users:
                refuse(f"no such user ('{userid}')")
            if tokenid not in cluster.users[userid].tokens:
                refuse(f"no such token '{tokenid}' for user '{userid}'")
