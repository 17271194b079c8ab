# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on a node beneath the guests: services, logs, hardware."""

from __future__ import annotations

import json
import math
from typing import Any

from ..call import Call
from ..disks import disks_of
from ..errors import ApiError
from ..guest import NET
from ..outages import wake
from ..routing import endpoint
from ..sections import sections
from ..tasks import TaskError

SERVICES = {
    "chrony": "NTP client/server",
    "corosync": "Corosync Cluster Engine",
    "cron": "Regular background program processing daemon",
    "ksmtuned": "Kernel Samepage Merging (KSM) Tuning Daemon",
    "lxcfs": "FUSE filesystem for LXC",
    "postfix": "Postfix Mail Transport Agent (main/default instance)",
    "proxmox-firewall": "Proxmox nftables firewall",
    "pve-cluster": "The Proxmox VE cluster filesystem",
    "pve-firewall": "Proxmox VE firewall",
    "pve-ha-crm": "PVE Cluster HA Resource Manager Daemon",
    "pve-ha-lrm": "PVE Local HA Resource Manager Daemon",
    "pvedaemon": "PVE API Daemon",
    "pveproxy": "PVE API Proxy Server",
    "pvescheduler": "Proxmox VE scheduler",
    "pvestatd": "PVE Status Daemon",
    "qmeventd": "PVE Qemu Event Daemon",
    "spiceproxy": "PVE SPICE Proxy Server",
    "sshd": "OpenBSD Secure Shell server",
    "syslog": "System Logging Service",
    "systemd-journald": "Journal Service",
    "systemd-timesyncd": "Network Time Synchronization",
}
ABSENT_SERVICES = frozenset({"chrony", "ksmtuned", "syslog"})
ESSENTIAL_SERVICES = frozenset({"pve-cluster", "pvedaemon", "pveproxy"})
SERVICE_ACTIONS = ("start", "stop", "restart", "reload")
RRD_STEPS = {"hour": 60, "day": 1800, "week": 10800, "month": 43200, "year": 604800, "decade": 604800}
CPU_MODELS = (("default", "kvm64"), ("default", "qemu64"), ("GenuineIntel", "Skylake-Server"), ("AuthenticAMD", "EPYC"))
VENDORS = {name: vendor for vendor, name in CPU_MODELS}
ABSTRACT_CPU_MODELS = ("x86-64-v2", "x86-64-v2-AES", "x86-64-v3", "x86-64-v4")


# --- services --------------------------------------------------------------------


def stopped_services(call: Call) -> set[str]:
    """The services that somebody has stopped on this node."""
    found: set[str] = call.cluster.nodes[str(call.node)].extra.setdefault("stopped_services", set())
    return found


def service_row(call: Call, name: str) -> dict[str, str]:
    row = {"service": name, "name": name}
    if name in ABSENT_SERVICES:
        state = {"state": "dead", "active-state": "inactive", "unit-state": "not-found"}
        return {**row, "desc": f"{name}.service", **state}
    running = name not in stopped_services(call)
    state = {"state": "running", "active-state": "active"} if running else {"state": "dead", "active-state": "inactive"}
    return {**row, "desc": SERVICES[name], "unit-state": "enabled", **state}


@endpoint("GET", "/nodes/{node}/services")
def list_services(call: Call) -> list[dict[str, str]]:
    return [service_row(call, name) for name in SERVICES]


@endpoint("GET", "/nodes/{node}/services/{service}")
def service_index(call: Call) -> list[dict[str, str]]:
    return [{"subdir": name} for name in ("state", *SERVICE_ACTIONS)]


@endpoint("GET", "/nodes/{node}/services/{service}/state")
def service_state(call: Call) -> dict[str, str]:
    return service_row(call, call.params["service"])


def _act(call: Call, action: str) -> str:
    name, stopped = call.params["service"], stopped_services(call)

    def run(log: Any) -> None:
        """See $service_cmd in pve-manager PVE/API2/Services.pm; systemctl ends with 5 for a unit that there is not."""
        if action == "stop" and name in ESSENTIAL_SERVICES:
            raise TaskError(f"invalid service cmd '{name} stop': refusing to stop essential service!")
        if name in ABSENT_SERVICES:
            raise TaskError(f"command 'systemctl {action} {name}' failed: exit code 5")
        if action == "stop":
            stopped.add(name)
        elif action != "reload":
            stopped.discard(name)

    return call.cluster.tasks.start(call, str(call.node), f"srv{action}", name, run)


@endpoint("POST", "/nodes/{node}/services/{service}/start")
def start_service(call: Call) -> str:
    return _act(call, "start")


@endpoint("POST", "/nodes/{node}/services/{service}/stop")
def stop_service(call: Call) -> str:
    return _act(call, "stop")


@endpoint("POST", "/nodes/{node}/services/{service}/restart")
def restart_service(call: Call) -> str:
    return _act(call, "restart")


