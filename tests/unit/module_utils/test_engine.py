# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against a scripted server: what it calls, what it survives, and what it says when it fails."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.contract import Resource
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    ApiError,
    Conflict,
    ConnectionFailed,
    HopFailed,
    InvalidOption,
    NotConverged,
    PermissionDenied,
    Refused,
    TaskFailed,
    TaskTimeout,
    api_error,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN, Plan, Step
from ansible_collections.pve.automation.plugins.module_utils._core.run import engine
from ansible_collections.pve.automation.plugins.module_utils._core.run.engine import Interrupted, run_plan

UPID = "UPID:pve:0000D84A:000957F8:6B00C117:qmcreate:100:root@pam:"
LOST_BEFORE = ConnectionFailed("The connection was lost.", sent=True)
UNSENT = ConnectionFailed("Cannot connect.", sent=False)


def fail(error: Any) -> None:
    raise error


class Server:
    """A thing with keys. ``faults`` holds for each write, in turn, an error and whether the write happens nevertheless."""

    def __init__(self, state: Any = None, faults: Any = (), *, task: bool = False, unsettled: int = 0) -> None:
        self.state: Any = None if state is None else dict(state)
        self.act: Callable[[str, dict[str, Any]], Any] = self.do_act
        self.call: Callable[..., Any] = self.do_call
        self.faults = list(faults)
        self.writes: list[Any] = []
        self.warnings: list[Any] = []
        self.said: list[Any] = []
        self.pauses: list[Any] = []
        self.looks = 0
        self.trusted: set[Any] = set()
        self.task, self.task_ends = task, "OK"
        self.unsettled = unsettled
        self.stale: Any = None
        self.connection = SimpleNamespace(identity="root@pam", user="root@pam", backend="https")
        self.asked_tasks: Any = None
        self.last_answer = ""
        self.on_step = self.said.append
        self.on_progress = self.said.append
        self.sleep = self.pauses.append
        self.read_faults: list[Any] = []
        self.active: list[Any] = []

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        if path == "/thing":
            self.looks += 1
            if self.read_faults:
                fault = self.read_faults.pop(0)
                if fault:
                    raise fault
            if self.unsettled and self.writes:
                self.unsettled -= 1
                return self.stale
            return None if self.state is None else dict(self.state)
        if path.endswith("/log"):
            return [{"n": 1, "t": "line"}, {"n": 2, "t": f"TASK ERROR: {self.task_ends}"}]
        if path.endswith("/status"):
            return {"status": "stopped", "exitstatus": self.task_ends}
        if path == "/nodes/pve/time":
            return {"time": 1000}
        assert path == "/nodes/pve/tasks"
        self.asked_tasks = params
        return self.active

    def do_call(self, method: Any, path: Any, params: Any = None, **_more: Any) -> Any:
        self.writes.append((method, path, dict(params or {})))
        fault, acts = self.faults.pop(0) if self.faults else (None, True)
        if acts:
            self.act(method, dict(params or {}))
        if fault:
            fail(fault)
        return UPID if self.task else {"value": "once"}

    def do_act(self, method: str, params: dict[str, Any]) -> None:
        params.pop("digest", None)
        if self.unsettled and not self.stale:
            self.stale = None if self.state is None else dict(self.state)
        if method == "DELETE":
            self.state = None
        elif self.task_ends == "OK":
            self.state = {**(self.state or {}), **params}


class Thing(Resource[Any, Any]):
    """A resource with two keys, each of which is set by a step of its own; ``make`` is the first one's."""

    name = "thing"

    def __init__(self, **step: Any) -> None:
        self.step = step
        self.digest = ""

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {}}

    def parse(self, params: Any) -> dict[str, Any]:
        return dict(params["wish"])

    def read(self, reader: Any, desired: Any) -> Any:
        state = reader.get("/thing")
        if state is not None:
            self.digest = str(state.get("b", ""))
        return state

    def plan(self, observed: Any, desired: Any) -> Plan:
        missing = {name: value for name, value in desired.items() if (observed or {}).get(name) != value}
        steps = [
            Step(
                "PUT" if observed else "POST",
                "/nodes/pve/thing",
                {name: value, "digest": self.digest},
                f"set {name}",
                **{"id": f"set {name}", **self.step},
            )
            for name, value in missing.items()
        ]
        return Plan(observed, {**(observed or {}), **desired} if steps else observed, tuple(steps))


