# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads whose answer does not come: a file that arrived is found, and is not sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.resources.storage.content import STORAGE_CONTENT
from tests.harness.cluster import Cluster

UPLOAD = "/nodes/pve1/storage/local/upload"


@pytest.fixture
def desired(tmp_path: Path) -> dict[str, Any]:
    """The options of a task that uploads a small image."""
    image = tmp_path / "tiny.iso"
    image.write_bytes(b"image" * 1000)
    return {"node": "pve1", "storage": "local", "content": "iso", "src": str(image)}


def uploads(cluster: Cluster) -> int:
    return sum(row["path"] == UPLOAD for row in cluster.writes_made())


@pytest.mark.parametrize(
    ("name", "options"),
    [("tiny.iso", {"content": "iso", "node": "pve2"}), ("tiny.raw", {"content": "import"})],
    ids=["to another node", "to import"],
)
def test_a_file_is_uploaded_once(cluster: Cluster, desired: dict[str, Any], name: str, options: dict[str, Any]) -> None:
    """The node that is asked runs the task, wherever the file goes."""
    given = {**desired, "filename": name, **options}
    result = cluster.run(STORAGE_CONTENT, given)
    assert not result.get("failed"), result["msg"]
    assert result["file"]["volid"] == f"local:{options['content']}/{name}"
    assert cluster.run(STORAGE_CONTENT, given)["changed"] is False


def test_a_file_that_arrived_although_the_answer_was_lost_is_found(cluster: Cluster, desired: dict[str, Any]) -> None:
    cluster.fault(method="POST", path=UPLOAD, drop="after")
    result = cluster.run(STORAGE_CONTENT, desired)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is True
    assert "was unclear" in result["warnings"][0]
    assert uploads(cluster) == 1
    assert cluster.run(STORAGE_CONTENT, desired)["changed"] is False


@pytest.mark.parametrize(
    ("fault", "duration"),
    [({"drop": "after"}, 5.0), ({"status": 596, "reason": "Broken pipe"}, 0.0)],
    ids=["still being copied", "lost on the way to another node"],
)
def test_a_file_that_is_not_to_be_seen_is_not_sent_twice(
    cluster: Cluster, desired: dict[str, Any], fault: dict[str, Any], duration: float
) -> None:
    cluster.fault(method="POST", path=UPLOAD, **fault)
    cluster.task_fault(type="imgcopy", duration=duration)
    result = cluster.run(STORAGE_CONTENT, desired)
    assert "It is unknown whether this ran: upload local:iso/tiny.iso" in result["msg"]
    assert "look before you run it again" in result["msg"]
    assert uploads(cluster) == 1


def test_a_file_whose_first_part_is_there_is_not_taken_for_another_one(
    cluster: Cluster, desired: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node shows it while it copies it."""
    get, looks = Client.get, []

    def growing(self: Client, path: str, *rest: Any, **more: Any) -> Any:
        rows = get(self, path, *rest, **more)
        if path.endswith("/content"):
            looks.append(path)
        return [{**row, "size": 7} if len(looks) < 4 else row for row in rows] if looks[1:] else rows

    cluster.fault(method="POST", path=UPLOAD, drop="after")
    monkeypatch.setattr(Client, "get", growing)
    result = cluster.run(STORAGE_CONTENT, desired)
    assert not result.get("failed"), result["msg"]
    assert uploads(cluster) == 1
