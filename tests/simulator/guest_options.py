# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options the configuration of a guest has, of which type, and which privileges changing them takes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import ApiError, param_error, permission_error
from .facts import load
from .property_string import Format, split

if TYPE_CHECKING:
    from .call import Call

NOT_OPTIONS = frozenset({"node", "vmid", "digest", "delete", "revert", "force", "skiplock", "background_delay"})
NUMBERS = ("integer", "boolean")


@functools.cache
def options(kind: str) -> dict[str, Any]:
    """The facts of each option by name, net0, net1 … apart."""
    parameters = load().endpoints["PUT", f"/nodes/{{node}}/{kind}/{{vmid}}/config"].parameters
    return {name: value for name, value in parameters.items() if name not in NOT_OPTIONS}


def option_format(kind: str, option: str) -> Format:
    """The parts of an option that is a property string."""
    found: Format = load().formats[options(kind)[option]["format"]]
    return found


def settings_of(kind: str, call: Call) -> dict[str, Any]:
    """The options among the parameters of a call, as a configuration keeps them: numbers, or the text that was sent."""
    known = options(kind)
    given = [name for name in call.params if name in known]
    for name in given:  # the file's own check is stricter than that of the API
        if known[name].get("type") == "number" and re.search("[eE]", str(call.raw[name])):
            complaint = f"type check ('number') failed - got '{call.raw[name]}'"
            raise ApiError(500, f"unable to parse value of '{name}' - {complaint}")
    return {name: call.params[name] if known[name].get("type") in NUMBERS else str(call.raw[name]) for name in given}


# --- privileges -------------------------------------------------------------------


def _by_privilege(table: Mapping[str, str]) -> dict[str, str]:
    return {name: privilege for privilege, names in table.items() for name in names.split()}


# qemu-server src/PVE/API2/Qemu.pm, check_vm_modify_config_perm.
QEMU_PRIVILEGES = _by_privilege(
    {
        "VM.Config.CPU": "cores cpu cpulimit cpuunits numa smp sockets vcpus",
        "VM.Config.Memory": "memory balloon shares allow-ksm",
        "VM.Config.HWType": "acpi hotplug kvm machine scsihw smbios1 tablet vga watchdog audio0 rng0",
        "VM.Config.Options": "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name"
        " onboot ostype protection reboot startdate startup tdf template tags",
        "VM.PowerMgmt": "freeze",
        "VM.Config.Disk": "boot bootdisk vmstatestorage",
        "VM.Config.Cloudinit": "cicustom cipassword citype ciuser ciupgrade nameserver searchdomain sshkeys",
    }
)
QEMU_PREFIXES = {
    "net": "VM.Config.Network",
    "ipconfig": "VM.Config.Cloudinit",
    "numa": "VM.Config.CPU",
    "virtiofs": "VM.Config.HWType",
}
# pve-container src/PVE/LXC.pm, check_ct_modify_config_perm.
LXC_PRIVILEGES = _by_privilege(
    {
        "VM.Config.CPU": "cores cpuunits cpulimit",
        "VM.Config.Memory": "memory swap",
        "VM.Config.Network": "nameserver searchdomain hostname",
        "VM.Config.Options": "arch cmode console debug description env entrypoint onboot ostype protection startup"
        " tags template timezone tty unprivileged lock",
    }
)


def check_option_privileges(call: Call, kind: str, vmid: int, names: Iterable[str], values: Mapping[str, Any]) -> None:
    """Refuse options that the caller may not change; drives and mount points are checked where they are read."""
    if call.is_root:
        return
    for name in names:
        base = name.rstrip("0123456789")
        if kind == "qemu":
            _check_qemu_option(call, vmid, name, base, values.get(name))
        else:
            _check_lxc_option(call, vmid, name, base)


def _check_qemu_option(call: Call, vmid: int, name: str, base: str, value: Any) -> None:
    path = f"/vms/{vmid}"
    if base in ("ide", "scsi", "virtio", "sata", "efidisk", "tpmstate", "unused"):
        check_vm(call, vmid, ["VM.Config.CDROM" if "media=cdrom" in str(value) else "VM.Config.Disk"])
    elif base in ("serial", "usb", "hostpci") and name not in QEMU_PRIVILEGES:
        _check_device(call, vmid, name, base, value)
    elif privilege := QEMU_PRIVILEGES.get(name) or QEMU_PREFIXES.get(base):
        check_vm(call, vmid, [privilege])
        if name == "startup":
            call.check("/", ["Sys.Modify"])
        if name == "vmstatestorage" and value is not None:
            call.check(f"/storage/{value}", ["Datastore.AllocateSpace"])
        if name == "rng0" and "/dev/hwrng" in str(value):
            call.check("/mapping/hwrng", ["Mapping.Use"])
    elif name == "vmgenid":
        call.check(path, ["VM.Config.Options", "VM.Config.HWType"], any=True)
    else:
        raise ApiError(500, f"only root can set '{name}' config")


def _check_device(call: Call, vmid: int, name: str, base: str, value: Any) -> None:
    """Real devices of the host are for root; sockets, spice and mapped devices are not."""
    text = str(value or "")
    verb = "modify" if base == "serial" and call.method == "PUT" else "set"
    mapped = split(text, {"host": {"default_key": 1}}).get("mapping") if text else None
    if mapped:
        call.check(f"/mapping/{'usb' if base == 'usb' else 'pci'}/{mapped}", ["Mapping.Use"])
    elif value is not None and text != "socket" and not text.lower().startswith("spice"):
        kind = "non-mapped devices" if base == "hostpci" else "real devices"
        raise ApiError(500, f"only root can {verb} '{name}' config for {kind}")
    check_vm(call, vmid, ["VM.Config.HWType"])


def _check_lxc_option(call: Call, vmid: int, name: str, base: str) -> None:
    if base in ("rootfs", "mp", "unused"):
        check_vm(call, vmid, ["VM.Config.Disk"])
    elif base == "net":
        check_vm(call, vmid, ["VM.Config.Network"])
    elif base == "dev":
        raise permission_error("configuring device passthrough is only allowed for root@pam")
    elif name == "hookscript":
        raise permission_error("changing the hookscript is only allowed for root@pam")
    elif name != "features" and (privilege := LXC_PRIVILEGES.get(name)):
        check_vm(call, vmid, [privilege])


def check_vm(call: Call, vmid: int, privileges: list[str]) -> None:
    """Privileges on the guest, or on the pool that it is created in (pve-access-control, check_vm_perm)."""
    pool = call.params.get("pool")
    if not (pool and call.may(f"/pool/{pool}", privileges)):
        call.check(f"/vms/{vmid}", privileges)


def check_root_options(call: Call, *names: str) -> None:
    """Refuse options that are for root only."""
    for name in names:
        if call.params.get(name) and not call.is_root:
            raise param_error(name, "Only root may use this option.")
