# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight: how much it asks, what becomes of its findings, and that nothing hidden is taken for missing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.bulk import GUESTS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from tests.harness.cluster import Cluster

NEW = {
    "node": "pve1",
    "vmid": 9001,
    "name": "big",
    "memory": "4G",
    "scsi": {"scsi0": "local-lvm:8"},
    "net": {"net0": "virtio,bridge=vmbr0"},
    "ide": {"ide2": "local:iso/debian-13.1.0-amd64-netinst.iso,media=cdrom"},
}
WRONG = {
    **NEW,
    "memory": "400G",
    "scsi": {"scsi0": "local-lvm:800", "scsi1": "nosuch:1"},
    "net": {"net0": "virtio,bridge=vmbr9"},
    "ide": {"ide2": "local:iso/nosuch.iso,media=cdrom"},
}
DOUBTFUL = [
    "pve1 has 60.3 GiB free of 64 GiB at overcommit 1.2; big wants 400 GiB",
    "storage local-lvm on pve1 has 224 GiB free; big wants 800 GiB",
    "pve1 offers no bridge vmbr9, as big wants; it has vmbr0",
]
CERTAIN = [
    "scsi1: pve1 has no storage nosuch that is enabled, as big wants",
    "ide2: pve1 has no volume local:iso/nosuch.iso, as big wants",
]


def asked(cluster: Cluster) -> list[str]:
    """The reads of the preflight among those made."""
    ours = ("/cluster/resources", "/network", "/content", "/cluster/nextid", "/access/permissions")
    return [row["path"] for row in cluster.requests_made() if row["method"] == "GET" and row["path"].endswith(ours)]


def limited(cluster: Cluster, **privileges: str) -> None:
    """Let a token ask that has these privileges on these paths, and no others."""
    cluster.call("POST", "/access/users", {"userid": "weak@pve", "password": "weak-s3cret"})
    for number, (path, privs) in enumerate(privileges.items()):
        cluster.call("POST", "/access/roles", {"roleid": f"Weak{number}", "privs": privs})
        where = path.replace("_", "/")
        cluster.call("PUT", "/access/acl", {"path": where, "users": "weak@pve", "roles": f"Weak{number}"})
    cluster.connection = {**cluster.connection, "api_user": "weak@pve", "api_password": "weak-s3cret"}
    cluster.requests_made()


def texts(result: Any) -> list[Any]:
    return [text.removeprefix("Preflight: ").removesuffix(".") for text in result.get("warnings", [])]


def test_what_is_wrong_is_told_before_anything_is_changed(cluster: Cluster) -> None:
    cluster.requests_made()
    result = cluster.run(VM, WRONG, check_mode=True)
    assert sorted(texts(result)) == sorted(DOUBTFUL)
    assert result["failed"]
    assert all(text in result["msg"] for text in CERTAIN)
    assert asked(cluster) == [
        "/cluster/resources",
        "/nodes/pve1/network",
        "/nodes/pve1/storage/local/content",
    ]


def test_with_fail_nothing_is_changed(cluster: Cluster) -> None:
    result = cluster.run(VM, {**WRONG, "preflight": "fail"})
    assert result["failed"]
    assert all(text in result["msg"] for text in [*DOUBTFUL, *CERTAIN])
    assert cluster.writes_made() == []


@pytest.mark.parametrize(
    ("wrong", "reported"),
    [
        ({"scsi": {"scsi0": "nosuch:1"}}, "scsi0: pve1 has no storage nosuch that is enabled"),
        ({"ide": {"ide2": "nosuch:iso/a.iso,media=cdrom"}}, "ide2: pve1 has no storage nosuch that is enabled"),
        ({"ide": {"ide2": "local:iso/nosuch.iso,media=cdrom"}}, "ide2: pve1 has no volume local:iso/nosuch.iso"),
        (
            {"scsi": {"scsi0": {"storage": "local-lvm", "import-from": "local:import/nosuch.qcow2"}}},
            "scsi0: pve1 has no volume local:import/nosuch.qcow2",
        ),
        ({"scsi": {"scsi0": "local-lvm:vm-9001-disk-7"}}, "scsi0: pve1 has no volume local-lvm:vm-9001-disk-7"),
        ({"hookscript": "local:snippets/nosuch.pl"}, "hookscript: pve1 has no volume local:snippets/nosuch.pl"),
        ({"net": {"net0": "virtio,bridge=vmbr9"}, "state": "started"}, "net0: pve1 offers no bridge vmbr9"),
        ({"clone": {"source": "debian-13", "full": True, "storage": "nosuch"}}, "clone: pve1 has no storage nosuch"),
    ],
)
def test_what_is_surely_missing_is_an_error_as_it_is_on_the_server(
    cluster: Cluster, wrong: dict[str, Any], reported: str
) -> None:
    new = {"node": "pve1", "vmid": 9001, "name": "big", **wrong}
    for check_mode in (True, False):
        result = cluster.run(VM, new, check_mode=check_mode)
        assert result["failed"]
        assert result["msg"].startswith(f"{reported}"), result["msg"]
        assert result["msg"].endswith("In check mode, run the task that creates it first.")
    assert cluster.writes_made() == []
    assert cluster.run(VM, {**new, "preflight": "off"})["failed"]


