# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many guests at once: each is brought to its own state by the engine, several at a time, and none hides another's failure."""

from __future__ import annotations

import dataclasses
import fnmatch
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..client import Client
from ..engine import Interrupted, bring_about
from ..errors import InvalidOption, PveError
from ..plan import Plan
from ..resource import Reader, State, Wish
from ..values import Set
from . import power
from .guest import Guest
from .locate import Location
from .lxc import LXC
from .vm import VM

KINDS: Mapping[str, Guest] = {"vm": VM, "lxc": LXC}
KIND_OF = {"qemu": "vm", "lxc": "lxc"}
_ALL = Set()
SELECTORS: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "str", "choices": list(KINDS)},
    "vmid": {"type": "list", "elements": "int"},
    "name": {"type": "str"},
    "tag": {"type": "list", "elements": "str"},
    "pool": {"type": "str"},
    "node": {"type": "str"},
    "status": {"type": "str", "choices": ["running", "stopped"]},
}


@dataclasses.dataclass
class Job:
    """One guest of a bulk: what it shall be, and what became of it."""

    title: str
    guest: Guest
    params: dict[str, Any]
    wish: Wish
    vmid: int | None = None  # as far as it is known before the work
    limits: list[str] = dataclasses.field(default_factory=list)  # what it shares with others: storages, the source
    result: dict[str, Any] = dataclasses.field(default_factory=dict)
    diff: dict[str, Any] = dataclasses.field(default_factory=dict)


