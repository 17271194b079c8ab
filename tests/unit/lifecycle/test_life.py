# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every managing module lives through creation, update, drift and deletion; check mode predicts each step exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.https import form
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN
from tests.harness.cluster import Cluster, Result
from tests.harness.lives import LIVES, Life, managing_modules, resource_of
from tools.coverage import makes

lives = pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)


def succeeded(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    assert "warnings" not in result, result["warnings"]
    return result


def prepared(cluster: Cluster, life: Life) -> None:
    for module, options in life.needs:
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


def lives_through(cluster: Cluster, life: Life, stage: str) -> None:
    """Check mode writes nothing and predicts exactly what then happens; after that nothing is left to do."""
    resource, options = life.resource, life.stage(stage)
    predicted = succeeded(cluster.run(resource, options, check_mode=True))
    assert cluster.writes_made() == []
    done = succeeded(cluster.run(resource, options))
    written = cluster.writes_made()

    assert predicted["changed"] is done["changed"] is True
    assert predicted["requests"] == done["requests"]
    assert predicted["diff"] == done["diff"]
    assert done["diff"]["before"] != done["diff"]["after"]
    assert [(row["method"], row["path"], row["params"]) for row in written] == [
        (row["method"], sent["path"], as_sent(row, sent)) for row, sent in zip(done["requests"], written, strict=True)
    ]
    assert {row["status"] for row in written} == {200}
    assert [row for row in done["requests"] if not makes(life.module, row["method"], row["path"])] == []
    assert set(done) - life.told_later == set(predicted)
    assert set(unfulfilled(predicted[resource.name], done[resource.name])) <= life.allocated

    for check_mode in (False, True):
        again = succeeded(cluster.run(resource, options, check_mode=check_mode))
        assert cluster.writes_made() == []
        assert (again["changed"], again["requests"]) == (False, [])
        assert again["diff"]["before"] == again["diff"]["after"]
        assert again[resource.name] == done[resource.name]


@lives
def test_life(cluster: Cluster, life: Life) -> None:
    prepared(cluster, life)
    lives_through(cluster, life, "create")
    lives_through(cluster, life, "update")
    for method, path, params in life.drift:
        cluster.call(method, path, params, in_person=life.in_person)
    cluster.requests_made()
    lives_through(cluster, life, "update")
    if life.absent is not None:
        lives_through(cluster, life, "absent")


@pytest.mark.parametrize("life", [life for life in LIVES if life.module != "pve_acl"], ids=lambda life: life.name)
def test_what_is_not_given_is_not_touched(cluster: Cluster, life: Life) -> None:
    """A task that only names the object changes nothing, whatever was set before."""
    prepared(cluster, life)
    succeeded(cluster.run(life.resource, life.stage("create")))
    cluster.requests_made()
    bare = succeeded(cluster.run(life.resource, life.key))
    assert (bare["changed"], cluster.writes_made()) == (False, [])


@pytest.mark.parametrize("life", [life for life in LIVES if life.absent is not None], ids=lambda life: life.name)
def test_what_was_never_there_can_be_absent(cluster: Cluster, life: Life) -> None:
    prepared(cluster, life)
    result = succeeded(cluster.run(life.resource, life.stage("absent")))
    assert (result["changed"], cluster.writes_made()) == (False, [])


def test_every_managing_module_has_a_life() -> None:
    without = set(managing_modules()) - {life.module for life in LIVES}
    assert not without, f"add a Life to tests/harness/lives.py for {', '.join(sorted(without))}"
