# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of the modules do what they say, one after the other, on the simulated cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.harness.cluster import Cluster
from tests.harness.examples import VARIABLES, examples, templated
from tests.harness.lifecycle_cases import resource_of
from tests.unit.test_collection import MODULES

DEBIAN = "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst"
Task = tuple[str, Mapping[str, Any]]


def machine(vmid: int, name: str, **more: Any) -> Task:
    return "pve_vm", {"node": "pve1", "vmid": vmid, "name": name, **more}


def users(*names: str) -> list[Task]:
    return [("pve_user", {"userid": f"{name}@pve"}) for name in names]


def groups(*names: str) -> list[Task]:
    return [("pve_group", {"groupid": name}) for name in names]


CORP: Task = (
    "pve_realm",
    {
        "realm": "corp",
        "type": "ldap",
        "server1": "ldap.example.com",
        "base_dn": "dc=example,dc=com",
        "user_attr": "uid",
    },
)
BACKUPS: Task = ("pve_storage", {"storage": "backups", "type": "dir", "path": "/srv/backups", "content": ["backup"]})
MAIL: Task = (
    "pve_notification_endpoint",
    {
        "name": "mail",
        "type": "smtp",
        "server": "mail.example.com",
        "from_address": "pve@example.com",
        "mailto": ["admin@example.com"],
    },
)
ACCOUNT: Task = (
    "pve_acme_account",
    {"name": "default", "contact": ["admin@example.com"], "tos_url": "https://letsencrypt.org/terms"},
)
PLUGIN: Task = ("pve_acme_plugin", {"id": "cloudflare", "type": "dns", "api": "cf", "data": {"CF_Token": "t"}})


def gone(module: str, *vmids: int) -> list[Task]:
    """Guests of the simulated cluster whose names the examples use for their own."""
    return [(module, {"vmid": vmid, "state": "absent", "force": True}) for vmid in vmids]


