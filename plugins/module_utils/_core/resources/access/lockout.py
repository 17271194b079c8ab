# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a task takes away the login or the rights that it would need to take its change back.

The rights of a login are evaluated as the server does it (pve-access-control: AccessControl.pm, roles; RPCEnvironment.pm,
permissions), without those that come from pools, which do not administrate anything.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption, Refused
from ...model.kinds.item import ItemDesired
from ...model.plan import Plan
from ...model.values import Boolean, split_list

ROOT = "root@pam"
OPTION: dict[str, dict[str, Any]] = {"allow_lockout": {"type": "bool", "default": False}}
# What changes of users, groups, roles, realms and access control lists take, and where.
PRIVILEGES = (
    "Group.Allocate",
    "Permissions.Modify",
    "Realm.Allocate",
    "Realm.AllocateUser",
    "Sys.Modify",
    "User.Modify",
)
PLACES = ("/", "/access", "/access/groups", "/access/realm")
FLAG = Boolean()
Entry = Mapping[str, Any]  # path, type, ugid, roleid, propagate


@dataclasses.dataclass(frozen=True)
class Rights:
    """All that decides what a login may do. ``token`` is empty for a login with a password."""

    user: str
    token: str
    privsep: bool
    groups: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    entries: tuple[Entry, ...]

    def privileges(self, path: str) -> frozenset[str]:
        """The administrative privileges on a path."""
        everything = frozenset(PRIVILEGES)
        owned = everything if self.user == ROOT else everything & self._granted("user", self.user, path)
        if self.token and self.privsep:
            return owned & self._granted("token", self.token, path)
        return owned

    def _granted(self, kind: str, subject: str, path: str) -> frozenset[str]:
        """What the lists grant: the deepest level with an entry counts, entries of a user before those of its groups."""
        roles: set[str] = set()
        for level in _levels(path):
            here = [entry for entry in self.entries if entry["path"] == level and (level == path or entry["propagate"])]
            found = {entry["roleid"] for entry in here if (entry["type"], entry["ugid"]) == (kind, subject)}
            if not found and kind == "user":
                found = {entry["roleid"] for entry in here if entry["type"] == "group" and entry["ugid"] in self.groups}
            roles = found or roles
        if "NoAccess" in roles:
            return frozenset()
        return frozenset().union(*(self.roles.get(role, frozenset()) for role in roles))

    def lost(self, after: Rights) -> list[str]:
        """What this login may do and could not do ``after``, as "privilege on path"."""
        paths = sorted({*PLACES, *(entry["path"] for entry in (*self.entries, *after.entries))})
        return [
            f"{privilege} on {path}"
            for path in paths
            for privilege in sorted(self.privileges(path) - after.privileges(path))
        ]

    # --- changes ------------------------------------------------------------------------------------------------------

    def with_entries(self, path: str, rows: Iterable[Entry]) -> Rights:
        """With these entries as the list of a path."""
        others = (entry for entry in self.entries if entry["path"] != path)
        return dataclasses.replace(self, entries=(*others, *({**row, "path": path} for row in rows)))

    def with_role(self, role: str, privileges: Iterable[str] | None) -> Rights:
        """With a role of these privileges; None deletes it."""
        return dataclasses.replace(self, roles={**self.roles, role: frozenset(privileges or ())})

    def with_group(self, group: str, state: Mapping[str, Any] | None) -> Rights:
        """With a group of these members; None deletes it and the entries that name it."""
        if state is None:
            kept = (entry for entry in self.entries if (entry["type"], entry["ugid"]) != ("group", group))
            return dataclasses.replace(self, groups=self.groups - {group}, entries=tuple(kept))
        belongs = self.user in state.get("members", [])
        return dataclasses.replace(self, groups=self.groups | {group} if belongs else self.groups - {group})

    def with_user(self, userid: str, state: Mapping[str, Any] | None) -> Rights:
        """With a user in these groups."""
        if userid != self.user:
            return self
        return dataclasses.replace(self, groups=frozenset((state or {}).get("groups", [])))

    def with_token(self, token: str, state: Mapping[str, Any] | None) -> Rights:
        """With a token whose rights are or are not separated from those of its user."""
        if token != self.token:
            return self
        return dataclasses.replace(self, privsep=bool((state or {}).get("privsep", True)))


