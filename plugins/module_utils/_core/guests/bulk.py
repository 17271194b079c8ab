# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many guests at once: the engine runs for each of them, several at a time, and none hides the failure of another."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.errors import AnsibleValidationError, UnsupportedError

from ..api.client import Client
from ..model.errors import InvalidOption, PveError
from ..model.given import Use, Validator, check_given, refuse_unusable, validate
from ..run.batch import Job, WorkerPool, check_counts, summary
from ..run.hosted import CustomRun
from . import power
from .choosing import Chooser
from .desired import GuestDesired, check_seconds, check_stopping
from .directory import Directory, Row
from .guest import Guest, PlannedGuest, preflight_guests, refuse_twins
from .kind import GuestKind
from .kinds import BY_WORD, WORDS
from .locate import Location
from .named import refuse_unknown
from .preflight.limits import OPTIONS as PREFLIGHT_OPTIONS
from .selection import TAGS, Selection, observe_row
from .vm import VM

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
    desired: GuestDesired

    @property
    def kind(self) -> GuestKind:
        return self.resource.kind

    def know(self, **found: Any) -> None:
        """Keep what the bulk has found out about its guest; see ``InBulk``."""
        self.desired = dataclasses.replace(self.desired, in_bulk=dataclasses.replace(self.desired.in_bulk, **found))


FOR_EACH = ("timeout", *PREFLIGHT_OPTIONS)  # what an entry takes from the task unless it says so itself