def test_what_the_server_does_not_look_for_is_a_warning(cluster: Cluster) -> None:
    new = {
        "node": "pve1",
        "vmid": 9001,
        "name": "big",
        "net": {"net0": "virtio,bridge=vmbr9"},
        "ide": {"ide2": "local-lvm:cloudinit"},
        "cicustom": {"user": "local:snippets/nosuch.yml"},
    }
    result = cluster.run(VM, new)
    assert not result.get("failed"), result["msg"]
    assert sorted(texts(result)) == [
        "pve1 has no volume local:snippets/nosuch.yml, as big wants",
        "pve1 offers no bridge vmbr9, as big wants; it has vmbr0",
    ]


def test_as_many_lists_are_read_as_one_guest_needs(cluster: Cluster) -> None:
    wrong = {
        **NEW,
        "ide": {"ide2": "local:iso/nosuch.iso,media=cdrom"},
        "scsi": {"scsi0": {"storage": "local-lvm", "import-from": "local:import/nosuch.qcow2"}},
        "hookscript": "local:snippets/nosuch.pl",
        "net": {"net0": "virtio,bridge=vmbr9"},
        "state": "started",
    }
    msg = cluster.run(VM, wrong, check_mode=True)["msg"]
    assert all(f"{option}: pve1 " in msg for option in ("ide2", "scsi0", "hookscript", "net0")), msg


def test_a_refusal_says_once_how_much_memory_is_wanted(cluster: Cluster) -> None:
    msg = cluster.run(VM, {"node": "pve1", "vmid": 9001, "name": "big", "memory": "100G", "preflight": "strict"})["msg"]
    assert msg.count("big wants 100 GiB") == 1, msg
    assert "at overcommit 1.2; pve1 uses " in msg


def test_switched_off_it_asks_nothing(cluster: Cluster) -> None:
    cluster.requests_made()
    assert "warnings" not in cluster.run(VM, {**WRONG, "preflight": "off"}, check_mode=True)
    assert asked(cluster) == ["/cluster/resources"]  # to find the guest


def test_what_fits_is_no_finding_and_a_second_run_costs_one_request(cluster: Cluster) -> None:
    assert "warnings" not in cluster.run(VM, NEW)
    cluster.requests_made()
    again = cluster.run(VM, NEW)
    assert not again["changed"]
    assert [row["path"] for row in cluster.requests_made()] == ["/nodes/pve1/qemu/9001/config"]
    cluster.run(VM, {**NEW, "tags": ["x"]})
    assert asked(cluster) == []


def test_limits_and_a_container(cluster: Cluster) -> None:
    options = {
        "node": "pve1",
        "vmid": 9101,
        "hostname": "ct",
        "memory": "2G",
        "ostemplate": "local:vztmpl/nosuch.tar.xz",
        "rootfs": "shared:4",
        "limits": {"max_memory": "1G", "max_disk": "3G"},
    }
    result = cluster.run(LXC, options, check_mode=True)
    assert sorted(texts(result)) == [
        "ct wants 2 GiB of memory, more than the limit of 1 GiB",
        "ct wants 4 GiB of disks, more than the limit of 3 GiB",
    ]
    assert result["msg"].startswith(
        "rootfs: storage shared on pve1 holds backup, images, iso, vztmpl, but no rootdir, as ct wants; "
        "ostemplate: pve1 has no volume local:vztmpl/nosuch.tar.xz, as ct wants."
    )


def test_nothing_that_is_hidden_is_taken_for_missing(cluster: Cluster) -> None:
    limited(cluster, _vms="VM.Allocate,VM.Audit,VM.Config.Disk,VM.Config.Memory,VM.Config.Options,VM.Config.Network")
    assert texts(cluster.run(VM, {**WRONG, "net": {}}, check_mode=True)) == []


def test_what_would_be_seen_is_missing_for_everybody(cluster: Cluster) -> None:
    limited(cluster, _vms="VM.Allocate,VM.Audit", _storage="Datastore.Audit,Datastore.AllocateSpace")
    result = cluster.run(VM, {"node": "pve1", "vmid": 9001, "scsi": {"scsi0": "nosuch:1"}}, check_mode=True)
    assert result["msg"].startswith("scsi0: pve1 has no storage nosuch that is enabled, as 9001 wants.")
    assert asked(cluster) == ["/cluster/resources", "/access/permissions"]  # the id was seen to be free before


