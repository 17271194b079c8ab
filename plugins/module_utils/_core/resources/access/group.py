# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of users. PVE keeps who belongs to a group with each user, so that members are changed user by user."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Desired, Reader, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import ListInfo
from ...model.kinds.item import Item
from ...model.plan import Plan, Step, api_path
from ...model.values import Set
from . import lockout
from .user import check_userid

GROUPID = re.compile(r"[A-Za-z0-9._-]+")
COLLECTION = "/access/groups"
FIELDS = Fields([Field("comment", clear="empty")])
MEMBERS = Set()


class Group(Item):
    """An item with members: a given list is the whole list unless ``append``."""

    def may_be_empty(self) -> set[str]:
        return {*super().may_be_empty(), "members"}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = super().parse(params)
        if not GROUPID.fullmatch(desired["key"]):
            raise InvalidOption(
                self.key.name, f"{desired['key']!r} has other characters than letters, digits, '.', '_', '-'"
            )
        if desired["members"] is not None:
            desired["members"] = MEMBERS.parse(desired["members"])
            for userid in desired["members"]:
                check_userid("members", userid)
        return desired

    def read(self, reader: Reader, desired: Desired) -> State | None:
        """Whoever leaves is read, too: the other groups of a user are sent along when it leaves one."""
        state = super().read(reader, desired)
        desired["other_groups"] = {}
        if state is not None and desired["state"] == "present":
            for userid in _leaving(state, desired):
                groups = reader.get(api_path("access", "users", userid)).get("groups") or []
                desired["other_groups"][userid] = [group for group in MEMBERS.parse(groups) if group != desired["key"]]
        lockout.look_around(reader, desired, self._plan(state, desired))
        return state

    def observe(self, key: str, answer: Mapping[str, Any]) -> State:
        return {**super().observe(key, answer), "members": MEMBERS.parse(answer.get("members") or [])}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        plan = self._plan(current, desired)
        return lockout.refuse_loss(plan, desired, lambda rights: rights.with_group(desired["key"], plan.after))

    def _plan(self, current: State | None, desired: Desired) -> Plan:
        plan = super().plan(current, desired)
        if desired["state"] == "absent" or desired["members"] is None:
            return plan
        present = (current or {}).get("members", [])
        joining = [userid for userid in desired["members"] if userid not in present]
        leaving = _leaving(current or {}, desired)
        if not joining and not leaving:
            return plan
        members = MEMBERS.parse([*(userid for userid in present if userid not in leaving), *joining])
        steps = [_join(userid, desired["key"]) for userid in joining]
        steps += [_leave(userid, desired["key"], desired["other_groups"][userid]) for userid in leaving]
        return dataclasses.replace(plan, after={**(plan.after or {}), "members": members}, steps=(*plan.steps, *steps))


def _leaving(current: State, desired: Desired) -> list[str]:
    if desired["members"] is None or desired["append"]:
        return []
    return [userid for userid in current.get("members", []) if userid not in desired["members"]]


def _join(userid: str, group: str) -> Step:
    why = f"put user {userid} into group {group}"
    return Step("PUT", api_path("access", "users", userid), {"groups": group, "append": True}, why)


def _leave(userid: str, group: str, others: list[str]) -> Step:
    why = f"take user {userid} out of group {group}"
    return Step("PUT", api_path("access", "users", userid), {"groups": ",".join(others)}, why)


class GroupList(ListInfo):
    """Groups with their members."""

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = super()._shown(row)
        users = shown.pop("users", None)
        return {**shown, "members": MEMBERS.parse(users or [])}


GROUP = Group(
    "group",
    COLLECTION,
    Field("groupid", aliases=("name",)),
    FIELDS,
    delete_keys=False,
    extra_options={
        "members": {"type": "list", "elements": "str"},
        "append": {"type": "bool", "default": False},
        **lockout.OPTION,
    },
    extra_uses={"members": TO_MAKE, "append": Use(never=("absent",), beside=("members",))},
)
GROUP_INFO = GroupList("groups", lambda desired: COLLECTION, key="groupid", fields=FIELDS)
