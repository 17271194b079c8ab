# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many runs of the engine side by side: none hides another's failure."""

from __future__ import annotations

import dataclasses
import threading
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..api.client import Client
from ..model.contract import Planned
from ..model.errors import InvalidOption, PveError, understanding
from .engine import Interrupted, Prepared, apply, failure, preflight, prepare


@dataclasses.dataclass(eq=False)
class Job:
    """One run of the engine: what is desired, and what became of it.

    ``limits`` name what it shares with other jobs, ``brief`` those of them that only its first step needs; ``entry`` is what the
    result says of it besides its outcome.
    """

    title: str
    resource: Planned[Any, Any]
    params: Mapping[str, Any]
    desired: Any
    limits: Sequence[str] = ()
    brief: Sequence[str] = ()
    entry: dict[str, Any] = dataclasses.field(default_factory=dict)
    prepared: Prepared | None = None  # once it is planned
    result: dict[str, Any] = dataclasses.field(default_factory=dict)
    diff: dict[str, Any] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    steps: int = 0  # that were begun
    held: set[str] = dataclasses.field(default_factory=set)  # the limits that it counts for at present


def check_counts(params: Mapping[str, Any], *names: str) -> None:
    """Refuse counts below one."""
    for name in names:
        if params.get(name) is not None and params[name] < 1:
            raise InvalidOption(name, "must be at least 1")


class WorkerPool:
    """Works on jobs, ``parallel`` at a time; ``counts`` says for a limit how many jobs may share it at a time."""

    def __init__(
        self,
        client: Client,
        *,
        parallel: int,
        fail_fast: bool,
        check_mode: bool,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        self.client, self.parallel, self.fail_fast, self.check_mode = client, parallel, fail_fast, check_mode
        self.free_places = dict(counts or {})  # how many more jobs may share each limit
        self.failed = threading.Event()
        self.waiting: list[Job] = []
        self.finished = self.total = 0
        self.state = threading.Condition()

    def run(self, jobs: Sequence[Job]) -> None:
        """Fill in the results of the jobs. Their warnings become the client's, with their titles."""
        self.total, self.waiting = len(jobs), list(jobs)
        with ThreadPoolExecutor(self.parallel) as threads:
            for worker in [threads.submit(self._work_off) for _job in jobs[: self.parallel]]:
                worker.result()
        for job in jobs:
            self.client.warnings.extend(f"{job.title}: {text}" for text in job.warnings)

    def plan(self, jobs: Sequence[Job]) -> None:
        """Plan all jobs before ``run``, for those who want to look at their plans together; they do the preflight as well."""
        with ThreadPoolExecutor(self.parallel) as threads:
            list(threads.map(self._plan, jobs))

    def _work_off(self) -> None:
        while job := self._take():
            try:
                self._run(job)
            finally:
                self._release(job, job.limits)

    def _take(self) -> Job | None:
        """The next job whose limits are free, so that one that has to wait keeps no other from being worked on."""
        with self.state:
            while self.waiting:
                for job in self.waiting:
                    if all(self.free_places.get(limit, 1) for limit in job.limits):
                        self.waiting.remove(job)
                        job.held = {limit for limit in job.limits if limit in self.free_places}
                        for limit in job.held:
                            self.free_places[limit] -= 1
                        return job
                self.state.wait()
        return None

    def _release(self, job: Job, limits: Sequence[str]) -> None:
        with self.state:
            for limit in job.held.intersection(limits):
                job.held.remove(limit)
                self.free_places[limit] += 1
            self.state.notify_all()

    def _run(self, job: Job) -> None:
        if not job.result and self.fail_fast and self.failed.is_set():
            job.result = {"changed": False, "skipped": True, "msg": "Not begun, because another one failed."}
            return
        if not job.result and not job.prepared:
            self._plan(job, alone=True)
        if job.prepared and not job.result:
            self._work(job, job.prepared)
        with self.state:
            self.finished += 1
            state = "failed" if job.result.get("failed") else "changed" if job.result["changed"] else "ok"
            self.client.on_progress(f"{job.title}: {state} ({self.finished} of {self.total})")

    def _client(self, job: Job) -> Client:
        own = self.client.sibling()
        own.warnings = job.warnings
        own.on_step = lambda text: self._begin_step(job, text)
        own.on_progress = lambda text: self.client.on_progress(f"{job.title}: {text}")
        return own

    def _begin_step(self, job: Job, text: str) -> None:
        job.steps += 1
        if job.steps > 1:
            self._release(job, job.brief)
        self.client.on_step(f"{job.title}: {text}")

    def _plan(self, job: Job, *, alone: bool = False) -> None:
        try:
            client = self._client(job)
            with understanding(client):
                job.prepared = prepare(client, job.resource, job.params, job.desired)
                if alone:
                    preflight(client, job.prepared)
        except Exception as error:  # a bug in one run must not lose the results of the others
            self.reject(job, error)

    def reject(self, job: Job, error: Exception) -> None:
        """Let a job fail; of a bug, its result shows where."""
        job.result = {
            "requests": [],
            **(failure(error) if isinstance(error, PveError) else _bug(error, touched=job.steps > 0)),
        }
        self.failed.set()

    def _work(self, job: Job, prepared: Prepared) -> None:
        try:
            outcome = apply(self._client(job), prepared, check_mode=self.check_mode)
            job.result = outcome.result()
            job.diff = job.result.pop("diff")
        except Exception as error:  # a bug in one run must not lose the results of the others
            self.reject(job, error)
            if isinstance(error, Interrupted) and error.outcome.seen:
                job.diff = error.outcome.result()["diff"]


def _bug(error: Exception, *, touched: bool) -> dict[str, Any]:
    text = f"This is a bug, please report it: {type(error).__name__}: {error}"
    return {"failed": True, "changed": touched, "msg": text, "exception": "".join(traceback.format_exception(error))}


def summary(name: str, jobs: Sequence[Job], things: str) -> dict[str, Any]:
    """The result of a task with many jobs: one entry a job under ``name``, in the order of the jobs."""
    entries = [{**job.entry, **job.result} for job in jobs]
    result: dict[str, Any] = {
        "changed": any(entry["changed"] for entry in entries),
        name: entries,
        "requests": [request for entry in entries for request in entry.get("requests", [])],
        "diff": {side: {job.title: job.diff[side] for job in jobs if job.diff} for side in ("before", "after")},
    }
    failed = [job for job in jobs if job.result.get("failed")]
    if failed:
        titles: dict[str, list[str]] = {}
        for job in failed:
            titles.setdefault(job.result["msg"], []).append(job.title)
        reasons = "\n".join(f"{', '.join(names)}: {text}" for text, names in titles.items())
        result.update(failed=True, msg=f"{len(failed)} of {len(jobs)} {things} failed.\n{reasons}")
    return result
