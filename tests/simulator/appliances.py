# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Appliances (OVA): the members of the archive, and what its OVF file says of the machine.

Follows pve-storage src/PVE/GuestImport/OVF.pm (parse_ovf) and Storage/DirPlugin.pm (get_import_metadata).
"""

from __future__ import annotations

import io
import re
import tarfile
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

NAMESPACES = {
    "ovf": "http://schemas.dmtf.org/ovf/envelope/1",
    "rasd": "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData",
    "vmw": "http://www.vmware.com/schema/ovf",
}
PROCESSOR, MEMORY, ETHERNET, DISK = "3", "4", "10", "17"  # resource types
CONTROLLERS = {"5": "ide", "6": "scsi", "20": "sata"}
CARD_MODELS = ("e1000", "e1000e", "vmxnet3")
OSTYPES = {  # ids of CIM_OperatingSystem
    "winxp": [18],
    "solaris": [29, 81],
    "w2k": [58],
    "wxp": [67, 71, 72, 75],
    "w2k3": [69, 70],
    "wvista": [73, 74],
    "w2k8": [76, 77],
    "l24": [97, 98],
    "l26": [36, 79, 80, *range(82, 86), 87, *range(89, 97), *range(99, 102), *range(106, 110)],
    "win7": [103, 105],
    "win8": [*range(111, 116), 117, 118],
    "win10": [116, *range(119, 122)],
    "win11": [122, 123],
}
OSTYPE_BY_ID = {str(number): ostype for ostype, numbers in OSTYPES.items() for number in numbers}
QCOW2_MAGIC, QCOW2_SIZE = b"QFI\xfb", slice(24, 32)
VMDK_MAGIC, VMDK_SECTORS = b"KDMV", slice(12, 20)
SECTOR = 512
HEADER = 32  # bytes of an image's header that are looked at


@dataclass(frozen=True)
class ApplianceDisk:
    """A disk of the OVF file: where it is attached, the member that holds it, its size if the OVF file has a unit."""

    slot: str
    member: str
    size: int | None


@dataclass
class Machine:
    """What an OVF file says of a virtual machine."""

    options: dict[str, str]
    disks: list[ApplianceDisk]
    nets: dict[str, dict[str, str]]


@dataclass
class Appliance:
    """The regular files of an archive with the sizes of their images (None if not known), and its OVF file."""

    members: dict[str, int | None]
    ovf: bytes

    def metadata(self, storageid: str, name: str) -> dict[str, Any]:
        """The answer of import-metadata; raises ElementTree.ParseError if the OVF file is no XML."""
        machine = _machine(ElementTree.fromstring(self.ovf))
        disks: dict[str, Any] = {}
        for disk in machine.disks:
            size = {} if disk.size is None else {"size": disk.size}
            disks[disk.slot] = {"volid": f"{storageid}:{name}/{disk.member}", **size}
        warnings = [{"type": "ova-needs-extracting"}]
        if machine.options.get("bios") == "ovmf":
            disks["efidisk0"] = 1
            warnings.append({"type": "efi-state-lost", "key": "bios", "value": "ovmf"})
        answer = {"type": "vm", "source": name, "create-args": machine.options, "disks": disks, "net": machine.nets}
        return {**answer, "warnings": warnings}


class NoOvf(Exception):
    """The archive has no OVF file, or is no archive."""


def read_appliance(content: bytes) -> Appliance:
    """Read an archive; raises NoOvf."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            files = {member.name: member for member in archive.getmembers() if member.isfile()}
            ovf = next((name for name in files if name.endswith(".ovf")), None)
            if ovf is None:
                raise NoOvf
            members = {name: _image_size(_beginning(archive, file), file) for name, file in files.items()}
            return Appliance(members, _beginning(archive, files[ovf], files[ovf].size))
    except (tarfile.TarError, EOFError, OSError):
        raise NoOvf from None


def _beginning(archive: tarfile.TarFile, file: tarfile.TarInfo, length: int = HEADER) -> bytes:
    opened = archive.extractfile(file)
    return opened.read(length) if opened else b""


def _image_size(header: bytes, file: tarfile.TarInfo) -> int | None:
    """The size of the disk in an image, read from its header."""
    if file.name.endswith(".qcow2"):
        return int.from_bytes(header[QCOW2_SIZE], "big") if header.startswith(QCOW2_MAGIC) else None
    if file.name.endswith(".vmdk"):
        return int.from_bytes(header[VMDK_SECTORS], "little") * SECTOR if header.startswith(VMDK_MAGIC) else None
    return file.size