class Guests(CustomRun):
    """See the module pve_guests."""

    name = "guests"
    hides_values = True

    def arguments(self) -> dict[str, Any]:
        spec = {
            "guests": {"type": "list", "elements": "dict"},
            "select": {"type": "dict", "options": {name: dict(row) for name, row in SELECTORS.items()}},
            "state": {
                "type": "str",
                "choices": [*(state for state in power.POWER_OF_STATE if state != "present"), "absent"],
            },
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
            _check_select(params)
        validators = {word: Validator(guest.arguments()) for word, guest in BY_WORD.items()}
        specs = params.get("guests") or []
        jobs = [_job(number, spec, params, validators) for number, spec in enumerate(specs)]
        _refuse_twice(jobs)
        directory = Directory(client)
        if params.get("select") is not None:
            jobs = _state_jobs(client, directory, params)
        else:
            _confirm_names(jobs, directory)
        _reserve(client, jobs, directory.locations())
        _identify(jobs, directory, params)
        _refuse_one_guest_twice(jobs)
        workers = WorkerPool(
            client,
            parallel=params["parallel"],
            fail_fast=params["fail_fast"],
            check_mode=check_mode,
            counts=_counts(jobs, params),
        )
        _plan(workers, jobs, directory)
        _name_by_configuration(jobs)
        _preflight(workers, jobs, directory.current_rows())
        workers.run(jobs)
        for job in jobs:  # where a reserved id was lost to somebody else, another one was taken
            job.entry.update(vmid=(job.result.get(job.resource.name) or job.entry)["vmid"])
        if not check_mode:
            _refuse_twins(workers, jobs)
        return summary(self.name, jobs, "guests")


def _counts(jobs: Sequence[GuestJob], params: Mapping[str, Any]) -> dict[str, int]:
    """How many jobs may share each storage and each source at a time, where the task says so."""
    limits = {limit for job in jobs for limit in job.limits}
    counts = {limit: params.get("per_" + limit.partition(" ")[0]) for limit in limits}
    return {limit: count for limit, count in counts.items() if count}


GUESTS = Guests()


def _preflight(workers: WorkerPool, jobs: Sequence[GuestJob], rows: Sequence[Mapping[str, Any]]) -> None:
    """One preflight for all guests, because together they may require more than there is."""
    planned = [(job, PlannedGuest(job.kind, job.prepared.plan, job.prepared.desired)) for job in jobs if job.prepared]
    refused = preflight_guests(workers.client, [guest for _job, guest in planned], rows)
    for number, error in refused.items():
        workers.reject(planned[number][0], error)


def _job(
    number: int, spec: Mapping[str, Any], bulk: Mapping[str, Any], validators: Mapping[str, Validator]
) -> GuestJob:
    """A job from one entry of ``guests``, which is what pve_vm or pve_lxc takes."""
    option = f"guests[{number}]"
    given = {**spec, **{name: bulk[name] for name in FOR_EACH if spec.get(name) is None}}
    kind = "vm" if given.get("type") is None else str(given["type"])
    given.pop("type", None)
    if kind not in BY_WORD:
        raise InvalidOption(option, f"type {kind!r} is not one of {', '.join(BY_WORD)}")
    guest, validator = BY_WORD[kind], validators[kind]
    try:
        refuse_unusable(validator.spec, given)
    except InvalidOption as error:
        raise error.inside(option) from None
    checked = validator.validate(given)
    if checked.error_messages:
        raise InvalidOption(option, "; ".join(_reason(error) for error in checked.errors.errors))
    params: dict[str, Any] = checked.validated_parameters
    title = str(params.get(guest.kind.name_option) or params.get("vmid") or "")
    try:
        check_given(guest, params)
        desired = guest.parse(params)
    except InvalidOption as error:
        raise error.inside(f"{option} ({title})" if title else option, ": ") from None
    source = [f"source {desired.clone['source']}"] if desired.clone else []
    volumes = [part for part in desired.volumes.values() if isinstance(part, Mapping)]
    storages = {str(part["storage"]) for part in [*volumes, desired.clone or {}] if part.get("storage")}
    limits = [*source, *(f"storage {name}" for name in sorted(storages))]
    return GuestJob(title, guest, params, desired, limits=limits, brief=source)


def _refuse_twice(jobs: Sequence[GuestJob]) -> None:
    for key in ("vmid", "name"):
        seen = [getattr(job.desired, key) for job in jobs if getattr(job.desired, key)]
        twice = sorted(str(value) for value, count in Counter(seen).items() if count > 1)
        if twice:
            raise InvalidOption("guests", f"{key} {', '.join(twice)} is given more than once")


def _confirm_names(jobs: Sequence[GuestJob], directory: Directory) -> None:
    """Ask the nodes for the names of their guests, if it is not certain which guests the names of the jobs mean."""
    unclear = {
        job.kind.type
        for job in jobs
        if not job.desired.vmid and not directory.is_certain([job.kind.type], job.desired.name or "")
    }
    if unclear:
        directory.confirm(lambda row: row["type"] in unclear)


def _refuse_one_guest_twice(jobs: Sequence[GuestJob]) -> None:
    """Refuse entries that name one guest in two ways, by its id and by its name: they would get into each other's way."""
    known: dict[int, str] = {}
    for job in jobs:
        said = str(job.desired.name or job.desired.vmid)
        other = known.setdefault(job.entry["vmid"], said) if job.entry["vmid"] else said
        if other != said:
            raise InvalidOption("guests", f"{other} and {said} are the same guest, {job.entry['vmid']}")


def _state_jobs(client: Client, directory: Directory, params: Mapping[str, Any]) -> list[GuestJob]:
    """A job for each guest that the selection fits. What it names has to exist; a pattern may fit nothing."""
    select = params["select"]
    if select["name"] is not None:
        directory.confirm()
    refuse_unknown(directory.current_rows(), {f"select.{name}": value for name, value in select.items()})
    jobs = [_state_job(row, params) for row in selected(directory, select)]
    if not jobs:
        client.warnings.append(f"select: no guest fits {_in_words(select)}.")
    return jobs


def _check_select(params: Mapping[str, Any]) -> None:
    check_stopping({**params, "restart": "never"})
    check_seconds(params)
    if all(value is None for value in params["select"].values()):
        raise InvalidOption("select", f"names nothing; give at least one of {', '.join(SELECTORS)}")
    if params["state"] == "absent":
        for name in ("force", "shutdown_timeout"):
            if params[name]:
                raise InvalidOption(
                    name,
                    "means nothing with state: absent, which deletes only guests that are stopped",
                    hint="Stop them first with state: stopped.",
                )


def selected(directory: Directory, select: Mapping[str, Any]) -> list[Row]:
    """The guests that all selectors fit, by id; templates never run and are left out.

    What the nodes have reported of names, statuses and templates may be out of date: the nodes of all guests that the other
    selectors fit are asked.
    """
    selection = _selection(select)
    certain = selection.without_reported()
    directory.confirm(lambda row: certain.fits(observe_row(row)))
    rows = [row for row in directory.guests() if certain.fits(observe_row(row))]
    _warn_of_silent(directory, rows)
    return sorted((row for row in rows if selection.fits(observe_row(row))), key=lambda row: int(row["vmid"]))


def _selection(select: Mapping[str, Any]) -> Selection:
    listed = {name: None if select[name] is None else [select[name]] for name in ("name", "pool", "node")}
    return Selection(
        vmid=select["vmid"],
        tags=None if select["tag"] is None else TAGS.parse(select["tag"]),
        status=select["status"],
        type=select["type"] and BY_WORD[select["type"]].kind.type,
        template=False,
        **listed,
    )


def _warn_of_silent(directory: Directory, rows: Sequence[Mapping[str, Any]]) -> None:
    """Warn of guests whose nodes cannot be asked, as they may be selected or left out by what was true before."""
    for node, reason in sorted(directory.silent.items()):
        vmids = sorted(int(row["vmid"]) for row in rows if row["node"] == node and not directory.is_confirmed(row))
        if vmids:
            directory.reader.warnings.append(
                f"Node {node} does not answer ({reason}): whether the selection fits its guests "
                f"({', '.join(map(str, vmids))}) depends on what it reported last."
            )


def _in_words(select: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in select.items() if value is not None)


def _reason(error: AnsibleValidationError) -> str:
    """What is wrong with options; only the class of the error shows that they are unknown."""
    return f"unsupported parameters: {error.msg}" if isinstance(error, UnsupportedError) else str(error.msg)


def _state_job(row: Mapping[str, Any], params: Mapping[str, Any]) -> GuestJob:
    guest = BY_WORD[WORDS[row["type"]]]
    if params["state"] not in (*guest.kind.states, "absent"):
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
        if not job.desired.vmid and job.desired.state != "absent" and (job.kind.type, job.desired.name) not in names
    ]
    if not new:
        return
    taken = {guest.vmid for guest in listed} | {job.desired.vmid for job in jobs if job.desired.vmid}
    candidate = int(client.get("/cluster/nextid"))
    for job in new:
        while candidate in taken:
            candidate += 1
        job.know(reserved=candidate)
        taken.add(candidate)


