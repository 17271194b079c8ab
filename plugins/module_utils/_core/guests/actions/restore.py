# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring a backup to a guest of its own, or over one that exists, and whether the outcome equals the backup."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...model.contract import Desired, Planned, Reader, State, StateOrNone
from ...model.errors import InvalidOption, NotConverged, NotFound, Refused
from ...model.plan import Plan, Step
from .. import power
from ..directory import Directory, Found
from ..kinds import KINDS
from ..locate import Location, read_config
from ..sources import read_backup, restore_step
from .restore_check import differences, expected, in_words


class Restore(Planned[Desired, StateOrNone]):
    """A guest that comes from a backup. One that exists and equals it is left alone, and is overwritten only with ``force``."""

    name = "guest"

    def parse(self, params: Mapping[str, Any]) -> Desired:
        """From options that the module pve_backup has checked; ``kind`` and ``vmid`` are known."""
        if params["kind"] == "lxc" and params["live_restore"]:
            raise InvalidOption("live_restore", "is for virtual machines")
        names = (
            "kind",
            "vmid",
            "node",
            "volume",
            "storage",
            "pool",
            "force",
            "unique",
            "start",
            "live_restore",
            "bwlimit",
        )
        return {name: params[name] for name in names}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        guest = KINDS[desired["kind"]]
        where = Location(desired["kind"], desired["vmid"], desired["node"])
        config = read_config(reader, where, forbidden_is_absent=True)
        if config is None and (found := self._elsewhere(reader, desired)):
            where, config = found
        if "backup" not in desired:
            desired["backup"] = self._read_backup(reader, desired)
        if config is None:
            desired["fresh"] = True
            return None
        status = power.observe({**reader.get(f"{where.path}/status/current"), "lock": config.get("lock")})
        return {"vmid": where.vmid, "node": where.node, **guest.observe_config(config), "status": status}

    @staticmethod
    def _elsewhere(reader: Reader, desired: Desired) -> Found | None:
        """A guest that has moved since it was restored. Refused are one of the other kind, and one that would be replaced."""
        found = Directory(reader).follow(desired["vmid"])
        if found and found[0].kind != desired["kind"]:
            raise InvalidOption("vmid", f"{desired['vmid']} is taken: it is the {found[0]}")
        if found and desired["force"]:
            text = f"the {found[0]} is not on {desired['node']}, and force: true replaces only what fits node"
            raise InvalidOption("node", text)
        return found

    @staticmethod
    def _read_backup(reader: Reader, desired: Desired) -> State | None:
        """What the backup's configuration leads to; None if the caller may not read it."""
        try:
            backup = read_backup(reader, desired["node"], desired["volume"])
        except NotFound:
            raise InvalidOption("volume", f"there is no backup {desired['volume']}") from None
        return (
            None
            if backup is None
            else expected(KINDS[desired["kind"]].observe_config(backup), _target(desired), desired)
        )

    # --- plan ---------------------------------------------------------------------------------------------------------

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        runs = desired["start"] or desired["live_restore"]
        after: State = {"vmid": desired["vmid"], "node": desired["node"], **(desired["backup"] or {})}
        after["status"] = power.RUNNING if runs else power.STOPPED
        if desired["pool"]:
            after["pool"] = desired["pool"]
        if observed is None:
            return Plan(None, after, (self._step(desired),))
        guest = KINDS[desired["kind"]]
        label = guest.label(observed["vmid"], observed.get(guest.name_option))
        if desired["force"] and not desired.get("fresh"):
            return self._plan_overwrite(observed, after, label, desired)
        if not desired.get("fresh"):  # what this run restored itself is judged when it is done
            _refuse_other(label, observed, desired)
        steps = power.Power("started").steps(guest.where(observed).path, label, observed["status"]) if runs else []
        return Plan(observed, {**observed, "status": after["status"]} if steps else observed, tuple(steps))

    def _plan_overwrite(self, current: State, after: State, label: str, desired: Desired) -> Plan:
        if current.get("protection"):
            raise Refused(f"The {label} is protected.", hint="Set protection: false first.")
        steps = [self._step(desired, over=label)]
        if current["status"] in (power.RUNNING, power.PAUSED):
            stop = power.Power("stopped", force=True).stop(KINDS[desired["kind"]].where(current).path, label)
            steps.insert(0, dataclasses.replace(stop, verify=False))
        return Plan(current, after, tuple(steps))

    @staticmethod
    def _step(desired: Desired, over: str = "") -> Step:
        """The call that restores. Over a guest it acts anew each time."""
        options = {name: desired[name] for name in ("storage", "unique", "live_restore", "bwlimit")}
        given = {name: value for name, value in options.items() if value not in (None, False)}
        step = restore_step(_target(desired), {"archive": desired["volume"], **given}, desired["pool"])
        more = {"start": True} if desired["start"] else {}
        if not over:
            return dataclasses.replace(step, params={**step.params, **more}, replan=False)
        params = {**step.params, **more, "force": True}
        summary = f"{step.summary} over the {over}"
        return dataclasses.replace(step, params=params, summary=summary, replan=False, verify=False, repeatable=False)

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def after_apply(
        self, reader: Reader, desired: Desired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """Whether the guest equals the backup; a difference is an error."""
        if desired["backup"] is None:
            reader.warnings.append(
                f"The configuration in {desired['volume']} could not be read, so that it was not compared with the guest."
            )
            return {"verified": False}
        found = differences(desired["backup"], state)
        if found:
            raise NotConverged(
                f"{desired['vmid']} was restored, but differs from {desired['volume']}: {in_words(found)}."
            )
        return {"verified": True}


def _refuse_other(label: str, current: State, desired: Desired) -> None:
    """Refuse to leave alone, or to overwrite, a guest that is not what the backup holds."""
    if desired["backup"] is None:
        reason = "and whether it equals the backup cannot be told"
    else:
        found = differences(desired["backup"], current)
        if not found:
            return
        reason = f"and differs from the backup: {in_words(found)}"
    raise Refused(
        f"The {label} exists, {reason}.", hint="Name another vmid, or set force: true, which replaces its disks."
    )


def _target(desired: Desired) -> Location:
    return Location(desired["kind"], desired["vmid"], desired["node"])