def _machine(envelope: ElementTree.Element) -> Machine:
    hardware = envelope.findall("ovf:VirtualSystem/ovf:VirtualHardwareSection", NAMESPACES)
    items = [item for section in hardware for item in section.findall("ovf:Item", NAMESPACES)]
    disks = [disk for item in _of_type(items, DISK) if (disk := _disk(envelope, items, item))]
    options = _options(envelope, items)
    if disks:
        options["boot"] = f"order={';'.join(disk.slot for disk in disks)}"
    models = [_text(item, "rasd:ResourceSubType").lower() for item in _of_type(items, ETHERNET)]
    nets = {f"net{n}": {"model": model if model in CARD_MODELS else "e1000"} for n, model in enumerate(models)}
    return Machine(options, disks, nets)


def _options(envelope: ElementTree.Element, items: list[ElementTree.Element]) -> dict[str, str]:
    """Name, processor, memory and firmware: texts as they stand in the OVF file."""
    name = re.sub(r"\s+", "-", _text(envelope, "ovf:VirtualSystem/ovf:Name"))
    system = envelope.find("ovf:VirtualSystem/ovf:OperatingSystemSection", NAMESPACES)
    configs = envelope.findall("ovf:VirtualSystem/ovf:VirtualHardwareSection/vmw:Config", NAMESPACES)
    firmware = [_attribute(config, "vmw:value") for config in configs if _attribute(config, "vmw:key") == "firmware"]
    options = {
        "cores": "".join(_text(item, "rasd:VirtualQuantity") for item in _of_type(items, PROCESSOR)),
        "memory": "".join(_text(item, "rasd:VirtualQuantity") for item in _of_type(items, MEMORY)),
        "ostype": OSTYPE_BY_ID.get(_attribute(system, "ovf:id"), "other"),
    }
    if name:
        options["name"] = re.sub(r"[^a-zA-Z0-9.-]", "", name)
    if firmware == ["efi"]:
        options["bios"] = "ovmf"
    return options


def _disk(
    envelope: ElementTree.Element, items: list[ElementTree.Element], item: ElementTree.Element
) -> ApplianceDisk | None:
    """The disk of an Item; None if it lacks its Disk, its File or its controller, which PVE skips with a warning."""
    resource = re.fullmatch(r"ovf:/[\w.~-]+/([\w.~-]+)", _text(item, "rasd:HostResource"), re.ASCII)
    disks = envelope.findall("ovf:DiskSection/ovf:Disk", NAMESPACES)
    disk = next((disk for disk in disks if resource and _attribute(disk, "ovf:diskId") == resource[1]), None)
    files = envelope.findall("ovf:References/ovf:File", NAMESPACES)
    reference = _attribute(disk, "ovf:fileRef")
    file = next((file for file in files if reference and _attribute(file, "ovf:id") == reference), None)
    parent = _text(item, "rasd:Parent")
    controller = next((other for other in items if _text(other, "rasd:InstanceID") == parent), None)
    if file is None or controller is None:
        return None
    slot = CONTROLLERS.get(_text(controller, "rasd:ResourceType"), "") + _text(item, "rasd:AddressOnParent")
    unit = re.fullmatch(r"\s*byte\s*\*\s*(\d+)\s*\^\s*(\d+)\s*", _attribute(disk, "ovf:capacityAllocationUnits"))
    size = int(_attribute(disk, "ovf:capacity")) * int(unit[1]) ** int(unit[2]) if unit else None
    return ApplianceDisk(slot, _attribute(file, "ovf:href"), size)


def _of_type(items: list[ElementTree.Element], kind: str) -> list[ElementTree.Element]:
    return [item for item in items if _text(item, "rasd:ResourceType") == kind]


def _text(element: ElementTree.Element, path: str) -> str:
    return element.findtext(path, "", NAMESPACES)


def _attribute(element: ElementTree.Element | None, name: str) -> str:
    """An attribute with its namespace; an empty string if there is none."""
    prefix, _colon, local = name.partition(":")
    return "" if element is None else element.get(f"{{{NAMESPACES[prefix]}}}{local}", "")
