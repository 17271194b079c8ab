# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a task costs that has nothing to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.harness.cluster import Cluster, running_cluster
from tests.harness.lifecycle_cases import CASES, EMPTY_CONTAINER, EMPTY_VM, WITHOUT_CASE, Case, resource_of

LOGIN = "/access/ticket"
EXPECTED = {"pool": 1, "acl": 1, "user": 1, "token": 1, "storage": 1, "running vm": 3}  # running: config, power, pool
# What it costs to be sure which guest is meant: the module, how the guest is named, and the requests. A guest is confirmed by
# its configuration, which is read anyway; by name, or without its node, the list of the cluster says first where it is.
CONFIRMED: Mapping[str, tuple[str, Mapping[str, Any], int]] = {
    "vm by vmid and node": ("pve_vm", {"vmid": 9001, "node": "pve1"}, 1),
    "vm by vmid, name and node": ("pve_vm", {"vmid": 9001, "name": "life-member", "node": "pve1"}, 1),
    "vm by vmid": ("pve_vm", {"vmid": 9001}, 2),
    "vm by name": ("pve_vm", {"name": "life-member"}, 2),
    "vm by name and node": ("pve_vm", {"name": "life-member", "node": "pve1"}, 2),
    "container by vmid and node": ("pve_lxc", {"vmid": 9002, "node": "pve1"}, 1),
    "container by vmid": ("pve_lxc", {"vmid": 9002}, 2),
    "container by name": ("pve_lxc", {"hostname": "life"}, 2),
}
GUESTS = (("pve_vm", EMPTY_VM), ("pve_lxc", {**EMPTY_CONTAINER, "vmid": 9002}))


def measure() -> None:
    """Print the requests of a second run, besides the login, of every object that the lifecycle tests know."""
    print("Requests of a task that has nothing to do, besides the login that a password needs")
    with running_cluster("demo") as cluster:
        for case in CASES:
            cluster.reset()
            paths = second_run(cluster, case)
            expected = EXPECTED.get(case.name)
            shown = "" if expected is None or expected == len(paths) else f"   EXPECTED {expected}"
            print(f"  {case.name:28} {case.module:28} {len(paths)}{shown}")
        cluster.reset()
        print("Requests of such a task by how it names its guest")
        for name, paths in confirmed(cluster):
            shown = "" if CONFIRMED[name][2] == len(paths) else f"   EXPECTED {CONFIRMED[name][2]}"
            print(f"  {name:28} {CONFIRMED[name][0]:28} {len(paths)}{shown}")
    for module, reason in WITHOUT_CASE.items():
        print(f"  {'-':28} {module:28} not measured: {reason}")


def confirmed(cluster: Cluster, *, reported: bool = True) -> Iterator[tuple[str, list[str]]]:
    """The requests of a task that has nothing to do, for each way to name its guest; the list knows it if it is ``reported``."""
    for module, given in GUESTS:
        done(cluster, module, given)
    if reported:
        cluster.control("POST", "report", {})
    for name, (module, options, _expected) in CONFIRMED.items():
        yield name, unneeded(cluster, module, options)


def second_run(cluster: Cluster, case: Case) -> list[str]:
    """The requests of the second of two equal tasks."""
    for module, options in case.needs:
        done(cluster, module, options)
    done(cluster, case.module, case.stage("create"))
    return unneeded(cluster, case.module, case.stage("create"))


def unneeded(cluster: Cluster, module: str, options: Mapping[str, Any]) -> list[str]:
    """The requests, besides the login, of a task of its own that has nothing to do."""
    cluster.forget_client()
    cluster.requests_made()
    if done(cluster, module, options)["changed"]:
        raise RuntimeError(f"{module} {options}: it changed something")
    return [f"{row['method']} {row['path']}" for row in cluster.requests_made() if row["path"] != LOGIN]


def done(cluster: Cluster, module: str, options: object) -> dict[str, object]:
    """The result of a task that must not fail."""
    result = cluster.run(resource_of(module), options)  # type: ignore[arg-type]
    if result.get("failed"):
        raise RuntimeError(f"{module}: {result['msg']}")
    return result
