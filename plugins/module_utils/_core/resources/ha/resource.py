# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""High availability: the resources that are kept running, and the status of the manager.

Rules and groups, which say where they run, are in ha_rule.py.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import Reader, State
from ...model.errors import CREATED_FIRST, InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.given import TO_DELETE
from ...model.kinds.info import Info
from ...model.kinds.item import Item, ItemDesired, Observed
from ...model.plan import Plan
from ...model.values import Comment as Stripped
from ...model.values import Matching, Within, Word
from ..existence import sees_guest
from .status import STATUS, armed_state, wait_for_service

RESOURCES = "/cluster/ha/resources"
REQUESTED = ("started", "stopped", "disabled", "ignored")
_SID = re.compile(r"(?:(?:vm|ct):)?[1-9]\d{2,8}")
_TYPES = {"qemu": "vm", "lxc": "ct"}


class Comment(Stripped):
    """A comment. PVE gives the bytes of other than ASCII back as characters of their own, which is undone here."""

    def parse(self, value: Any) -> str:
        text = super().parse(value)
        try:
            return text.encode("latin-1").decode()
        except UnicodeError:  # it was not garbled
            return text

    def parse_option(self, value: Any) -> str:
        return super().parse(value)


class RequestedState(Word):
    """``enabled`` is the older word for ``started``."""

    def parse(self, value: Any) -> str:
        word = super().parse(value)
        return "started" if word == "enabled" else word


FIELDS = Fields(
    [
        hyphenated("auto_rebalance", type="bool", default=True, since="9.2"),
        Field("comment", codec=Comment()),
        Field("failback", type="bool", default=True, since="9.0"),
        Field("group"),
        Field("max_relocate", type="int", codec=Within(0), default=1),
        Field("max_restart", type="int", codec=Within(0), default=1),
        Field("state", codec=RequestedState(), clear="never", default="started"),
    ]
)


def check_sid(option: str, sid: str) -> str:
    """The id of a resource as it was given, with or without its type; InvalidOption if it is none."""
    if not _SID.fullmatch(sid):
        raise InvalidOption(option, f"{sid!r} is not a resource such as 'vm:100', 'ct:101' or just the guest's id")
    return sid


