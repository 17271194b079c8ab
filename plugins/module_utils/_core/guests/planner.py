# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning for guests of both kinds: which calls lead from the present guest to the desired state. Pure, no client."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.changes import changed_fields, present_at_creation, refuse_create_only, secret_keys, shown
from ..model.contract import State
from ..model.errors import InvalidOption, Refused
from ..model.field import update_params
from ..model.plan import Plan, Step, api_path
from ..model.property_string import PropertyString
from . import power
from .desired import GuestDesired, GuestObserved, Known
from .ha_requests import MANAGER
from .kind import GuestKind
from .locate import Location
from .pool import pool_steps
from .seed import delete_step, seeds_of
from .sources import OWN_KEYS, clone_step, destination, on_its_way, predicted_clone, predicted_restore, restore_step
from .tags import with_edited_tags
from .volumes.common import Slot, VolumePlan, storage_of, volume_of, volume_steps

_SNIPPET = re.compile(r"[A-Za-z][\w.-]*:snippets/[^/]+")


def plan_guest(kind: GuestKind, observed: GuestObserved, desired: GuestDesired) -> Plan:
    """What to do about one guest."""
    if desired.state == "absent":
        return plan_absent(kind, observed, desired)
    if observed.state is None:
        return plan_create(kind, observed, desired)
    return plan_update(kind, observed, desired)


# --- deleting ---------------------------------------------------------------------------------------------------------


def plan_absent(kind: GuestKind, observed: GuestObserved, desired: GuestDesired) -> Plan:
    """Stop a guest if that is allowed, and delete it."""
    current = observed.state
    if current is None:
        return Plan.nothing(None)
    label, path = kind.label(current["vmid"], current.get(kind.name_option)), kind.where(current).path
    if current.get("protection"):
        raise Refused(f"The {label} is protected.", hint="Set protection: false first.")
    if observed.ha_managed and not desired.purge:
        raise Refused(
            f"The {label} is managed by HA, and PVE keeps it until it is not.",
            hint="Set purge: true to take it out of HA, backup jobs and replication as well.",
        )
    steps = []
    if current["status"] in (power.RUNNING, power.PAUSED):
        if not desired.power.force:
            cure = " with state: stopped" if desired.in_bulk.is_selected else ", or set force: true"
            raise Refused(f"The {label} is {current['status']}.", hint=f"Stop it first{cure}.")
        steps.append(desired.power.stop(path, label))
    params = {"purge": True} if desired.purge else {}
    if desired.destroy_unreferenced_disks:
        params["destroy-unreferenced-disks"] = True
    summary = f"delete {label} and its disks"
    steps.append(Step("DELETE", path, params, summary, starts_task=True, task_id=str(current["vmid"])))
    steps += _deletion_of_seeds(current, {})
    return Plan(current, None, tuple(steps))


# --- creating ---------------------------------------------------------------------------------------------------------


def plan_create(kind: GuestKind, observed: GuestObserved, desired: GuestDesired) -> Plan:
    """Create a guest: empty, as a clone, or from a backup."""
    if desired.known is None:
        raise TypeError("nobody chose an id and a node for a new guest")
    known = desired.known
    if desired.state in ("reset", "resumed"):
        raise InvalidOption(
            "state", f"{desired.state} is for a guest that exists; there is no {kind.title} {known.vmid}"
        )
    where = Location(kind.type, known.vmid, known.node, desired.name or "")
    if desired.is_copy:
        return _plan_copy(kind, where, observed, desired, known)
    label = kind.label(where.vmid, desired.name)
    config = with_edited_tags(desired.tag_edit, {}, desired.config)
    desired = dataclasses.replace(desired, config=config, volumes=_with_seed(desired, where.vmid, {}))
    config = present_at_creation(kind.config, desired.config)
    volumes = {slot: plan for slot, plan in _volume_plans(kind, {}, desired).items() if plan.value}
    after: State = {"vmid": where.vmid, "node": where.node, **shown(kind.config, {}, config)}
    after.update({slot: plan.after for slot, plan in volumes.items()})
    _check_written(kind, observed, {}, after, [*config, *volumes], desired)
    own, own_secrets = _creation_params(kind, desired)
    params = {"vmid": where.vmid, **own, **update_params(config, kind.config, {})}
    params.update({slot: plan.value for slot, plan in volumes.items()})
    if desired.pool:
        after["pool"] = params["pool"] = desired.pool
    collection, secrets = api_path("nodes", where.node, kind.type), secret_keys(kind.config, config) | own_secrets
    summary = f"create {label}{_why_there(known)}"
    steps = [
        *_upload_of_seed(observed, desired, where),
        Step("POST", collection, params, summary, secrets, starts_task=True, task_id=str(where.vmid)),
        *volume_steps(where.path, label, volumes, kind.volumes.move_call),
        *_template_steps(kind, (where.path, label), observed, after, desired),
        *_power_steps(where.path, label, power.STOPPED, after, desired),
    ]
    return Plan(None, after, tuple(steps))


