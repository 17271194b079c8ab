# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of guests: taking, describing, deleting, rolling back, and keeping only the newest ones of a series."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import Reader, State
from ...model.errors import InvalidOption, Refused
from ...model.plan import Plan, Step, api_path
from ..identity import GUEST, GuestName, NamedDesired, NamedGuest, NamedObserved, find_guest

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,39}")
ALL = "*"  # the prefix of all snapshots
_RESERVED = ("current", "pending")


@dataclasses.dataclass(frozen=True)
class SnapshotDesired(NamedDesired):
    """What a task wants of the snapshots of a guest."""

    state: str
    snapname: str  # empty if the task names none
    description: str | None
    vmstate: bool | None
    start: bool | None
    force: bool
    retention: int | None
    prefix: str


class Snapshot(NamedGuest[SnapshotDesired, NamedObserved]):
    """See the module pve_snapshot for what its options mean."""

    name = "guest"

    def arguments(self) -> dict[str, Any]:
        spec = {
            **GUEST,
            "snapname": {"type": "str"},
            "description": {"type": "str"},
            "vmstate": {"type": "bool"},
            "start": {"type": "bool"},
            "force": {"type": "bool", "default": False},
            "retention": {"type": "int"},
            "prefix": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent", "rollback"], "default": "present"},
            **task_arguments(),
        }
        return {
            "argument_spec": spec,
            "required_one_of": [["vmid", "name"], ["snapname", "retention"]],
            "required_together": [["retention", "prefix"]],
            "required_if": [["state", "absent", ["snapname"]], ["state", "rollback", ["snapname"]]],
        }

    def may_be_empty(self) -> set[str]:
        return {"description"}

    # --- what the task wants ------------------------------------------------------------------------------------------

    def parse(self, params: Mapping[str, Any]) -> SnapshotDesired:
        description = params.get("description")
        if params.get("snapname") is not None:
            _check_name(params["snapname"])
        if params.get("retention") is not None and params["retention"] < 1:
            raise InvalidOption("retention", "is the number of snapshots to keep, at least 1")
        _check_use(params)
        return SnapshotDesired(
            guest=GuestName.parse(params),
            state=params["state"],
            snapname=params.get("snapname") or "",
            description=None if description is None else description.rstrip(),
            vmstate=params.get("vmstate"),
            start=params.get("start"),
            force=params["force"],
            retention=params.get("retention"),
            prefix=params.get("prefix") or "",
        )

    # --- the present state --------------------------------------------------------------------------------------------

    def read(self, reader: Reader, desired: SnapshotDesired) -> NamedObserved:
        loses = desired.state in ("rollback", "absent")
        found = desired.found or find_guest(reader, desired.guest, exact_node=loses)
        where = found.where
        rows = reader.get(f"{where.path}/snapshot") or []
        parent = next((row.get("parent") for row in rows if row["name"] == "current"), None)
        state: State = {"vmid": where.vmid, "name": where.name, "node": where.node, "type": where.kind}
        return NamedObserved(found, {**state, "snapshots": observe_snapshots(rows), "parent": parent})

    def preflight(self, reader: Reader, plan: Plan, desired: SnapshotDesired) -> None:
        """Refuse before a change, and so in check mode as well, what PVE would refuse in a task that fails."""
        super().preflight(reader, plan, desired)
        if desired.found is None:
            return
        where, lock = desired.found.where, desired.found.config.get("lock")
        if lock:
            raise Refused(
                f"The {where} is locked ({lock}).", hint="Wait until that has ended, or unlock it on the node."
            )
        creates = desired.state == "present" and desired.snapname and not _named(plan.before or {}, desired.snapname)
        if creates and not reader.get(f"{where.path}/feature", {"feature": "snapshot"}).get("hasFeature"):
            raise Refused(
                f"The {where} cannot have snapshots: one of its volumes is on a storage, or of a format, without them.",
                hint="On a storage with files use qcow2; raw files and bind mounts have no snapshots.",
            )

    # --- the plan -----------------------------------------------------------------------------------------------------

    def plan(self, observed: NamedObserved, desired: SnapshotDesired) -> Plan:
        state, where = observed.state, observed.found.where
        if where.kind == "lxc" and desired.vmstate:
            raise InvalidOption("vmstate", f"the {where} is a container, whose memory no snapshot keeps")
        steps = self._steps(state, desired)
        if not steps:
            return Plan.nothing(state)
        return Plan(state, self._after(state, desired), tuple(steps))

    def _steps(self, state: State, desired: SnapshotDesired) -> list[Step]:
        if desired.state == "absent":
            return [_delete(state, desired.snapname, desired.force)] if _named(state, desired.snapname) else []
        if desired.state == "rollback":
            return [_rollback(state, desired)]
        steps = _take_or_describe(state, desired) if desired.snapname else []
        return [*steps, *(_delete(state, name, desired.force) for name in _surplus(state, desired))]

    @staticmethod
    def _after(state: State, desired: SnapshotDesired) -> State:
        name = desired.snapname
        if desired.state == "rollback":
            return {**state, "parent": name}
        gone = {name} if desired.state == "absent" else set(_surplus(state, desired))
        rows = [dict(row) for row in state["snapshots"] if row["name"] not in gone]
        parents = {row["name"]: row.get("parent") for row in state["snapshots"]}
        after: State = {**state, "snapshots": rows}
        if desired.state == "present" and name:
            kept = next((row for row in rows if row["name"] == name), None)
            if kept is None:
                kept = {"name": name, "description": ""} | ({"parent": state["parent"]} if state["parent"] else {})
                rows.append(kept)
                after["parent"] = name
            kept["description"] = kept["description"] if desired.description is None else desired.description
        for holder in (*rows, after):
            while holder.get("parent") in gone:
                holder["parent"] = parents[holder["parent"]]
        return after


