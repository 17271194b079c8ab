# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: taking them of guests; the other things that the module pve_backup does have resources of their own."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...api.client import Client
from ...api.connection import task_arguments
from ...guests.actions.restore import Restore
from ...guests.directory import Directory, is_reported
from ...guests.named import refuse_unknown, warn_of_unknown
from ...model.contract import Planned, Reader, State, StateOrNone
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, update_params
from ...model.periods import period
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...run.batch import Job, WorkerPool, check_counts, summary
from ...run.engine import run_plan
from ...run.hosted import CustomRun
from .job import FIELDS as JOB_FIELDS
from .volume import RETENTION, VOLUME_FIELDS, Prune, Volume, backups_of, owner_of, storage_of

# Parameters of vzdump beside what it backs up and where: those that a backup job has as well
OPTIONS = Fields(
    field
    for field in JOB_FIELDS
    if field.name
    in """
    bwlimit compress exclude_path fleecing ionice lockwait mailnotification mailto mode notes_template notification_mode
    pbs_change_detection_mode performance pigz protected prune_backups remove script stdexcludes stopwait tmpdir zstd
    """.split()
)
SELECTION = Fields(
    [
        Field("vmid", type="list", elements="int"),
        Field("pool"),
        Field("all", type="bool"),
        Field("exclude", type="list", elements="int"),
        Field("storage"),
    ]
)
NOTES = VOLUME_FIELDS.named("notes")
# What the module does -> the options that mean something then, beside those of every task
PURPOSES = {
    "take": {*"vmid pool node all exclude storage max_age parallel fail_fast".split(), *(row.name for row in OPTIONS)},
    "change": {"node", "volume", "notes", "protected"},
    "delete": {"node", "volume"},
    "prune": {"node", "storage", "vmid", "all", "prune_backups"},
    "restore": {"node", "volume", "vmid", "storage", "pool", "bwlimit", "force", "unique", "start", "live_restore"},
}


@dataclasses.dataclass(frozen=True)
class BackupDesired:
    """A backup of a guest that was taken at ``oldest`` or later; None until backups were read, if only a new one counts."""

    vmid: int
    node: str
    storage: str
    options: Mapping[str, Any]
    oldest: int | None


class GuestBackup(Planned[BackupDesired, StateOrNone]):
    """A backup of one guest that is at most so old; without an age a new one at every run."""

    name = "backup"

    def parse(self, params: Mapping[str, Any]) -> BackupDesired:
        return BackupDesired(
            params["vmid"], params["node"], params["storage"], params["options"], _oldest(params["max_age"])
        )

    def read(self, reader: Reader, desired: BackupDesired) -> State | None:
        """The newest backup."""
        found = backups_of(reader, desired.node, desired.storage, desired.vmid)
        return found[0] if found else None

    def remember(self, observed: State | None, desired: BackupDesired) -> BackupDesired:
        """Without an age only a backup counts that this run takes."""
        if desired.oldest is not None:
            return desired
        return dataclasses.replace(desired, oldest=observed["ctime"] + 1 if observed else 0)

    def plan(self, observed: State | None, desired: BackupDesired) -> Plan:
        if observed is not None and desired.oldest is not None and observed["ctime"] >= desired.oldest:
            return Plan.nothing(observed)
        params = {"vmid": desired.vmid, "storage": desired.storage, **update_params(desired.options, OPTIONS, {})}
        summary = f"back up guest {desired.vmid} to {desired.storage}"
        path = api_path("nodes", desired.node, "vzdump")
        step = Step("POST", path, params, summary, starts_task=True, task_id=str(desired.vmid))
        return Plan(None, {"vmid": desired.vmid, "storage": desired.storage}, (step,))


