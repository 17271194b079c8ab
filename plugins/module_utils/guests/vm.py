# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: one declaration for configuration, drives, pool, power and deletion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidOption, NotFound, Refused
from ..field import update_params
from ..options import task_arguments
from ..plan import Plan, Step, api_path
from ..property_string import PropertyString
from ..resource import (
    UPDATE_PASSWORD,
    Reader,
    State,
    Wish,
    changed_fields,
    refuse_create_only,
    require_release,
    secret_keys,
    shown,
    unset_option,
)
from . import power
from .agent import pending_keys, wait_for_agent
from .drives import drive_wish, is_cdrom, plan_drive
from .hotplug import needs_restart
from .locate import Location, guests, locate
from .membership import pool_of, pool_steps
from .sources import (
    CLONE_OPTIONS,
    RESTORE_OPTIONS,
    clone_step,
    find_source,
    parse_source,
    predicted_clone,
    restore_step,
)
from .vm_fields import CONFIG, DRIVE_FIELDS, DRIVES, FAMILIES, OPTIONS, SINGLE_DRIVES, UNUSED
from .volumes import Slot, VolumePlan

if TYPE_CHECKING:
    from ..client import Client

KIND = "qemu"
_DNS_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_FLAGS: Mapping[str, bool] = {"force": False, "purge": False, "destroy_unreferenced_disks": False, "move_disks": False}


