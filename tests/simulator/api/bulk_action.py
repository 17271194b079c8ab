# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting, stopping, suspending and moving chosen guests of the whole cluster; ids that no guest has are passed over."""

from __future__ import annotations

from collections.abc import Callable

from ..call import Call
from ..errors import ApiError, not_simulated
from ..guest import Guest
from ..guest_migrate import StorageMap, check_storages, migrate
from ..guest_power import start_guest, stop_guest
from ..routing import endpoint
from ..tasks import TaskError, TaskLog
from .clone import check_node

BASE = "/cluster/bulk-action/guest"
Act = Callable[[Guest, TaskLog], None]


@endpoint("GET", BASE)
def index(call: Call) -> list[dict[str, str]]:
    return [{"name": name} for name in ("start", "shutdown", "migrate", "suspend")]


def bulk(call: Call, kind: str, title: str, act: Act) -> str:
    """A task that does the same to each guest and goes on when one fails."""
    cluster = call.cluster
    vmids: list[int] = call.params.get("vms") or sorted(cluster.guests)
    guests = [cluster.guests[vmid] for vmid in vmids if vmid in cluster.guests]
    for guest in guests:
        call.check(f"/vms/{guest.vmid}", ["VM.PowerMgmt"])

    def work(output: TaskLog) -> None:
        output(f"{title}: {', '.join(str(vmid) for vmid in vmids)}")
        for guest in guests:
            try:
                guest.check_lock()
                act(guest, output)
            except ApiError as error:
                output.warn(f"{guest.label} {guest.vmid}: {error.message}")

    return cluster.tasks.start(call, cluster.local_node, kind, "", work, duration=2.0)


@endpoint("POST", f"{BASE}/start")
def start(call: Call) -> str:
    def act(guest: Guest, output: TaskLog) -> None:
        if guest.paused:
            guest.paused = False
        elif guest.running:
            output.warn(f"Skipping {guest.label} {guest.vmid}, already running.")
        elif not guest.is_template:
            start_guest(call.cluster, guest, output)

    return bulk(call, "bulk-start", "Starting guests", act)


@endpoint("POST", f"{BASE}/shutdown")
def shutdown(call: Call) -> str:
    def act(guest: Guest, log: TaskLog) -> None:
        if not guest.running:
            return
        if not guest.answers and not call.params.get("force-stop", 1):
            raise ApiError(500, "did not shut down in time")
        stop_guest(call.cluster, guest)

    return bulk(call, "bulk-shutdown", "Shutting down guests", act)


@endpoint("POST", f"{BASE}/suspend")
def suspend(call: Call) -> str:
    if call.params.get("to-disk"):
        raise not_simulated("hibernating several guests at once")

    def act(guest: Guest, log: TaskLog) -> None:
        if guest.running and guest.kind == "qemu":
            guest.paused = True

    return bulk(call, "bulk-suspend", "Suspending guests", act)


@endpoint("POST", f"{BASE}/migrate")
def migrate_guests(call: Call) -> str:
    """A task that moves each guest from wherever it is; one that cannot be moved makes it fail in the end."""
    cluster, target = call.cluster, call.params["target"]
    vmids: list[int] = call.params.get("vms") or sorted(cluster.guests)
    guests = [cluster.guests[vmid] for vmid in vmids if vmid in cluster.guests]
    for guest in guests:
        call.check(f"/vms/{guest.vmid}", ["VM.Migrate"])

    def work(output: TaskLog) -> None:
        output(f"Migrating guests to {target}: {', '.join(str(vmid) for vmid in vmids)}")
        failed = [guest.vmid for guest in guests if not moved(call, guest, target, output)]
        if failed:
            raise TaskError(f"Some guests failed to migrate {', '.join(map(str, failed))}")

    return cluster.tasks.start(call, cluster.local_node, "bulk-migrate", "", work, duration=3.0)


def moved(call: Call, guest: Guest, target: str, output: TaskLog) -> bool:
    """Move one guest; whether that went well, or was not necessary."""
    if guest.node == target:
        output.warn(f"{guest.label} {guest.vmid} already on {target}, skipping.")
        return True
    output(f"Migrating {guest.label} {guest.vmid}")
    try:
        guest.check_lock()
        check_node(call, target)
        check_storages(call.cluster, guest, target, StorageMap())
        migrate(call.cluster, guest, target, StorageMap(), output)
    except ApiError as error:
        output.warn(f"{error.status} {error.message}")
        return False
    return True
