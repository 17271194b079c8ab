# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests of both kinds as resources: their options, finding one, and reading its present state."""

from __future__ import annotations

import abc
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..api.connection import task_arguments
from ..model.changes import changed_fields, require_release
from ..model.contract import Desired, Reader, State, unset_option
from ..model.errors import InvalidOption, InvalidParameter, NotConverged
from ..model.field import Fields
from ..model.given import TO_DELETE, TO_MAKE, Use
from ..model.plan import Plan
from ..model.property_string import PropertyString
from ..model.values import Codec
from . import power
from .actions.restore_check import differences, expected, in_words
from .agent import pending_keys, wait_for_agent
from .directory import Directory, Found, find_seen, list_guests, refuse_several, require_node
from .locate import KINDS, Location, read_config, with_name
from .making import await_finish, is_unfinished, unfinished
from .planner import Planner, target_of
from .pool import pool_of, require_pool
from .preflight.checks import OPTIONS as PREFLIGHT_OPTIONS
from .preflight.checks import STRICT, Candidate, preflight
from .preflight.requirements import Limits, demand_of
from .schema.families import Family
from .sources import find_source, parse_source, read_backup
from .tags import OPTIONS as TAG_OPTIONS
from .tags import TagEdit

if TYPE_CHECKING:
    pass

_DNS_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")


