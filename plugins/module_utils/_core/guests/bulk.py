# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many guests at once: each is brought to its own state by the engine, several at a time, and none hides another's failure."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.errors import AnsibleValidationError, UnsupportedError

from ..api.client import Client
from ..model.errors import InvalidOption
from ..model.given import Use, check_given, validate
from ..run.batch import Job, WorkerPool, check_counts, summary
from ..run.hosted import CustomRun
from . import power
from .guest import Guest
from .kinds import BY_WORD, WORDS
from .locate import Location, guests
from .named import refuse_unknown
from .preflight.checks import OPTIONS as PREFLIGHT_OPTIONS
from .preflight.checks import preflight
from .schema.families import Tags
from .vm import VM

_TAGS = Tags(";")
SELECTORS: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "str", "choices": list(BY_WORD)},
    "vmid": {"type": "list", "elements": "int"},
    "name": {"type": "str"},
    "tag": {"type": "list", "elements": "str"},
    "pool": {"type": "str"},
    "node": {"type": "str"},
    "status": {"type": "str", "choices": ["running", "stopped"]},
}


@dataclasses.dataclass(eq=False)
class GuestJob(Job):
    """One guest of a bulk."""

    resource: Guest

    @property
    def vmid(self) -> int | None:
        """Its id as far as it is known before the work."""
        found: int | None = self.desired["vmid"] or self.desired.get("reserved")
        return found


FOR_EACH = ("timeout", *PREFLIGHT_OPTIONS)  # what an entry takes from the task unless it says so itself


