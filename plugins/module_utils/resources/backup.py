# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: taking them of guests, what is said of one that exists, and pruning."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..client import Client
from ..engine import bring_about
from ..errors import ApiError, InvalidOption, NotFound, Refused
from ..field import Field, Fields, update_params
from ..many import Crew, Job, check_counts, summary
from ..options import task_arguments
from ..plan import Plan, Step, api_path
from ..resource import Reader, State, Wish, changed_fields, shown
from ..values import seconds_of
from .backup_job import FIELDS as JOB_FIELDS

# Parameters of vzdump beside what it backs up and where: those that a backup job has as well
OPTIONS = Fields(
    field
    for field in JOB_FIELDS
    if field.name
    in """
    bwlimit compress exclude_path fleecing ionice lockwait mailto mode notes_template notification_mode
    pbs_change_detection_mode performance pigz protected prune_backups remove stdexcludes stopwait zstd
    """.split()
)
VOLUME_FIELDS = Fields([Field("notes", clear="empty"), Field("protected", type="bool", default=False)])


def backups_of(reader: Reader, node: str, storage: str, vmid: int | None = None) -> list[dict[str, Any]]:
    """The backups on a storage as a node sees it, the newest first."""
    params = {"content": "backup", **({"vmid": vmid} if vmid else {})}
    rows = reader.get(api_path("nodes", node, "storage", storage, "content"), params) or []
    return sorted((_shown(row) for row in rows), key=lambda row: (-row["ctime"], row["volid"]))


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("volid", "vmid", "subtype", "format", "size", "notes", "verification", "encrypted")
    told = {name: row[name] for name in names if row.get(name) is not None}
    return {**told, "ctime": int(row.get("ctime", 0)), "protected": bool(int(row.get("protected") or 0))}


class GuestBackup:
    """A backup of one guest that is at most so old; without an age a new one at every run."""

    name = "backup"

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {}}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        return dict(params)

    def read(self, reader: Reader, wish: Wish) -> State | None:
        """The newest backup that counts as done: one that is young enough, or one that this run took."""
        found = backups_of(reader, wish["node"], wish["storage"], wish["vmid"])
        if wish["oldest"] is None:  # only what comes after those that are there
            wish["oldest"] = found[0]["ctime"] + 1 if found else 0
            return None
        return found[0] if found and found[0]["ctime"] >= wish["oldest"] else None

    def plan(self, current: State | None, wish: Wish) -> Plan:
        if current is not None:
            return Plan.nothing(current)
        params = {"vmid": wish["vmid"], "storage": wish["storage"], **update_params(wish["options"], OPTIONS, {})}
        why = f"back up guest {wish['vmid']} to {wish['storage']}"
        path = api_path("nodes", wish["node"], "vzdump")
        step = Step(
            "POST", path, params, why, task=True, guest=str(wish["vmid"]), repeatable=wish["oldest"] is not None
        )
        return Plan(None, {"vmid": wish["vmid"], "storage": wish["storage"]}, (step,))


class Volume:
    """One backup that exists: its notes, its protection, or its deletion."""

    name = "backup"

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": VOLUME_FIELDS.specs()}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        storage, colon, rest = params["volume"].partition(":")
        if not (storage and colon and rest):
            raise InvalidOption(
                "volume", f"{params['volume']!r} is not a volume id such as local:backup/vzdump-qemu-100-....vma.zst"
            )
        if not params.get("node"):
            raise InvalidOption("node", "is needed with volume: a node that has the storage")
        fields = VOLUME_FIELDS.wish({name: params.get(name) for name in ("notes", "protected")})
        path = api_path("nodes", params["node"], "storage", storage, "content", params["volume"])
        return {"path": path, "volume": params["volume"], "state": params["state"], "fields": fields}

    def read(self, reader: Reader, wish: Wish) -> State | None:
        try:
            answer = reader.get(wish["path"])
        except NotFound:
            return None
        except ApiError as error:
            # PVE/API2/Storage/Content.pm, info: an absent file has no format
            if "volume_size_info" in error.server_message:
                return None
            raise
        told = {"volid": wish["volume"], "protected": False, **VOLUME_FIELDS.observe(answer)}
        return {**told, "size": answer.get("size")}

    def plan(self, current: State | None, wish: Wish) -> Plan:
        if wish["state"] == "absent":
            return self._plan_absent(current, wish)
        if current is None:
            raise InvalidOption("volume", f"there is no backup {wish['volume']}")
        changes = changed_fields(VOLUME_FIELDS, current, wish["fields"])
        if not changes:
            return Plan.nothing(current)
        params = update_params(changes, VOLUME_FIELDS, current)
        step = Step("PUT", wish["path"], params, f"change {', '.join(changes)} of {wish['volume']}")
        return Plan(current, shown(VOLUME_FIELDS, current, changes), (step,))

    @staticmethod
    def _plan_absent(current: State | None, wish: Wish) -> Plan:
        if current is None:
            return Plan.nothing(None)
        if current["protected"]:
            raise Refused(f"The backup {wish['volume']} is protected.", hint="Set protected: false first.")
        step = Step("DELETE", wish["path"], {}, f"delete the backup {wish['volume']}", task=True)
        return Plan(current, None, (step,))


