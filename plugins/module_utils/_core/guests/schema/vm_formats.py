# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The property strings of virtual machines, as tables: names, types, choices and bounds of every sub-option.

Facts from the API schema of PVE 9.2 (POST /nodes/{node}/qemu); what PVE assumes for an absent sub-option is its default.
"""

from __future__ import annotations

from ...model.property_string import (
    BOOLEAN,
    INTEGER,
    INTERFACE_NAME,
    MAC,
    NUMBER,
    SEMICOLON_LIST,
    SEMICOLON_SET,
    SIZE,
    STORAGE_NAME,
    WORD,
    Part,
    PropertyString,
    flag,
    words,
)
from .addresses import ADDRESSES, NO_GATEWAY

NET_MODELS = tuple(
    "e1000 e1000-82540em e1000-82544gc e1000-82545em e1000e i82551 i82557b i82559er ne2k_isa ne2k_pci pcnet rtl8139 "
    "virtio vmxnet3".split()
)
_CLOUD_INIT_ADDRESS = "addresses belong to cloud-init, as in ipconfig: {ipconfig0: {ip: dhcp}}"
NET = PropertyString(
    Part("model", WORD, choices=NET_MODELS),
    Part("macaddr", MAC),
    Part("bridge", WORD, pattern=INTERFACE_NAME),
    flag("firewall", False),
    flag("host-tunnel"),
    flag("link_down", False),
    Part("mtu", INTEGER, minimum=1, maximum=65520),
    Part("queues", INTEGER, minimum=0, maximum=64),
    Part("rate", NUMBER, minimum=0),
    Part("tag", INTEGER, minimum=1, maximum=4094),
    Part("trunks", SEMICOLON_LIST),
    default_key="model",
    key_aliases=("model", "macaddr", NET_MODELS),
    elsewhere=dict.fromkeys(("ip", "gw", "ip6", "gw6"), _CLOUD_INIT_ADDRESS),
)
IPCONFIG = PropertyString(*ADDRESSES, rules_out=NO_GATEWAY)
AGENT = PropertyString(
    flag("enabled", False),
    Part("freeze-fs", BOOLEAN, default=True, aliases=("freeze-fs-on-backup", "guest-fsfreeze")),
    flag("fstrim_cloned_disks", False),
    Part("type", WORD, choices=("virtio", "isa"), default="virtio"),
    default_key="enabled",
)
CPU = PropertyString(
    Part("cputype", WORD),
    Part("flags", SEMICOLON_SET),
    Part("guest-phys-bits", INTEGER),
    flag("hidden", False),
    *words("hv-vendor-id"),
    Part("level", INTEGER),
    *words("phys-bits", "reported-model"),
    default_key="cputype",
)
VGA = PropertyString(
    Part(
        "type",
        WORD,
        choices=tuple(
            "cirrus qxl qxl2 qxl3 qxl4 none serial0 serial1 serial2 serial3 std virtio virtio-gl vmware".split()
        ),
        default="std",
    ),
    Part("clipboard", WORD, choices=("vnc",)),
    Part("memory", INTEGER, minimum=4, maximum=512),
    default_key="type",
)
HOSTPCI = PropertyString(
    Part("host", SEMICOLON_LIST),
    *words("mapping", "mdev", "romfile", "device-id", "vendor-id", "sub-device-id", "sub-vendor-id"),
    Part("driver", WORD, choices=("vfio", "keep"), default="vfio"),
    flag("legacy-igd", False),
    flag("pcie", False),
    flag("rombar", True),
    flag("x-vga", False),
    default_key="host",
    exclusive=("host", "mapping"),
)
USB = PropertyString(*words("host", "mapping"), flag("usb3", False), default_key="host", exclusive=("host", "mapping"))
AUDIO = PropertyString(
    Part("device", WORD, choices=("ich9-intel-hda", "intel-hda", "AC97")),
    Part("driver", WORD, choices=("spice", "none"), default="spice"),
)
RNG = PropertyString(
    Part("source", WORD, choices=("/dev/urandom", "/dev/random", "/dev/hwrng")),
    Part("max_bytes", INTEGER, default=1024),
    Part("period", INTEGER, default=1000),
    default_key="source",
)
WATCHDOG = PropertyString(
    Part("model", WORD, choices=("i6300esb", "ib700"), default="i6300esb"),
    Part("action", WORD, choices=("reset", "shutdown", "poweroff", "pause", "debug", "none")),
    default_key="model",
)
SMBIOS = PropertyString(
    flag("base64", False), *words("family", "manufacturer", "product", "serial", "sku", "uuid", "version")
)
STARTUP = PropertyString(Part("order", INTEGER), Part("up", INTEGER), Part("down", INTEGER), default_key="order")
BOOT = PropertyString(
    Part("legacy", WORD), Part("order", SEMICOLON_LIST), default_key="legacy", exclusive=("legacy", "order")
)
MACHINE = PropertyString(
    *words("type"),
    Part("aw-bits", INTEGER, minimum=32, maximum=64),
    flag("enable-s3"),
    flag("enable-s4"),
    Part("viommu", WORD, choices=("intel", "virtio")),
    default_key="type",
)
NUMA_NODE = PropertyString(
    Part("cpus", SEMICOLON_LIST),
    Part("hostnodes", SEMICOLON_LIST),
    Part("memory", NUMBER),
    Part("policy", WORD, choices=("preferred", "bind", "interleave")),
)
IVSHMEM = PropertyString(Part("size", INTEGER, minimum=1), *words("name"))
SPICE = PropertyString(
    flag("foldersharing", False),
    Part("videostreaming", WORD, choices=("off", "all", "filter"), default="off"),
)
CICUSTOM = PropertyString(*words("meta", "network", "user", "vendor"))
VIRTIOFS = PropertyString(
    *words("dirid"),
    Part("cache", WORD, choices=("auto", "always", "metadata", "never"), default="auto"),
    flag("direct-io", False),
    flag("expose-acl", False),
    flag("expose-xattr", False),
    default_key="dirid",
)
AMD_SEV = PropertyString(
    *words("type"),
    flag("allow-smt"),
    flag("kernel-hashes"),
    flag("no-debug"),
    flag("no-key-sharing"),
    default_key="type",
)
INTEL_TDX = PropertyString(
    *words("type"),
    flag("attestation"),
    Part("vsock-cid", INTEGER),
    Part("vsock-port", INTEGER),
    default_key="type",
)

# --- drives -----------------------------------------------------------------------------------------------------------

# What a task may say of any drive beside PVE's own sub-options: where to allocate it.
_ALLOCATION = (Part("storage", WORD, pattern=STORAGE_NAME), Part("import-from", WORD))
_VOLUME = Part("file", WORD, aliases=("volume",))
DRIVE_FORMATS = ("raw", "qcow", "qed", "qcow2", "vmdk", "cloop")
_DRIVE_FORMAT = Part("format", WORD, choices=DRIVE_FORMATS)
_THROTTLES = tuple(
    Part(f"{unit}{direction}{burst}", NUMBER if unit == "mbps" else INTEGER)
    for unit in ("mbps", "iops")
    for direction in ("", "_rd", "_wr")
    for burst in ("", "_max")
)
_BURST_LENGTHS = (
    *(Part(f"{unit}_max_length", INTEGER, minimum=1) for unit in ("bps", "iops")),
    *(
        Part(f"{unit}_{way}_max_length", INTEGER, minimum=1, aliases=(f"{unit}_{way}_length",))
        for unit in ("bps", "iops")
        for way in ("rd", "wr")
    ),
)
_DRIVE_PARTS = (
    _VOLUME,
    Part("size", SIZE),
    _DRIVE_FORMAT,
    *_ALLOCATION,
    Part("aio", WORD, choices=("native", "threads", "io_uring")),
    flag("backup", True),
    *(Part(name, INTEGER) for name in ("bps", "bps_rd", "bps_wr")),
    Part("cache", WORD, choices=("none", "writethrough", "writeback", "unsafe", "directsync")),
    flag("detect_zeroes"),
    Part("discard", WORD, choices=("ignore", "on"), default="ignore"),
    Part("media", WORD, choices=("cdrom", "disk"), default="disk"),
    flag("replicate", True),
    Part("rerror", WORD, choices=("ignore", "report", "stop")),
    *words("serial"),
    flag("shared", False),
    flag("snapshot"),
    Part("werror", WORD, choices=("enospc", "ignore", "report", "stop")),
    *_THROTTLES,
    *_BURST_LENGTHS,
)
_SSD, _IOTHREAD, _READ_ONLY, _WWN = flag("ssd", False), flag("iothread", False), flag("ro", False), Part("wwn", WORD)
IDE = PropertyString(*_DRIVE_PARTS, *words("model"), _SSD, _WWN, default_key="file")
SATA = PropertyString(*_DRIVE_PARTS, _SSD, _WWN, default_key="file")
VIRTIO = PropertyString(*_DRIVE_PARTS, _IOTHREAD, _READ_ONLY, default_key="file")
SCSI = PropertyString(
    *_DRIVE_PARTS,
    _SSD,
    _WWN,
    _IOTHREAD,
    _READ_ONLY,
    Part("queues", INTEGER, minimum=2),
    flag("scsiblock", False),
    *words("vendor", "product"),
    default_key="file",
)
EFIDISK = PropertyString(
    _VOLUME,
    Part("size", SIZE),
    _DRIVE_FORMAT,
    *_ALLOCATION,
    Part("efitype", WORD, choices=("2m", "4m"), default="2m"),
    Part("ms-cert", WORD, choices=("2011", "2023", "2023w", "2023k"), default="2011"),
    flag("pre-enrolled-keys", False),
    default_key="file",
)
TPMSTATE = PropertyString(
    _VOLUME,
    Part("size", SIZE),
    Part("format", WORD, choices=("raw", "qcow2", "vmdk")),
    *_ALLOCATION,
    Part("version", WORD, choices=("v1.2", "v2.0"), default="v1.2"),
    default_key="file",
)
UNUSED = PropertyString(_VOLUME, default_key="file")
