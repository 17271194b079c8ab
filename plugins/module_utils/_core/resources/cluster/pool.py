# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools: named groups of guests and storages, which permissions and backup jobs refer to."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...guests.named import HINT
from ...guests.pool import refuse_move
from ...model.changes import changed_fields, shown
from ...model.contract import STATES, Reader, Resource, State
from ...model.errors import InvalidOption, NotFound, Refused, does_not_exist
from ...model.field import Field, Fields, hyphenated, update_params
from ...model.given import TO_DELETE, TO_MAKE, Use
from ...model.kinds.info import ListInfo, Options
from ...model.kinds.members import Members
from ...model.plan import Plan, Step
from ...model.table import Table, calls_below
from ...model.values import NonZeroComment, Set
from ..existence import exists

KEY = Field("poolid", aliases=("name",), required=True)
FIELDS = Fields([Field("comment", codec=NonZeroComment(), clear="empty")])
ALLOW_MOVE = hyphenated("allow_move", type="bool")
COLLECTION = "/pools"
LEVELS = 3  # of nested pools


class Vmids(Set):
    """A set of guest ids, canonically as sorted numbers."""

    def parse(self, value: Any) -> list[Any]:
        parts = super().parse(value)
        wrong = [part for part in parts if not part.isdigit() or not 100 <= int(part) <= 999999999]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: a vmid is a number from 100 to 999999999")
        return [int(part) for part in parts]

    def format(self, value: list[Any]) -> str:
        return ",".join(str(part) for part in value)


# PVE's name of a kind of members -> how the task lists them
MEMBERS = {
    "vms": Members(Field("vms", type="list", elements="int", codec=Vmids())),
    "storage": Members(Field("storage", type="list", elements="str")),
}


@dataclasses.dataclass(frozen=True)
class PoolDesired:
    """What a task wants of a pool. Members of a kind that it does not list are None."""

    key: str
    state: str
    fields: Mapping[str, Any]
    members: Mapping[str, list[Any] | None]
    append: bool
    allow_move: bool
    force: bool


@dataclasses.dataclass(frozen=True)
class ObservedPool:
    """A pool (None if absent), and the pools that it holds, which have to be deleted first."""

    state: State | None
    nested: Sequence[str] = ()


