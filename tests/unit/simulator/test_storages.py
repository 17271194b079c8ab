# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of storage that not every version has, and what the configuration keeps of comments."""

from __future__ import annotations

import pytest

from .conversation import Conversation

GLUSTERFS = {"storage": "gluster", "type": "glusterfs", "server": "192.0.2.1", "volume": "gv0", "content": "images"}


def test_glusterfs_is_known_to_8_4_only() -> None:
    old, new = Conversation(version="8.4"), Conversation()
    old("POST", "/storage", **GLUSTERFS, server2="192.0.2.2", transport="tcp")
    kept = old("GET", "/storage/gluster")
    assert {name: kept[name] for name in ("volume", "server2", "transport")} == {
        "volume": "gv0", "server2": "192.0.2.2", "transport": "tcp"
    }  # fmt: skip
    assert "does not have a value in the enumeration" in new.refused("POST", "/storage", **GLUSTERFS)


@pytest.mark.parametrize(
    ("url", "params", "reason"),
    [
        ("/cluster/backup", {"schedule": "daily", "all": 1}, "property contains a line feed"),
        ("/cluster/ha/resources", {"sid": "vm:100"}, "create resource failed: property contains a line feed"),
    ],
)
def test_comments_of_one_line_files_have_one_line(url: str, params: dict[str, object], reason: str) -> None:
    pve = Conversation()
    pve("POST", "/nodes/pve/qemu", vmid=100)
    assert pve.refused("POST", url, **params, comment="one\ntwo") == reason
    pve("POST", url, **params, comment=" one ")
    assert [row["comment"] for row in pve("GET", url)] == ["one"]
