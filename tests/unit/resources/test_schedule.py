# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.model.calendar import Schedule
from tests.simulator.calendar_events import parse as parse_calendar_event


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("mon..fri  21:30", "mon..fri 21:30"),
        ("*/15", "*/15"),
        ("30 21 * * *", "21:30"),
        ("30 21 * * 1-5", "mon..fri 21:30"),
        ("0 3 * * 0", "sun 03:00"),
        ("0 3 * * 7,SAT", "sat,sun 03:00"),
        ("0 3 * * 0-6", "03:00"),
        ("*/20 8-10 * * *", "08,09,10:00,20,40"),
        ("0 0 1,15 jan-mar *", "*-01,02,03-01,15 00:00"),
        ("0 0 */10 * *", "*-*-01,11,21,31 00:00"),
        ("* * * * *", "*:*"),
        ("0 0 29 2 *", "*-02-29 00:00"),
        ("0 0 31 apr,may *", "*-04,05-31 00:00"),
        ("@weekly", "sun 00:00"),
        ("@Daily", "00:00"),
    ],
)
def test_schedules(text: str, event: str) -> None:
    assert Schedule().parse(text) == event
    assert Schedule().parse(event) == event


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 0 13 * 5", "make two jobs"),
        ("@reboot", "no calendar event"),
        ("60 * * * *", "from 0 to 59"),
        ("0 24 * * *", "from 0 to 23"),
        ("0 0 0 * *", "day of the month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * 8", "weekday"),
        ("0 0 * * nosuchday", "weekday"),
        ("5/10 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"),
        ("0 0 L * *", "day of the month"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 apr,jun,sep,nov *", "never comes"),
        ("*-02-30 00:00", "never comes"),
        ("2027-4-31", "never comes"),
        ("13-01 05:00", "not a calendar event"),
        ("60:00", "not a calendar event"),
        ("24:60", "not a calendar event"),
        ("21:30:75", "not a calendar event"),
        ("10..8:00", "not a calendar event"),
        ("noday 21:00", "not a calendar event"),
        ("mon..fri, 21:00", "not a calendar event"),
        ("tomorrow", "not a calendar event"),
        ("21.30", "not a calendar event"),
    ],
)
def test_what_no_calendar_event_says_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Schedule().parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("daily", "semi-annually", "weekly UTC", "monday..fri,SUN 8..17/2:*/15", "*:*:30", "2027..2029-*-1/7 0:0"),
        *("mon", "sat *-1..7 18:00", "12-24", "08,20:00:00 UTC", "fri..mon 5"),
    ],
)
def test_calendar_events_stay_as_they_are(text: str) -> None:
    assert Schedule().parse(text) == text


def test_what_can_be_no_hour_is_read_as_minute_and_second() -> None:
    event = parse_calendar_event(Schedule().parse("25:00"))
    assert (event.hours, event.minutes, event.seconds) == (tuple(range(24)), (25,), (0,))


def field(lowest: int, highest: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """A field of cron and the numbers that it stands for."""
    number = st.integers(lowest, highest)
    single = number.map(lambda n: (str(n), frozenset({n})))
    span = st.tuples(number, number, st.integers(1, 7)).map(
        lambda t: (f"{min(t[:2])}-{max(t[:2])}/{t[2]}", frozenset(range(min(t[:2]), max(t[:2]) + 1, t[2])))
    )
    step = st.integers(1, 20).map(lambda n: (f"*/{n}", frozenset(range(lowest, highest + 1, n))))
    parts = st.lists(st.one_of(single, span, step), min_size=1, max_size=3).map(
        lambda items: (",".join(text for text, _numbers in items), frozenset().union(*(n for _text, n in items)))
    )
    return st.one_of(st.just(("*", frozenset(range(lowest, highest + 1)))), parts)


@given(
    minute=field(0, 59),
    hour=field(0, 23),
    day=field(1, 31),
    month=field(1, 12),
    weekday=field(0, 7),
    by_day=st.booleans(),
)
def test_an_event_is_due_exactly_when_cron_would_be(
    minute: tuple[str, frozenset[int]],
    hour: tuple[str, frozenset[int]],
    day: tuple[str, frozenset[int]],
    month: tuple[str, frozenset[int]],
    weekday: tuple[str, frozenset[int]],
    by_day: bool,
) -> None:
    if by_day:
        weekday = ("*", frozenset(range(8)))
    else:
        day = ("*", frozenset(range(1, 32)))
    text = " ".join(part for part, _numbers in (minute, hour, day, month, weekday))
    event = parse_calendar_event(Schedule().parse(text))
    weekdays = {number % 7 for number in weekday[1]}
    start = datetime(2026, 11, 20, tzinfo=timezone.utc)
    for number in range(0, 400, 3):
        moment = start + timedelta(days=number)
        falls = moment.month in month[1] and moment.day in day[1] and (moment.weekday() + 1) % 7 in weekdays
        assert event._falls_on(moment.date()) == falls
    assert set(event.hours) == hour[1]
    assert set(event.minutes) == minute[1]
    assert event.seconds == (0,)
