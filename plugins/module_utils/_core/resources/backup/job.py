# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup jobs: which guests are backed up when, where to and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ...guests.named import warn_of_unknown
from ...model.calendar import Schedule
from ...model.contract import Reader, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.given import TO_MAKE
from ...model.kinds.item import Item, ItemDesired, Observed
from ...model.plan import Plan, Step
from ...model.property_string import INTEGER, WORD, Part, PropertyString, flag
from ...model.values import Comment, Items, Text, Within
from ..cluster.pool import Vmids
from ..cluster.scheduled import JOB_KEY, NO_SUCH_JOB, JobList, in_utc
from ..existence import new_value, require_node, require_pool, require_storage
from ..storage.fields import KEEP

JOBS = "/cluster/backup"
ANALYZE = "/cluster/jobs/schedule-analyze"
MOST_RUNS = 100
SELECTIONS = ("all", "pool", "vmid")
NEED_STORAGE = ("notes_template", "protected")


class NotesTemplate(Text):
    """PVE takes one line, in which backslash and n stand for a new line; a text of several lines is turned into that."""

    def parse(self, value: Any) -> str:
        text = super().parse(value)
        return text.replace("\\", "\\\\").replace("\n", "\\n") if "\n" in text else text


# Most defaults are not declared here: a node's vzdump.conf may set others, so that an absent key need not equal PVE's default.
FIELDS = Fields(
    [
        Field("all", type="bool", default=False),
        Field("bwlimit", type="int", codec=Within(0)),
        Field("comment", codec=Comment()),
        Field("compress", choices=("0", "1", "gzip", "lzo", "zstd")),
        Field("dumpdir"),
        Field("enabled", type="bool", clear="never", default=True),
        Field("exclude", type="list", elements="int", codec=Vmids()),
        hyphenated("exclude_path", type="list", elements="str", codec=Items()),
        Field(
            "fleecing",
            type="raw",
            codec=PropertyString(flag("enabled", False), Part("storage", WORD), default_key="enabled"),
        ),
        Field("ionice", type="int", codec=Within(0, 8)),
        Field("lockwait", type="int", codec=Within(0)),
        Field("mailnotification", choices=("always", "failure")),
        Field("mailto", type="list", elements="str"),
        Field("mode", choices=("snapshot", "suspend", "stop")),
        Field("node"),
        hyphenated("notes_template", codec=NotesTemplate()),
        hyphenated("notification_mode", choices=("auto", "legacy-sendmail", "notification-system")),
        hyphenated("pbs_change_detection_mode", choices=("legacy", "data", "metadata")),
        Field(
            "performance",
            type="raw",
            codec=PropertyString(
                Part("max-workers", INTEGER, minimum=1, maximum=256), Part("pbs-entries-max", INTEGER, minimum=1)
            ),
        ),
        Field("pigz", type="int"),
        Field("pool"),
        Field("protected", type="bool"),
        hyphenated("prune_backups", type="raw", codec=KEEP),
        Field("remove", type="bool"),
        hyphenated("repeat_missed", type="bool", default=False),
        Field("schedule", codec=Schedule(), clear="never"),
        Field("script"),
        Field("stdexcludes", type="bool"),
        Field("stopwait", type="int", codec=Within(0)),
        Field("storage"),
        Field("tmpdir"),
        Field("vmid", type="list", elements="int", aliases=("vmids",), codec=Vmids()),
        Field("zstd", type="int"),
    ]
)


@dataclasses.dataclass(frozen=True)
class ObservedJob(Observed):
    """A job, and the moments of its next runs; None if the task does not ask for them."""

    runs: Sequence[str] | None = None


class BackupJob(Item):
    """An item that shows its next runs."""

    def read(self, reader: Reader, desired: ItemDesired) -> ObservedJob:
        observed, count = super().read(reader, desired), desired.options["show_runs"]
        schedule = desired.fields.get("schedule") or (observed.state or {}).get("schedule")
        if desired.state == "absent" or not count or not schedule:
            return ObservedJob(observed.state)
        rows = reader.get(ANALYZE, {"schedule": schedule, "iterations": count}) or []
        runs = [in_utc(row["timestamp"]) for row in rows]
        return ObservedJob(state=observed.state and {**observed.state, "next_runs": runs}, runs=runs)

    def plan(self, observed: Observed, desired: ItemDesired) -> Plan:
        plan = super().plan(observed, desired)
        runs = observed.runs if isinstance(observed, ObservedJob) else None
        if plan.before is not None or plan.after is None or runs is None:
            return plan
        return dataclasses.replace(plan, after={**plan.after, "next_runs": runs})

    def _update_step(
        self, observed: Observed, current: State, desired: ItemDesired, changes: Mapping[str, Any]
    ) -> Step:
        step = super()._update_step(observed, current, desired, changes)
        if any(changes.get(name) not in (None, "") for name in NEED_STORAGE) and "storage" not in step.params:
            return dataclasses.replace(step, params={**step.params, "storage": current["storage"]})
        return step


