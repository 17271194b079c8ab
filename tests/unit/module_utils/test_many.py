# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many jobs at once: how many, and that one which waits for a limit keeps no other from being done."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.contract import Resource
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan, Step
from ansible_collections.pve.automation.plugins.module_utils._core.run.batch import Job, WorkerPool, summary

PATIENCE = 30  # seconds until a test that hangs is given up


class Client:
    """Says what it is reported."""

    def __init__(self) -> None:
        self.warnings: list[Any] = []
        self.said: list[Any] = []
        self.on_progress = self.said.append
        self.on_step = self.said.append

    def sibling(self) -> Any:
        return copy.copy(self)


class Thing(Resource[Any, Any]):
    """A resource whose reading is what a test wants it to be."""

    name = "thing"

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {}}

    def __init__(self, read: Any) -> None:
        self._read = read

    def parse(self, params: Any) -> dict[str, Any]:
        return dict(params)

    def read(self, reader: Any, desired: Any) -> Any:
        return self._read(desired["name"])

    def plan(self, observed: Any, desired: Any) -> Any:
        return Plan.nothing(observed)


def crew_of(parallel: int = 4, **more: Any) -> WorkerPool:
    client: Any = Client()
    return WorkerPool(client, **{"parallel": parallel, "fail_fast": False, "check_mode": False, **more})


def jobs_of(read: Any, names: Any, limits: Any = lambda name: ()) -> list[Any]:
    return [Job(name, Thing(read), {"name": name}, {"name": name}, limits=limits(name)) for name in names]


def test_a_job_that_has_to_wait_keeps_no_other_from_being_done() -> None:
    """The first one ends only after one behind it, which shares nothing with it, has been worked on."""
    passed = threading.Event()

    def read(name: Any) -> dict[str, Any]:
        if name == "a1":
            assert passed.wait(PATIENCE)
        if name == "b":
            passed.set()
        return {}

    jobs = jobs_of(read, ["a1", "a2", "a3", "b"], limits=lambda name: [name[0]])
    crew_of(parallel=2, counts={"a": 1}).run(jobs)
    assert all(job.result["changed"] is False for job in jobs)


@pytest.mark.parametrize(("parallel", "counts", "most"), [(3, {}, 3), (4, {"a": 2}, 2), (2, {"a": 3}, 2)])
def test_no_more_at_a_time_than_allowed(parallel: int, counts: dict[str, Any], most: int) -> None:
    lock, now, seen = threading.Lock(), set(), []
    full = threading.Barrier(most)

    def read(name: Any) -> dict[str, Any]:
        with lock:
            now.add(name)
            seen.append(len(now))
        full.wait(PATIENCE)  # as many as may really are at work together
        with lock:
            now.discard(name)
        return {}

    crew_of(parallel, counts=counts).run(jobs_of(read, [f"a{number}" for number in range(12)], lambda name: ["a"]))
    assert max(seen) == most


def test_each_result_is_its_own_and_progress_counts() -> None:
    def read(name: Any) -> dict[str, Any]:
        if name == "b":
            raise Refused("No.")
        return {"name": name}

    pool_of_workers: Any = crew_of(parallel=1)
    jobs = jobs_of(read, "abc")
    pool_of_workers.run(jobs)
    reported = summary("things", jobs, "things")
    assert [entry.get("msg") for entry in reported["things"]] == [None, "No.", None]
    assert reported["msg"] == "1 of 3 things failed.\nb: No."
    assert pool_of_workers.client.said == ["a: ok (1 of 3)", "b: failed (2 of 3)", "c: ok (3 of 3)"]


def test_what_only_the_first_step_needs_is_free_for_others_afterwards() -> None:
    """The first job ends only after the second one, which shares the limit, has begun."""
    begun = threading.Event()
    jobs = jobs_of(lambda name: {}, ["a1", "a2"], limits=lambda name: ["a", "b"])
    pool_of_workers: Any = crew_of(parallel=2, counts={"a": 1, "b": 2})

    def work(job: Any, prepared: Any) -> None:
        for step in ("one", "two"):
            pool_of_workers._begin_step(job, step)
        if job.title == "a1":
            assert begun.wait(PATIENCE)
        begun.set()
        job.result = {"changed": True}

    pool_of_workers._work = work
    for job in jobs:
        job.brief = ["a"]
    pool_of_workers.run(jobs)
    assert pool_of_workers.free_places == {"a": 1, "b": 2}
    assert [job.result for job in jobs] == [{"changed": True}] * 2


def test_a_bug_in_one_run_is_its_result_and_loses_no_other() -> Any:
    def read(name: Any) -> Any:
        if name == "b":
            raise ZeroDivisionError("oops")
        return {"name": name}

    jobs = jobs_of(read, ["a", "b", "c"])
    crew_of().run(jobs)
    assert [job.result.get("failed", False) for job in jobs] == [False, True, False]
    assert jobs[1].result["changed"] is False
    assert "ZeroDivisionError: oops" in jobs[1].result["msg"]
    assert "in read" in jobs[1].result["exception"]


def test_the_same_reason_is_reported_once() -> None:
    def read(name: Any) -> None:
        raise Refused("This is not allowed.")

    jobs = jobs_of(read, ["a", "b"])
    crew_of().run(jobs)
    assert summary("guests", jobs, "guests")["msg"] == "2 of 2 guests failed.\na, b: This is not allowed."


def test_a_job_that_is_not_planned_together_with_others_has_a_preflight_of_its_own() -> None:
    class Unfit(Thing):
        def plan(self, observed: Any, desired: Any) -> Any:
            return Plan(None, {}, (Step("POST", "/things", {}, "make it"),))

        def preflight(self, reader: Any, plan: Any, desired: Any) -> None:
            raise Refused(f"No room for {desired['name']}.")

    job = Job("a", Unfit(lambda name: None), {"name": "a"}, {"name": "a"})
    crew_of(check_mode=True).run([job])
    assert job.result["msg"] == "No room for a."
