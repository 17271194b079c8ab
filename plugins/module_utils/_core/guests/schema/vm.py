# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every configuration key of a virtual machine as a field, and the families of numbered keys (``net0``, ``scsi1``, ...)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.field import Field, Fields
from ...model.property_string import PropertyString
from ...model.values import List, Set, Text
from . import vm_formats as formats
from .families import LEAST_MEMORY, EncodedSshKeys, Family, Memory, Tags, flag, raw


class Hotplug(Set):
    """Features to hotplug: a set, or true (PVE's default set) or false (none)."""

    def parse(self, value: Any) -> list[str]:
        text = str(value).strip().lower()
        if text in ("1", "true", "yes"):
            return ["disk", "network", "usb"]
        if text in ("0", "false", "no"):
            return ["0"]
        return super().parse(value)


DRIVES: Mapping[str, Family] = {
    family.option: family
    for family in (
        Family("scsi", "scsi", 31, formats.SCSI),
        Family("virtio", "virtio", 16, formats.VIRTIO),
        Family("sata", "sata", 6, formats.SATA),
        Family("ide", "ide", 4, formats.IDE),
    )
}
SINGLE_DRIVES: Mapping[str, PropertyString] = {"efidisk0": formats.EFIDISK, "tpmstate0": formats.TPMSTATE}
UNUSED = Family("unused", "unused", 256, formats.UNUSED)
FAMILIES: Mapping[str, Family] = {
    family.option: family
    for family in (
        Family("net", "net", 32, formats.NET),
        Family("ipconfig", "ipconfig", 32, formats.IPCONFIG),
        Family("hostpci", "hostpci", 16, formats.HOSTPCI),
        Family("usb", "usb", 14, formats.USB),
        Family("serial", "serial", 4, Text()),
        Family("parallel", "parallel", 3, Text()),
        Family("numa_nodes", "numa", 8, formats.NUMA_NODE),
        Family("virtiofs", "virtiofs", 10, formats.VIRTIOFS),
    )
}


OPTIONS = Fields(
    [
        flag("acpi", True),
        Field("affinity"),
        raw("agent", formats.AGENT),
        flag("allow_ksm", True, api="allow-ksm", since="9.0"),
        raw("amd_sev", formats.AMD_SEV, api="amd-sev"),
        Field("arch", choices=("x86_64", "aarch64")),
        Field("args"),
        raw("audio0", formats.AUDIO),
        flag("autostart", False),
        raw("balloon", Memory()),
        Field("bios", choices=("seabios", "ovmf"), default="seabios"),
        raw("boot", formats.BOOT),
        raw("cicustom", formats.CICUSTOM),
        Field("cipassword", secret=True),
        Field("citype", choices=("configdrive2", "nocloud", "opennebula")),
        flag("ciupgrade", True),
        Field("ciuser"),
        Field("cores", type="int", default=1),
        raw("cpu", formats.CPU),
        Field("cpulimit", type="float", default=0),
        Field("cpuunits", type="int"),
        Field("description"),
        flag("freeze", False),
        Field("hookscript"),
        raw("hotplug", Hotplug(), default=["disk", "network", "usb"]),
        Field("hugepages", choices=("any", "2", "1024")),
        raw("intel_tdx", formats.INTEL_TDX, api="intel-tdx", since="9.0"),
        raw("ivshmem", formats.IVSHMEM),
        flag("keephugepages", False),
        Field(
            "keyboard",
            choices=tuple(
                "de de-ch da en-gb en-us es fi fr fr-be fr-ca fr-ch hu is it ja lt mk nl no pl pt pt-br sv sl tr".split()
            ),
        ),
        flag("kvm", True),
        flag("localtime"),
        raw("machine", formats.MACHINE),
        raw("memory", Memory(LEAST_MEMORY), default=512),
        Field("migrate_downtime", type="float", default=0.1),
        Field("migrate_speed", type="int", default=0),
        Field("name"),
        Field("nameserver", type="list", elements="str", codec=List(" ")),
        flag("numa", False),
        flag("onboot", False),
        Field(
            "ostype",
            choices=tuple("other wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11 l24 l26 solaris".split()),
            default="other",
        ),
        flag("protection", False),
        flag("reboot", True),
        raw("rng0", formats.RNG),
        Field(
            "scsihw",
            choices=("lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"),
            default="lsi",
        ),
        Field("searchdomain"),
        Field("shares", type="int", default=1000),
        raw("smbios1", formats.SMBIOS),
        Field("sockets", type="int", default=1),
        raw("spice_enhancements", formats.SPICE),
        raw("sshkeys", EncodedSshKeys()),
        Field("startdate", default="now"),
        raw("startup", formats.STARTUP),
        flag("tablet", True),
        Field("tags", type="list", elements="str", codec=Tags(";")),
        flag("tdf", False),
        Field("vcpus", type="int"),
        raw("vga", formats.VGA),
        Field("vmgenid"),
        Field("vmstatestorage"),
        raw("watchdog", formats.WATCHDOG),
    ]
)
NUMBERED = Fields(field for family in FAMILIES.values() for field in family.fields())
CONFIG = Fields([*OPTIONS, *NUMBERED])
DRIVE_FIELDS = Fields(
    [
        *(field for family in DRIVES.values() for field in family.fields()),
        *(raw(name, codec) for name, codec in SINGLE_DRIVES.items()),
        *UNUSED.fields(),
    ]
)
