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
from ...model.contract import Desired, Reader, State
from ...model.errors import InvalidOption, Refused
from ...model.plan import Plan, Step, api_path
from ..identity import GUEST, NamedGuest, find_guest
from ..locate import Location

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,39}")
ALL = "*"  # the prefix of all snapshots
_RESERVED = ("current", "pending")


class Snapshot(NamedGuest):
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

    def parse(self, params: Mapping[str, Any]) -> Desired:
        names = (*GUEST, "snapname", "vmstate", "start", "force", "retention", "prefix", "state")
        desired = {name: params.get(name) for name in names}
        if params.get("description") is not None:
            desired["description"] = params["description"].rstrip()
        if desired["snapname"] is not None:
            _check_name(desired["snapname"])
        if desired["retention"] is not None and desired["retention"] < 1:
            raise InvalidOption("retention", "is the number of snapshots to keep, at least 1")
        _check_use(params)
        return desired

    # --- the present state --------------------------------------------------------------------------------------------

    def read(self, reader: Reader, desired: Desired) -> State | None:
        if "where" not in desired:  # a guest stays where it is while this runs
            loses = desired["state"] in ("rollback", "absent")
            desired["where"], config = find_guest(reader, desired, exact_node=loses)
            desired["lock"] = config.get("lock")
        where: Location = desired["where"]
        if where.kind == "lxc" and desired["vmstate"]:
            raise InvalidOption("vmstate", f"the {where} is a container, whose memory no snapshot keeps")
        rows = reader.get(f"{where.path}/snapshot") or []
        parent = next((row.get("parent") for row in rows if row["name"] == "current"), None)
        state: State = {"vmid": where.vmid, "name": where.name, "node": where.node, "type": where.kind}
        state.update({"snapshots": observe_snapshots(rows), "parent": parent})
        if not desired.get("checked") and self._steps(state, desired):
            self._refuse_impossible(reader, where, state, desired)
            desired["checked"] = True
        return state

    @staticmethod
    def _refuse_impossible(reader: Reader, where: Location, state: State, desired: Desired) -> None:
        """Say before a change, and so in check mode as well, what PVE would only say in the task that fails."""
        if desired["lock"]:
            raise Refused(
                f"The {where} is locked ({desired['lock']}).",
                hint="Wait until that has ended, or unlock it on the node.",
            )
        creates = desired["state"] == "present" and desired["snapname"] and not _named(state, desired["snapname"])
        if creates and not reader.get(f"{where.path}/feature", {"feature": "snapshot"}).get("hasFeature"):
            raise Refused(
                f"The {where} cannot have snapshots: one of its volumes is on a storage, or of a format, without them.",
                hint="On a storage with files use qcow2; raw files and bind mounts have no snapshots.",
            )

    # --- the plan -----------------------------------------------------------------------------------------------------

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        state: State = observed or {}
        steps = self._steps(state, desired)
        if not steps:
            return Plan.nothing(state)
        return Plan(state, self._after(state, desired), tuple(steps))

    def _steps(self, state: State, desired: Desired) -> list[Step]:
        if desired["state"] == "absent":
            return [_delete(state, desired["snapname"], desired["force"])] if _named(state, desired["snapname"]) else []
        if desired["state"] == "rollback":
            return [_rollback(state, desired)]
        steps = _take_or_describe(state, desired) if desired["snapname"] else []
        return [*steps, *(_delete(state, name, desired["force"]) for name in _surplus(state, desired))]

    @staticmethod
    def _after(state: State, desired: Desired) -> State:
        name = desired["snapname"]
        if desired["state"] == "rollback":
            return {**state, "parent": name}
        gone = {name} if desired["state"] == "absent" else set(_surplus(state, desired))
        rows = [dict(row) for row in state["snapshots"] if row["name"] not in gone]
        parents = {row["name"]: row.get("parent") for row in state["snapshots"]}
        after: State = {**state, "snapshots": rows}
        if desired["state"] == "present" and name:
            kept = next((row for row in rows if row["name"] == name), None)
            if kept is None:
                kept = {"name": name, "description": ""} | ({"parent": state["parent"]} if state["parent"] else {})
                rows.append(kept)
                after["parent"] = name
            kept["description"] = desired.get("description", kept["description"])
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


def _named(state: State, name: str) -> dict[str, Any] | None:
    return next((row for row in state["snapshots"] if row["name"] == name), None)


def _surplus(state: State, desired: Desired) -> list[str]:
    """The oldest snapshots of the series beyond those to keep; the one that the task names is always kept."""
    if desired["retention"] is None or desired["state"] != "present":
        return []
    series = [row["name"] for row in state["snapshots"] if _belongs(row["name"], desired["prefix"])]
    named = desired["snapname"]
    others = [name for name in series if name != named]
    keep = desired["retention"] - int(bool(named and _belongs(named, desired["prefix"])))
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


def _take_or_describe(state: State, desired: Desired) -> list[Step]:
    name, present = desired["snapname"], _named(state, desired["snapname"])
    if present is None:
        params = {"snapname": name}
        if desired.get("description"):
            params["description"] = desired["description"]
        if desired["vmstate"] is not None and state["type"] == "qemu":
            params["vmstate"] = desired["vmstate"]
        return [_step(state, "POST", _path(state), params, f"take snapshot {name}")]
    if present.get("snapstate"):
        raise Refused(
            f"Snapshot {name} of guest {state['vmid']} was left unfinished (state {present['snapstate']}).",
            hint="Delete it with state: absent and force: true.",
        )
    if desired.get("description") in (None, present["description"]):
        return []
    params = {"description": desired["description"]}
    return [_step(state, "PUT", _path(state, name, "config"), params, f"describe snapshot {name}")]


def _delete(state: State, name: str, force: bool) -> Step:
    return _step(state, "DELETE", _path(state, name), {"force": True} if force else {}, f"delete snapshot {name}")


def _rollback(state: State, desired: Desired) -> Step:
    name = desired["snapname"]
    if not _named(state, name):
        names = ", ".join(row["name"] for row in state["snapshots"]) or "none"
        raise InvalidOption("snapname", f"guest {state['vmid']} has no snapshot {name!r}; it has {names}")
    params = {"start": True} if desired["start"] else {}
    step = _step(state, "POST", _path(state, name, "rollback"), params, f"roll back to snapshot {name}")
    return dataclasses.replace(step, verify=False, repeatable=False)
