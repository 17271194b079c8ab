# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.subscription import (
    SUBSCRIPTION,
    SUBSCRIPTION_INFO,
    masked,
)
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/nodes/n/subscription"
KEY, OTHER = "pve2c-0123456789", "pve2c-arm-abcdef0123"
NONE = {"status": "notfound", "message": "There is no subscription key"}
ACTIVE = {"status": "active", "key": KEY, "level": "c", "signature": "s", "nextduedate": "2099-01-01"}


def test_setting_a_key_hides_it() -> None:
    plan = planned(SUBSCRIPTION, Server({PATH: NONE}), node="n", key=f" {KEY}\n")
    assert calls(plan) == [("PUT", PATH, {"key": KEY})]
    assert KEY not in str(plan.steps[0].describe()) + str(plan.after)
    assert plan.after is not None
    assert plan.after["key"] == "pve2c-**********"
    assert masked(OTHER) == "pve2c-arm-**********"


@pytest.mark.parametrize("given", [{}, {"key": KEY}])
def test_what_is_there_takes_one_read(given: dict[str, Any]) -> None:
    server = Server({PATH: ACTIVE})
    plan = planned(SUBSCRIPTION, server, node="n", **given)
    assert not plan.steps
    assert server.asked == [PATH]
    assert KEY not in str(plan.after)
    assert plan.after is not None
    assert "signature" not in plan.after


def test_another_key_replaces_it_and_is_checked_by_that() -> None:
    plan = planned(SUBSCRIPTION, Server({PATH: ACTIVE}), node="n", key=OTHER, check=True)
    assert calls(plan) == [("PUT", PATH, {"key": OTHER})]


def test_checking_is_an_action() -> None:
    plan = planned(SUBSCRIPTION, Server({PATH: ACTIVE}), node="n", key=KEY, check=True)
    assert calls(plan) == [("POST", PATH, {"force": True})]
    assert not plan.steps[0].verify


def test_deletion() -> None:
    assert calls(planned(SUBSCRIPTION, Server({PATH: ACTIVE}), node="n", state="absent")) == [("DELETE", PATH, {})]
    assert not planned(SUBSCRIPTION, Server({PATH: NONE}), node="n", state="absent").steps


def test_a_key_that_is_not_reported_cannot_be_compared() -> None:
    hidden = {"status": "active", "message": None}
    with pytest.raises(Refused, match=r"Sys\.Audit on /nodes/n"):
        planned(SUBSCRIPTION, Server({PATH: hidden}), node="n", key=KEY)
    assert not planned(SUBSCRIPTION, Server({PATH: hidden}), node="n").steps


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"key": "pve3c-0123456789"}, "key"),
        ({"key": ""}, "key"),
        ({"key": KEY, "state": "absent"}, "key"),
        ({"check": True, "state": "absent"}, "check"),
        ({"check": True}, "check"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(SUBSCRIPTION, Server({PATH: NONE}), node="n", **given)
    assert error.value.option == option


def test_info_masks_the_key() -> None:
    reported = SUBSCRIPTION_INFO.read(
        Server({PATH: ACTIVE}), SUBSCRIPTION_INFO.parse(options(SUBSCRIPTION_INFO, node="n"))
    )
    assert (reported["status"], reported["key"]) == ("active", "pve2c-**********")
