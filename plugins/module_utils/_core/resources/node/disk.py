# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of a node: emptied or given a partition table, and made into volume groups, thin pools, zpools and directories."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, Union

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Reader, Resource, State, StateOrNone
from ...model.errors import InvalidOption, Refused
from ...model.field import Field
from ...model.given import Use
from ...model.kinds.info import ListInfo, Options
from ...model.plan import Plan, Step
from ...model.table import Table
from .disk_inventory import Inventory, Row, content, disks_path, has_table, is_partition, user_of
from .disk_pools import ADD_STORAGE, CLEANUPS, KINDS, NAME, Kind, Pool, is_stored, members, same_devices

_DISK = re.compile(r"/dev/\S+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")
_UUID = re.compile(r"[A-Fa-f0-9-]{1,36}")
_OWN = {
    name: row
    for kind in KINDS.values()
    for name, row in {**kind.options.specs(), **kind.delete_options.specs()}.items()
}
_SPECIFIC = ("disk", "uuid", "type", "name", "devices", *_OWN, "add_storage", *CLEANUPS.specs())
DISK, UUID = Field("disk"), Field("uuid")
WIPE_HINT = "Empty it by state: wiped with force: true, if nobody needs that any more."


@dataclasses.dataclass(frozen=True)
class DiskDesired:
    """A disk that is to be empty (wiped) or to have a partition table (gpt)."""

    node: str
    disk: str
    uuid: str | None
    state: str
    force: bool


@dataclasses.dataclass(frozen=True)
class DiskObserved:
    """A disk with its partitions, and what these are members of, if the disk is to be wiped."""

    state: State
    row: Row
    parts: Sequence[Row]
    members: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class PoolDesired:
    """Something made of disks that is to be there or not. ``options`` are those that it is made with."""

    pool: Pool
    kind: Kind
    state: str
    force: bool
    options: Mapping[str, Any]
    add_storage: bool
    cleanup_config: bool
    cleanup_disks: bool


@dataclasses.dataclass(frozen=True)
class PoolObserved:
    """Something made of disks: the disks of the node if it is absent and to be made, otherwise whether it is as desired."""

    state: StateOrNone
    inventory: Inventory | None = None
    same_devices: bool = True
    is_stored: bool = True


AnyDesired = Union[DiskDesired, PoolDesired]  # noqa: UP007 - see StateOrNone
AnyObserved = Union[DiskObserved, PoolObserved]  # noqa: UP007