def _why_there(known: Known) -> str:
    """Where a guest is made, and why, if that was chosen."""
    return f" on {known.placed.node} ({known.placed.reason})" if known.placed else ""


def _creation_params(kind: GuestKind, desired: GuestDesired) -> tuple[dict[str, Any], frozenset[str]]:
    """Parameters that only the call takes that creates a guest, and which of them are secret."""
    given = {name: value for name, value in desired.creation.items() if value != ""}
    for option in kind.needed_to_create:
        if option not in given:
            raise InvalidOption(option, f"is needed to create a {kind.title}; clone and restore are the other ways")
    return update_params(given, kind.creation, {}), secret_keys(kind.creation, given)


def _plan_copy(kind: GuestKind, where: Location, observed: GuestObserved, desired: GuestDesired, known: Known) -> Plan:
    """A clone or a restored backup, and then what makes it equal the desired state.

    The engine plans the latter again once the guest exists.
    """
    rest_desired = dataclasses.replace(desired, push_secrets=True, restart="never")
    if desired.clone is not None:
        if known.source is None:
            raise TypeError("nobody looked for the source of a clone")
        source, state = known.source
        if known.detour:
            beside, text = dataclasses.replace(where, node=source.node), on_its_way(where.node)
            options = {**desired.clone, "full": True}
            options.pop("storage", None)  # of the node that it is moved to
            first = clone_step(source, beside, options, desired.pool, text)
            predicted = {**predicted_clone(state, beside, desired.clone), "description": text}
        else:
            _refuse_linked(desired.clone, state)
            first = clone_step(source, where, desired.clone, desired.pool)
            predicted = predicted_clone(state, where, desired.clone)
    else:
        restore = desired.restore or {}
        first = restore_step(where, restore, desired.pool)
        predicted = predicted_restore(known.backup or {}, where, restore)
        if known.backup is None:  # what it holds shows when it is restored
            kept = {name: value for name, value in desired.config.items() if not kind.config.named(name).create_only}
            rest_desired = dataclasses.replace(rest_desired, config=kept, volumes={})
    first = dataclasses.replace(first, summary=first.summary + _why_there(known))
    if desired.pool:
        predicted["pool"] = desired.pool
    predicted["status"] = power.STOPPED
    made = dataclasses.replace(observed, state=predicted, known=known)
    rest = plan_update(kind, made, rest_desired)
    first = dataclasses.replace(first, foreseen=_is_foreseen(kind, where, predicted, rest, desired))
    after = dict(rest.after or {})
    if desired.state == "present":
        after.pop("status", None)
    return Plan(None, after, (first, *rest.steps))


