# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that has nothing to do makes few requests, however it names its object; `make bench` prints the figures of all modules."""

from __future__ import annotations

import pytest

from tests.benchmark.requests_made import CONFIRMED, EXPECTED, confirmed, second_run
from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import CASES, Case

MEASURED = [case for case in CASES if case.name in EXPECTED]


@pytest.mark.parametrize("case", MEASURED, ids=lambda case: case.name)
def test_a_second_run_makes_few_requests(cluster: Cluster, case: Case) -> None:
    paths = second_run(cluster, case)
    assert len(paths) == EXPECTED[case.name], paths


def test_every_expectation_has_a_case() -> None:
    assert {case.name for case in MEASURED} == set(EXPECTED)


def test_a_guest_is_confirmed_by_one_more_request_at_most(cluster: Cluster) -> None:
    made = dict(confirmed(cluster))
    assert {name: len(paths) for name, paths in made.items()} == {
        name: expected for name, (_module, _options, expected) in CONFIRMED.items()
    }, made


def test_a_lagging_list_does_not_make_it_dearer(cluster: Cluster) -> None:
    """The list knows the name, or one look at the node of each guest tells which one has it."""
    cluster.control("POST", "lag", {"seconds": 100000, "looks": 1000000})
    made = {name: paths for name, paths in confirmed(cluster, reported=False) if "by name" not in name}
    assert {name: len(paths) for name, paths in made.items()} == {name: CONFIRMED[name][2] for name in made}, made
