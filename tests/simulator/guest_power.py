# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping guests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import volumes
from .errors import ApiError
from .guest import NET, Guest, set_running, set_stopped, volid_of, volume_slots
from .guest_options import option_format
from .guest_status import boots_system
from .interfaces import bridges_of
from .lxc_config import apply_pending as apply_pending_lxc
from .lxc_config import check_bridges_exist
from .property_string import split
from .qemu_config import apply_pending as apply_pending_qemu
from .snapshots import allocate_state
from .storages import usable_storage
from .tasks import TaskLog
from .volume_names import split_volid

if TYPE_CHECKING:
    from .state import Cluster


def apply_pending(cluster: Cluster, guest: Guest) -> None:
    (apply_pending_qemu if guest.kind == "qemu" else apply_pending_lxc)(cluster, guest)


def start_guest(cluster: Cluster, guest: Guest, log: TaskLog) -> None:
    """Start a stopped guest, or say why it cannot run."""
    if guest.is_template:
        raise ApiError(500, f"you can't start a {'vm' if guest.kind == 'qemu' else 'CT'} if it's a template")
    apply_pending(cluster, guest)
    check_volumes(cluster, guest)
    check_bridges(cluster, guest)
    set_running(cluster, guest)
    if guest.vmid in cluster.areas.get("restricted_agents", ()):
        guest.agent["restricted"] = True
    if guest.kind == "qemu":
        guest.answers = guest.answers or boots_system(cluster, guest)
        guest.cloudinit = dict(guest.config)
    else:
        guest.answers = True


def hibernate_guest(cluster: Cluster, guest: Guest, storage: str | None, log: TaskLog) -> None:
    """Write the memory of a running machine to a volume and stop it; from then on it is locked."""
    name = f"suspend-{time.strftime('%Y-%m-%d', time.gmtime(cluster.now()))}"
    guest.config["vmstate"] = allocate_state(cluster, guest, name, storage, log)
    set_stopped(guest)
    guest.config["lock"] = "suspended"


def wake_guest(cluster: Cluster, guest: Guest, log: TaskLog) -> None:
    """Let a hibernated machine run again; its memory's volume goes."""
    log("Resuming suspended VM")
    volid = guest.config.pop("vmstate", None)
    volume = volumes.find_volume(cluster, volid, guest.node) if volid else None
    if volume is not None:
        log(f"activating and using '{volid}' as vmstate")
        volumes.free(cluster, volume)
    set_running(cluster, guest)
    guest.config.pop("lock", None)
    log("Resumed VM, removing state\ntrying to acquire lock...\n OK")


def stop_guest(cluster: Cluster, guest: Guest) -> None:
    """Stop a running guest at once; what waited for that comes into force."""
    set_stopped(guest)
    apply_pending(cluster, guest)


def check_volumes(cluster: Cluster, guest: Guest) -> None:
    for slot in volume_slots(guest.kind, guest.config):
        volid = volid_of(guest.config[slot])
        if ":" in volid and not volid.startswith("/"):
            storageid, _name = split_volid(volid)
            storage = usable_storage(cluster, storageid, guest.node)
            volume = volumes.existing_volume(cluster, volid, guest.node)
            if guest.kind == "qemu" and volume.content == "images":
                volumes.check_images(storage, container=False)


def check_bridges(cluster: Cluster, guest: Guest) -> None:
    if guest.kind == "lxc":
        check_bridges_exist(cluster, guest)
        return
    known = bridges_of(cluster, guest.node)
    for name, value in guest.config.items():
        if NET.fullmatch(name):
            bridge = split(str(value), option_format(guest.kind, name)).get("bridge")
            if bridge and known and bridge not in known:
                raise ApiError(500, f"bridge '{bridge}' does not exist")
