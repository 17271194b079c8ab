# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading one guest: which one a task means, its present state, and what a new one is made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..model.contract import Reader, State
from ..model.errors import InvalidOption, InvalidParameter, PermissionDenied
from ..model.plan import api_path
from . import power
from .agent import pending_keys
from .choosing import Chooser, allowed_nodes, on_node
from .desired import GuestDesired, GuestObserved, Known
from .directory import Directory, Found, find_seen, require_node
from .kind import GuestKind
from .locate import Location, read_config, with_name
from .making import await_finish, is_unfinished, unfinished
from .planner import target_of
from .pool import pool_of, require_pool
from .seed import seeds_of
from .sources import destination, find_source, read_backup
from .volumes.common import storage_of, volume_of


def read_guest(kind: GuestKind, reader: Reader, desired: GuestDesired) -> GuestObserved:
    """The guest that a task means; for one that is to be created, what only the cluster knows."""
    as_root = reader.connection.is_root
    search = Search(kind, reader, desired)
    found = search.find()
    if found is None:
        known = _prepare_creation(kind, reader, desired, search.others()) if desired.state != "absent" else None
        known = known and dataclasses.replace(known, is_free=search.sees_id)
        has_seed = known is not None and _has_seed(reader, desired, known.node, known.vmid, {})
        return GuestObserved(None, known, as_root=as_root, has_seed=has_seed)
    where, config = found
    state, ha_managed = _observe(kind, reader, desired, where, config)
    earlier = desired.known or Known(where.vmid, where.node)
    known = dataclasses.replace(
        earlier,
        vmid=where.vmid,
        node=where.node,
        status=None,
        runs=state.get("status") == power.RUNNING,
        may_wait=earlier.may_wait or earlier.runs,
        source=earlier.source or _source_of_moving(kind, search, desired, config),
        ran=earlier.ran or _is_to_restart_hard(desired, state),
        purged=earlier.purged | _to_purge(kind, state, desired),
        directory=search.directory or earlier.directory,
    )
    digest = None if desired.is_new else config.get("digest")
    has_seed = _has_seed(reader, desired, where.node, where.vmid, state)
    has_snapshots = bool(config.get("parent"))  # the snapshot that the present state goes back to
    observed = GuestObserved(state, known, digest, as_root, ha_managed, has_snapshots, has_seed)
    if not (desired.migrate and desired.is_outside(where.node)) or known.moves_to:
        return observed
    if ha_managed:
        _warn_of_ha(reader, where, desired)
        return observed
    chooser = desired.in_bulk.chooser or Chooser(reader, search.others())
    choice = chooser.for_present(kind, observed, desired, known)
    return dataclasses.replace(observed, known=dataclasses.replace(known, moves_to=choice.node))


def _has_seed(reader: Reader, desired: GuestDesired, node: str, vmid: int, state: State) -> bool:
    """Whether the image of the seed is there, as it is where the machine has it already, or where an interrupted run left it."""
    seed = desired.seed
    if seed is None:
        return False
    volume = seed.volume(vmid)
    if any(held == volume for _slot, held in seeds_of(vmid, state)):
        return True
    storage = api_path("nodes", node, "storage", seed.storage)
    rows = reader.get(f"{storage}/content", {"content": "iso"}) or []
    if any(row.get("volid") == volume for row in rows):
        return True
    contents = sorted(str(reader.get(f"{storage}/status").get("content", "")).split(","))
    if "iso" not in contents:
        raise InvalidOption("seed", f"storage: {seed.storage} takes no iso, only {', '.join(contents)}")
    return False


def _source_of_moving(
    kind: GuestKind, search: Search, desired: GuestDesired, config: Mapping[str, Any]
) -> tuple[Location, State] | None:
    """The source of a clone that an earlier run made and did not move, which has its description; None for all others."""
    if not desired.clone or not destination(config) or "description" in desired.config:
        return None
    where, found = find_source(search.others(), kind.type, desired.clone["source"], destination(config))
    return where, kind.observe(found)


