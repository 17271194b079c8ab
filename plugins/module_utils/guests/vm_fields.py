# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every configuration key of a virtual machine as a field, and the families of numbered keys (``net0``, ``scsi1``, ...)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidOption
from ..field import Field, Fields
from ..property_string import PropertyString
from ..values import Codec, List, Set, Size, Text, UrlEncoded, split_list
from . import formats


class Tags(Set):
    """Tags of a guest: a set; PVE keeps them in lower case unless the datacenter options say otherwise."""

    def parse(self, value: Any) -> list[str]:
        return sorted({tag.lower() for tag in split_list(value)})


class Memory(Size):
    """Memory in MiB, written as a number of MiB or as ``4G``; the newer form ``current=2048`` is read as well."""

    def __init__(self) -> None:
        super().__init__("M")

    def parse(self, value: Any) -> int:
        size, rest = divmod(super().parse(str(value).removeprefix("current=")), 1024**2)
        if rest:
            raise ValueError(f"{value!r} is not a whole number of MiB")
        return size

    def format(self, value: int) -> str:
        return str(value)


class Hotplug(Set):
    """Features to hotplug: a set, or true (PVE's default set) or false (none)."""

    def parse(self, value: Any) -> list[str]:
        text = str(value).strip().lower()
        if text in ("1", "true", "yes"):
            return ["disk", "network", "usb"]
        if text in ("0", "false", "no"):
            return ["0"]
        return super().parse(value)


@dataclasses.dataclass(frozen=True)
class Family:
    """Numbered keys of one format, which a task gives as one map: ``net: {net0: ..., net1: ...}``."""

    option: str
    prefix: str
    count: int
    codec: Codec

    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.prefix}{number}" for number in range(self.count))

    def spread(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The keys that a task gives in this map; an unknown one is refused by name."""
        given = params.get(self.option) or {}
        unknown = sorted(str(key) for key in given if key not in self.names())
        if unknown:
            allowed = f"{self.prefix}0 to {self.prefix}{self.count - 1}"
            raise InvalidOption(self.option, f"{', '.join(unknown)} is not among its keys, which are {allowed}")
        return {key: value for key, value in given.items() if value is not None}


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


def _raw(name: str, codec: Codec, **more: Any) -> Field:
    """A field whose value may be a text, a list or a mapping: its codec judges."""
    return Field(name, type="raw", codec=codec, **more)


def _flag(name: str, default: bool | None = None, **more: Any) -> Field:
    return Field(name, type="bool", default=default, **more)


OPTIONS = Fields(
    [
        _flag("acpi", True),
        Field("affinity"),
        _raw("agent", formats.AGENT),
        _flag("allow_ksm", True, api="allow-ksm", since="9.0"),
        _raw("amd_sev", formats.AMD_SEV, api="amd-sev"),
        Field("arch", choices=("x86_64", "aarch64")),
        Field("args"),
        _raw("audio0", formats.AUDIO),
        _flag("autostart", False),
        Field("balloon", type="raw", codec=Memory()),
        Field("bios", choices=("seabios", "ovmf"), default="seabios"),
        _raw("boot", formats.BOOT),
        _raw("cicustom", formats.CICUSTOM),
        Field("cipassword", secret=True),
        Field("citype", choices=("configdrive2", "nocloud", "opennebula")),
        _flag("ciupgrade", True),
        Field("ciuser"),
        Field("cores", type="int", default=1),
        _raw("cpu", formats.CPU),
        Field("cpulimit", type="float", default=0),
        Field("cpuunits", type="int"),
        Field("description"),
        _flag("freeze", False),
        Field("hookscript"),
        _raw("hotplug", Hotplug(), default=["disk", "network", "usb"]),
        Field("hugepages", choices=("any", "2", "1024")),
        _raw("intel_tdx", formats.INTEL_TDX, api="intel-tdx", since="9.0"),
        _raw("ivshmem", formats.IVSHMEM),
        _flag("keephugepages", False),
        Field(
            "keyboard",
            choices=tuple(
                "de de-ch da en-gb en-us es fi fr fr-be fr-ca fr-ch hu is it ja lt mk nl no pl pt pt-br sv sl tr".split()
            ),
        ),
        _flag("kvm", True),
        _flag("localtime"),
        _raw("machine", formats.MACHINE),
        Field("memory", type="raw", codec=Memory(), default=512),
        Field("migrate_downtime", type="float", default=0.1),
        Field("migrate_speed", type="int", default=0),
        Field("name"),
        Field("nameserver", type="list", elements="str", codec=List(" ")),
        _flag("numa", False),
        _flag("onboot", False),
        Field(
            "ostype",
            choices=tuple("other wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11 l24 l26 solaris".split()),
            default="other",
        ),
        _flag("protection", False),
        _flag("reboot", True),
        _raw("rng0", formats.RNG),
        Field(
            "scsihw",
            choices=("lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"),
            default="lsi",
        ),
        Field("searchdomain"),
        Field("shares", type="int", default=1000),
        _raw("smbios1", formats.SMBIOS),
        Field("sockets", type="int", default=1),
        _raw("spice_enhancements", formats.SPICE),
        _raw("sshkeys", UrlEncoded()),
        Field("startdate", default="now"),
        _raw("startup", formats.STARTUP),
        _flag("tablet", True),
        Field("tags", type="list", elements="str", codec=Tags(";")),
        _flag("tdf", False),
        Field("vcpus", type="int"),
        _raw("vga", formats.VGA),
        Field("vmgenid"),
        Field("vmstatestorage"),
        _raw("watchdog", formats.WATCHDOG),
    ]
)
NUMBERED = Fields(
    Field(name, type="raw", codec=family.codec) for family in FAMILIES.values() for name in family.names()
)
CONFIG = Fields([*OPTIONS, *NUMBERED])
DRIVE_FIELDS = Fields(
    [
        *(Field(name, type="raw", codec=family.codec) for family in DRIVES.values() for name in family.names()),
        *(Field(name, type="raw", codec=codec) for name, codec in SINGLE_DRIVES.items()),
        *(Field(name, type="raw", codec=UNUSED.codec) for name in UNUSED.names()),
    ]
)
