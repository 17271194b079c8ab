# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property formats that the API's schema names without reporting their parts.

From the type texts of the schema, and from qemu-server src/PVE/QemuServer.pm and pve-storage Storage/Plugin.pm.
"""

from __future__ import annotations

from typing import Any


def _part(kind: str = "string", **facts: Any) -> dict[str, Any]:
    return {"type": kind, "optional": 1, **facts}


HEXADECIMAL = "(?:0x)?[0-9A-Fa-f]{4}"
PCI_ADDRESS = r"(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?"
TEXT_OF_SMBIOS = _part(pattern=r"\S+")

PROPERTY_FORMATS: dict[str, dict[str, Any]] = {
    "backup-fleecing": {
        "enabled": _part("boolean", default_key=1),
        "storage": _part(format="pve-storage-id"),
    },
    "backup-performance": {
        "max-workers": _part("integer", minimum=1, maximum=256),
        "pbs-entries-max": _part("integer", minimum=1),
    },
    "prune-backups": {
        "keep-all": _part("boolean"),
        **{
            f"keep-{span}": _part("integer", minimum=0)
            for span in ("last", "hourly", "daily", "weekly", "monthly", "yearly")
        },
    },
    "pve-qm-boot": {
        "legacy": _part(default_key=1, pattern="[acdn]{1,4}"),
        "order": _part(format="pve-qm-boot-device-list"),
    },
    "pve-qm-cicustom": {name: _part(format="pve-volume-id") for name in ("meta", "network", "user", "vendor")},
    "pve-qm-hostpci": {
        "host": _part(default_key=1, pattern=f"{PCI_ADDRESS}(?:;{PCI_ADDRESS})*"),
        "mapping": _part(format="pve-configid"),
        "driver": _part(enum=["vfio", "keep"]),
        "mdev": _part(pattern=r"[^/\.:]+"),
        "romfile": _part(pattern=r"[^,;]+"),
        **{name: _part("boolean") for name in ("legacy-igd", "pcie", "rombar", "x-vga")},
        **{name: _part(pattern=HEXADECIMAL) for name in ("device-id", "vendor-id", "sub-device-id", "sub-vendor-id")},
    },
    "pve-qm-ipconfig": {
        "ip": _part(format="pve-ipv4-config"),
        "gw": _part(format="ipv4", requires="ip"),
        "ip6": _part(format="pve-ipv6-config"),
        "gw6": _part(format="ipv6", requires="ip6"),
    },
    "pve-qm-rng": {
        "source": {"type": "string", "default_key": 1, "enum": ["/dev/urandom", "/dev/random", "/dev/hwrng"]},
        "max_bytes": _part("integer"),
        "period": _part("integer"),
    },
    "pve-qm-smbios1": {
        "uuid": _part(pattern=r"[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}"),
        "base64": _part("boolean"),
        **dict.fromkeys(("family", "manufacturer", "product", "serial", "sku", "version"), TEXT_OF_SMBIOS),
    },
    "pve-qm-watchdog": {
        "model": _part(default_key=1, enum=["i6300esb", "ib700"]),
        "action": _part(enum=["reset", "shutdown", "poweroff", "pause", "debug", "none"]),
    },
}