def test_an_id_that_a_hidden_guest_has(cluster: Cluster) -> None:
    limited(cluster, _pool_staging="VM.Allocate,VM.Audit")
    result = cluster.run(VM, {"node": "pve1", "vmid": 101, "pool": "staging"}, check_mode=True)
    assert result["msg"] == "vmid: 101 is taken. Choose another vmid, or give none for the next free one."


def test_a_bulk_is_judged_together_by_three_requests(cluster: Cluster) -> None:
    guests = [{**NEW, "vmid": 9001 + number, "name": f"big{number}", "memory": "16G"} for number in range(5)]
    cluster.requests_made()
    result = cluster.run(GUESTS, {"guests": guests}, check_mode=True)
    assert texts(result) == [
        "pve1 has 60.3 GiB free of 64 GiB at overcommit 1.2; big0, big1, big2 and 2 more want 80 GiB"
    ]
    assert len(asked(cluster)) == 3


def test_a_clone_that_cannot_get_to_its_node(cluster: Cluster) -> None:
    linked = {"source": "debian-13", "full": False}
    result = cluster.run(VM, {"name": "far", "node": "pve3", "clone": linked}, check_mode=True)
    assert result["msg"].startswith("node: far cannot be cloned from pve1 to pve3, as local-lvm is not shared.")
    result = cluster.run(VM, {"name": "far", "node": "pve3", "clone": {"source": "db1", "full": True}}, check_mode=True)
    assert texts(result) == []


@pytest.mark.parametrize("options", [{"cores": 9}, {"state": "absent", "force": True}])
def test_a_locked_guest_is_told_in_check_mode_as_well(cluster: Cluster, options: dict[str, Any]) -> None:
    cluster.control("POST", "lock", {"vmid": 100, "lock": "backup"})
    assert texts(cluster.run(VM, {"name": "web1", **options}, check_mode=True)) == ["web1 is locked (backup)"]
    refused = cluster.run(VM, {"name": "web1", **options, "preflight": "fail"})
    assert refused["msg"].startswith("Preflight: web1 is locked (backup).")
    assert cluster.writes_made() == []


def test_in_a_bulk_only_those_fail_that_do_not_fit(cluster: Cluster) -> None:
    small = {**NEW, "vmid": 9002, "name": "small"}
    big = {**NEW, "memory": "400G"}
    result = cluster.run(GUESTS, {"guests": [big, small], "preflight": "fail"})
    assert result["msg"].startswith("1 of 2 guests failed.\nbig (9001): Preflight: ")
    assert [row.get("failed", False) for row in result["guests"]] == [True, False]
    assert {row["path"] for row in cluster.writes_made()} == {"/nodes/pve1/qemu"}


def test_in_a_bulk_what_is_surely_missing_is_an_error_as_well(cluster: Cluster) -> None:
    small = {**NEW, "vmid": 9002, "name": "small"}
    for check_mode in (True, False):
        result = cluster.run(GUESTS, {"guests": [WRONG, small]}, check_mode=check_mode)
        assert result["msg"].startswith("1 of 2 guests failed.\nbig (9001): scsi1: pve1 has no storage nosuch")
    assert [row["params"]["vmid"] for row in cluster.writes_made()] == ["9002"]


@pytest.mark.parametrize("path", ["/nodes/pve1/network", "/nodes/pve1/storage/local/content"])
def test_a_question_that_is_refused_is_no_error(cluster: Cluster, path: str) -> None:
    cluster.fault(method="GET", path=path, status=403, reason="no")
    assert texts(cluster.run(VM, NEW, check_mode=True)) == []


def test_memory_of_a_machine_counts_that_its_node_has_not_reported_yet(cluster: Cluster) -> None:
    cluster.call("GET", "/cluster/resources")
    cluster.control("POST", "lag", {"seconds": 100000, "looks": 1000000})
    cluster.call("POST", "/nodes/pve1/qemu", {"vmid": 9002, "name": "fresh", "memory": 48 * 1024})
    cluster.call("POST", "/nodes/pve1/qemu/9002/status/start")
    result = cluster.run(VM, {**NEW, "memory": "40G", "state": "started"}, check_mode=True)
    assert any("big wants 40 GiB" in warning for warning in result["warnings"]), result["warnings"]


@pytest.mark.parametrize(("privileges", "warned"), [("VM.Audit", True), ("VM.Audit,Pool.Audit", False)])
def test_a_pool_that_is_hidden_is_not_taken_for_none(cluster: Cluster, privileges: str, warned: bool) -> None:
    cluster.call("POST", "/nodes/pve1/qemu", {"vmid": 9002, "name": "pooled", "memory": 512})
    limited(cluster, **{"/": privileges})
    result = cluster.run(VM, {"vmid": 9002, "node": "pve1", "pool": ""}, check_mode=True)
    assert not result.get("failed"), result["msg"]
    assert any("without Pool.Audit on /pool" in text for text in texts(result)) is warned
