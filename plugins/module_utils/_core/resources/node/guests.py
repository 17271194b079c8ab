# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All guests of a node at once, by the one call that PVE has for that: it heeds their order and delays of startup."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Reader, Resource
from ...model.errors import InvalidOption, NotConverged, does_not_exist
from ...model.field import Field, Fields, hyphenated
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...run.task import LOG_TAIL, Upid, read_log

GuestRow = dict[str, Any]

NAMED = 10  # guests that a message names
PARALLEL = 8  # configurations that are read at the same time
PAUSES = (1.0, 3.0)  # seconds before another look, after the task
RUNNING, STOPPED = "running", "stopped"


@dataclasses.dataclass(frozen=True)
class Action:
    """What brings guests to a state: the call, whom it is for, and in which state they are after it (none: gone)."""

    call: str
    verb: str
    concerns: Callable[[GuestRow], bool]
    status: str = ""


ACTIONS: Mapping[str, Action] = {
    "started": Action("startall", "start", lambda guest: not guest["template"] and guest["status"] != RUNNING, RUNNING),
    "stopped": Action("stopall", "stop", lambda guest: not guest["template"] and guest["status"] == RUNNING, STOPPED),
    "hibernated": Action(
        "suspendall",
        "hibernate",
        lambda guest: guest["type"] == "qemu" and not guest["template"] and guest["status"] == RUNNING,
        STOPPED,
    ),
    "migrated": Action("migrateall", "migrate", lambda guest: True),
}
VMS = Field("vms", type="list", elements="int")
FIELDS = Fields(
    [
        Field("force", type="bool"),
        hyphenated("force_stop", type="bool"),
        Field("shutdown_timeout", api="timeout", type="int"),
        Field("target"),
        hyphenated("with_local_disks", type="bool"),
        hyphenated("max_workers", type="int"),
    ]
)
# option -> the states that it is for
STATES: Mapping[str, Sequence[str]] = {
    "force": ("started",),
    "force_stop": ("stopped",),
    "shutdown_timeout": ("stopped",),
    "target": ("migrated",),
    "with_local_disks": ("migrated",),
    "max_workers": tuple(ACTIONS),
}


@dataclasses.dataclass(frozen=True)
class GuestsDesired:
    """What a task wants of the guests of a node. ``vms`` is None for all, ``state`` if it only reads."""

    node: str
    state: str | None
    vms: Sequence[int] | None
    sent: Mapping[str, Any]  # options that are parameters of the call, as far as they are given


@dataclasses.dataclass(frozen=True)
class GuestsObserved:
    """The guests of a node that a task is about, and those of them that PVE leaves alone."""

    guests: Sequence[GuestRow]
    left_alone: frozenset[int] = frozenset()
    reasons: Mapping[str, frozenset[int]] = dataclasses.field(default_factory=dict)  # those that are worth a warning


