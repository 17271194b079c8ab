# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The volumes of guests that snapshots comprise and that templates turn into bases of linked clones."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from . import volumes
from .guest import Guest, volid_of, volume_slots

if TYPE_CHECKING:
    from .state import Cluster


def disks(cluster: Cluster, guest: Guest) -> list[tuple[str, volumes.Volume]]:
    """The volumes that snapshots and templates comprise, by slot: no CD drives, no bind mounts."""
    found = []
    for slot in volume_slots(guest.kind, guest.config):
        value = str(guest.config[slot])
        volid = volid_of(value)
        if "media=cdrom" in value or ":" not in volid or volid.startswith("/"):
            continue
        volume = volumes.find_volume(cluster, volid, guest.node)
        if volume is not None:
            found.append((slot, volume))
    return found


def convert_disks(cluster: Cluster, guest: Guest, only: Container[str] | None = None) -> None:
    """Turn volumes into bases of linked clones: those of these slots or all, cloud-init drives excepted."""
    for slot, volume in disks(cluster, guest):
        if (only is None or slot in only) and not volume.is_base:
            base = volumes.make_base(cluster, volume)
            guest.config[slot] = str(guest.config[slot]).replace(volume.volid, base.volid, 1)
