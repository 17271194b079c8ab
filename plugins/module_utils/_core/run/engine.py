# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: read, plan, apply, read back. The only place that writes, and it writes nothing but the steps of a plan."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..api.arguments import check_call
from ..api.client import Client
from ..model.contract import Planned
from ..model.errors import (
    ApiError,
    Conflict,
    ConnectionFailed,
    HopFailed,
    InvalidOption,
    InvalidParameter,
    NotConverged,
    PveError,
    Refused,
    TaskFailed,
    is_transient,
    overtaken,
    understanding,
)
from ..model.plan import HIDDEN, Plan, Step, api_path
from .task import Upid, is_running, is_upid, may_be_started_by, wait_for_task

TASK_TIMEOUT = 600.0  # seconds, of modules without the option
MAX_PLANS = 4  # how often a desired state is planned again after a conflict or an unclear outcome
MAX_DETOURS = 8  # how often a plan may not become shorter by a step
ARRIVAL_PAUSES = (0.0, 0.5, 1.0, 2.0)  # seconds: a write whose answer was lost may still be on its way
READ_BACK_PAUSES = (0.1, 0.3, 1.0, 2.0, 3.0)  # seconds: some of PVE's lists lag behind a write


@dataclasses.dataclass
class Outcome:
    """What a task did, or would do in check mode; ``result`` is what Ansible shows.

    ``unfinished`` is a step that was sent but is not known to have worked; ``touched``: it changed something, or may have.
    ``seen``: ``object`` is what was read after the work, and no prediction.
    """

    resource: Planned[Any, Any]
    plan: Plan
    done: list[Step] = dataclasses.field(default_factory=list)
    answers: dict[str, Any] = dataclasses.field(default_factory=dict)
    object: Any = None
    unfinished: Step | None = None
    touched: bool = False
    seen: bool = False

    def result(self) -> dict[str, Any]:
        sent = [*self.done, *([self.unfinished] if self.unfinished else [])]
        return {
            "changed": any(step.changes for step in self.done) or self.touched,
            "diff": {"before": self.plan.before or {}, "after": self._after()},
            "requests": [step.describe() for step in sent],
            self.resource.name: self.object,
            **self.answers,
        }

    def _after(self) -> Mapping[str, Any]:
        """The object after the work: as it was read if it was, but for new secrets, which cannot be read."""
        predicted = self.plan.after or {}
        if not self.seen:
            return predicted
        return {**(self.object or {}), **{name: value for name, value in predicted.items() if value == HIDDEN}}


class Interrupted(PveError):
    """An error while a plan was applied, with the steps that were done and those that were not."""

    def __init__(self, cause: PveError, outcome: Outcome, missing: tuple[Step, ...]) -> None:
        text = str(cause)
        if outcome.done:
            text += f"\nDone before that: {_list(outcome.done)}."
        if missing and (outcome.done or len(missing) > 1):
            text += f"\nNot done: {_list(missing)}."
            if is_transient(cause):
                text += " Run the task again to complete it."
        super().__init__(text)
        self.cause, self.outcome = cause, outcome


def failure(error: PveError) -> dict[str, Any]:
    """The result of a task that failed, with what was done before that."""
    if not isinstance(error, Interrupted):
        return {"failed": True, "changed": False, "msg": str(error), "error": error.details()}
    partial = error.outcome.result()
    done = {name: partial[name] for name in ("changed", "requests", *error.outcome.answers)}
    return {"failed": True, "msg": str(error), "error": error.cause.details(), **done}


def _list(steps: Iterable[Step]) -> str:
    return "; ".join(step.summary or f"{step.method} {step.path}" for step in steps)


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What is to be done, before anything is."""

    resource: Planned[Any, Any]
    params: Mapping[str, Any]
    desired: Any  # what the resource has parsed
    plan: Plan


def prepare(client: Client, resource: Planned[Any, Any], params: Mapping[str, Any], desired: Any = None) -> Prepared:
    """Read and plan. ``desired`` is that of the options where the caller has it already, perhaps completed by what it knows."""
    desired = resource.parse(params) if desired is None else desired
    observed, desired = _read(client, resource, desired)
    plan = resource.plan(observed, desired)
    _refuse_unacceptable(client, resource, plan)
    client.warnings.extend(plan.notes)
    return Prepared(resource, params, desired, plan)


def _read(client: Client, resource: Planned[Any, Any], desired: Any) -> tuple[Any, Any]:
    """What is there now, and the desired state with what the resource remembers of it."""
    observed = resource.read(client, desired)
    return observed, resource.remember(observed, desired)


def _refuse_unacceptable(client: Client, resource: Planned[Any, Any], plan: Plan) -> None:
    """Refuse parameters that the server would refuse, so that check mode promises nothing that it does not keep."""
    for step in plan.steps if resource.checks_calls else ():
        for problem in check_call(step.method, step.path, step.params):
            if problem.binds(client.release):
                reason = problem.reason_of_secret if problem.parameter in step.secrets else problem.reason
                raise InvalidOption(resource.option_of(problem.parameter), reason)


def preflight(client: Client, prepared: Prepared) -> None:
    """Find reasons why a plan would fail, in the resource's own way."""
    if prepared.plan.steps:
        prepared.resource.preflight(client, prepared.plan, prepared.desired)


