# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests of both kinds as resources: their options, and what happens before and after the work."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from ..api.connection import task_arguments
from ..model.changes import changed_fields, require_release
from ..model.contract import Reader, Resource, State, unset_option
from ..model.errors import InvalidOption, NotConverged, PveError
from ..model.given import TO_DELETE, TO_MAKE, Use
from ..model.plan import Plan
from ..run.task import Upid
from . import power
from .actions.restore_check import differences, expected, in_words
from .agent import pending_keys, wait_for_agent
from .desired import GuestDesired, GuestObserved, parse_guest
from .directory import Directory, list_guests, refuse_several
from .kind import GuestKind
from .planner import plan_guest
from .policy import OPTIONS as PLACEMENT_OPTIONS
from .preflight.checks import Candidate, preflight
from .preflight.limits import OPTIONS as PREFLIGHT_OPTIONS
from .preflight.requirements import requirements_of
from .reading import read_guest
from .tags import OPTIONS as TAG_OPTIONS

Rows = Sequence[Mapping[str, Any]]


class Guest(Resource[GuestDesired, GuestObserved]):
    """A guest of one kind as a resource."""

    def __init__(self, kind: GuestKind) -> None:
        self.kind = kind
        self.name = kind.name

    # --- options ------------------------------------------------------------------------------------------------------

    def arguments(self) -> dict[str, Any]:
        return {
            "argument_spec": dict(self._spec),
            "required_one_of": [["vmid", self.kind.name_option]],
            "mutually_exclusive": [
                ["clone", "restore"],
                ["tags", "add_tags"],
                ["tags", "remove_tags"],
                *(["node", option] for option in PLACEMENT_OPTIONS),
            ],
        }

    @functools.cached_property
    def _spec(self) -> Mapping[str, Mapping[str, Any]]:
        """The argument spec, which is asked for several times in each task."""
        kind = self.kind
        maps = {option: {"type": "dict"} for option in (*kind.families, *kind.volumes.families)}
        return {
            "vmid": {"type": "int"},
            "node": {"type": "str"},
            **PLACEMENT_OPTIONS,
            **kind.options.specs(),
            **maps,
            **{slot: {"type": "raw"} for slot in kind.volumes.singles},
            **TAG_OPTIONS,
            "pool": {"type": "str"},
            "allow_move": {"type": "bool", "default": False},
            "template": {"type": "bool"},
            "clone": {"type": "raw"},
            "restore": {"type": "raw"},
            "migrate": {"type": "bool", "default": False},
            "target_storage": {"type": "str"},
            "restart": {"type": "str", "choices": ["never", "if_needed", "always"], "default": "never"},
            "wait_for": {"type": "str", "choices": list(kind.events)},
            "wait_timeout": {"type": "int", "default": 300},
            "unset": unset_option(),
            "state": {"type": "str", "choices": [*kind.states, "absent"], "default": "present"},
            "shutdown_timeout": {"type": "int"},
            **PREFLIGHT_OPTIONS,
            **{flag: {"type": "bool", "default": False} for flag in kind.flags},
            **{name: dict(row) for name, row in kind.own_arguments.items()},
            **kind.creation.specs(),
            **task_arguments(),
        }

    def may_be_empty(self) -> set[str]:
        """What is cleared by being empty; dictionaries of numbered keys and of limits may have no keys."""
        kind = self.kind
        slots = {*kind.families, *kind.volumes.families, *kind.volumes.singles}
        return {*kind.options.clearable(), *slots, *TAG_OPTIONS, "pool", kind.name_option, "limits"}

    def uses(self) -> Mapping[str, Use]:
        return self._uses

    @functools.cached_property
    def _uses(self) -> Mapping[str, Use]:
        of_absent = {"vmid", "node", self.kind.name_option, "state", "force", "purge", "destroy_unreferenced_disks"}
        always = {*of_absent, "shutdown_timeout", "wait_for", *task_arguments(), *PREFLIGHT_OPTIONS}
        described = {name: TO_MAKE for name in self._spec if name not in always}
        return {
            **described,
            "destroy_unreferenced_disks": TO_DELETE,
            "allow_move": Use(never=("absent",), beside=("pool",)),
            "migrate": Use(never=("absent",), beside=("node", "nodes")),
            "target_storage": Use(never=("absent",), beside=("migrate",)),
            "wait_timeout": Use(never=("absent",), beside=("wait_for",)),
        }

    def option_of(self, parameter: str) -> str:
        return self.kind.config.option_of(parameter)

    def advise(self, names: Sequence[str]) -> list[str]:
        """Where the keys of PVE's configuration belong that are no options of their own."""
        families = [*self.kind.families.values(), *self.kind.volumes.families.values()]
        return [
            f"{name} belongs into {family.option}, as in {family.option}: {{{name}: ...}}"
            for name in names
            for family in families
            if name in family.names()
        ]

    # --- the contract -------------------------------------------------------------------------------------------------

    def parse(self, params: Mapping[str, Any]) -> GuestDesired:
        return parse_guest(self.kind, params)

    def read(self, reader: Reader, desired: GuestDesired) -> GuestObserved:
        return read_guest(self.kind, reader, desired)

    def remember(self, observed: GuestObserved, desired: GuestDesired) -> GuestDesired:
        return dataclasses.replace(desired, known=observed.known or desired.known)

    def informed(self, desired: GuestDesired, upid: str) -> GuestDesired:
        status = None if desired.restores_live else power.after_task(Upid.parse(upid).type)
        known = desired.known and dataclasses.replace(desired.known, status=status)
        return dataclasses.replace(desired, known=known)

    def plan(self, observed: GuestObserved, desired: GuestDesired) -> Plan:
        return plan_guest(self.kind, observed, desired)

    def preflight(self, reader: Reader, plan: Plan, desired: GuestDesired) -> None:
        rows = desired.directory.current_rows() if desired.directory else None
        for error in preflight_guests(reader, [PlannedGuest(self.kind, plan, desired)], rows).values():
            raise error

    def after_apply(
        self, reader: Reader, desired: GuestDesired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """The keys whose new values wait for the next start, and the addresses that the task waits for."""
        where = self.kind.where(state)
        if changed and desired.is_new_by_name and desired.in_bulk.directory is None:  # a bulk looks once for all
            refuse_twins(Directory(reader), self.kind, desired.name or "")
        reader.warnings.extend(self._unlike_backup(desired, state))
        found: dict[str, Any] = {}
        if changed:  # what is written to a guest that does not run waits for nothing
            may_wait = not desired.is_new or desired.restores_live or (desired.known and desired.known.may_wait)
            found["pending"] = pending_keys(reader, where) if may_wait else []
        if desired.wait_for:
            found["interfaces"] = wait_for_agent(reader, where, desired.wait_timeout, address=desired.wait_for == "ip")
        return found

    def _unlike_backup(self, desired: GuestDesired, state: State) -> list[str]:
        """What of a restored guest is neither as in its backup nor as the task wants it, as a warning."""
        backup = desired.backup
        if backup is None or not (desired.is_new and desired.restore):
            return []
        found = differences(expected(backup, self.kind.where(state), desired.restore), state)
        wanted = {self.kind.name_option if desired.name is not None else "", *desired.config, *desired.volumes}
        unlike = {name: pair for name, pair in found.items() if name not in wanted}
        return [f"{desired.restore['archive']} was not restored as it is: {in_words(unlike)}."] if unlike else []


# --- before and after the work, for one guest or many -----------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class PlannedGuest:
    """A guest with its plan, before anything is done."""

    kind: GuestKind
    plan: Plan
    desired: GuestDesired


def preflight_guests(reader: Reader, guests: Sequence[PlannedGuest], rows: Rows | None) -> dict[int, PveError]:
    """Find reasons why plans would fail, for all guests together: the refusals by the position of the guest.

    ``rows`` of /cluster/resources that were read before save a request.
    """
    refused: dict[int, PveError] = {}
    candidates: dict[int, tuple[int, Candidate]] = {}  # by vmid
    for number, guest in enumerate(guests):
        if not guest.plan.steps:
            continue
        try:
            _check_release(reader, guest)
            _refuse_namesakes(guest)
        except PveError as error:
            refused[number] = error
            continue
        requirements = requirements_of(guest.kind, guest.plan, guest.desired)
        if requirements:
            candidates[requirements.vmid] = (number, Candidate(requirements, guest.desired.preflight))
    found = preflight(reader, [candidate for _number, candidate in candidates.values()], rows)
    return {**refused, **{candidates[vmid][0]: error for vmid, error in found.items()}}


def _check_release(reader: Reader, guest: PlannedGuest) -> None:
    """Refuse options that are to be written and that the server is too old for."""
    desired, fields = guest.desired, guest.kind.config
    if desired.state != "absent":
        before = guest.plan.before
        require_release(
            reader, fields, desired.config if before is None else changed_fields(fields, before, desired.config)
        )


def _refuse_namesakes(guest: PlannedGuest) -> None:
    """A guest that was found by its name has to be the only one of that name."""
    kind, desired = guest.kind, guest.desired
    if desired.directory and not desired.vmid and desired.name:
        refuse_several(desired.directory.namesakes([kind.type], desired.name), desired.name, kind.name_option)


def refuse_twins(directory: Directory, kind: GuestKind, name: str) -> None:
    """Report that somebody else made a guest of the same name at the same time, which nothing prevents."""
    twins = directory.namesakes([kind.type], name)
    if len(twins) > 1:
        raise NotConverged(
            f"Another run made {name!r} at the same time; now there are {len(twins)}: {list_guests(twins)}.",
            hint="Delete the one that is not wanted by its vmid.",
        )


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
