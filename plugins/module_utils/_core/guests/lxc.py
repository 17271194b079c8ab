# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers: what only they do; the rest they share with VMs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.contract import State
from ..model.errors import Refused
from . import power
from .guest import Guest, only_root
from .kind import GuestKind, VolumeRules
from .schema import lxc as lxc_fields
from .sources import CLONE_OPTIONS, RESTORE_OPTIONS
from .volumes.common import VolumePlan, storage_of
from .volumes.mount_points import is_path, parse_mount_point, plan_mount_point

_CLONE_OPTIONS = {name: codec for name, codec in CLONE_OPTIONS.items() if name != "format"}
_RESTORE_OPTIONS = {name: codec for name, codec in RESTORE_OPTIONS.items() if name != "live_restore"}
# PVE/LXC/Config.pm, vmconfig_hotplug_pending: what a running container takes at once; new mount points, too.
_AT_ONCE = re.compile(
    r"description|onboot|startup|protection|hostname|hookscript|tags|cores|cpulimit|cpuunits|memory|swap|net\d+"
)


def check_running(volumes: Mapping[str, VolumePlan], purge: bool) -> None:
    """Refuse what PVE does not do to the volumes of a running container."""
    moved = [slot for slot, plan in volumes.items() if plan.move]
    if moved:
        raise Refused(f"PVE cannot move {', '.join(moved)} of a running container.", hint="Set state: stopped as well.")
    detached = [slot for slot, plan in volumes.items() if plan.delete and not slot.startswith("unused")]
    if detached and purge:
        raise Refused(
            f"A running container keeps {', '.join(detached)} until it stops, so that no volume can be deleted.",
            hint="Set state: stopped as well, or leave purge out to detach it at the next stop.",
        )


def check_written(before: State, after: State, names: Sequence[str], *, as_root: bool, complete: bool) -> None:
    """Refuse changes that PVE lets nobody but root@pam make."""
    for name in () if as_root else names:
        _refuse_for_others(name, before, after)


def needs_restart(name: str, current: State) -> bool:
    """Whether a change of this key waits for the next start of a running container; new mount points do not."""
    added = name.startswith("mp") and name not in current
    return not added and not _AT_ONCE.fullmatch(name)


def migration_params(status: str, target_storage: str | None) -> dict[str, Any]:
    """A container that runs migrates by a restart."""
    params: dict[str, Any] = {"restart": True} if status == power.RUNNING else {}
    return {**params, "target-storage": target_storage} if target_storage else params


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


VOLUMES = VolumeRules(
    fields=lxc_fields.VOLUME_FIELDS,
    families=lxc_fields.MOUNT_POINTS,
    singles=lxc_fields.SINGLE_VOLUMES,
    content="rootdir",
    move_call="move_volume",
    move_option="move_volumes",
    parse_slot=parse_mount_point,
    plan_slot=plan_mount_point,
    check_running=check_running,
    leaves_unused=lambda held: bool(storage_of(held)),
    root="rootfs",
    depend_on_power=True,
    protected_whole=True,  # PVE/LXC/Config.pm, update_pct_config
)
LXC = Guest(
    GuestKind(
        type="lxc",
        name="container",
        states=("present", "started", "stopped", "restarted"),
        events=("ip",),
        config=lxc_fields.CONFIG,
        options=lxc_fields.OPTIONS,
        families=lxc_fields.FAMILIES,
        volumes=VOLUMES,
        clone_options=_CLONE_OPTIONS,
        restore_options=_RESTORE_OPTIONS,
        required_parts=((r"net\d+", "name", "as in eth0"), (r"dev\d+", "path", "as in /dev/ttyS0")),
        check=check_written,
        as_kept=lambda current, config: config,
        needs_restart=needs_restart,
        migration_params=migration_params,
        creation=lxc_fields.CREATION,
        needed_to_create=("ostemplate",),
    )
)