class Guests:
    """See the module pve_guests."""

    name = "guests"

    def arguments(self) -> dict[str, Any]:
        spec = {
            "guests": {"type": "list", "elements": "dict"},
            "select": {"type": "dict", "options": {name: dict(row) for name, row in SELECTORS.items()}},
            "state": {"type": "str", "choices": [state for state in power.WISHES if state != "present"]},
            "force": {"type": "bool", "default": False},
            "shutdown_timeout": {"type": "int"},
            "timeout": {"type": "int", "default": 600},
            "parallel": {"type": "int", "default": 4},
            "per_storage": {"type": "int"},
            "per_source": {"type": "int"},
            "fail_fast": {"type": "bool", "default": False},
        }
        return {
            "argument_spec": spec,
            "mutually_exclusive": [["guests", "select"]],
            "required_one_of": [["guests", "select"]],
            "required_together": [["select", "state"]],
        }

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        """The secrets inside the specs, which the argument spec of this module cannot mark."""
        found: set[str] = set()
        for spec in params.get("guests") or []:
            arguments = KINDS.get(str(spec.get("type", "vm")), VM).arguments()["argument_spec"]
            secret = {name for name, row in arguments.items() if row.get("no_log")}
            found.update(str(value) for name, value in spec.items() if name in secret and value)
        return found

    # The engine's protocol; a bulk is many runs of the engine, so that none of these is ever asked.

    def wish(self, params: Mapping[str, Any]) -> Wish:
        return dict(params)

    def read(self, reader: Reader, wish: Wish) -> State | None:
        return None

    def plan(self, current: State | None, wish: Wish) -> Plan:
        return Plan.nothing(current)

    # --- the work -----------------------------------------------------------------------------------------------------

    def perform_many(self, client: Client, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """The result of a task: one entry for each guest, in the order of the task."""
        for name in ("parallel", "per_storage", "per_source"):
            if params.get(name) is not None and params[name] < 1:
                raise InvalidOption(name, "must be at least 1")
        jobs = [_job(number, spec) for number, spec in enumerate(params.get("guests") or [])]
        _refuse_twice(jobs)
        rows = client.get("/cluster/resources", {"type": "vm"})
        if params.get("select") is not None:
            jobs = [_power_job(row, params) for row in _selected(rows, params["select"])]
        listed = [
            Location(row["type"], int(row["vmid"]), row["node"], row.get("name", ""))
            for row in rows
            if row.get("type") in KIND_OF and "vmid" in row
        ]
        _reserve(client, jobs, listed)
        for job in jobs:
            job.wish["shared"] = listed
            job.vmid = job.wish["vmid"] or job.wish.get("reserved") or _vmid_by_name(job, listed)
        _Pool(client, jobs, params, check_mode=check_mode).run()
        return _result(jobs)


GUESTS = Guests()


def _job(number: int, spec: Mapping[str, Any]) -> Job:
    """A job from one entry of ``guests``, which is what pve_vm or pve_lxc takes."""
    option = f"guests[{number}]"
    given = dict(spec)
    kind = str(given.pop("type", "vm"))
    if kind not in KINDS:
        raise InvalidOption(option, f"type {kind!r} is not one of {', '.join(KINDS)}")
    guest = KINDS[kind]
    arguments = guest.arguments()
    checked = ArgumentSpecValidator(arguments.pop("argument_spec"), **arguments).validate(given)
    if checked.error_messages:
        raise InvalidOption(option, "; ".join(checked.error_messages))
    params: dict[str, Any] = checked.validated_parameters
    title = str(params.get(guest.name_option) or params.get("vmid"))
    try:
        wish = guest.wish(params)
    except InvalidOption as error:
        raise InvalidOption(f"{option} ({title}): {error.option}", error.message.partition(": ")[2]) from None
    source = [f"source {wish['clone']['source']}"] if wish["clone"] else []
    volumes = [part for part in wish["volumes"].values() if isinstance(part, Mapping)]
    storages = {str(part["storage"]) for part in [*volumes, wish["clone"] or {}] if part.get("storage")}
    return Job(title, guest, params, wish, limits=[*source, *(f"storage {name}" for name in sorted(storages))])


def _refuse_twice(jobs: Sequence[Job]) -> None:
    for key in ("vmid", "name"):
        seen = [job.wish[key] for job in jobs if job.wish[key]]
        twice = sorted({str(value) for value in seen if seen.count(value) > 1})
        if twice:
            raise InvalidOption("guests", f"{key} {', '.join(twice)} is given more than once")


def _selected(rows: Sequence[Mapping[str, Any]], select: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The guests that all selectors fit, by id; templates never run and are left out."""
    wanted = {name: value for name, value in select.items() if value is not None}
    if not wanted:
        raise InvalidOption("select", f"names nothing; give at least one of {', '.join(SELECTORS)}")
    for row in sorted((row for row in rows if row.get("type") in KIND_OF), key=lambda row: int(row["vmid"])):
        if not row.get("template") and all(_fits(row, name, value) for name, value in wanted.items()):
            yield row


def _fits(row: Mapping[str, Any], selector: str, value: Any) -> bool:
    """Whether one selector fits a row of the cluster's resources."""
    if selector == "type":
        return KIND_OF[row["type"]] == str(value)
    if selector == "vmid":
        return int(row["vmid"]) in list(value)
    if selector == "name":
        return fnmatch.fnmatchcase(str(row.get("name", "")), str(value))
    if selector == "tag":
        return set(value) <= set(_ALL.parse(row.get("tags", "")))
    return str(row.get(selector, "")) == str(value)


def _power_job(row: Mapping[str, Any], params: Mapping[str, Any]) -> Job:
    guest = KINDS[KIND_OF[row["type"]]]
    if params["state"] not in guest.states:
        raise InvalidOption("state", f"{params['state']} does not exist for {row['type']} {row['vmid']}")
    given = {"vmid": int(row["vmid"]), "node": row["node"]}
    given.update({name: params[name] for name in ("state", "force", "shutdown_timeout", "timeout")})
    arguments = guest.arguments()
    checked = ArgumentSpecValidator(arguments.pop("argument_spec"), **arguments).validate(given)
    checked_params: dict[str, Any] = checked.validated_parameters
    return Job(str(row.get("name") or row["vmid"]), guest, checked_params, guest.wish(checked_params))


def _reserve(client: Client, jobs: Sequence[Job], listed: Sequence[Location]) -> None:
    """Give each new guest without an id one of its own, so that they do not race for the next free one."""
    names = {(guest.kind, guest.name) for guest in listed}
    new = [
        job
        for job in jobs
        if not job.wish["vmid"] and job.wish["state"] != "absent" and (job.guest.kind, job.wish["name"]) not in names
    ]
    if not new:
        return
    taken = {guest.vmid for guest in listed} | {job.wish["vmid"] for job in jobs if job.wish["vmid"]}
    candidate = int(client.get("/cluster/nextid"))
    for job in new:
        while candidate in taken:
            candidate += 1
        job.wish["reserved"] = candidate
        taken.add(candidate)


def _vmid_by_name(job: Job, listed: Sequence[Location]) -> int | None:
    return next(
        (guest.vmid for guest in listed if (guest.kind, guest.name) == (job.guest.kind, job.wish["name"])), None
    )


class _Pool:
    """Runs jobs side by side within the limits of the task."""

    def __init__(self, client: Client, jobs: Sequence[Job], params: Mapping[str, Any], *, check_mode: bool) -> None:
        self.client, self.jobs, self.check_mode = client, jobs, check_mode
        self.parallel, self.fail_fast = params["parallel"], params["fail_fast"]
        limits = {"storage": params.get("per_storage"), "source": params.get("per_source")}
        self.semaphores: dict[str, threading.Semaphore] = {}
        for limit in {limit for job in jobs for limit in job.limits}:
            count = limits[limit.partition(" ")[0]]
            if count:
                self.semaphores[limit] = threading.Semaphore(count)
        self.failed = threading.Event()
        self.finished = 0
        self.lock = threading.Lock()

    def run(self) -> None:
        with ThreadPoolExecutor(self.parallel) as threads:
            list(threads.map(self._run, self.jobs))
        for job in self.jobs:
            self.client.warnings.extend(f"{job.title}: {text}" for text in job.result.pop("warnings", []))

    def _run(self, job: Job) -> None:
        with ExitStack() as held:
            for limit in sorted(job.limits):  # always in this order, so that no two jobs wait for each other
                if limit in self.semaphores:
                    held.enter_context(self.semaphores[limit])
            if self.fail_fast and self.failed.is_set():
                job.result = {"changed": False, "skipped": True, "msg": "Not begun, because another guest failed."}
                return
            self._work(job)
        with self.lock:
            self.finished += 1
            state = "failed" if job.result.get("failed") else "changed" if job.result["changed"] else "ok"
            self.client.on_progress(f"{job.title}: {state} ({self.finished} of {len(self.jobs)})")

    def _work(self, job: Job) -> None:
        own = self.client.sibling()
        own.on_step = lambda text: self.client.on_step(f"{job.title}: {text}")
        own.on_progress = lambda text: self.client.on_progress(f"{job.title}: {text}")
        try:
            outcome = bring_about(own, job.guest, job.params, check_mode=self.check_mode, wish=job.wish)
            job.result = outcome.result()
            job.diff = job.result.pop("diff")
        except Interrupted as error:
            partial = error.outcome.result()
            told = {name: partial[name] for name in ("changed", "requests")}
            job.result = {"failed": True, "msg": str(error), "error": error.cause.details(), **told}
            job.diff = partial["diff"]
        except PveError as error:
            job.result = {"failed": True, "changed": False, "msg": str(error), "error": error.details(), "requests": []}
        if job.result.get("failed"):
            self.failed.set()
        job.result["warnings"] = own.warnings


def _result(jobs: Sequence[Job]) -> dict[str, Any]:
    entries = []
    for job in jobs:
        state = job.result.get(job.guest.name) or {}
        entries.append(
            {"vmid": state.get("vmid") or job.vmid, "name": job.title, "type": KIND_OF[job.guest.kind], **job.result}
        )
    failed = [entry for entry in entries if entry.get("failed")]
    result: dict[str, Any] = {
        "changed": any(entry["changed"] for entry in entries),
        "guests": entries,
        "requests": [request for entry in entries for request in entry.get("requests", [])],
        "diff": {side: {job.title: job.diff[side] for job in jobs if job.diff} for side in ("before", "after")},
    }
    if failed:
        told = "\n".join(f"{entry['name']}: {entry['msg']}" for entry in failed)
        result.update(failed=True, msg=f"{len(failed)} of {len(entries)} guests failed.\n{told}")
    return result