SNAPSHOT = Snapshot()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidOption(
            "snapname", f"{name!r} is not 2 to 40 letters, digits, hyphens and underscores with a letter in front"
        )
    if name in _RESERVED:
        raise InvalidOption("snapname", f"{name!r} is a word of PVE's own")


def _check_use(params: Mapping[str, Any]) -> None:
    """Refuse options that mean nothing for the desired state."""
    state = params["state"]
    uses = {"start": "rollback", "vmstate": "present", "description": "present", "retention": "present"}
    for option, needed in uses.items():
        if params.get(option) is not None and state != needed:
            raise InvalidOption(option, f"means nothing with state: {state}")
    for option in ("description", "vmstate"):
        if params.get(option) is not None and params.get("snapname") is None:
            raise InvalidOption(option, "means nothing without snapname")
    if params.get("force") and state != "absent" and params.get("retention") is None:
        raise InvalidOption(
            "force", "means something only where a snapshot is deleted: with state: absent or retention"
        )


def observe_snapshots(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The snapshots in PVE's list, oldest first, without the present state that it lists among them."""
    return sorted((_observe(row) for row in rows if row["name"] != "current"), key=_age)


def _observe(row: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: row[name] for name in ("name", "snaptime", "parent", "snapstate") if row.get(name) is not None}
    known["description"] = str(row.get("description") or "").rstrip()
    return {**known, "vmstate": bool(row["vmstate"])} if "vmstate" in row else known


def _age(row: Mapping[str, Any]) -> tuple[int, str]:
    return int(row.get("snaptime", 0)), row["name"]


def _named(state: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    return next((row for row in state["snapshots"] if row["name"] == name), None)


def _surplus(state: State, desired: SnapshotDesired) -> list[str]:
    """The oldest snapshots of the series beyond those to keep; the one that the task names is always kept."""
    if desired.retention is None or desired.state != "present":
        return []
    series = [row["name"] for row in state["snapshots"] if _belongs(row["name"], desired.prefix)]
    named = desired.snapname
    others = [name for name in series if name != named]
    keep = desired.retention - int(bool(named and _belongs(named, desired.prefix)))
    return others[: max(0, len(others) - keep)]


def _belongs(name: str, prefix: str) -> bool:
    """Whether a snapshot is of the series; the star counts all of the guest."""
    return prefix == ALL or name.startswith(prefix)


def _path(state: State, *more: str) -> str:
    return api_path("nodes", state["node"], state["type"], state["vmid"], "snapshot", *more)


def _step(state: State, method: str, path: str, params: Mapping[str, Any], summary: str) -> Step:
    return Step(
        method, path, params, f"{summary} of guest {state['vmid']}", starts_task=True, task_id=str(state["vmid"])
    )


def _take_or_describe(state: State, desired: SnapshotDesired) -> list[Step]:
    name, present = desired.snapname, _named(state, desired.snapname)
    if present is None:
        params: dict[str, Any] = {"snapname": name}
        if desired.description:
            params["description"] = desired.description
        if desired.vmstate is not None and state["type"] == "qemu":
            params["vmstate"] = desired.vmstate
        return [_step(state, "POST", _path(state), params, f"take snapshot {name}")]
    if present.get("snapstate"):
        raise Refused(
            f"Snapshot {name} of guest {state['vmid']} was left unfinished (state {present['snapstate']}).",
            hint="Delete it with state: absent and force: true.",
        )
    if desired.description in (None, present["description"]):
        return []
    params = {"description": desired.description}
    return [_step(state, "PUT", _path(state, name, "config"), params, f"describe snapshot {name}")]


def _delete(state: State, name: str, force: bool) -> Step:
    return _step(state, "DELETE", _path(state, name), {"force": True} if force else {}, f"delete snapshot {name}")


def _rollback(state: State, desired: SnapshotDesired) -> Step:
    name = desired.snapname
    if not _named(state, name):
        names = ", ".join(row["name"] for row in state["snapshots"]) or "none"
        raise InvalidOption("snapname", f"guest {state['vmid']} has no snapshot {name!r}; it has {names}")
    params = {"start": True} if desired.start else {}
    step = _step(state, "POST", _path(state, name, "rollback"), params, f"roll back to snapshot {name}")
    return dataclasses.replace(step, verify=False, repeatable=False)
