# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups pruning keeps, and what comes back from a backup."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.pve.automation.tests.simulator.backups import marks, prune_options
from ansible_collections.pve.automation.tests.simulator.storages import make_storage
from ansible_collections.pve.automation.tests.simulator.volumes import Volume

from .conversation import Conversation

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


def backup(days: float, vmid: int = 100, protected: bool = False) -> Volume:
    moment = int((NOW - timedelta(days=days)).timestamp())
    name = f"backup/vzdump-qemu-{vmid}-{moment}.vma"
    return Volume("local", "pve", name, "backup", "vma", 1, moment, vmid, protected=protected)


@pytest.mark.parametrize(
    ("options", "kept_days"),
    [
        ("keep-all=1", [0, 0.1, 1, 2, 8, 40, 400]),
        ("keep-last=2", [0, 0.1]),
        ("keep-daily=2", [0, 1]),
        ("keep-last=1,keep-daily=2", [0, 1, 2]),
        ("keep-weekly=3", [0, 8, 40]),
        ("keep-yearly=5", [0, 400]),
        ("keep-last=0", [0, 0.1, 1, 2, 8, 40, 400]),
    ],
)
def test_what_is_kept(options: str, kept_days: list[float]) -> None:
    everything = [backup(days) for days in (0, 0.1, 1, 2, 8, 40, 400)]
    found = marks(everything, prune_options(options))
    assert {volid for volid, mark in found.items() if mark == "keep"} == {backup(days).volid for days in kept_days}


def test_guests_count_apart_and_protected_ones_not_at_all() -> None:
    everything = [backup(0), backup(1), backup(2, protected=True), backup(3, vmid=101)]
    found = marks(everything, {"keep-last": 1})
    assert sorted(found.values()) == ["keep", "keep", "protected", "remove"]


def test_backup_and_restore_bring_the_system_along() -> None:
    pve = Conversation("demo")
    pve("POST", "/nodes/pve1/vzdump", vmid="100", storage="shared", notes_template="x", mode="snapshot")
    volid = pve("GET", "/nodes/pve2/storage/shared/content", content="backup")[0]["volid"]
    pve("POST", "/nodes/pve2/qemu", vmid=300, archive=volid, storage="local-lvm", unique=1)
    before, after = pve.config("/nodes/pve1/qemu/100"), pve.config("/nodes/pve2/qemu/300")
    assert after["scsi0"] == "local-lvm:vm-300-disk-0,size=16G"
    assert before["net0"] != after["net0"]
    assert before["smbios1"] != after["smbios1"]
    assert before["name"] == after["name"]
    pve("POST", "/nodes/pve2/qemu/300/status/start")
    assert pve("POST", "/nodes/pve2/qemu/300/agent/ping") == {"result": {}}


def test_the_job_prunes_as_the_storage_says() -> None:
    pve = Conversation()
    make_storage(pve.cluster, "dump", "dir", {"path": "/dump", "content": "backup", "prune-backups": "keep-last=2"})
    pve("POST", "/nodes/pve/qemu", vmid=100, scsi0="local:1")
    for _number in range(4):
        pve("POST", "/nodes/pve/vzdump", vmid="100", storage="dump", compress="zstd")
    rows = pve("GET", "/nodes/pve/storage/dump/content")
    assert len(rows) == 2
    assert all(row["format"] == "vma.zst" for row in rows)


def test_a_proxmox_backup_server_names_its_snapshots_by_time() -> None:
    pve = Conversation()
    make_storage(pve.cluster, "pbs", "pbs", {"server": "192.0.2.1", "datastore": "d"})
    pve("POST", "/nodes/pve/qemu", vmid=100, scsi0="local:1")
    pve("POST", "/nodes/pve/vzdump", vmid="100", storage="pbs")
    (row,) = pve("GET", "/nodes/pve/storage/pbs/content")
    assert row["volid"].startswith("pbs:backup/vm/100/")
    pve("POST", "/nodes/pve/qemu", vmid=101, archive=row["volid"])
    assert pve.config("/nodes/pve/qemu/101")["scsi0"] == "local:101/vm-101-disk-0.raw,size=1G"


def test_pruning_needs_a_rule_of_the_call_or_of_the_storage() -> None:
    pve, url = Conversation(), "/nodes/pve/storage/local/prunebackups"
    assert pve.refused("GET", url) == "no prune-backups options configured for storage 'local'"
    assert pve("GET", url, **{"prune-backups": "keep-last=1"}) == []
    pve("PUT", "/storage/local", **{"prune-backups": "keep-all=1"})
    assert pve("GET", url) == []
