# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup jobs: which guests are backed up when, where to and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...model.calendar import Schedule
from ...model.contract import Desired, Reader, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.given import TO_MAKE, Use
from ...model.plan import Plan, Step
from ...model.property_string import INTEGER, WORD, Part, PropertyString, flag
from ...model.values import Items, Text, Within
from ..cluster.pool import Vmids
from ..cluster.scheduled import Job, JobList, in_utc
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


# Most defaults are not told here: a node's vzdump.conf may set others, so that an absent key need not equal PVE's default.
FIELDS = Fields(
    [
        Field("all", type="bool", default=False),
        Field("bwlimit", type="int", codec=Within(0)),
        Field("comment"),
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


class BackupJob(Job):
    """A job that selects its guests in one of three ways, which exclude each other."""

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = super().parse(params)
        chosen = [name for name in SELECTIONS if desired["fields"].get(name)]
        if len(chosen) > 1:
            raise InvalidOption(" and ".join(chosen), "exclude each other: a job selects its guests in one way")
        if desired["fields"].get("exclude") and chosen and chosen != ["all"]:
            raise InvalidOption("exclude", f"goes with all: true, not with {chosen[0]}")
        if desired["show_runs"] is not None and not 1 <= desired["show_runs"] <= MOST_RUNS:
            raise InvalidOption("show_runs", f"is a number from 1 to {MOST_RUNS}")
        return desired

    def read(self, reader: Reader, desired: Desired) -> State | None:
        state = super().read(reader, desired)
        schedule = desired["fields"].get("schedule") or (state or {}).get("schedule")
        if desired["state"] == "present" and desired["show_runs"] and schedule:
            rows = reader.get(ANALYZE, {"schedule": schedule, "iterations": desired["show_runs"]}) or []
            desired["runs"] = [in_utc(row["timestamp"]) for row in rows]
            state = state and {**state, "next_runs": desired["runs"]}
        return state

    def observe(self, key: str, answer: Mapping[str, Any]) -> State:
        if "schedule" not in answer and "starttime" in answer:  # as jobs were described before PVE 7.1
            answer = {**answer, "schedule": f"{answer.get('dow', '')} {answer['starttime']}"}
        return super().observe(key, answer)

    def plan(self, current: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            return self._plan_absent(current, desired)
        fields = select(current or {}, desired["fields"], append=desired["append"])
        desired = {**desired, "fields": fields, "append": False}
        storage = fields.get("storage", (current or {}).get("storage"))
        for name in NEED_STORAGE:
            if fields.get(name) and not storage:
                raise InvalidOption(name, "needs storage")
        plan = super().plan(current, desired)
        if current is None and "runs" in desired:
            return dataclasses.replace(plan, after={**(plan.after or {}), "next_runs": desired["runs"]})
        return plan

    def _update_step(self, desired: Desired, changes: Mapping[str, Any], current: State) -> Step:
        step = super()._update_step(desired, changes, current)
        if any(changes.get(name) not in (None, "") for name in NEED_STORAGE) and "storage" not in step.params:
            return dataclasses.replace(step, params={**step.params, "storage": current["storage"]})
        return step


def select(current: Mapping[str, Any], wanted: Mapping[str, Any], *, append: bool) -> dict[str, Any]:
    """The wish with everything that follows from how guests are selected: lists merged, other ways of selecting dropped."""
    fields = dict(wanted)
    if append and fields.get("vmid") and (current.get("all") or current.get("pool")):
        raise InvalidOption(
            "append",
            f"the job selects its guests by {'all' if current.get('all') else 'pool'}, which has no list to add to",
        )
    for name in ("vmid", "exclude"):
        if append and name in fields:
            fields[name] = Vmids().parse([*current.get(name, []), *(fields[name] or [])]) or ""
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
    """A wish that names no way of selecting guests: the present one must stay."""
    present = next((name for name in SELECTIONS if current.get(name)), None)
    if present is None or fields.get(present, current[present]) in ("", False):
        raise InvalidOption(", ".join(SELECTIONS), "a job needs one of them: all: true, a pool, or a list of guests")
    if fields.get("exclude") and present != "all":
        raise InvalidOption("exclude", f"goes with all: true; this job selects its guests by {present}")
    return fields


JOB = BackupJob(
    "job",
    JOBS,
    Field("id", aliases=("name",)),
    FIELDS,
    needed=("schedule",),
    extra_options={"append": {"type": "bool", "default": False}, "show_runs": {"type": "int"}},
    extra_uses={"append": Use(never=("absent",), beside=("vmid", "exclude")), "show_runs": TO_MAKE},
)
JOB_INFO = JobList("jobs", lambda desired: JOBS, key="id", fields=FIELDS)
