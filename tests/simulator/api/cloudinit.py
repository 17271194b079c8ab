# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud-init: what is on the generated drive and what waits to be written (qemu-server QemuServer/Cloudinit.pm)."""

from __future__ import annotations

import hashlib
import ipaddress
import urllib.parse
from typing import Any

from ..call import Call
from ..drives import is_cloudinit, parse_drive
from ..formats import split_list
from ..guest import DISK_SLOTS, Guest
from ..guest_config import HIDDEN
from ..guest_options import option_format
from ..property_string import split
from ..qemu_hotplug import CLOUDINIT
from ..routing import endpoint
from .qemu_power import machine

BASE = "/nodes/{node}/qemu/{vmid}/cloudinit"


def values(config: dict[str, Any]) -> dict[str, Any]:
    """The cloud-init options of a configuration, the password hidden."""
    found = {name: value for name, value in config.items() if name in CLOUDINIT - {"ciupgrade", "cicustom"}}
    return {name: HIDDEN if name == "cipassword" else value for name, value in found.items()}


def has_drive(guest: Guest) -> bool:
    return any(slot in guest.config and is_cloudinit(parse_drive(slot, guest.config[slot])) for slot in DISK_SLOTS[:-2])


@endpoint("GET", BASE)
def pending(call: Call) -> Any:
    """The options with the value on the drive and, where it differs, the one that will be written."""
    guest = machine(call)
    current = values(guest.config)
    written = values(guest.cloudinit) if guest.running else current
    rows = []
    for name in {**written, **current}:
        row: dict[str, Any] = {"key": name}
        if name in written:
            row["value"] = written[name]
        if name not in current:
            row["delete"] = 1
        elif current[name] != written.get(name):
            row["pending"] = current[name]
        rows.append(row)
    return rows


@endpoint("PUT", BASE)
def regenerate(call: Call) -> Any:
    guest = machine(call)
    guest.check_lock()
    if has_drive(guest):
        guest.cloudinit = dict(guest.config)
    return None


@endpoint("GET", f"{BASE}/dump")
def dump(call: Call) -> Any:
    guest = machine(call)
    kind = call.params["type"]
    if kind == "network":
        return network(guest)
    user = user_data(guest)
    if kind == "user":
        return user
    return f"instance-id: {hashlib.sha1((user + network(guest)).encode()).hexdigest()}\n"


def user_data(guest: Guest) -> str:
    """The user part of the NoCloud data."""
    config = guest.config
    hostname = guest.name.partition(".")[0] if "name" in config else f"VM{guest.vmid}"
    fqdn = (
        guest.name
        if "." in guest.name
        else f"{hostname}.{config['searchdomain']}"
        if config.get("searchdomain")
        else ""
    )
    lines = ["#cloud-config", f"hostname: {hostname}", "manage_etc_hosts: true"]
    if fqdn:
        lines.append(f"fqdn: {fqdn}")
    if user := config.get("ciuser"):
        lines.append(f"user: {user}")
    if user == "root":
        lines.append("disable_root: False")
    if "cipassword" in config:
        lines.append("password: $5$simulated$" + hashlib.sha256(str(config["cipassword"]).encode()).hexdigest())
    if keys := config.get("sshkeys"):
        lines.append("ssh_authorized_keys:")
        lines += [f"  - {key}" for key in urllib.parse.unquote(str(keys)).splitlines() if key]
    lines += ["chpasswd:", "  expire: False"]
    if user != "root":
        lines += ["users:", "  - default"]
    if config.get("ciupgrade", 1):
        lines.append("package_upgrade: true")
    return "\n".join(lines) + "\n"


def network(guest: Guest) -> str:
    """The network part of the NoCloud data, version 1."""
    lines = ["version: 1", "config:"]
    for number in range(32):
        net, address = guest.config.get(f"net{number}"), guest.config.get(f"ipconfig{number}")
        if net is None:
            continue
        mac = split(str(net), option_format("qemu", f"net{number}"))["macaddr"].lower()
        lines += [f"    - type: physical\n      name: eth{number}\n      mac_address: '{mac}'"]
        lines += ["      subnets:", *subnets_of(str(address))] if address and address != " " else []
    servers = split_list(str(guest.config.get("nameserver", "")))
    domains = split_list(str(guest.config.get("searchdomain", "")))
    if servers or domains:
        lines += ["    - type: nameserver", "      address:", *(f"      - '{server}'" for server in servers)]
        lines += ["      search:", *(f"      - '{domain}'" for domain in domains)]
    return "\n".join(lines) + "\n"


def subnets_of(text: str) -> list[str]:
    """The addresses of one card; `text` is its ipconfig option. A gateway that has no address makes all of it void."""
    parts = dict(item.split("=", 1) for item in text.split(",") if "=" in item)
    if ("gw" in parts and parts.get("ip") == "dhcp") or ("gw6" in parts and parts.get("ip6") in ("auto", "dhcp")):
        return []
    lines: list[str] = []
    if (ip := parts.get("ip")) == "dhcp":
        lines.append("      - type: dhcp4")
    elif ip:
        interface = ipaddress.IPv4Interface(ip)
        lines += [
            "      - type: static",
            f"        address: '{interface.ip}'",
            f"        netmask: '{interface.netmask}'",
        ]
        lines += [f"        gateway: '{parts['gw']}'"] if "gw" in parts else []
    if (ip6 := parts.get("ip6")) == "auto":
        lines.append("      - type: ipv6_slaac")
    elif ip6 == "dhcp":
        lines.append("      - type: dhcp6")
    elif ip6:
        lines += ["      - type: static6", f"        address: '{ip6}'"]
        lines += [f"        gateway: '{parts['gw6']}'"] if "gw6" in parts else []
    return lines