class NodeGuests(Resource[GuestsDesired, GuestsObserved]):
    """See the module pve_node_guests."""

    name = "node"
    converges_later = True

    def tables(self) -> Sequence[Table]:
        return (Table(tuple(f"POST /nodes/*/{action.call}" for action in ACTIONS.values()), (VMS, *FIELDS)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "state": {"type": "str", "choices": list(ACTIONS)},
            VMS.name: VMS.spec(),
            "all_guests": {"type": "bool", "default": False},
            **FIELDS.specs(),
            **task_arguments(),
        }
        return {"argument_spec": spec, "required_if": [["state", "migrated", ["target"]]]}

    def parse(self, params: Mapping[str, Any]) -> GuestsDesired:
        sent = FIELDS.parse(params)
        for name in sent:
            if params["state"] not in STATES[name]:
                raise InvalidOption(name, f"needs state: {' or '.join(STATES[name])}")
        if params["target"] == params["node"]:
            raise InvalidOption("target", "is the node itself")
        if not 0 <= sent.get("shutdown_timeout", 0) <= 7200:
            raise InvalidOption("shutdown_timeout", "is a number of seconds from 0 to 7200")
        if not 1 <= sent.get("max_workers", 1) <= 64:
            raise InvalidOption("max_workers", "is a number from 1 to 64")
        if params["vms"] == []:
            raise InvalidOption("vms", "names no guest")
        if params["vms"] is not None and params["all_guests"]:
            raise InvalidOption("all_guests", "contradicts vms")
        if params["state"] and params["vms"] is None and not params["all_guests"]:
            raise InvalidOption(
                "vms", f"is needed with state: {params['state']}", hint="Set all_guests: true to mean all."
            )
        return GuestsDesired(params["node"], params["state"], params["vms"], sent)

    # --- reading ------------------------------------------------------------------------------------------------------

    def read(self, reader: Reader, desired: GuestsDesired) -> GuestsObserved:
        guests = guests_of(reader, desired.node)
        if desired.vms is not None:
            _check_vms(reader, desired, guests)
            guests = [guest for guest in guests if guest["vmid"] in desired.vms]
        concerned = _concerned(guests, desired)
        return self._look_closer(reader, desired, guests, concerned) if concerned else GuestsObserved(guests)

    @staticmethod
    def _look_closer(
        reader: Reader, desired: GuestsDesired, guests: Sequence[GuestRow], concerned: Sequence[GuestRow]
    ) -> GuestsObserved:
        """Find out which guests PVE leaves alone, and refuse what the server would not do."""
        sent = desired.sent
        if desired.state == "migrated":
            rows = reader.get("/nodes") or []
            if not any(row["node"] == sent["target"] and row.get("status") == "online" for row in rows):
                raise InvalidOption("target", f"there is no node {sent['target']} that is online")
            return GuestsObserved(guests)
        if "max_workers" in sent and reader.release() < (9, 0):
            raise InvalidOption("max_workers", "needs PVE 9.0 or newer with this state")
        managed: frozenset[int] = frozenset()
        quiet: frozenset[int] = frozenset()
        reasons = {}
        if desired.vms is None:
            rows = reader.get("/cluster/resources", {"type": "vm"}) or []
            managed = frozenset(int(row["vmid"]) for row in rows if row.get("hastate"))
            if desired.state != "started":
                reasons["high availability manages them, and vms does not name them"] = managed
        if desired.state == "started" and not sent.get("force"):
            quiet = _without_onboot(reader, desired.node, concerned)
            if desired.vms is not None:
                reasons["they do not start at boot (onboot), and force is not set"] = quiet
        return GuestsObserved(guests, managed | quiet, reasons)

    # --- planning -----------------------------------------------------------------------------------------------------

    def plan(self, observed: GuestsObserved, desired: GuestsDesired) -> Plan:
        before = {"node": desired.node, "guests": list(observed.guests)}
        concerned = _concerned(observed.guests, desired)
        notes = tuple(
            f"Left alone, because {reason}: {named(alone)}."
            for reason, vmids in observed.reasons.items()
            if (alone := [guest for guest in concerned if guest["vmid"] in vmids])
        )
        concerned = [guest for guest in concerned if guest["vmid"] not in observed.left_alone]
        if desired.state is None or not concerned:
            return dataclasses.replace(Plan.nothing(before), notes=notes)
        action = ACTIONS[desired.state]
        step = Step(
            "POST",
            api_path("nodes", desired.node, action.call),
            {"vms": ",".join(str(guest["vmid"]) for guest in concerned), **_params(desired)},
            summary=f"{action.verb} {named(concerned)} of node {desired.node}",
            starts_task=True,
            returns={"task": ""},
        )
        done = {guest["vmid"] for guest in concerned}
        after = [
            {**guest, "status": action.status} if guest["vmid"] in done else guest
            for guest in observed.guests
            if action.status or guest["vmid"] not in done
        ]
        return Plan(before, {**before, "guests": after}, (step,), notes)

    # --- what has become of it ----------------------------------------------------------------------------------------

    def wait_converged(self, reader: Reader, desired: GuestsDesired, answers: Mapping[str, Any], timeout: float) -> Any:
        """PVE's tasks end well whatever becomes of single guests: look at each of them."""
        for pause in (*PAUSES, None):
            plan = self.plan(self.read(reader, desired), desired)
            if not plan.steps:
                return plan.before
            if pause is not None:
                reader.sleep(pause)
        upid = answers.get("task")
        log = read_log(reader, Upid.parse(upid))[-LOG_TAIL:] if upid else []
        tail = "".join(f"\n  {line}" for line in log)
        raise NotConverged(
            f"The task has ended, but this is still to be done: {plan.steps[0].summary}."
            + (f"\nLast lines of its log:{tail}" if tail else "")
        )


NODE_GUESTS = NodeGuests()


def guests_of(reader: Reader, node: str) -> list[GuestRow]:
    """The guests of a node, by id, as the node itself sees them."""
    rows = [(kind, row) for kind in ("qemu", "lxc") for row in reader.get(api_path("nodes", node, kind)) or []]
    guests = [
        {
            "vmid": int(row["vmid"]),
            "name": row.get("name", ""),
            "type": kind,
            "status": row.get("status", "unknown"),
            "template": bool(row.get("template")),
        }
        for kind, row in rows
    ]
    return sorted(guests, key=lambda guest: guest["vmid"])


def _check_vms(reader: Reader, desired: GuestsDesired, guests: Iterable[GuestRow]) -> None:
    """Refuse ids that cannot be meant. One that has gone to another node was migrated, if that is what the task wants."""
    here = {guest["vmid"]: guest for guest in guests}
    missing = [vmid for vmid in desired.vms or () if vmid not in here]
    if missing:
        rows = reader.get("/cluster/resources", {"type": "vm"}) or []
        elsewhere = {int(row["vmid"]): row["node"] for row in rows if "vmid" in row}
        for vmid in missing:
            if vmid not in elsewhere:
                raise does_not_exist("vms", f"guest {vmid}")
            if desired.state != "migrated":
                raise InvalidOption("vms", f"guest {vmid} is on node {elsewhere[vmid]}, not on {desired.node}")
    containers = [vmid for vmid in desired.vms or () if here.get(vmid, {}).get("type") == "lxc"]
    if containers and desired.state == "hibernated":
        raise InvalidOption("vms", f"guest {containers[0]} is a container, and these cannot be hibernated")


def _without_onboot(reader: Reader, node: str, guests: Sequence[GuestRow]) -> frozenset[int]:
    """The guests that are not to start when the node boots."""
    paths = [api_path("nodes", node, guest["type"], guest["vmid"], "config") for guest in guests]
    with ThreadPoolExecutor(PARALLEL) as pool:
        configs = list(pool.map(reader.get, paths))
    pairs = zip(guests, configs, strict=True)
    return frozenset(guest["vmid"] for guest, config in pairs if not int(config.get("onboot") or 0))


def _concerned(guests: Iterable[GuestRow], desired: GuestsDesired) -> list[GuestRow]:
    """The guests that are not yet as desired."""
    return [guest for guest in guests if desired.state and ACTIONS[desired.state].concerns(guest)]


def _params(desired: GuestsDesired) -> dict[str, Any]:
    params = {FIELDS.named(name).api: value for name, value in desired.sent.items()}
    if desired.state == "migrated" and "max-workers" in params:
        params["maxworkers"] = params.pop("max-workers")  # the name that PVE 8 knows as well
    return params


def named(guests: Sequence[GuestRow]) -> str:
    """The guests as users know them, not too many."""
    listed = ", ".join(f"{guest['vmid']} ({guest['name']})" for guest in guests[:NAMED])
    return listed + (f" and {len(guests) - NAMED} more" if len(guests) > NAMED else "")
