# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What creating, restoring and cloning a guest have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import permission_error
from .guest import Guest
from .guest_tasks import start_task
from .tasks import TaskLog

if TYPE_CHECKING:
    from .call import Call


def check_pool(call: Call) -> None:
    pool = call.params.get("pool")
    if pool and pool not in call.cluster.pools:
        raise permission_error(f"pool '{pool}' does not exist")


def check_create_privileges(call: Call) -> None:
    """VM.Allocate on the guest or on its pool; overwriting by a restore takes VM.Backup on the guest."""
    check_pool(call)
    params, path = call.params, f"/vms/{call.params['vmid']}"
    if call.may(path, ["VM.Allocate"]):
        return
    if params.get("pool") and call.may(f"/pool/{params['pool']}", ["VM.Allocate"]):
        return
    restoring = bool(params.get("archive") or params.get("restore"))
    if restoring and params.get("force") and not params.get("pool") and call.may(path, ["VM.Backup"]):
        return
    raise permission_error()


def register(call: Call, guest: Guest, kind: str, worker: Callable[[TaskLog], None], duration: float = 1.0) -> str:
    """Put a new guest into the cluster, locked, and start the task that completes it; a failure removes it again."""
    cluster = call.cluster
    cluster.guests[guest.vmid] = guest
    if pool := call.params.get("pool"):
        cluster.join_pool(guest.vmid, pool)

    def failed() -> None:
        if cluster.guests.get(guest.vmid) is guest:
            del cluster.guests[guest.vmid]
            cluster.forget_guest(guest.vmid)

    return start_task(
        call, kind, guest.vmid, worker, guest=guest, lock="create", ignore_lock=True, duration=duration, failed=failed
    )
