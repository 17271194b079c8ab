# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting guests with their volumes and with what names them elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ha, volumes
from .errors import ApiError
from .guest import Guest, unused_slots, volid_of, volume_slots
from .guest_volumes import disks
from .tasks import TaskLog

if TYPE_CHECKING:
    from .call import Call
    from .state import Cluster


def check_destroy(call: Call, guest: Guest) -> None:
    """Refuse guests that other parts of the cluster still rely on, unless they are purged."""
    if call.params.get("purge"):
        return
    if ha.sid_of(guest) in ha.resources(call.cluster):
        raise ApiError(
            500, f"unable to remove {guest.label} {guest.vmid} - used in HA resources and purge parameter not set."
        )


def destroy(call: Call, guest: Guest, log: TaskLog) -> None:
    """Remove the guest, the volumes it owns, its place in pools and its entries in the ACL."""
    cluster, params = call.cluster, call.params
    owned = owned_volumes(cluster, guest)
    for volume in [volume for _slot, volume in disks(cluster, guest)] + owned:
        if volume.is_base and volumes.clones_of(cluster, volume):
            raise ApiError(500, f"base volume '{volume.volid}' is still in use by linked cloned")
    for volume in owned:
        volumes.free(cluster, volume)
    if params.get("destroy-unreferenced-disks"):
        free_unreferenced(cluster, guest)
    cluster.guests.pop(guest.vmid, None)
    cluster.forget_guest(guest.vmid)
    for forget in cluster.areas.get("forget_guest", []):
        forget(cluster, guest)
    if params.get("purge"):
        log(f"purging {guest.label} {guest.vmid} from related configurations..")
        purge(cluster, guest)


def owned_volumes(cluster: Cluster, guest: Guest) -> list[volumes.Volume]:
    """The volumes of the guest that its configuration, pending changes and snapshots name."""
    configs: list[dict[str, Any]] = [guest.config, guest.pending, *(snap.config for snap in guest.snapshots.values())]
    volids = {
        volid_of(config[slot])
        for config in configs
        for slot in (*volume_slots(guest.kind, config), *unused_slots(config))
        if config[slot] is not None
    }
    volids |= {snap.vmstate for snap in guest.snapshots.values() if snap.vmstate}
    if "vmstate" in guest.config:
        volids.add(guest.config["vmstate"])
    found = []
    for volid in sorted(volids):
        storageid = volid.partition(":")[0]
        if ":" in volid and not volid.startswith("/") and storageid in cluster.storages:
            volume = volumes.find_volume(cluster, volid, guest.node)
            if volume is not None and volume.vmid == guest.vmid:
                found.append(volume)
    return found


def free_unreferenced(cluster: Cluster, guest: Guest) -> None:
    for storage in cluster.storages.values():
        place = volumes.place_of(storage, guest.node)
        for volume in list(volumes.table(cluster).owned(place, guest.vmid)):
            if volume.content in ("images", "rootdir"):
                volumes.table(cluster).remove(volume)


def purge(cluster: Cluster, guest: Guest) -> None:
    """Remove the guest from backup jobs and from HA."""
    for job in cluster.jobs.values():
        listed = str(job.get("vmid", "")).split(",") if isinstance(job, dict) else []
        if str(guest.vmid) in listed:
            job["vmid"] = ",".join(vmid for vmid in listed if vmid != str(guest.vmid))
    ha.drop_resource(cluster, ha.sid_of(guest))
