# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of a node: emptied or given a partition table, and made into volume groups, thin pools, zpools and directories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, Desired, Reader, Resource, State, StateOrNone
from ...model.errors import InvalidOption, Refused
from ...model.given import Use
from ...model.kinds.info import ListInfo
from ...model.plan import Plan, Step
from .disk_inventory import Inventory, content, disks_path, has_table, is_partition, user_of
from .disk_pools import KINDS, Kind, is_stored, members, same_devices

_DISK = re.compile(r"/dev/\S+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")
_UUID = re.compile(r"[A-Fa-f0-9-]{1,36}")
_CLEANUPS = ("cleanup_config", "cleanup_disks")
_OWN = {name: row for kind in KINDS.values() for name, row in {**kind.options, **kind.delete_options}.items()}
_SPECIFIC = ("disk", "uuid", "type", "name", "devices", *_OWN, "add_storage", *_CLEANUPS)
WIPE_HINT = "Empty it by state: wiped with force: true, if nobody needs that any more."


class NodeDisk(Resource[Desired, StateOrNone]):
    """See the module pve_node_disk. A task is about one disk (``disk``), or about what stands on disks (``type``, ``name``)."""

    name = "disk"

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "state": {"type": "str", "choices": ["present", "absent", "wiped", "gpt"], "default": "present"},
            "disk": {"type": "str"},
            "uuid": {"type": "str"},
            "type": {"type": "str", "choices": list(KINDS)},
            "name": {"type": "str"},
            "devices": {"type": "list", "elements": "str"},
            **_OWN,
            "add_storage": {"type": "bool"},
            **{name: {"type": "bool"} for name in _CLEANUPS},
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

    def parse(self, params: Mapping[str, Any]) -> Desired:
        _refuse_foreign(params)
        desired = {name: params[name] for name in ("node", "state", "force")}
        if params["state"] in ("wiped", "gpt"):
            for name, pattern in (("disk", _DISK), ("uuid", _UUID)):
                if params[name] is not None and not pattern.fullmatch(params[name]):
                    raise InvalidOption(name, f"{params[name]!r} does not look right, as /dev/sdb or a UUID do")
            return {**desired, "disk": params["disk"], "uuid": params["uuid"]}
        kind = KINDS[params["type"]]
        if not _NAME.fullmatch(params["name"]):
            raise InvalidOption("name", f"{params['name']!r} is not a name: a letter, then letters, digits, -, _ and .")
        made = {"devices": params["devices"], **kind.parse(params)}
        options = {name: value for name, value in made.items() if value is not None}
        acts = {name: bool(params[name]) for name in ("add_storage", *_CLEANUPS)}
        deleted = {name: params[name] for name in kind.delete_options}
        return {**desired, "kind": kind, "name": params["name"], "options": options, **acts, **deleted}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        """One list; what it does not tell, and the disks, only where the task needs them."""
        if "disk" in desired:
            return self._read_disk(reader, desired)
        kind: Kind = desired["kind"]
        found = kind.read(reader, desired)
        given = desired["options"].get("devices")
        if desired["state"] == "present" and found is None:
            desired["inventory"] = Inventory.read(reader, desired["node"])
        elif desired["state"] == "present" and found is not None:
            told = found.get("devices")
            desired["same"] = not (given and told) or same_devices(reader, desired["node"], given, told)
            desired["stored"] = not desired["add_storage"] or is_stored(reader, desired["node"], desired["name"])
        return found and {"node": desired["node"], "type": kind.type, "name": desired["name"], **found}

    @staticmethod
    def _read_disk(reader: Reader, desired: Desired) -> State:
        inventory = Inventory.read(reader, desired["node"])
        row = inventory.find("disk", desired["disk"])
        desired["row"], desired["parts"] = row, inventory.parts(row)
        if desired["state"] == "wiped":
            desired["members"] = members(reader, inventory, inventory.uses(row))
        kept = {name: row[name] for name in ("devpath", "used", "size") if row.get(name) is not None}
        return {"node": desired["node"], "gpt": has_table(row), **kept}

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        if desired["state"] == "wiped":
            return _plan_wipe(observed or {}, desired)
        if desired["state"] == "gpt":
            return _plan_table(observed or {}, desired)
        if desired["state"] == "absent":
            return _plan_absent(observed, desired)
        return _plan_create(desired) if observed is None else _refuse_changes(observed, desired)


