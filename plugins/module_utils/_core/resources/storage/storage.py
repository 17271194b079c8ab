# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storages: where a cluster keeps disks, backups, images and templates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...api.facts import RELEASE
from ...model.contract import Reader
from ...model.errors import ApiError, InvalidOption, Refused
from ...model.field import Field
from ...model.kinds.info import ListInfo, Options
from ...model.kinds.item import Item, ItemDesired, Observed
from ...model.kinds.type_rules import TypeRules
from ...model.plan import Plan, api_path
from ...model.values import Matching
from ..existence import new_value, unknown_nodes
from .fields import CONTENTS, FIELDS
from .status import storage_rows
from .types import STORAGE_TYPES

COLLECTION = "/storage"
AUTOGEN = "autogen"  # the word that makes the server generate an encryption key


class Storage(Item):
    """An item of a type that the server's release has."""

    def read(self, reader: Reader, desired: ItemDesired) -> Observed:
        kind = desired.fields.get("type", "") if desired.state == "present" else ""
        facts = STORAGE_TYPES.get(kind)
        if facts and facts.dropped and reader.release()[0] >= facts.dropped:
            release = ".".join(map(str, reader.release()))
            raise InvalidOption(
                "type",
                f"PVE {facts.dropped} dropped storages of type {kind}, and this server has {release}",
                hint="Mount the volume on each node, and use a storage of type dir with shared and is_mountpoint.",
            )
        return super().read(reader, desired)


def _look_at_contents(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse what a storage of this type cannot hold; a release that is newer than the facts may know more."""
    kind = (plan.after or {}).get("type", "")
    facts = STORAGE_TYPES.get(kind)
    wrong = sorted(set(new_value(plan, "content") or ()) - facts.contents) if facts else []
    if facts and wrong and reader.release() <= RELEASE:
        possible = ", ".join(sorted(facts.contents - {"none"}))
        raise InvalidOption("content", f"a storage of type {kind} cannot hold {', '.join(wrong)}, only {possible}")


def _look_at_nodes(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Warn of nodes that are not in the cluster: PVE accepts them, and they may be about to join."""
    nodes = new_value(plan, "nodes")
    absent = unknown_nodes(reader, nodes) if nodes else []
    if absent:
        reader.warnings.append(f"nodes: there is no node {', '.join(absent)} in the cluster.")


def _with_generated_key(plan: Plan, desired: ItemDesired) -> Plan:
    """The plan whose result has the encryption key, if the server generates one."""
    steps = [
        dataclasses.replace(step, returns={"generated": "config"}, repeatable=False)
        if step.params.get("encryption-key") == AUTOGEN
        else step
        for step in plan.steps
    ]
    return dataclasses.replace(plan, steps=tuple(steps))


def _volumes(reader: Reader, state: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The ids of the volumes in a storage, and why some cannot be seen. One node lists those of a shared storage."""
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


def _refuse_loss(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse to delete a storage with volumes."""
    if desired.state != "absent" or desired.options["force"]:
        return
    volumes, unseen = _volumes(reader, plan.before or {})
    if not volumes and not unseen:
        return
    reasons = []
    if volumes:
        more = f" and {len(volumes) - 3} more" if len(volumes) > 3 else ""
        reasons.append(f"still holds {', '.join(volumes[:3])}{more}")
    if unseen:
        reasons.append(f"may hold volumes that cannot be listed ({'; '.join(unseen)})")
    raise Refused(
        f"Storage {desired.key} {' and '.join(reasons)}.",
        hint="Set force: true to delete it nevertheless; its data stay where they are, but guests and jobs lose them.",
    )


class StorageList(ListInfo):
    """Storages as configured, each with its status on every node where it can be used."""

    def read(self, reader: Reader, desired: Options) -> Any:
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
    """Status on all nodes; the server collects sizes every ten seconds or so."""
    return [
        (row["storage"], _usage(row["node"], row.get("status") == "available", row.get("maxdisk"), row.get("disk")))
        for row in storage_rows(reader)
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
    Field(
        "storage",
        aliases=("name",),
        codec=Matching(
            r"[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]",
            "{value} is not two or more letters, digits, '.', '_', '-', with a letter in front",
        ),
    ),
    FIELDS,
    digest=True,
    merges=("content", "nodes"),
    shown_secrets=("encryption_key", "master_pubkey"),
    types=TypeRules(
        {kind: rules.options for kind, rules in STORAGE_TYPES.items()},
        needed={kind: sorted(rules.required) for kind, rules in STORAGE_TYPES.items()},
        fixed={kind: rules.fixed for kind, rules in STORAGE_TYPES.items()},
    ),
    preflights=(_look_at_contents, _look_at_nodes, _refuse_loss),
    amend=_with_generated_key,
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