class Guest(Planner):
    """A guest as a resource; a subclass is one kind, mostly as data."""

    name: str  # the key of the guest in the result
    states: Sequence[str]  # of a guest that exists
    events: Sequence[str]  # what a task may wait for
    flags: Mapping[str, bool]  # boolean options that are no part of the configuration, with their defaults
    options: Fields  # configuration keys that are options of their own
    families: Mapping[str, Family]  # options that are maps of numbered keys
    volume_families: Mapping[str, Family]  # the same where the keys are slots of volumes
    single_volumes: Mapping[str, PropertyString]  # slots that are options of their own
    clone_options: Mapping[str, Codec]
    restore_options: Mapping[str, Codec]

    def own_arguments(self) -> dict[str, Any]:
        """The argument spec of options that only this kind has, besides its configuration."""
        return {}

    def arguments(self) -> dict[str, Any]:
        maps = {option: {"type": "dict"} for option in (*self.families, *self.volume_families)}
        spec = {
            "vmid": {"type": "int"},
            "node": {"type": "str"},
            **self.options.specs(),
            **maps,
            **{slot: {"type": "raw"} for slot in self.single_volumes},
            **TAG_OPTIONS,
            "pool": {"type": "str"},
            "allow_move": {"type": "bool", "default": False},
            "template": {"type": "bool"},
            "clone": {"type": "raw"},
            "restore": {"type": "raw"},
            "migrate": {"type": "bool", "default": False},
            "target_storage": {"type": "str"},
            "restart": {"type": "str", "choices": ["never", "if_needed", "always"], "default": "never"},
            "wait_for": {"type": "str", "choices": list(self.events)},
            "wait_timeout": {"type": "int", "default": 300},
            "unset": unset_option(),
            "state": {"type": "str", "choices": [*self.states, "absent"], "default": "present"},
            "shutdown_timeout": {"type": "int"},
            **PREFLIGHT_OPTIONS,
            **{flag: {"type": "bool", "default": default} for flag, default in self.flags.items()},
            **self.own_arguments(),
            **task_arguments(),
        }
        rules = {
            "required_one_of": [["vmid", self.name_option]],
            "mutually_exclusive": [["clone", "restore"], ["tags", "add_tags"], ["tags", "remove_tags"]],
        }
        return {"argument_spec": spec, **rules}

    def may_be_empty(self) -> set[str]:
        """What is cleared by being empty; maps of numbered keys and of limits may name none."""
        slots = {*self.families, *self.volume_families, *self.single_volumes}
        return {*self.options.clearable(), *slots, *TAG_OPTIONS, "pool", self.name_option, "limits"}

    def uses(self) -> dict[str, Use]:
        of_absent = {"vmid", "node", self.name_option, "state", "force", "purge", "destroy_unreferenced_disks"}
        always = {*of_absent, "shutdown_timeout", "wait_for", *task_arguments(), *PREFLIGHT_OPTIONS}
        described = {name: TO_MAKE for name in self.arguments()["argument_spec"] if name not in always}
        return {
            **described,
            "destroy_unreferenced_disks": TO_DELETE,
            "allow_move": Use(never=("absent",), beside=("pool",)),
            "migrate": Use(never=("absent",), beside=("node",)),
            "target_storage": Use(never=("absent",), beside=("migrate",)),
            "wait_timeout": Use(never=("absent",), beside=("wait_for",)),
        }

    # --- what the task wants ------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def desired_volume(self, slot: str, value: Any) -> dict[str, Any] | str:
        """The canonical desired value for one slot, "" to empty it."""

    def parse(self, params: Mapping[str, Any]) -> Desired:
        self._check_identity(params)
        slots = {key: value for family in self.families.values() for key, value in family.spread(params).items()}
        emptied = [name for name in params.get("unset") or [] if self._is_volume(name)]
        others = [name for name in params.get("unset") or [] if name not in emptied]
        config = self.config.parse({**params, **slots, "unset": others})
        return {
            "vmid": params.get("vmid"),
            "name": params.get(self.name_option),
            "node": params.get("node"),
            "state": params["state"],
            "config": config,
            "volumes": self._desired_volumes(params, emptied),
            "tag_edit": TagEdit.parse(params),
            "pool": params.get("pool"),
            "allow_move": params["allow_move"],
            "template": params.get("template"),
            "power": power.Power(params["state"], params["force"], params.get("shutdown_timeout")),
            "push_secrets": params.get("update_password") == "always",
            "clone": parse_source("clone", params.get("clone"), self.clone_options),
            "restore": parse_source("restore", params.get("restore"), self.restore_options),
            **{
                name: params.get(name)
                for name in ("migrate", "target_storage", "restart", "wait_for", "wait_timeout", "timeout")
            },
            **{flag: params[flag] for flag in self.flags},
            "preflight": params["preflight"],
            "limits": Limits.parse(params["limits"], strict=params["preflight"] == STRICT),
        }

    def _check_identity(self, params: Mapping[str, Any]) -> None:
        vmid, name = params.get("vmid"), params.get(self.name_option)
        if vmid is not None and not 100 <= vmid <= 999999999:
            raise InvalidOption("vmid", f"{vmid} is not in the range 100 to 999999999")
        if name is not None and not (_DNS_NAME.fullmatch(name) or (name == "" and vmid is not None)):
            raise InvalidOption(self.name_option, f"{name!r} is not a DNS name: letters, digits, hyphens and dots")
        self.check_stopping(params)
        self.check_seconds(params)
        if params.get("wait_for") and params["state"] in ("stopped", "paused", "hibernated", "absent"):
            raise InvalidOption(
                "wait_for", f"means nothing with state: {params['state']}: only a running guest answers"
            )

    @staticmethod
    def check_stopping(params: Mapping[str, Any]) -> None:
        """Refuse what says how a guest stops where it does not."""
        state, restart = params["state"], params["restart"]
        restarts = state == "restarted" or restart != "never"
        if params["force"] and not restarts and state not in ("stopped", "absent"):
            raise InvalidOption("force", f"means nothing with state: {state}")
        stops = state in ("stopped", "restarted", "absent") or restart != "never"
        if params.get("shutdown_timeout") is not None and not stops:
            raise InvalidOption("shutdown_timeout", f"means nothing with state: {state} and restart: never")

    @staticmethod
    def check_seconds(params: Mapping[str, Any]) -> None:
        """Refuse time-outs that are negative."""
        for name in ("timeout", "wait_timeout", "shutdown_timeout"):
            if (params.get(name) or 0) < 0:
                raise InvalidOption(name, "is a number of seconds, at least 0")

    def _is_volume(self, name: str) -> bool:
        return any(field.name == name for field in self.volumes)

    def _desired_volumes(self, params: Mapping[str, Any], emptied: list[str]) -> dict[str, Any]:
        given = {key: value for family in self.volume_families.values() for key, value in family.spread(params).items()}
        given.update({slot: params[slot] for slot in self.single_volumes if params.get(slot) is not None})
        both = sorted(set(given) & set(emptied))
        if both:
            raise InvalidOption("unset", f"{', '.join(both)} is also given a value")
        given.update(dict.fromkeys(emptied, ""))
        return {slot: self.desired_volume(slot, value) for slot, value in given.items()}

    # --- the present state --------------------------------------------------------------------------------------------

    def read(self, reader: Reader, desired: Desired) -> State | None:
        desired["as_root"] = reader.connection.is_root
        desired["rows"] = None  # all guests, nodes and storages of the cluster, asked for once where they are needed
        found = self._find(reader, desired)
        if found is None:
            if desired["state"] != "absent":
                self._prepare_creation(reader, desired)
            return None
        where, config = found
        desired["digest"] = None if desired.get("fresh") else config.get("digest")
        return self._observe(reader, desired, where, config)

    def needs_status(self, desired: Desired, where: Location) -> bool:
        """Whether the power state matters, which costs a request."""
        moves = target_of(desired, where.node) is not None
        return bool(desired["state"] != "present" or moves or desired["restart"] != "never" or desired["template"])

    def _observe(self, reader: Reader, desired: Desired, where: Location, config: Mapping[str, Any]) -> State:
        state: State = {"vmid": where.vmid, "node": where.node, **self.observe_config(config)}
        if self.needs_status(desired, where):
            status = reader.get(f"{where.path}/status/current")
            state["status"] = power.observe({**status, "lock": config.get("lock")})
            if desired["restart"] != "never" and desired["power"].force and state["status"] == power.RUNNING:
                desired["ran"] = True  # so that a restart that was begun is completed
            desired["ha_managed"] = bool((status.get("ha") or {}).get("managed"))
        if desired["restart"] == "if_needed" and state["status"] == power.RUNNING:
            state["pending"] = pending_keys(reader, where)
        if desired["pool"] is not None:
            state["pool"] = pool_of(reader, where.vmid, desired["pool"])
        for name, value in desired["config"].items():  # PVE leaves defaults out; who names one sees it in the result
            default = self.config.named(name).default
            if name not in state and default is not None and value == default:
                state[name] = default
        return state

    def _find(self, reader: Reader, desired: Desired) -> Found | None:
        """The guest and its configuration. One request if node and id are known, which they are once it is made or found."""
        vmid = desired["vmid"] or desired.get("new_vmid")
        node = desired["node"] or desired.get("new_node")
        if not desired["migrate"]:  # it is right where it was found, on whatever node
            node = desired.get("new_node") or node
        shared: Directory | None = desired.pop("shared", None)  # where a bulk has asked for all guests already
        if vmid and node and (shared is None or shared.at(vmid)):
            where = Location(self.kind, vmid, node)
            config = self._finished(reader, where, desired, read_config(reader, where, forbidden_is_absent=True))
            if config is not None and (desired["vmid"] or config.get(self.name_option) == desired["name"]):
                return self._fitting(reader, with_name(where, config), config, desired)
        seen = find_seen(reader, vmid, [self.kind]) if vmid and not node and shared is None else None
        if seen:
            config = self._finished(reader, seen[0], desired, seen[1])
            if config is not None:
                return self._fitting(reader, with_name(seen[0], config), config, desired)
        directory = desired["directory"] = shared or Directory(reader)
        found = self._look_up(reader, directory, desired)
        desired["rows"] = directory.rows
        if found is None:
            refuse_hidden(reader, desired)
            return None
        where, config = found
        desired["new_vmid"], desired["new_node"] = where.vmid, where.node  # where it is looked for the next time
        return self._fitting(reader, where, config, desired)

    def _look_up(self, reader: Reader, directory: Directory, desired: Desired) -> Found | None:
        """The guest with the task's id, or else with its name."""
        # Once the guest to delete was found, no other one of its name is deleted in its place.
        vmid: int | None = desired["vmid"] or (desired.get("new_vmid") if desired["state"] == "absent" else None)
        if vmid is None:
            return self._look_up_name(reader, directory, desired)
        found = directory.follow(vmid)
        if found is None or not (desired["vmid"] or found[0].name == desired["name"]):
            return None
        where, config = found
        if where.kind != self.kind:
            raise InvalidOption("vmid", f"{where.vmid} is taken: it is the {where}")
        finished = self._finished(reader, where, desired, config)
        return None if finished is None else (with_name(where, finished), finished)

    def _look_up_name(self, reader: Reader, directory: Directory, desired: Desired) -> Found | None:
        """The guest with the task's name. What others are making now has its name only when it is made."""
        found = directory.find([self.kind], desired["name"], self.name_option)
        if found:
            return found
        others = unfinished(reader, directory, self.kind, desired.get("own_vmids", ()))
        if not others:
            return None
        await_finish(reader, others, desired["timeout"], desired["name"])
        directory.refresh()
        return directory.find([self.kind], desired["name"], self.name_option)

    def _finished(
        self, reader: Reader, where: Location, desired: Desired, config: Mapping[str, Any] | None
    ) -> Mapping[str, Any] | None:
        """The configuration of a guest that the task names by its id as well, once whoever makes it has finished that."""
        if config is None or not desired["name"] or not is_unfinished(config, self.kind):
            return config
        await_finish(reader, [where], desired["timeout"], desired["name"])
        return read_config(reader, where)

    def _fitting(self, reader: Reader, where: Location, config: Mapping[str, Any], desired: Desired) -> Found:
        """What was found, if it is what the task says: it may have moved, and be renamed, where no harm comes of that."""
        if desired["node"] not in (None, where.node):
            directory = desired.get("directory")
            if directory is None:
                directory = desired["directory"] = Directory(reader)
            require_node(directory, desired["node"])
            if why := _why_to_fit_node(desired):
                text = f"the {where} is not on {desired['node']}, and {why} only what fits node"
                raise InvalidOption("node", text, hint="Leave node out.")
        selected = desired.get("selected_name")
        if selected not in (None, where.name):
            raise InvalidOption("select", f"the {where} was called {selected!r} when it was selected")
        if desired["vmid"] and desired["name"] not in (None, where.name) and (reason := _why_to_fit(desired)):
            origin = next((option for option in ("clone", "restore") if desired[option]), "")
            raise InvalidOption(
                self.name_option,
                f"the {where} is not named {desired['name']!r}, and {reason} only what fits vmid and {self.name_option}",
                hint=f"Give a free vmid for a new guest; to rename this one leave {origin} out."
                if origin and desired["state"] != "absent"
                else f"Leave {self.name_option} out, or correct vmid.",
            )
        return where, config

    def _prepare_creation(self, reader: Reader, desired: Desired) -> None:
        """Complete the desired state for a new guest with what the cluster has to decide."""
        if desired["clone"]:
            source, config = find_source(desired["directory"], self.kind, desired["clone"]["source"])
            desired["source"] = (source, self.observe_config(config))
            desired["new_node"] = desired["node"] or source.node
        else:
            desired["new_node"] = desired["node"]
        if not desired["new_node"]:
            which = desired["vmid"] or repr(desired["name"])
            raise InvalidOption("node", f"there is no {KINDS[self.kind]} {which}, and to create it needs node")
        require_node(desired["directory"], desired["new_node"])
        require_pool(reader, desired["pool"], desired["directory"].rows)
        if desired["restore"]:
            backup = read_backup(reader, desired["new_node"], desired["restore"]["archive"])
            desired["backup"] = None if backup is None else self.observe_config(backup)
        if not desired["vmid"]:
            desired["new_vmid"] = desired.pop("reserved", None) or int(reader.get("/cluster/nextid"))
        desired["fresh"] = True

    def observe_config(self, config: Mapping[str, Any]) -> State:
        """A configuration as users see it: by option names, property strings as mappings."""
        state = {**self.config.observe(config), **self.volumes.observe(config)}
        if config.get("template"):
            state["template"] = True
        if config.get("lock"):
            state["lock"] = config["lock"]
        return state

    def advise(self, names: Sequence[str]) -> list[str]:
        """Where the keys of PVE's configuration belong that are no options of their own."""
        families = [*self.families.values(), *self.volume_families.values()]
        return [
            f"{name} belongs into {family.option}, as in {family.option}: {{{name}: ...}}"
            for name in names
            for family in families
            if name in family.names()
        ]

    # --- before and after the work ------------------------------------------------------------------------------------

    def candidate(self, plan: Plan, desired: Desired) -> Candidate | None:
        """The guest as the preflight sees it; None if its plan asks for nothing."""
        demand = demand_of(self, plan, desired)
        return Candidate(demand, desired["preflight"]) if demand else None

    def refuse_namesakes(self, desired: Desired) -> None:
        """Before anything is changed: a guest that was found by its name has to be the only one of that name."""
        directory: Directory | None = desired.get("directory")
        if directory and not desired["vmid"]:
            refuse_several(directory.namesakes([self.kind], desired["name"]), desired["name"], self.name_option)

    def check_release(self, reader: Reader, plan: Plan, desired: Desired) -> None:
        """Refuse options that are to be written and that the server is too old for."""
        if desired["state"] != "absent":
            new = plan.before is None
            changes = desired["config"] if new else changed_fields(self.config, plan.before or {}, desired["config"])
            require_release(reader, self.config, changes)

    def preflight(self, reader: Reader, plan: Plan, desired: Desired) -> None:
        self.check_release(reader, plan, desired)
        self.refuse_namesakes(desired)
        candidate = self.candidate(plan, desired)
        directory: Directory | None = desired.get("directory")
        rows = directory.current_rows() if directory else desired.get("rows")
        for refused in preflight(reader, [candidate] if candidate else [], rows).values():
            raise refused

    def after_apply(
        self, reader: Reader, desired: Desired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """The keys whose new values wait for the next start, and the addresses that the task waits for."""
        where = self.where(state)
        if changed and is_new_by_name(desired) and desired.get("checks_twins", True):  # a bulk looks once for all
            refuse_twins(Directory(reader), self, desired["name"])
        if desired.get("fresh") and desired["restore"] and desired["backup"] is not None:
            reader.warnings.extend(self._unlike_backup(desired, where, state))
        told: dict[str, Any] = {"pending": pending_keys(reader, where)} if changed else {}
        if desired["wait_for"]:
            told["interfaces"] = wait_for_agent(
                reader, where, desired["wait_timeout"], address=desired["wait_for"] == "ip"
            )
        return told

    def _unlike_backup(self, desired: Desired, where: Location, state: State) -> list[str]:
        """What of a restored guest is neither as in its backup nor as the task wants it, as a warning."""
        found = differences(expected(desired["backup"], where, desired["restore"]), state)
        wanted = {self.name_option if desired["name"] is not None else "", *desired["config"], *desired["volumes"]}
        unlike = {name: pair for name, pair in found.items() if name not in wanted}
        return [f"{desired['restore']['archive']} was not restored as it is: {in_words(unlike)}."] if unlike else []


def only_root(option: str, what: str) -> InvalidOption:
    """The refusal of what PVE lets nobody but root@pam do, not even a token of root@pam."""
    hint = "Log in as root@pam with its password; no API token and no other user may do this."
    bus = {"hostpci": "pci", "usb": "usb"}.get(option.rstrip("0123456789"))
    if bus:
        hint += (
            f" Others may pass a device by a mapping: create it by pve_mapping, grant Mapping.Use on /mapping/{bus}/NAME, "
            "and name it as mapping=NAME."
        )
    return InvalidOption(option, f"{what} can be set only by root@pam", hint=hint)


def refuse_hidden(reader: Reader, desired: Desired) -> None:
    """A guest that is not listed may be one that the caller may not see; then it is not absent.

    Root sees everything. Who may create it learns of a taken id from the server, so that only a deletion has to ask.
    """
    if desired["state"] != "absent" or not desired["vmid"] or reader.connection.is_root:
        return
    try:
        reader.get("/cluster/nextid", {"vmid": desired["vmid"]})
    except InvalidParameter:
        text = f"{desired['vmid']} belongs to a guest that {reader.connection.identity} may not see"
        raise InvalidOption("vmid", text, hint="It needs VM.Audit on it, for example by a role on its pool.") from None


def _why_to_fit_node(desired: Desired) -> str:
    """Why a guest on another node than the task says is not meant, in words; empty where it has only moved."""
    if desired["state"] == "absent":
        return "state: absent deletes"
    if desired["state"] == "reset":
        return "state: reset resets"
    return "force: true stops" if desired["power"].force else ""


def _why_to_fit(desired: Desired) -> str:
    """Why a guest that has another name than the task says is not meant, in words; empty where that renames it."""
    why = _why_to_fit_node(desired)
    if why:
        return why
    return "clone takes" if desired["clone"] else "restore takes" if desired["restore"] else ""


def is_new_by_name(desired: Desired) -> bool:
    """Whether this run made a guest that it will know again by nothing but its name."""
    return bool(desired.get("fresh") and not desired["vmid"] and desired["name"])


def refuse_twins(directory: Directory, guest: Guest, name: str) -> None:
    """Tell that somebody else made a guest of the same name at the same time, which nothing prevents."""
    twins = directory.namesakes([guest.kind], name)
    if len(twins) > 1:
        raise NotConverged(
            f"Another run made {name!r} at the same time; now there are {len(twins)}: {list_guests(twins)}.",
            hint="Delete the one that is not wanted by its vmid.",
        )
