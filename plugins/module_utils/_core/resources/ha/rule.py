# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where resources of high availability run: rules, and the groups that PVE 8 has instead of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import Reader, State
from ...model.errors import CREATED_FIRST, ApiError, InvalidOption, PermissionDenied, Refused
from ...model.field import Field, Fields
from ...model.kinds.item import Item, ItemDesired, Observed
from ...model.kinds.type_rules import refuse_other_types
from ...model.plan import Plan, Step
from ...model.values import Comment, Set
from ..existence import require_nodes
from .resource import RESOURCES, check_sid, complete_sids

RULES = "/cluster/ha/rules"
GROUPS = "/cluster/ha/groups"
NODE, RESOURCE = "node-affinity", "resource-affinity"
# type -> the options that only it takes, and those that it needs
OWN: dict[str, tuple[str, ...]] = {NODE: ("nodes", "strict"), RESOURCE: ()}
NEEDED = {NODE: ("resources", "nodes"), RESOURCE: ("resources", "affinity")}


class RuleComment(Comment):
    """A comment of ASCII only: PVE fails to write others."""

    def parse_option(self, value: Any) -> str:
        text = self.parse(value)
        if not text.isascii():
            raise ValueError(f"{text!r} has characters outside ASCII, which PVE refuses in HA rules")
        return text


class NodePriorities(Set):
    """Nodes with their priorities, ``pve1:2``; without one it is 0, and the highest that is up wins."""

    def parse(self, value: Any) -> list[str]:
        priorities: dict[str, int] = {}
        for part in super().parse(value):
            match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9-]*)(?::(\d+))?", part)
            if not match:
                raise ValueError(f"{part!r} is not a node, or a node with its priority as in 'pve1:2'")
            if match[1] in priorities:
                raise ValueError(f"node {match[1]!r} is named twice")
            priorities[match[1]] = int(match[2] or 0)
        return [f"{node}:{number}" if number else node for node, number in sorted(priorities.items())]

    def join(self, current: Any, added: Any) -> Any:
        """A node that is added has the priority that it has there."""
        names = {part.partition(":")[0] for part in added}
        return super().join([part for part in current if part.partition(":")[0] not in names], added)


class Sids(Set):
    """Ids of resources; a bare number is completed once the server can be asked."""

    def parse(self, value: Any) -> list[str]:
        return sorted(super().parse(value), key=lambda sid: (sid.partition(":")[2].zfill(9), sid))


RULE_FIELDS = Fields(
    [
        Field("type", clear="never", choices=tuple(OWN)),
        Field("affinity", clear="never", choices=("positive", "negative"), default="positive"),
        Field("comment", codec=RuleComment()),
        Field("disable", type="bool", default=False),
        Field("nodes", type="list", elements="str", codec=NodePriorities(), clear="never"),
        Field("resources", type="list", elements="str", codec=Sids(), clear="never"),
        Field("strict", type="bool", default=False),
    ]
)


@dataclasses.dataclass(frozen=True)
class ObservedRule(Observed):
    """A rule, and the resources that the task names with their types."""

    resources: Sequence[str] = ()


def _check_sids(desired: ItemDesired) -> None:
    for sid in desired.fields.get("resources") or []:
        check_sid("resources", sid)


class HaRule(Item):
    """An item whose type changes only by deleting it and creating it again."""

    def read(self, reader: Reader, desired: ItemDesired) -> ObservedRule:
        observed = super().read(reader, desired)
        sids: Sequence[str] = desired.fields.get("resources") or []
        if desired.state == "present" and sids:
            sids = complete_sids(reader, "resources", sids, (observed.state or {}).get("resources", []))
        return ObservedRule(state=observed.state, digest=observed.digest, resources=sids)

    def _wanted(self, observed: Observed, desired: ItemDesired) -> Mapping[str, Any]:
        if isinstance(observed, ObservedRule) and observed.resources:
            fields = {**desired.fields, "resources": Sids().parse(observed.resources)}
            desired = dataclasses.replace(desired, fields=fields)
        fields = dict(super()._wanted(observed, desired))
        kind = fields.get("type") or (observed.state or {}).get("type")
        if kind is None:
            raise InvalidOption("type", f"is needed to create a rule: {' or '.join(OWN)}")
        return {**fields, "type": kind}

    def _plan_present(self, observed: Observed, desired: ItemDesired) -> Plan:
        kind, current = desired.fields["type"], observed.state or {}
        replaced = current.get("type") not in (None, kind)
        carried = _without_type(current, kind) if replaced else current
        _check_rule(kind, desired.fields, carried)
        return self._plan_replace(observed, carried, desired) if replaced else super()._plan_present(observed, desired)

    def _plan_replace(self, observed: Observed, carried: State, desired: ItemDesired) -> Plan:
        """Delete and create; what the task does not name and the new type takes is carried over."""
        options = {name: value for name, value in carried.items() if name != self.key.name}
        create = self._plan_create(observed, dataclasses.replace(desired, fields={**options, **desired.fields}))
        summary = f"delete rule {desired.key}, whose type cannot be changed"
        return Plan(observed.state, create.after, (Step("DELETE", self.path(desired.key), {}, summary), *create.steps))


