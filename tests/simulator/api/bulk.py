# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting, stopping and moving all guests of a node (pve-manager PVE/API2/Nodes.pm)."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError
from ..formats import split_list
from ..guest import Guest
from ..guest_migrate import StorageMap, check_storages, migrate
from ..guest_power import start_guest, stop_guest
from ..guest_tasks import start_task
from ..routing import endpoint
from ..tasks import TaskLog
from .migrate import checked_target
from .qemu_power import hibernate

PREFIX = "/nodes/{node}"


def chosen(call: Call, privilege: str) -> list[Guest]:
    """The guests of the node that are named in `vms`, or all; those that the caller may not touch are refused."""
    wanted = {int(vmid) for vmid in split_list(call.params.get("vms"))}
    if not call.may("/", [privilege]):
        for vmid in wanted or {0}:
            call.check(f"/vms/{vmid}" if vmid else "/", [privilege])
    guests = [guest for guest in call.cluster.guests.values() if guest.node == call.node]
    return sorted((guest for guest in guests if not wanted or guest.vmid in wanted), key=lambda guest: guest.vmid)


@endpoint("POST", f"{PREFIX}/startall")
def start_all(call: Call) -> Any:
    guests = chosen(call, "VM.PowerMgmt")
    force = bool(call.params.get("force"))

    def work(log: TaskLog) -> None:
        for guest in call.cluster.guests.values():
            if guest.node == call.node and guest.config.get("lock") == "backup":
                del guest.config["lock"]
                log(f"removed left over backup lock from '{guest.vmid}'!")
        for guest in guests:
            if guest.running or guest.is_template or not (force or guest.config.get("onboot")):
                continue
            log(f"Starting {guest.label} {guest.vmid}")
            try:
                guest.check_lock()
                start_guest(call.cluster, guest, log)
            except ApiError as error:
                log(f"Starting {guest.label} {guest.vmid} failed: {error.message}")

    return start_task(call, "startall", "", work, duration=2.0)


@endpoint("POST", f"{PREFIX}/stopall")
def stop_all(call: Call) -> Any:
    guests = chosen(call, "VM.PowerMgmt")

    def work(log: TaskLog) -> None:
        for guest in guests:
            if not guest.running:
                continue
            log(f"Stopping {guest.label} {guest.vmid} (timeout = {call.params.get('timeout', 180)} seconds)")
            if guest.answers or call.params.get("force-stop", 1):
                stop_guest(call.cluster, guest)

    return start_task(call, "stopall", "", work, duration=2.0)


@endpoint("POST", f"{PREFIX}/suspendall")
def suspend_all(call: Call) -> Any:
    guests = chosen(call, "VM.PowerMgmt")

    def work(output: TaskLog) -> None:
        for guest in guests:
            if guest.kind == "lxc" and call.given("vms"):
                output.warn(f"skipping {guest.vmid}, only VMs can be suspended")
            elif guest.kind == "qemu" and guest.running:
                output(f"Suspending VM {guest.vmid}")
                hibernate(call, guest, output)

    return start_task(call, "suspendall", "", work, duration=2.0)


@endpoint("POST", f"{PREFIX}/migrateall")
def migrate_all(call: Call) -> Any:
    guests, target = chosen(call, "VM.Migrate"), checked_target(call)
    if not (call.given("maxworkers") or call.given("max-workers")):
        raise ApiError(500, "either 'max-workers' parameter or max_workers in datacenter.cfg must be set!")

    def work(log: TaskLog) -> None:
        for guest in guests:
            log(f"Migrating {guest.label} {guest.vmid}")
            try:
                guest.check_lock()
                check_storages(call.cluster, guest, target, StorageMap())
                if guest.kind == "lxc" and guest.running:
                    stop_guest(call.cluster, guest)
                    migrate(call.cluster, guest, target, StorageMap(), log)
                    start_guest(call.cluster, guest, log)
                else:
                    migrate(call.cluster, guest, target, StorageMap(), log)
            except ApiError as error:
                log(f"Migrating {guest.label} {guest.vmid} failed: {error.message}")

    return start_task(call, "migrateall", "", work, duration=3.0)
