# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where resources of high availability run: rules, and the groups that PVE 8 has instead of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Desired, Reader, State
from ...model.errors import ApiError, InvalidOption, NotFound, NotImplementedByServer, Refused
from ...model.field import Field, Fields
from ...model.given import Use
from ...model.kinds.by_type import refuse_other_types
from ...model.kinds.item import Item
from ...model.plan import Plan, Step
from ...model.values import Set
from .resource import check_sid, complete_sids

RULES = "/cluster/ha/rules"
GROUPS = "/cluster/ha/groups"
NODE, RESOURCE = "node-affinity", "resource-affinity"
# type -> the options that only it takes, and those that it needs
OWN: dict[str, tuple[str, ...]] = {NODE: ("nodes", "strict"), RESOURCE: ()}
NEEDED = {NODE: ("resources", "nodes"), RESOURCE: ("resources", "affinity")}


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


class Sids(Set):
    """Ids of resources; a bare number is completed once the server can be asked."""

    def parse(self, value: Any) -> list[str]:
        return sorted(super().parse(value), key=lambda sid: (sid.partition(":")[2].zfill(9), sid))


RULE_FIELDS = Fields(
    [
        Field("type", clear="never", choices=tuple(OWN)),
        Field("affinity", clear="never", choices=("positive", "negative"), default="positive"),
        Field("comment"),
        Field("disable", type="bool", default=False),
        Field("nodes", type="list", elements="str", codec=NodePriorities(), clear="never"),
        Field("resources", type="list", elements="str", codec=Sids(), clear="never"),
        Field("strict", type="bool", default=False),
    ]
)


class HaRule(Item):
    """An item whose update names its type, and whose type changes only by deleting it and creating it anew."""

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = super().parse(params)
        for sid in desired["fields"].get("resources") or []:
            check_sid("resources", sid)
        return desired

    def read(self, reader: Reader, desired: Desired) -> State | None:
        try:
            current = super().read(reader, desired)
        except NotImplementedByServer as error:
            error.hint = "HA rules came with PVE 9.0; PVE 8 has groups: use pve_ha_group."
            raise
        fields = desired["fields"]
        if desired["state"] == "present" and fields.get("resources"):
            known = (current or {}).get("resources", [])
            fields["resources"] = complete_sids(reader, "resources", fields["resources"], known)
        return current

    def plan(self, current: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            return self._plan_absent(current, desired)
        fields = dict(desired["fields"])
        if current and desired["append"] and "resources" in fields:
            fields["resources"] = Sids().parse([*current.get("resources", []), *fields["resources"]])
        kind = fields.get("type") or (current or {}).get("type")
        if kind is None:
            raise InvalidOption("type", f"is needed to create a rule: {' or '.join(OWN)}")
        replaced = current is not None and current.get("type") not in (None, kind)
        carried = _without_type(current or {}, kind) if replaced else (current or {})
        self._check(kind, fields, carried)
        desired = {**desired, "fields": {**fields, "type": kind}, "append": False}
        if not replaced:
            return super().plan(current, desired)
        return self._plan_replace(current or {}, carried, desired)

    @staticmethod
    def _check(kind: str, fields: Mapping[str, Any], current: Mapping[str, Any]) -> None:
        """Refuse what the type does not take, and a rule that would lack what it needs."""
        refuse_other_types(fields, kind, OWN)
        for name in NEEDED[kind]:
            if not fields.get(name) and not current.get(name):
                raise InvalidOption(name, f"is needed for a rule of type {kind}")
        members = fields.get("resources") or current.get("resources") or []
        if kind == RESOURCE and len(members) < 2:
            raise InvalidOption("resources", f"a rule of type {kind} needs at least two resources")

    def _plan_replace(self, current: State, carried: State, desired: Desired) -> Plan:
        """Delete and create; what the task does not name and the new type takes is carried over."""
        options = {name: value for name, value in carried.items() if name != self.key.name}
        create = self._plan_create({**desired, "fields": {**options, **desired["fields"]}})
        delete = Step(
            "DELETE", self.path(desired["key"]), {}, f"delete rule {desired['key']}, whose type cannot be changed"
        )
        return Plan(current, create.after, (delete, *create.steps))


def _without_type(current: Mapping[str, Any], kind: str) -> State:
    """A rule without its type, its affinity, which means something else then, and what only rules of another type take."""
    foreign = {name for other, names in OWN.items() if other != kind for name in names}
    return {name: value for name, value in current.items() if name not in foreign | {"type", "affinity"}}


GROUP_FIELDS = Fields(
    [
        Field("comment"),
        Field("nodes", type="list", elements="str", codec=NodePriorities(), clear="never"),
        Field("nofailback", type="bool", default=False),
        Field("restricted", type="bool", default=False),
    ]
)


class HaGroup(Item):
    """An item of PVE 8; a newer server gets the wish told in its own terms."""

    def read(self, reader: Reader, desired: Desired) -> State | None:
        try:
            return super().read(reader, desired)
        except NotFound:
            return None
        except ApiError as error:
            if "migrated to rules" not in error.server_message:
                raise
            if desired["state"] == "absent":
                return None
            raise Refused(
                "PVE 9 has no HA groups.", hint=f"Use this task instead:\n{equivalent_rule(desired)}"
            ) from None


def equivalent_rule(desired: Desired) -> str:
    """The task that does on PVE 9 what a wish for a group does on PVE 8, as YAML."""
    fields = desired["fields"]
    nodes = ", ".join(f"'{node}'" for node in fields.get("nodes") or [])
    lines = [
        f"- name: Resources of the former HA group {desired['key']}",
        "  pve.automation.pve_ha_rule:",
        f"    rule: {desired['key']}",
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
    extra_options={"append": {"type": "bool", "default": False}},
    extra_uses={"append": Use(never=("absent",), beside=("resources",))},
)
GROUP = HaGroup("group", GROUPS, Field("group", aliases=("name",)), GROUP_FIELDS, needed=("nodes",))
