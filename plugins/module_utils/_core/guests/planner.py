# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning for guests of both kinds: which calls lead from the present guest to the wish. Pure, no client."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.changes import changed_fields, present_at_creation, refuse_create_only, secret_keys, shown
from ..model.contract import Resource, State, Wish
from ..model.errors import InvalidOption, Refused
from ..model.field import Fields, update_params
from ..model.plan import Plan, Step, api_path
from ..model.property_string import PropertyString
from . import power
from .locate import KINDS, Location
from .pool import pool_steps
from .sources import clone_step, predicted_clone, predicted_restore, restore_step
from .volumes.common import Slot, VolumePlan, volume_of, volume_steps


class Planner(Resource[Wish, State | None]):
    """How a wish for a guest is brought about. A subclass is one kind of guest: its data and what only that kind does."""

    kind: str  # qemu or lxc, as in the API's paths
    name_option: str  # the option that holds the guest's name, which is its key in the API as well
    config: Fields  # every key of the configuration but the volumes
    volumes: Fields  # every slot that may hold a volume, unused ones included
    move_call: str  # the call that moves a volume

    # --- what only a kind can tell ------------------------------------------------------------------------------------

    @abc.abstractmethod
    def plan_volume(self, slot: str, current: Slot | None, wish: Slot | str, task: Wish) -> VolumePlan:
        """How to bring about the wish for one slot."""

    @abc.abstractmethod
    def leaves_unused(self, held: Slot) -> bool:
        """Whether emptying a slot keeps what it held as ``unusedN``."""

    @abc.abstractmethod
    def needs_restart(self, name: str, current: State) -> bool:
        """Whether a change of this key waits for the next start of a running guest."""

    @abc.abstractmethod
    def migration_params(self, current: State, wish: Wish) -> dict[str, Any]:
        """Parameters of the call that migrates, besides the target."""

    def creation(self, wish: Wish) -> tuple[dict[str, Any], frozenset[str]]:
        """Parameters that only the call takes that creates, and which of them are secret."""
        return {}, frozenset()

    def check(self, before: State, after: State, names: Sequence[str], wish: Wish) -> None:
        """Refuse changes of these keys that the server would not accept, or not explain."""

    def check_volumes(self, current: State, volumes: Mapping[str, VolumePlan], wish: Wish) -> None:
        """Refuse what cannot be done to the volumes of a guest in its present state."""

    def config_call(self, *, allocates: bool) -> str:
        """The method that writes the configuration: PUT answers at once, POST with a task."""
        return "PUT"

    @abc.abstractmethod
    def purge(self, path: str, after: State, removed: Mapping[str, Slot]) -> tuple[dict[str, Any], list[Step]]:
        """How volumes of removed slots are deleted: parameters of the write that removes them, and calls after it."""

    def option_of(self, parameter: str) -> str:
        return self.config.option_of(parameter)

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

    def plan(self, current: State | None, wish: Wish) -> Plan:
        if wish["state"] == "absent":
            return self._plan_absent(current, wish)
        return self._plan_create(wish) if current is None else self._plan_update(current, wish)

    def _plan_absent(self, current: State | None, wish: Wish) -> Plan:
        if current is None:
            return Plan.nothing(None)
        label, path = self.label(current["vmid"], current.get(self.name_option)), self.where(current).path
        if current.get("protection"):
            raise Refused(f"The {label} is protected.", hint="Set protection: false first.")
        if wish.get("ha_managed") and not wish["purge"]:
            raise Refused(
                f"The {label} is managed by HA, and PVE keeps it until it is not.",
                hint="Set purge: true to take it out of HA, backup jobs and replication as well.",
            )
        steps = []
        if current["status"] in (power.RUNNING, power.PAUSED):
            if not wish["force"]:
                raise Refused(f"The {label} is {current['status']}.", hint="Stop it first, or set force: true.")
            steps.append(wish["power"].stop(path, label))
        params = {"purge": True} if wish["purge"] else {}
        if wish["destroy_unreferenced_disks"]:
            params["destroy-unreferenced-disks"] = True
        why = f"delete {label} and its disks"
        steps.append(Step("DELETE", path, params, why, task=True, guest=str(current["vmid"])))
        return Plan(current, None, tuple(steps))

    def _plan_create(self, wish: Wish) -> Plan:
        vmid = wish["vmid"] or wish["new_vmid"]
        where = Location(self.kind, vmid, wish["new_node"], wish["name"] or "")
        if wish["clone"] or wish["restore"]:
            return self._plan_copy(where, wish)
        label = self.label(vmid, wish["name"])
        config = present_at_creation(self.config, wish["config"])
        volumes = {slot: plan for slot, plan in self._volume_plans({}, wish).items() if plan.value}
        after: State = {"vmid": vmid, "node": where.node, **shown(self.config, {}, config)}
        after.update({slot: plan.after for slot, plan in volumes.items()})
        self.check({}, after, [*config, *volumes], wish)
        own, own_secrets = self.creation(wish)
        params = {"vmid": vmid, **own, **update_params(config, self.config, {})}
        params.update({slot: plan.value for slot, plan in volumes.items()})
        if wish["pool"]:
            after["pool"] = params["pool"] = wish["pool"]
        collection, secrets = api_path("nodes", where.node, self.kind), secret_keys(self.config, config) | own_secrets
        steps = [
            Step("POST", collection, params, f"create {label}", secrets, task=True, guest=str(vmid)),
            *volume_steps(where.path, label, volumes, self.move_call),
            *self._template_steps(where.path, label, after, wish),
            *_power_steps(where.path, label, power.STOPPED, after, wish),
        ]
        return Plan(None, after, tuple(steps))

    def _plan_copy(self, where: Location, wish: Wish) -> Plan:
        """A clone or a restored backup, and then what makes it equal the wish; the engine plans that again when it exists."""
        rest_wish = {**wish, "digest": None, "push_secrets": True, "restart": "never"}
        if wish["clone"]:
            source, state = wish["source"]
            first = clone_step(source, where, wish["clone"], wish["pool"])
            predicted = predicted_clone(state, where, wish["clone"].get("storage"))
        else:
            first = restore_step(where, wish["restore"], wish["pool"])
            predicted = predicted_restore(wish["backup"] or {}, where, wish["restore"])
        if wish["restore"] and wish["backup"] is None:  # it shows when it is restored
            fixed = {name for name in wish["config"] if self.config.named(name).create_only}
            rest_wish["config"] = {name: value for name, value in wish["config"].items() if name not in fixed}
            rest_wish["volumes"] = {}
        if wish["pool"]:
            predicted["pool"] = wish["pool"]
        predicted["status"] = power.STOPPED
        rest = self._plan_update(predicted, rest_wish)
        after = dict(rest.after or {})
        if wish["state"] == "present":
            after.pop("status", None)
        return Plan(None, after, (first, *rest.steps))

    def _plan_update(self, current: State, wish: Wish) -> Plan:
        if wish["node"] not in (None, current["node"]):
            return self._plan_migration(current, wish)
        path, label = self.where(current).path, self.label(current["vmid"], current.get(self.name_option))
        push_secrets = wish["push_secrets"] or bool(wish.get("fresh") and (wish["clone"] or wish["restore"]))
        changes = changed_fields(self.config, current, wish["config"], push_secrets=push_secrets)
        refuse_create_only(self.config, current, changes, label)
        volumes = self._volume_plans(current, wish)
        written = [*changes, *(slot for slot, plan in volumes.items() if plan.value or plan.delete)]
        after = self._with_volumes(shown(self.config, current, changes), current, volumes, purge=wish["purge"])
        self.check(current, after, written, wish)
        self.check_volumes(current, volumes, wish)
        steps = self._config_steps((path, label), current, changes, volumes, wish)
        steps += volume_steps(path, label, volumes, self.move_call)
        if wish["pool"] is not None:
            steps += pool_steps(current["vmid"], current.get("pool"), wish["pool"])
            after["pool"] = wish["pool"] or None
        steps += self._template_steps(path, label, after, wish)
        if wish["state"] != "present":
            switches = _power_steps(path, label, current["status"], after, wish)
            steps = [*switches, *steps] if wish["state"] == "stopped" else [*steps, *switches]
        steps += self._restart_steps((path, label), current, after, written, wish)
        return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)

    def _plan_migration(self, current: State, wish: Wish) -> Plan:
        """Move the guest to its node first; the rest follows there, planned again when it has arrived."""
        source = self.where(current)
        if wish.get("ha_managed") and wish["target_storage"]:
            raise InvalidOption(
                "target_storage",
                f"the HA manager moves the {self.label(source.vmid, source.name)}, and takes no storage for it",
                hint="Let it be with pve_ha and state: ignored, or leave target_storage out.",
            )
        params = {"target": wish["node"], **self.migration_params(current, wish)}
        why = f"migrate {self.label(source.vmid, source.name)} from {source.node} to {wish['node']}"
        step = Step("POST", f"{source.path}/migrate", params, why, task=True, guest=str(source.vmid), replan=True)
        rest = self._plan_update({**current, "node": wish["node"]}, {**wish, "digest": None})
        return Plan(current, rest.after, (step, *rest.steps))

    # --- volumes ------------------------------------------------------------------------------------------------------

    def _volume_plans(self, current: State, wish: Wish) -> dict[str, VolumePlan]:
        return {slot: self.plan_volume(slot, current.get(slot), part, wish) for slot, part in wish["volumes"].items()}

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
        wish: Wish,
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
            if wish["purge"]:
                more, purging = self.purge(path, current, removed)
                params.update(more)
        if not params:
            return []
        if wish.get("digest"):
            params["digest"] = wish["digest"]
        method = self.config_call(allocates=any(plan.allocates and plan.value for plan in volumes.values()))
        step = Step(
            method,
            f"{path}/config",
            params,
            f"change {', '.join([*changes, *written, *removed])} of {label}",
            secret_keys(self.config, changes),
            task=method == "POST",
            verify=bool(written or removed) or any(not self.config.named(name).secret for name in changes),
            deferrable=True,
            replan=wish["restart"] == "if_needed" and current.get("status") == power.RUNNING,
            guest=str(current["vmid"]),
        )
        return [step, *purging]

    def _template_steps(self, path: str, label: str, after: State, wish: Wish) -> list[Step]:
        if wish["template"] is None or wish["template"] == bool(after.get("template")):
            return []
        if not wish["template"]:
            raise InvalidOption(
                "template", f"a template cannot become a {KINDS[self.kind]} again", hint="Clone it instead."
            )
        if after.get("status") in (power.RUNNING, power.PAUSED) and wish["state"] != "stopped":
            raise Refused(
                f"The {label} is {after['status']}, and cannot become a template.", hint="Set state: stopped."
            )
        after["template"] = True
        guest = path.rpartition("/")[2]
        return [Step("POST", f"{path}/template", {}, f"convert {label} to a template", task=True, guest=guest)]

    def _restart_steps(
        self, where: tuple[str, str], current: State, after: State, changed: Sequence[str], wish: Wish
    ) -> list[Step]:
        """The restart that makes changes of a running guest take effect, where the task wants one."""
        if wish["restart"] == "never" or current.get("status") != power.RUNNING or after.get("status") == power.STOPPED:
            return []
        if wish["state"] in ("restarted", "reset"):
            return []
        waiting = bool(current.get("pending"))
        if not (changed or waiting):
            return []
        after.pop("pending", None)
        if wish["restart"] == "if_needed" and not waiting and not any(self.needs_restart(n, current) for n in changed):
            return []
        step: Step = wish["power"].restart(*where)
        return [step]


def _power_steps(path: str, label: str, present: str, after: State, wish: Wish) -> list[Step]:
    if wish["state"] == "present":
        return []
    if after.get("template") and power.WISHES[wish["state"]] not in (None, power.STOPPED):
        raise InvalidOption("state", f"the {label} is a template, which never runs")
    steps: list[Step] = wish["power"].steps(path, label, present)
    after["status"] = power.WISHES[wish["state"]] or present
    return steps
