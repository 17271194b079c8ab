# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication of a guest's volumes to another node."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...api.connection import task_arguments
from ...guests.named import HINT
from ...model.calendar import Schedule
from ...model.contract import Reader, State
from ...model.errors import InvalidOption, PveError, does_not_exist
from ...model.field import Field, Fields
from ...model.given import TO_DELETE, TO_MAKE
from ...model.kinds.info import ListInfo
from ...model.kinds.item import Item, ItemDesired
from ...model.plan import Plan, Step, api_path
from ...model.values import Comment, Matching
from ...run.polling import wait_until
from ..existence import require_node

JOBS = "/cluster/replication"
PAUSE = 2.0  # seconds between two looks at a job that is to run; its node looks for such jobs once a minute
SHOWN = ("last_sync", "duration", "next_sync")
FIELDS = Fields(
    [
        Field("target", create_only=True, clear="never"),
        Field("schedule", codec=Schedule(), default="*/15"),
        Field("rate", type="float"),
        Field("comment", codec=Comment()),
        Field("disable", type="bool", default=False),
    ]
)


class Replication(Item):
    """An item that the node of its guest deletes some time after the call: until then it counts as gone."""

    def _answer(self, reader: Reader, path: str) -> Mapping[str, Any] | None:
        answer = super()._answer(reader, path)
        return None if answer is None or answer.get("remove_job") else answer

    def after_apply(
        self, reader: Reader, desired: ItemDesired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """How the run ended that the task asked for."""
        if not desired.options["run_now"] or not desired.options["wait"]:
            return {}
        return {"run": wait_for_run(reader, state, desired.options["timeout"])}


def _check(desired: ItemDesired) -> None:
    if desired.options["keep"] and desired.options["force"]:
        raise InvalidOption("keep", "cannot be had with force, which forgets the job and cleans up nothing")
    rate = desired.fields.get("rate")
    if isinstance(rate, (int, float)) and rate < 1:
        raise InvalidOption("rate", f"{rate} is less than 1 MB per second")


def _look_at_places(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse a new job without its guest or its target."""
    if plan.before is not None or plan.after is None:
        return
    target, vmid = plan.after["target"], desired.key.partition("-")[0]
    require_node(reader, "target", target)
    rows = [row for row in reader.get("/cluster/resources", {"type": "vm"}) or [] if str(row.get("vmid")) == vmid]
    if not rows:
        raise does_not_exist("id", f"guest {vmid}", HINT)
    if rows[0]["node"] == target:
        raise InvalidOption("target", f"guest {vmid} is on {target} itself; its volumes are replicated to another node")


def _with_run(plan: Plan, desired: ItemDesired) -> Plan:
    """The plan with the run that the task asks for; a new job is due at once."""
    if not desired.options["run_now"]:
        return plan
    if (plan.after or {}).get("disable"):
        raise InvalidOption("run_now", "a job that is disabled does not run")
    if plan.before is None:
        return plan
    path = f"{_on_node(plan.before)}/schedule_now"
    run = Step("POST", path, summary=f"run job {desired.key} now", verify=False)
    return dataclasses.replace(plan, steps=(*plan.steps, run))


def _on_node(job: Mapping[str, Any]) -> str:
    """The job's path on the node of its guest."""
    if not job.get("source"):
        raise PveError(f"The server does not name the node from which job {job['id']} replicates.")
    return api_path("nodes", job["source"], "replication", job["id"])


def wait_for_run(client: Reader, job: State, timeout: float) -> dict[str, Any]:
    """Wait for the end of a run; PveError if it fails or takes too long. A job that is to run has no last try."""

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"{_on_node(job)}/status")
        return found if found.get("last_try") and not found.get("pid") else None

    status = wait_until(client, ended, timeout, PAUSE)
    if status is None:
        raise PveError(
            f"The run of replication job {job['id']} has not ended after {timeout:g} s.",
            hint="It goes on, or its node has not come to it yet. Raise timeout, or look at the job's log.",
        )
    if status.get("error"):
        raise PveError(f"Replication job {job['id']} failed: {status['error']}")
    return {name: status[name] for name in SHOWN if name in status}


FLAG = {"type": "bool", "default": False}
REPLICATION = Replication(
    "job",
    JOBS,
    Field(
        "id",
        codec=Matching(r"[1-9]\d{2,8}-\d{1,9}", "{value} is not the id of a guest and a number, such as '100-0'"),
    ),
    FIELDS,
    needed=("target",),
    created_with={"type": "local"},
    more_calls=("POST /nodes/*/replication/*/schedule_now",),
    passed_on={"keep": ("DELETE",), "force": ("DELETE",)},
    also_shown=("source",),
    checks=(_check,),
    preflights=(_look_at_places,),
    amend=_with_run,
    extra_options={
        "keep": FLAG,
        "force": FLAG,
        "run_now": FLAG,
        **task_arguments(),
    },
    extra_uses={"keep": TO_DELETE, "force": TO_DELETE, "run_now": TO_MAKE},
)
REPLICATION_INFO = ListInfo(
    "jobs",
    lambda desired: api_path("nodes", desired["node"], "replication") if desired["node"] else JOBS,
    key="id",
    fields=FIELDS,
    options={"node": {"type": "str"}},
)
