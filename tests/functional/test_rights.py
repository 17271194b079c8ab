# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token may do that has rights on a pool only, as the guide makes it, and how it is refused the rest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import resource_of

GUIDE = Path(__file__).resolve().parents[2] / "docs/docsite/rst/guide_connection.rst"
MACHINE: dict[str, Any] = {
    "node": "pve1",
    "vmid": 9001,
    "name": "web9",
    "pool": "web",
    "scsi": {"scsi0": "local:1,format=qcow2"},
    "net": {"net0": "virtio,bridge=vmbr0"},
    "ide": {"ide2": "local:iso/debian-13.1.0-amd64-netinst.iso,media=cdrom"},
}


def steps_of_the_guide() -> list[dict[str, Any]]:
    """The tasks by which the guide makes a token, loops unrolled."""
    (block,) = re.findall(
        r"yaml\n\n((?:   [^\n]*\n|\n)*?   - name: A user and its token\n(?:   [^\n]*\n|\n)*)", GUIDE.read_text()
    )
    unrolled = []
    for task in yaml.safe_load(block):
        for item in task.get("loop", [{}]):
            text = yaml.safe_dump({name: value for name, value in task.items() if name.startswith("pve.")})
            for key, value in item.items():
                text = text.replace("'{{ item." + key + " }}'", str(value))
            unrolled.append(yaml.safe_load(text))
    return unrolled


@pytest.fixture
def pool_token(cluster: Cluster) -> Cluster:
    """A cluster that is talked to by the guide's token."""
    if not any(row["poolid"] == "web" for row in cluster.call("GET", "/pools")):
        cluster.call("POST", "/pools", {"poolid": "web"})
    secret = ""
    for task in steps_of_the_guide():
        ((module, options),) = task.items()
        result = cluster.run(resource_of(module.rpartition(".")[2]), options)
        assert not result.get("failed"), result
        secret = result.get("token_secret", secret)
    endpoint = {name: cluster.connection[name] for name in ("api_host", "api_fingerprint")}
    cluster.connection = {**endpoint, "api_token_id": "automation@pve!ansible", "api_token_secret": secret}
    cluster.forget_client()
    return cluster


def run(cluster: Cluster, module: str, options: dict[str, Any]) -> dict[str, Any]:
    return cluster.run(resource_of(module), options)


def test_the_rights_of_the_guide_are_enough(pool_token: Cluster) -> None:
    for module, options in (
        ("pve_vm", MACHINE),
        ("pve_vm", {"vmid": 9001, "node": "pve1", "memory": "1G", "state": "started"}),
        ("pve_snapshot", {"vmid": 9001, "snapname": "before"}),
        ("pve_snapshot", {"vmid": 9001, "snapname": "before", "state": "absent"}),
        ("pve_vm", {"vmid": 9001, "node": "pve1", "state": "stopped", "force": True}),
        (
            "pve_vm",
            {
                "vmid": 9002,
                "name": "web10",
                "node": "pve1",
                "pool": "web",
                "clone": {"source": "9001", "storage": "local"},
            },
        ),
    ):
        first = run(pool_token, module, options)
        assert first.get("changed"), first
        assert "warnings" not in first, first
        again = run(pool_token, module, options)
        assert not again.get("failed"), again
        assert not again["changed"], again
    for vmid in (9001, 9002):
        gone = run(pool_token, "pve_vm", {"vmid": vmid, "node": "pve1", "state": "absent"})
        assert gone.get("changed"), gone


def test_the_permissions_of_a_pool_are_told(pool_token: Cluster) -> None:
    broad = run(pool_token, "pve_permission_info", {"modules": ["pve_vm"]})["permissions"]
    assert broad["granted_on"] == {
        "/sdn/zones": ["/sdn/zones/localnetwork/vmbr0"],
        "/storage": ["/storage/local"],
        "/vms": ["/pool/web"],
    }
    narrow = run(pool_token, "pve_permission_info", {"modules": ["pve_vm"], "path": "/pool/web"})["permissions"]
    assert "/pool/web" not in narrow["missing"]
    assert set(narrow["missing"]) == set(narrow["granted_on"]) == {"/sdn/zones", "/storage"}


@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ({"pool": None}, ["VM.Allocate on /vms/VMID", "/pool/NAME", "automation@pve!ansible"]),
        ({"scsi": {"scsi0": "local-lvm:1"}}, ["Datastore.AllocateSpace on /storage/local-lvm"]),
        ({"net": {"net0": "virtio,bridge=vmbr1"}}, ["SDN.Use on /sdn/zones/localnetwork/vmbr1"]),
        ({"hostpci": {"hostpci0": "0000:01:00.0"}}, ["pve_mapping", "Mapping.Use on /mapping/pci/NAME"]),
        ({"vmid": 101}, ["Choose another vmid, or give none"]),
    ],
)
def test_what_is_refused_says_what_it_would_take(
    pool_token: Cluster, options: dict[str, Any], reported: list[str]
) -> None:
    given = {name: value for name, value in {**MACHINE, **options}.items() if value is not None}
    refused = run(pool_token, "pve_vm", given)
    assert refused["failed"]
    text = " ".join([refused["msg"], *refused.get("warnings", [])])
    assert [words for words in reported if words not in text] == [], text


