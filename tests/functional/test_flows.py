# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of docs/flows.md: check mode writes nothing, a run does it, and the second run changes nothing."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.harness.cluster import Cluster
from tests.harness.playbook import ROOT, Played, run_playbook

FLOWS = sorted((ROOT / "playbooks" / "flows").glob("*.yml"), key=lambda path: path.name)


def played(cluster: Cluster, directory: Path, *arguments: str) -> Played:
    """All of them in one run."""
    facts = cluster.facts
    names = {"PVE_HOST": "url", "PVE_USER": "user", "PVE_PASSWORD": "password", "PVE_FINGERPRINT": "fingerprint"}
    variables = {name: facts[fact] for name, fact in names.items()}
    ended = run_playbook(FLOWS[0], directory, *map(str, FLOWS[1:]), *arguments, variables=variables)
    assert ended.code == 0, ended.printed
    return ended


def changed(ended: Played) -> set[str]:
    """The names of the tasks that changed something."""
    return {name for name, result in ended.results if result.get("changed")}


def test_a_flow_tells_what_it_will_do_does_it_and_has_nothing_left_to_do(cluster: Cluster, tmp_path: Path) -> None:
    predicted = changed(played(cluster, tmp_path, "--check"))
    assert cluster.writes_made() == []
    done = changed(played(cluster, tmp_path))
    assert cluster.writes_made() != []
    for flow in FLOWS:
        (play,) = yaml.safe_load(flow.read_text(encoding="utf-8"))
        names = {task["name"] for task in play["tasks"]}
        assert names & predicted, flow
        assert names & predicted <= done, flow
    assert changed(played(cluster, tmp_path)) == set()
    assert cluster.writes_made() == []


def test_the_page_shows_every_flow() -> None:
    page = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")
    assert all(f"<!-- playbooks/flows/{flow.name} -->" in page for flow in FLOWS)
    assert "/docs/flows.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
