# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning for guests of both kinds: which calls lead from the present guest to the desired state. Pure, no client."""

from __future__ import annotations

import abc
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.changes import changed_fields, present_at_creation, refuse_create_only, secret_keys, shown
from ..model.contract import Desired, Resource, State, StateOrNone
from ..model.errors import InvalidOption, Refused
from ..model.field import Fields, update_params
from ..model.plan import Plan, Step, api_path
from ..model.property_string import PropertyString
from . import power
from .ha_requests import MANAGER
from .locate import KINDS, Location
from .pool import pool_steps
from .sources import clone_step, predicted_clone, predicted_restore, restore_step
from .tags import with_edited_tags
from .volumes.common import Slot, VolumePlan, volume_of, volume_steps

_SNIPPET = re.compile(r"[A-Za-z][\w.-]*:snippets/[^/]+")


class Planner(Resource[Desired, StateOrNone]):
    """How a desired state for a guest is brought about. A subclass is one kind of guest: its data and what only that kind does."""

    kind: str  # qemu or lxc, as in the API's paths
    name_option: str  # the option that holds the guest's name, which is its key in the API as well
    config: Fields  # every key of the configuration but the volumes
    volumes: Fields  # every slot that may hold a volume, unused ones included
    move_call: str  # the call that moves a volume
    required_parts: Sequence[tuple[str, str, str]] = ()  # patterns of keys, the part that they need, an example

    # --- what only a kind can tell ------------------------------------------------------------------------------------

    @abc.abstractmethod
    def plan_volume(self, slot: str, current: Slot | None, desired: Slot | str, task: Desired) -> VolumePlan:
        """How to bring about the desired state for one slot."""

    @abc.abstractmethod
    def leaves_unused(self, held: Slot) -> bool:
        """Whether emptying a slot keeps what it held as ``unusedN``."""

    @abc.abstractmethod
    def needs_restart(self, name: str, current: State) -> bool:
        """Whether a change of this key waits for the next start of a running guest."""

    @abc.abstractmethod
    def migration_params(self, current: State, desired: Desired) -> dict[str, Any]:
        """Parameters of the call that migrates, besides the target."""

    def creation(self, desired: Desired) -> tuple[dict[str, Any], frozenset[str]]:
        """Parameters that only the call takes that creates, and which of them are secret."""
        return {}, frozenset()

    def check(self, before: State, after: State, names: Sequence[str], desired: Desired) -> None:
        """Refuse changes of these keys that the server would not accept, or not explain."""

    def check_volumes(self, current: State, volumes: Mapping[str, VolumePlan], desired: Desired) -> None:
        """Refuse what cannot be done to the volumes of a guest in its present state."""

    def config_call(self, *, allocates: bool) -> str:
        """The method that writes the configuration: PUT answers at once, POST with a task."""
        return "PUT"

    @abc.abstractmethod
    def purge(self, path: str, after: State, removed: Mapping[str, Slot]) -> tuple[dict[str, Any], list[Step]]:
        """How volumes of removed slots are deleted: parameters of the write that removes them, and calls after it."""

    def option_of(self, parameter: str) -> str:
        return self.config.option_of(parameter)

    def deletes(self, slot: str, held: Slot, desired: Desired) -> bool:
        """Whether removing a slot from the configuration deletes what it holds."""
        return slot.startswith("unused")

    def _check_written(self, before: State, after: State, names: Sequence[str], desired: Desired) -> None:
        """Refuse what no server would accept, or what would have no effect."""
        for name in names:
            held = after.get(name)
            named = desired["config"].get(name)
            codec = self.config.named(name).codec if named else None
            if isinstance(codec, PropertyString) and isinstance(held, Mapping):
                try:
                    codec.check_consistent(held, named)
                except ValueError as error:
                    raise InvalidOption(name, str(error)) from None
            for pattern, part, example in self.required_parts:
                if isinstance(held, Mapping) and re.fullmatch(pattern, name) and not held.get(part):
                    raise InvalidOption(name, f"names no {part}, {example}")
            if name == "hookscript" and held and not _SNIPPET.fullmatch(str(held)):
                raise InvalidOption(name, f"{held!r} is not a snippet on a storage, as in local:snippets/hook.sh")
        self.check(before, after, names, desired)

    # --- helpers ------------------------------------------------------------------------------------------------------

    def label(self, vmid: int, name: str | None) -> str:
        return f"{KINDS[self.kind]} {vmid}" + (f" ({name})" if name else "")

    def where(self, state: State) -> Location:
        return Location(self.kind, state["vmid"], state["node"], state.get(self.name_option, ""))

    def volume_codec(self, slot: str) -> PropertyString:
        codec = self.volumes.named(slot).codec
        if not isinstance(codec, PropertyString):
            raise TypeError(f"{slot} has no property string")
        return codec

    # --- the plan -----------------------------------------------------------------------------------------------------

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            return self._plan_absent(observed, desired)
        return self._plan_create(desired) if observed is None else self._plan_update(observed, desired)

    def _plan_absent(self, current: State | None, desired: Desired) -> Plan:
        if current is None:
            return Plan.nothing(None)
        label, path = self.label(current["vmid"], current.get(self.name_option)), self.where(current).path
        if current.get("protection"):
            raise Refused(f"The {label} is protected.", hint="Set protection: false first.")
        if desired.get("ha_managed") and not desired["purge"]:
            raise Refused(
                f"The {label} is managed by HA, and PVE keeps it until it is not.",
                hint="Set purge: true to take it out of HA, backup jobs and replication as well.",
            )
        steps = []
        if current["status"] in (power.RUNNING, power.PAUSED):
            if not desired["force"]:
                hint = (
                    "Stop it first with state: stopped."
                    if "selected_name" in desired
                    else "Stop it first, or set force: true."
                )
                raise Refused(f"The {label} is {current['status']}.", hint=hint)
            steps.append(desired["power"].stop(path, label))
        params = {"purge": True} if desired["purge"] else {}
        if desired["destroy_unreferenced_disks"]:
            params["destroy-unreferenced-disks"] = True
        summary = f"delete {label} and its disks"
        steps.append(Step("DELETE", path, params, summary, starts_task=True, task_id=str(current["vmid"])))
        return Plan(current, None, tuple(steps))

    def _plan_create(self, desired: Desired) -> Plan:
        vmid = desired["vmid"] or desired["new_vmid"]
        if desired["state"] in ("reset", "resumed"):
            raise InvalidOption(
                "state", f"{desired['state']} is for a guest that exists; there is no {KINDS[self.kind]} {vmid}"
            )
        where = Location(self.kind, vmid, desired["new_node"], desired["name"] or "")
        if desired["clone"] or desired["restore"]:
            return self._plan_copy(where, desired)
        desired = with_edited_tags({}, desired)
        label = self.label(vmid, desired["name"])
        config = present_at_creation(self.config, desired["config"])
        volumes = {slot: plan for slot, plan in self._volume_plans({}, desired).items() if plan.value}
        after: State = {"vmid": vmid, "node": where.node, **shown(self.config, {}, config)}
        after.update({slot: plan.after for slot, plan in volumes.items()})
        self._check_written({}, after, [*config, *volumes], desired)
        own, own_secrets = self.creation(desired)
        params = {"vmid": vmid, **own, **update_params(config, self.config, {})}
        params.update({slot: plan.value for slot, plan in volumes.items()})
        if desired["pool"]:
            after["pool"] = params["pool"] = desired["pool"]
        collection, secrets = api_path("nodes", where.node, self.kind), secret_keys(self.config, config) | own_secrets
        steps = [
            Step("POST", collection, params, f"create {label}", secrets, starts_task=True, task_id=str(vmid)),
            *volume_steps(where.path, label, volumes, self.move_call),
            *self._template_steps(where.path, label, after, desired),
            *_power_steps(where.path, label, power.STOPPED, after, desired),
        ]
        return Plan(None, after, tuple(steps))

    def _plan_copy(self, where: Location, desired: Desired) -> Plan:
        """A clone or a restored backup, and then what makes it equal the desired state;
        the engine plans that again when it exists."""
        rest_desired = {**desired, "digest": None, "push_secrets": True, "restart": "never"}
        if desired["clone"]:
            source, state = desired["source"]
            _refuse_linked(desired["clone"], state)
            first = clone_step(source, where, desired["clone"], desired["pool"])
            predicted = predicted_clone(state, where, desired["clone"].get("storage"))
        else:
            first = restore_step(where, desired["restore"], desired["pool"])
            predicted = predicted_restore(desired["backup"] or {}, where, desired["restore"])
        if desired["restore"] and desired["backup"] is None:  # it shows when it is restored
            fixed = {name for name in desired["config"] if self.config.named(name).create_only}
            rest_desired["config"] = {name: value for name, value in desired["config"].items() if name not in fixed}
            rest_desired["volumes"] = {}
        if desired["pool"]:
            predicted["pool"] = desired["pool"]
        predicted["status"] = power.STOPPED
        rest = self._plan_update(predicted, rest_desired)
        after = dict(rest.after or {})
        if desired["state"] == "present":
            after.pop("status", None)
        return Plan(None, after, (first, *rest.steps))

    def _plan_update(self, current: State, desired: Desired) -> Plan:
        target = target_of(desired, current["node"])
        if target:
            return self._plan_migration(current, target, desired)
        desired = with_edited_tags(current, desired)
        path, label = self.where(current).path, self.label(current["vmid"], current.get(self.name_option))
        push_secrets = desired["push_secrets"] or bool(
            desired.get("fresh") and (desired["clone"] or desired["restore"])
        )
        changes = changed_fields(self.config, current, desired["config"], push_secrets=push_secrets)
        refuse_create_only(self.config, current, changes, label)
        volumes = self._volume_plans(current, desired)
        written = [*changes, *(slot for slot, plan in volumes.items() if plan.value or plan.delete)]
        after = self._with_volumes(shown(self.config, current, changes), current, volumes, purge=desired["purge"])
        self._check_written(current, after, written, desired)
        self.check_volumes(current, volumes, desired)
        if written and current.get("lock") == "suspended":
            if power.POWER_OF_STATE[desired["state"]] != power.RUNNING:
                raise Refused(
                    f"The {label} is hibernated, and PVE changes nothing until it runs again.",
                    hint="Set state: started.",
                )
            desired = {**desired, "digest": None}  # waking it up takes the lock out of the configuration
        steps = self._config_steps((path, label), current, changes, volumes, desired)
        steps += volume_steps(path, label, volumes, self.move_call)
        if desired["pool"] is not None:
            steps += pool_steps(current["vmid"], current.get("pool"), desired["pool"], may_move=desired["allow_move"])
            after["pool"] = desired["pool"] or None
        steps += self._template_steps(path, label, after, desired)
        if desired["state"] != "present":
            switches = _power_steps(path, label, current["status"], after, desired)
            first = desired["state"] == "stopped" or current["status"] == power.HIBERNATED
            steps = [*switches, *steps] if first else [*steps, *switches]
        steps += self._restart_steps((path, label), current, after, written, desired)
        return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)

    def _plan_migration(self, current: State, target: str, desired: Desired) -> Plan:
        """Move the guest to its node first; the rest follows there, planned again when it has arrived."""
        source = self.where(current)
        if desired.get("ha_managed") and desired["target_storage"]:
            raise InvalidOption(
                "target_storage",
                f"the HA manager moves the {self.label(source.vmid, source.name)}, and takes no storage for it",
                hint="Let it be with pve_ha and state: ignored, or leave target_storage out.",
            )
        params = {"target": target, **self.migration_params(current, desired)}
        summary = f"migrate {self.label(source.vmid, source.name)} from {source.node} to {target}"
        step = Step(
            "POST",
            f"{source.path}/migrate",
            params,
            summary,
            starts_task=True,
            task_id=str(source.vmid),
            replan=True,
            awaits=MANAGER,
        )
        rest = self._plan_update({**current, "node": target}, {**desired, "digest": None})
        return Plan(current, rest.after, (step, *rest.steps))

    # --- volumes ------------------------------------------------------------------------------------------------------

    def _volume_plans(self, current: State, desired: Desired) -> dict[str, VolumePlan]:
        return {
            slot: self.plan_volume(slot, current.get(slot), part, desired) for slot, part in desired["volumes"].items()
        }

    def _with_volumes(self, after: State, current: State, volumes: Mapping[str, VolumePlan], *, purge: bool) -> State:
        """The state with its volumes as they will be; a detached one becomes the next free ``unusedN``."""
        for slot, plan in volumes.items():
            if not plan.delete:
                after.update({slot: plan.after} if plan.after else {})
                continue
            held: Slot = current[slot]
            after.pop(slot, None)
            if not (purge or slot.startswith("unused")) and self.leaves_unused(held):
                free = self.free_slots(after)[0]
                after[free] = {self.volume_codec(free).default_key: volume_of(held)}
        return after

    def free_slots(self, state: State) -> list[str]:
        """The slots for unused volumes that are free, in PVE's order."""
        return [field.name for field in self.volumes if field.name.startswith("unused") and field.name not in state]

    # --- steps --------------------------------------------------------------------------------------------------------

    def _config_steps(
        self,
        where: tuple[str, str],
        current: State,
        changes: Mapping[str, Any],
        volumes: Mapping[str, VolumePlan],
        desired: Desired,
    ) -> list[Step]:
        """The write of the configuration, where anything differs."""
        path, label = where
        params = update_params(changes, self.config, current)
        written = {slot: plan.value for slot, plan in volumes.items() if plan.value is not None}
        removed = {slot: current[slot] for slot, plan in volumes.items() if plan.delete}
        params.update(written)
        purging: list[Step] = []
        if removed:
            params["delete"] = ",".join([*filter(None, [params.get("delete")]), *removed])
            if desired["purge"]:
                more, purging = self.purge(path, current, removed)
                params.update(more)
        if not params:
            return []
        if desired.get("digest"):
            params["digest"] = desired["digest"]
        method = self.config_call(allocates=any(plan.allocates and plan.value for plan in volumes.values()))
        step = Step(
            method,
            f"{path}/config",
            params,
            f"{self._verbs([*changes, *written], removed, desired)} of {label}",
            secret_keys(self.config, changes),
            starts_task=method == "POST",
            verify=bool(written or removed) or any(not self.config.named(name).secret for name in changes),
            deferrable=True,
            replan=desired["restart"] == "if_needed" and current.get("status") == power.RUNNING,
            task_id=str(current["vmid"]),
        )
        return [step, *purging]

    def _verbs(self, changed: Sequence[str], removed: Mapping[str, Slot], desired: Desired) -> str:
        """What a write of the configuration does: which keys it changes, and which volumes it deletes."""
        deleted = [slot for slot, held in removed.items() if self.deletes(slot, held, desired)]
        kept = [*changed, *(slot for slot in removed if slot not in deleted)]
        verbs = [f"change {', '.join(kept)}"] if kept else []
        if deleted:
            verbs.append(
                "delete " + ", ".join(f"{slot} with its volume {volume_of(removed[slot])}" for slot in deleted)
            )
        return " and ".join(verbs)

    def _template_steps(self, path: str, label: str, after: State, desired: Desired) -> list[Step]:
        if desired["template"] is None or desired["template"] == bool(after.get("template")):
            return []
        if not desired["template"]:
            raise InvalidOption(
                "template", f"a template cannot become a {KINDS[self.kind]} again", hint="Clone it instead."
            )
        if after.get("status") in (power.RUNNING, power.PAUSED) and desired["state"] != "stopped":
            raise Refused(
                f"The {label} is {after['status']}, and cannot become a template.", hint="Set state: stopped."
            )
        after["template"] = True
        guest = path.rpartition("/")[2]
        return [Step("POST", f"{path}/template", {}, f"convert {label} to a template", starts_task=True, task_id=guest)]

    def _restart_steps(
        self, where: tuple[str, str], current: State, after: State, changed: Sequence[str], desired: Desired
    ) -> list[Step]:
        """The restart that makes changes of a running guest take effect, where the task wants one."""
        if desired.get("ran") and current.get("status") == power.STOPPED and after.get("status") == power.STOPPED:
            after["status"] = power.RUNNING
            return [desired["power"].start(*where)]
        if (
            desired["restart"] == "never"
            or current.get("status") != power.RUNNING
            or after.get("status") == power.STOPPED
        ):
            return []
        if desired["state"] in ("restarted", "reset"):
            return []
        waiting = bool(current.get("pending"))
        if not (changed or waiting):
            return []
        after.pop("pending", None)
        if (
            desired["restart"] == "if_needed"
            and not waiting
            and not any(self.needs_restart(n, current) for n in changed)
        ):
            return []
        if desired["power"].force and desired.get("ha_managed"):
            raise InvalidOption(
                "force",
                f"the HA manager looks after the {where[1]}, and would start it elsewhere",
                hint="Leave force out, or let the guest be with pve_ha and state: ignored.",
            )
        steps: list[Step] = desired["power"].restart(*where)
        return steps


def target_of(desired: Desired, node: str) -> str | None:
    """The node that a guest on ``node`` is moved to; None if it stays, which is right on any node unless the task moves it."""
    wanted: str | None = desired["node"] if desired["migrate"] else None
    return None if wanted == node else wanted


def _refuse_linked(clone: Mapping[str, Any], source: State) -> None:
    """A linked clone lies where its template does, in the same format: PVE refuses anything else."""
    if clone.get("full", not source.get("template")):
        return
    for name in ("storage", "format"):
        if clone.get(name):
            raise InvalidOption(
                "clone", f"{name} means nothing for a linked clone of a template", hint="Set full: true as well."
            )


def _power_steps(path: str, label: str, present: str, after: State, desired: Desired) -> list[Step]:
    if desired["state"] == "present":
        return []
    if after.get("template") and power.POWER_OF_STATE[desired["state"]] not in (None, power.STOPPED):
        raise InvalidOption("state", f"the {label} is a template, which never runs")
    steps: list[Step] = desired["power"].steps(path, label, present)
    after["status"] = power.POWER_OF_STATE[desired["state"]] or present
    return steps