def _is_foreseen(kind: GuestKind, where: Location, predicted: State, rest: Plan, desired: GuestDesired) -> bool:
    """Whether the rest of the plan for a copy can be done as it is, without a look at the copy before.

    Its origin has to be one that stays as it was read, and nothing may be written that contains what the server has chosen for the
    copy: names of volumes, and ids. A network device that is written without a MAC address gets one.
    """
    source, backup = desired.source, desired.backup
    if source is not None and desired.clone:  # a template has neither pending changes nor, on this node, a way to go
        stays = source[1].get("template") and source[0].node == where.node and "snapname" not in desired.clone
    else:
        stays = backup is not None and not backup.get("template") and not desired.restores_live
    chosen = OWN_KEYS | {name for name in predicted if kind.is_volume(name)}
    return bool(stays) and not chosen & _keys_written(kind, rest)


def _keys_written(kind: GuestKind, plan: Plan) -> set[str]:
    """The keys of the configuration that a plan writes or removes, and the slots whose volumes it moves."""
    keys: set[str] = set()
    for step in plan.steps:
        if step.path.endswith("/config"):
            keys |= {*step.params, *str(step.params.get("delete", "")).split(",")}
        elif step.path.endswith(f"/{kind.volumes.move_call}"):
            keys |= {str(value) for value in step.params.values()}
    return keys


def _refuse_linked(clone: Mapping[str, Any], source: State) -> None:
    """A linked clone lies where its template does, in the same format: PVE refuses anything else."""
    if clone.get("full", not source.get("template")):
        return
    for name in ("storage", "format"):
        if clone.get(name):
            raise InvalidOption(
                "clone", f"{name} means nothing for a linked clone of a template", hint="Set full: true as well."
            )


# --- changing ---------------------------------------------------------------------------------------------------------


def plan_update(kind: GuestKind, observed: GuestObserved, desired: GuestDesired) -> Plan:
    """Change a guest that exists."""
    current = observed.state or {}
    target = target_of(desired, current)
    if target:
        return _plan_migration(kind, observed, target, desired)
    config = with_edited_tags(desired.tag_edit, current, _with_description(current, desired))
    volumes_and_seed = _with_seed(desired, current["vmid"], current)
    desired = dataclasses.replace(desired, config=kind.as_kept(current, config), volumes=volumes_and_seed)
    path, label = kind.where(current).path, kind.label(current["vmid"], current.get(kind.name_option))
    push_secrets = desired.push_secrets or (desired.is_new and desired.is_copy)
    changes = changed_fields(kind.config, current, desired.config, push_secrets=push_secrets)
    refuse_create_only(kind.config, current, changes, label)
    volumes = _volume_plans(kind, current, desired)
    written = [*changes, *(slot for slot, plan in volumes.items() if plan.value or plan.delete)]
    after = _with_volumes(kind, shown(kind.config, current, changes), current, volumes, purge=desired.purge)
    _check_written(kind, observed, current, after, written, desired)
    _refuse_protected(kind, current, after, written)
    if current.get("status") == power.RUNNING and desired.state != "stopped":
        kind.volumes.check_running(volumes, desired.purge)
    digest = observed.digest
    if written and current.get("lock") == "suspended":
        if power.POWER_OF_STATE[desired.state] != power.RUNNING:
            raise Refused(
                f"The {label} is hibernated, and PVE changes nothing until it runs again.",
                hint="Set state: started.",
            )
        digest = None  # waking it up takes the lock out of the configuration
    steps = _upload_of_seed(observed, desired, kind.where(current))
    steps += _config_steps(kind, (path, label), current, changes, volumes, desired, digest)
    steps += _deletion_of_seeds(current, after)
    steps += volume_steps(path, label, volumes, kind.volumes.move_call)
    if desired.pool is not None:
        steps += pool_steps(current["vmid"], current.get("pool"), desired.pool, may_move=desired.allow_move)
        after["pool"] = desired.pool or None
    steps += _template_steps(kind, (path, label), observed, after, desired)
    if desired.state != "present":
        switches = _power_steps(path, label, current["status"], after, desired)
        first = desired.state == "stopped" or current["status"] == power.HIBERNATED
        steps = [*switches, *steps] if first else [*steps, *switches]
    steps += _restart_steps(kind, (path, label), observed, after, written, desired)
    return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)


