# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar events: when a schedule such as "mon..fri 21:30" is due, in UTC."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

WORDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "semi-annually": "*-01,07-01 00:00:00",
}
HORIZON = 366 * 30  # days to look ahead


@dataclass(frozen=True)
class CalendarEvent:
    """The numbers that each part of a moment may have."""

    weekdays: frozenset[int]
    years: frozenset[int] | None
    months: frozenset[int]
    days: frozenset[int]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]

    def after(self, moment: int) -> Iterator[int]:
        """The moments after this one, in seconds since the epoch."""
        start = datetime.fromtimestamp(moment, timezone.utc)
        for number in range(HORIZON):
            day = start.date() + timedelta(days=number)
            if not self._falls_on(day):
                continue
            for hour, minute, second in itertools.product(self.hours, self.minutes, self.seconds):
                due = datetime.combine(day, time(hour, minute, second), timezone.utc)
                if due > start:
                    yield int(due.timestamp())

    def _falls_on(self, day: date) -> bool:
        in_date = day.month in self.months and day.day in self.days and (not self.years or day.year in self.years)
        return in_date and day.weekday() in self.weekdays


def parse(text: str) -> CalendarEvent:
    """Raises ValueError for what is no calendar event."""
    text = WORDS.get(text.strip().lower(), text.strip().lower())
    weekdays, dates, clock = "", "*-*-*", ""
    for word in text.removesuffix(" utc").split():
        if word[0].isalpha() and not weekdays:
            weekdays = word
        elif "-" in word:
            dates = word if word.count("-") == 2 else f"*-{word}"
        elif not clock:
            clock = word
        else:
            raise ValueError(text)
    years, months, days = dates.split("-")
    hours, minutes, seconds = _clock(clock)
    return CalendarEvent(
        weekdays=frozenset(_weekdays(weekdays)) if weekdays else frozenset(range(7)),
        years=None if years == "*" else frozenset(_numbers(years, 1970, 2200)),
        months=frozenset(_numbers(months, 1, 12)),
        days=frozenset(_numbers(days, 1, 31)),
        hours=tuple(_numbers(hours, 0, 23)),
        minutes=tuple(_numbers(minutes, 0, 59)),
        seconds=tuple(_numbers(seconds, 0, 59)),
    )


def _clock(text: str) -> tuple[str, str, str]:
    """Hours, minutes and seconds; a single number counts minutes, and without any the day begins.

    Two parts of which the first can be no hour are minutes and seconds (proxmox-time, src/calendar_event.rs).
    """
    parts = text.split(":") if text else ["0", "0"]
    if len(parts) == 1 or (len(parts) == 2 and not _are_hours(parts[0])):
        parts = ["*", *parts]
    if len(parts) == 2:
        parts = [*parts, "0"]
    hours, minutes, seconds = parts
    return hours, minutes, seconds


def _are_hours(text: str) -> bool:
    try:
        return bool(_numbers(text, 0, 23))
    except ValueError:
        return False


def _numbers(text: str, lowest: int, highest: int) -> list[int]:
    """The numbers of "*", "5", "1..5", "*/15" (which counts from 0), "8/2" and lists of these."""
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\*|\d+)(?:\.\.(\d+)|/(\d+))?", part)
        if not match or (match[1] == "*" and match[2]):
            raise ValueError(text)
        first = lowest if part == "*" else 0 if match[1] == "*" else int(match[1])
        last = int(match[2]) if match[2] else highest if match[1] == "*" or match[3] else first
        if not (lowest <= first or match[1] == "*") or not first <= last <= highest or match[3] == "0":
            raise ValueError(text)
        found.update(range(first, last + 1, int(match[3] or 1)))
    return sorted(number for number in found if number >= lowest)


def _weekdays(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, dots, last = part.partition("..")
        start, end = _weekday(first), _weekday(last if dots else first)
        yield from (day % 7 for day in range(start, (end if end >= start else end + 7) + 1))


def _weekday(text: str) -> int:
    for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")):
        if len(text) >= 3 and name.startswith(text):
            return number
    raise ValueError(text)
