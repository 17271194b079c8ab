# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that come back from their backups, and what is refused, on the simulator."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests import reading
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.restore import (
    Restore,
    RestoreDesired,
    RestoreObserved,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.desired import Known
from ansible_collections.pve.automation.plugins.module_utils._core.model.contract import Reader
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import resource_of

MACHINE: Mapping[str, Any] = {
    "node": "pve1",
    "vmid": 9300,
    "name": "saved",
    "memory": "512M",
    "description": "Größe\nzwei",
    "tags": ["b", "a"],
    "boot": "order=scsi0;net0",
    "scsi": {"scsi0": "local:1,format=qcow2,discard=on", "scsi1": "local:1,backup=0"},
    "ide": {"ide2": "local:cloudinit"},
    "net": {"net0": "virtio,bridge=vmbr0,tag=3"},
}
CONTAINER: Mapping[str, Any] = {
    "node": "pve1",
    "vmid": 9310,
    "hostname": "saved",
    "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz",
    "rootfs": "local:1",
    "mp": {"mp0": "local:1,mp=/data,backup=1"},
    "net": {"net0": "name=eth0,bridge=vmbr0,ip=dhcp"},
    "description": "Größe\nzwei\n",
    "unprivileged": True,
}
GUESTS = {"machine": ("pve_vm", MACHINE), "container": ("pve_lxc", CONTAINER)}


def run(cluster: Cluster, module: str, **options: Any) -> Result:
    return cluster.run(resource_of(module), options)


def done(cluster: Cluster, module: str, **options: Any) -> Result:
    result = run(cluster, module, **options)
    assert not result.get("failed"), result["msg"]
    return result


@pytest.fixture(params=GUESTS)
def saved(request: pytest.FixtureRequest, cluster: Cluster) -> dict[str, Any]:
    """A guest with a backup: the options of a task that restores it, its module and its id."""
    module, options = GUESTS[request.param]
    done(cluster, module, **options)
    taken = done(cluster, "pve_backup", vmid=[options["vmid"]], storage="local", mode="stop")
    volume = taken["backups"][0]["backup"]["volid"]
    task = {"node": "pve1", "volume": volume, "state": "restored"}
    return {"module": module, "vmid": options["vmid"], "task": task}


def test_a_restored_guest_equals_its_backup(cluster: Cluster, saved: dict[str, Any]) -> None:
    task = {**saved["task"], "vmid": [9390]}
    predicted = cluster.run(resource_of("pve_backup"), task, check_mode=True)
    cluster.requests_made()
    restored = done(cluster, "pve_backup", **task)
    assert restored["verified"] is True
    assert restored["requests"] == predicted["requests"]
    assert [row["method"] for row in cluster.writes_made()] == ["POST"]
    again = done(cluster, "pve_backup", **task)
    assert not again["changed"]
    assert cluster.writes_made() == []


def test_unique_makes_new_addresses_and_a_storage_takes_all_volumes(cluster: Cluster, saved: dict[str, Any]) -> None:
    kind = "qemu" if saved["module"] == "pve_vm" else "lxc"
    restored = done(cluster, "pve_backup", **saved["task"], vmid=[9390], unique=True, storage="local-lvm")
    slots = [value for value in restored["guest"].values() if isinstance(value, dict) and "size" in value]
    assert slots
    assert all(str(slot.get("file", slot.get("volume"))).startswith("local-lvm:") for slot in slots)
    first, second = (cluster.call("GET", f"/nodes/pve1/{kind}/{vmid}/config") for vmid in (saved["vmid"], 9390))
    assert first["net0"] != second["net0"]


def test_a_guest_that_differs_is_overwritten_only_by_force(cluster: Cluster, saved: dict[str, Any]) -> None:
    done(cluster, saved["module"], vmid=saved["vmid"], memory="768M", state="started")
    refused = run(cluster, "pve_backup", **saved["task"])
    assert refused["failed"]
    assert "exists, and differs from the backup: memory is 768" in refused["msg"]
    cluster.requests_made()
    done(cluster, "pve_backup", **saved["task"], vmid=[saved["vmid"]], force=True, start=True)
    assert [row["path"].rpartition("/")[2] for row in cluster.writes_made()] == [
        "stop",
        "qemu" if saved["module"] == "pve_vm" else "lxc",
    ]
    assert not done(cluster, "pve_backup", **saved["task"], start=True)["changed"]


def test_a_protected_guest_is_never_overwritten(cluster: Cluster, saved: dict[str, Any]) -> None:
    done(cluster, saved["module"], vmid=saved["vmid"], protection=True)
    cluster.requests_made()
    refused = run(cluster, "pve_backup", **saved["task"], vmid=[saved["vmid"]], force=True)
    assert refused["failed"]
    assert "is protected" in refused["msg"]
    assert cluster.writes_made() == []


def test_a_guest_that_is_not_what_the_backup_holds_is_told(
    cluster: Cluster, saved: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes it before it is read back."""
    kind = "qemu" if saved["module"] == "pve_vm" else "lxc"
    read = Restore.read

    def meddled(self: Restore, reader: Reader, desired: RestoreDesired) -> RestoreObserved:
        if desired.is_new:
            cluster.call("PUT", f"/nodes/pve1/{kind}/9390/config", {"memory": 96})
        return read(self, reader, desired)

    monkeypatch.setattr(Restore, "read", meddled)
    result = run(cluster, "pve_backup", **saved["task"], vmid=[9390])
    assert result["failed"]
    assert result["changed"]
    assert "9390 was restored, but differs from local:backup/" in result["msg"]
    assert "memory is 96 and in the backup " in result["msg"]


def test_a_restored_guest_that_is_configured_is_compared_but_for_what_the_task_names(
    cluster: Cluster, saved: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "qemu" if saved["module"] == "pve_vm" else "lxc"
    options = {"node": "pve1", "restore": {"archive": saved["task"]["volume"], "unique": True}, "memory": "768M"}
    alike = done(cluster, saved["module"], **options, vmid=9391, onboot=True)
    assert "warnings" not in alike
    prepare = reading._prepare_creation

    def meddled(*args: Any) -> Known:
        known = prepare(*args)
        return dataclasses.replace(known, backup={**(known.backup or {}), "cores": 3})

    monkeypatch.setattr(reading, "_prepare_creation", meddled)
    unlike = done(cluster, saved["module"], **options, vmid=9390)
    assert cluster.call("GET", f"/nodes/pve1/{kind}/9390/config")
    assert "was not restored as it is: cores is not set and in the backup 3." in "".join(unlike["warnings"])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"volume": "local:backup/vzdump-qemu-9399-2020_01_01-00_00_00.vma"}, "there is no backup"),
        ({"volume": "local:backup/mine.vma"}, "is not the name of a backup"),
        ({"volume": "mine"}, "is not a volume id"),
        ({"vmid": [9390, 9391]}, "vmid: takes one id"),
        ({"vmid": [9310]}, "vmid: 9310 is taken: it is the container"),
        ({"node": "pve2"}, "volume: there is no backup"),
        ({"mode": "stop"}, "mode: means nothing with state: restored"),
        ({"notes": "x"}, "notes: means nothing with state: restored"),
    ],
)
def test_what_cannot_be_restored(cluster: Cluster, more: Mapping[str, Any], says: str) -> None:
    done(cluster, "pve_vm", **MACHINE)
    done(cluster, "pve_lxc", **CONTAINER)
    volume = done(cluster, "pve_backup", vmid=[9300], storage="local")["backups"][0]["backup"]["volid"]
    done(cluster, "pve_vm", vmid=9300, state="absent")
    cluster.requests_made()
    result = run(cluster, "pve_backup", **{"node": "pve1", "volume": volume, "state": "restored", **more})
    assert result["failed"]
    assert says in result["msg"]
    assert cluster.writes_made() == []


def test_backups_are_listed_with_what_is_in_them(cluster: Cluster) -> None:
    done(cluster, "pve_vm", **MACHINE)
    done(cluster, "pve_lxc", **CONTAINER)
    for _number in range(2):
        done(cluster, "pve_backup", vmid=[9300, 9310], storage="local")
    done(cluster, "pve_backup", vmid=[9300], storage="shared", protected=True)
    cluster.requests_made()
    listed = done(cluster, "pve_backup_info", vmid=[9300, 9310])["backups"]
    paths = [row["path"] for row in cluster.requests_made()]
    assert len(paths) == len(set(paths))
    assert [(row["vmid"], row["storage"]) for row in listed].count((9300, "local")) == 2
    assert listed == sorted(listed, key=lambda row: -row["ctime"])
    assert sum(row["storage"] == "shared" for row in listed) == 1
    newest = done(cluster, "pve_backup_info", newest=True, config=True, storage="local", node="pve1")["backups"]
    configs = {row["vmid"]: row["config"] for row in newest}
    assert configs[9300]["memory"] == 512
    assert "scsi1" not in configs[9300]
    assert configs[9310]["mp0"]["mp"] == "/data"
    kept = done(cluster, "pve_backup_info", protected=True)["backups"]
    assert [row["storage"] for row in kept] == ["shared"]
    assert done(cluster, "pve_backup_info", older_than="1h", vmid=[9300])["backups"] == []
    one = done(cluster, "pve_backup_info", volume=listed[0]["volid"])["backups"]
    assert [row["volid"] for row in one] == [listed[0]["volid"]]
    assert "soon" in run(cluster, "pve_backup_info", younger_than="soon")["msg"]


@pytest.mark.parametrize("drop", ["before", "after"])
def test_an_overwrite_whose_outcome_is_unclear_is_not_repeated(
    cluster: Cluster, saved: dict[str, Any], drop: str
) -> None:
    """What has begun is known by its task, and is waited for; what has left no task is not repeated."""
    path = f"/nodes/pve1/{'qemu' if saved['module'] == 'pve_vm' else 'lxc'}"
    cluster.fault(method="POST", path=path, drop=drop)
    cluster.requests_made()
    result = run(cluster, "pve_backup", **saved["task"], vmid=[saved["vmid"]], force=True)
    assert result.get("failed", False) == (drop == "before")
    assert ("It is not repeated blindly" in result.get("msg", "")) == (drop == "before")
    assert result["changed"]
    assert [row["path"] for row in cluster.writes_made()] == [path]