class Backup(CustomRun):
    """See the module pve_backup."""

    name = "backups"

    def tables(self) -> Sequence[Table]:
        content, pruned = "/nodes/*/storage/*/content/*", "/nodes/*/storage/*/prunebackups"
        return (
            Table(("POST /nodes/*/vzdump",), (*SELECTION, *OPTIONS)),
            Table((f"PUT {content}", f"DELETE {content}"), tuple(VOLUME_FIELDS)),
            Table((f"DELETE {pruned}",), (SELECTION.named("vmid"), *RETENTION)),
        )

    def arguments(self) -> dict[str, Any]:
        spec = {
            **SELECTION.specs(),
            "node": {"type": "str"},
            "all": {**SELECTION.named("all").spec(), "default": False},
            "max_age": {"type": "str"},
            "volume": {"type": "str"},
            NOTES.name: NOTES.spec(),
            **OPTIONS.specs(),
            **{flag: {"type": "bool", "default": False} for flag in ("force", "unique", "start", "live_restore")},
            "parallel": {"type": "int", "default": 1},
            "fail_fast": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent", "pruned", "restored"], "default": "present"},
            **task_arguments(),
        }
        spec["timeout"] = {"type": "int", "default": 7200}
        return {
            "argument_spec": spec,
            "required_if": [["state", state, ["volume"]] for state in ("absent", "restored")],
        }

    def may_be_empty(self) -> set[str]:
        return {"notes"}

    def run(self, client: Client, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        purpose = self._purpose(params)
        single: dict[str, Planned[Any, Any]] = {
            "change": Volume(),
            "delete": Volume(),
            "prune": Prune(),
            "restore": Restore(),
        }
        if purpose in single:
            checked = restoration(params) if purpose == "restore" else params
            return run_plan(client, single[purpose], checked, check_mode=check_mode).result()
        jobs = self._jobs(client, params)
        pool_of_workers = WorkerPool(
            client, parallel=params["parallel"], fail_fast=params["fail_fast"], check_mode=check_mode
        )
        pool_of_workers.run(jobs)
        return summary(self.name, jobs, "backups")

    def _purpose(self, params: Mapping[str, Any]) -> str:
        """What the task is for. Options that mean nothing then are refused."""
        purpose = {"absent": "delete", "pruned": "prune", "restored": "restore"}.get(params["state"], "take")
        if purpose == "take" and params.get("volume"):
            purpose = "change"
        for name, row in self.arguments()["argument_spec"].items():
            given = params.get(name) not in (None, row.get("default"))
            if given and name not in PURPOSES[purpose] and any(name in names for names in PURPOSES.values()):
                raise InvalidOption(name, f"means nothing {_IN_WORDS[purpose]}")
        return purpose

    def _jobs(self, client: Client, params: Mapping[str, Any]) -> list[Job]:
        """One job for each guest that the task names."""
        check_counts(params, "parallel")
        if not params.get("storage"):
            raise InvalidOption("storage", "is missing: where the backups go")
        chosen = [name for name in ("vmid", "pool", "all") if params.get(name)]
        if len(chosen) > 1:
            raise InvalidOption(" and ".join(chosen), "exclude each other: guests are selected in one way")
        if not chosen and params.get("node") is None:
            raise InvalidOption("vmid", "is missing: give vmid, pool, node or all")
        options = OPTIONS.parse(params)
        oldest = _oldest(params.get("max_age"))
        jobs = []
        for row in _guests(client, params):
            vmid = int(row["vmid"])
            desired = BackupDesired(vmid, row["node"], params["storage"], options, oldest)
            entry = {"vmid": vmid, "name": row.get("name", ""), "node": row["node"]}
            jobs.append(Job(f"{vmid} {row.get('name', '')}".strip(), GuestBackup(), params, desired, entry=entry))
        return jobs


BACKUP = Backup()
_IN_WORDS = {
    "take": "when backups are taken",
    "change": "with volume and state: present, which changes notes and protected",
    "delete": "with state: absent",
    "prune": "with state: pruned",
    "restore": "with state: restored",
}


def restoration(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a restoration with what the backup's name says: the kind and the id of its guest."""
    storage_of("volume", params["volume"])
    if not params.get("node"):
        raise InvalidOption("node", "is needed with state: restored: where the guest is to be")
    owner = owner_of(params["volume"])
    if owner is None:
        raise InvalidOption("volume", f"{params['volume']!r} is not the name of a backup, which says the kind of guest")
    if params.get("force") and not params.get("vmid"):
        raise InvalidOption("vmid", "is needed with force: the guest that is overwritten is named in full")
    vmids = params.get("vmid") or [owner[1]]
    if len(vmids) > 1:
        raise InvalidOption("vmid", "takes one id with state: restored")
    return {**params, "kind": owner[0], "vmid": vmids[0]}


def _oldest(max_age: str | None) -> int | None:
    return None if max_age is None else int(time.time()) - period("max_age", max_age)


def _guests(client: Client, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The guests to back up, by id. Templates count too, as vzdump has it."""
    directory = Directory(client)
    refuse_unknown(directory.rows, {name: params.get(name) for name in ("vmid", "pool", "node", "storage")})
    warn_of_unknown(client.warnings, directory.rows, {"exclude": params.get("exclude")})
    directory.confirm(lambda row: not is_reported(row))  # only for the names in the result
    found = {int(row["vmid"]): row for row in directory.guests()}
    excluded, node = set(params.get("exclude") or []), params.get("node")
    if params.get("vmid"):
        picked = [found[vmid] for vmid in dict.fromkeys(params["vmid"])]
        for row in picked:
            if node not in (None, row["node"]):
                where = f"guest {row['vmid']} is on {row['node']}, not on {node}"
                raise InvalidOption("node", where, hint="Leave node out: each guest is backed up where it is.")
    else:
        picked = [row for _vmid, row in sorted(found.items()) if params.get("pool") in (None, row.get("pool"))]
    picked = [row for row in picked if node in (None, row["node"]) and int(row["vmid"]) not in excluded]
    if not picked:
        client.warnings.append("There is no guest to back up: the selection fits none.")
    return picked
