# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storages: where a cluster keeps disks, backups, images and templates."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ...model.changes import changed_fields, refuse_create_only
from ...model.contract import Desired, Reader, State
from ...model.errors import ApiError, InvalidOption, Refused
from ...model.field import Field, Fields
from ...model.kinds.by_type import refuse_other_types
from ...model.kinds.info import ListInfo
from ...model.kinds.item import Item
from ...model.plan import HIDDEN, Plan, api_path
from .fields import CONTENTS, FIELDS
from .types import STORAGE_TYPES

COLLECTION = "/storage"
STORAGE_OPTIONS = {kind: facts.options for kind, facts in STORAGE_TYPES.items()}
STORAGEID = re.compile(r"[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]")
AUTOGEN = "autogen"  # the word that makes the server generate an encryption key
TOLD_SECRETS = ("encryption_key", "master_pubkey")  # the server tells whether there is one, not which


class Storage(Item):
    """An item whose type decides which options it has and which of them are fixed."""

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = super().parse(params)
        if not STORAGEID.fullmatch(desired["key"]):
            raise InvalidOption(
                self.key.name,
                f"{desired['key']!r} is not two or more letters, digits, '.', '_', '-', with a letter in front",
            )
        return desired

    def observe(self, key: str, answer: Mapping[str, Any]) -> State:
        told = {name: HIDDEN for name in TOLD_SECRETS if answer.get(self.fields.named(name).api)}
        return {**super().observe(key, answer), **told}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        state = super().read(reader, desired)
        if state is not None and desired["state"] == "absent" and not desired["force"]:
            desired["volumes"], desired["unseen"] = _volumes(reader, state)
        return state

    def plan(self, current: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            if current is not None and not desired["force"]:
                _refuse_loss(desired)
            return super().plan(current, desired)
        _check_options(current, desired)
        plan = super().plan(current, desired)
        if desired["fields"].get("encryption_key") != AUTOGEN:
            return plan
        steps = [
            dataclasses.replace(step, returns={"generated": "config"}, repeatable=False)
            if step.params.get("encryption-key") == AUTOGEN
            else step
            for step in plan.steps
        ]
        return dataclasses.replace(plan, steps=tuple(steps))

    def _plan_update(self, current: State, desired: Desired) -> Plan:
        """A secret that is known to be missing is sent, whatever update_password says."""
        missing = [name for name in TOLD_SECRETS if desired["fields"].get(name) and name not in current]
        if missing and not desired["push_secrets"]:
            fields = {
                name: value
                for name, value in desired["fields"].items()
                if name in missing or not self.fields.named(name).secret
            }
            desired = {**desired, "fields": fields, "push_secrets": True}
        return super()._plan_update(current, desired)


def _check_options(current: State | None, desired: Desired) -> None:
    """Refuse what the type of the storage does not have, lacks or keeps."""
    fields = desired["fields"]
    kind = (current or fields).get("type")
    if not kind:
        raise InvalidOption("type", "is needed to create a storage")
    facts = STORAGE_TYPES.get(kind)
    if facts is None:
        return  # of a plugin that PVE does not bring along: the server knows
    if current is not None:
        fixed = Fields(dataclasses.replace(field, create_only=field.name in {"type", *facts.fixed}) for field in FIELDS)
        refuse_create_only(fixed, current, changed_fields(FIELDS, current, fields), f"storage {desired['key']}")
    refuse_other_types((name for name, value in fields.items() if value != ""), kind, STORAGE_OPTIONS)
    if current is None:
        for name in sorted(facts.required):
            if fields.get(name) in (None, ""):
                raise InvalidOption(name, f"is needed to create a storage of type {kind}")


def _volumes(reader: Reader, state: State) -> tuple[list[str], list[str]]:
    """The ids of the volumes in a storage, and why some cannot be seen. One node tells those of a shared storage."""
    if state.get("disable"):
        return [], ["the storage is disabled"]
    nodes = {row["node"]: row.get("status") == "online" for row in reader.get("/nodes") or []}
    there = {node: online for node, online in sorted(nodes.items()) if node in state.get("nodes", nodes)}
    volumes: set[str] = set()
    unseen = [f"node {node} is offline" for node, online in there.items() if not online]
    for node in (node for node, online in there.items() if online):
        try:
            rows = reader.get(api_path("nodes", node, "storage", state["storage"], "content"))
        except ApiError as error:
            unseen.append(error.server_message)
            continue
        volumes.update(row["volid"] for row in rows or [])
        if state.get("shared"):
            return sorted(volumes), []
    return sorted(volumes), unseen


def _refuse_loss(desired: Desired) -> None:
    volumes, unseen = desired["volumes"], desired["unseen"]
    if not volumes and not unseen:
        return
    reasons = []
    if volumes:
        more = f" and {len(volumes) - 3} more" if len(volumes) > 3 else ""
        reasons.append(f"still holds {', '.join(volumes[:3])}{more}")
    if unseen:
        reasons.append(f"may hold volumes that cannot be listed ({'; '.join(unseen)})")
    raise Refused(
        f"Storage {desired['key']} {' and '.join(reasons)}.",
        hint="Set force: true to delete it nevertheless; its data stay where they are, but guests and jobs lose them.",
    )


class StorageList(ListInfo):
    """Storages as configured, each with its status on every node where it can be used."""

    def read(self, reader: Reader, desired: Desired) -> Any:
        status: dict[str, list[dict[str, Any]]] = {}
        for name, row in _node_status(reader, desired["node"]) if desired["node"] else _cluster_status(reader):
            status.setdefault(name, []).append(row)
        rows = [
            {**row, "status": sorted(status.get(row["storage"], []), key=lambda found: str(found["node"]))}
            for row in super().read(reader, desired)
            if desired["type"] in (None, row["type"])
            and (desired["content"] is None or desired["content"] in row["content"])
        ]
        return [row for row in rows if row["status"] or not desired["node"]]

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in super()._shown(row).items() if name != "digest"}


def _cluster_status(reader: Reader) -> list[tuple[str, dict[str, Any]]]:
    """Status on all nodes by one call; the server collects it every ten seconds or so."""
    return [
        (row["storage"], _usage(row["node"], row.get("status") == "available", row.get("maxdisk"), row.get("disk")))
        for row in reader.get("/cluster/resources", {"type": "storage"}) or []
        if row.get("type") == "storage"
    ]


def _node_status(reader: Reader, node: str) -> list[tuple[str, dict[str, Any]]]:
    """Status on one node, as it is now."""
    return [
        (row["storage"], _usage(node, bool(row.get("active")), row.get("total"), row.get("used"), row.get("avail")))
        for row in reader.get(api_path("nodes", node, "storage")) or []
    ]


def _usage(node: str, active: bool, total: Any, used: Any, free: Any = None) -> dict[str, Any]:
    total, used = int(total or 0), int(used or 0)
    return {
        "node": node,
        "active": active,
        "total": total,
        "used": used,
        "free": int(total - used if free is None else free),
    }


STORAGE = Storage(
    "storage",
    COLLECTION,
    Field("storage", aliases=("name",)),
    FIELDS,
    digest=True,
    extra_options={"force": {"type": "bool", "default": False}},
)
STORAGE_INFO = StorageList(
    "storages",
    lambda desired: COLLECTION,
    key="storage",
    fields=FIELDS,
    options={
        "node": {"type": "str"},
        "type": {"type": "str"},
        "content": {"type": "str", "choices": list(CONTENTS)},
    },
)
