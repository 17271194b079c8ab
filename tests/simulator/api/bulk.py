# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting, stopping and moving all guests of a node (pve-manager PVE/API2/Nodes.pm)."""

from __future__ import annotations

import contextlib
from typing import Any

from ..call import Call
from ..errors import ApiError
from ..formats import split_list
from ..guest import Guest
from ..guest_migrate import StorageMap, check_storages, local_resources, migrate
from ..guest_power import hibernate_guest, start_guest, stop_guest, wake_guest
from ..guest_tasks import start_task
from ..routing import endpoint
from ..tasks import TaskError, TaskLog
from .migrate import attached_disks, checked_target, unused_disks

PREFIX = "/nodes/{node}"


def chosen(call: Call, privilege: str) -> list[Guest]:
    """The guests of the node that are named in `vms`, or all; those that the caller may not touch are refused."""
    wanted = {int(vmid) for vmid in split_list(call.params.get("vms"))}
    if not call.may("/", [privilege]):
        for vmid in wanted or {0}:
            call.check(f"/vms/{vmid}" if vmid else "/", [privilege])
    guests = [guest for guest in call.cluster.guests.values() if guest.node == call.node]
    if not wanted and privilege == "VM.PowerMgmt":  # $get_start_stop_list
        managed = call.cluster.areas.get("ha_resources", {})
        guests = [guest for guest in guests if f"{guest.label.lower()}:{guest.vmid}" not in managed]
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
                if guest.hibernated:
                    wake_guest(call.cluster, guest, log)
                    continue
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
                hibernate_guest(call.cluster, guest, None, output)

    return start_task(call, "suspendall", "", work, duration=2.0)


@endpoint("POST", f"{PREFIX}/migrateall")
def migrate_all(call: Call) -> Any:
    guests, target = chosen(call, "VM.Migrate"), checked_target(call)
    if not (call.given("maxworkers") or call.given("max-workers")):
        raise ApiError(500, "either 'max-workers' parameter or max_workers in datacenter.cfg must be set!")

    def work(log: TaskLog) -> None:
        if not guests:
            log("no virtual guests matched, nothing to do..")
            return
        workers = sum(started_to_move(call, guest, target, log) for guest in guests)
        if not workers:
            raise TaskError("no migrations worker started...")
        log(f"All jobs finished, used {workers} workers in total.")

    return start_task(call, "migrateall", "", work, duration=3.0)


def started_to_move(call: Call, guest: Guest, target: str, log: TaskLog) -> bool:
    """Whether a guest could be reported to move ($create_migrate_worker); what becomes of that is reported by a task of its own."""
    try:
        guest.check_lock()
        check_storages(call.cluster, guest, target, StorageMap())
        if guest.kind == "qemu" and not may_move(call, guest, log):
            return False
    except ApiError as error:
        log(error.message)
        return False
    log(f"Migrating {guest.label} {guest.vmid}")
    restarts = guest.kind == "lxc" and guest.running
    with contextlib.suppress(ApiError, TaskError):
        if restarts:
            stop_guest(call.cluster, guest)
        migrate(call.cluster, guest, target, StorageMap(), TaskLog())
        if restarts:
            start_guest(call.cluster, guest, TaskLog())
    return True


def may_move(call: Call, guest: Guest, log: TaskLog) -> bool:
    """Machines stay that use devices of the node, or run with disks there that are not to be copied."""
    disks = [row["volid"] for row in (*attached_disks(call, guest), *unused_disks(call, guest))]
    found = {"resources": local_resources(guest)}
    if guest.running and not call.params.get("with-local-disks"):
        found["disks"] = disks
    reasons = [f"  Has local {what}: {', '.join(names)}" for what, names in sorted(found.items()) if names]
    if reasons:
        log(f"Check VM {guest.vmid}: skip VM {guest.vmid} - precondition check failed:")
        log("\n".join(reasons))
        return False
    log(f"Check VM {guest.vmid}: precondition check passed")
    return True