class NodeDisk(Resource[AnyDesired, AnyObserved]):
    """See the module pve_node_disk. A task is about one disk (``disk``), or about what is made of disks (``type``, ``name``)."""

    name = "disk"

    def tables(self) -> Sequence[Table]:
        wipe = Table(("GET /nodes/*/disks/list", "PUT /nodes/*/disks/wipedisk"), (DISK,))
        return (
            wipe,
            Table(("POST /nodes/*/disks/initgpt",), (DISK, UUID)),
            *(table for kind in KINDS.values() for table in kind.tables()),
        )

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "state": {"type": "str", "choices": ["present", "absent", "wiped", "gpt"], "default": "present"},
            DISK.name: DISK.spec(),
            UUID.name: UUID.spec(),
            "type": {"type": "str", "choices": list(KINDS)},
            NAME.name: NAME.spec(),
            "devices": {"type": "list", "elements": "str"},
            **_OWN,
            ADD_STORAGE.name: ADD_STORAGE.spec(),
            **CLEANUPS.specs(),
            "force": {"type": "bool", "default": False},
            **task_arguments(),
        }
        return {
            "argument_spec": spec,
            "required_if": [
                *(("state", state, ["disk"]) for state in ("wiped", "gpt")),
                *(("state", state, ["type", "name"]) for state in ("present", "absent")),
            ],
        }

    def uses(self) -> dict[str, Use]:
        return {"force": Use(only=("absent", "wiped"))}

    def parse(self, params: Mapping[str, Any]) -> AnyDesired:
        _refuse_other_options(params)
        node, state, force = params["node"], params["state"], params["force"]
        if state in ("wiped", "gpt"):
            for name, pattern in (("disk", _DISK), ("uuid", _UUID)):
                if params[name] is not None and not pattern.fullmatch(params[name]):
                    raise InvalidOption(name, f"{params[name]!r} does not look right, as /dev/sdb or a UUID do")
            return DiskDesired(node, params["disk"], params["uuid"], state, force)
        kind = KINDS[params["type"]]
        if not _NAME.fullmatch(params["name"]):
            raise InvalidOption("name", f"{params['name']!r} is not a name: a letter, then letters, digits, -, _ and .")
        made = {"devices": params["devices"], **kind.parse(params)}
        options = {name: value for name, value in made.items() if value is not None}
        acts = {name: bool(params[name]) for name in ("add_storage", *CLEANUPS.specs())}
        pool = Pool(node, params["name"], *(params[name] or "" for name in kind.delete_options.specs()))
        return PoolDesired(pool, kind, state, force, options, **acts)

    def read(self, reader: Reader, desired: AnyDesired) -> AnyObserved:
        """One list; what is not in it, and the disks, only where the task needs them."""
        if isinstance(desired, DiskDesired):
            return self._read_disk(reader, desired)
        pool, kind = desired.pool, desired.kind
        found = kind.read(reader, pool)
        if found is None:
            return PoolObserved(None, Inventory.read(reader, pool.node) if desired.state == "present" else None)
        state = {"node": pool.node, "type": kind.type, "name": pool.name, **found}
        if desired.state == "absent":
            return PoolObserved(state)
        given, listed = desired.options.get("devices"), found.get("devices")
        same = not (given and listed) or same_devices(reader, pool.node, given, listed)
        stored = not desired.add_storage or is_stored(reader, pool.node, pool.name)
        return PoolObserved(state, same_devices=same, is_stored=stored)

    @staticmethod
    def _read_disk(reader: Reader, desired: DiskDesired) -> DiskObserved:
        inventory = Inventory.read(reader, desired.node)
        row = inventory.find("disk", desired.disk)
        owners = members(reader, inventory, inventory.uses(row)) if desired.state == "wiped" else {}
        kept = {name: row[name] for name in ("devpath", "used", "size") if row.get(name) is not None}
        return DiskObserved({"node": desired.node, "gpt": has_table(row), **kept}, row, inventory.parts(row), owners)

    def plan(self, observed: AnyObserved, desired: AnyDesired) -> Plan:
        if isinstance(observed, DiskObserved) and isinstance(desired, DiskDesired):
            return (_plan_wipe if desired.state == "wiped" else _plan_table)(observed, desired)
        if isinstance(observed, PoolObserved) and isinstance(desired, PoolDesired):
            return _plan_pool(observed, desired)
        raise TypeError("what was read is not what is desired")


def _refuse_other_options(params: Mapping[str, Any]) -> None:
    """Each state and type has options of its own; one that would have no effect is an error."""
    state, kind = params["state"], KINDS.get(params["type"] or "")
    own = {"wiped": {"disk"}, "gpt": {"disk", "uuid"}}.get(state, {"type", "name"})
    if kind and state == "present":
        own = {*own, "devices", "add_storage", *kind.options.specs()}
    elif kind and state == "absent":
        own = {*own, *CLEANUPS.specs(), *kind.delete_options.specs()}
    for name in _SPECIFIC:
        if params[name] is not None and name not in own:
            raise InvalidOption(
                name, f"has no meaning with state: {state}" + (f" and type: {kind.type}" if kind else "")
            )


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _plan_wipe(observed: DiskObserved, desired: DiskDesired) -> Plan:
    current, parts, path = observed.state, observed.parts, observed.row["devpath"]
    held = content(parts)
    if not held and not current["gpt"] and len(parts) == 1:
        return Plan.nothing(current)
    if user := user_of(parts, observed.members):
        raise Refused(f"{path} is in use: {user}.", hint="Delete that first; what is in use is never wiped.")
    if not desired.force:
        raise Refused(f"{path} is not empty ({held or 'a partition table'}).", hint="Set force: true to lose that.")
    after = {name: value for name, value in current.items() if name != "used"}
    step = Step(
        "PUT",
        disks_path(desired.node, "wipedisk"),
        {"disk": path},
        f"wipe {path}",
        starts_task=True,
        task_id=_base(path),
    )
    return Plan(current, {**after, "gpt": False}, (step,))


def _plan_table(observed: DiskObserved, desired: DiskDesired) -> Plan:
    current, path = observed.state, observed.row["devpath"]
    if current["gpt"]:
        return Plan.nothing(current)
    if is_partition(observed.row):
        raise InvalidOption("disk", f"{path} is a partition; a partition table belongs on a disk")
    if held := content(observed.parts):
        raise Refused(f"{path} is not empty ({held}).", hint=WIPE_HINT)
    params = {"disk": path, **({"uuid": desired.uuid} if desired.uuid else {})}
    summary = f"give {path} a partition table"
    step = Step("POST", disks_path(desired.node, "initgpt"), params, summary, starts_task=True, task_id=_base(path))
    return Plan(current, {**current, "gpt": True}, (step,))


