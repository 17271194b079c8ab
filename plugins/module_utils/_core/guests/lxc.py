# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers: what only they do; the rest they share with virtual machines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.changes import secret_keys
from ..model.contract import Desired, Reader, State
from ..model.errors import InvalidOption, Refused
from ..model.field import update_params
from ..model.plan import Step
from . import power
from .guest import Guest, only_root
from .locate import Location
from .schema import lxc as lxc_fields
from .sources import CLONE_OPTIONS, RESTORE_OPTIONS
from .volumes.common import Slot, VolumePlan, storage_of, volume_of
from .volumes.mount_points import is_path, mount_wish, plan_mount_point

FLAGS = {"force": False, "purge": False, "destroy_unreferenced_disks": False, "move_volumes": False}
_CLONE_OPTIONS = {name: codec for name, codec in CLONE_OPTIONS.items() if name != "format"}
_RESTORE_OPTIONS = {name: codec for name, codec in RESTORE_OPTIONS.items() if name != "live_restore"}
# PVE/LXC/Config.pm, vmconfig_hotplug_pending: what a running container takes at once; new mount points, too.
_AT_ONCE = re.compile(
    r"description|onboot|startup|protection|hostname|hookscript|tags|cores|cpulimit|cpuunits|memory|swap|net\d+"
)


