# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every managing module goes through creation, update, drift and deletion; check mode predicts each step exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.https import form
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import CASES, Case, managing_modules, resource_of
from tools.coverage import makes

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def succeeded(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    assert "warnings" not in result, result["warnings"]
    return result


def prepared(cluster: Cluster, case: Case) -> None:
    for module, options in case.needs:
        succeeded(cluster.run(resource_of(module), options))
    cluster.requests_made()


def as_sent(described: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a described request as the simulator noted them; hidden ones match anything."""
    params: dict[str, Any] = {}
    for name, value in form(described["params"]):
        params[name] = (
            [*([params[name]] if not isinstance(params[name], list) else params[name]), value]
            if name in params
            else value
        )
    return {name: sent["params"].get(name) if value == HIDDEN else value for name, value in params.items()}


def unfulfilled(predicted: Any, actual: Any, name: str = "") -> dict[str, Any]:
    """What was predicted and is not so, by dotted name as (predicted, actual). The server may have filled in more."""
    if isinstance(predicted, Mapping) and isinstance(actual, Mapping):
        parts = [unfulfilled(value, actual.get(key), f"{name}.{key}") for key, value in predicted.items()]
        return {key: difference for part in parts for key, difference in part.items()}
    return {} if predicted in (actual, HIDDEN) else {name[1:]: (predicted, actual)}


def run_case_stage(cluster: Cluster, case: Case, stage: str) -> None:
    """Check mode writes nothing and predicts exactly what then happens; after that nothing is left to do."""
    resource, options = case.resource, case.stage(stage)
    predicted = succeeded(cluster.run(resource, options, check_mode=True))
    assert cluster.writes_made() == []
    done = succeeded(cluster.run(resource, options))
    written = cluster.writes_made()

    assert predicted["changed"] is done["changed"] is True
    assert predicted["requests"] == done["requests"]
    assert predicted["diff"]["before"] == done["diff"]["before"]
    assert set(unfulfilled(predicted["diff"]["after"], done["diff"]["after"])) <= case.allocated
    shown = {name: value for name, value in done["diff"]["after"].items() if value != HIDDEN}
    assert shown.items() <= (done[resource.name] or {}).items()
    assert done["diff"]["before"] != done["diff"]["after"]
    assert [(row["method"], row["path"], row["params"]) for row in written] == [
        (row["method"], sent["path"], as_sent(row, sent)) for row, sent in zip(done["requests"], written, strict=True)
    ]
    assert {row["status"] for row in written} == {200}
    assert [row for row in done["requests"] if not makes(case.module, row["method"], row["path"])] == []
    assert set(done) - case.told_later == set(predicted)
    assert set(unfulfilled(predicted[resource.name], done[resource.name])) <= case.allocated

    for check_mode in (False, True):
        again = succeeded(cluster.run(resource, options, check_mode=check_mode))
        assert cluster.writes_made() == []
        assert (again["changed"], again["requests"]) == (False, [])
        assert again["diff"]["before"] == again["diff"]["after"]
        assert again[resource.name] == done[resource.name]


@cases
def test_lifecycle(cluster: Cluster, case: Case) -> None:
    prepared(cluster, case)
    run_case_stage(cluster, case, "create")
    run_case_stage(cluster, case, "update")
    for method, path, params in case.drift:
        cluster.call(method, path, params, in_person=case.in_person)
    cluster.requests_made()
    run_case_stage(cluster, case, "update")
    if case.absent is not None:
        run_case_stage(cluster, case, "absent")


@pytest.mark.parametrize("case", [case for case in CASES if case.module != "pve_acl"], ids=lambda case: case.name)
def test_what_is_not_given_is_not_touched(cluster: Cluster, case: Case) -> None:
    """A task that only names the object changes nothing, whatever was set before."""
    prepared(cluster, case)
    succeeded(cluster.run(case.resource, case.stage("create")))
    cluster.requests_made()
    bare = succeeded(cluster.run(case.resource, case.key))
    assert (bare["changed"], cluster.writes_made()) == (False, [])


@pytest.mark.parametrize("case", [case for case in CASES if case.absent is not None], ids=lambda case: case.name)
def test_what_was_never_there_can_be_absent(cluster: Cluster, case: Case) -> None:
    prepared(cluster, case)
    result = succeeded(cluster.run(case.resource, case.stage("absent")))
    assert (result["changed"], cluster.writes_made()) == (False, [])


def test_every_managing_module_has_a_case() -> None:
    without = set(managing_modules()) - {case.module for case in CASES}
    assert not without, f"add a Case to tests/harness/lifecycle_cases.py for {', '.join(sorted(without))}"