def _levels(path: str) -> Iterator[str]:
    """The paths from "/" down to the path itself."""
    yield "/"
    parts = [part for part in path.split("/") if part]
    for count in range(1, len(parts) + 1):
        yield "/" + "/".join(parts[:count])


def collect_context(reader: Reader) -> Rights | None:
    """The rights of the login; None if nothing can take them, as those of root@pam in person."""
    connection = reader.connection
    token = connection.token
    user = token.partition("!")[0] or connection.user
    if not user or connection.is_root:
        return None
    own: Mapping[str, Any] = next(
        (row for row in reader.get("/access/users", {"full": True}) or [] if row["userid"] == user), {}
    )
    tokens = {row["tokenid"]: row for row in own.get("tokens") or []}
    return Rights(
        user,
        token,
        FLAG.parse(tokens.get(token.partition("!")[2], {}).get("privsep", True)),
        frozenset(split_list(own.get("groups") or "")),
        {row["roleid"]: frozenset(split_list(row.get("privs") or "")) for row in reader.get("/access/roles") or []},
        tuple({**row, "propagate": FLAG.parse(row["propagate"])} for row in reader.get("/access/acl") or []),
    )


def refuse_loss(reader: Reader, change: Callable[[Rights], Rights]) -> None:
    """Refuse a change that the login could not take back."""
    rights = collect_context(reader)
    lost = rights.lost(change(rights)) if rights else []
    if rights and lost:
        raise Refused(
            f"This would take from {rights.token or rights.user}, which the task logs in with, {', '.join(lost)}.",
            hint="Log in as somebody who keeps these rights. If the login is to lose them, set allow_lockout to true.",
        )


def keep_rights(
    change: Callable[[Rights, Plan, ItemDesired], Rights],
) -> Callable[[Reader, Plan, ItemDesired], None]:
    """The preflight of an item that refuses what the login could not take back; ``change`` applies a plan to rights."""

    def preflight(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
        if not desired.options["allow_lockout"]:
            refuse_loss(reader, lambda rights: change(rights, plan, desired))

    return preflight


# --- the login itself ------------------------------------------------------------------------------------------------


def login_of(params: Mapping[str, Any]) -> tuple[str, str]:
    """The user and the token (whole, empty if there is none) that a task logs in with."""
    if (params.get("api_backend") or "https") != "https":
        return ROOT, ""
    user, token = params.get("api_user") or "", params.get("api_token_id") or ""
    if token and "!" not in token:
        token = f"{user}!{token}"
    return token.partition("!")[0] or user, token


def refuse_own_user(params: Mapping[str, Any], userid: str, fields: Mapping[str, Any]) -> None:
    """Refuse to delete, disable or let expire the user that the task logs in with."""
    ends = _end_of("userid", params, fields)
    if ends and userid == login_of(params)[0]:
        raise InvalidOption(
            ends, f"{userid} is the user that this task logs in with, which would end; log in otherwise"
        )


def refuse_own_token(params: Mapping[str, Any], token: str, fields: Mapping[str, Any]) -> None:
    """Refuse to delete, regenerate or let expire the token that the task logs in with."""
    ends = "tokenid" if params["regenerate"] else _end_of("tokenid", params, fields)
    if ends and token == login_of(params)[1]:
        raise InvalidOption(
            ends, "is the token that this task logs in with, which would lock itself out; log in otherwise"
        )


def _end_of(key: str, params: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """The option by which a login would end; empty if it would not."""
    if params["state"] == "absent":
        return key
    if fields.get("enable") is False:
        return "enable"
    expire = fields.get("expire")
    return "expire" if isinstance(expire, int) and 0 < expire <= time.time() else ""


def refuse_end_of_root(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse to delete or disable root@pam, which no other user can replace."""
    ends = plan.after is None or plan.after.get("enable") is False
    if ends and desired.key == ROOT and not desired.options["allow_lockout"]:
        raise Refused(
            f"{ROOT} could not log in any more, and some things only {ROOT} may do.",
            hint="If that is wanted, set allow_lockout to true.",
        )