def _warn_of_ha(reader: Reader, where: Location, desired: GuestDesired) -> None:
    """Warn that HA, which moves its guests itself, has a guest elsewhere than the task says."""
    text = (
        f"The {where} is not on {' or '.join(desired.nodes)}. HA manages it, and moves it by the rules of pve_ha_rule."
    )
    if text not in reader.warnings:
        reader.warnings.append(text)


# --- the present state ------------------------------------------------------------------------------------------------


def _needs_status(kind: GuestKind, desired: GuestDesired, where: Location, config: Mapping[str, Any]) -> bool:
    """Whether the power state matters, which costs a request."""
    moves = target_of(desired, {**config, "node": where.node}) is not None or (
        desired.migrate and desired.is_outside(where.node)
    )
    if desired.state != "present" or moves or desired.restart != "never" or desired.template:
        return True
    if not kind.volumes.depend_on_power:
        return False
    parts = desired.volumes.values()
    return (desired.move_volumes and any(part != "" for part in parts)) or (desired.purge and "" in parts)


def _observe(
    kind: GuestKind, reader: Reader, desired: GuestDesired, where: Location, config: Mapping[str, Any]
) -> tuple[State, bool]:
    """The state as far as the task needs it, and whether HA manages the guest."""
    state: State = {"vmid": where.vmid, "node": where.node, **kind.observe(config)}
    ha_managed = False
    if _needs_status(kind, desired, where, config):
        said = desired.known.status if desired.known else None
        if said and not config.get("freeze"):  # which is started, and paused
            state["status"] = said
        else:
            status = reader.get(f"{where.path}/status/current")
            state["status"] = power.observe({**status, "lock": config.get("lock")})
            ha_managed = bool((status.get("ha") or {}).get("managed"))
    if desired.restart == "if_needed" and state["status"] == power.RUNNING:
        state["pending"] = pending_keys(reader, where)
    if desired.pool is not None:
        state["pool"] = pool_of(reader, where.vmid, desired.pool)
    for name, value in desired.config.items():  # PVE leaves defaults out; a task that gives one sees it in the result
        default = kind.config.named(name).default
        if name not in state and default is not None and value == default:
            state[name] = default
    return state, ha_managed


def _is_to_restart_hard(desired: GuestDesired, state: State) -> bool:
    """Whether a guest that runs is restarted by a stop and a start: once it is stopped, the restart is completed."""
    return desired.restart != "never" and desired.power.force and state["status"] == power.RUNNING


def _to_purge(kind: GuestKind, state: State, desired: GuestDesired) -> frozenset[str]:
    """The volumes to delete of slots that are to be emptied, where that takes two calls."""
    if not desired.purge or kind.volumes.purge_params:
        return frozenset()
    emptied = [state[slot] for slot, part in desired.volumes.items() if part == "" and slot in state]
    return frozenset(volume_of(held) for held in emptied if storage_of(held))


# --- a new guest ------------------------------------------------------------------------------------------------------


def _prepare_creation(kind: GuestKind, reader: Reader, desired: GuestDesired, directory: Directory) -> Known:
    """The id and the node of a new guest, and what it is made from."""
    placed = desired.known.placed if desired.known else None
    known = _origin(kind, reader, desired, directory, placed.node if placed else None)
    require_pool(reader, desired.pool, directory.rows)
    known = dataclasses.replace(known, vmid=_new_vmid(reader, desired))
    if desired.policy is None:
        return known
    if placed is None:
        placed = (desired.in_bulk.chooser or Chooser(reader, directory)).for_new(kind, desired, known)
    if desired.clone and known.source and known.source[0].node != placed.node:  # that node may have a copy
        where, config = find_source(directory, kind.type, desired.clone["source"], placed.node)
        known = dataclasses.replace(known, source=(where, kind.observe(config)))
    return dataclasses.replace(on_node(known, placed.node, desired), placed=placed)


def _origin(kind: GuestKind, reader: Reader, desired: GuestDesired, directory: Directory, chosen: str | None) -> Known:
    """What a new guest is made from, and its node as far as the task names it or it is chosen already."""
    source, backup = None, None
    node = desired.node or chosen
    if desired.clone:
        where, config = find_source(directory, kind.type, desired.clone["source"], node)
        source = (where, kind.observe(config))
        node = node or where.node
    if desired.policy is not None:
        node = allowed_nodes(directory, desired)[0]
    if not node:
        which = desired.vmid or repr(desired.name)
        raise InvalidOption(
            "node", f"there is no {kind.title} {which}, and to create it needs node, nodes or placement"
        )
    require_node(directory, node)
    if desired.restore:
        found = read_backup(reader, node, desired.restore["archive"])
        backup = None if found is None else kind.observe(found)
    known = Known(desired.own_vmid or 0, node, is_new=True, source=source, backup=backup, directory=directory)
    return on_node(known, node, desired)