def _refuse_unknown(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse nodes that do not exist, and guests that are no HA resources (pve-ha-manager src/PVE/API2/HA/Rules.pm)."""
    sent = {name for step in plan.steps for name in step.params}
    after = plan.after or {}
    if "nodes" in sent:
        require_nodes(reader, "nodes", (node.partition(":")[0] for node in after["nodes"]))
    if "resources" in sent and (known := _managed(reader)) is not None:
        missing = [sid for sid in after["resources"] if sid not in known]
        if missing:
            hint = f"Add each of them with pve_ha. {CREATED_FIRST}"
            raise InvalidOption("resources", f"high availability does not manage {', '.join(missing)}", hint=hint)


def _managed(reader: Reader) -> set[str] | None:
    """The ids of all HA resources; None if the login may not list them."""
    try:
        return {str(row["sid"]) for row in reader.get(RESOURCES) or []}
    except PermissionDenied:
        return None


def _check_rule(kind: str, fields: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Refuse what the type does not take, and a rule that would lack what it needs."""
    refuse_other_types(fields, kind, OWN)
    for name in NEEDED[kind]:
        if not fields.get(name) and not current.get(name):
            raise InvalidOption(name, f"is needed for a rule of type {kind}")
    members = fields.get("resources") or current.get("resources") or []
    if kind == RESOURCE and len(members) < 2:
        raise InvalidOption("resources", f"a rule of type {kind} needs at least two resources")


def _without_type(current: Mapping[str, Any], kind: str) -> State:
    """A rule without its type, its affinity, which means something else then, and what only rules of another type take."""
    foreign = {name for other, names in OWN.items() if other != kind for name in names}
    return {name: value for name, value in current.items() if name not in foreign | {"type", "affinity"}}


GROUP_FIELDS = Fields(
    [
        Field("comment", codec=Comment()),
        Field("nodes", type="list", elements="str", codec=NodePriorities(), clear="never"),
        Field("nofailback", type="bool", default=False),
        Field("restricted", type="bool", default=False),
    ]
)


class HaGroup(Item):
    """An item of PVE 8; a newer server gets it in its own terms."""

    def read(self, reader: Reader, desired: ItemDesired) -> Observed:
        try:
            return super().read(reader, desired)
        except ApiError as error:
            if "migrated to rules" not in error.server_message:
                raise
            if desired.state == "absent":
                return Observed(None)
            raise Refused(
                "PVE 9 has no HA groups.", hint=f"Use this task instead:\n{equivalent_rule(desired)}"
            ) from None


def equivalent_rule(desired: ItemDesired) -> str:
    """The task that does on PVE 9 what a task for a group does on PVE 8, as YAML."""
    fields = desired.fields
    nodes = ", ".join(f"'{node}'" for node in fields.get("nodes") or [])
    lines = [
        f"- name: Resources of the former HA group {desired.key}",
        "  pve.automation.pve_ha_rule:",
        f"    rule: {desired.key}",
        f"    type: {NODE}",
        f"    nodes: [{nodes}]",
        f"    strict: {str(bool(fields.get('restricted'))).lower()}",
        "    resources: []  # name those that were in the group, as in vm:100",
    ]
    if fields.get("comment"):
        lines.append(f"    comment: {fields['comment']!r}")
    if fields.get("nofailback"):
        lines.append("  # nofailback is an option of each resource now: pve_ha with failback: false")
    return "\n".join(lines)


RULE = HaRule(
    "rule",
    RULES,
    Field("rule", aliases=("name",)),
    RULE_FIELDS,
    always=("type",),
    digest=True,
    merges=("resources", "nodes"),
    too_old="HA rules came with PVE 9.0; PVE 8 has groups: use pve_ha_group.",
    checks=(_check_sids,),
    preflights=(_refuse_unknown,),
)
GROUP = HaGroup("group", GROUPS, Field("group", aliases=("name",)), GROUP_FIELDS, needed=("nodes",), merges=("nodes",))