class Pool(Resource[PoolDesired, ObservedPool]):
    """An item whose members are two sets: a given list is the whole list unless ``append``."""

    name = "pool"

    def tables(self) -> Sequence[Table]:
        fields = (KEY, *FIELDS, *(members.field for members in MEMBERS.values()), ALLOW_MOVE)
        return (Table(calls_below([COLLECTION], "POST ", "PUT ", "DELETE "), fields),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            KEY.name: KEY.spec(),
            **FIELDS.specs(),
            **{name: members.field.spec() for name, members in MEMBERS.items()},
            "append": {"type": "bool", "default": False},
            "allow_move": {**ALLOW_MOVE.spec(), "default": False},
            "force": {"type": "bool", "default": False},
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return {*FIELDS.clearable(), *MEMBERS}

    def uses(self) -> dict[str, Use]:
        described = dict.fromkeys([*(field.name for field in FIELDS), *MEMBERS], TO_MAKE)
        of_members = Use(never=("absent",), beside=tuple(MEMBERS))
        return {**described, "append": of_members, "allow_move": of_members, "force": TO_DELETE}

    def parse(self, params: Mapping[str, Any]) -> PoolDesired:
        key = KEY.parse(params[KEY.name])
        if key == "" or key.startswith("/"):
            raise InvalidOption(KEY.name, f"{key!r} is not a pool id such as 'web' or 'web/frontend'")
        if not re.fullmatch(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*", key):
            raise InvalidOption(KEY.name, f"{key!r} has other characters than letters, digits, '.', '-', '_' and '/'")
        if key.count("/") >= LEVELS:
            raise InvalidOption(KEY.name, f"{key!r} is nested too deeply: a pool is on one of {LEVELS} levels")
        members = {name: members.parse(params) for name, members in MEMBERS.items()}
        flags = {name: params[name] for name in ("state", "append", "allow_move", "force")}
        return PoolDesired(key=key, fields=FIELDS.parse(params), members=members, **flags)

    def read(self, reader: Reader, desired: PoolDesired) -> ObservedPool:
        try:
            rows = reader.get(COLLECTION, {"poolid": desired.key})
        except NotFound:
            return ObservedPool(None)
        state = observe(rows[0]) if rows else None
        if desired.state != "absent":
            return ObservedPool(state)
        listed = [str(row["poolid"]) for row in reader.get(COLLECTION) or []]
        return ObservedPool(state, sorted(poolid for poolid in listed if poolid.startswith(f"{desired.key}/")))

    def plan(self, observed: ObservedPool, desired: PoolDesired) -> Plan:
        current = observed.state
        if desired.state == "absent":
            return self._plan_absent(observed, desired)
        present = current or {KEY.name: desired.key, "vms": [], "storage": []}
        changes = changed_fields(FIELDS, present, desired.fields)
        after = shown(FIELDS, present, changes)
        differences = {
            name: members.difference(present, desired.members[name], append=desired.append)
            for name, members in MEMBERS.items()
        }
        after.update({name: difference.after for name, difference in differences.items()})
        adds = {name: difference.added for name, difference in differences.items()}
        drops = {name: difference.dropped for name, difference in differences.items()}
        steps = []
        if current is None:
            if not desired.key[0].isalpha():
                raise InvalidOption(KEY.name, f"{desired.key!r} does not begin with a letter")
            steps.append(
                Step(
                    "POST",
                    COLLECTION,
                    {"poolid": desired.key, **update_params(changes, FIELDS, {})},
                    "create pool " + desired.key,
                )
            )
            changes = {}
        steps += self._steps(desired, drops, delete=True)
        steps += self._steps(desired, adds, delete=False, more=update_params(changes, FIELDS, present))
        return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)

    @staticmethod
    def _steps(
        desired: PoolDesired,
        members: Mapping[str, Sequence[Any]],
        *,
        delete: bool,
        more: Mapping[str, Any] | None = None,
    ) -> list[Step]:
        params = {name: MEMBERS[name].field.format(rows) for name, rows in members.items() if rows}
        if not params and not more:
            return []
        names = [f"{name} {params[name]}" for name in params]
        flags = {"delete": True} if delete else {"allow-move": True} if desired.allow_move and params else {}
        verb = "take" if delete else "put" if params else "change"
        where = "out of" if delete else "into" if params else "of"
        summary = f"{verb} {', '.join([*names, *(more or {})])} {where} pool {desired.key}"
        return [Step("PUT", COLLECTION, {"poolid": desired.key, **params, **(more or {}), **flags}, summary)]

    def preflight(self, reader: Reader, plan: Plan, desired: PoolDesired) -> None:
        if plan.after is None:
            return
        parent = desired.key.rpartition("/")[0]
        if plan.before is None and parent and not exists(reader, COLLECTION, {"poolid": parent}):
            raise does_not_exist(KEY.name, f"pool {parent!r}, of which this would be a part,")
        added = {
            name: [one for one in plan.after[name] if one not in (plan.before or {}).get(name, [])] for name in MEMBERS
        }
        if added["vms"] or added["storage"]:
            _check_new_members(reader.get("/cluster/resources") or [], added, desired)

    def _plan_absent(self, observed: ObservedPool, desired: PoolDesired) -> Plan:
        current = observed.state
        if current is None:
            return Plan.nothing(None)
        if observed.nested:
            raise Refused(
                f"Pool {desired.key} holds other pools: {', '.join(observed.nested)}.", hint="Delete these first."
            )
        members = {name: current[name] for name in MEMBERS if current[name]}
        if members and not desired.force:
            held = "; ".join(f"{name}: {', '.join(map(str, rows))}" for name, rows in members.items())
            raise Refused(
                f"Pool {desired.key} is not empty ({held}).", hint="Set force: true to take them out and delete it."
            )
        delete = Step("DELETE", COLLECTION, {"poolid": desired.key}, f"delete pool {desired.key}")
        return Plan(current, None, (*self._steps(desired, members, delete=True), delete))


def _check_new_members(rows: Sequence[Mapping[str, Any]], added: Mapping[str, list[Any]], desired: PoolDesired) -> None:
    """Refuse members that do not exist, and guests of other pools that must not be moved."""
    pools = {int(row["vmid"]): row.get("pool") for row in rows if "vmid" in row}
    for vmid in added["vms"]:
        if vmid not in pools:
            raise does_not_exist("vms", f"guest {vmid}", HINT)
        refuse_move("vms", vmid, pools[vmid], desired.key, may_move=desired.allow_move)
    storages = {row["storage"] for row in rows if row.get("type") == "storage"}
    for storage in added["storage"]:
        if storage not in storages:
            raise does_not_exist("storage", f"storage {storage!r}", HINT)


def observe(row: Mapping[str, Any]) -> State:
    """A pool as users see it, from a row of GET /pools?poolid=."""
    members = row.get("members", [])
    return {
        KEY.name: row["poolid"],
        **FIELDS.observe(row),
        "vms": sorted(int(member["vmid"]) for member in members if member.get("type") in ("qemu", "lxc")),
        "storage": sorted({member["storage"] for member in members if member.get("type") == "storage"}),
    }


class PoolList(ListInfo):
    """Pools; the members only of the one that is asked for, as the server lists them for one pool at a time only."""

    def read(self, reader: Reader, desired: Options) -> Any:
        if desired["poolid"] is None:
            rows: list[dict[str, Any]] = super().read(reader, desired)
            return rows
        try:
            return [observe(row) for row in reader.get(COLLECTION, {"poolid": desired["poolid"]}) or []]
        except NotFound:
            return []


POOL = Pool()
POOL_INFO = PoolList("pools", lambda desired: COLLECTION, key="poolid", fields=FIELDS)