class Vm:
    """See the module pve_vm for what its options mean."""

    name = "vm"

    def arguments(self) -> dict[str, Any]:
        maps = {option: {"type": "dict"} for option in (*FAMILIES, *DRIVES)}
        spec = {
            "vmid": {"type": "int"},
            "node": {"type": "str"},
            **OPTIONS.specs(),
            **maps,
            **{slot: {"type": "raw"} for slot in SINGLE_DRIVES},
            "pool": {"type": "str"},
            "template": {"type": "bool"},
            "clone": {"type": "raw"},
            "restore": {"type": "raw"},
            "migrate": {"type": "bool", "default": False},
            "target_storage": {"type": "str"},
            "restart": {"type": "str", "choices": ["never", "if_needed", "always"], "default": "never"},
            "wait_for": {"type": "str", "choices": ["agent", "ip"]},
            "wait_timeout": {"type": "int", "default": 300},
            "unset": unset_option(),
            "state": {"type": "str", "choices": [*power.WISHES, "absent"], "default": "present"},
            "shutdown_timeout": {"type": "int"},
            **{flag: {"type": "bool", "default": default} for flag, default in _FLAGS.items()},
            "update_password": dict(UPDATE_PASSWORD),
            **task_arguments(),
        }
        rules = {"required_one_of": [["vmid", "name"]], "mutually_exclusive": [["clone", "restore"]]}
        return {"argument_spec": spec, **rules}

    # --- the wish -----------------------------------------------------------------------------------------------------

    def wish(self, params: Mapping[str, Any]) -> Wish:
        _check_identity(params)
        slots = {key: value for family in FAMILIES.values() for key, value in family.spread(params).items()}
        emptied = [name for name in params.get("unset") or [] if _is_drive(name)]
        others = [name for name in params.get("unset") or [] if name not in emptied]
        config = CONFIG.wish({**params, **slots, "unset": others})
        return {
            "vmid": params.get("vmid"),
            "name": params.get("name"),
            "node": params.get("node"),
            "state": params["state"],
            "config": config,
            "drives": self._drive_wishes(params, emptied),
            "pool": params.get("pool"),
            "template": params.get("template"),
            "power": power.Power(params["state"], params["force"], params.get("shutdown_timeout")),
            "push_secrets": params["update_password"] == "always",
            "clone": parse_source("clone", params.get("clone"), CLONE_OPTIONS),
            "restore": parse_source("restore", params.get("restore"), RESTORE_OPTIONS),
            **{name: params.get(name) for name in ("migrate", "target_storage", "restart", "wait_for", "wait_timeout")},
            **{flag: params[flag] for flag in _FLAGS},
        }

    @staticmethod
    def _drive_wishes(params: Mapping[str, Any], emptied: list[str]) -> dict[str, Any]:
        given = {key: value for family in DRIVES.values() for key, value in family.spread(params).items()}
        given.update({slot: params[slot] for slot in SINGLE_DRIVES if params.get(slot) is not None})
        both = sorted(set(given) & set(emptied))
        if both:
            raise InvalidOption("unset", f"{', '.join(both)} is also given a value")
        given.update(dict.fromkeys(emptied, ""))
        return {slot: drive_wish(slot, value, _drive_codec(slot)) for slot, value in given.items()}

    # --- the present state --------------------------------------------------------------------------------------------

    def read(self, reader: Reader, wish: Wish) -> State | None:
        wish["listed"] = None  # all guests of the cluster, asked for once where they are needed
        found = self._find(reader, wish)
        if found is None:
            if wish["state"] != "absent":
                require_release(reader, CONFIG, wish["config"])
                self._prepare_creation(reader, wish)
            return None
        where, config = found
        require_release(reader, CONFIG, changed_fields(CONFIG, CONFIG.observe(config), wish["config"]))
        wish["digest"] = None if wish.get("fresh") else config.get("digest")
        return self._observe(reader, wish, where, config)

    @staticmethod
    def _observe(reader: Reader, wish: Wish, where: Location, config: Mapping[str, Any]) -> State:
        state: State = {"vmid": where.vmid, "node": where.node, **observe_config(config)}
        moves = wish["node"] not in (None, where.node)
        if wish["state"] != "present" or moves or wish["restart"] != "never":
            state["status"] = power.observe({**reader.get(f"{where.path}/status/current"), "lock": config.get("lock")})
        if wish["restart"] == "if_needed" and state["status"] == power.RUNNING:
            state["pending"] = pending_keys(reader, where)
        if wish["pool"] is not None:
            state["pool"] = pool_of(reader, where.vmid, wish["pool"])
        return state

    def _find(self, reader: Reader, wish: Wish) -> tuple[Location, Mapping[str, Any]] | None:
        """The guest and its configuration. One request if node and id are known, which they are after a creation."""
        vmid = wish["vmid"] or wish.get("new_vmid")
        node = wish["node"] or wish.get("new_node")
        if vmid and node:
            where = Location(KIND, vmid, node, wish["name"] or "")
            config = read_config(reader, where)
            if config is not None and (wish["vmid"] or config.get("name") == wish["name"]):
                return where, config
        wish["listed"] = guests(reader)
        found = locate(reader, KIND, vmid=wish["vmid"], name=wish["name"], node=node, listed=wish["listed"])
        if found is None:
            return None
        if wish["node"] not in (None, found.node) and not wish["migrate"] and wish["state"] != "absent":
            raise InvalidOption(
                "node", f"the {found} is not on {wish['node']}", hint="Leave node out, or set migrate: true."
            )
        config = read_config(reader, found)
        return None if config is None else (found, config)

    @staticmethod
    def _prepare_creation(reader: Reader, wish: Wish) -> None:
        """Complete the wish for a new guest with what the cluster has to decide."""
        if wish["clone"]:
            source = find_source(wish["listed"], KIND, wish["clone"]["source"])
            config = read_config(reader, source) or {}
            wish["source"] = (source, observe_config(config))
            wish["new_node"] = wish["node"] or source.node
        else:
            wish["new_node"] = wish["node"]
        if not wish["new_node"]:
            raise InvalidOption("node", "is needed to create a virtual machine")
        if not wish["vmid"]:
            wish["new_vmid"] = int(reader.get("/cluster/nextid"))
        wish["fresh"] = True

    def aftermath(self, client: Client, wish: Wish, state: State, *, changed: bool) -> dict[str, Any]:
        """The keys whose new values wait for the next start, and the addresses that the task waits for."""
        where = Location(KIND, state["vmid"], state["node"], state.get("name", ""))
        told: dict[str, Any] = {"pending": pending_keys(client, where)} if changed else {}
        if wish["wait_for"]:
            told["interfaces"] = wait_for_agent(client, where, wish["wait_timeout"], address=wish["wait_for"] == "ip")
        return told

    # --- the plan -----------------------------------------------------------------------------------------------------

    def plan(self, current: State | None, wish: Wish) -> Plan:
        if wish["state"] == "absent":
            return _plan_absent(current, wish)
        return _plan_create(wish) if current is None else _plan_update(current, wish)