def target_of(desired: GuestDesired, current: Mapping[str, Any]) -> str | None:
    """Where a guest is to be moved to, by the task or since it was cloned for another node; None if it stays."""
    planned = destination(current) if desired.clone else None
    return desired.target_from(current["node"]) or (None if planned == current["node"] else planned)


def _with_description(current: State, desired: GuestDesired) -> Mapping[str, Any]:
    """The desired configuration; a clone that was moved gets the description of its source back."""
    if not desired.clone or not destination(current) or "description" in desired.config:
        return desired.config
    return {**desired.config, "description": desired.source[1].get("description", "") if desired.source else ""}


def _plan_migration(kind: GuestKind, observed: GuestObserved, target: str, desired: GuestDesired) -> Plan:
    """Move the guest to its node first; the rest follows there, planned again when it has arrived."""
    current = observed.state or {}
    source = kind.where(current)
    if observed.ha_managed and desired.target_storage:
        raise InvalidOption(
            "target_storage",
            f"the HA manager moves the {kind.label(source.vmid, source.name)}, and takes no storage for it",
            hint="Let it be with pve_ha and state: ignored, or leave target_storage out.",
        )
    storage = desired.target_storage
    if desired.clone and destination(current):
        storage = storage or desired.clone.get("storage")
    step = Step(
        "POST",
        f"{source.path}/migrate",
        {"target": target, **kind.migration_params(current["status"], storage)},
        f"migrate {kind.label(source.vmid, source.name)} from {source.node} to {target}",
        starts_task=True,
        task_id=str(source.vmid),
        replan=True,
        awaits=MANAGER,
    )
    arrived = dataclasses.replace(observed, state={**current, "node": target}, digest=None)
    rest = plan_update(kind, arrived, desired)
    return Plan(current, rest.after, (step, *rest.steps))


def _check_written(
    kind: GuestKind,
    observed: GuestObserved,
    before: State,
    after: State,
    names: Sequence[str],
    desired: GuestDesired,
) -> None:
    """Refuse what no server would accept, or what would have no effect."""
    for name in names:
        held = after.get(name)
        wanted = desired.config.get(name)
        codec = kind.config.named(name).codec if wanted else None
        if isinstance(codec, PropertyString) and isinstance(held, Mapping):
            try:
                codec.check_consistent(held, wanted)
            except ValueError as error:
                raise InvalidOption(name, str(error)) from None
        for pattern, part, example in kind.required_parts:
            if isinstance(held, Mapping) and re.fullmatch(pattern, name) and not held.get(part):
                raise InvalidOption(name, f"names no {part}, {example}")
        if name == "hookscript" and held and not _SNIPPET.fullmatch(str(held)):
            raise InvalidOption(name, f"{held!r} is not a snippet on a storage, as in local:snippets/hook.sh")
    unread = desired.restore is not None and desired.is_new and desired.backup is None
    kind.check(before, after, names, as_root=observed.as_root, complete=not unread)


def _refuse_protected(kind: GuestKind, current: State, after: State, written: Sequence[str]) -> None:
    """Refuse writes of volumes that PVE does not allow while the guest is protected, even if the same call ends that."""
    if not current.get("protection"):
        return
    slots = [name for name in written if kind.is_volume(name) and (kind.volumes.protected_whole or name not in after)]
    if slots:
        label = kind.label(current["vmid"], current.get(kind.name_option))
        raise Refused(
            f"The {label} is protected, and keeps {', '.join(slots)} as it is.",
            hint="Set protection: false in a task before this one.",
        )


# --- the image with data for cloud-init -----------------------------------------------------------------------------------


def _with_seed(desired: GuestDesired, vmid: int, current: State) -> Mapping[str, Slot | str]:
    """The volumes that a task wants, with the drive for the image of its seed, which no other slot keeps."""
    seed = desired.seed
    if seed is None:
        return desired.volumes
    emptied = {slot: "" for slot, _volume in seeds_of(vmid, current)}
    return {**emptied, **desired.volumes, seed.slot: seed.drive(vmid)}


