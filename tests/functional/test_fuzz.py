# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of what `make fuzz` plays for minutes; a failure prints its case and how to repeat it."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.run import module
from ansible_collections.pve.automation.plugins.plugin_utils import _action
from tests.fuzz import FUZZERS, bent_answers, odd_secrets, promises
from tests.harness.cluster import Cluster

SAMPLE = {**dict.fromkeys(FUZZERS, 150), "odd_secrets": 60, "promises": 120}
PART = 30  # cases of one test


@pytest.mark.parametrize(
    ("name", "first"), [(name, first) for name, count in SAMPLE.items() for first in range(0, count, PART)]
)
def test_a_sample_of_the_cases_ends_well(cluster: Cluster, name: str, first: int) -> None:
    fuzzer = FUZZERS[name]
    said = [fuzzer.play(cluster, case) for case in fuzzer.cases(range(first, first + PART))]
    assert len(said) == PART
    assert not any(said), "\n".join(filter(None, said))


def test_the_fuzzer_sees_a_traceback(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "understanding", lambda source: contextlib.nullcontext())
    assert any(bent_answers.play(cluster, case) for case in bent_answers.cases(range(150)))


def test_the_fuzzer_sees_a_secret(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_action, "spellings", lambda secrets: set())
    assert all(odd_secrets.play(cluster, case) for case in odd_secrets.cases(range(10)))


def test_the_fuzzer_sees_an_odd_spelling(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_action, "spellings", lambda secrets: {secret for secret in secrets if secret})
    assert any(odd_secrets.play(cluster, case) for case in odd_secrets.cases(range(30)))


def test_the_fuzzer_sees_a_broken_promise(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "LEFT_TO_SERVER", {})
    assert promises.play(cluster, next(promises.cases(range(29, 30))))  # a time zone that there is not
