# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: named sets of privileges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption
from ...model.field import Field, Fields
from ...model.kinds.info import ListInfo
from ...model.kinds.item import BuiltIn, Item, ItemDesired
from ...model.plan import Plan
from . import lockout

COLLECTION = "/access/roles"
FIELDS = Fields([Field("privs", type="list", elements="str", clear="empty")])
WITH_ALL = "Administrator"  # has every privilege that there is
SPECIAL, RESERVED = (WITH_ALL, "NoAccess"), "pve"
GUEST_AGENT = tuple(
    f"VM.GuestAgent.{name}" for name in ("Audit", "FileRead", "FileSystemMgmt", "FileWrite", "Unrestricted")
)
# privilege -> what a server without it has instead
UNTIL_8 = {"VM.Monitor": f"it became {', '.join(GUEST_AGENT)}, and Sys.Audit for the monitor"}
SINCE_9 = {
    **dict.fromkeys(GUEST_AGENT, "there VM.Monitor allows all of these"),
    "VM.Replicate": "there replication asks for Datastore.Allocate on /storage",
}


def _belongs_to_server(roleid: str) -> bool:
    return roleid in SPECIAL or roleid.lower().startswith(RESERVED)


def _refuse_unknown(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse new privileges that the server does not have, with an explanation of those of the other major release."""
    privs = set((plan.after or {}).get("privs", [])) - set((plan.before or {}).get("privs", []))
    if not privs:
        return
    unknown = sorted(privs - set(reader.get(f"{COLLECTION}/{WITH_ALL}")))
    if not unknown:
        return
    major = reader.release()[0]
    explained = UNTIL_8 if major >= 9 else SINCE_9
    reason = f": {explained[unknown[0]]}" if unknown[0] in explained else ""
    raise InvalidOption("privs", f"PVE {major} has no {unknown[0]}{reason}")


class RoleList(ListInfo):
    """Roles with their privileges; ``special`` marks those that come with PVE."""

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {"privs": [], **super()._shown(row), "special": bool(int(row.get("special") or 0))}


ROLE = Item(
    "role",
    COLLECTION,
    Field("roleid", aliases=("name",)),
    FIELDS,
    delete_keys=False,
    append="privs",
    shape=lambda answer: {"privs": [name for name, given in answer.items() if given]},
    built_in=BuiltIn(
        _belongs_to_server,
        "Role {key} belongs to the server, as do all whose names begin with PVE.",
        changeable=False,
    ),
    preflights=(
        _refuse_unknown,
        lockout.keep_rights(
            lambda rights, plan, desired: rights.with_role(desired.key, (plan.after or {}).get("privs", []))
        ),
    ),
    extra_options=lockout.OPTION,
)
ROLE_INFO = RoleList("roles", lambda desired: COLLECTION, key="roleid", fields=FIELDS)