VM = Vm()


def _check_identity(params: Mapping[str, Any]) -> None:
    vmid, name = params.get("vmid"), params.get("name")
    if vmid is not None and not 100 <= vmid <= 999999999:
        raise InvalidOption("vmid", f"{vmid} is not in the range 100 to 999999999")
    if name is not None and not (_DNS_NAME.fullmatch(name) or (name == "" and vmid is not None)):
        raise InvalidOption("name", f"{name!r} is not a DNS name: letters, digits, hyphens and dots")
    if params["state"] == "present" and (params.get("force") or params.get("shutdown_timeout") is not None):
        raise InvalidOption("force" if params.get("force") else "shutdown_timeout", "means nothing with state: present")


def _is_drive(name: str) -> bool:
    return any(field.name == name for field in DRIVE_FIELDS)


def _drive_codec(slot: str) -> PropertyString:
    codec = DRIVE_FIELDS.named(slot).codec
    if not isinstance(codec, PropertyString):
        raise TypeError(f"{slot} has no property string")
    return codec


def read_config(reader: Reader, where: Location) -> Mapping[str, Any] | None:
    """The configuration of a guest with pending changes applied; None if there is no such guest on that node."""
    try:
        config: Mapping[str, Any] = reader.get(f"{where.path}/config")
    except NotFound:
        return None
    return config


def observe_config(config: Mapping[str, Any]) -> State:
    """A configuration as users see it: by option names, property strings as mappings."""
    state = {**CONFIG.observe(config), **DRIVE_FIELDS.observe(config)}
    if config.get("template"):
        state["template"] = True
    if config.get("lock"):
        state["lock"] = config["lock"]
    return state


def _label(vmid: int, name: str | None) -> str:
    return f"virtual machine {vmid}" + (f" ({name})" if name else "")


def _plan_absent(current: State | None, wish: Wish) -> Plan:
    if current is None:
        return Plan.nothing(None)
    label, path = (
        _label(current["vmid"], current.get("name")),
        api_path("nodes", current["node"], KIND, current["vmid"]),
    )
    if current.get("protection"):
        raise Refused(f"The {label} is protected.", hint="Set protection: false first.")
    steps = []
    if current["status"] in (power.RUNNING, power.PAUSED):
        if not wish["force"]:
            raise Refused(f"The {label} is {current['status']}.", hint="Stop it first, or set force: true.")
        steps.append(wish["power"].stop(path, label))
    params = {"purge": True} if wish["purge"] else {}
    if wish["destroy_unreferenced_disks"]:
        params["destroy-unreferenced-disks"] = True
    steps.append(Step("DELETE", path, params, f"delete {label} and its disks", task=True, guest=str(current["vmid"])))
    return Plan(current, None, tuple(steps))


def _drive_plans(current: State, wish: Wish) -> dict[str, VolumePlan]:
    return {
        slot: plan_drive(
            slot, current.get(slot), drive, _drive_codec(slot), move=wish["move_disks"], purge=wish["purge"]
        )
        for slot, drive in wish["drives"].items()
    }


