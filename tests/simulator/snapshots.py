# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of guests: taking them, going back to them, deleting them.

Follows pve-guest-common src/PVE/AbstractConfig.pm (snapshot_create, snapshot_rollback, snapshot_delete).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import volumes
from .errors import ApiError
from .guest import Guest, Snapshot, new_uuid, set_running, set_stopped, volid_of, volume_slots
from .guest_config import snapshot_of
from .guest_status import MACHINE, memory_bytes
from .guest_volumes import disks
from .sizes import KIB, MIB

if TYPE_CHECKING:
    from .state import Cluster

Log = Callable[[str], Any]
NOT_IN_SNAPSHOTS = frozenset({"lock", "parent", "vmstate", "snapstate"})


def can_snapshot(cluster: Cluster, guest: Guest) -> bool:
    return all(volumes.has_feature(cluster, volume, "snapshot") for _slot, volume in disks(cluster, guest))


def allocate_state(cluster: Cluster, guest: Guest, name: str, storageid: str | None, log: Log) -> str:
    """A volume for the memory of a running machine; its id."""
    found = disks(cluster, guest)
    storage = storageid or guest.config.get("vmstatestorage") or (found[0][1].storage if found else "local")
    size = (2 * memory_bytes(guest) // MIB + 500) * MIB
    stem = f"vm-{guest.vmid}-state-{name}"
    volume = volumes.allocate(cluster, storage, guest.node, guest.vmid, size, "raw", stem)
    log(f"saving VM state and RAM using storage '{storage}'")
    log(f"completed saving the VM state in 0s, saved {memory_bytes(guest) // KIB / KIB:.2f} MiB")
    return volume.volid


def take(cluster: Cluster, guest: Guest, name: str, description: str, vmstate: bool, log: Log) -> None:
    if name in guest.snapshots:
        raise ApiError(500, f"snapshot name '{name}' already used")
    if guest.is_template:
        raise ApiError(500, "you can't take a snapshot if it's a template")
    if not can_snapshot(cluster, guest):
        raise ApiError(500, "snapshot feature is not available")
    config = {option: value for option, value in guest.config.items() if option not in NOT_IN_SNAPSHOTS}
    for option in [option for option in config if option.startswith("unused")]:
        del config[option]
    snapshot = Snapshot(name, config, int(cluster.now()), description, guest.parent)
    if vmstate and guest.running and guest.kind == "qemu":
        snapshot.vmstate = allocate_state(cluster, guest, name, None, log)
        nets = sorted(option for option in config if option.startswith("net"))
        snapshot.running = {"runningmachine": MACHINE, "runningcpu": "max"}
        if nets:
            snapshot.running["running-nets-host-mtu"] = ",".join(f"{net}=1500" for net in nets)
    for slot, volume in disks(cluster, guest):
        log(f"snapshotting 'drive-{slot}' ({volume.volid})")
        volume.snapshots.append(name)
    guest.snapshots[name] = snapshot
    guest.parent = name


def roll_back(cluster: Cluster, guest: Guest, name: str, start: bool, log: Log) -> None:
    """The configuration and the disks of the snapshot; the machine runs afterwards if its memory was kept."""
    snapshot = snapshot_of(guest, name)
    set_stopped(guest)
    kept: dict[str, Any] = {
        option: guest.config[option] for option in ("description", "lock") if option in guest.config
    }
    before = guest.config
    guest.config = {**{o: v for o, v in snapshot.config.items() if o != "description"}, **kept}
    _keep_other_volumes(guest, before)
    guest.pending.clear()
    guest.parent = name
    if guest.kind == "qemu":
        if "vmgenid" in guest.config:
            guest.config["vmgenid"] = new_uuid(cluster)
        if snapshot.vmstate:
            for option, value in snapshot.running.items():
                if option == "running-nets-host-mtu":
                    log(f"netdev {value.split('=')[0]}: using 'host_mtu=1500' for migration compat")
    if snapshot.vmstate or start:
        set_running(cluster, guest)


def _keep_other_volumes(guest: Guest, before: dict[str, Any]) -> None:
    """Volumes that the snapshot does not know stay with the guest as unused ones."""
    known = {volid_of(guest.config[slot]) for slot in volume_slots(guest.kind, guest.config)}
    slots = [*volume_slots(guest.kind, before), *(option for option in before if option.startswith("unused"))]
    for slot in slots:
        volid = volid_of(before[slot])
        if volid not in known and ":" in volid and not volid.startswith("/") and "media=cdrom" not in str(before[slot]):
            free = next(f"unused{n}" for n in range(256) if f"unused{n}" not in {**before, **guest.config})
            guest.config[slot if slot.startswith("unused") else free] = volid


def delete(cluster: Cluster, guest: Guest, name: str) -> None:
    snapshot = snapshot_of(guest, name)
    for slot in volume_slots(guest.kind, snapshot.config):
        volid = volid_of(snapshot.config[slot])
        volume = volumes.find_volume(cluster, volid, guest.node) if ":" in volid else None
        if volume is not None and name in volume.snapshots:
            volume.snapshots.remove(name)
    if snapshot.vmstate and (state := volumes.find_volume(cluster, snapshot.vmstate, guest.node)):
        volumes.free(cluster, state)
    for other in guest.snapshots.values():
        if other.parent == name:
            other.parent = snapshot.parent
    if guest.parent == name:
        guest.parent = snapshot.parent
    del guest.snapshots[name]
