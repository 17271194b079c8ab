# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a task costs that has nothing to do."""

from __future__ import annotations

from tests.harness.cluster import Cluster, running_cluster
from tests.harness.lifecycle_cases import CASES, WITHOUT_CASE, Case, resource_of

LOGIN = "/access/ticket"
EXPECTED = {"pool": 1, "acl": 1, "user": 1, "token": 1, "storage": 1, "running vm": 3}  # running: config, power, pool


def measure() -> None:
    """Print the requests of a second run, besides the login, of every object that the lifecycle tests know."""
    print("Requests of a task that has nothing to do, besides the login that a password needs")
    with running_cluster("demo") as cluster:
        for case in CASES:
            cluster.reset()
            paths = second_run(cluster, case)
            expected = EXPECTED.get(case.name)
            told = "" if expected is None or expected == len(paths) else f"   EXPECTED {expected}"
            print(f"  {case.name:28} {case.module:28} {len(paths)}{told}")
    for module, reason in WITHOUT_CASE.items():
        print(f"  {'-':28} {module:28} not measured: {reason}")


def second_run(cluster: Cluster, case: Case) -> list[str]:
    """The requests of the second of two equal tasks."""
    for module, options in case.needs:
        done(cluster, module, options)
    done(cluster, case.module, case.stage("create"))
    cluster.forget_client()
    cluster.requests_made()
    if done(cluster, case.module, case.stage("create"))["changed"]:
        raise RuntimeError(f"{case.name}: the second run changed something")
    return [f"{row['method']} {row['path']}" for row in cluster.requests_made() if row["path"] != LOGIN]


def done(cluster: Cluster, module: str, options: object) -> dict[str, object]:
    """The result of a task that must not fail."""
    result = cluster.run(resource_of(module), options)  # type: ignore[arg-type]
    if result.get("failed"):
        raise RuntimeError(f"{module}: {result['msg']}")
    return result