class Prune:
    """The backups that a retention keeps, of one guest or of all on a storage."""

    name = "pruned"

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {}}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        for name in ("node", "storage"):
            if not params.get(name):
                raise InvalidOption(name, "is needed with state: pruned")
        vmids = params.get("vmid") or []
        if len(vmids) > 1:
            raise InvalidOption("vmid", "takes one id with state: pruned, or none for all guests")
        rule = OPTIONS.wish({"prune_backups": params.get("prune_backups")})
        query = {**update_params(rule, OPTIONS, {}), **({"vmid": vmids[0]} if vmids else {})}
        path = api_path("nodes", params["node"], "storage", params["storage"], "prunebackups")
        return {"path": path, "query": query, "storage": params["storage"]}

    def read(self, reader: Reader, wish: Wish) -> State | None:
        rows = reader.get(wish["path"], wish["query"]) or []
        kinds = ("keep", "remove", "protected")
        return {kind: sorted(row["volid"] for row in rows if row.get("mark") == kind) for kind in kinds}

    def plan(self, current: State | None, wish: Wish) -> Plan:
        current = current or {}
        if not current.get("remove"):
            return Plan.nothing(current)
        why = f"delete {len(current['remove'])} backups on {wish['storage']}: {', '.join(current['remove'])}"
        step = Step("DELETE", wish["path"], wish["query"], why, task=True)
        return Plan(current, {**current, "remove": []}, (step,))


class Backup:
    """See the module pve_backup."""

    name = "backups"

    def arguments(self) -> dict[str, Any]:
        spec = {
            "vmid": {"type": "list", "elements": "int"},
            "pool": {"type": "str"},
            "node": {"type": "str"},
            "all": {"type": "bool", "default": False},
            "exclude": {"type": "list", "elements": "int"},
            "storage": {"type": "str"},
            "max_age": {"type": "str"},
            "volume": {"type": "str"},
            "notes": {"type": "str"},
            **OPTIONS.specs(),
            "parallel": {"type": "int", "default": 1},
            "fail_fast": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent", "pruned"], "default": "present"},
            **task_arguments(),
        }
        spec["timeout"] = {"type": "int", "default": 7200}
        rules = {
            "mutually_exclusive": [["vmid", "pool", "volume"]],
            "required_if": [["state", "absent", ["volume"]]],
        }
        return {"argument_spec": spec, **rules}

    # The engine's protocol; each of the three jobs below has a resource of its own.

    def wish(self, params: Mapping[str, Any]) -> Wish:
        return dict(params)

    def read(self, reader: Reader, wish: Wish) -> State | None:
        return None

    def plan(self, current: State | None, wish: Wish) -> Plan:
        return Plan.nothing(current)

    def perform_many(self, client: Client, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """The result of a task."""
        if params.get("volume"):
            return bring_about(client, Volume(), params, check_mode=check_mode).result()
        if params["state"] == "pruned":
            return bring_about(client, Prune(), params, check_mode=check_mode).result()
        jobs = self._jobs(client, params)
        crew = Crew(client, parallel=params["parallel"], fail_fast=params["fail_fast"], check_mode=check_mode)
        crew.run(jobs)
        return summary(self.name, jobs, "backups")

    def _jobs(self, client: Client, params: Mapping[str, Any]) -> list[Job]:
        """One job for each guest that the task names."""
        check_counts(params, "parallel")
        if not params.get("storage"):
            raise InvalidOption("storage", "is missing: where the backups go")
        if params["all"] and (params.get("vmid") or params.get("pool")):
            raise InvalidOption("all", "excludes vmid and pool")
        if params.get("notes") is not None:
            raise InvalidOption("notes", "belongs to volume; use notes_template for new backups")
        options = OPTIONS.wish(params)
        oldest = _oldest(params.get("max_age"))
        jobs = []
        for row in _guests(client, params):
            vmid = int(row["vmid"])
            wish = {
                "vmid": vmid,
                "node": row["node"],
                "storage": params["storage"],
                "options": options,
                "oldest": oldest,
            }
            wish.update(oldest=oldest, by_age=oldest is not None)
            entry = {"vmid": vmid, "name": row.get("name", ""), "node": row["node"]}
            jobs.append(Job(f"{vmid} {row.get('name', '')}".strip(), GuestBackup(), params, wish, entry=entry))
        return jobs


BACKUP = Backup()


def _oldest(max_age: str | None) -> int | None:
    if max_age is None:
        return None
    seconds = seconds_of(max_age)
    if seconds is None:
        raise InvalidOption("max_age", f"{max_age!r} is not a period such as 24h or 7d")
    return int(time.time()) - seconds


def _guests(client: Client, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The guests to back up, by id. Templates count too, as vzdump has it."""
    rows = client.get("/cluster/resources", {"type": "vm"})
    found = {int(row["vmid"]): row for row in rows if row.get("type") in ("qemu", "lxc") and "vmid" in row}
    excluded = set(params.get("exclude") or [])
    if params.get("vmid"):
        absent = [vmid for vmid in params["vmid"] if vmid not in found]
        if absent:
            raise InvalidOption("vmid", f"there is no guest {', '.join(map(str, absent))}")
        picked = [found[vmid] for vmid in dict.fromkeys(params["vmid"])]
    elif params.get("pool") or params.get("node") or params.get("all"):
        picked = [row for _vmid, row in sorted(found.items()) if params.get("pool") in (None, row.get("pool"))]
    else:
        raise InvalidOption("vmid", "is missing: give vmid, pool, node or all")
    at_node = [row for row in picked if params.get("node") in (None, row["node"])]
    return [row for row in at_node if int(row["vmid"]) not in excluded]
