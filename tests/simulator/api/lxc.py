# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers: list, create, configure, delete (pve-container src/PVE/API2/LXC.pm and LXC/Config.pm)."""

from __future__ import annotations

from typing import Any

from .. import volumes
from ..call import Call
from ..drives import refuse_path
from ..errors import ApiError
from ..guest import Config, Guest, check_vmid_free, find_guest, volume_slots
from ..guest_checks import check_ssh_keys
from ..guest_config import config_shown, pending_shown
from ..guest_create import check_create_privileges, register
from ..guest_destroy import check_destroy, destroy
from ..guest_options import settings_of
from ..guest_power import start_guest, stop_guest
from ..guest_status import lxc_status
from ..guest_tasks import start_task
from ..lxc_config import allocate_mount_point, apply_change, check_settings, normal, read_change
from ..qemu_config import check_protection
from ..restore import restore_ct
from ..routing import endpoint
from ..storages import find_storage, usable_storage
from ..tasks import TaskLog
from ..volume_names import file_path, parse_name, split_volid

CONFIG = "/nodes/{node}/lxc/{vmid}/config"
SUBDIRECTORIES = (
    "config pending status vncproxy termproxy vncwebsocket spiceproxy migrate clone rrd rrddata firewall snapshot resize"
    " interfaces"
).split()

MODIFIED = "detected modified configuration - file changed by other user? Try again."
DEFAULT_ROOTFS = "4"


@endpoint("GET", "/nodes/{node}/lxc")
def list_cts(call: Call) -> Any:
    return [
        lxc_status(call.cluster, guest)
        for guest in call.cluster.guests.values()
        if guest.kind == "lxc" and guest.node == call.node and call.may(f"/vms/{guest.vmid}", ["VM.Audit"])
    ]


@endpoint("GET", "/nodes/{node}/lxc/{vmid}")
def ct_index(call: Call) -> Any:
    return [{"subdir": name} for name in SUBDIRECTORIES]


@endpoint("POST", "/nodes/{node}/lxc")
def create_ct(call: Call) -> Any:
    check_create_privileges(call)
    params, cluster = call.params, call.cluster
    vmid, default_storage = params["vmid"], params.get("storage")
    check_ssh_keys(params.get("ssh-public-keys"))
    if default_storage:
        usable_storage(cluster, default_storage, str(call.node))
        call.check(f"/storage/{default_storage}", ["Datastore.AllocateSpace"])
    if params.get("restore"):
        return restore_ct(call)
    check_template(call, params["ostemplate"])
    guest = Guest(vmid, "lxc", str(call.node), {"unprivileged": params.get("unprivileged", 1)})
    settings = settings_of("lxc", call)
    settings.setdefault("rootfs", DEFAULT_ROOTFS)
    if not guest.config["unprivileged"]:
        call.check("/", ["Sys.Modify"])
    check_settings(call, guest, settings, [], default_storage)
    check_vmid_free(cluster, vmid)
    guest.config.clear()

    def create(log: TaskLog) -> None:
        try:
            complete_ct(call, guest, normal(cluster, settings), default_storage, log)
        except ApiError as error:
            discard_volumes(call, guest)
            log(error.message)
            raise ApiError(500, f"unable to create CT {vmid} - {error.message}") from None
        if params.get("start"):
            start_guest(cluster, guest, log)

    return register(call, guest, "vzcreate", create, duration=2.0)


def check_template(call: Call, ostemplate: str) -> None:
    """What can be reported of the template before the task; whether it exists is found out in the task."""
    if ":" not in ostemplate:
        refuse_path(call)
        return
    storageid, name = split_volid(ostemplate)
    parsed = parse_name(find_storage(call.cluster, storageid), name)
    call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace", "Datastore.Audit"], any=True)
    if parsed.content != "vztmpl":
        raise ApiError(500, f"unable to use volume {ostemplate} - content type needs to be 'vztmpl'")


def complete_ct(call: Call, guest: Guest, settings: Config, storage: str | None, log: TaskLog) -> None:
    """Volumes, the template unpacked into them, and what PVE adds of its own."""
    cluster, ostemplate = call.cluster, call.params["ostemplate"]
    for slot in volume_slots("lxc", settings):
        guest.config[slot] = allocate_mount_point(cluster, guest, slot, settings[slot], storage, log)
    if ":" not in ostemplate:
        raise ApiError(500, f"can't find file '{ostemplate}'")
    template = volumes.existing_volume(cluster, ostemplate, guest.node)
    path = file_path(find_storage(cluster, template.storage), template.name)
    log(f"extracting archive '{path}'")
    guest.config |= {name: value for name, value in settings.items() if name not in guest.config and value != ""}
    for name, value in (
        ("arch", "amd64"), ("ostype", ostype_of(template)), ("memory", 512), ("swap", 512),
        ("hostname", f"CT{guest.vmid}"), ("unprivileged", 1),
    ):  # fmt: skip
        guest.config.setdefault(name, value)
    if not guest.config["unprivileged"]:
        del guest.config["unprivileged"]


def ostype_of(template: volumes.Volume) -> str:
    """What the root file system says it is; an uploaded one was looked into, others are known by their names."""
    if template.payload:
        return str(template.payload)
    name = template.basename.lower()
    known = "debian devuan ubuntu centos fedora opensuse archlinux alpine gentoo nixos".split()
    return next((ostype for ostype in known if name.startswith(ostype)), "unmanaged")


def discard_volumes(call: Call, guest: Guest) -> None:
    for slot in volume_slots("lxc", guest.config):
        volid = str(guest.config[slot]).partition(",")[0]
        volume = None if volid.startswith("/") else volumes.find_volume(call.cluster, volid, guest.node)
        if volume is not None and volume.vmid == guest.vmid:
            volumes.table(call.cluster).remove(volume)


@endpoint("GET", CONFIG)
def get_config(call: Call) -> Any:
    return config_shown(call, "lxc")


@endpoint("GET", "/nodes/{node}/lxc/{vmid}/pending")
def get_pending(call: Call) -> Any:
    return pending_shown(call, "lxc")


@endpoint("PUT", CONFIG)
def update_config(call: Call) -> Any:
    guest = find_guest(call.cluster, "lxc", call.params["vmid"], str(call.node))
    change = read_change(call, guest)
    digest = call.params.get("digest")
    if digest and digest != guest.digest():
        raise ApiError(500, MODIFIED)
    guest.check_lock()
    apply_change(call.cluster, guest, change)
    return None


@endpoint("DELETE", "/nodes/{node}/lxc/{vmid}")
def delete_ct(call: Call) -> Any:
    vmid = call.params["vmid"]
    guest = find_guest(call.cluster, "lxc", vmid, str(call.node))
    check_protection(guest, f"can't remove CT {vmid}")
    guest.check_lock()
    check_destroy(call, guest)
    if guest.running and not call.params.get("force"):
        raise ApiError(500, f"unable to destroy CT {vmid} - container is running")

    def work(log: TaskLog) -> None:
        if guest.running:
            stop_guest(call.cluster, guest)
        destroy(call, guest, log)

    return start_task(call, "vzdestroy", vmid, work, guest=guest)
