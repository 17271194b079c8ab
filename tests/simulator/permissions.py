# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: the evaluation of the ACL, and of the check that each call of the API names.

After roles() in pve-access-control src/PVE/AccessControl.pm, and permissions(), check_perm_modify() and
exec_api2_perm_check() in src/PVE/RPCEnvironment.pm there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .errors import ApiError, permission_error
from .formats import split_list
from .state import Cluster

Privileges = dict[str, int]  # privilege -> whether it propagates, 0 or 1
Check = list[Any]

ROOT = "root@pam"
TOP_PATHS = ("/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms")
MODIFY_BY_PATH = (("/storage/", "Datastore.Allocate"), ("/vms/", "VM.Allocate"), ("/pool/", "Pool.Allocate"))


def normalized(path: str) -> str | None:
    """The path with single slashes and without one at its end; None if it is not a path at all."""
    path = re.sub(r"/+", "/", f"/{path}").rstrip("/") or "/"
    return path if re.fullmatch(r"/[A-Za-z0-9.:/_-]*", path) else None


def _ancestors(path: str) -> Iterator[str]:
    """The paths from "/" to the path itself."""
    yield "/"
    prefix = ""
    for part in filter(None, path.split("/")):
        prefix += f"/{part}"
        yield prefix


class Permissions:
    """Evaluates the ACL of a cluster; results are kept until something changes that they depend on."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._cache: dict[tuple[str, str], Privileges] = {}
        self._revision = -1

    # --- privileges on a path ------------------------------------------------

    def privileges(self, user: str, path: str) -> Privileges:
        """What a user or token ("user@realm!token") may do on a path."""
        if self._revision != self.cluster.revision:
            self._cache.clear()
            self._revision = self.cluster.revision
        key = user, path
        if key not in self._cache:
            self._cache[key] = self._evaluated(user, path)
        return self._cache[key]

    def _evaluated(self, user: str, path: str) -> Privileges:
        if user == ROOT:
            return dict.fromkeys(self.cluster.roles["Administrator"].privileges, 1)
        owner, _separator, tokenid = user.partition("!")
        if tokenid:
            holder = self.cluster.users.get(owner)
            token = holder.tokens.get(tokenid) if holder else None
            if token is None:
                return {}
            if not token.privsep:
                return self.privileges(owner, path)
        granted: Privileges = {}
        for role, propagate in self._roles(user, path).items():
            for privilege in self.cluster.roles[role].privileges if role in self.cluster.roles else ():
                granted[privilege] = granted.get(privilege) or propagate
        if tokenid:
            owned = self.privileges(owner, path)
            granted = {name: int(bool(flag and owned[name])) for name, flag in granted.items() if name in owned}
        return granted

    def _roles(self, user: str, path: str) -> dict[str, int]:
        """The roles on a path and whether they propagate, with those that come from pools."""
        roles = self._acl_roles(user, path)
        if "NoAccess" in roles:
            return {"NoAccess": roles["NoAccess"]}
        pooled: dict[str, int] = {}
        for pool in self._pools_of(path):
            pooled.update(self._acl_roles(user, f"/pool/{pool}"))
        if "NoAccess" in pooled:
            return {"NoAccess": 0}
        return {**dict.fromkeys(pooled, 1), **roles}

    def _acl_roles(self, user: str, path: str) -> dict[str, int]:
        """The roles that the ACL gives: the deepest level with an entry counts, users before their groups."""
        acl = self.cluster.acl
        roles: dict[str, int] = {}
        is_token = "!" in user
        own = ("token" if is_token else "user", user)
        groups = self.cluster.users[user].groups if not is_token and user in self.cluster.users else ()
        for level in _ancestors(path):
            entries = acl.get(level)
            if not entries:
                continue
            found = self._effective(entries.get(own, {}), level == path)
            if not found:
                for group in groups:
                    found.update(self._effective(entries.get(("group", group), {}), level == path))
            roles = found or roles
        return roles

    @staticmethod
    def _effective(entry: Mapping[str, int], final: bool) -> dict[str, int]:
        return {role: propagate for role, propagate in entry.items() if final or propagate}

    def _pools_of(self, path: str) -> Iterator[str]:
        kind, _separator, name = path[1:].partition("/")
        if kind == "vms" and name.isdigit():
            pool = self.cluster.pool_of.get(int(name))
            if pool is not None:
                yield pool
        elif kind == "storage" and name:
            yield from (pool.poolid for pool in self.cluster.pools.values() if name in pool.storages)

    def effective(self, user: str) -> dict[str, Privileges]:
        """The privileges on every path that says something about this user."""
        paths = {*TOP_PATHS, *self.cluster.acl}
        paths |= {f"/vms/{vmid}" for vmid in self.cluster.pool_of}
        paths |= {f"/storage/{name}" for pool in self.cluster.pools.values() for name in pool.storages}
        return {path: found for path in paths if (found := self.privileges(user, path))}

    # --- asking ----------------------------------------------------------------

    def missing(self, user: str, path: str, privileges: Sequence[str], any: bool = False) -> str | None:  # noqa: A002
        """What is missing, as PVE reports it ("/vms/100, VM.Audit"), or None."""
        granted = self.privileges(user, path)
        absent = [name for name in privileges if name not in granted]
        if any:
            return f"{path}, {'|'.join(privileges)}" if len(absent) == len(privileges) else None
        return f"{path}, {absent[0]}" if absent else None

    def require(self, user: str, path: str, privileges: Sequence[str], any: bool = False) -> None:  # noqa: A002
        missing = self.missing(user, path, privileges, any)
        if missing is not None:
            raise permission_error(missing)

    def groups(self, user: str, privileges: Sequence[str]) -> set[str]:
        """The groups on which the user has any of the privileges."""
        return {
            name
            for name in self.cluster.groups
            if self.missing(user, f"/access/groups/{name}", privileges, True) is None
        }

    def members(self, groups: set[str]) -> set[str]:
        """The users that are in any of the groups."""
        return {userid for userid, user in self.cluster.users.items() if user.groups & groups}

    def may_modify(self, user: str, path: str) -> bool:
        """Whether the user may change the ACL of a path, or what the thing there belongs to."""
        return self.missing(user, path, _modifiers(path), any=True) is None

    def require_modify(self, user: str, path: str) -> None:
        self.require(user, path, _modifiers(path), any=True)

    # --- the checks of the calls -------------------------------------------------

    def require_call(self, permissions: Mapping[str, Any] | None, user: str | None, params: Mapping[str, Any]) -> None:
        """Refuse a call with 403 unless its `permissions` let the user pass."""
        if user == ROOT:
            return
        if not permissions:
            raise permission_error("user != root@pam")
        if permissions.get("user") == "world":
            return
        if user is None:
            raise permission_error("user != null")
        if permissions.get("user") == "all":
            return
        if "check" not in permissions:
            raise permission_error("user != root@pam")
        self._require(permissions["check"], user, params)

    def _require(self, check: Check, user: str, params: Mapping[str, Any]) -> None:
        kind, *arguments = check
        if kind == "and":
            for part in arguments:
                self._require(part, user, params)
        elif kind == "or":
            if not any(self._passes(part, user, params) for part in arguments):
                raise permission_error()
        elif kind == "perm":
            self._require_perm(arguments, user, params)
        elif kind == "userid-param":
            self._require_userid_param(arguments[0], user, params)
        elif kind == "userid-group":
            self._require_userid_group(arguments, user, params)
        elif kind == "perm-modify":
            path = normalized(_filled(arguments[0], params))
            if path is None:
                self.require(user, "/access", ["Permissions.Modify"])
            else:
                self.require_modify(user, path)
        else:
            raise ValueError(f"unknown kind of check {kind!r}")

    def _passes(self, check: Check, user: str, params: Mapping[str, Any]) -> bool:
        try:
            self._require(check, user, params)
        except ApiError:
            return False
        return True

    def _require_perm(self, arguments: Check, user: str, params: Mapping[str, Any]) -> None:
        template, privileges, *rest = arguments
        options = dict(zip(rest[::2], rest[1::2], strict=True))
        if "require_param" in options and options["require_param"] not in params:
            raise permission_error()
        path = normalized(_filled(template, params)) or "/"
        self.require(user, path, privileges, bool(options.get("any")))

    def _require_userid_param(self, subtest: str, user: str, params: Mapping[str, Any]) -> None:
        userid = str(params.get("userid", ""))
        if subtest == "self":
            self._require_user(userid)
            if user != userid:
                raise permission_error()
        else:
            self.require(user, f"/access/realm/{userid.rpartition('@')[2]}", [subtest])

    def _require_userid_group(self, arguments: Check, user: str, params: Mapping[str, Any]) -> None:
        privileges, *rest = arguments
        groups_param = rest[1] if rest else None
        userid = str(params.get("userid", ""))
        existing = groups_param != "create" and "userid" in params
        if existing:
            self._require_user(userid)
        if self.missing(user, "/access/groups", privileges, any=True) is None:
            return
        groups = self.groups(user, privileges)
        if groups_param:
            asked = split_list(str(params.get("groups", "")))
            for path in ["/access/groups"] if not asked else [f"/access/groups/{name}" for name in asked]:
                if not asked or path.rpartition("/")[2] not in groups:
                    raise permission_error(f"{path}, {'|'.join(privileges)}")
        if existing and userid not in self.members(groups):
            raise permission_error()

    def _require_user(self, userid: str) -> None:
        if userid not in self.cluster.users:
            raise ApiError(500, f"no such user ('{userid}')")


def _modifiers(path: str) -> list[str]:
    """The privileges of which any lets change the ACL of a path."""
    return ["Permissions.Modify", *(privilege for start, privilege in MODIFY_BY_PATH if path.startswith(start))]


def _filled(template: str, params: Mapping[str, Any]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda match: str(params.get(match[1], "")), template)
