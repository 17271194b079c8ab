# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a node: changes of many interfaces are staged one by one and applied at once, or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ...api.connection import task_arguments
from ...model.changes import require_release
from ...model.contract import NODE_KEY, STATES, Reader, Resource, State, unset_option
from ...model.errors import InvalidOption, Refused
from ...model.field import Field, Fields, hyphenated, update_params
from ...model.kinds.info import ListInfo, Options
from ...model.plan import Plan, Step, api_path
from ...model.table import Table, calls_below
from .network_interfaces import FIELDS, Interface, Interfaces, normalised, options_of, problems, without_empty
from .network_order import ADDRESSES, in_order, lost_addresses, why_cut_off

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,20}([:.]\d+)?")
_NAMES = {"bond": r"bond\d+", "OVSBond": r"bond\d+", "alias": r"[^:]+:\d+"}  # by which PVE knows the type
_SPLIT = {"cidr": ("address", "netmask"), "cidr6": ("address6", "netmask6")}
_PARTS = Fields(Field(part) for parts in _SPLIT.values() for part in parts)
_KEY = Field("iface", required=True, aliases=("name",))
_VERSIONED = Fields([hyphenated("regenerate_frr", type="bool", since="9.0")])
_BY_SERVER = ("dhcp", "auto")
_OPTION = "allow_cutoff"


@dataclasses.dataclass(frozen=True)
class InterfaceDesired:
    """An interface as a task wants it; ``option`` is where it stands there, for messages."""

    iface: str
    option: str
    absent: bool
    fields: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class NetworkDesired:
    """The interfaces of a node that a task manages, and what becomes of staged changes."""

    node: str
    edits: Mapping[str, InterfaceDesired]
    apply: bool
    revert: bool
    regenerate_frr: bool | None
    allow_cutoff: bool

    @property
    def path(self) -> str:
        return api_path("nodes", self.node, "network")


@dataclasses.dataclass(frozen=True)
class NetworkObserved:
    """The interfaces of a node, and what decides whether a change would cut it off."""

    state: State
    changes: str  # the staged ones, as a difference of files
    shows_changes: bool  # pvesh does not
    dynamic: Mapping[str, str]  # interfaces that get their address by dhcp or auto
    cards: AbstractSet[str]  # interfaces that are hardware
    addresses: set[str] = dataclasses.field(default_factory=set)  # by which the node is reached

    @property
    def interfaces(self) -> Interfaces:
        found: Interfaces = self.state["interfaces"]
        return found