def _upload_of_seed(observed: GuestObserved, desired: GuestDesired, where: Location) -> list[Step]:
    return [desired.seed.upload_step(where.node, where.vmid)] if desired.seed and not observed.has_seed else []


def _deletion_of_seeds(before: State, after: State) -> list[Step]:
    """The calls that delete images that a machine had and has no more."""
    kept = {volume for _slot, volume in seeds_of(before["vmid"], after)}
    gone = [volume for _slot, volume in seeds_of(before["vmid"], before) if volume not in kept]
    return [delete_step(before["node"], volume) for volume in gone]


# --- volumes ----------------------------------------------------------------------------------------------------------


def _volume_plans(kind: GuestKind, current: State, desired: GuestDesired) -> dict[str, VolumePlan]:
    """A plan for each slot that the task names, or that holds a volume which this run is to delete."""
    rules = kind.volumes
    plans = {}
    for slot, part in {**desired.volumes, **_left_to_purge(current, desired)}.items():
        wanted = part
        if slot == rules.root and slot not in current and isinstance(part, Mapping) and not volume_of(part):
            wanted = {**_storage_at_creation(desired), **part}
        plans[slot] = rules.plan_slot(
            slot, current.get(slot), wanted, rules.codec(slot), move=desired.move_volumes, purge=desired.purge
        )
    return plans


def _left_to_purge(current: State, desired: GuestDesired) -> dict[str, str]:
    """The slots of unused volumes that this run has detached in order to delete them."""
    purged = desired.known.purged if desired.known else frozenset()
    return {slot: "" for slot, held in current.items() if slot.startswith("unused") and volume_of(held) in purged}


def _storage_at_creation(desired: GuestDesired) -> dict[str, Any]:
    storage = desired.creation.get("storage")
    return {"storage": storage} if storage else {}


def _with_volumes(
    kind: GuestKind, after: State, current: State, volumes: Mapping[str, VolumePlan], *, purge: bool
) -> State:
    """The state with its volumes as they will be; a detached one becomes the next free ``unusedN``."""
    for slot, plan in volumes.items():
        if not plan.delete:
            after.update({slot: plan.after} if plan.after else {})
            continue
        held: Slot = current[slot]
        after.pop(slot, None)
        if not (purge or slot.startswith("unused")) and kind.volumes.leaves_unused(held):
            free = kind.volumes.free_slots(after)[0]
            after[free] = {kind.volumes.codec(free).default_key: volume_of(held)}
    return after


# --- steps ------------------------------------------------------------------------------------------------------------


def _config_steps(
    kind: GuestKind,
    where: tuple[str, str],
    current: State,
    changes: Mapping[str, Any],
    volumes: Mapping[str, VolumePlan],
    desired: GuestDesired,
    digest: str | None,
) -> list[Step]:
    """The write of the configuration, where anything differs."""
    path, label = where
    params = update_params(changes, kind.config, current)
    written = {slot: plan.value for slot, plan in volumes.items() if plan.value is not None}
    removed = {slot: current[slot] for slot, plan in volumes.items() if plan.delete}
    params.update(written)
    purging: list[Step] = []
    if removed:
        params["delete"] = ",".join([*filter(None, [params.get("delete")]), *removed])
        if desired.purge:
            params.update(kind.volumes.purge_params)
            purging = _purge_steps(kind, path, current, removed)
    if not params:
        return []
    if digest:
        params["digest"] = digest
    allocates = any(plan.allocates and plan.value for plan in volumes.values())
    method = "POST" if allocates and kind.allocates_by_task else "PUT"
    step = Step(
        method,
        f"{path}/config",
        params,
        f"{_verbs(kind, [*changes, *written], removed, desired)} of {label}",
        secret_keys(kind.config, changes),
        starts_task=method == "POST",
        verify=bool(written or removed) or any(not kind.config.named(name).secret for name in changes),
        deferrable=True,
        replan=desired.restart == "if_needed" and current.get("status") == power.RUNNING,
        task_id=str(current["vmid"]),
    )
    return [step, *purging]


