# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: list, create, configure, delete (qemu-server src/PVE/API2/Qemu.pm)."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..drives import Allocation, default_boot, wanted_drives
from ..errors import ApiError
from ..guest import (
    Config,
    Guest,
    check_vmid_free,
    creation_meta,
    find_guest,
    new_uuid,
)
from ..guest_config import config_shown, pending_shown
from ..guest_create import check_create_privileges, register
from ..guest_destroy import check_destroy, destroy
from ..guest_options import check_option_privileges, check_root_options, settings_of
from ..guest_power import start_guest
from ..guest_status import qemu_status
from ..guest_tasks import start_task
from ..qemu_config import (
    Change,
    apply_change,
    check_balloon,
    check_bridges,
    check_protection,
    check_values,
    normal,
    read_change,
)
from ..restore import restore_vm
from ..routing import endpoint
from ..tasks import TaskLog
from .hardware import MACHINE_VERSIONS

CONFIG = "/nodes/{node}/qemu/{vmid}/config"
SUBDIRECTORIES = (
    "config cloudinit pending status unlink vncproxy termproxy migrate resize move rrd rrddata monitor agent snapshot"
    " spiceproxy sendkey firewall mtunnel remote_migrate"
).split()


@endpoint("GET", "/nodes/{node}/qemu")
def list_vms(call: Call) -> Any:
    full = bool(call.params.get("full"))
    return [
        qemu_status(call.cluster, guest, full)
        for guest in call.cluster.guests.values()
        if guest.kind == "qemu" and guest.node == call.node and call.may(f"/vms/{guest.vmid}", ["VM.Audit"])
    ]


@endpoint("GET", "/nodes/{node}/qemu/{vmid}")
def vm_index(call: Call) -> Any:
    return [{"subdir": name} for name in SUBDIRECTORIES]


@endpoint("POST", "/nodes/{node}/qemu")
def create_vm(call: Call) -> Any:
    check_create_privileges(call)
    if call.given("archive"):
        return restore_vm(call)
    vmid = call.params["vmid"]
    settings = settings_of("qemu", call)
    default_storage = call.params.get("storage")
    drives = wanted_drives(call, settings, vmid, default_storage)
    check_option_privileges(call, "qemu", vmid, settings, settings)
    check_bridges(call, settings)
    check_values(call, settings)
    try:
        check_vmid_free(call.cluster, vmid)
    except ApiError as error:
        raise ApiError(500, f"unable to create VM {vmid} - {error.message}") from None
    guest = Guest(vmid, "qemu", str(call.node))

    def create(log: TaskLog) -> None:
        try:
            complete_vm(call, guest, normal(call.cluster, settings), drives, default_storage, log)
        except ApiError as error:
            raise ApiError(500, f"unable to create VM {vmid} - {error.message}") from None
        if call.params.get("start"):
            log("Execute autostart")
            start_guest(call.cluster, guest, log)

    return register(call, guest, "qmcreate", create)


def complete_vm(
    call: Call, guest: Guest, settings: Config, drives: dict[str, dict[str, str]], storage: str | None, log: TaskLog
) -> None:
    """Fill a new machine's configuration: volumes allocated, what PVE adds of its own."""
    cluster = call.cluster
    check_balloon(guest, settings)
    allocation = Allocation(cluster, guest.node, guest.vmid, storage, log, call.params.get("import-working-storage"))
    settings |= allocation.drives(drives, settings)
    if not settings.get("description", "x"):
        del settings["description"]
    settings.setdefault("boot", default_boot(settings))
    settings.setdefault("smbios1", f"uuid={new_uuid(cluster)}")
    if settings.setdefault("vmgenid", new_uuid(cluster)) == "0":
        del settings["vmgenid"]
    if str(settings.get("ostype", "")).startswith("w"):
        pin_machine(call, settings, log)
    settings["meta"] = creation_meta(cluster)
    guest.config.update(settings)


def pin_machine(call: Call, settings: Config, log: TaskLog) -> None:
    """qemu-server src/PVE/QemuServer/Machine.pm, check_and_pin_machine_string: Windows keeps the version it began with."""
    kind, *rest = str(settings.get("machine", "")).removeprefix("type=").split(",")
    family = {"": "pc-i440fx", "pc": "pc-i440fx", "q35": "pc-q35", "virt": "virt"}.get(kind)
    if family:
        settings["machine"] = ",".join([f"{family}-{MACHINE_VERSIONS[call.cluster.version][0]}", *rest])
        log(f"pinning machine type to '{settings['machine']}' for Windows guest OS")


@endpoint("GET", CONFIG)
def get_config(call: Call) -> Any:
    return config_shown(call, "qemu")


@endpoint("GET", "/nodes/{node}/qemu/{vmid}/pending")
def get_pending(call: Call) -> Any:
    return pending_shown(call, "qemu")


@endpoint("PUT", CONFIG)
def update_config(call: Call) -> Any:
    """At once, answering null."""
    guest, change = prepared(call)
    apply_change(call.cluster, guest, change)
    return None


@endpoint("POST", CONFIG)
def update_config_in_task(call: Call) -> Any:
    guest, change = prepared(call)

    def update(log: TaskLog) -> None:
        log(f"update VM {guest.vmid}: {change.words()}")
        apply_change(call.cluster, guest, change, log)

    return start_task(call, "qmconfig", guest.vmid, update, guest=guest, ignore_lock=True, duration=0.5)


def prepared(call: Call) -> tuple[Guest, Change]:
    """The guest and the wished change, with digest and lock checked."""
    vmid = call.params["vmid"]
    check_root_options(call, "skiplock")
    change = read_change(call, vmid)
    guest = find_guest(call.cluster, "qemu", vmid, str(call.node))
    digest = call.params.get("digest")
    if digest and digest != guest.digest():
        raise ApiError(500, "checksum mismatch (file change by other user?)")
    if not call.params.get("skiplock"):
        guest.check_lock()
    return guest, change


@endpoint("DELETE", "/nodes/{node}/qemu/{vmid}")
def delete_vm(call: Call) -> Any:
    vmid = call.params["vmid"]
    check_root_options(call, "skiplock")
    guest = find_guest(call.cluster, "qemu", vmid, str(call.node))
    check_protection(guest, f"can't remove VM {vmid}")
    check_destroy(call, guest)
    if guest.running:
        raise ApiError(500, f"VM {vmid} is running - destroy failed")
    return start_task(
        call, "qmdestroy", vmid, lambda log: destroy(call, guest, log), guest=guest,
        ignore_lock=bool(call.params.get("skiplock")) or guest.lock == "suspended",
    )  # fmt: skip
