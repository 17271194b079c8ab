# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The named formats of texts, each a function that raises ValueError with PVE's own reason.

A format that is not in FORMATS accepts everything; "NAME-list" checks each entry of a list by NAME.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

from . import firewall_formats

Check = Callable[[str], Any]

LIST_SEPARATOR = re.compile(r"[,;\s\0]+")
DNS_LABEL = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)"
STORAGE_ID = re.compile(r"[a-zA-Z][a-zA-Z0-9._-]*[a-zA-Z0-9]")
CONFIG_ID = re.compile(r"[a-zA-Z][\w-]+", re.ASCII)
CONTENT_TYPES = frozenset("none images rootdir vztmpl iso backup snippets import".split())


def split_list(text: str | None) -> list[str]:
    """The entries of a list in PVE's sense: separated by commas, semicolons, blanks or NULs."""
    return [item for item in LIST_SEPARATOR.split(text or "") if item]


def matching(pattern: str, reason: str) -> Check:
    """A check that the whole text matches; {} in the reason stands for the text."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> None:
        if not compiled.fullmatch(text):
            raise ValueError(reason.replace("{}", text))

    return check


def parsing(parse: Callable[[str], Any], reason: str) -> Check:
    """A check by a parser that raises ValueError."""

    def check(text: str) -> None:
        try:
            parse(text)
        except ValueError:
            raise ValueError(reason.replace("{}", text)) from None

    return check


def one_of(*checks: Check, reason: str) -> Check:
    def check(text: str) -> None:
        for candidate in checks:
            try:
                candidate(text)
            except ValueError:
                continue
            return
        raise ValueError(reason)

    return check


def pool_id(text: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._/-]+", text) or not all(text.split("/")):
        raise ValueError(f"pool name '{text}' contains invalid characters")
    if text.count("/") > 2:
        raise ValueError(f"pool name '{text}' nested too deeply (max levels = 3)")


MAX_USER_ID = 64


def user_id(text: str) -> None:
    name, at, realm = text.rpartition("@")
    if not at or not re.fullmatch(r"[^\s:/]+", name) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9.\-_]+", realm):
        raise ValueError(f"value '{text}' does not look like a valid user name")
    if len(text) > MAX_USER_ID:
        raise ValueError(f"user name '{text}' is too long ({len(text)} > {MAX_USER_ID})")


def calendar_event(text: str) -> None:
    """Systemd-like calendar events, as far as their words go."""
    words = text.split()
    day = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
    shapes = (
        rf"{day}(?:(?:,|\.\.){day})*", r"(?:\*|\d{4})(?:-[\d*,./]+){1,2}", r"[\d*,./]+(?::[\d*,./]+){0,2}", r"utc",
        r"minutely|hourly|daily|weekly|monthly|yearly|annually|quarterly|semiannually",
    )  # fmt: skip
    if not words or not all(re.fullmatch("|".join(shapes), word.lower()) for word in words):
        raise ValueError(
            f"invalid calendar event '{text}' - unable to parse calendar event at '{text}' - Context(\"weekday\")\n"
        )


def ip_config(version: int) -> Check:
    words = ("dhcp", "manual") if version == 4 else ("dhcp", "manual", "auto")

    def check(text: str) -> None:
        if text not in words:
            cidr(version)(text)

    return _with_reason(check, f"value does not look like a valid ipv{version} network configuration")


def cidr(version: int | None = None) -> Check:
    """An address with its prefix, which has more than 7 bits: pve_verify_cidrv4 and pve_verify_cidrv6 in PVE/JSONSchema.pm."""
    reason = f"value does not look like a valid {f'IPv{version} ' if version else ''}CIDR network"

    def check(text: str) -> None:
        address, slash, prefix = text.partition("/")
        if not slash or not prefix.isdigit() or int(prefix) <= 7:
            raise ValueError(reason)
        interface = ipaddress.ip_interface(text)
        if (version and interface.version != version) or not re.fullmatch(r"[\da-fA-F.:]+", address):
            raise ValueError(reason)

    return _with_reason(check, reason)


def subnet_id(text: str) -> None:
    """ZONE-ADDRESS-PREFIX, or an address with its prefix."""
    parts = text.rsplit("-", 2)
    cidr()("/".join(parts[1:]) if len(parts) == 3 else text)


def _with_reason(check: Check, reason: str) -> Check:
    return parsing(check, reason)


def storage_pair(text: str) -> None:
    parts = text.split(":")
    if len(parts) == 1 and text == "1":
        return
    for part in parts if len(parts) <= 2 else [text]:
        if not STORAGE_ID.fullmatch(part):
            reason = f"storage ID '{part}' contains illegal characters\n"
            raise ValueError(f"entry '{text}' contains invalid ID - {reason}\n")


def volume_id(text: str) -> None:
    storage, colon, name = text.partition(":")
    if not colon or not name or not STORAGE_ID.fullmatch(storage):
        raise ValueError(f"unable to parse volume ID '{text}'")


def drive_file(text: str) -> None:
    """What a drive may hold: a volume, STORAGE:SIZE, an absolute path, "none" or "cdrom"."""
    if text not in ("none", "cdrom", "cloudinit") and not text.startswith("/"):
        volume_id(text)


def volume_or_path(text: str) -> None:
    if not text.startswith("/"):
        volume_id(text)


def boot_device(text: str) -> None:
    if not re.fullmatch(r"(?:ide|sata|scsi|virtio|net|usb|hostpci)\d+", text):
        raise ValueError(f"invalid boot device '{text}'")


# The models of qemu-server's CPUConfig.pm; custom ones start with "custom-".
CPU_MODELS = frozenset(
    "486 athlon Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server Cascadelake-Server-noTSX"
    " Cascadelake-Server-v2 Cascadelake-Server-v4 Cascadelake-Server-v5 Conroe Cooperlake Cooperlake-v2 core2duo coreduo"
    " EPYC EPYC-Genoa EPYC-IBPB EPYC-Milan EPYC-Milan-v2 EPYC-Rome EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-v3"
    " EPYC-v4 GraniteRapids Haswell Haswell-IBRS Haswell-noTSX Haswell-noTSX-IBRS host Icelake-Client"
    " Icelake-Client-noTSX Icelake-Server Icelake-Server-noTSX Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5"
    " Icelake-Server-v6 IvyBridge IvyBridge-IBRS KnightsMill kvm32 kvm64 max Nehalem Nehalem-IBRS Opteron_G1 Opteron_G2"
    " Opteron_G3 Opteron_G4 Opteron_G5 Penryn pentium pentium2 pentium3 phenom qemu32 qemu64 SandyBridge SandyBridge-IBRS"
    " SapphireRapids SapphireRapids-v2 Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Client-v4"
    " Skylake-Server Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Skylake-Server-v4 Skylake-Server-v5 Westmere"
    " Westmere-IBRS x86-64-v1 x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4"
    " a64fx cortex-a35 cortex-a53 cortex-a55 cortex-a57 cortex-a710 cortex-a72 cortex-a76 neoverse-n1 neoverse-n2"
    " neoverse-v1".split()
)


VM_CPU_FLAGS = (
    "aes amd-no-ssb amd-ssbd hv-evmcs hv-tlbflush ibpb md-clear nested-virt pcid pdpe1gb spec-ctrl ssbd virt-ssbd"
).split()


def cpu_conf(text: str) -> None:
    """A CPU: its model, named or as the first part, must be known, its flags among those that a VM may set."""
    parts = [part for part in text.split(",") if part]
    model = next(
        (part.removeprefix("cputype=") for part in parts if "=" not in part or part.startswith("cputype=")), "max"
    )
    if not model.startswith("custom-") and model not in CPU_MODELS:
        raise ValueError(f"Built-in cputype '{model}' is not defined (missing 'custom-' prefix?)")
    flags = next((part.removeprefix("flags=") for part in parts if part.startswith("flags=")), "")
    if any(flag[1:] not in VM_CPU_FLAGS for flag in flags.split(";") if flag):
        raise ValueError(f"VM-specific CPU flags must be a subset of: {', '.join(VM_CPU_FLAGS)}")


def command_batch(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        raise ValueError(
            "commands param did not contain valid JSON: 'null' expected, at character offset 0 "
            f'(before "{text}") at /usr/share/perl5/PVE/API2/Nodes.pm line 99.'
        ) from None


def content_type(text: str) -> None:
    if text not in CONTENT_TYPES:
        raise ValueError(f"invalid content type '{text}'")


def absolute_path(text: str) -> None:
    if not re.fullmatch(r"/[^;\(\)]+", text):
        raise ValueError("value does not look like a valid absolute path")


def mac_address(text: str) -> None:
    if not re.fullmatch(r"[0-9a-f][02468ace](?::[0-9a-f]{2}){5}", text, re.IGNORECASE):
        raise ValueError("value does not look like a valid unicast MAC address")


def ip_with_interface(text: str) -> None:
    """An address, and the interface of a link-local one (pve-container src/PVE/LXC/Config.pm)."""
    ip_address(re.sub(r"(?<=.)%\w+\Z", "", text) if text.lower().startswith("fe80:") else text)


def netmask_v4(text: str) -> None:
    """Four numbers, such as 255.255.255.0; a prefix length will not do."""
    if text.isdigit():
        raise ValueError
    ipaddress.IPv4Network(f"0.0.0.0/{text}")


dns_name = matching(rf"{DNS_LABEL}(?:\.{DNS_LABEL})*", "value does not look like a valid DNS name")
ip_address = parsing(ipaddress.ip_address, "value does not look like a valid IP address")
ha_resource = matching(r"(?:vm:|ct:)?\d{3,9}", "value does not look like a valid ha resource id")
EMAIL = r"[\w+~-]+(?:\.[\w+~-]+)*@[\w+~-]+(?:\.[\w+~-]+)*"
email = matching(EMAIL, "value does not look like a valid email address")
vm_id = matching(r"[1-9][0-9]{2,8}", "value does not look like a valid VM ID")
node_name = matching(rf"{DNS_LABEL}", "value does not look like a valid node name")
server = one_of(ip_address, dns_name, reason="value does not look like a valid server name or IP address")
pem = matching(r"(?s)\s*-----BEGIN [A-Z ]+-----\n.*-----END [A-Z ]+-----\s*", "not a valid PEM-formatted string.")

FORMATS: dict[str, Check] = {
    "CIDR": cidr(),
    "CIDRv4": cidr(4),
    "CIDRv6": cidr(6),
    "IPorCIDR": firewall_formats.ip_or_cidr,
    "IPorCIDRorAlias": firewall_formats.ip_or_cidr_or_alias,
    "address": one_of(ip_address, dns_name, reason="value does not look like a valid address"),
    "dns-name": dns_name,
    "disk-size": matching(r"\d+(?:\.\d+)?[KMGT]?", "value does not look like a valid disk size: {}"),
    "email": email,
    "email-opt": one_of(email, matching("", ""), reason="value does not look like a valid email address"),
    "email-or-username": matching(r"\S+", "value does not look like a valid email address or user name"),
    "ip": ip_address,
    "ipv4": parsing(ipaddress.IPv4Address, "value does not look like a valid IPv4 address"),
    "ipv6": parsing(ipaddress.IPv6Address, "value does not look like a valid IPv6 address"),
    "ipv4mask": parsing(netmask_v4, "value does not look like a valid IP netmask"),
    "mac-addr": mac_address,
    "mac-prefix": matching(
        r"[0-9a-fA-F][02468aceACE](?::[0-9a-fA-F]{2}){0,2}:?", "value is not a valid unicast MAC address prefix"
    ),
    "pem-certificate-chain": pem,
    "pem-string": pem,
    "pve-bridge-id": matching(r"[-_.\w\d]+", "invalid network interface name '{}'"),
    "pve-calendar-event": calendar_event,
    "pve-command-batch": command_batch,
    "pve-configid": matching(CONFIG_ID.pattern, "invalid configuration ID '{}'"),
    "pve-fw-addr-spec": firewall_formats.address_list,
    "pve-fw-dport-spec": firewall_formats.ports,
    "pve-fw-protocol-spec": firewall_formats.protocol,
    "pve-fw-sport-spec": firewall_formats.ports,
    "pve-groupid": matching(r"[A-Za-z0-9._-]+", "group name '{}' contains invalid characters"),
    "pve-ha-node": matching(rf"{DNS_LABEL}(?::\d+)?", "value does not look like a valid ha node"),
    "pve-ha-resource-id": matching(r"[a-z]+:\S+", "value does not look like a valid ha resource id"),
    "pve-ha-resource-or-vm-id": ha_resource,
    "pve-iface": matching(r"[a-zA-Z][a-zA-Z0-9_]{1,20}(?:[:.]\d+)?", "invalid network interface name '{}'"),
    "pve-ipv4-config": ip_config(4),
    "pve-ipv6-config": ip_config(6),
    "pve-node": node_name,
    "pve-poolid": pool_id,
    "pve-qm-boot-device": boot_device,
    "pve-realm": matching(r"[A-Za-z][A-Za-z0-9.\-_]+", "value does not look like a valid realm"),
    "pve-replication-job-id": matching(r"[1-9][0-9]{2,8}-\d{1,9}", "invalid replication job id '{}'"),
    "pve-roleid": matching(r"[A-Za-z0-9._-]+", "role name '{}' contains invalid characters"),
    "pve-sdn-subnet-id": subnet_id,
    "pve-storage-content": content_type,
    "pve-storage-id": matching(STORAGE_ID.pattern, "storage ID '{}' contains illegal characters"),
    "pve-storage-path": absolute_path,
    "pve-storage-path-in-property-string": matching(
        r"/[^;,=()]+",
        "Value does not look like a valid absolute path. These symbols are currently not allowed in path: ;,=()",
    ),
    "pve-storage-server": server,
    "pve-tag": matching(r"(?i)[a-z0-9_][a-z0-9_+.-]*", "invalid characters in tag"),
    "pve-task-status-type": matching(r"(?:ok|error|warning|unknown)", "invalid status '{}'"),
    "pve-tokenid": matching(
        r"[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+",
        "value '{}' does not look like a valid token ID",
    ),
    "pve-userid": user_id,
    "pve-vmid": vm_id,
    "pve-startup-order": matching(
        r"(?:(?:order=)?\d+|up=\d+|down=\d+)(?:,(?:(?:order=)?\d+|up=\d+|down=\d+))*", "unable to parse startup options"
    ),
    "pve-vm-cpu-conf": cpu_conf,
    "pve-volume-id": volume_id,
    "pve-volume-id-or-absolute-path": volume_or_path,
    "pve-volume-id-or-qm-path": drive_file,
    "storage-pair": storage_pair,
    "urlencoded": matching(r"[-%a-zA-Z0-9_.!~*'()]*", "invalid urlencoded string: {}"),
    "lxc-ip-with-ll-iface": ip_with_interface,
}


def check_format(name: str, text: str) -> None:
    """Raise ValueError with PVE's reason when a text does not have the named format."""
    check = FORMATS.get(name)
    if check is not None:
        check(text)
    elif name.endswith("-list") and (check := FORMATS.get(name.removesuffix("-list"))):
        for item in split_list(text):
            check(item)