@endpoint("POST", "/nodes/{node}/services/{service}/reload")
def reload_service(call: Call) -> str:
    return _act(call, "reload")


# --- hardware and network of the host ------------------------------------------------------


@endpoint("GET", "/nodes/{node}/capabilities/qemu/cpu")
def cpu_models(call: Call) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"name": name, "vendor": vendor, "custom": 0} for vendor, name in CPU_MODELS]
    rows += [{"name": name, "vendor": "default", "custom": 0, "abstract": 1} for name in ABSTRACT_CPU_MODELS]
    for name, section in sections(call.cluster, "cpu_models").items():
        rows.append(
            {"name": f"custom-{name}", "vendor": VENDORS.get(section["reported-model"], "default"), "custom": 1}
        )
    return rows


@endpoint("POST", "/nodes/{node}/wakeonlan")
def wake_on_lan(call: Call) -> str:
    if call.node == call.cluster.local_node:
        raise ApiError(500, f"'{call.node}' is local node, cannot wake my self!")
    node = call.cluster.nodes[str(call.node)]
    mac = str(node.config.get("wakeonlan", "")).partition(",")[0].removeprefix("mac=")
    if not mac:
        raise ApiError(500, f"No wake on LAN MAC address defined for '{call.node}'!")
    wake(node)
    return mac


@endpoint("GET", "/nodes/{node}/netstat")
def traffic(call: Call) -> list[dict[str, Any]]:
    """What passed the cards of the running guests."""
    running = [guest for guest in call.cluster.guests.values() if guest.running and guest.node == call.node]
    return [
        {"vmid": str(guest.vmid), "dev": name, "in": "170", "out": "0"}
        for guest in running
        for name in guest.config
        if NET.fullmatch(name)
    ]


@endpoint("GET", "/nodes/{node}/scan/lvm")
def volume_groups(call: Call) -> list[dict[str, str]]:
    return [{"vg": name} for name in sorted(disks_of(call.cluster.nodes[str(call.node)]).groups)]


@endpoint("GET", "/nodes/{node}/scan")
def scan_index(call: Call) -> list[dict[str, str]]:
    return [{"method": name} for name in ("cifs", "iscsi", "lvm", "nfs", "pbs", "zfs")]


# --- statistics -----------------------------------------------------------------------------


@endpoint("GET", "/cluster/metrics/export")
def metrics(call: Call) -> dict[str, list[dict[str, Any]]]:
    """What metric servers are sent, of the nodes."""
    now = call.cluster.now()
    rows = [
        {"id": f"node/{node.name}", "metric": metric, "type": "gauge", "value": value, "timestamp": now}
        for node in call.cluster.nodes.values()
        for metric, value in (("uptime", int(now - node.booted)), ("mem_total", node.memory), ("cpu_max", node.cpus))
    ]
    return {"data": rows}


@endpoint("GET", "/nodes/{node}/rrddata", ordered=True)
def statistics(call: Call) -> list[dict[str, float]]:
    """Seventy points, the older half without values: the node has not been up for long."""
    node, step = call.cluster.nodes[str(call.node)], RRD_STEPS[call.params["timeframe"]]
    last = call.cluster.now() // step
    rows: list[dict[str, float]] = [{"time": (last - 70 + count) * step} for count in range(35)]
    for count in range(35, 70):
        wave = (1 + math.sin(count)) / 2
        used = node.memory // 4
        rows.append({
            "time": (last - 70 + count) * step,
            "cpu": 0.05 * wave, "maxcpu": node.cpus, "iowait": 0.001 * wave, "loadavg": wave,
            "memtotal": node.memory, "memused": used, "memavailable": node.memory - used, "arcsize": 0,
            "swaptotal": 0, "swapused": 0, "roottotal": node.disk, "rootused": node.disk / 8,
            "netin": 1000 * wave, "netout": 800 * wave,
            **{f"pressure{name}": 0 for name in ("cpusome", "iosome", "iofull", "memorysome", "memoryfull")},
        })  # fmt: skip
    return rows


# --- several calls in one ------------------------------------------------------------------------


@endpoint("POST", "/nodes/{node}/execute", ordered=True)
async def execute(call: Call) -> list[dict[str, Any]]:
    """Calls below this node, given as JSON: [{path, method, args}]; each result reports its own status."""
    perform = call.cluster.areas["perform"]
    results: list[dict[str, Any]] = []
    for command in json.loads(call.params["commands"]):
        path = f"/nodes/{call.node}/{command['path']}"
        try:
            answer = await perform(command["method"], path, command.get("args", {}), call.user)
            results.append({"status": 200, "data": answer.data})
        except ApiError as error:
            failed: dict[str, Any] = {"status": error.status, "message": error.body}
            results.append({**failed, "errors": error.errors} if error.errors else failed)
    return results