def _plan_create(wish: Wish) -> Plan:
    vmid = wish["vmid"] or wish["new_vmid"]
    where = Location(KIND, vmid, wish["new_node"], wish["name"] or "")
    if wish["clone"] or wish["restore"]:
        return _plan_copy(where, wish)
    label = _label(vmid, wish["name"])
    config = {name: value for name, value in wish["config"].items() if value != ""}
    drives = {slot: plan for slot, plan in _drive_plans({}, wish).items() if plan.value}
    params = {"vmid": vmid, **update_params(config, CONFIG, {}), **{slot: plan.value for slot, plan in drives.items()}}
    if wish["pool"]:
        params["pool"] = wish["pool"]
    collection = api_path("nodes", where.node, KIND)
    secrets = secret_keys(CONFIG, config)
    create = Step("POST", collection, params, f"create {label}", secrets, task=True, guest=str(vmid))
    after: State = {"vmid": vmid, "node": where.node, **shown(CONFIG, {}, config)}
    after.update({slot: plan.after for slot, plan in drives.items()})
    if wish["pool"]:
        after["pool"] = wish["pool"]
    steps = [create, *_drive_steps(where.path, label, drives), *_template_steps(where.path, label, after, wish)]
    steps += _power_steps(where.path, label, power.STOPPED, after, wish)
    return Plan(None, after, tuple(steps))


def _plan_copy(where: Location, wish: Wish) -> Plan:
    """A clone or a restored backup, and then what makes it equal the wish; the engine plans that again when it exists."""
    if wish["clone"]:
        source, state = wish["source"]
        first = clone_step(source, where, wish["clone"], wish["pool"])
        predicted = predicted_clone(state, where, wish["clone"].get("storage"))
    else:
        first = restore_step(where, wish["restore"], wish["pool"])
        predicted = {"vmid": where.vmid, "node": where.node}
    if wish["pool"]:
        predicted["pool"] = wish["pool"]
    predicted["status"] = power.STOPPED
    rest = _plan_update(predicted, {**wish, "digest": None, "push_secrets": True, "restart": "never"})
    after = dict(rest.after or {})
    if wish["state"] == "present":
        after.pop("status", None)
    return Plan(None, after, (first, *rest.steps))


def _plan_update(current: State, wish: Wish) -> Plan:
    if wish["node"] not in (None, current["node"]):
        return _plan_migration(current, wish)
    path, label = (
        api_path("nodes", current["node"], KIND, current["vmid"]),
        _label(current["vmid"], current.get("name")),
    )
    push_secrets = wish["push_secrets"] or bool(wish.get("fresh") and (wish["clone"] or wish["restore"]))
    changes = changed_fields(CONFIG, current, wish["config"], push_secrets=push_secrets)
    refuse_create_only(CONFIG, current, changes, label)
    drives = _drive_plans(current, wish)
    after = _with_drives(shown(CONFIG, current, changes), current, drives, purge=wish["purge"])
    steps = _config_steps((path, label), current, changes, drives, wish)
    steps += _drive_steps(path, label, drives)
    if wish["pool"] is not None:
        steps += pool_steps(current["vmid"], current.get("pool"), wish["pool"])
        after["pool"] = wish["pool"] or None
    steps += _template_steps(path, label, after, wish)
    if wish["state"] != "present":
        switches = _power_steps(path, label, current["status"], after, wish)
        steps = [*switches, *steps] if wish["state"] == "stopped" else [*steps, *switches]
    written = [*changes, *(slot for slot, plan in drives.items() if plan.value or plan.delete)]
    steps += _restart_steps(path, label, current, after, changed=written, wish=wish)
    return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)


def _plan_migration(current: State, wish: Wish) -> Plan:
    """Move the guest to its node first; the rest follows there, planned again when it has arrived."""
    source = Location(KIND, current["vmid"], current["node"], current.get("name", ""))
    params: dict[str, Any] = {"target": wish["node"]}
    if current["status"] in (power.RUNNING, power.PAUSED):
        params.update({"online": True, "with-local-disks": True})
    if wish["target_storage"]:
        params["targetstorage"] = wish["target_storage"]
    why = f"migrate {_label(current['vmid'], current.get('name'))} from {current['node']} to {wish['node']}"
    step = Step("POST", f"{source.path}/migrate", params, why, task=True, guest=str(current["vmid"]), replan=True)
    rest = _plan_update({**current, "node": wish["node"]}, {**wish, "digest": None})
    return Plan(current, rest.after, (step, *rest.steps))


