# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewall rules refer to: aliases, IP sets and security groups."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.changes import changed_fields, shown
from ...model.contract import STATES, Reader, Resource, State, StateOrNone
from ...model.errors import InvalidOption, Refused
from ...model.field import Field, Fields, update_params
from ...model.given import TO_DELETE, TO_MAKE, Use
from ...model.kinds.item import Item, ItemDesired, Parent
from ...model.plan import Plan, Step, api_path, whole_part
from ...model.table import Table, calls_below
from ...model.values import Matching, NonZeroComment, Text
from .lockout import OPTION, keep_way_in
from .scope import BASES, CLUSTER, Scope, find_scope, scope_of, scope_options

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
NOT_A_NAME = "{} is not a name: a letter, then letters, digits, - and _, at most {} characters"
_WITH_SETS = ("cluster", "guest")
_BASES = tuple(BASES[scope] for scope in _WITH_SETS)
COMMENT = NonZeroComment()


class Network(Text):
    """An address or a network, in the form that the server keeps; host bits stay as they were given."""

    def parse(self, value: Any) -> str:
        text = str(value).strip()
        try:
            network = ipaddress.ip_interface(text)
        except ValueError:
            raise ValueError(f"{text!r} is neither an address nor a network such as 192.0.2.0/24") from None
        text = re.sub(r"/32$" if network.version == 4 else r"/128$", "", text)  # PVE leaves that out
        return text.lower() if network.version == 6 else text


class SetNetwork(Network):
    """An address or a network in a set, where PVE drops the host bits."""

    def parse(self, value: Any) -> str:
        network = ipaddress.ip_interface(super().parse(value)).network
        return super().parse(str(network))


class Entry(SetNetwork):
    """An entry of a set: an address, a network or the name of an alias."""

    def parse(self, value: Any) -> str:
        text = str(value).strip()
        if re.fullmatch(r"(?:(?:dc|guest)/)?[A-Za-z][A-Za-z0-9_-]+", text) and ":" not in text:
            return text
        try:
            network = super().parse(text)
        except ValueError as error:
            raise ValueError(f"{error}, nor the name of an alias") from None
        if network.endswith("/0"):
            raise ValueError(f"{network!r} is everything, which PVE does not allow in a set")
        return network


DESCRIPTION = Fields([Field("comment", codec=COMMENT, clear="empty")])
ALIAS_FIELDS = Fields([Field("cidr", codec=Network(), clear="never"), *DESCRIPTION])
FORCE = Field("force", type="bool")
ENTRY_FIELDS = Fields(
    [
        Field("cidr", codec=Entry(), required=True, clear="never"),
        Field("nomatch", type="bool"),
        Field("comment", codec=COMMENT, clear="empty"),
    ]
)


