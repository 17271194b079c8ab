# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: what they report of themselves, and their settings."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from typing import Any

from ..call import Call
from ..errors import ApiError, param_error
from ..outages import reboot, switch_off
from ..parameters import split_list
from ..resources import node_row
from ..routing import endpoint
from ..state import Node
from .version import VERSIONS

MODIFIED = "detected modified configuration - file changed by other user? Try again."
INDEX = """
    aplinfo apt capabilities ceph certificates config disks dns firewall hardware hosts journal lxc migrateall netstat
    network qemu query-oci-repo-tags query-url-metadata replication report rrd rrddata scan sdn services spiceshell
    startall status stopall storage subscription suspendall syslog tasks termproxy time version vncshell vzdump wakeonlan
"""
TIME_ZONES = {  # and their hours ahead of UTC; summer is never
    "UTC": 0, "Etc/UTC": 0, "Europe/Berlin": 1, "Europe/Vienna": 1, "Europe/London": 0, "America/New_York": -5, "Asia/Tokyo": 9,
}  # fmt: skip


def node_of(call: Call) -> Node:
    return call.cluster.nodes[str(call.node)]


def utc_offset(call: Call) -> int:
    """The seconds by which the node's clock is ahead of UTC."""
    return TIME_ZONES[node_of(call).timezone] * 3600


@endpoint("GET", "/nodes")
def list_nodes(call: Call) -> list[dict[str, Any]]:
    rows = []
    for node in call.cluster.nodes.values():
        row = node_row(call.cluster, node, call.may(f"/nodes/{node.name}", ["Sys.Audit"]))
        rows.append({**row, "ssl_fingerprint": call.cluster.areas["fingerprint"]})
    return rows


@endpoint("GET", "/nodes/{node}")
def index(call: Call) -> list[dict[str, str]]:
    return [{"name": name} for name in INDEX.split()]


@endpoint("GET", "/nodes/{node}/status")
def status(call: Call) -> dict[str, Any]:
    node, version = node_of(call), VERSIONS[call.cluster.version]
    used = node.memory // 4
    return {
        "uptime": call.cluster.now() - node.booted,
        "cpu": 0.05,
        "wait": 0,
        "idle": 0,
        "ksm": {"shared": 0},
        "loadavg": ["0.10", "0.12", "0.09"],
        "kversion": "Linux 6.17.4-2-pve #1 SMP PREEMPT_DYNAMIC",
        "current-kernel": {
            "sysname": "Linux",
            "release": "6.17.4-2-pve",
            "version": "#1 SMP PREEMPT_DYNAMIC",
            "machine": "x86_64",
        },
        "boot-info": {"mode": "efi", "secureboot": 0} if node.extra.get("efi") else {"mode": "legacy-bios"},
        "pveversion": f"pve-manager/{version['version']}/{version['repoid']}",
        "cpuinfo": {
            "model": "Intel(R) Xeon(R) Processor",
            "vendor": "GenuineIntel",
            "family": "6",
            "cpus": node.cpus,
            "cores": node.cpus,
            "sockets": 1,
            "mhz": "2600.000",
            "user_hz": 100,
            "hvm": "1",
            "flags": "fpu vme de pse tsc msr pae mce cx8 apic sep vmx aes",
        },
        "memory": {"total": node.memory, "used": used, "free": node.memory - used, "available": node.memory - used},
        "swap": {"total": 0, "used": 0, "free": 0},
        "rootfs": {
            "total": node.disk,
            "used": node.disk // 8,
            "avail": node.disk // 8 * 7,
            "free": node.disk // 8 * 7,
        },
    }


@endpoint("POST", "/nodes/{node}/status")
def command(call: Call) -> None:
    """It answers before the node goes down (node_cmd in pve-manager PVE/API2/Nodes.pm sleeps two seconds)."""
    (reboot if call.params["command"] == "reboot" else switch_off)(node_of(call))


# --- settings --------------------------------------------------------------------


@endpoint("GET", "/nodes/{node}/dns")
def read_dns(call: Call) -> dict[str, str]:
    return node_of(call).dns


@endpoint("PUT", "/nodes/{node}/dns")
def update_dns(call: Call) -> None:
    servers = [call.params[name] for name in ("dns1", "dns2", "dns3") if name in call.params]
    search = str(call.params["search"]).split()[:1]  # the file has one line for it, of which the first is read
    named = {f"dns{number}": server for number, server in enumerate(servers, 1)}
    node_of(call).dns = {**({"search": search[0]} if search else {}), **named}


@endpoint("GET", "/nodes/{node}/time")
def read_time(call: Call) -> dict[str, Any]:
    now = call.cluster.now()
    return {"timezone": node_of(call).timezone, "time": now, "localtime": now + utc_offset(call)}


@endpoint("PUT", "/nodes/{node}/time")
def update_time(call: Call) -> None:
    if call.params["timezone"] not in TIME_ZONES:
        raise param_error("timezone", "No such timezone")
    node_of(call).timezone = call.params["timezone"]


@endpoint("GET", "/nodes/{node}/hosts")
def read_hosts(call: Call) -> dict[str, str]:
    text = node_of(call).hosts
    return {"data": text, "digest": hashlib.sha1(text.encode()).hexdigest()}


def check_hosts(text: str) -> None:
    """Every line begins with an address; the names behind it may be missing."""
    for line in text.splitlines():
        first = line.partition("#")[0].split()[:1]
        if first and not is_address(first[0]):
            raise param_error("data", f"Invalid IP '{first[0]}'")


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@endpoint("POST", "/nodes/{node}/hosts")
def update_hosts(call: Call) -> None:
    if call.given("digest") and call.params["digest"] != read_hosts(call)["digest"]:
        raise ApiError(500, MODIFIED)
    check_hosts(call.params["data"])
    node_of(call).hosts = call.params["data"]


def config_digest(config: dict[str, Any]) -> str:
    return hashlib.sha1(json.dumps(config, sort_keys=True).encode()).hexdigest()


@endpoint("GET", "/nodes/{node}/config")
def read_config(call: Call) -> dict[str, Any]:
    config = node_of(call).config
    only = call.params.get("property")
    if only:
        return {only: config[only]} if only in config else {}
    return {**config, "digest": config_digest(config)} if config else {}


@endpoint("PUT", "/nodes/{node}/config")
def update_config(call: Call) -> None:
    node = node_of(call)
    if call.given("digest") and call.params["digest"] != config_digest(node.config):
        raise ApiError(500, MODIFIED)
    for name in split_list(call.params.get("delete")):
        node.config.pop(name, None)
    given = {name: text for name, text in call.raw.items() if name not in ("node", "delete", "digest")}
    if "description" in given:
        given["description"] = given["description"].rstrip() + "\n"
    node.config.update(given)
    if node.config.get("description") == "\n":
        del node.config["description"]