def apply(client: Client, prepared: Prepared, *, check_mode: bool) -> Outcome:
    """Apply a plan, or in check mode predict its outcome. Raises PveError; Interrupted where steps were done."""
    if check_mode:
        return Outcome(prepared.resource, prepared.plan, list(prepared.plan.steps), object=prepared.plan.after)
    return _Run(client, prepared).finish()


def run_plan(client: Client, resource: Planned[Any, Any], params: Mapping[str, Any], *, check_mode: bool) -> Outcome:
    """Bring the cluster to the state that the options describe: read, plan, preflight, apply, read back."""
    prepared = prepare(client, resource, params)
    preflight(client, prepared)
    return apply(client, prepared, check_mode=check_mode)


class _Run:
    """One execution of a plan, with the recovery from conflicts and unclear outcomes."""

    def __init__(self, client: Client, prepared: Prepared) -> None:
        self.client, self.resource, self.desired, self.plan = client, prepared.resource, prepared.desired, prepared.plan
        self.wait = prepared.params.get("wait", True) is not False
        given = prepared.params.get("timeout")
        self.timeout = TASK_TIMEOUT if given is None else float(given)
        self.outcome = Outcome(self.resource, self.plan)
        self.pending: tuple[Step, ...] = self.plan.steps
        self.detours = 0
        self.followed: set[str] = set()  # tasks that were waited for
        self.sent = 0.0  # when the present step was
        self.latest: Plan | None = None  # that was made since the last step, from what was read then
        self.ended: str | None = None  # the task of the last step, if it ended well and nothing was read since
        self.unread = False  # whether the present plan foresees what a step that was done would lead to

    def finish(self) -> Outcome:
        try:
            with understanding(self.client):
                if self.plan.steps:
                    self._apply()
                    if self.unread:
                        self._plan_rest()
                        self._apply()
                    self._conclude()
                else:
                    self.outcome.object = self.plan.after
                self._report()
        except PveError as error:
            if isinstance(error, TaskFailed):
                self._look_for_traces()
            raise Interrupted(error, self.outcome, self.pending) from None
        return self.outcome

    def _apply(self) -> None:
        for attempt in range(1, MAX_PLANS + 1):
            last = attempt == MAX_PLANS
            try:
                while self.pending:
                    self._execute(self.pending[0])
                return
            except Conflict:  # refused: the step did not run
                if last:
                    raise
                self._plan_again()
            except (ConnectionFailed, HopFailed) as error:
                if not self.pending:  # it was the reading after the last step
                    raise
                self._resolve_unclear(error, last=last)
            except (ApiError, TaskFailed) as error:
                if last or not self.pending or not self._may_plan_again(error):
                    raise

    def _may_plan_again(self, error: ApiError | TaskFailed) -> bool:
        """Plan again after a lock time-out of a task, where somebody else has just done it, or the server keeps it for later."""
        step = self.pending[0]
        if overtaken(error) and step.verify and not self._is_planned(step):
            self._plan_again()
            return True
        if isinstance(error, TaskFailed) and error.lock_timeout:
            self._plan_again()
            return True
        if not step.deferrable or not isinstance(error, (InvalidParameter, TaskFailed)):
            return False
        if self._is_planned(step):
            return False
        self.client.warnings.append(f"This waits for the next start: {step.summary}. {error.message}")
        self._plan_again(unclear=step)
        return True

    def _execute(self, step: Step) -> None:
        self.client.on_step(step.summary)
        self.client.trusted.update(step.trusts)
        if step.pause:
            self.client.sleep(step.pause)
        self.sent, self.latest, self.ended = time.monotonic(), None, None
        answer = self.client.call(step.method, step.path, step.params, upload=step.upload, api_format=step.api_format)
        for name, key in step.returns.items():
            self.outcome.answers[name] = answer.get(key) if key else answer
        upid = answer.get("data") if step.api_format == "extjs" else answer
        if is_upid(upid):
            self._follow(step, upid)
        self.outcome.done.append(step)
        self.pending = self.pending[1:]
        if step.foreseen and self.wait:
            self.unread = True
        elif step.replan and "upid" not in self.outcome.answers:
            left = len(self.pending)
            self._plan_again()
            self.detours += len(self.pending) > left
            if self.detours > MAX_DETOURS or _is_in(step, self.pending):
                raise NotConverged(f"The server accepted this, but it had no effect: {step.summary}.")

    def _follow(self, step: Step, upid: str) -> None:
        """Wait for a step's task, unless it is the last one and the user does not want to."""
        if not self.wait and len(self.pending) == 1:
            self.outcome.answers["upid"] = upid
            return
        self.followed.add(upid)
        try:
            self._await(step, upid)
            self.ended = upid
        except TaskFailed:
            self.outcome.unfinished = step
            raise
        except PveError:  # it goes on, or nobody knows
            self.outcome.unfinished, self.outcome.touched = step, True
            self.pending = self.pending[1:]
            raise

    def _await(self, step: Step, upid: str) -> None:
        """Wait for a step's task, and for what goes on after it."""
        wait_for_task(self.client, upid, self.timeout)
        if step.awaits and step.verify:
            step.awaits.wait(self.client, upid, step.summary, self.timeout, lambda: not self._is_planned(step))

    def _plan_now(self) -> Plan:
        """The plan from what is there now."""
        desired = self.resource.informed(self.desired, self.ended) if self.ended else self.desired
        self.ended = None
        observed, self.desired = _read(self.client, self.resource, desired)
        return self.resource.plan(observed, self.desired)

    def _is_planned(self, step: Step) -> bool:
        """Whether a step is still needed."""
        return _is_in(step, self._plan_now().steps)

    def _look_for_traces(self) -> None:
        """Find out whether a failed task left something behind, so that ``changed`` is true only if something changed."""
        try:
            plan = self._plan_now()
        except PveError:
            self.outcome.touched = True
        else:
            self.outcome.touched = [step.identity for step in plan.steps] != [step.identity for step in self.pending]
            self.outcome.object, self.outcome.seen = plan.before, True

    def _resolve_unclear(self, error: ConnectionFailed | HopFailed, *, last: bool) -> None:
        """After a write whose outcome is unclear: look for its task and its effect, then plan again; never repeat it blindly."""
        if not (error.sent if isinstance(error, ConnectionFailed) else error.may_have_run):
            raise error
        step = self.pending[0]
        self.outcome.unfinished, self.outcome.touched = step, True
        try:
            if self._has_arrived(step):
                if not step.repeatable and not step.evident:  # planning would ask for it again
                    self._count_as_done(step)
                else:
                    self._plan_again(unclear=step)
            elif last or not step.repeatable:
                raise error
            else:
                self._plan_again(unclear=step)
        except (ConnectionFailed, HopFailed):
            self.pending = self.pending[1:]
            error.hint = f"It is unknown whether this ran: {step.summary}. " + (
                "Run the task again: it looks first what is there."
                if step.repeatable
                else "It is not repeated blindly: look before you run it again."
            )
            error.hint += f" {step.unclear}" if step.unclear else ""
            raise error from None
        self.client.warnings.append(
            f"The outcome of '{step.summary}' was unclear ({error.message}); it was read again."
        )

    def _count_as_done(self, step: Step) -> None:
        self.outcome.done.append(step)
        self.outcome.unfinished, self.outcome.touched = None, False
        self.pending = self.pending[1:]

    def _has_arrived(self, step: Step) -> bool:
        """Whether an unanswered step has started a task, which is waited for, or has had its effect."""
        looks = (*READ_BACK_PAUSES, 0.0) if step.evident else ARRIVAL_PAUSES
        for pause in looks:
            self.client.sleep(pause)
            if step.starts_task and self._await_task_of(step):
                return True
            if not step.evident and not step.repeatable:
                continue  # its effect looks like what was there before
            with contextlib.suppress(Refused):  # a part of it is there
                if not self._is_planned(step):
                    return True
        return False

    def _await_task_of(self, step: Step) -> bool:
        """Let the task end that an unanswered step has started; whether there is one."""
        found = self._tasks_of(step)
        for upid in found:
            self.followed.add(upid)
            try:
                self._await(step, upid)
            except TaskFailed as error:
                if not step.repeatable:
                    raise
                self.client.warnings.append(
                    str(error)
                )  # the new plan shows what is missing, but not always what went wrong
        return bool(found)

    def _tasks_of(self, step: Step) -> list[str]:
        """The tasks that the present step may have started: of its guest and its user, and not older than it."""
        if step.path.startswith("/nodes/"):
            node = api_path("nodes") + "/" + step.path.split("/")[2]
            rows = self.client.get(f"{node}/tasks", self._since(node)) or []
        else:
            rows = list(filter(is_running, self.client.get("/cluster/tasks") or []))
        new = [str(row.get("upid")) for row in rows if str(row.get("id") or "") == step.task_id]
        tasks = [Upid.parse(upid) for upid in new if is_upid(upid) and upid not in self.followed]
        call = (step.method, step.path, step.params)
        return [task.text for task in tasks if self._is_own(task) and may_be_started_by(task.type, *call)]

    def _since(self, node: str) -> dict[str, Any]:
        """Which tasks of a node to look at: by its own clock, those since the present step; running ones if it has no clock."""
        try:
            now = int(self.client.get(f"{node}/time")["time"])
        except (ConnectionFailed, HopFailed):
            raise
        except (PveError, TypeError, KeyError, ValueError):
            return {"source": "active"}
        return {"source": "all", "since": now - int(time.monotonic() - self.sent) - 1}

    def _is_own(self, task: Upid) -> bool:
        connection = self.client.connection
        return connection.backend != "https" or task.user in (connection.identity, connection.user)

    def _plan_again(self, unclear: Step | None = None) -> None:
        """Plan from what is there now; an unclear step that is no longer needed has run."""
        plan = self.latest = self._plan_now()
        self.unread = False
        if unclear and not _is_in(unclear, plan.steps):
            self.outcome.done.append(unclear)
        self.outcome.unfinished, self.outcome.touched = None, False
        self.pending = plan.steps
        self.plan = self.outcome.plan = Plan(self.plan.before, plan.after, plan.steps, plan.notes)

    def _plan_rest(self) -> None:
        """Plan what is left after all steps of a plan that foresaw something; a step without effect is for the read-back."""
        self._plan_again()
        if all(_is_in(step, self.outcome.done) for step in self.pending if step.verify):
            self.pending = ()

    def _conclude(self) -> None:
        """Find out what has become of it, in the resource's own way where it has one."""
        if not self.resource.converges_later:
            self._read_back()
        elif self.wait:
            answers = self.outcome.answers
            self.outcome.object = self.resource.wait_converged(self.client, self.desired, answers, self.timeout)
            self.outcome.seen = True
        else:
            self.outcome.object = self.plan.after

    def _read_back(self) -> None:
        """Return what the server says; a difference that stays is an error, not a success."""
        if "upid" in self.outcome.answers:
            self.outcome.object = self.plan.after
            return
        for pause in (*READ_BACK_PAUSES, None):
            plan, self.latest = self.latest or self._plan_now(), None
            if not any(step.verify for step in plan.steps):
                self.outcome.object, self.outcome.seen = plan.before, True
                return
            if pause is not None:
                self.client.sleep(pause)
        raise NotConverged(
            f"The server accepted every call, but {_differences(plan)}.",
            hint="Perhaps it names something that does not exist, something else manages this too, "
            "or the server normalises the value in an unknown way.",
        )

    def _report(self) -> None:
        """Add what a resource reports at the end, and may wait for."""
        if self.outcome.object is None or "upid" in self.outcome.answers:
            return
        changed, answers = bool(self.outcome.done), self.outcome.answers
        found = self.resource.after_apply(self.client, self.desired, self.outcome.object, answers, changed=changed)
        self.outcome.object = found.pop(self.resource.name, self.outcome.object)
        answers.update(found)


def _differences(plan: Plan) -> str:
    before, after = plan.before or {}, plan.after or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    differences = [f"{name} is {before.get(name)!r} and should be {after.get(name)!r}" for name in names]
    return "; ".join(differences) or f"this would still have to be done: {_list(plan.steps)}"


def _is_in(step: Step, steps: Iterable[Step]) -> bool:
    return step.identity in (other.identity for other in steps)