def run(server: Any, desired: Any = None, *, resource: Any = None, check_mode: bool = False, **params: Any) -> Any:
    options = {"wish": {"a": 1, "b": 2} if desired is None else desired, **params}
    return run_plan(server, resource or Thing(), options, check_mode=check_mode)


def interrupted(server: Any, **more: Any) -> Any:
    with pytest.raises(Interrupted) as caught:
        run(server, **more)
    return caught.value


# --- the plain way ----------------------------------------------------------------------------------------------------


def test_check_mode_predicts_exactly_the_calls_and_makes_none() -> None:
    predicted = run(Server({"c": 3}), check_mode=True).result()
    server = Server({"c": 3})
    done = run(server).result()
    assert predicted == done
    assert [(row["method"], row["path"], row["params"]) for row in predicted["requests"]] == server.writes
    assert predicted["diff"] == {"before": {"c": 3}, "after": {"a": 1, "b": 2, "c": 3}}
    assert predicted["changed"] is True
    untouched = Server({"c": 3})
    run(untouched, check_mode=True)
    assert untouched.writes == []


def test_a_second_run_changes_nothing_with_one_look() -> None:
    server = Server({"a": 1, "b": 2})
    result = run(server).result()
    assert (result["changed"], result["requests"], server.writes, server.looks) == (False, [], [], 1)
    assert result["thing"] == {"a": 1, "b": 2}
    assert result["diff"]["before"] == result["diff"]["after"]


class Rounding(Server):
    """A server that adds a key of its own and keeps no secrets."""

    def do_act(self, method: str, params: dict[str, Any]) -> None:
        super().do_act(method, {**params, "own": 7})
        self.state.pop("secret", None)


class WithSecret(Thing):
    def plan(self, observed: Any, desired: Any) -> Plan:
        plan = super().plan(observed, {name: value for name, value in desired.items() if name != "secret"})
        return Plan(plan.before, {**(plan.after or {}), "secret": HIDDEN}, plan.steps) if plan.steps else plan


def test_the_difference_of_a_real_run_is_what_was_read_and_no_prediction() -> None:
    desired = {"a": 1, "secret": "s3cret"}
    predicted = run(Rounding({"c": 3}), desired, resource=WithSecret(), check_mode=True).result()
    assert predicted["diff"] == {"before": {"c": 3}, "after": {"a": 1, "c": 3, "secret": HIDDEN}}
    done = run(Rounding({"c": 3}), desired, resource=WithSecret()).result()
    assert done["diff"] == {"before": {"c": 3}, "after": {"a": 1, "c": 3, "own": 7, "secret": HIDDEN}}


