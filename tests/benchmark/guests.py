# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many guests cost: a second run of a hundred, clones against a server whose tasks take time, and what is asked for one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmark.playing import connection, cpu_of, peer_command, peer_connection, seconds_of
from tests.benchmark.requests_made import done
from tests.harness.cluster import Cluster, running_cluster

FIRST, GUESTS = 5000, 100
ABOVE_DEBUG: Mapping[int, float | None] = {
    10: None,
    100: 0.25,
    1000: 1.5,
}  # machines, and the seconds that they may take
PEER_ITEMS = 20  # of the peer's loop, so that it does not last for minutes
OPTIONS: Mapping[str, Any] = {  # twenty that a second run has to compare
    "acpi": True,
    "agent": "enabled=1,fstrim_cloned_disks=1",
    "ciuser": "bench",
    "cores": 2,
    "cpu": "host,flags=+aes",
    "cpulimit": 2,
    "cpuunits": 1024,
    "description": "Größe\nzwei",
    "hotplug": "disk,network,usb",
    "keyboard": "de",
    "kvm": True,
    "localtime": True,
    "memory": 2048,
    "onboot": True,
    "ostype": "l26",
    "scsihw": "virtio-scsi-single",
    "shares": 500,
    "sockets": 1,
    "tablet": False,
    "tags": ["bench", "web"],
}
TEMPLATE: Mapping[str, Any] = {
    "node": "pve1",
    "vmid": 4999,
    "name": "bench-template",
    "scsi": {"scsi0": {"storage": "local", "size": "1G", "format": "qcow2"}},
    "net": {"net0": "virtio,bridge=vmbr0"},
    "template": True,
}
CLONE: Mapping[str, Any] = {
    "node": "pve1",
    "clone": {"source": "bench-template", "full": True},
    "cores": 2,
    "memory": "1G",
    "scsi": {"scsi0": {"size": "2G"}},
    "net": {"net0": {"tag": 7}},
    "state": "started",
}
CLONE_REQUESTS = 12
BULK_CLONES, BULK_REQUESTS = 10, 91  # three of them look for others of the same names in the end
CLONES, PARALLEL = 50, 10
PLACED, PLACED_NODES = 200, 8
SECONDS = {"qmclone": 4.0, "resize": 2.0, "qmstart": 2.0}  # of each task, by its type


def measure() -> None:
    """Print requests, times and ratios, side by side."""
    with running_cluster("demo") as cluster:
        cluster.connection = cluster.token_connection()
        print_requests(cluster)
        print_second_runs(cluster)
        print_above_debug(cluster)
        print_clones(cluster)
    print_placed()


# --- requests ---------------------------------------------------------------------------------------------------------


def print_requests(cluster: Cluster) -> None:
    machine = {"node": "pve1", "vmid": FIRST, "name": "bench", **OPTIONS}
    done(cluster, "pve_vm", machine)
    print(f"Requests of a machine with {len(OPTIONS)} options that has nothing to do (API token, so no login)")
    for reported, more, expected in (("as it is", {}, 1), ("and stopped", {"state": "stopped"}, 2)):
        cluster.requests_made()
        done(cluster, "pve_vm", {**machine, **more})
        count = len(cluster.requests_made())
        print(f"  {reported:28} {count}" + ("" if count == expected else f"   EXPECTED {expected}"))
    single, bulk = requests_of_clones(cluster)
    print("Requests of a clone that is configured, grown and started by the same task")
    print(f"  {'one pve_vm':28} {len(single)}   (expected: at most {CLONE_REQUESTS})")
    for request in single:
        print(f"    {request}")
    shown = "" if len(bulk) == BULK_REQUESTS else f"   EXPECTED {BULK_REQUESTS}"
    print(f"  {f'{BULK_CLONES} by one pve_guests':28} {len(bulk)}, {len(bulk) / BULK_CLONES:.1f} each{shown}")


def requests_of_clones(cluster: Cluster) -> tuple[list[str], list[str]]:
    """What one clone asks for that is configured, grown and started by one task, and several of a bulk, of a reported template."""
    done(cluster, "pve_vm", TEMPLATE)
    cluster.control("POST", "report", {})
    cluster.requests_made()
    done(cluster, "pve_vm", {**CLONE, "vmid": FIRST + 1, "name": "bench-clone"})
    single = cluster.requests_made()
    cluster.control("POST", "report", {})
    done(cluster, "pve_guests", {"guests": [{**CLONE, "name": f"bench-clone{n}"} for n in range(BULK_CLONES)]})
    return [f"{row['method']:6} {row['path']}" for row in single], [row["path"] for row in cluster.requests_made()]


# --- second runs ------------------------------------------------------------------------------------------------------