def _keep_way_in(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse an alias of the cluster by which the node would no longer let this machine in."""
    if desired.parent.kind == "cluster" and not desired.options["allow_lockout"]:
        before, after = ({"aliases": state["cidr"]} if state else {} for state in (plan.before, plan.after))
        keep_way_in(reader, Scope("alias", desired.key.lower()), before, after)


ALIAS = Item(
    "alias",
    "/aliases",
    Field("name", codec=Matching(r"[A-Za-z][A-Za-z0-9_-]{1,63}", NOT_A_NAME.format("{value}", 64))),
    ALIAS_FIELDS,
    needed=("cidr",),
    delete_keys=False,
    replaces=True,
    parent=Parent(scope_options(*_WITH_SETS), lambda params: scope_of(params, _WITH_SETS), find_scope, _BASES),
    absent="no such alias",
    preflights=(_keep_way_in,),
    extra_options=OPTION,
)


# PVE reads the names of sets and groups in lower case, however they were written (PVE/Firewall.pm,
# generic_fw_config_parser), and changes their comment by renaming them to themselves.


@dataclasses.dataclass(frozen=True)
class NamedSet:
    """What IP sets and security groups have in common: a name and a comment."""

    label: str
    key: str  # the option with its name, and the key on the wire
    longest: int

    def parse_name(self, params: Mapping[str, Any]) -> str:
        """The name, if PVE takes it."""
        name: str = params[self.key]
        if not _NAME.fullmatch(name) or len(name) > self.longest:
            raise InvalidOption(self.key, NOT_A_NAME.format(repr(name), self.longest))
        return name.lower()

    def find(self, rows: Sequence[Mapping[str, Any]] | None, name: str) -> State | None:
        """Its name and comment, from the list of all; None if it is not there."""
        row = next((row for row in rows or [] if row[self.key] == name), None)
        if row is None:
            return None
        return {self.key: name, **({"comment": row["comment"]} if row.get("comment") else {})}

    def change(
        self, path: str, name: str, current: State | None, fields: Mapping[str, Any]
    ) -> tuple[list[Step], State]:
        """The call that creates it or changes its comment, and the state after it."""
        changes = changed_fields(DESCRIPTION, current or {}, fields)
        after = shown(DESCRIPTION, current or {self.key: name}, changes)
        if current is None:
            params = {self.key: name, **update_params(changes, DESCRIPTION, {})}
            return [Step("POST", path, params, f"create {self.label} {name}")], after
        if not changes:
            return [], after
        params = {self.key: name, "rename": name, "comment": changes["comment"]}
        return [Step("POST", path, params, f"change the comment of {self.label} {name}")], after


@dataclasses.dataclass(frozen=True)
class IpsetDesired:
    """An IP set as it is to be; ``entries`` by address or alias, None if they are not managed."""

    scope: Scope
    name: str
    fields: Mapping[str, Any]
    entries: Mapping[str, Mapping[str, Any]] | None
    append: bool
    force: bool
    allow_lockout: bool
    state: str
    path: str = ""  # of the sets of the scope, once it was found


@dataclasses.dataclass(frozen=True)
class IpsetObserved:
    """An IP set (None if absent), and the path of those of its scope."""

    path: str
    state: StateOrNone


class AddressSet(Resource[IpsetDesired, IpsetObserved]):
    """A set of addresses. A given list of entries is the whole set unless ``append``."""

    name = "ipset"
    named = NamedSet("ipset", "name", 64)

    def tables(self) -> Sequence[Table]:
        entries = ("POST /ipset/*", "PUT /ipset/*/*", "DELETE /ipset/*/*")
        return (
            Table(
                calls_below(_BASES, "GET /ipset", "POST /ipset", "DELETE /ipset/*"),
                (Field("name"), *DESCRIPTION, FORCE),
            ),
            Table(calls_below(_BASES, *entries), tuple(ENTRY_FIELDS)),
        )

    def arguments(self) -> dict[str, Any]:
        spec = {
            **scope_options(*_WITH_SETS),
            "name": {"type": "str", "required": True},
            **DESCRIPTION.specs(),
            "entries": {"type": "list", "elements": "dict", "options": ENTRY_FIELDS.specs()},
            "append": {"type": "bool", "default": False},
            "force": {**FORCE.spec(), "default": False},
            **OPTION,
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return {"comment", "entries", "entries.comment"}

    def uses(self) -> dict[str, Use]:
        append = Use(never=("absent",), beside=("entries",))
        return {"comment": TO_MAKE, "entries": TO_MAKE, "append": append, "force": TO_DELETE}

    def parse(self, params: Mapping[str, Any]) -> IpsetDesired:
        entries = params["entries"]
        return IpsetDesired(
            scope=scope_of(params, _WITH_SETS),
            name=self.named.parse_name(params),
            fields=DESCRIPTION.parse(params),
            entries=None if entries is None else parse_entries(entries),
            **{name: params[name] for name in ("append", "force", "allow_lockout", "state")},
        )

    def read(self, reader: Reader, desired: IpsetDesired) -> IpsetObserved:
        """Two reads: the entries, and the list of sets for the comment, which is nowhere else."""
        path = desired.path or f"{find_scope(reader, desired.scope)}/ipset"
        state = self.named.find(reader.get(path), desired.name)
        if state is not None:
            entries = map(observe_entry, reader.get(path + api_path(desired.name)) or [])
            state["entries"] = sorted(entries, key=lambda entry: str(entry["cidr"]))
        return IpsetObserved(path, state)

    def remember(self, observed: IpsetObserved, desired: IpsetDesired) -> IpsetDesired:
        return dataclasses.replace(desired, path=observed.path)

    def preflight(self, reader: Reader, plan: Plan, desired: IpsetDesired) -> None:
        if desired.scope.kind == "cluster" and not desired.allow_lockout:
            before, after = ({"ipsets": state["entries"]} if state else {} for state in (plan.before, plan.after))
            keep_way_in(reader, Scope("ipset", desired.name), before, after)

    def plan(self, observed: IpsetObserved, desired: IpsetDesired) -> Plan:
        if desired.state == "absent":
            return self._plan_absent(observed, desired)
        current = observed.state
        steps, after = self.named.change(observed.path, desired.name, current, desired.fields)
        have = {entry["cidr"]: entry for entry in (current or {}).get("entries", [])}
        result = dict(have)
        if desired.entries is not None:
            spelt = {cidr.lower(): cidr for cidr in have}  # PVE compares the names of aliases without case
            entries = {spelt.get(cidr.lower(), cidr): entry for cidr, entry in desired.entries.items()}
            wanted = {
                cidr: _without_empty({**have.get(cidr, {}), **entry, "cidr": cidr}) for cidr, entry in entries.items()
            }
            result = {**(have if desired.append else {}), **wanted}
            steps += _entry_steps(observed.path + api_path(desired.name), desired.name, have, result)
        after["entries"] = [result[cidr] for cidr in sorted(result)]
        return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)

    @staticmethod
    def _plan_absent(observed: IpsetObserved, desired: IpsetDesired) -> Plan:
        current = observed.state
        if current is None:
            return Plan.nothing(None)
        if current["entries"] and not desired.force:
            raise Refused(
                f"IP set {desired.name} has {len(current['entries'])} entries.",
                hint="Set force: true to delete it with them.",
            )
        params = {"force": True} if current["entries"] else {}
        step = Step("DELETE", observed.path + api_path(desired.name), params, f"delete ipset {desired.name}")
        return Plan(current, None, (step,))


def _entry_steps(base: str, name: str, have: Mapping[str, Any], result: Mapping[str, Any]) -> list[Step]:
    """Exceptions (``nomatch``) come before what they are exceptions of, and everything new before what goes."""
    steps = []
    for cidr in sorted(result, key=lambda cidr: (not result[cidr].get("nomatch"), cidr)):
        options = {option: value for option, value in result[cidr].items() if option != "cidr"}
        if cidr not in have:
            steps.append(Step("POST", base, {"cidr": cidr, **options}, f"add {cidr} to ipset {name}"))
        elif result[cidr] != have[cidr]:
            steps.append(Step("PUT", base + whole_part(cidr), options, f"change {cidr} in ipset {name}"))
    for cidr in sorted(set(have) - set(result), key=lambda cidr: (bool(have[cidr].get("nomatch")), cidr)):
        steps.append(Step("DELETE", base + whole_part(cidr), {}, f"take {cidr} out of ipset {name}"))
    return steps


def parse_entries(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Entries by their address or alias; what is not given is not managed."""
    entries: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        option = f"entries[{number}]"
        try:
            entry = ENTRY_FIELDS.parse(row)
        except InvalidOption as error:
            raise error.inside(option) from None
        if entry["cidr"].lower() in map(str.lower, entries):
            raise InvalidOption(f"{option}.cidr", f"{entry['cidr']!r} is listed twice")
        entries[entry["cidr"]] = entry
    return entries


def observe_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as users see it."""
    return _without_empty({**ENTRY_FIELDS.observe(row), "cidr": row["cidr"]})


def _without_empty(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value not in ("", False)}


@dataclasses.dataclass(frozen=True)
class GroupDesired:
    """A security group as it is to be."""

    name: str
    fields: Mapping[str, Any]
    force: bool
    allow_lockout: bool
    state: str


@dataclasses.dataclass(frozen=True)
class GroupObserved:
    """A security group (None if absent), and how many rules it has, if it is to be deleted."""

    state: StateOrNone
    rules: int = 0


class SecurityGroup(Resource[GroupDesired, GroupObserved]):
    """A named list of rules. The rules are managed as a scope of the firewall."""

    name = "group"
    named = NamedSet("group", "group", 18)
    key = Field("group", required=True, aliases=("name",))
    path = f"{CLUSTER}/groups"

    def tables(self) -> Sequence[Table]:
        calls = calls_below([self.path], "GET ", "POST ", "DELETE /*", "DELETE /*/*")
        return (Table(calls, (self.key, *DESCRIPTION)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            "group": self.key.spec(),
            **DESCRIPTION.specs(),
            "force": {"type": "bool", "default": False},
            **OPTION,
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return {"comment"}

    def uses(self) -> dict[str, Use]:
        return {"comment": TO_MAKE, "force": TO_DELETE}

    def parse(self, params: Mapping[str, Any]) -> GroupDesired:
        flags = {name: params[name] for name in ("force", "allow_lockout", "state")}
        return GroupDesired(self.named.parse_name(params), DESCRIPTION.parse(params), **flags)

    def read(self, reader: Reader, desired: GroupDesired) -> GroupObserved:
        state = self.named.find(reader.get(self.path), desired.name)
        if state is None or desired.state != "absent":
            return GroupObserved(state)
        return GroupObserved(state, len(reader.get(self.path + api_path(desired.name)) or []))

    def preflight(self, reader: Reader, plan: Plan, desired: GroupDesired) -> None:
        """Only a deletion decides anything; the rules before it are those that the reachability hold."""
        if desired.state == "absent" and not desired.allow_lockout:
            keep_way_in(reader, Scope("group", desired.name), {}, {"rules": []})

    def plan(self, observed: GroupObserved, desired: GroupDesired) -> Plan:
        current, count = observed.state, observed.rules
        if desired.state != "absent":
            steps, after = self.named.change(self.path, desired.name, current, desired.fields)
            return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)
        if current is None:
            return Plan.nothing(None)
        path = self.path + api_path(desired.name)
        if count and not desired.force:
            raise Refused(f"Group {desired.name} has {count} rules.", hint="Set force: true to delete it with them.")
        steps = [
            Step("DELETE", f"{path}/{pos}", {}, f"delete rule {pos} of group {desired.name}")
            for pos in reversed(range(count))
        ]
        return Plan(current, None, (*steps, Step("DELETE", path, {}, f"delete group {desired.name}")))


IPSET, GROUP = AddressSet(), SecurityGroup()