class Arriving(Thing):
    """A thing that has become what it should be only at the end, as a resource that the HA manager moves."""

    def after_apply(
        self, reader: Any, desired: Any, state: Any, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        return {self.name: {"a": 1, "arrived": changed}, "more": True}


def test_what_was_waited_for_is_the_object_and_in_the_difference() -> None:
    result = run(Server(), {"a": 1}, resource=Arriving()).result()
    assert (result["thing"], result["more"]) == ({"a": 1, "arrived": True}, True)
    assert result["diff"]["after"] == {"a": 1, "arrived": True}


def test_what_a_failed_task_left_is_in_the_difference() -> None:
    server = Server({"c": 3}, task=True)
    server.task_ends = "no space left"
    outcome = interrupted(server).outcome
    assert outcome.result()["diff"] == {"before": {"c": 3}, "after": {"c": 3}}


def test_what_the_server_says_afterwards_is_returned() -> None:
    server = Server()
    server.act = lambda method, params: setattr(server, "state", {"a": 1, "b": 2, "filled_in": True})
    assert run(server).object == {"a": 1, "b": 2, "filled_in": True}


def test_answers_that_are_reported_once_are_returned() -> None:
    result = run(Server(), {"a": 1}, resource=Thing(returns={"secret": "value"})).result()
    assert result["secret"] == "once"


def test_lists_that_lag_behind_are_read_until_they_follow() -> None:
    server = Server({"c": 3}, unsettled=3)
    assert run(server).object == {"a": 1, "b": 2, "c": 3}
    assert server.pauses == list(engine.READ_BACK_PAUSES[:3])


def test_what_stays_different_is_an_error_with_both_values() -> None:
    server = Server({"a": 0, "b": 2})
    server.act = lambda method, params: None
    error = interrupted(server)
    assert isinstance(error.cause, NotConverged)
    assert "a is 0 and should be 1" in str(error)
    assert "Done before that: set a." in str(error)
    assert error.outcome.result()["changed"] is True


# --- conflicts --------------------------------------------------------------------------------------------------------


def test_a_conflict_is_planned_again_and_the_refused_call_is_not_counted() -> None:
    server = Server({"b": 0}, [(Conflict("PUT", "/thing", 500, "checksum mismatch"), False)])
    result = run(server).result()
    assert server.state == {"a": 1, "b": 2}
    assert len(server.writes) == 3
    assert [row["summary"] for row in result["requests"]] == ["set a", "set b"]


def test_what_someone_else_did_meanwhile_is_no_change_of_ours() -> None:
    server = Server(None, [(Conflict("POST", "/thing", 500, "thing already exists"), True)])
    result = run(server, {"a": 1}).result()
    assert (result["changed"], result["requests"], result["thing"]) == (False, [], {"a": 1})


def test_a_conflict_that_stays_ends_after_a_few_plans() -> None:
    server = Server({"c": 3}, [(Conflict("PUT", "/thing", 500, "checksum mismatch"), False)] * 9)
    error = interrupted(server)
    assert len(server.writes) == engine.MAX_PLANS
    assert isinstance(error.cause, Conflict)
    assert error.outcome.result()["changed"] is False


# --- lost connections -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [LOST_BEFORE, HopFailed("PUT", "/thing", 596, "")])
@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("start", [None, {"c": 3}])
def test_a_connection_lost_at_any_write_ends_in_the_wished_state_with_nothing_done_twice(
    error: Any, acts: bool, index: int, start: dict[str, Any] | None
) -> None:
    server = Server(start, [(None, True)] * index + [(error, acts)])
    result = run(server).result()
    assert {name: server.state[name] for name in ("a", "b")} == {"a": 1, "b": 2}
    assert len(server.writes) == (2 if acts else 3)
    assert [row["summary"] for row in result["requests"]] == ["set a", "set b"]
    assert result["diff"]["before"] == (start or {})
    assert len(server.warnings) == 1
    assert f"'set {'ab'[index]}' was unclear" in server.warnings[0]


def test_what_certainly_was_not_sent_is_a_plain_error() -> None:
    error = interrupted(Server({"c": 3}, [(UNSENT, False)]))
    assert error.cause is UNSENT
    assert error.outcome.result()["changed"] is False
    assert str(error) == "Cannot connect.\nNot done: set a; set b. Run the task again to complete it."


def test_a_step_that_must_not_run_twice_is_not_repeated() -> None:
    server = Server({"c": 3}, [(ConnectionFailed("Lost.", sent=True), True)])
    error = interrupted(server, resource=Thing(repeatable=False))
    assert len(server.writes) == 1
    assert "It is unknown whether this ran: set a. It is not repeated blindly: look before you run it again." in str(
        error
    )
    assert error.outcome.result()["changed"] is True
    assert [row["summary"] for row in error.outcome.result()["requests"]] == ["set a"]


def test_an_unclear_outcome_that_cannot_be_looked_up_is_reported() -> None:
    server = Server({"c": 3}, [(ConnectionFailed("Lost.", sent=True), True)])
    server.read_faults = [None, ConnectionFailed("Cannot connect.", sent=False)]
    error = interrupted(server)
    assert "It is unknown whether this ran: set a. Run the task again: it looks first what is there." in str(error)
    assert error.outcome.result()["changed"] is True
    assert "Not done: set b" not in str(error)
    server.faults = []
    assert run(server).object == {"a": 1, "b": 2, "c": 3}


def test_a_connection_that_is_lost_again_and_again_ends() -> None:
    server = Server({"c": 3}, [(ConnectionFailed("Lost.", sent=True), False)] * 9)
    error = interrupted(server)
    assert len(server.writes) == engine.MAX_PLANS
    assert "It is unknown whether this ran: set a." in str(error)


def test_a_task_that_an_unanswered_write_may_have_started_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    awaited = []
    monkeypatch.setattr(engine, "wait_for_task", lambda client, upid, timeout: awaited.append((upid, timeout)))
    server = Server({"c": 3}, [(ConnectionFailed("Lost.", sent=True), True)])
    server.active = [
        {"upid": UPID, "id": "100", "status": "RUNNING"},
        {"upid": "other", "id": "101", "status": "RUNNING"},
        {"upid": "ended", "id": "100", "status": "OK"},
    ]
    run(server, resource=Thing(starts_task=True, task_id="100"), timeout=7)
    assert awaited == [(UPID, 7.0)]
    assert server.asked_tasks["source"] == "all"
    assert 990 < server.asked_tasks["since"] < 1000


def test_the_task_of_a_write_that_nothing_identifies_is_found_and_counts_as_it() -> None:
    server = Server({"c": 3}, [(ConnectionFailed("Lost.", sent=True), True)])
    server.active = [{"upid": UPID, "id": "100"}]
    result = run(server, {"a": 1}, resource=Thing(starts_task=True, task_id="100", repeatable=False)).result()
    assert len(server.writes) == 1
    assert (result["changed"], len(result["requests"])) == (True, 1)


def test_a_task_of_somebody_else_is_not_taken_for_it() -> None:
    server = Server({"c": 3}, [(ConnectionFailed("Lost.", sent=True), True)])
    server.active = [{"upid": UPID.replace("root@pam", "else@pve"), "id": "100"}]
    error = interrupted(server, desired={"a": 1}, resource=Thing(starts_task=True, task_id="100", repeatable=False))
    assert "It is not repeated blindly" in str(error)
    assert len(server.writes) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_gives_up_leaves_an_unclear_outcome_that_is_read_again(status: Any) -> None:
    server = Server({"c": 3}, [(api_error("PUT", "/thing", status, "Bad Gateway"), True)])
    assert run(server).result()["changed"] is True
    assert len(server.writes) == 2
    assert "was unclear" in server.warnings[0]


def test_a_write_that_arrives_late_is_not_made_twice() -> None:
    server = Server({"c": 3}, [(LOST_BEFORE, False)])

    def sleep(seconds: Any) -> None:
        server.pauses.append(seconds)
        if seconds == 1.0:
            server.state["a"] = 1

    server.sleep = sleep
    assert run(server, {"a": 1}).result()["changed"] is True
    assert len(server.writes) == 1


def test_lost_writes_are_repeated_a_few_times_with_pauses() -> None:
    server = Server({"c": 3}, [(LOST_BEFORE, False)] * 9)
    interrupted(server, desired={"a": 1})
    assert len(server.writes) == engine.MAX_PLANS
    assert sum(server.pauses) >= 3 * sum(engine.ARRIVAL_PAUSES)


def test_a_node_that_cannot_be_reached_is_asked_once_and_named() -> None:
    server = Server({"c": 3}, [(api_error("PUT", "/nodes/pve2/x", 595, "No route to host"), False)] * 9)
    error = interrupted(server, desired={"a": 1})
    assert len(server.writes) == 1
    assert "Node pve2 does not answer" in str(error)
    assert "unknown whether" not in str(error)


@pytest.mark.parametrize(
    "error", [(400, "name already exists"), (500, "VM 100 already running"), (500, "VM 100 not running")]
)
def test_what_somebody_else_has_just_done_is_fine(error: Any) -> None:
    server = Server({"c": 3}, [(api_error("PUT", "/thing", *error), True)])
    result = run(server, {"a": 1}).result()
    assert (result["changed"], result["thing"]) == (False, {"a": 1, "c": 3})
    assert len(server.writes) == 1


def test_a_refusal_that_only_sounds_so_stays_one() -> None:
    server = Server({"c": 3}, [(api_error("PUT", "/thing", 500, "VM 100 already running"), False)] * 9)
    error = interrupted(server, desired={"a": 1})
    assert "already running" in str(error)
    assert len(server.writes) == 1


def test_advice_to_run_again_is_for_what_passes() -> None:
    lasting, passing = (
        api_error("PUT", "/thing", *answer) for answer in ((403, "no"), (500, "cluster not ready - no quorum?"))
    )
    assert "Run the task again" not in str(interrupted(Server({"c": 3}, [(lasting, False)])))
    reported = str(interrupted(Server({"c": 3}, [(passing, False)])))
    assert "Run the task again to complete it." in reported
    assert "The cluster has no quorum" in reported


def test_an_answer_that_is_not_understood_is_an_error_with_what_was_done() -> None:
    server = Server({"c": 3})
    server.last_answer = "GET /thing"
    server.read_faults = [None, KeyError("vmid")]
    error = interrupted(server, desired={"a": 1})
    assert "not understood: KeyError" in str(error)
    assert "GET /thing" in str(error)
    assert "Done before that: set a." in str(error)


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_without_waiting_the_last_task_is_named_and_nothing_is_read_back() -> None:
    server = Server({"c": 3}, task=True)
    result = run(server, wait=False).result()
    assert result["upid"] == UPID
    assert result["thing"] == {"a": 1, "b": 2, "c": 3}
    assert (server.looks, len(server.writes)) == (1, 2)


def test_a_task_is_awaited_as_long_as_the_user_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []
    monkeypatch.setattr(engine, "wait_for_task", lambda client, upid, timeout: waits.append(timeout))
    run(Server(task=True), {"a": 1}, timeout=7)
    run(Server(task=True), {"a": 1}, timeout=0)
    run(Server(task=True), {"a": 1})
    assert waits == [7.0, 0.0, 600.0]


def test_a_failed_task_that_left_nothing_is_no_change() -> None:
    server = Server({"c": 3}, task=True)
    server.task_ends = "unable to open disk"
    error = interrupted(server)
    assert isinstance(error.cause, TaskFailed)
    result = error.outcome.result()
    assert (result["changed"], [row["summary"] for row in result["requests"]]) == (False, ["set a"])
    assert "failed: unable to open disk" in str(error)
    assert "TASK ERROR: unable to open disk" in str(error)
    assert "Not done: set a; set b." in str(error)


def test_a_failed_task_that_left_something_is_a_change() -> None:
    server = Server({"c": 3}, task=True)
    server.task_ends = "broke off"
    server.act = lambda method, params: server.state.update(a=1)
    assert interrupted(server).outcome.result()["changed"] is True


def test_a_failed_task_after_which_nothing_can_be_read_may_have_changed_something() -> None:
    server = Server({"c": 3}, task=True)
    server.task_ends = "broke off"
    server.read_faults = [None, ConnectionFailed("Cannot connect.", sent=False)]
    assert interrupted(server).outcome.result()["changed"] is True


def test_a_task_that_did_not_get_its_lock_is_tried_again() -> None:
    server = Server({"c": 3}, task=True)
    server.task_ends = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"
    writes = server.call

    def call(*args: Any, **more: Any) -> Any:
        if len(server.writes) == 1:
            server.task_ends = "OK"
        return writes(*args, **more)

    server.call = call
    result = run(server).result()
    assert [row["summary"] for row in result["requests"]] == ["set a", "set b"]
    assert len(server.writes) == 3


def test_a_task_that_takes_too_long_goes_on_and_counts_as_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(client: Any, upid: Any, timeout: Any) -> None:
        raise TaskTimeout("Task still runs.", upid=upid, exitstatus=None, log=[])

    monkeypatch.setattr(engine, "wait_for_task", endless)
    error = interrupted(Server({"c": 3}, task=True))
    assert error.outcome.result()["changed"] is True
    assert [row["summary"] for row in error.outcome.result()["requests"]] == ["set a"]
    assert str(error) == "Task still runs."


# --- errors -----------------------------------------------------------------------------------------------------------


def test_an_error_in_the_middle_says_what_is_done_and_what_is_not() -> None:
    server = Server(None, [(None, True), (PermissionDenied("PUT", "/thing", 403, "no"), False)])
    error = interrupted(server, desired={"a": 1, "b": 2, "d": 4})
    assert str(error).endswith("Done before that: set a.\nNot done: set b; set d.")
    result = error.outcome.result()
    assert result["changed"] is True
    assert [row["summary"] for row in result["requests"]] == ["set a"]
    assert error.cause.details()["status"] == 403


def test_an_error_of_the_only_step_speaks_for_itself() -> None:
    error = interrupted(Server(None, [(ApiError("POST", "/thing", 500, "no"), False)]), desired={"a": 1})
    assert str(error) == "POST /thing was answered with 500: no"
    assert error.outcome.result()["changed"] is False


def test_an_error_before_any_step_is_not_interrupted() -> None:
    class Refusing(Thing):
        def plan(self, observed: Any, desired: Any) -> NoReturn:
            raise InvalidOption("a", "is wrong")

    with pytest.raises(InvalidOption):
        run(Server(), resource=Refusing())


def test_notes_of_a_plan_become_warnings_once() -> None:
    class Noting(Thing):
        def plan(self, observed: Any, desired: Any) -> Plan:
            plan = super().plan(observed, desired)
            return Plan(plan.before, plan.after, plan.steps, ("mind the gap",))

    for check_mode in (False, True):
        server = Server()
        run(server, resource=Noting(), check_mode=check_mode)
        assert server.warnings == ["mind the gap"]


def test_progress_is_reported_step_by_step() -> None:
    server = Server()
    with contextlib.suppress(Interrupted):
        run(server)
    assert server.said == ["set a", "set b"]


class Settling(Thing):
    """It reports by itself what has become of its steps; ``waited`` is how often it was asked, and with what."""

    def __init__(self, **step: Any) -> None:
        super().__init__(**step)
        self.waited: list[Any] = []

    converges_later = True

    def wait_converged(self, reader: Any, desired: Any, answers: Any, timeout: Any) -> dict[str, Any]:
        self.waited.append((dict(answers), timeout))
        return {"settled": True}


def test_what_settles_by_itself_is_not_read_back() -> None:
    server, resource = Server(), Settling(returns={"answer": "value"})
    result = run(server, {"a": 1}, resource=resource, timeout=7).result()
    assert (result["changed"], result["thing"]) == (True, {"settled": True})
    assert resource.waited == [({"answer": "once"}, 7.0)]
    assert server.looks == 1


def test_what_settles_is_not_awaited_without_wait_or_in_check_mode_or_if_nothing_was_done() -> None:
    for server, options in (
        (Server(), {"wait": False}),
        (Server(), {"check_mode": True}),
        (Server({"a": 1}), {}),
    ):
        resource = Settling()
        assert run(server, {"a": 1}, resource=resource, **options).result()["thing"] == {"a": 1}
        assert resource.waited == []


def test_a_failure_to_settle_is_a_change() -> None:
    class Lost(Settling):
        def wait_converged(self, reader: Any, desired: Any, answers: Any, timeout: Any) -> NoReturn:
            raise NotConverged("It did not come back.")

    error = interrupted(Server(), desired={"a": 1}, resource=Lost())
    assert error.outcome.result()["changed"] is True
    assert "Done before that: set a." in str(error)


def test_a_plan_that_never_ends_is_given_up() -> None:
    """Each time another step, so that none of them can be said to have had no effect."""

    class Restless(Thing):
        def plan(self, observed: Any, desired: Any) -> Plan:
            return Plan(
                observed, observed, (Step("POST", f"/nodes/pve/thing/{self.digest}", {}, "go on", replan=True),)
            )

        def read(self, reader: Any, desired: Any) -> Any:
            self.digest += "x"
            return reader.get("/thing")

    server = Server({"a": 1})
    error = interrupted(server, resource=Restless())
    assert "had no effect: go on" in str(error)
    assert len(server.writes) < 20


class Later:
    """Stands for what goes on after a task has ended."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.calls = error, list[Any]()

    def wait(self, reader: Any, upid: str, summary: str, timeout: float, happened: Callable[[], bool]) -> None:
        self.calls.append((upid, summary, timeout, happened()))
        if self.error:
            raise self.error


def test_what_a_step_awaits_is_asked_after_its_task() -> None:
    later = Later()
    run(Server(task=True), {"a": 1}, resource=Thing(awaits=later), timeout=7)
    assert later.calls == [(UPID, "set a", 7.0, True)]


def test_what_a_step_awaits_is_not_asked_of_a_step_that_stays_in_the_plan_or_without_waiting() -> None:
    later = Later()
    run(Server({"a": 1}, task=True), {"b": 1}, resource=Thing(awaits=later, verify=False))
    run(Server(task=True), {"a": 1}, resource=Thing(awaits=later), wait=False)
    assert later.calls == []


def test_what_a_step_awaits_in_vain_is_a_change() -> None:
    error = interrupted(
        Server(task=True), desired={"a": 1}, resource=Thing(awaits=Later(Refused("It did not happen.")))
    )
    assert error.outcome.result()["changed"] is True


def test_what_goes_on_after_the_task_of_an_unanswered_step_is_awaited_too() -> None:
    later = Later()
    server = Server({"c": 3}, [(ConnectionFailed("Lost.", sent=True), True)])
    server.active = [{"upid": UPID, "id": "100"}]
    run(server, {"a": 1}, resource=Thing(starts_task=True, task_id="100", awaits=later))
    assert [call[:2] for call in later.calls] == [(UPID, "set a")]


class Counting(Thing):
    """Makes equal things by equal calls."""

    def plan(self, observed: Any, desired: Any) -> Plan:
        have, wanted = (observed or {}).get("things", 0), desired["things"]
        steps = tuple(
            Step("POST", "/nodes/pve/thing", {}, "make a thing", replan=True, id=f"thing {n}")
            for n in range(have, wanted)
        )
        return Plan(observed, {"things": wanted}, steps)


def test_equal_steps_are_distinguished_by_their_ids() -> None:
    server = Server({"things": 0})
    server.act = lambda method, params: server.state.update(things=server.state["things"] + 1)
    result = run(server, {"things": 20}, resource=Counting()).result()
    assert (result["thing"], len(server.writes)) == ({"things": 20}, 20)


def test_a_step_without_effect_is_not_repeated() -> None:
    server = Server({"things": 0})
    server.act = lambda method, params: None
    assert "it had no effect: make a thing" in str(interrupted(server, desired={"things": 2}, resource=Counting()))
    assert len(server.writes) == 1


def test_without_an_id_a_step_is_its_call_without_the_digest() -> None:
    first, later = (Step("PUT", "/x", {"a": 1, "digest": digest}) for digest in ("old", "new"))
    assert first.identity == later.identity
    assert first.identity != Step("PUT", "/x", {"a": 2, "digest": "old"}).identity
    assert Step("PUT", "/x", id="it").identity == Step("POST", "/y", id="it").identity


def test_a_resource_looks_ahead_once_and_only_if_there_is_something_to_do() -> None:
    class Careful(Thing):
        seen: Any = ()

        def preflight(self, reader: Any, plan: Any, desired: Any) -> None:
            self.seen = (*self.seen, [step.summary for step in plan.steps])

    careful = Careful()
    run(Server({"a": 1, "b": 2}), resource=careful)
    assert careful.seen == ()
    for check_mode in (True, False):
        run(Server({"a": 1}), resource=careful, check_mode=check_mode)
    assert careful.seen == (["set b"], ["set b"])


def test_what_is_refused_ahead_changes_nothing() -> None:
    class Anxious(Thing):
        def preflight(self, reader: Any, plan: Any, desired: Any) -> None:
            raise Refused("It does not fit.")

    server = Server({"a": 1})
    with pytest.raises(Refused, match="does not fit"):
        run(server, resource=Anxious())
    assert server.writes == []


# --- a step whose outcome the plan foresees ---------------------------------------------------------------------------


class Copied(Thing):
    """Begins with a step that, as the plan foresees, brings ``c`` along."""

    def plan(self, observed: Any, desired: Any) -> Plan:
        rest = super().plan(observed or {"c": 3}, desired)
        made = Step("POST", "/nodes/pve/thing", {"c": 3}, "make it", replan=True, foreseen=True)
        return dataclasses.replace(rest, before=observed, steps=(*(() if observed else (made,)), *rest.steps))


def copying(server: Server, brought: dict[str, Any]) -> Server:
    """The server, which makes something else than the plan foresees."""
    server.act = lambda method, params: server.do_act(method, brought if method == "POST" else params)
    return server


def test_what_a_plan_foresees_is_read_once_at_the_end() -> None:
    server = Server()
    result = run(server, {"a": 1, "b": 2, "c": 3}, resource=Copied()).result()
    assert [params for _method, _path, params in server.writes] == [
        {"c": 3},
        *({"digest": "", **x} for x in ({"a": 1}, {"b": 2})),
    ]
    assert (result["thing"], server.looks) == ({"a": 1, "b": 2, "c": 3}, 2)


def test_what_a_plan_did_not_foresee_is_done_after_the_rest() -> None:
    server = copying(Server(), {"c": 4})
    outcome = run(server, {"b": 2, "c": 3}, resource=Copied())
    assert [step.summary for step in outcome.done] == ["make it", "set b", "set c"]
    assert outcome.object == {"b": 2, "c": 3}


def test_a_step_of_a_plan_that_foresaw_something_is_not_repeated_if_it_has_no_effect() -> None:
    server = Server()
    server.act = lambda method, params: server.do_act(method, params) if method == "POST" else None
    error = interrupted(server, desired={"b": 2, "c": 3}, resource=Copied())
    assert "b is None and should be 2" in str(error)
    assert [method for method, _path, _params in server.writes] == ["POST", "PUT"]


def test_a_refusal_of_what_was_foreseen_ends_the_run() -> None:
    refusal = ApiError("PUT", "/nodes/pve/thing", 500, "no b here")
    error = interrupted(Server(faults=[(None, True), (refusal, False)]), desired={"b": 2, "c": 3}, resource=Copied())
    assert "no b here" in str(error)
    assert "Done before that: make it." in str(error)


def test_who_does_not_wait_for_the_rest_gets_what_was_read_before_it() -> None:
    server = copying(Server(), {"c": 3, "chosen": "by the server"})
    run(server, {"b": 2, "c": 3}, resource=Copied(), wait=False)
    assert server.looks == 3


class Informed(Thing):
    """Notes what it is said of tasks."""

    def __init__(self, **step: Any) -> None:
        super().__init__(**step)
        self.heard: list[str] = []

    def informed(self, desired: Any, upid: str) -> Any:
        self.heard.append(upid)
        return desired


def test_the_first_reading_after_a_task_knows_its_end() -> None:
    informed = Informed()
    run(Server(task=True, unsettled=2), {"a": 1}, resource=informed)
    assert informed.heard == [UPID]


def test_a_reading_knows_of_no_task_that_was_not_the_last_or_did_not_end_well() -> None:
    unclear, failed, silent = Informed(starts_task=True, task_id="100"), Informed(), Informed()
    run(Server({"c": 3}, [(LOST_BEFORE, True)], task=True), {"a": 1}, resource=unclear)
    server = Server(task=True)
    server.task_ends = "it broke"
    interrupted(server, desired={"a": 1}, resource=failed)
    run(Server(), {"a": 1}, resource=silent)
    assert unclear.heard == failed.heard == silent.heard == []


@pytest.mark.parametrize("resource", [Copied(), Thing(replan=True)], ids=["foreseen", "not foreseen"])
@pytest.mark.parametrize("fault", [LOST_BEFORE, ApiError("GET", "/thing", 500, "no reading")], ids=["lost", "refused"])
def test_a_reading_that_fails_after_the_last_step_says_what_was_done(resource: Thing, fault: Exception) -> None:
    server = Server()
    server.read_faults = [None, *[fault] * 9]
    error = interrupted(server, desired={"c": 3}, resource=resource)
    assert "Done before that: " in str(error)
    assert len(server.writes) == 1
    assert error.outcome.result()["changed"] is True
