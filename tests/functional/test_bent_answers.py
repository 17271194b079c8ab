# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of what ``make fuzz`` does: answers bent in shape give results, never tracebacks, and no write in check mode."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.run import module
from tests.fuzz.bent_answers import cases, play
from tests.harness.cluster import Cluster


def test_bent_answers_give_no_traceback(cluster: Cluster) -> None:
    assert not [said for case in cases(range(150)) if (said := play(cluster, case))]
    assert not cluster.writes_made()


def test_the_fuzzer_sees_a_traceback(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "understanding", lambda source: contextlib.nullcontext())
    assert [said for case in cases(range(150)) if (said := play(cluster, case))]