def _identify(jobs: Sequence[GuestJob], directory: Directory, params: Mapping[str, Any]) -> None:
    """Give each job a title with name and id, by which no guest hides another one, and what the bulk knows of it."""
    listed = directory.locations()
    own = frozenset(job.desired.own_vmid for job in jobs if job.desired.own_vmid)
    select = params["select"]
    for job in jobs:
        job.know(
            directory=directory,
            own_vmids=own,
            is_selected=select is not None,
            selected_name=job.title if select and select["name"] is not None else None,
        )
        vmid = job.desired.own_vmid or _vmid_by_name(job, listed)
        job.entry = {"vmid": vmid, "name": job.title, "type": WORDS[job.kind.type]}
        _give_title(job, None if job.title == str(vmid) else job.title)


def _plan(workers: WorkerPool, jobs: Sequence[GuestJob], directory: Directory) -> None:
    """Plan all jobs: first, side by side, those whose nodes are known; then the others, for which those count.

    The nodes of new guests, and of those that are to leave theirs, are chosen in the order of the task.
    """
    nodes = {guest.vmid: guest.node for guest in directory.locations()}
    settled = [job for job in jobs if not _needs_choice(job, nodes)]
    workers.plan(settled)
    if len(settled) == len(jobs):
        return
    chooser = Chooser(workers.client, directory)
    for job in settled:
        if job.prepared and job.prepared.desired.is_new:
            chooser.count(job.kind, job.prepared.plan, job.prepared.desired)
    for job in jobs:
        if job not in settled:
            job.know(chooser=chooser)
            workers.plan([job])


def _needs_choice(job: GuestJob, nodes: Mapping[int, str]) -> bool:
    """Whether a node is to be chosen for a guest; ``nodes`` of all guests that there are, by id."""
    desired = job.desired
    if desired.policy is None or desired.state == "absent":
        return False
    if desired.own_vmid and desired.own_vmid not in nodes:
        return True
    node = nodes.get(job.entry["vmid"])
    return bool(node and desired.migrate and desired.is_outside(node))


def _give_title(job: GuestJob, name: str | None) -> None:
    vmid = job.entry["vmid"]
    job.title = f"{name} ({vmid})" if name and vmid else name or str(vmid)
    if name:
        job.entry["name"] = name


def _name_by_configuration(jobs: Sequence[GuestJob]) -> None:
    """Give the jobs that name a guest by its id alone its name, which is known once they are planned."""
    for job in jobs:
        if job.prepared and job.prepared.plan.before and not job.desired.name:
            _give_title(job, job.prepared.plan.before.get(job.kind.name_option))


def _vmid_by_name(job: GuestJob, listed: Sequence[Location]) -> int | None:
    """The id of the one guest with the job's name; None if there is none, or several."""
    found = [guest.vmid for guest in listed if (guest.kind, guest.name) == (job.kind.type, job.desired.name)]
    return found[0] if len(found) == 1 else None


def _refuse_twins(workers: WorkerPool, jobs: Sequence[GuestJob]) -> None:
    """Look once, after all, whether another run made guests of the same names."""
    made = [
        job
        for job in jobs
        if not job.result.get("failed")
        and job.result.get("changed")
        and job.prepared
        and job.prepared.desired.is_new_by_name
    ]
    if not made:
        return
    directory = Directory(workers.client)
    for job in made:
        try:
            refuse_twins(directory, job.kind, job.desired.name or "")
        except PveError as error:
            job.result.update(failed=True, msg=str(error), error=error.details())