def _refuse_foreign(params: Mapping[str, Any]) -> None:
    """Each state and type has options of its own; one that would have no effect is an error."""
    state, kind = params["state"], KINDS.get(params["type"] or "")
    own = {"wiped": {"disk"}, "gpt": {"disk", "uuid"}}.get(state, {"type", "name"})
    if kind and state == "present":
        own = {*own, "devices", "add_storage", *kind.options}
    elif kind and state == "absent":
        own = {*own, *_CLEANUPS, *kind.delete_options}
    for name in _SPECIFIC:
        if params[name] is not None and name not in own:
            raise InvalidOption(
                name, f"has no meaning with state: {state}" + (f" and type: {kind.type}" if kind else "")
            )


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _plan_wipe(current: State, desired: Desired) -> Plan:
    parts, path = desired["parts"], desired["row"]["devpath"]
    held = content(parts)
    if not held and not current["gpt"] and len(parts) == 1:
        return Plan.nothing(current)
    if user := user_of(parts, desired["members"]):
        raise Refused(f"{path} is in use: {user}.", hint="Delete that first; what is in use is never wiped.")
    if not desired["force"]:
        raise Refused(f"{path} is not empty ({held or 'a partition table'}).", hint="Set force: true to lose that.")
    after = {name: value for name, value in current.items() if name != "used"}
    step = Step(
        "PUT",
        disks_path(desired["node"], "wipedisk"),
        {"disk": path},
        f"wipe {path}",
        starts_task=True,
        task_id=_base(path),
    )
    return Plan(current, {**after, "gpt": False}, (step,))


def _plan_table(current: State, desired: Desired) -> Plan:
    path = desired["row"]["devpath"]
    if current["gpt"]:
        return Plan.nothing(current)
    if is_partition(desired["row"]):
        raise InvalidOption("disk", f"{path} is a partition; a partition table belongs on a disk")
    if held := content(desired["parts"]):
        raise Refused(f"{path} is not empty ({held}).", hint=WIPE_HINT)
    params = {"disk": path, **({"uuid": desired["uuid"]} if desired["uuid"] else {})}
    summary = f"give {path} a partition table"
    step = Step("POST", disks_path(desired["node"], "initgpt"), params, summary, starts_task=True, task_id=_base(path))
    return Plan(current, {**current, "gpt": True}, (step,))


def _plan_create(desired: Desired) -> Plan:
    kind, options, name = desired["kind"], desired["options"], desired["name"]
    kind.check_complete(options)
    inventory: Inventory = desired["inventory"]
    rows = [inventory.find(f"devices[{number}]", path) for number, path in enumerate(options["devices"])]
    for row in rows:
        if held := content(inventory.parts(row)):
            raise Refused(f"{row['devpath']} is not empty ({held}).", hint=WIPE_HINT)
    params = {"name": name, **kind.params(options), **({"add_storage": True} if desired["add_storage"] else {})}
    step = Step(
        "POST",
        disks_path(desired["node"], kind.type),
        params,
        f"create {kind.label} {name}",
        starts_task=True,
        task_id=name,
    )
    shown = kind.shown({**options, "name": name}, rows)
    return Plan(None, {"node": desired["node"], "type": kind.type, "name": name, **shown}, (step,))


def _refuse_changes(current: State, desired: Desired) -> Plan:
    """Nothing of what is there can be changed: what differs is an error."""
    kind, name = desired["kind"], desired["name"]
    given = {option: value for option, value in desired["options"].items() if option in current}
    differ = [option for option, value in given.items() if option != "devices" and value != current[option]]
    for option in [*differ, *([] if desired["same"] else ["devices"])]:
        turn = f"that of {name} is {current[option]!r}, not {given[option]!r}"
        hint = "Keep the present value, or delete the thing and create it anew."
        raise InvalidOption(option, f"can be set only when the {kind.label} is created; {turn}", hint=hint)
    if not desired["stored"]:
        text = f"works only when the {kind.label} is created, and there is no storage {name} for this node"
        raise InvalidOption("add_storage", text, hint="Create the storage by pve_storage.")
    return Plan.nothing(current)


def _plan_absent(current: State | None, desired: Desired) -> Plan:
    if current is None:
        return Plan.nothing(None)
    kind, name = desired["kind"], desired["name"]
    if not desired["force"] and (kind.loses_data or desired["cleanup_disks"]):
        raise Refused(f"What is on {kind.label} {name} would be lost.", hint="Set force: true to lose it.")
    params = {option.replace("_", "-"): True for option in _CLEANUPS if desired[option]}
    path = disks_path(desired["node"], kind.type, name)
    more = kind.delete_params(desired)
    step = Step(
        "DELETE",
        path,
        {**more, **params},
        f"delete {kind.label} {name}",
        starts_task=True,
        task_id=kind.task_id(desired),
    )
    return Plan(current, None, (step,))


class DiskList(ListInfo):
    """Disks, and on demand what stands on them."""

    extras = ("lvm", "lvmthin", "zfs", "directory", "smart")

    def read(self, reader: Reader, desired: Desired) -> dict[str, Any]:
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

    def parse(self, params: Mapping[str, Any]) -> Desired:
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