def _plan_pool(observed: PoolObserved, desired: PoolDesired) -> Plan:
    if desired.state == "absent":
        return _plan_absent(observed.state, desired)
    if observed.inventory:
        return _plan_create(observed.inventory, desired)
    _refuse_changes(observed, desired)
    return Plan.nothing(observed.state)


def _plan_create(inventory: Inventory, desired: PoolDesired) -> Plan:
    kind, options, node, name = desired.kind, desired.options, desired.pool.node, desired.pool.name
    kind.check_complete(options)
    rows = [inventory.find(f"devices[{number}]", path) for number, path in enumerate(options["devices"])]
    for row in rows:
        if held := content(inventory.parts(row)):
            raise Refused(f"{row['devpath']} is not empty ({held}).", hint=WIPE_HINT)
    params = {"name": name, **kind.params(options), **({"add_storage": True} if desired.add_storage else {})}
    step = Step(
        "POST", disks_path(node, kind.type), params, f"create {kind.label} {name}", starts_task=True, task_id=name
    )
    shown = kind.shown({**options, "name": name}, rows)
    return Plan(None, {"node": node, "type": kind.type, "name": name, **shown}, (step,))


def _refuse_changes(observed: PoolObserved, desired: PoolDesired) -> None:
    """Nothing of what is there can be changed: what differs is an error."""
    kind, name, current = desired.kind, desired.pool.name, observed.state or {}
    given = {option: value for option, value in desired.options.items() if option in current}
    differ = [option for option, value in given.items() if option != "devices" and value != current[option]]
    for option in [*differ, *([] if observed.same_devices else ["devices"])]:
        turn = f"that of {name} is {current[option]!r}, not {given[option]!r}"
        hint = "Keep the present value, or delete it and create it again."
        raise InvalidOption(option, f"can be set only when the {kind.label} is created; {turn}", hint=hint)
    if not observed.is_stored:
        text = f"works only when the {kind.label} is created, and there is no storage {name} for this node"
        raise InvalidOption("add_storage", text, hint="Create the storage by pve_storage.")


def _plan_absent(current: State | None, desired: PoolDesired) -> Plan:
    if current is None:
        return Plan.nothing(None)
    kind, name, pool = desired.kind, desired.pool.name, desired.pool
    if not desired.force and (kind.loses_data or desired.cleanup_disks):
        raise Refused(f"What is on {kind.label} {name} would be lost.", hint="Set force: true to lose it.")
    params = {field.api: True for field in CLEANUPS if getattr(desired, field.name)}
    sent = {**kind.delete_params(pool), **params}
    path, summary = disks_path(pool.node, kind.type, name), f"delete {kind.label} {name}"
    step = Step("DELETE", path, sent, summary, starts_task=True, task_id=kind.task_id(pool))
    return Plan(current, None, (step,))


class DiskList(ListInfo):
    """Disks, and if requested what is on them."""

    extras = ("lvm", "lvmthin", "zfs", "directory", "smart")

    def read(self, reader: Reader, desired: Options) -> dict[str, Any]:
        node, include = desired["node"], desired["include"]
        found: dict[str, Any] = {"node": node, "disks": super().read(reader, desired)}
        if "smart" in include:
            for row in found["disks"]:
                row["smart"] = reader.get(disks_path(node, "smart"), {"disk": row["devpath"]})
        for name in include:
            if name == "lvm":
                found["lvm"] = (reader.get(disks_path(node, "lvm")) or {}).get("children", [])
            elif name == "zfs":
                pools = reader.get(disks_path(node, "zfs")) or []
                found["zfs"] = [{**pool, **reader.get(disks_path(node, "zfs", str(pool["name"])))} for pool in pools]
            elif name != "smart":
                found[name] = reader.get(disks_path(node, name)) or []
        return found

    def parse(self, params: Mapping[str, Any]) -> Options:
        desired = super().parse(params)
        kind = "unused" if desired["unused"] else None
        return {**desired, "include-partitions": desired["include_partitions"] or None, "type": kind}


NODE_DISK = NodeDisk()
NODE_DISK_INFO = DiskList(
    "disks",
    lambda desired: disks_path(desired["node"], "list"),
    key="devpath",
    options={
        **NODE_KEY,
        "unused": {"type": "bool", "default": False},
        "include_partitions": {"type": "bool", "default": False},
        "include": {"type": "list", "elements": "str", "choices": list(DiskList.extras), "default": []},
    },
    query=("include-partitions", "type"),
)
