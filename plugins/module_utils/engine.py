# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: read, plan, apply, read back. The only place that writes, and it writes nothing but the steps of a plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .client import Client
from .errors import Conflict, ConnectionFailed, HopFailed, NotConverged, PveError
from .plan import Plan, Step
from .resource import Resource, Wish
from .task import is_upid, wait_for_task

MAX_PLANS = 4  # how often a wish is planned anew after a conflict or an unclear outcome
SETTLE_PAUSES = (0.1, 0.3, 1.0, 2.0, 3.0)  # seconds: some of PVE's lists lag behind a write


@dataclasses.dataclass
class Outcome:
    """What a task did, or would do in check mode; ``result`` is what Ansible shows."""

    resource: Resource
    plan: Plan
    done: list[Step] = dataclasses.field(default_factory=list)
    answers: dict[str, Any] = dataclasses.field(default_factory=dict)
    object: Any = None

    def result(self) -> dict[str, Any]:
        return {
            "changed": bool(self.done),
            "diff": {"before": self.plan.before or {}, "after": self.plan.after or {}},
            "requests": [step.describe() for step in self.done],
            self.resource.name: self.object,
            **self.answers,
        }


class Interrupted(PveError):
    """An error after some steps of a plan had been done; says which were and which were not."""

    def __init__(self, cause: PveError, outcome: Outcome, missing: tuple[Step, ...]) -> None:
        text = str(cause)
        if outcome.done:
            text += f"\nDone before that: {_list(outcome.done)}."
        if missing and (outcome.done or len(missing) > 1):
            text += f"\nNot done: {_list(missing)}. Run the task again to complete it."
        super().__init__(text)
        self.cause, self.outcome = cause, outcome


def _list(steps: Any) -> str:
    return "; ".join(step.why or f"{step.method} {step.path}" for step in steps)


def bring_about(client: Client, resource: Resource, params: Mapping[str, Any], *, check_mode: bool) -> Outcome:
    """Bring the cluster to the state that the options describe. Raises PveError; Interrupted where steps were done."""
    wish = resource.wish(params)
    current = resource.read(client, wish)
    plan = resource.plan(current, wish)
    client.warnings.extend(plan.notes)
    if check_mode or not plan.steps:
        return Outcome(resource, plan, list(plan.steps), object=plan.after)
    return _Run(client, resource, wish, params, plan).finish()


class _Run:
    """One execution of a plan, with the recovery from conflicts and unclear outcomes."""

    def __init__(self, client: Client, resource: Resource, wish: Wish, params: Mapping[str, Any], plan: Plan) -> None:
        self.client, self.resource, self.wish = client, resource, wish
        self.wait = params.get("wait", True) is not False
        self.timeout = float(params.get("timeout") or 600)
        self.plan = plan
        self.outcome = Outcome(resource, plan)
        self.pending: tuple[Step, ...] = plan.steps

    def finish(self) -> Outcome:
        try:
            self._apply()
            self._read_back()
        except PveError as error:
            raise Interrupted(error, self.outcome, self.pending) from None
        return self.outcome

    def _apply(self) -> None:
        for attempt in range(1, MAX_PLANS + 1):
            try:
                while self.pending:
                    self._execute(self.pending[0])
                    self.pending = self.pending[1:]
                return
            except Conflict:
                if attempt == MAX_PLANS:
                    raise
            except (ConnectionFailed, HopFailed) as error:
                self._settle(error, last=attempt == MAX_PLANS)
            self._plan_again()

    def _execute(self, step: Step) -> None:
        self.client.on_progress(step.why)
        data = self.client.call(step.method, step.path, step.params)
        self.outcome.done.append(step)
        for name, key in step.returns.items():
            self.outcome.answers[name] = data.get(key) if key else data
        if not is_upid(data):
            return
        if self.wait or len(self.pending) > 1:
            wait_for_task(self.client, data, step.timeout or self.timeout)
        else:
            self.outcome.answers["upid"] = data

    def _settle(self, error: ConnectionFailed | HopFailed, *, last: bool) -> None:
        """After a write whose outcome is unclear: let its task end, if it started one, so that reading tells the truth."""
        step = self.pending[0]
        unclear = not (isinstance(error, ConnectionFailed) and not error.sent)
        if unclear and not step.repeatable:
            error.hint = (
                f"It is unknown whether this ran: {step.why}. It is not repeated blindly; look before you run it again."
            )
            raise error
        if last or not unclear:
            raise error
        self.client.warnings.append(f"The outcome of '{step.why}' was unclear ({error.message}); it was read again.")
        if step.task:
            self._await_tasks_of(step)

    def _await_tasks_of(self, step: Step) -> None:
        node, guest = step.path.split("/")[2], step.guest
        rows = self.client.get(f"/nodes/{node}/tasks", {"source": "active", **({"vmid": guest} if guest else {})})
        for row in rows or []:
            if row.get("status") in (None, "", "RUNNING", "running"):
                wait_for_task(self.client, row["upid"], step.timeout or self.timeout)

    def _plan_again(self) -> None:
        unclear = self.pending[0]
        before = self.plan.before
        current = self.resource.read(self.client, self.wish)
        plan = self.resource.plan(current, self.wish)
        if unclear not in plan.steps:
            self.outcome.done.append(unclear)
        self.pending = plan.steps
        self.plan = self.outcome.plan = Plan(before, plan.after, plan.steps)

    def _read_back(self) -> None:
        """Return what the server says; a difference that stays is an error, not a success."""
        if "upid" in self.outcome.answers:
            self.outcome.object = self.plan.after
            return
        for pause in (*SETTLE_PAUSES, None):
            current = self.resource.read(self.client, self.wish)
            plan = self.resource.plan(current, self.wish)
            if not any(step.verify for step in plan.steps):
                self.outcome.object = current
                return
            if pause is not None:
                self.client.sleep(pause)
        raise NotConverged(
            f"The server accepted every call, but {_differences(plan)}.",
            hint="Something else may manage this too, or the server normalises the value in an unknown way.",
        )


def _differences(plan: Plan) -> str:
    before, after = plan.before or {}, plan.after or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    told = [f"{name} is {before.get(name)!r} and should be {after.get(name)!r}" for name in names]
    return "; ".join(told) or f"this would still have to be done: {_list(plan.steps)}"