class Guests(CustomRun):
    """See the module pve_guests."""

    name = "guests"
    hides_values = True

    def arguments(self) -> dict[str, Any]:
        spec = {
            "guests": {"type": "list", "elements": "dict"},
            "select": {"type": "dict", "options": {name: dict(row) for name, row in SELECTORS.items()}},
            "state": {"type": "str", "choices": [state for state in power.POWER_OF_STATE if state != "present"]},
            "force": {"type": "bool", "default": False},
            "shutdown_timeout": {"type": "int"},
            "timeout": {"type": "int", "default": 600},
            "parallel": {"type": "int", "default": 4},
            "per_storage": {"type": "int"},
            "per_source": {"type": "int"},
            "fail_fast": {"type": "bool", "default": False},
            **PREFLIGHT_OPTIONS,
        }
        return {
            "argument_spec": spec,
            "mutually_exclusive": [["guests", "select"]],
            "required_one_of": [["guests", "select"]],
            "required_together": [["select", "state"]],
        }

    def may_be_empty(self) -> set[str]:
        """No entry and no limit change nothing; an empty selector would select everything."""
        return {"guests", "limits"}

    def uses(self) -> dict[str, Use]:
        return {name: Use(beside=("guests",)) for name in ("per_storage", "per_source")}

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        """The secrets inside the specs, which the argument spec of this module cannot mark."""
        found: set[str] = set()
        for spec in params.get("guests") or []:
            arguments = BY_WORD.get(str(spec.get("type", "vm")), VM).arguments()["argument_spec"]
            secret = {name for name, row in arguments.items() if row.get("no_log")}
            found.update(str(value) for name, value in spec.items() if name in secret and value)
        return found

    # --- the work -----------------------------------------------------------------------------------------------------

    def run(self, client: Client, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """The result of a task: one entry for each guest, in the order of the task."""
        check_counts(params, "parallel", "per_storage", "per_source")
        for name in ("force", "shutdown_timeout"):
            if params[name] and params["guests"] is not None:
                raise InvalidOption(
                    name, "belongs to select; an entry of guests says it itself, where its state needs it"
                )
        if params["select"] is not None:
            Guest.check_stopping({**params, "restart": "never"})
        jobs = [_job(number, spec, params) for number, spec in enumerate(params.get("guests") or [])]
        _refuse_twice(jobs)
        rows = client.get("/cluster/resources")
        if params.get("select") is not None:
            refuse_unknown(rows, {f"select.{name}": value for name, value in params["select"].items()})
            jobs = [_power_job(row, params) for row in _selected(rows, params["select"])]
            if not jobs:
                client.warnings.append(f"select: no guest fits {_in_words(params['select'])}.")
        listed = guests(rows)
        _reserve(client, jobs, listed)
        for job in jobs:
            job.desired["shared"] = rows
            vmid = job.vmid or _vmid_by_name(job, listed)
            job.entry = {"vmid": vmid, "name": job.title, "type": WORDS[job.resource.kind]}
        _refuse_one_guest_twice(jobs)
        pool_of_workers = WorkerPool(
            client,
            parallel=params["parallel"],
            fail_fast=params["fail_fast"],
            check_mode=check_mode,
            counts=_counts(jobs, params),
        )
        pool_of_workers.plan(jobs)
        _preflight_all(pool_of_workers, jobs, rows)
        pool_of_workers.run(jobs)
        return summary(self.name, jobs, "guests")


def _counts(jobs: Sequence[GuestJob], params: Mapping[str, Any]) -> dict[str, int]:
    """How many jobs may share each storage and each source at a time, where the task says so."""
    limits = {limit for job in jobs for limit in job.limits}
    counts = {limit: params.get("per_" + limit.partition(" ")[0]) for limit in limits}
    return {limit: count for limit, count in counts.items() if count}


GUESTS = Guests()


def _preflight_all(pool_of_workers: WorkerPool, jobs: Sequence[GuestJob], rows: Sequence[Mapping[str, Any]]) -> None:
    """One preflight for all guests, because together they may want more than there is."""
    candidates = {}
    for job in jobs:
        candidate = job.resource.candidate(job.prepared.plan, job.prepared.desired) if job.prepared else None
        if candidate:
            candidates[candidate.demand.vmid] = (candidate, job)
    refused = preflight(pool_of_workers.client, [candidate for candidate, _job in candidates.values()], rows)
    for vmid, error in refused.items():
        pool_of_workers.reject(candidates[vmid][1], error)


def _job(number: int, spec: Mapping[str, Any], bulk: Mapping[str, Any]) -> GuestJob:
    """A job from one entry of ``guests``, which is what pve_vm or pve_lxc takes."""
    option = f"guests[{number}]"
    given = {**spec, **{name: bulk[name] for name in FOR_EACH if spec.get(name) is None}}
    kind = "vm" if given.get("type") is None else str(given["type"])
    given.pop("type", None)
    if kind not in BY_WORD:
        raise InvalidOption(option, f"type {kind!r} is not one of {', '.join(BY_WORD)}")
    guest = BY_WORD[kind]
    checked = validate(guest.arguments(), given)
    if checked.error_messages:
        raise InvalidOption(option, "; ".join(_told(error) for error in checked.errors.errors))
    params: dict[str, Any] = checked.validated_parameters
    title = str(params.get(guest.name_option) or params.get("vmid"))
    try:
        check_given(guest, params)
        desired = guest.parse(params)
    except InvalidOption as error:
        raise error.inside(f"{option} ({title})", ": ") from None
    source = [f"source {desired['clone']['source']}"] if desired["clone"] else []
    volumes = [part for part in desired["volumes"].values() if isinstance(part, Mapping)]
    storages = {str(part["storage"]) for part in [*volumes, desired["clone"] or {}] if part.get("storage")}
    limits = [*source, *(f"storage {name}" for name in sorted(storages))]
    return GuestJob(title, guest, params, desired, limits=limits, brief=source)


def _refuse_twice(jobs: Sequence[GuestJob]) -> None:
    for key in ("vmid", "name"):
        seen = [job.desired[key] for job in jobs if job.desired[key]]
        twice = sorted({str(value) for value in seen if seen.count(value) > 1})
        if twice:
            raise InvalidOption("guests", f"{key} {', '.join(twice)} is given more than once")


def _refuse_one_guest_twice(jobs: Sequence[GuestJob]) -> None:
    """Refuse entries that name one guest in two ways, by its id and by its name: they would get into each other's way."""
    titles: dict[int, str] = {}
    for job in jobs:
        other = titles.setdefault(job.entry["vmid"], job.title) if job.entry["vmid"] else job.title
        if other != job.title:
            raise InvalidOption("guests", f"{other} and {job.title} are the same guest, {job.entry['vmid']}")


def _selected(rows: Sequence[Mapping[str, Any]], select: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The guests that all selectors fit, by id; templates never run and are left out."""
    wanted = {name: value for name, value in select.items() if value is not None}
    if not wanted:
        raise InvalidOption("select", f"names nothing; give at least one of {', '.join(SELECTORS)}")
    for row in sorted((row for row in rows if row.get("type") in WORDS), key=lambda row: int(row["vmid"])):
        if not row.get("template") and all(_fits(row, name, value) for name, value in wanted.items()):
            yield row


def _fits(row: Mapping[str, Any], selector: str, value: Any) -> bool:
    """Whether one selector fits a row of the cluster's resources."""
    if selector == "type":
        return WORDS[row["type"]] == str(value)
    if selector == "vmid":
        return int(row["vmid"]) in list(value)
    if selector == "name":
        return fnmatch.fnmatchcase(str(row.get("name", "")), str(value))
    if selector == "tag":
        return set(_TAGS.parse(value)) <= set(_TAGS.parse(row.get("tags", "")))
    return str(row.get(selector, "")) == str(value)


def _in_words(select: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in select.items() if value is not None)


def _told(error: AnsibleValidationError) -> str:
    """What is wrong with options; that they are unknown is told by the class alone."""
    return f"unsupported parameters: {error.msg}" if isinstance(error, UnsupportedError) else str(error.msg)


def _power_job(row: Mapping[str, Any], params: Mapping[str, Any]) -> GuestJob:
    guest = BY_WORD[WORDS[row["type"]]]
    if params["state"] not in guest.states:
        raise InvalidOption(
            "state",
            f"{params['state']} is for virtual machines; the selection also fits container {row['vmid']}",
            hint="Add type: vm to the selection.",
        )
    given = {"vmid": int(row["vmid"]), "node": row["node"]}
    given.update({name: params[name] for name in ("state", "force", "shutdown_timeout", "timeout", *PREFLIGHT_OPTIONS)})
    checked_params: dict[str, Any] = validate(guest.arguments(), given).validated_parameters
    return GuestJob(str(row.get("name") or row["vmid"]), guest, checked_params, guest.parse(checked_params))


def _reserve(client: Client, jobs: Sequence[GuestJob], listed: Sequence[Location]) -> None:
    """Give each new guest without an id one of its own, so that they do not race for the next free one."""
    names = {(guest.kind, guest.name) for guest in listed}
    new = [
        job
        for job in jobs
        if not job.desired["vmid"]
        and job.desired["state"] != "absent"
        and (job.resource.kind, job.desired["name"]) not in names
    ]
    if not new:
        return
    taken = {guest.vmid for guest in listed} | {job.desired["vmid"] for job in jobs if job.desired["vmid"]}
    candidate = int(client.get("/cluster/nextid"))
    for job in new:
        while candidate in taken:
            candidate += 1
        job.desired["reserved"] = candidate
        taken.add(candidate)


def _vmid_by_name(job: GuestJob, listed: Sequence[Location]) -> int | None:
    """The id of the one guest with the job's name; None if there is none, or several."""
    found = [guest.vmid for guest in listed if (guest.kind, guest.name) == (job.resource.kind, job.desired["name"])]
    return found[0] if len(found) == 1 else None