# What has to be there first, or must not.
NEEDS: Mapping[str, list[Task]] = {
    "pve_acl": [
        *users("alice", "bob", "automation"),
        *groups("operators", "admins"),
        ("pve_token", {"userid": "automation@pve", "tokenid": "ansible"}),
    ],
    "pve_backup": [BACKUPS, ("pve_pool", {"poolid": "web"}), machine(9010, "backed", pool="web")],
    "pve_backup_job": [(BACKUPS[0], {**BACKUPS[1], "storage": "backup"})],
    "pve_firewall": [
        ("pve_firewall_ipset", {"scope": "cluster", "name": "management"}),
        ("pve_firewall_group", {"group": "monitoring"}),
    ],
    "pve_group": users("alice", "bob", "carol"),
    "pve_guests": [
        *gone("pve_vm", 105, 106),
        machine(9020, "tested", tags=["test"], state="started"),
        machine(9021, "old", tags=["obsolete"]),
    ],
    "pve_ha_rule": [("pve_ha", {"sid": f"vm:{vmid}"}) for vmid in (100, 101, 102, 103, 110)],
    "pve_lxc": gone("pve_lxc", 121),
    "pve_node_apt": [
        ("pve_node_repository", {"node": "pve1", "handle": handle, "enabled": False})
        for handle in ("enterprise", "ceph-squid-enterprise")
    ],
    "pve_node_certificate": [ACCOUNT, PLUGIN],
    "pve_node_power": [("pve_node", {"node": "pve3", "wakeonlan": "BC:24:11:00:00:03"})],
    "pve_notification_matcher": [MAIL],
    "pve_pool": [machine(vmid, f"member{vmid}") for vmid in (9001, 9002, 9003)],
    "pve_realm_sync": [CORP],
    "pve_realm_sync_job": [CORP],
    "pve_sendkey": [machine(9001, "installer", state="started")],
    "pve_snapshot": [machine(9101, "snapped")],
    "pve_storage_content": [
        (
            "pve_storage_content",
            {
                "node": "pve1",
                "storage": "local",
                "content": "vztmpl",
                "filename": DEBIAN.rpartition("/")[2],
                "state": "absent",
            },
        ),
    ],
    "pve_task": [machine(9001, "saved"), (BACKUPS[0], {**BACKUPS[1], "storage": "backup"})],
    "pve_tfa": users("alice"),
    "pve_token": users("automation"),
    "pve_token_info": users("automation"),
    "pve_user": groups("operators", "backup", "auditors"),
    "pve_cluster_options": [("pve_cluster_options", {"max_workers": 4})],
    "pve_vm": [("pve_pool", {"poolid": "web"}), *gone("pve_vm", 100)],
}
# What the simulated cluster does not have or do, and what is said then.
BEYOND: Mapping[tuple[str, str], str] = {
    ("pve_backup", "Keep one for good"): "there is no backup local:backup/",
    ("pve_backup", "A copy of a machine from its backup, beside the one that runs"): "there is no backup backups:",
    ("pve_backup", "Back to the state of the backup, whatever happened since"): "there is no backup backups:",
    ("pve_ha_group", "Guests that need the fast storage"): "PVE 9 has no HA groups",
    ("pve_node_repository", "Disable sources of packages from one mirror"): "has no repository of uri",
    ("pve_node_service", "Keep the clock right"): "chrony is not installed",
    ("pve_notification_endpoint", "Prove that it works"): "the simulator does not do this",
    ("pve_realm_sync", "See what would happen"): "the simulator does not do this",
    ("pve_realm_sync", "Read the log of that"): "is not a UPID",
    ("pve_realm_sync", "Do it"): "the simulator does not do this",
    (
        "pve_replication",
        "Copy a guest to the second node every half hour, but not in working hours",
    ): "missing replicate feature",
    ("pve_replication", "Bring the copy up to date before maintenance"): "target: is needed to create",
    ("pve_storage_content", "An image of our own"): "cannot be read where the module runs",
}
# Examples that change nothing, and why.
NOTHING_TO_DO: Mapping[str, tuple[str, ...]] = {
    "pve_api": (
        "Read the options of the cluster",
        "Create a group unless it is there",
    ),  # one reads, one asks in check mode
    "pve_backup": ("What a retention would delete",),  # there is one backup, which is kept
    "pve_cloudinit": ("Have it on the drive before the machine restarts itself",),  # it is up to date
    "pve_guest_agent": ("What the machine says of itself",),  # it only asks
    "pve_ha_group": ("Delete the group",),  # PVE 9 has none
    "pve_node_disk": ("Empty a disk that was used before",),  # it is empty
    "pve_node_guests": (  # the examples before have moved the guests away
        "Shut down everything on it, however long it takes",
        "Start what starts at boot",
    ),
    "pve_node_network": ("Forget what is staged",),  # it was applied
    "pve_node_subscription": ("Use the repository that comes with it",),  # it is enabled
    "pve_replication": ("Stop replicating and remove the copy",),  # the simulated storage replicates nothing
    "pve_task": ("Wait for it", "Stop a task"),  # simulated tasks have ended by then
    "pve_vm": ("Take a device out and clear the description",),  # the machine of the first example has neither
}


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_work(cluster: Cluster, module: str) -> None:
    for needed, options in NEEDS.get(module, []):
        result = cluster.run(resource_of(needed), options)
        assert not result.get("failed"), result["msg"]
    variables, unchanged = dict(VARIABLES), set()
    for task, name, options in examples(module):
        for item in task.get("loop", [None]):
            given = templated(options, {**variables, "item": item})
            result = cluster.run(resource_of(name), given, check_mode=task.get("check_mode", False))
            expected = BEYOND.get((module, task["name"]))
            if expected:
                assert re.search(expected, result.get("msg", "it worked")), task["name"]
            else:
                assert not result.get("failed"), f"{task['name']}: {result['msg']}"
                if not name.endswith("_info") and not result["changed"]:
                    unchanged.add(task["name"])
        variables[task.get("register", "")] = result
    assert unchanged == set(NOTHING_TO_DO.get(module, ()))
