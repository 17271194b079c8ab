# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.resources.backup.info import BACKUP_INFO
from tests.unit.resources.fake import Server, options

VOLUME = "new:backup/vzdump-qemu-101-2026_01_31-12_00_00.vma.zst"
STORAGE = "/nodes/pve1/storage/new"
ROW = {"id": "storage/pve1/new", "node": "pve1", "storage": "new", "content": "backup", "status": "unknown"}


def listed(server: Server) -> list[str]:
    found: list[dict[str, Any]] = BACKUP_INFO.read(server, BACKUP_INFO.parse(options(BACKUP_INFO)))
    return [row["volid"] for row in found]


def server(**more: Any) -> Server:
    backup = {"volid": VOLUME, "vmid": 101, "ctime": 5, "subtype": "qemu"}
    return Server({"/cluster/resources": [ROW], "/nodes": [], f"{STORAGE}/content": [backup], **more})


def test_a_storage_that_was_not_reported_yet_is_listed() -> None:
    on = server(**{f"{STORAGE}/status": {"active": 1}})
    assert listed(on) == [VOLUME]
    assert not on.warnings


@pytest.mark.parametrize(
    ("shared", "warnings"), [(0, ["Node pve1 is offline: the backups of storage new are missing."]), (1, [])]
)
def test_a_node_that_is_offline_is_not_asked(shared: int, warnings: list[str]) -> None:
    there = {**ROW, "id": "storage/pve2/new", "node": "pve2", "status": "available"}
    backup = {"volid": VOLUME, "vmid": 101, "ctime": 5, "subtype": "qemu"}
    on = Server(
        {
            "/cluster/resources": [{**row, "shared": shared} for row in (ROW, there)],
            "/nodes": [{"node": "pve1", "status": "offline"}, {"node": "pve2", "status": "online"}],
            "/nodes/pve2/storage/new/content": [backup],
        }
    )
    assert listed(on) == [VOLUME]
    assert on.warnings == warnings


@pytest.mark.parametrize("status", [{}, {f"{STORAGE}/status": {"active": 0}}])
def test_a_storage_that_cannot_be_read_is_warned_about(status: dict[str, Any]) -> None:
    on = server(**status)
    assert listed(on) == []
    assert on.warnings == ["Storage new is not available on pve1: it is not listed there."]
