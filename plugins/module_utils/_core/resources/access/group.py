# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of users. PVE keeps who belongs to a group with each user, so that members are changed user by user."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import Reader, State
from ...model.field import Field, Fields
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import ListInfo
from ...model.kinds.item import Item, ItemDesired, Observed
from ...model.kinds.members import Difference, Members
from ...model.plan import Plan, Step, api_path
from ...model.values import Matching, NonZeroComment
from . import lockout
from .user import check_userid

COLLECTION = "/access/groups"
FIELDS = Fields([Field("comment", codec=NonZeroComment(), clear="empty")])
MEMBERS = Members(Field("members", type="list", elements="str"))


@dataclasses.dataclass(frozen=True)
class GroupDesired(ItemDesired):
    """What a task wants of a group; ``members`` is None if it does not manage them."""

    members: Sequence[str] | None = None


@dataclasses.dataclass(frozen=True)
class ObservedGroup(Observed):
    """A group, and the other groups of those that leave it, which are sent along when one leaves."""

    other_groups: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)


class Group(Item):
    """An item with members, who join and leave by calls of their own."""

    def may_be_empty(self) -> set[str]:
        return {*super().may_be_empty(), MEMBERS.name}

    def parse(self, params: Mapping[str, Any]) -> ItemDesired:
        desired, members = super().parse(params), MEMBERS.parse(params)
        for userid in members or []:
            check_userid(MEMBERS.name, userid)
        return GroupDesired(**vars(desired), members=members)

    def read(self, reader: Reader, desired: ItemDesired) -> Observed:
        observed = super().read(reader, desired)
        if observed.state is None or desired.state == "absent":
            return observed
        others = {}
        for userid in _difference(observed, desired).dropped:
            groups = MEMBERS.read(reader.get(api_path("access", "users", userid)).get("groups"))
            others[userid] = [group for group in groups if group != desired.key]
        return ObservedGroup(state=observed.state, other_groups=others)

    def observe(self, key: str, answer: Mapping[str, Any]) -> State:
        return {**super().observe(key, answer), MEMBERS.name: MEMBERS.read(answer.get("members"))}

    def _plan_present(self, observed: Observed, desired: ItemDesired) -> Plan:
        plan, difference = super()._plan_present(observed, desired), _difference(observed, desired)
        if not difference:
            return plan
        others = observed.other_groups if isinstance(observed, ObservedGroup) else {}
        steps = [_join(userid, desired.key) for userid in difference.added]
        steps += [_leave(userid, desired.key, others[userid]) for userid in difference.dropped]
        after = {**(plan.after or {}), MEMBERS.name: difference.after}
        return dataclasses.replace(plan, after=after, steps=(*plan.steps, *steps))


def _difference(observed: Observed, desired: ItemDesired) -> Difference:
    members = desired.members if isinstance(desired, GroupDesired) else None
    return MEMBERS.difference(observed.state, members, append=desired.append)


def _join(userid: str, group: str) -> Step:
    summary = f"put user {userid} into group {group}"
    return Step("PUT", api_path("access", "users", userid), {"groups": group, "append": True}, summary)


def _leave(userid: str, group: str, others: Sequence[str]) -> Step:
    summary = f"take user {userid} out of group {group}"
    return Step("PUT", api_path("access", "users", userid), {"groups": ",".join(others)}, summary)


class GroupList(ListInfo):
    """Groups with their members."""

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = super()._shown(row)
        users = shown.pop("users", None)
        return {**shown, "members": MEMBERS.read(users)}


GROUP = Group(
    "group",
    COLLECTION,
    Field(
        "groupid",
        aliases=("name",),
        codec=Matching("[A-Za-z0-9._-]+", "{value} has other characters than letters, digits, '.', '_', '-'"),
    ),
    FIELDS,
    delete_keys=False,
    more_calls=("PUT /access/users/*",),
    extra_options={
        MEMBERS.name: MEMBERS.field.spec(),
        "append": {"type": "bool", "default": False},
        **lockout.OPTION,
    },
    preflights=(lockout.keep_rights(lambda rights, plan, desired: rights.with_group(desired.key, plan.after)),),
    extra_uses={"members": TO_MAKE, "append": Use(never=("absent",), beside=("members",))},
)
GROUP_INFO = GroupList("groups", lambda desired: COLLECTION, key="groupid", fields=FIELDS)
