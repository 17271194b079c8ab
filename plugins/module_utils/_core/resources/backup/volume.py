# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups that exist: listing them, what is said of one, its deletion, and pruning."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ...model.changes import changed_fields, shown
from ...model.contract import Planned, Reader, State, StateOrNone
from ...model.errors import ApiError, InvalidOption, NotFound, Refused
from ...model.field import Field, Fields, update_params
from ...model.plan import Plan, Step, api_path, whole_part
from .job import FIELDS as JOB_FIELDS

VOLUME_FIELDS = Fields([Field("notes", clear="empty"), Field("protected", type="bool", default=False)])
RETENTION = Fields([JOB_FIELDS.named("prune_backups")])
# vzdump-qemu-100-..., or on a Proxmox Backup Server vm/100/...
_NAMED = re.compile(r"vzdump-(?P<dump>qemu|lxc)-(?P<dumped>\d+)-|backup/(?P<group>vm|ct)/(?P<grouped>\d+)/")
_KINDS = {"qemu": "qemu", "vm": "qemu", "lxc": "lxc", "ct": "lxc"}
_SHOWN = ("volid", "vmid", "subtype", "format", "size", "notes", "verification", "encrypted")


def backups_of(reader: Reader, node: str, storage: str, vmid: int | None = None) -> list[dict[str, Any]]:
    """The backups on a storage as a node sees it, the newest first."""
    params = {"content": "backup", **({"vmid": vmid} if vmid else {})}
    rows = reader.get(api_path("nodes", node, "storage", storage, "content"), params) or []
    return sorted(map(shown_backup, rows), key=newest_first)


def newest_first(backup: Mapping[str, Any]) -> tuple[int, str]:
    """What backups are sorted by."""
    return -backup["ctime"], backup["volid"]


def shown_backup(row: Mapping[str, Any]) -> dict[str, Any]:
    """A backup as users see it, from a row of a storage's content."""
    found = {name: row[name] for name in _SHOWN if row.get(name) is not None}
    return {**found, "ctime": int(row.get("ctime", 0)), "protected": bool(int(row.get("protected") or 0))}


def storage_of(option: str, volume: str) -> str:
    """The storage that a volume id names."""
    storage, colon, rest = volume.partition(":")
    if not (storage and colon and rest):
        raise InvalidOption(option, f"{volume!r} is not a volume id such as local:backup/vzdump-qemu-100-....vma.zst")
    return storage


def check_backup(option: str, volume: str) -> None:
    """Refuse a volume that is no backup: the API's call that deletes one deletes disks of guests and ISO images as well.

    Names of backups begin with backup/ on every type of storage (pve-storage, parse_volname of Plugin.pm and PBSPlugin.pm).
    """
    storage = storage_of(option, volume)
    if not volume.startswith(f"{storage}:backup/"):
        raise InvalidOption(option, f"{volume!r} is not a backup; the name of one begins with {storage}:backup/")


def owner_of(volume: str) -> tuple[str, int] | None:
    """The kind (qemu or lxc) and the id of the guest in a backup, as its name says; None if it does not."""
    found = _NAMED.search(volume)
    return found and (_KINDS[found["dump"] or found["group"]], int(found["dumped"] or found["grouped"]))


@dataclasses.dataclass(frozen=True)
class VolumeDesired:
    """A backup that exists, as it is to be."""

    path: str
    volume: str
    state: str
    fields: Mapping[str, Any]


class Volume(Planned[VolumeDesired, StateOrNone]):
    """One backup that exists: its notes, its protection, or its deletion."""

    name = "backup"

    def parse(self, params: Mapping[str, Any]) -> VolumeDesired:
        storage = storage_of("volume", params["volume"])
        check_backup("volume", params["volume"])
        if not params.get("node"):
            raise InvalidOption("node", "is needed with volume: a node that has the storage")
        fields = VOLUME_FIELDS.parse({name: params.get(name) for name in ("notes", "protected")})
        path = api_path("nodes", params["node"], "storage", storage, "content") + whole_part(params["volume"])
        return VolumeDesired(path, params["volume"], params["state"], fields)

    def read(self, reader: Reader, desired: VolumeDesired) -> State | None:
        try:
            answer = reader.get(desired.path)
        except NotFound:
            return None
        except ApiError as error:
            # PVE/API2/Storage/Content.pm, info: an absent file has no format
            if "volume_size_info" in error.server_message:
                return None
            raise
        found = {"volid": desired.volume, "protected": False, **VOLUME_FIELDS.observe(answer)}
        return {**found, "size": answer.get("size")}

    def plan(self, observed: State | None, desired: VolumeDesired) -> Plan:
        if desired.state == "absent":
            return self._plan_absent(observed, desired)
        if observed is None:
            raise InvalidOption("volume", f"there is no backup {desired.volume}")
        changes = changed_fields(VOLUME_FIELDS, observed, desired.fields)
        if not changes:
            return Plan.nothing(observed)
        params = update_params(changes, VOLUME_FIELDS, observed)
        step = Step("PUT", desired.path, params, f"change {', '.join(changes)} of {desired.volume}")
        return Plan(observed, shown(VOLUME_FIELDS, observed, changes), (step,))

    @staticmethod
    def _plan_absent(current: State | None, desired: VolumeDesired) -> Plan:
        if current is None:
            return Plan.nothing(None)
        if current["protected"]:
            raise Refused(f"The backup {desired.volume} is protected.", hint="Set protected: false first.")
        step = Step("DELETE", desired.path, {}, f"delete the backup {desired.volume}", starts_task=True)
        return Plan(current, None, (step,))


@dataclasses.dataclass(frozen=True)
class PruneDesired:
    """A retention; ``query`` are the parameters of the calls that mark backups and delete them."""

    path: str
    query: Mapping[str, Any]
    storage: str


class Prune(Planned[PruneDesired, State]):
    """The backups that a retention keeps, of one guest or of all on a storage."""

    name = "pruned"

    def parse(self, params: Mapping[str, Any]) -> PruneDesired:
        for name in ("node", "storage"):
            if not params.get(name):
                raise InvalidOption(name, "is needed with state: pruned")
        vmids = params.get("vmid") or []
        if len(vmids) > 1:
            raise InvalidOption("vmid", "takes one id with state: pruned", hint="all: true prunes those of all guests.")
        if vmids and params.get("all"):
            raise InvalidOption("vmid and all", "exclude each other: guests are selected in one way")
        if not vmids and not params.get("all"):  # a variable that is null must not delete the backups of all guests
            raise InvalidOption("vmid", "is missing: give vmid, or all: true for the backups of all guests")
        rule = RETENTION.parse({"prune_backups": params.get("prune_backups")})
        query = {**update_params(rule, RETENTION, {}), **({"vmid": vmids[0]} if vmids else {})}
        path = api_path("nodes", params["node"], "storage", params["storage"], "prunebackups")
        return PruneDesired(path, query, params["storage"])

    def read(self, reader: Reader, desired: PruneDesired) -> State:
        rows = reader.get(desired.path, desired.query) or []
        kinds = ("keep", "remove", "protected")
        return {kind: sorted(row["volid"] for row in rows if row.get("mark") == kind) for kind in kinds}

    def plan(self, observed: State, desired: PruneDesired) -> Plan:
        if not observed["remove"]:
            return Plan.nothing(observed)
        summary = f"delete {len(observed['remove'])} backups on {desired.storage}: {', '.join(observed['remove'])}"
        step = Step("DELETE", desired.path, desired.query, summary, starts_task=True)
        return Plan(observed, {**observed, "remove": []}, (step,))