def print_second_runs(cluster: Cluster) -> None:
    """A hundred machines that are as they should be: a loop, one task for all, and the peer's loop."""
    cluster.reset()
    cluster.connection = cluster.token_connection()
    vmids = range(FIRST, FIRST + GUESTS)
    guests = [{"node": "pve1", "vmid": vmid, "name": f"bench{vmid}", **OPTIONS} for vmid in vmids]
    done(cluster, "pve_guests", {"guests": guests})
    options = connection(cluster.facts)
    item = {"node": "pve1", "vmid": "{{ item }}", "name": "bench{{ item }}", **OPTIONS}
    loop = {"pve.automation.pve_vm": {**options, **item}, "loop": list(vmids)}
    bulk = {"pve.automation.pve_guests": {**options, "guests": guests}}
    print(f"A second run of {GUESTS} machines with {len(OPTIONS)} options, whole processes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = seconds_of(folder, {"ansible.builtin.debug": {"msg": "nothing"}})
        ours = {"loop of pve_vm": seconds_of(folder, loop), "one pve_guests": seconds_of(folder, bulk)}
        peers = _peers_loop(cluster, folder) if os.environ.get("BENCH_PEER") else None
    print(f"  no task: Ansible itself      {bare:7.2f} s")
    for reported, seconds in ours.items():
        ratio = f"   the peer's loop takes {peers / seconds:4.0f} x" if peers else ""
        print(f"  {reported:28} {seconds:7.2f} s{ratio}")
    if peers is None:
        print("  BENCH_PEER=1 also measures the loop of community.proxmox.proxmox_kvm")
    else:
        print(f"  proxmox_kvm, update: true    {peers:7.2f} s   ({PEER_ITEMS} items measured)")


def print_above_debug(cluster: Cluster) -> None:
    """One task for all machines, which are as they should be, beside a debug task with the same data."""
    cluster.reset()
    cluster.connection = cluster.token_connection()
    vmids = range(FIRST, FIRST + max(ABOVE_DEBUG))
    guests = [{"node": "pve1", "vmid": vmid, "name": f"bench{vmid}", **OPTIONS} for vmid in vmids]
    done(cluster, "pve_guests", {"guests": guests, "preflight": "off"})
    cluster.control("POST", "report", {})
    print(
        "A second run of machines by one pve_guests, beside a debug task with the same data; seconds of CPU of whole processes"
    )
    for count, expected in ABOVE_DEBUG.items():
        options = {**connection(cluster.facts), "guests": guests[:count]}
        with tempfile.TemporaryDirectory() as name:
            debug = cpu_of(Path(name), {"ansible.builtin.debug": {"msg": options}})
            ours = cpu_of(Path(name), {"pve.automation.pve_guests": options})
        goal = f"   (expected: at most {expected:g})" if expected else ""
        print(
            f"  {f'{count} machines':28} debug {debug:6.2f} s   ours {ours:6.2f} s   above {ours - debug:5.2f} s{goal}"
        )


def _peers_loop(cluster: Cluster, folder: Path) -> float:
    """The seconds that the loop of community.proxmox would take for all guests, from a shorter one."""
    known = {name: value for name, value in OPTIONS.items() if name not in ("cpulimit", "ciuser")}
    options = {**peer_connection(cluster.facts), **known, "node": "pve1", "update": True}
    item = {**options, "vmid": "{{ item }}", "name": "bench{{ item }}"}
    times = []
    for items in (1, 1 + PEER_ITEMS):
        task = {"community.proxmox.proxmox_kvm": item, "loop": list(range(FIRST, FIRST + items))}
        times.append(seconds_of(folder, task, command=peer_command()))
    return times[0] + (times[1] - times[0]) * (GUESTS - 1) / PEER_ITEMS


# --- clones -----------------------------------------------------------------------------------------------------------


def print_clones(cluster: Cluster) -> None:
    """Clones against tasks that take seconds: the time of one pve_guests beside what the tasks alone need."""
    cluster.reset()
    cluster.connection = cluster.token_connection()
    done(cluster, "pve_vm", TEMPLATE)
    for kind, seconds in SECONDS.items():
        cluster.task_fault(type=kind, duration=seconds, count=CLONES)
    guests = [{**CLONE, "name": f"clone{number}"} for number in range(CLONES)]
    options = {**connection(cluster.facts), "parallel": PARALLEL}
    template = {"node": "pve1", "vmid": TEMPLATE["vmid"]}
    with tempfile.TemporaryDirectory() as folder:
        bare = seconds_of(Path(folder), {"pve.automation.pve_guests": {**options, "guests": [template]}})
        seconds = seconds_of(Path(folder), {"pve.automation.pve_guests": {**options, "guests": guests}}) - bare
    running = [row for row in cluster.call("GET", "/nodes/pve1/qemu") if row["status"] == "running"]
    path = sum(SECONDS.values()) * -(-CLONES // PARALLEL)
    print(f"{CLONES} clones, configured, grown and started, {PARALLEL} at a time, without the start of Ansible")
    made = sum(str(row.get("name")).startswith("clone") for row in running)
    print(f"  critical path                {path:7.2f} s   {_listed(SECONDS)}")
    print(f"  one pve_guests               {seconds:7.2f} s   {made} run")
    print(f"  ratio                        {seconds / path:7.2f} x   (expected: at most 1.20)")


# --- placement --------------------------------------------------------------------------------------------------------


def print_placed() -> None:
    """Creations whose nodes are chosen, planned together: their time beside that with nodes that are given, and their requests."""
    nodes = [f"node{number}" for number in range(1, PLACED_NODES + 1)]
    names = [f"placed{number}" for number in range(PLACED)]
    given = [{"name": name, "node": nodes[number % PLACED_NODES], "memory": 64} for number, name in enumerate(names)]
    chosen = [{"name": name, "placement": "memory", "memory": 64} for name in names]
    print(f"Plans of {PLACED} new machines on {PLACED_NODES} nodes, whole processes")
    with running_cluster("single", "--nodes", ",".join(nodes)) as cluster, tempfile.TemporaryDirectory() as folder:
        cluster.connection = cluster.token_connection()
        options = connection(cluster.facts)
        for title, guests in (("nodes given", given), ("nodes chosen", chosen)):
            cluster.requests_made()
            task = {"pve.automation.pve_guests": {**options, "guests": guests}, "check_mode": True}
            seconds = seconds_of(Path(folder), task)
            lists = [row for row in cluster.requests_made() if row["path"] == "/cluster/resources"]
            print(f"  {title:28} {seconds:7.2f} s   {len(lists)} lists of the cluster")


def _listed(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{kind} {duration:g} s" for kind, duration in seconds.items())
