# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.expiry import (
    EXPIRE,
    Lifetime,
    with_expiry,
)

DAY = 86400
NOW = 1_800_000_000
NINETY = Lifetime(90 * DAY, NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("never", 0),
        ("0", 0),
        ("1999999999", 1999999999),
        ("2027-01-31", 1801353600),
        ("2027-01-31T01:00+01:00", 1801353600),
    ],
)
def test_points_in_time(text: str, seconds: int) -> None:
    assert EXPIRE.parse(text) == seconds


def test_periods_are_kept_as_periods() -> None:
    parsed = EXPIRE.parse("90d")
    assert isinstance(parsed, Lifetime)
    assert parsed.seconds == 90 * DAY


@pytest.mark.parametrize("text", ["", "soon", "-1", "90 days ago"])
def test_nonsense_names_the_option(text: str) -> None:
    with pytest.raises(InvalidOption) as error:
        EXPIRE.parse(text)
    assert error.value.option == "expire"


@pytest.mark.parametrize(
    ("present", "becomes"),
    [
        (0, NOW + 90 * DAY),  # never: cut
        (NOW + 91 * DAY, NOW + 90 * DAY),  # too far ahead: cut
        (NOW + 90 * DAY, NOW + 90 * DAY),
        (NOW + 90 * DAY + 60, NOW + 90 * DAY + 60),  # set by a controller whose clock is ahead
        (NOW + 3 * DAY, NOW + 3 * DAY),  # runs out: left alone
        (NOW - DAY, NOW - DAY),  # has run out: left alone
    ],
)
def test_a_period_only_cuts(present: int, becomes: int) -> None:
    assert NINETY.end_for(present) == becomes


@pytest.mark.parametrize(
    ("present", "becomes"),
    [(NOW + 13 * DAY, NOW + 90 * DAY), (NOW - DAY, NOW + 90 * DAY), (NOW + 15 * DAY, NOW + 15 * DAY)],
)
def test_renew_before_puts_it_off(present: int, becomes: int) -> None:
    assert NINETY.end_for(present, renew_before=14 * DAY) == becomes


def test_a_new_thing_lives_for_the_period() -> None:
    assert with_expiry({"expire": NINETY}, None) == {"expire": NOW + 90 * DAY}


def test_other_wishes_stay() -> None:
    assert with_expiry({"comment": "x"}, {"expire": 5}) == {"comment": "x"}
    assert with_expiry({"expire": 7}, {"expire": 5}) == {"expire": 7}