class NodeNetwork(Resource[NetworkDesired, NetworkObserved]):
    """See the module pve_node_network."""

    name = "network"

    def tables(self) -> Sequence[Table]:
        calls = calls_below(["/nodes/*/network"], "POST ", "PUT /*", "DELETE /*")
        applied = Table(calls_below(["/nodes/*/network"], "PUT ", "DELETE "), tuple(_VERSIONED))
        return (Table(calls, (_KEY, *FIELDS, *_PARTS)), applied)

    def arguments(self) -> dict[str, Any]:
        row = {
            _KEY.name: _KEY.spec(),
            **FIELDS.specs(),
            **_PARTS.specs(),
            "unset": unset_option(),
            "state": dict(STATES),
        }
        spec = {
            **NODE_KEY,
            "interfaces": {"type": "list", "elements": "dict", "options": row},
            "apply": {"type": "bool"},
            "revert": {"type": "bool", "default": False},
            **_VERSIONED.specs(),
            _OPTION: {"type": "bool", "default": False},
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        """No interface to manage changes none; an empty option of one is removed."""
        return {"interfaces", "interfaces.unset", *(f"interfaces.{name}" for name in FIELDS.clearable())}

    def parse(self, params: Mapping[str, Any]) -> NetworkDesired:
        rows, apply = params["interfaces"], params["apply"]
        if params["revert"] and (rows is not None or apply is not None):
            raise InvalidOption("revert", "forgets what is staged: it goes without interfaces and without apply")
        if params["regenerate_frr"] is not None and not (apply or (rows and apply is None)):
            raise InvalidOption("regenerate_frr", "belongs to applying, which this task does not do")
        edits: dict[str, InterfaceDesired] = {}
        for number, row in enumerate(rows or []):
            edit = parse_row(f"interfaces[{number}]", row)
            if edit.iface in edits:
                raise InvalidOption(f"{edit.option}.iface", f"{edit.iface!r} is listed twice")
            edits[edit.iface] = edit
        own = {name: params[name] for name in ("revert", "regenerate_frr", _OPTION)}
        return NetworkDesired(params["node"], edits, bool(rows) if apply is None else apply, **own)

    def read(self, reader: Reader, desired: NetworkDesired) -> NetworkObserved:
        """One GET. Where something is to be done, a second one for the node's address, which is not to be cut off."""
        rows, changes = read_interfaces(reader, desired.path)
        interfaces = {row["iface"]: FIELDS.observe(row) for row in sorted(rows, key=lambda row: str(row["iface"]))}
        observed = NetworkObserved(
            {"node": desired.node, "interfaces": interfaces, "staged": bool(changes)},
            changes,
            reader.connection.backend == "https",
            {row["iface"]: way for row in rows for way in _BY_SERVER if way in _methods(row)},
            {row["iface"] for row in rows if row.get("exists") and row.get("type") in ("eth", "OVSPort")},
        )
        if desired.allow_cutoff or not self._has_work(observed, desired):
            return observed
        return dataclasses.replace(observed, addresses=_addresses(reader, desired.node))

    @staticmethod
    def _has_work(observed: NetworkObserved, desired: NetworkDesired) -> bool:
        staged = observed.state["staged"] and desired.apply
        return bool(staged or target(observed, desired) != normalised(observed.interfaces))

    def preflight(self, reader: Reader, plan: Plan, desired: NetworkDesired) -> None:
        if desired.regenerate_frr is not None:
            require_release(reader, _VERSIONED, ["regenerate_frr"])

    def plan(self, observed: NetworkObserved, desired: NetworkDesired) -> Plan:
        if desired.revert:
            return self._plan_revert(observed, desired)
        before, now, after = observed.state, normalised(observed.interfaces), target(observed, desired)
        refuse_problems(now, after, desired)
        if not desired.allow_cutoff:
            refuse_cutoff(now, after, observed, desired)
        steps = [_step(desired, name, old, new) for name, old, new in in_order(now, after, list(desired.edits))]
        notes: tuple[str, ...] = ()
        if desired.apply and (steps or before["staged"]):
            if steps and before["staged"]:
                notes = ("Changes that were staged before this task are applied with its own.",)
            params = {} if desired.regenerate_frr is None else {"regenerate-frr": desired.regenerate_frr}
            summary = f"apply the staged changes of the network of {desired.node}"
            steps.append(Step("PUT", desired.path, params, summary, starts_task=True, task_id="networking"))
        if not steps:
            return Plan.nothing(before)
        shown = {**before, "interfaces": dict(sorted(after.items())), "staged": not desired.apply}
        return Plan(before, shown, tuple(steps), notes)

    @staticmethod
    def _plan_revert(observed: NetworkObserved, desired: NetworkDesired) -> Plan:
        """Only the server knows what the interfaces are like then. pvesh does not show whether something is staged."""
        before = observed.state
        if observed.shows_changes and not before["staged"]:
            return Plan.nothing(before)
        summary = f"forget the staged changes of the network of {desired.node}"
        step = Step("DELETE", desired.path, {}, summary, verify=observed.shows_changes)
        known = {"node": desired.node, "staged": before["staged"]}
        return Plan(known, {**known, "staged": False}, (step,))


def parse_row(option: str, row: Mapping[str, Any]) -> InterfaceDesired:
    """One interface of a task, canonical; InvalidOption names what is wrong in which one."""
    name = row["iface"]
    if not _NAME.fullmatch(name):
        raise InvalidOption(f"{option}.iface", f"{name!r} is not a name such as vmbr1, bond0, eno1 or vmbr0.100")
    given = {key: value for key, value in row.items() if value is not None and key not in ("iface", "state")}
    if row["state"] == "absent":
        if given:
            raise InvalidOption(f"{option}.{min(given)}", "does not go with state: absent")
        return InterfaceDesired(name, option, absent=True, fields={})
    try:
        fields = FIELDS.parse(_joined(given))
    except InvalidOption as error:
        raise error.inside(option) from None
    for key, low, high in (("mtu", 1280, 65520), ("vlan_id", 1, 4094), ("ovs_tag", 1, 4094)):
        if key in fields and fields[key] != "" and not low <= fields[key] <= high:
            raise InvalidOption(f"{option}.{key}", f"{fields[key]} is not a number from {low} to {high}")
    return InterfaceDesired(name, option, absent=False, fields=fields)


def _joined(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options with address and netmask as the cidr that they mean."""
    row = dict(given)
    for cidr, (address, netmask) in _SPLIT.items():
        parts = [row.pop(name, None) for name in (address, netmask)]
        if parts == [None, None]:
            continue
        if None in parts or cidr in row:
            raise InvalidOption(address, f"goes together with {netmask}, and instead of {cidr}")
        row[cidr] = f"{parts[0]}/{parts[1]}"
    return row


def read_interfaces(reader: Reader, path: str) -> tuple[list[dict[str, Any]], str]:
    """The interfaces as they are planned, and the staged changes as a text, which stands beside the data of the answer.

    pvesh does not show them.
    """
    if reader.connection.backend != "https":
        return reader.get(path) or [], ""
    body = reader.get(path, api_format="extjs")
    return body.get("data") or [], str(body.get("changes") or "")


def _methods(row: Mapping[str, Any]) -> set[str]:
    return {str(row.get("method", "")), str(row.get("method6", ""))}


def _addresses(reader: Reader, node: str) -> set[str]:
    """The addresses by which the node is reached: its own in the cluster, and those that this task connects to."""
    rows = reader.get("/cluster/status") or []
    hosts = [str(row.get("ip")) for row in rows if row.get("type") == "node" and row.get("name") == node]
    found = set()
    for host in [*hosts, *(endpoint.host for endpoint in reader.connection.endpoints)]:
        with contextlib.suppress(ValueError):  # a name is not an address
            found.add(str(ipaddress.ip_address(host)))
    return found


def target(observed: NetworkObserved, desired: NetworkDesired) -> Interfaces:
    """The interfaces as the task wants them."""
    now = observed.interfaces
    after = dict(now)
    for name, edit in desired.edits.items():
        if edit.absent:
            if name in observed.cards:
                raise InvalidOption(f"{edit.option}.state", f"{name} is hardware, which cannot be deleted")
            after.pop(name, None)
            continue
        old, fields = now.get(name, {}), edit.fields
        kind = fields.get("type", old.get("type"))
        if kind is None:
            raise InvalidOption(f"{edit.option}.type", f"is needed to create {name}")
        if old and kind != old["type"] and {kind, old["type"]} != {"eth", "OVSPort"}:
            raise InvalidOption(f"{edit.option}.type", f"{name} is of type {old['type']}, which cannot become {kind}")
        if not re.fullmatch(_NAMES.get(kind, ".*"), name):
            raise InvalidOption(f"{edit.option}.iface", f"{name!r} is not a name that PVE takes for type {kind}")
        foreign = sorted(name for name, value in fields.items() if value != "" and name not in options_of(kind))
        if foreign:
            raise InvalidOption(f"{edit.option}.{foreign[0]}", f"is not an option of type {kind}")
        after[name] = without_empty({**old, **fields})
    return normalised(after)


def refuse_problems(now: Interfaces, after: Interfaces, desired: NetworkDesired) -> None:
    """What PVE would refuse half-way or never bring up, and options that would have no effect."""
    for iface, option, text in sorted(problems(after) - problems(now)):
        where = desired.edits[iface].option if iface in desired.edits else f"interfaces: {iface}"
        raise InvalidOption(f"{where}.{option}", text)
    for name, edit in desired.edits.items():
        for option, value in edit.fields.items():
            was = after[name].get(option, "")
            if value != was:
                raise InvalidOption(
                    f"{edit.option}.{option}",
                    f"has no effect beside the other options of {name}" + (f", by which it is {was}" if was else ""),
                )


def refuse_cutoff(now: Interfaces, after: Interfaces, observed: NetworkObserved, desired: NetworkDesired) -> None:
    """Refuse what would take the node from the network, or an address from an interface that the API cannot give back."""
    hint = f"Set {_OPTION}: true to do it nevertheless."
    for name in desired.edits:
        if name in observed.dynamic and after.get(name) != now[name]:
            way = observed.dynamic[name]
            raise Refused(f"{name} gets its address by {way}; after a change by the API it would have none.", hint=hint)
    for name in now:
        if reason := why_cut_off(name, now, after, observed.addresses):
            raise Refused(f"{name} holds the address or the default gateway of {desired.node}: {reason}.", hint=hint)
    if gone := lost_addresses(observed.changes, after) & observed.addresses:
        text = f"The staged changes take the address {min(gone)} away, by which {desired.node} is reached."
        raise Refused(text, hint=hint)


def _step(desired: NetworkDesired, name: str, old: Interface, new: Interface) -> Step:
    """PVE keeps what an update does not send, except that an address which is not sent leaves its family (update_network)."""
    path = desired.path
    if not new:
        return Step("DELETE", path + api_path(name), {}, f"stage the deletion of {name}")
    named = re.fullmatch(r".+\.\d+", name) and new["type"] == "vlan"
    derived = ("vlan_raw_device", "vlan_id") if named else ("vlan_id",) if re.fullmatch(r"vlan\d+", name) else ()
    changes = {
        field.name: new.get(field.name, "")
        for field in FIELDS
        if old.get(field.name) != new.get(field.name) and field.name not in derived
    }
    if not old:
        created = {key: value for key, value in changes.items() if value != ""}
        return Step(
            "POST", path, {"iface": name, **update_params(created, FIELDS, {})}, f"stage the creation of {name}"
        )
    kept = {key: new[key] for key in ("type", *ADDRESSES) if key in new}
    params = update_params({**kept, **changes}, FIELDS, old)
    return Step("PUT", path + api_path(name), params, f"stage {', '.join(changes)} of {name}")


class NetworkList(ListInfo):
    """Interfaces as the server lists them, and the changes that are staged."""

    def read(self, reader: Reader, desired: Options) -> dict[str, Any]:
        rows, changes = read_interfaces(reader, self.path(desired))
        fits = [row for row in rows if all(desired[key] in (None, row.get(key)) for key in ("iface", "type"))]
        shown = sorted((self._shown(row) for row in fits), key=lambda row: str(row["iface"]))
        return {"node": desired["node"], "interfaces": shown, "changes": changes}


NODE_NETWORK = NodeNetwork()
NODE_NETWORK_INFO = NetworkList(
    "network",
    lambda desired: api_path("nodes", desired["node"], "network"),
    key="iface",
    fields=FIELDS,
    options={**NODE_KEY, "type": {"type": "str"}},
)
