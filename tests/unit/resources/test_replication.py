# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils.resources.replication import REPLICATION
from tests.unit.resources.fake import Server, calls, planned

PATH = "/cluster/replication/100-0"
PRESENT = {"id": "100-0", "type": "local", "guest": 100, "target": "pve2", "rate": 10, "schedule": "sat 03:00"}


def test_a_job_is_created() -> None:
    plan = planned(REPLICATION, Server(), id="100-0", target="pve2", schedule="*/30 * * * *", rate=10.0, disable=False)
    params = {"type": "local", "id": "100-0", "target": "pve2", "schedule": "*:00,30", "rate": 10, "disable": 0}
    assert calls(plan) == [("POST", "/cluster/replication", params)]


def test_what_is_there_takes_one_get() -> None:
    server = Server({PATH: PRESENT})
    wish = {"target": "pve2", "rate": 10, "schedule": "0 3 * * 6", "disable": False}
    assert not planned(REPLICATION, server, id="100-0", **wish).steps
    assert server.asked == [PATH]


def test_only_what_differs_is_sent() -> None:
    server = Server({PATH: PRESENT})
    plan = planned(REPLICATION, server, id="100-0", disable=True, unset=["rate", "schedule"])
    assert calls(plan) == [("PUT", PATH, {"disable": 1, "delete": "rate,schedule"})]


@pytest.mark.parametrize("flags", [{}, {"keep": True}, {"force": True}])
def test_deletion(flags: dict[str, bool]) -> None:
    plan = planned(REPLICATION, Server({PATH: PRESENT}), id="100-0", state="absent", **flags)
    assert calls(plan) == [("DELETE", PATH, flags)]


def test_a_job_that_waits_for_its_deletion_counts_as_gone() -> None:
    server = Server({PATH: {**PRESENT, "remove_job": "full"}})
    assert not planned(REPLICATION, server, id="100-0", state="absent").steps


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({}, "target"),
        ({"id": "100"}, "id"),
        ({"target": "pve2", "rate": 0.5}, "rate"),
        ({"target": "pve2", "schedule": "0 0 1 * 1"}, "schedule"),
        ({"state": "absent", "keep": True, "force": True}, "keep"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(REPLICATION, Server(), **{"id": "100-0", **given})
    assert error.value.option == option


def test_the_target_cannot_be_changed() -> None:
    with pytest.raises(InvalidOption, match="target"):
        planned(REPLICATION, Server({PATH: PRESENT}), id="100-0", target="pve3")
