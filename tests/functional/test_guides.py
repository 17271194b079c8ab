# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of YAML in the guides runs on the simulated cluster: the first run changes what it says, the second one nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.functional.test_examples import PLUGIN
from tests.functional.test_roles import changed_tasks
from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import resource_of
from tests.harness.mirror import mirror
from tests.harness.pages import GUIDES, Block, Desk, administrator, blocks, wrong

PAGES = sorted(GUIDES.glob("*.rst"), key=lambda path: path.name)
IMAGE = {"node": "pve1", "storage": "local", "content": "import", "filename": "debian-13-genericcloud-amd64.qcow2"}
# What a page takes for granted.
NEEDS: Mapping[str, list[Any]] = {
    "guide_connection": [("pve_pool", {"poolid": "web"})],
    "guide_getting_started": [("pve_storage_content", {**IMAGE, "state": "absent"})],
    "guide_tls": [PLUGIN],
}
# What a task of a page does at every run, because that is what it is for.
EVERY_TIME = {
    "Back to the state of the backup",
    "Back again",
    "Its certificate",
    "The secret is returned only once",
}


def segments(page: Path) -> Iterator[tuple[list[Block], Block | None]]:
    """The blocks of a page that are played together, each time up to an inventory, or to another user."""
    waiting: list[Block] = []
    for block in blocks(page):
        if block.kind == "inventory":
            yield waiting, block
            waiting = []
        elif block.kind in ("plays", "tasks"):
            waiting.append(block)
        elif waiting and "pve-token.sh" in block.text:
            yield waiting, None
            waiting = []
    yield waiting, None


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_guide_does_what_it_says(cluster: Cluster, tmp_path: Path, page: Path) -> None:
    for module, options in NEEDS.get(page.stem, []):
        result = cluster.run(resource_of(module), options)
        assert not result.get("failed"), result["msg"]
    desk = Desk(tmp_path, administrator(cluster))
    found: list[str] = []
    inventory: list[str] = []
    for together, listed in segments(page):
        plays = [play for block in together for play in block.twice]
        if plays:
            played = desk.play(plays, *inventory)
            assert played.code == 0, played.printed
            found += wrong(played, EVERY_TIME)
            desk.take_token()
        if listed:
            assert desk.inventory(listed)["_meta"]["hostvars"], listed.text
            inventory = ["-i", "cluster.pve.yml"]
    assert found == []
    play_imported(cluster, desk, [item for block in blocks(page) if block.kind == "playbooks" for item in block.parsed])


def play_imported(cluster: Cluster, desk: Desk, imports: list[Any]) -> None:
    """Run playbooks of the collection: in check mode, which writes nothing, and twice, the second time without a change."""
    if not imports:
        return
    cluster.requests_made()
    with mirror() as images:
        mirrors = ("-e", json.dumps({"vm_template_mirrors": {"https://": images}}))
        for arguments, writes in ((["--check"], False), ([], True), ([], False)):
            played = desk.play(imports, *mirrors, *arguments)
            assert played.code == 0, played.printed
            assert bool(cluster.writes_made()) is writes
    assert changed_tasks(played) == 0, played.printed