def _new_vmid(reader: Reader, desired: GuestDesired) -> int:
    """The id that the task names or that was reserved for it; the next free one if that was lost to somebody else."""
    vmid = desired.own_vmid if desired.known is None else desired.vmid
    return vmid or int(reader.get("/cluster/nextid"))


# --- which guest is meant ---------------------------------------------------------------------------------------------


class Search:
    """The search for the guest that a task means. ``directory`` is the one that was needed for that, if any."""

    def __init__(self, kind: GuestKind, reader: Reader, desired: GuestDesired) -> None:
        self.kind, self.reader, self.desired = kind, reader, desired
        self.directory: Directory | None = None
        self.sees_id = False  # whether a guest with the task's id would be in the list of all guests
        # where a bulk has asked for all guests already
        self._shared = desired.in_bulk.directory if desired.known is None else None

    def others(self) -> Directory:
        """All guests of the cluster."""
        if self.directory is None:
            self.directory = self._shared or Directory(self.reader)
        return self.directory

    def find(self) -> Found | None:
        """The guest and its configuration. One request if node and id are known, which they are once it is made or found."""
        found = self._expected() or self._look_up(self.others())
        if found is None:
            self._refuse_hidden()
            return None
        return self._fitting(*found)

    def _expected(self) -> Found | None:
        """The guest where the task says that it is, where this run found it, or where an earlier task did."""
        desired, known = self.desired, self.desired.known
        vmid, node = desired.vmid or (known and known.vmid), desired.node or (known and known.node)
        if known and not desired.migrate:  # it is right where it was found, on whatever node
            node = known.node
        if vmid and node and (self._shared is None or self._shared.at(vmid)):
            where = Location(self.kind.type, vmid, node)
            config = self._finished(where, self._read_visible(where))
            if config is not None and (desired.vmid or config.get(self.kind.name_option) == desired.name):
                return with_name(where, config), config
        if vmid and not node and self._shared is None:
            seen = find_seen(self.reader, vmid, [self.kind.type])
            config = self._finished(*seen) if seen else None
            if seen and config is not None:
                return with_name(seen[0], config), config
        return None

    def _read_visible(self, where: Location) -> Mapping[str, Any] | None:
        """The configuration of a guest; None if it is not there, or if the list of all guests has to decide.

        Both that call and the list take VM.Audit (PVE/API2/Qemu.pm, vm_config; pve-manager API2/Cluster.pm, resources).
        """
        try:
            config = read_config(self.reader, where)
        except PermissionDenied:
            return None
        self.sees_id = True
        return config

    def _look_up(self, directory: Directory) -> Found | None:
        """The guest with the task's id, or else with its name."""
        desired, known = self.desired, self.desired.known
        # Once the guest to delete was found, no other one of its name is deleted in its place.
        vmid = desired.vmid or (known.vmid if known and desired.state == "absent" else None)
        if vmid is None:
            return self._look_up_name(directory, desired.name or "")
        found = directory.follow(vmid)
        if found is None or not (desired.vmid or found[0].name == desired.name):
            return None
        where, config = found
        if where.kind != self.kind.type:
            raise InvalidOption("vmid", f"{where.vmid} is taken: it is the {where}")
        finished = self._finished(where, config)
        return None if finished is None else (with_name(where, finished), finished)

    def _look_up_name(self, directory: Directory, name: str) -> Found | None:
        """The guest with the task's name. A guest that others are making gets its name last."""
        kinds, option = [self.kind.type], self.kind.name_option
        found = directory.find(kinds, name, option)
        if found:
            return found
        others = unfinished(self.reader, directory, self.kind.type, self.desired.in_bulk.own_vmids)
        if not others:
            return None
        await_finish(self.reader, others, self.desired.timeout, name)
        directory.refresh()
        return directory.find(kinds, name, option)

    def _finished(self, where: Location, config: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The configuration of a guest that the task names by its id as well, once whoever makes it has finished that."""
        if config is None or not self.desired.name or not is_unfinished(config, self.kind.type):
            return config
        await_finish(self.reader, [where], self.desired.timeout, self.desired.name)
        return read_config(self.reader, where)

    def _fitting(self, where: Location, config: Mapping[str, Any]) -> Found:
        """What was found, if it is what the task says; it may have moved, or be renamed, where that does no harm."""
        desired = self.desired
        if desired.node not in (None, where.node):
            require_node(self.others(), desired.node or "")
            reason = _why_to_fit_node(desired, {**config, "node": where.node})
            if reason:
                text = f"the {where} is not on {desired.node}, and {reason} only what fits node"
                raise InvalidOption("node", text, hint="Leave node out.")
        if desired.is_outside(where.node) and not desired.migrate:
            text = f"The {where} is not on {' or '.join(desired.nodes)}; migrate: true would move it."
            if text not in self.reader.warnings:
                self.reader.warnings.append(text)
        selected = desired.in_bulk.selected_name
        if selected not in (None, where.name):
            raise InvalidOption("select", f"the {where} was called {selected!r} when it was selected")
        if desired.vmid and desired.name not in (None, where.name):
            self._refuse_other_name(where, config)
        return where, config

    def _refuse_other_name(self, where: Location, config: Mapping[str, Any]) -> None:
        """Refuse a guest with another name than the task says, unless the task renames it."""
        desired, option = self.desired, self.kind.name_option
        reason = _why_to_fit(desired, config)
        if not reason:
            return
        hint = f"Leave {option} out, or correct vmid."
        if desired.is_copy and desired.state != "absent":
            origin = "clone" if desired.clone else "restore"
            hint = f"Give a free vmid for a new guest; to rename this one leave {origin} out."
        text = f"the {where} is not named {desired.name!r}, and {reason} only what fits vmid and {option}"
        raise InvalidOption(option, text, hint=hint)

    def _refuse_hidden(self) -> None:
        """A guest that is not listed may be one that the caller may not see; then it is not absent.

        Root sees everything. Who may create it learns of a taken id from the server, so that only a deletion has to ask.
        """
        desired, connection = self.desired, self.reader.connection
        if desired.state != "absent" or not desired.vmid or connection.is_root:
            return
        try:
            self.reader.get("/cluster/nextid", {"vmid": desired.vmid})
        except InvalidParameter:
            text = f"{desired.vmid} belongs to a guest that {connection.identity} may not see"
            raise InvalidOption(
                "vmid", text, hint="It needs VM.Audit on it, for example by a role on its pool."
            ) from None


def _why_to_fit_node(desired: GuestDesired, found: Mapping[str, Any]) -> str:
    """Why a guest on another node than the task says is not meant, in words; empty where it has only moved."""
    if desired.template and target_of(desired, found) is not None:
        return _why_harmful(desired)
    return _why_harmful(desired) or _why_converted(desired, found)


def _why_to_fit(desired: GuestDesired, found: Mapping[str, Any]) -> str:
    """Why a guest that has another name than the task says is not meant, in words; empty where that renames it."""
    copied = "clone takes" if desired.clone else "restore takes" if desired.restore else ""
    return _why_harmful(desired) or copied or _why_converted(desired, found)


def _why_harmful(desired: GuestDesired) -> str:
    """What a task does to any guest that cannot be taken back, in words; empty if nothing."""
    if desired.state == "absent":
        return "state: absent deletes"
    if desired.state == "reset":
        return "state: reset resets"
    if desired.power.force:
        return "force: true stops"
    emptied = [slot for slot, wanted in desired.volumes.items() if wanted == ""]
    if any(desired.purge or slot.startswith("unused") for slot in emptied):
        return "unset deletes the data of disks of"
    return ""


def _why_converted(desired: GuestDesired, found: Mapping[str, Any]) -> str:
    """The same for what has no way back only where it is still to be done: a template never becomes a guest again."""
    return "template: true converts" if desired.template and not found.get("template") else ""
