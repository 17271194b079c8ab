# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring a backup to a guest of its own, or over one that exists, and whether the outcome equals the backup."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...model.contract import Planned, Reader, State
from ...model.errors import InvalidOption, NotConverged, NotFound, Refused
from ...model.plan import Plan, Step
from .. import power
from ..directory import Directory, Found
from ..kind import GuestKind
from ..kinds import BY_TYPE
from ..locate import Location, read_config
from ..sources import read_backup, restore_step
from .restore_check import differences, expected, in_words


@dataclasses.dataclass(frozen=True)
class RestoreKnown:
    """What a run has found out about a restoration: what the backup leads to, None if it may not be read."""

    backup: State | None
    is_new: bool = False  # there was no guest with this id before this run


@dataclasses.dataclass(frozen=True)
class RestoreDesired:
    """A guest that comes from a backup. ``known`` is None until the first read."""

    kind: GuestKind
    vmid: int
    node: str
    volume: str
    storage: str | None
    pool: str | None
    bwlimit: float | None
    force: bool
    unique: bool
    start: bool
    live_restore: bool
    known: RestoreKnown | None = None

    @property
    def target(self) -> Location:
        """Where the guest is to be."""
        return Location(self.kind.type, self.vmid, self.node)

    @property
    def backup(self) -> State | None:
        """What the backup leads to; None if it may not be read."""
        return self.known.backup if self.known else None

    @property
    def is_new(self) -> bool:
        """Whether this run makes the guest, or has made it."""
        return self.known is not None and self.known.is_new

    @property
    def options(self) -> dict[str, Any]:
        """The options of the call that restores, as far as they are given."""
        given = {name: getattr(self, name) for name in ("storage", "unique", "live_restore", "bwlimit")}
        return {name: value for name, value in given.items() if value not in (None, False)}


@dataclasses.dataclass(frozen=True)
class RestoreObserved:
    """The guest with the id of the restored one; ``state`` is None if there is none."""

    state: State | None
    known: RestoreKnown


class Restore(Planned[RestoreDesired, RestoreObserved]):
    """A guest that comes from a backup. One that exists and equals it is left alone, and is overwritten only with ``force``."""

    name = "guest"

    def parse(self, params: Mapping[str, Any]) -> RestoreDesired:
        """From options that the module pve_backup has checked; ``kind`` and ``vmid`` are known."""
        if params["kind"] == "lxc" and params["live_restore"]:
            raise InvalidOption("live_restore", "is for virtual machines")
        names = "vmid node volume storage pool bwlimit force unique start live_restore".split()
        return RestoreDesired(BY_TYPE[params["kind"]].kind, **{name: params[name] for name in names})

    def read(self, reader: Reader, desired: RestoreDesired) -> RestoreObserved:
        where = desired.target
        config = read_config(reader, where, forbidden_is_absent=True)
        if config is None and (found := self._elsewhere(reader, desired)):
            where, config = found
        known = desired.known or RestoreKnown(self._read_backup(reader, desired))
        if config is None:
            return RestoreObserved(None, dataclasses.replace(known, is_new=True))
        status = power.observe({**reader.get(f"{where.path}/status/current"), "lock": config.get("lock")})
        state = {"vmid": where.vmid, "node": where.node, **desired.kind.observe(config), "status": status}
        return RestoreObserved(state, known)

    def remember(self, observed: RestoreObserved, desired: RestoreDesired) -> RestoreDesired:
        return dataclasses.replace(desired, known=observed.known)

    @staticmethod
    def _elsewhere(reader: Reader, desired: RestoreDesired) -> Found | None:
        """A guest that has moved since it was restored. Refused are one of the other kind, and one that would be replaced."""
        found = Directory(reader).follow(desired.vmid)
        if found and found[0].kind != desired.kind.type:
            raise InvalidOption("vmid", f"{desired.vmid} is taken: it is the {found[0]}")
        if found and desired.force:
            text = f"the {found[0]} is not on {desired.node}, and force: true replaces only what fits node"
            raise InvalidOption("node", text)
        return found

    @staticmethod
    def _read_backup(reader: Reader, desired: RestoreDesired) -> State | None:
        """What the backup's configuration leads to; None if the caller may not read it."""
        try:
            backup = read_backup(reader, desired.node, desired.volume)
        except NotFound:
            raise InvalidOption("volume", f"there is no backup {desired.volume}") from None
        if backup is None:
            return None
        return expected(desired.kind.observe(backup), desired.target, desired.options)

    # --- plan ---------------------------------------------------------------------------------------------------------

    def plan(self, observed: RestoreObserved, desired: RestoreDesired) -> Plan:
        current = observed.state
        runs = desired.start or desired.live_restore
        after: State = {"vmid": desired.vmid, "node": desired.node, **(desired.backup or {})}
        after["status"] = power.RUNNING if runs else power.STOPPED
        if desired.pool:
            after["pool"] = desired.pool
        if current is None:
            return Plan(None, after, (self._step(desired),))
        label = desired.kind.label(current["vmid"], current.get(desired.kind.name_option))
        if desired.force and not desired.is_new:
            return self._plan_overwrite(current, after, label, desired)
        if not desired.is_new:  # what this run restored itself is compared when it is done
            _refuse_other(label, current, desired)
        path = desired.kind.where(current).path
        steps = power.Power("started").steps(path, label, current["status"]) if runs else []
        return Plan(current, {**current, "status": after["status"]} if steps else current, tuple(steps))

    def _plan_overwrite(self, current: State, after: State, label: str, desired: RestoreDesired) -> Plan:
        if current.get("protection"):
            raise Refused(f"The {label} is protected.", hint="Set protection: false first.")
        steps = [self._step(desired, over=label)]
        if current["status"] in (power.RUNNING, power.PAUSED):
            stop = power.Power("stopped", force=True).stop(desired.kind.where(current).path, label)
            steps.insert(0, dataclasses.replace(stop, verify=False))
        return Plan(current, after, tuple(steps))

    @staticmethod
    def _step(desired: RestoreDesired, over: str = "") -> Step:
        """The call that restores. Over a guest it runs each time."""
        step = restore_step(desired.target, {"archive": desired.volume, **desired.options}, desired.pool)
        more = {"start": True} if desired.start else {}
        if not over:
            return dataclasses.replace(step, params={**step.params, **more}, replan=False)
        params = {**step.params, **more, "force": True}
        summary = f"{step.summary} over the {over}"
        return dataclasses.replace(step, params=params, summary=summary, replan=False, verify=False, repeatable=False)

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def after_apply(
        self, reader: Reader, desired: RestoreDesired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """Whether the guest equals the backup; a difference is an error."""
        if desired.backup is None:
            reader.warnings.append(
                f"The configuration in {desired.volume} could not be read, so that it was not compared with the guest."
            )
            return {"verified": False}
        found = differences(desired.backup, state)
        if found:
            raise NotConverged(f"{desired.vmid} was restored, but differs from {desired.volume}: {in_words(found)}.")
        return {"verified": True}


def _refuse_other(label: str, current: State, desired: RestoreDesired) -> None:
    """Refuse to leave alone, or to overwrite, a guest that is not what the backup holds."""
    if desired.backup is None:
        reason = "and it is unknown whether it equals the backup, whose configuration may not be read"
    else:
        found = differences(desired.backup, current)
        if not found:
            return
        reason = f"and differs from the backup: {in_words(found)}"
    raise Refused(
        f"The {label} exists, {reason}.", hint="Name another vmid, or set force: true, which replaces its disks."
    )