def complete_sids(reader: Reader, option: str, sids: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """The ids with their types, sorted; bare ones are looked up among ``known`` ids, then among all guests."""
    types = {sid.partition(":")[2]: sid for sid in known}
    bare = [sid for sid in sids if ":" not in sid and sid not in types]
    if bare:
        rows = reader.get("/cluster/resources", {"type": "vm"}) or []
        types.update(
            {str(row["vmid"]): f"{_TYPES[row['type']]}:{row['vmid']}" for row in rows if row["type"] in _TYPES}
        )
    unknown = [sid for sid in bare if sid not in types]
    if unknown:
        raise InvalidOption(
            option,
            f"there is no guest {', '.join(unknown)} in the cluster that the login may see",
            hint=f"A guest that it may not see takes its type in front, as in vm:{unknown[0]} or ct:{unknown[0]}. {CREATED_FIRST}",
        )
    full = {sid if ":" in sid else types[sid] for sid in sids}
    return sorted(full, key=lambda sid: (int(sid.partition(":")[2]), sid))


class HaResource(Item):
    """An item whose ``state`` says both whether it exists and what is requested of the guest."""

    def arguments(self) -> dict[str, Any]:
        arguments = super().arguments()
        choices = ["present", "absent", *REQUESTED]
        arguments["argument_spec"]["state"] = {"type": "str", "choices": choices, "default": "present"}
        return arguments

    def parse(self, params: Mapping[str, Any]) -> ItemDesired:
        state = params["state"]
        desired = super().parse({**params, "state": "absent" if state == "absent" else "present"})
        fields = {name: value for name, value in desired.fields.items() if name != "state"}
        if state in REQUESTED:
            fields["state"] = state
        return dataclasses.replace(desired, fields=fields)

    def read(self, reader: Reader, desired: ItemDesired) -> Observed:
        answer = self._answer(reader, self.path(desired.key))
        if answer is not None:
            sid = str(answer["sid"])
            return Observed(self.observe(sid, answer), key=sid)
        complete = desired.state == "present"
        return Observed(None, key=complete_sids(reader, self.key.name, [desired.key])[0] if complete else "")

    def after_apply(
        self, reader: Reader, desired: ItemDesired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """Wait until the manager has taken it up: until then the guest can be neither started nor moved."""
        if changed and desired.options["wait"]:
            requested = str(state.get("state", "started"))
            wait_for_service(reader, state["sid"], requested, desired.options["timeout"])
        return {}


def _refuse_other_release(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse rules on a server without them, and groups on one that has rules in their place."""
    if desired.state == "absent":
        if desired.options["purge"] is not None and reader.release() < (9, 0):
            raise InvalidOption("purge", "needs PVE 9.0 or newer, which has rules to take the resource out of")
        return
    group = desired.fields.get("group")
    if group and group != (plan.before or {}).get("group") and reader.release() >= (9, 0):
        raise InvalidOption(
            "group",
            "PVE 9 has no HA groups",
            hint=f"Name the resource in a rule instead: pve_ha_rule with rule: {group}, type: node-affinity, "
            f"resources: ['{(plan.after or {})['sid']}'], append: true.",
        )


def _refuse_absent_guest(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse to look after a guest that does not exist, or is of the other type."""
    if plan.before is not None or desired.state == "absent":
        return
    sid = str((plan.after or {})["sid"])
    vmid = sid.partition(":")[2]
    rows = reader.get("/cluster/resources", {"type": "vm"}) or []
    found = next((f"{_TYPES[row['type']]}:{vmid}" for row in rows if _is_guest(row, vmid)), None)
    if found is None and sees_guest(reader, vmid):
        raise InvalidOption("sid", f"there is no guest {sid} in the cluster", hint=CREATED_FIRST)
    if found not in (None, sid):
        raise InvalidOption("sid", f"there is no guest {sid} in the cluster", hint=f"Guest {vmid} is {found}.")


def _is_guest(row: Mapping[str, Any], vmid: str) -> bool:
    return row.get("type") in _TYPES and str(row.get("vmid")) == vmid


@dataclasses.dataclass(frozen=True)
class StatusDesired:
    """One resource (empty: all), and what is read besides the status."""

    sid: str
    include: Sequence[str]


class HaStatus(Info[StatusDesired]):
    """The status of the manager: quorum, master, the state of every service; configuration and rules if requested."""

    name = "ha"
    extras = ("resources", "rules", "groups", "manager")

    def arguments(self) -> dict[str, Any]:
        include = {"type": "list", "elements": "str", "choices": list(self.extras), "default": []}
        return {"argument_spec": {"sid": {"type": "str"}, "include": include}}

    def parse(self, params: Mapping[str, Any]) -> StatusDesired:
        sid = params.get("sid")
        return StatusDesired(check_sid("sid", sid) if sid is not None else "", params["include"])

    def read(self, reader: Reader, desired: StatusDesired) -> State:
        rows = reader.get(f"{STATUS}/current") or []
        by_type: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_type.setdefault(str(row.get("type")), []).append(
                {k: v for k, v in row.items() if k not in ("id", "type")}
            )
        first = {kind: found[0] for kind, found in by_type.items()}
        armed = armed_state(rows)
        state: State = {
            "quorate": bool(first.get("quorum", {}).get("quorate")),
            "master": first.get("master", {}).get("node"),
            "armed": armed["state"] == "armed" if armed else None,
            "nodes": sorted(by_type.get("lrm", []), key=lambda row: str(row.get("node"))),
            "services": self._picked(by_type.get("service", []), desired.sid),
        }
        if "resources" in desired.include:
            listed = [RESOURCE.observe(row["sid"], row) for row in reader.get(RESOURCES) or []]
            state["resources"] = self._picked(listed, desired.sid)
        if "rules" in desired.include:
            state["rules"] = sorted(reader.get("/cluster/ha/rules") or [], key=lambda row: row.get("order", 0))
        if "groups" in desired.include:
            state["groups"] = sorted(reader.get("/cluster/ha/groups") or [], key=lambda row: str(row["group"]))
        if "manager" in desired.include:
            state["manager"] = reader.get(f"{STATUS}/manager_status")
        return state

    @staticmethod
    def _picked(rows: Iterable[dict[str, Any]], sid: str) -> list[dict[str, Any]]:
        """The rows of one resource, or all, by id."""
        picked = [row for row in rows if not sid or sid in (row["sid"], row["sid"].partition(":")[2])]
        return sorted(picked, key=lambda row: str(row["sid"]))


RESOURCE = HaResource(
    "resource",
    RESOURCES,
    Field(
        "sid",
        aliases=("vmid",),
        codec=Matching(_SID.pattern, "{value} is not a resource such as 'vm:100', 'ct:101' or just the guest's id"),
    ),
    FIELDS,
    passed_on={"purge": ("DELETE",)},
    preflights=(_refuse_other_release, _refuse_absent_guest),
    extra_options={"purge": {"type": "bool"}, **task_arguments()},
    extra_uses={"purge": TO_DELETE},
)
INFO = HaStatus()
