# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of a node that has some, as PVE::SysFSTools (lspci, get_mdev_types, scan_usb) of pve-common reports them."""

from __future__ import annotations

from typing import Any

GRAPHICS = "0000:00:02.0"
PCI_DEVICES: tuple[dict[str, Any], ...] = (
    {
        "id": "0000:00:01.0", "class": "0x060400", "vendor": "0x8086", "vendor_name": "Intel Corporation",
        "device": "0x1901", "device_name": "PCIe Controller (x16)", "iommugroup": 1,
    },
    {
        "id": GRAPHICS, "class": "0x030000", "vendor": "0x8086", "vendor_name": "Intel Corporation",
        "device": "0x3e98", "device_name": "UHD Graphics 630", "iommugroup": 0, "mdev": 1,
    },
    {
        "id": "0000:01:00.0", "class": "0x020000", "vendor": "0x8086", "vendor_name": "Intel Corporation",
        "device": "0x1521", "device_name": "I350 Gigabit Network Connection", "iommugroup": 1,
        "subsystem_vendor": "0x8086", "subsystem_vendor_name": "Intel Corporation",
        "subsystem_device": "0x5001", "subsystem_device_name": "Ethernet Server Adapter I350-T2",
    },
    {
        "id": "0000:01:00.1", "class": "0x020000", "vendor": "0x8086", "vendor_name": "Intel Corporation",
        "device": "0x1521", "device_name": "I350 Gigabit Network Connection", "iommugroup": 1,
        "subsystem_vendor": "0x8086", "subsystem_vendor_name": "Intel Corporation",
        "subsystem_device": "0x5001", "subsystem_device_name": "Ethernet Server Adapter I350-T2",
    },
)  # fmt: skip
RED_HAT = {
    **dict.fromkeys(("vendor", "subsystem_vendor"), "0x1af4"),
    **dict.fromkeys(("vendor_name", "subsystem_vendor_name"), "Red Hat, Inc."),
    "iommugroup": -1,
}
# Those of a virtual machine, without an IOMMU.
VIRTUAL_PCI_DEVICES: tuple[dict[str, Any], ...] = (
    {
        "id": "0000:00:00.0", "class": "0x060000", "vendor": "0x8086", "vendor_name": "Intel Corporation",
        "device": "0x0d57", "subsystem_vendor": "0x0000", "subsystem_device": "0x0000", "iommugroup": -1,
    },
    *(
        {"id": f"0000:00:{slot:02}.0", "class": kind, "device": device, "device_name": f"Virtio 1.0 {name}",
         "subsystem_device": device, **RED_HAT}
        for slot, (kind, device, name) in enumerate((
            ("0xffff00", "0x1045", "balloon"),
            ("0x018000", "0x1042", "block device"),
            ("0x020000", "0x1041", "network device"),
            ("0xffff00", "0x1053", "socket"),
            ("0xffff00", "0x1044", "RNG"),
        ), 1)
    ),
)  # fmt: skip
MEDIATED_TYPES: dict[str, tuple[dict[str, Any], ...]] = {
    GRAPHICS: (
        {"type": "i915-GVTg_V5_4", "available": 1, "description": "low_gm_size: 128MB"},
        {"type": "i915-GVTg_V5_8", "available": 2, "description": "low_gm_size: 64MB"},
    )
}
USB_DEVICES: tuple[dict[str, Any], ...] = (
    {
        "busnum": 1, "devnum": 1, "class": 9, "level": 0, "port": 0, "speed": "480", "vendid": "1d6b", "prodid": "0002",
        "manufacturer": "Linux xhci-hcd", "product": "xHCI Host Controller", "serial": "0000:00:14.0",
    },
    {
        "busnum": 1, "devnum": 2, "class": 0, "level": 1, "port": 2, "speed": "12", "vendid": "10c4", "prodid": "ea60",
        "manufacturer": "Silicon Labs", "product": "CP2102N USB to UART Bridge Controller", "usbpath": "3",
    },
)  # fmt: skip