def _check(desired: ItemDesired) -> None:
    """Refuse two ways of selecting guests, which exclude each other."""
    chosen = [name for name in SELECTIONS if desired.fields.get(name)]
    if len(chosen) > 1:
        raise InvalidOption(" and ".join(chosen), "exclude each other: a job selects its guests in one way")
    if desired.fields.get("exclude") and chosen and chosen != ["all"]:
        raise InvalidOption("exclude", f"goes with all: true, not with {chosen[0]}")
    count = desired.options["show_runs"]
    if count is not None and not 1 <= count <= MOST_RUNS:
        raise InvalidOption("show_runs", f"is a number from 1 to {MOST_RUNS}")


def _with_schedule(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer with a schedule, which jobs of PVE before 7.1 describe otherwise."""
    if "schedule" in answer or "starttime" not in answer:
        return answer
    return {**answer, "schedule": f"{answer.get('dow', '')} {answer['starttime']}"}


def _resolve(current: State, desired: ItemDesired) -> Mapping[str, Any]:
    fields = select(current, desired.fields, append=desired.append)
    storage = fields.get("storage", current.get("storage"))
    for name in NEED_STORAGE:
        if fields.get(name) and not storage:
            raise InvalidOption(name, "needs storage")
    return fields


def _look_at_names(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse misspelt names, and storages without backups. PVE accepts a job with them, which then fails whenever it runs."""
    fleecing = new_value(plan, "fleecing") or {}
    require_storage(reader, "storage", new_value(plan, "storage"), "backup")
    require_storage(reader, "fleecing.storage", fleecing.get("storage"))
    require_pool(reader, "pool", new_value(plan, "pool"))
    require_node(reader, "node", new_value(plan, "node"))
    guests = {name: value for name in ("vmid", "exclude") if (value := new_value(plan, name))}
    if guests:
        warn_of_unknown(reader.warnings, reader.get("/cluster/resources", {"type": "vm"}) or [], guests)


def select(current: Mapping[str, Any], wanted: Mapping[str, Any], *, append: bool) -> dict[str, Any]:
    """The desired state with everything that follows from how guests are selected: other ways of selecting are dropped."""
    fields = dict(wanted)
    if append and fields.get("vmid") and (current.get("all") or current.get("pool")):
        raise InvalidOption(
            "append",
            f"the job selects its guests by {'all' if current.get('all') else 'pool'}, which has no list to add to",
        )
    chosen = next((name for name in SELECTIONS if fields.get(name)), None)
    if chosen is None:
        return _keep_selection(current, fields)
    for name in (*SELECTIONS, "exclude"):
        if name != chosen and not (name == "exclude" and chosen == "all"):
            fields.pop(name, None)
            if current.get(name):
                fields[name] = ""
    return fields


def _keep_selection(current: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """A desired state that names no way of selecting guests: the present one must stay."""
    present = next((name for name in SELECTIONS if current.get(name)), None)
    if present is None or fields.get(present, current[present]) in ("", False):
        raise InvalidOption(", ".join(SELECTIONS), "a job needs one of them: all: true, a pool, or a list of guests")
    if fields.get("exclude") and present != "all":
        raise InvalidOption("exclude", f"goes with all: true; this job selects its guests by {present}")
    return fields


JOB = BackupJob(
    "job",
    JOBS,
    JOB_KEY,
    FIELDS,
    needed=("schedule",),
    merges=("vmid", "exclude"),
    absent=NO_SUCH_JOB,
    shape=_with_schedule,
    checks=(_check,),
    preflights=(_look_at_names,),
    resolve=_resolve,
    extra_options={"show_runs": {"type": "int"}},
    extra_uses={"show_runs": TO_MAKE},
)
JOB_INFO = JobList("jobs", lambda desired: JOBS, key="id", fields=FIELDS)