def test_a_bridge_that_is_hidden_is_not_called_missing(pool_token: Cluster) -> None:
    options = {**MACHINE, "net": {"net0": "virtio,bridge=vmbr1"}}
    (warning,) = pool_token.run(resource_of("pve_vm"), options, check_mode=True)["warnings"]
    assert "not visible to automation@pve!ansible" in warning
    assert "SDN.Use on /sdn/zones/localnetwork/vmbr1" in warning
    pool_token.connection = pool_token.password_connection()
    (warning,) = pool_token.run(resource_of("pve_vm"), options, check_mode=True)["warnings"]
    assert "offers no bridge vmbr1" in warning


def test_a_disk_that_may_be_hidden_is_not_called_missing(pool_token: Cluster) -> None:
    result = pool_token.run(
        resource_of("pve_vm"), {**MACHINE, "scsi": {"scsi0": "local:9001/vm-9001-disk-7.qcow2"}}, check_mode=True
    )
    assert not result.get("failed"), result["msg"]


def test_a_token_that_sees_all_disks_knows_which_is_missing(cluster: Cluster) -> None:
    cluster.connection = cluster.token_connection()
    for slot, volume in (("scsi", "local-lvm:vm-9001-disk-7"), ("ide", "local-lvm:cloud-init")):
        result = cluster.run(
            resource_of("pve_vm"), {"node": "pve1", "name": "x1", slot: {f"{slot}0": volume}}, check_mode=True
        )
        assert result["failed"]
        assert result["msg"].startswith(f"{slot}0: pve1 has no volume {volume}")


def test_a_user_whom_it_may_not_change(pool_token: Cluster) -> None:
    """The server lets it read whom its realm lets it read, and says no more than no."""
    pool_token.call("POST", "/access/users", {"userid": "somebody@pve"})
    refused = run(pool_token, "pve_user", {"userid": "somebody@pve", "comment": "x"})
    assert "User.Modify on /access/groups" in refused["msg"], refused


def test_a_guest_that_is_hidden_is_not_called_missing(cluster: Cluster) -> None:
    """High availability needs no rights on guests, so that only the server knows whether a guest exists."""
    cluster.call("POST", "/access/roles", {"roleid": "Ha", "privs": "Sys.Audit,Sys.Console"})
    cluster.call("POST", "/access/users", {"userid": "ha@pve", "password": "ha-s3cret-1"}, in_person=True)
    cluster.call("PUT", "/access/acl", {"path": "/", "users": "ha@pve", "roles": "Ha"})
    endpoint = {name: cluster.connection[name] for name in ("api_host", "api_fingerprint")}
    cluster.connection = {**endpoint, "api_user": "ha@pve", "api_password": "ha-s3cret-1"}
    cluster.forget_client()
    assert "vm:9777" in run(cluster, "pve_ha", {"sid": "vm:9777"})["msg"]
    assert [row["path"] for row in cluster.writes_made()][-1:] == ["/cluster/ha/resources"]
    assert run(cluster, "pve_ha", {"sid": "vm:100", "state": "ignored"})["changed"]
    assert "as in vm:101 or ct:101" in run(cluster, "pve_ha", {"sid": "101"})["msg"]


def test_an_administrator_does_not_lock_itself_out(cluster: Cluster) -> None:
    """All ways to lose the rights, on a login that has them by a group."""
    cluster.call("POST", "/access/groups", {"groupid": "admins"})
    cluster.call(
        "POST", "/access/roles", {"roleid": "Admin", "privs": "Permissions.Modify,User.Modify,Sys.Modify,Sys.Audit"}
    )
    cluster.call(
        "POST", "/access/users", {"userid": "boss@pve", "password": "boss-s3cret", "groups": "admins"}, in_person=True
    )
    cluster.call("PUT", "/access/acl", {"path": "/", "groups": "admins", "roles": "Admin"})
    endpoint = {name: cluster.connection[name] for name in ("api_host", "api_fingerprint")}
    cluster.connection = {**endpoint, "api_user": "boss@pve", "api_password": "boss-s3cret"}
    cluster.forget_client()
    cluster.requests_made()
    ways: list[tuple[str, dict[str, Any]]] = [
        ("pve_user", {"userid": "boss@pve", "state": "absent"}),
        ("pve_user", {"userid": "boss@pve", "enable": False}),
        ("pve_user", {"userid": "boss@pve", "groups": []}),
        ("pve_user", {"userid": "root@pam", "enable": False}),
        ("pve_group", {"groupid": "admins", "state": "absent"}),
        ("pve_group", {"groupid": "admins", "members": []}),
        ("pve_role", {"roleid": "Admin", "privs": ["VM.Audit"]}),
        ("pve_role", {"roleid": "Admin", "state": "absent"}),
        ("pve_acl", {"path": "/", "groups": ["admins"], "roles": ["Admin"], "state": "absent"}),
        ("pve_acl", {"path": "/", "users": ["boss@pve"], "roles": ["NoAccess"]}),
    ]
    for module, options in ways:
        for check_mode in (True, False):
            refused = cluster.run(resource_of(module), options, check_mode=check_mode)
            assert re.search("allow_lockout|log in otherwise", refused["msg"]), (module, options, refused)
    assert cluster.writes_made() == []
    assert run(cluster, "pve_role", {"roleid": "Admin", "privs": ["VM.Audit"], "append": True})["changed"]
    assert run(cluster, "pve_group", {"groupid": "admins", "members": [], "allow_lockout": True}).get("requests")