def _purge_steps(kind: GuestKind, path: str, current: State, removed: Mapping[str, Slot]) -> list[Step]:
    """The call that deletes the volumes of removed slots, where the write that removes them does not."""
    detached = [slot for slot, held in removed.items() if not slot.startswith("unused") and storage_of(held)]
    if kind.volumes.purge_params or not detached:
        return []
    unused = ",".join(kind.volumes.free_slots(current)[: len(detached)])
    volumes = ", ".join(f"{volume_of(removed[slot])} of {slot}" for slot in detached)
    return [Step("PUT", f"{path}/config", {"delete": unused}, f"delete the volume {volumes}")]


def _verbs(kind: GuestKind, changed: Sequence[str], removed: Mapping[str, Slot], desired: GuestDesired) -> str:
    """What a write of the configuration does: which keys it changes, and which volumes it deletes."""
    deleted = [slot for slot, held in removed.items() if kind.volumes.deletes(slot, held, purge=desired.purge)]
    kept = [*changed, *(slot for slot in removed if slot not in deleted)]
    verbs = [f"change {', '.join(kept)}"] if kept else []
    if deleted:
        verbs.append("delete " + ", ".join(f"{slot} with its volume {volume_of(removed[slot])}" for slot in deleted))
    return " and ".join(verbs)


def _template_steps(
    kind: GuestKind, named: tuple[str, str], observed: GuestObserved, after: State, desired: GuestDesired
) -> list[Step]:
    path, label = named
    if desired.template is None or desired.template == bool(after.get("template")):
        return []
    if not desired.template:
        raise InvalidOption("template", f"a template cannot become a {kind.title} again", hint="Clone it instead.")
    if after.get("status") in (power.RUNNING, power.PAUSED) and desired.state != "stopped":
        raise Refused(f"The {label} is {after['status']}, and cannot become a template.", hint="Set state: stopped.")
    if observed.has_snapshots:
        raise Refused(f"The {label} has snapshots, and cannot become a template.", hint="Delete them first.")
    after["template"] = True
    vmid, summary = path.rpartition("/")[2], f"convert {label} to a template"
    return [Step("POST", f"{path}/template", {}, summary, starts_task=True, task_id=vmid)]


def _power_steps(path: str, label: str, present: str, after: State, desired: GuestDesired) -> list[Step]:
    if desired.state == "present":
        return []
    wanted = power.POWER_OF_STATE[desired.state]
    if after.get("template") and wanted not in (None, power.STOPPED):
        raise InvalidOption("state", f"the {label} is a template, which never runs")
    if desired.state == "started" and after.get("freeze") and present in (power.STOPPED, power.PAUSED):
        after["status"] = power.PAUSED  # its CPU waits for somebody who lets it run
        return [desired.power.start(path, label)] if present == power.STOPPED else []
    steps = desired.power.steps(path, label, present)
    after["status"] = wanted or present
    return steps


def _restart_steps(
    kind: GuestKind,
    where: tuple[str, str],
    observed: GuestObserved,
    after: State,
    changed: Sequence[str],
    desired: GuestDesired,
) -> list[Step]:
    """The restart that makes changes of a running guest take effect, where the task wants one."""
    current = observed.state or {}
    status, later = current.get("status"), after.get("status")
    if desired.known and desired.known.ran and status == power.STOPPED and later == power.STOPPED:
        after["status"] = power.RUNNING
        return [desired.power.start(*where)]
    runs_on = status == power.RUNNING and later != power.STOPPED
    if desired.restart == "never" or not runs_on or desired.state in ("restarted", "reset"):
        return []
    waiting = bool(current.get("pending"))
    if not (changed or waiting):
        return []
    after.pop("pending", None)
    if desired.restart == "if_needed" and not waiting and not any(kind.needs_restart(n, current) for n in changed):
        return []
    if desired.power.force and observed.ha_managed:
        raise InvalidOption(
            "force",
            f"the HA manager looks after the {where[1]}, and would start it elsewhere",
            hint="Leave force out, or let the guest be with pve_ha and state: ignored.",
        )
    return desired.power.restart(*where)