def _restart_steps(
    path: str, label: str, current: State, after: State, *, changed: list[str], wish: Wish
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
    if wish["restart"] == "if_needed" and not waiting and not any(needs_restart(name, current) for name in changed):
        return []
    return [wish["power"].restart(path, label)]


def _config_steps(
    where: tuple[str, str], current: State, changes: Mapping[str, Any], drives: Mapping[str, VolumePlan], wish: Wish
) -> list[Step]:
    """The one write of the configuration, where anything differs."""
    path, label = where
    params = update_params(changes, CONFIG, current)
    written = {slot: plan.value for slot, plan in drives.items() if plan.value is not None}
    removed = [slot for slot, plan in drives.items() if plan.delete]
    params.update(written)
    if removed:
        params["delete"] = ",".join([*filter(None, [params.get("delete")]), *removed])
        if wish["purge"]:
            params["force"] = True
    if not params:
        return []
    if wish.get("digest"):
        params["digest"] = wish["digest"]
    allocates = any(plan.allocates and plan.value for plan in drives.values())
    verify = bool(written or removed) or any(not CONFIG.named(name).secret for name in changes)
    return [
        Step(
            "POST"
            if allocates
            else "PUT",  # POST is a task, which an allocation of volumes may need; PUT answers at once
            f"{path}/config",
            params,
            f"change {', '.join([*changes, *written, *removed])} of {label}",
            secret_keys(CONFIG, changes),
            task=allocates,
            verify=verify,
            deferrable=True,
            replan=wish["restart"] == "if_needed" and current.get("status") == power.RUNNING,
            guest=str(current["vmid"]),
        )
    ]


def _drive_steps(path: str, label: str, drives: Mapping[str, VolumePlan]) -> list[Step]:
    guest = path.rpartition("/")[2]
    steps = [
        Step(
            "POST",
            f"{path}/move_disk",
            plan.move,
            f"move {slot} of {label} to {plan.move['storage']}",
            task=True,
            guest=guest,
        )
        for slot, plan in drives.items()
        if plan.move
    ]
    steps += [
        Step(
            "PUT",
            f"{path}/resize",
            {"disk": slot, "size": plan.resize},
            f"grow {slot} of {label} from {plan.before_size} to {plan.resize}",
            task=True,
            guest=guest,
        )
        for slot, plan in drives.items()
        if plan.resize
    ]
    return steps


def _with_drives(after: State, current: State, drives: Mapping[str, VolumePlan], *, purge: bool) -> State:
    """The state with its drives as they will be; a detached volume becomes the next free ``unusedN``."""
    for slot, plan in drives.items():
        if not plan.delete:
            after.update({slot: plan.after} if plan.after else {})
            continue
        held: Slot = current[slot]
        after.pop(slot, None)
        if not (purge or slot.startswith("unused") or is_cdrom(held)):
            free = next(name for name in UNUSED.names() if name not in after)
            after[free] = {"file": held.get("file")}
    return after


def _template_steps(path: str, label: str, after: State, wish: Wish) -> list[Step]:
    if wish["template"] is None or wish["template"] == bool(after.get("template")):
        return []
    if not wish["template"]:
        raise InvalidOption("template", "a template cannot become a virtual machine again", hint="Clone it instead.")
    after["template"] = True
    guest = path.rpartition("/")[2]
    return [Step("POST", f"{path}/template", {}, f"convert {label} to a template", task=True, guest=guest)]


def _power_steps(path: str, label: str, present: str, after: State, wish: Wish) -> list[Step]:
    if wish["state"] == "present":
        return []
    if after.get("template") and power.WISHES[wish["state"]] not in (None, power.STOPPED):
        raise InvalidOption("state", f"the {label} is a template, which never runs")
    steps: list[Step] = wish["power"].steps(path, label, present)
    after["status"] = power.WISHES[wish["state"]] or present
    return steps