class Lxc(Guest):
    """See the module pve_lxc for what its options mean."""

    name = "container"
    kind = "lxc"
    name_option = "hostname"
    states = ("present", "started", "stopped", "restarted")
    events = ("ip",)
    flags = FLAGS
    options = lxc_fields.OPTIONS
    families = lxc_fields.FAMILIES
    volume_families = lxc_fields.MOUNT_POINTS
    single_volumes = lxc_fields.SINGLE_VOLUMES
    config = lxc_fields.CONFIG
    volumes = lxc_fields.VOLUME_FIELDS
    move_call = "move_volume"
    clone_options = _CLONE_OPTIONS
    restore_options = _RESTORE_OPTIONS
    required_parts = ((r"net\d+", "name", "as in eth0"), (r"dev\d+", "path", "as in /dev/ttyS0"))

    def own_arguments(self) -> dict[str, Any]:
        return lxc_fields.CREATION.specs()

    # --- desired and present state ------------------------------------------------------------------------------------

    def parse(self, params: Mapping[str, Any]) -> Desired:
        creation = lxc_fields.CREATION.parse({**params, "unset": None})
        for source in ("clone", "restore"):
            if params.get(source) is not None and creation:
                raise InvalidOption(next(iter(creation)), f"means nothing with {source}, which has options of its own")
        return {**super().parse(params), "creation": creation}

    def desired_volume(self, slot: str, value: Any) -> dict[str, Any] | str:
        return mount_wish(slot, value, self.volume_codec(slot))

    def read(self, reader: Reader, desired: Desired) -> State | None:
        state = super().read(reader, desired)
        if state and desired["purge"]:
            self._remember_purged(state, desired)
        return state

    @staticmethod
    def _remember_purged(state: State, desired: Desired) -> None:
        """Complete the desired state with the volumes to delete, so that they are deleted where only their slots are empty yet."""
        emptied = [state[slot] for slot, part in desired["volumes"].items() if part == "" and slot in state]
        purged = desired.setdefault("purged", set())
        purged.update(volume_of(held) for held in emptied if storage_of(held))
        for slot, held in state.items():
            if slot.startswith("unused") and volume_of(held) in purged:
                desired["volumes"][slot] = ""

    def needs_status(self, desired: Desired, where: Location) -> bool:
        moves = desired["move_volumes"] and any(isinstance(part, dict) for part in desired["volumes"].values())
        return super().needs_status(desired, where) or moves or (desired["purge"] and "" in desired["volumes"].values())

    # --- plan ---------------------------------------------------------------------------------------------------------

    def creation(self, desired: Desired) -> tuple[dict[str, Any], frozenset[str]]:
        given = {name: value for name, value in desired["creation"].items() if value != ""}
        if "ostemplate" not in given:
            raise InvalidOption("ostemplate", "is needed to create a container; clone and restore are the other ways")
        return update_params(given, lxc_fields.CREATION, {}), secret_keys(lxc_fields.CREATION, given)

    def plan_volume(self, slot: str, current: Slot | None, desired: Slot | str, task: Desired) -> VolumePlan:
        codec = self.volume_codec(slot)
        if current is None and slot == "rootfs" and isinstance(desired, Mapping) and not desired.get("volume"):
            desired = {
                **({"storage": task["creation"]["storage"]} if task["creation"].get("storage") else {}),
                **desired,
            }
        return plan_mount_point(slot, current, desired, codec, move=task["move_volumes"], purge=task["purge"])

    def check_volumes(self, current: State, volumes: Mapping[str, VolumePlan], desired: Desired) -> None:
        if current.get("status") != power.RUNNING or desired["state"] == "stopped":
            return
        moved = [slot for slot, plan in volumes.items() if plan.move]
        if moved:
            raise Refused(
                f"PVE cannot move {', '.join(moved)} of a running container.", hint="Set state: stopped as well."
            )
        detached = [slot for slot, plan in volumes.items() if plan.delete and not slot.startswith("unused")]
        if detached and desired["purge"]:
            raise Refused(
                f"A running container keeps {', '.join(detached)} until it stops, so that no volume can be deleted.",
                hint="Set state: stopped as well, or leave purge out to detach it at the next stop.",
            )

    def leaves_unused(self, held: Slot) -> bool:
        return bool(storage_of(held))

    def needs_restart(self, name: str, current: State) -> bool:
        added = name.startswith("mp") and name not in current
        return not added and not _AT_ONCE.fullmatch(name)

    def migration_params(self, current: State, desired: Desired) -> dict[str, Any]:
        params: dict[str, Any] = {"restart": True} if current["status"] == power.RUNNING else {}
        return {**params, "target-storage": desired["target_storage"]} if desired["target_storage"] else params

    def purge(self, path: str, after: State, removed: Mapping[str, Slot]) -> tuple[dict[str, Any], list[Step]]:
        """A removed volume becomes unused first, and is deleted by a call of its own."""
        detached = [slot for slot, held in removed.items() if not slot.startswith("unused") and storage_of(held)]
        if not detached:
            return {}, []
        unused = ",".join(self.free_slots(after)[: len(detached)])
        volumes = ", ".join(f"{volume_of(removed[slot])} of {slot}" for slot in detached)
        return {}, [Step("PUT", f"{path}/config", {"delete": unused}, f"delete the volume {volumes}")]

    def check(self, before: State, after: State, names: Sequence[str], desired: Desired) -> None:
        for name in names:
            if not desired["as_root"]:
                _refuse_for_others(name, before, after)


LXC = Lxc()


def _refuse_for_others(name: str, before: State, after: State) -> None:
    """Refuse what PVE lets nobody but root@pam change, not even a token of root@pam."""
    what = ""
    if name == "hookscript":
        what = "a hook script"
    elif re.fullmatch(r"dev\d+", name):
        what = "a device of the host"
    elif re.fullmatch(r"rootfs|mp\d+", name) and is_path(after.get(name, {})):
        what = "a path of the host (bind mount)"
    elif name == "features":
        what = _root_only_features(before, after)
    if what:
        raise only_root(name, what)


def _root_only_features(before: State, after: State) -> str:
    """The changed features that only root may change, in words: others may change nesting of unprivileged containers."""
    old, new = before.get("features", {}), after.get("features", {})
    changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]  # as they are written
    privileged = after.get("unprivileged") is False or bool(before and not before.get("unprivileged"))
    kept = changed if privileged else [name for name in changed if name != "nesting"]
    return f"{', '.join(kept)} of a {'privileged ' if privileged else ''}container" if kept else ""
