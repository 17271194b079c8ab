# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench` measures what it says, from a shell that knows no environment: its tasks succeed and its counts are as expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmark import guests, inventory, loops
from tests.harness.cluster import Cluster
from tools.simulated import simulator

BARE_PATH = "/usr/bin:/bin"


def test_its_guests_need_the_requests_that_it_expects(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.connection = cluster.token_connection()
    guests.print_requests(cluster)
    printed = capsys.readouterr().out
    assert "Requests of a clone" in printed
    assert "EXPECTED" not in printed


def test_its_programs_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", BARE_PATH)
    with simulator("20") as server:
        assert loops.play(server, tmp_path, 1, in_process=True) > 0
        ours = inventory.listing(server, tmp_path)
    assert ours.hosts > 20
    static = inventory.static_listing(tmp_path, ours.printed)
    assert json.loads(static.printed) == json.loads(ours.printed)
