# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules: PVE's calendar events, and classical cron expressions translated to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .values import Text

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LONG_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
WORDS = (
    *("minutely", "hourly", "daily", "weekly", "monthly", "yearly", "annually", "quarterly"),
    *("semiannually", "semi-annually"),
)
_NUMBER = r"\d+(?:\.\.\d+)?(?:/\d+)?"
_NUMBERS = rf"(?:\*(?:/\d+)?|{_NUMBER}(?:,{_NUMBER})*)"
_WEEKDAY = r"[A-Za-z]+(?:\.\.[A-Za-z]+)?"
_EVENT = re.compile(
    rf"(?=.)(?:(?P<weekdays>{_WEEKDAY}(?:,{_WEEKDAY})*) *)?(?:(?P<date>{_NUMBERS}(?:-{_NUMBERS}){{1,2}}) *)?"
    rf"(?P<time>{_NUMBERS}(?::{_NUMBERS}){{0,2}})?"
)
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of the months, at the most
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CRON_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
CRON_FIELDS = 5


class Schedule(Text):
    """A calendar event such as ``mon..fri 21:30``, or five fields of cron, which become one."""

    def parse(self, value: Any) -> str:
        text = " ".join(str(value).split())
        word = text.lower()
        if word.startswith("@"):
            if word not in CRON_WORDS:
                raise ValueError(f"{text!r} has no calendar event; known are {', '.join(CRON_WORDS)}")
            return calendar_of_cron(CRON_WORDS[word])
        if len(text.split()) == CRON_FIELDS:
            return calendar_of_cron(text)
        _refuse_unreadable(text)
        _refuse_never(text)
        return text


def _refuse_unreadable(text: str) -> None:
    """Refuse what is no calendar event (proxmox-time, src/calendar_event.rs and src/week_days.rs)."""
    event = text.removesuffix("UTC").rstrip()
    found = _EVENT.fullmatch(event)
    readable = found and _are_weekdays(found["weekdays"]) and _is_date(found["date"]) and _is_time(found["time"])
    if event not in WORDS and not readable:
        raise ValueError(f"{text!r} is not a calendar event such as 21:30, 'mon..fri 02:00', '*-*-01 04:00' or daily")


def _are_weekdays(text: str | None) -> bool:
    names = [name.lower() for part in (text or "").split(",") for name in part.split("..")]
    return text is None or all(name in WEEKDAYS or name in LONG_WEEKDAYS for name in names)


def _is_date(text: str | None) -> bool:
    """Year, month and day, or without the year."""
    return text is None or _fit(text.split("-"), (2199, 12, 31)[-len(text.split("-")) :])


def _is_time(text: str | None) -> bool:
    """Hours, minutes and seconds, or minutes alone; what can be no hour and minute is read as minute and second."""
    parts = (text or "0").split(":")
    return _fit(parts, {1: (59,), 2: (23, 59), 3: (23, 59, 59)}[len(parts)]) or (
        len(parts) == 2 and _fit(parts, (59, 59))
    )


def _fit(parts: Sequence[str], highest: Sequence[int]) -> bool:
    """Whether no number is above the highest of its part, and no range goes backwards."""
    for part, limit in zip(parts, highest, strict=True):
        for element in part.split(","):
            ends = [int(number) for number in element.partition("/")[0].split("..") if number != "*"]
            if max(map(int, re.findall(r"\d+", element)), default=0) > limit or ends != sorted(ends):
                return False
    return True


def _refuse_never(text: str) -> None:
    """Refuse a calendar event on a single day that no year has, such as the 30th of February."""
    day = re.search(r"(?:^|\s)(?:(?:\d{4}|\*)-)?(\d{1,2})-(\d{1,2})(?=\s|$)", text)
    if day and not (1 <= int(day[1]) <= len(DAYS) and 1 <= int(day[2]) <= DAYS[int(day[1]) - 1]):
        raise ValueError(f"{text!r} never comes: there is no such day")


def calendar_of_cron(text: str) -> str:
    """The calendar event that is due exactly when the cron expression is; ValueError says why there is none."""
    minute, hour, day, month, weekday = text.lower().split()
    minutes, hours = _numbers("minute", minute, 0, 59), _numbers("hour", hour, 0, 23)
    days, months = _numbers("day of the month", day, 1, 31), _numbers("month", month, 1, 12, _names(MONTHS, 1))
    weekdays = sorted({number % 7 for number in _numbers("weekday", weekday, 0, 7, _names(WEEKDAYS, 0)) or []})
    if days and weekdays:
        raise ValueError(
            f"{text!r} means to cron: on these days of the month and also on these weekdays. "
            "No calendar event says that; make two jobs of it"
        )
    if days and months and min(days) > max(DAYS[month - 1] for month in months):
        raise ValueError(f"{text!r} never comes: none of these months has {min(days)} days")
    words = []
    if weekdays and len(weekdays) < len(WEEKDAYS):
        words.append(_weekday_words(weekdays))
    if days or months:
        words.append(f"*-{_list(months)}-{_list(days)}")
    words.append(f"{_list(hours)}:{_list(minutes)}")
    return " ".join(words)


def _names(words: Sequence[str], first: int) -> dict[str, int]:
    return {word: number for number, word in enumerate(words, first)}


def _numbers(
    what: str, text: str, lowest: int, highest: int, names: Mapping[str, int] | None = None
) -> list[int] | None:
    """The numbers of a field of cron, in order; None for all of them."""
    if text == "*":
        return None
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?", part)
        if not match or (match[4] and match[2] and not match[3]):
            raise ValueError(f"{text!r} is not a {what} of cron")
        first = lowest if match[1] else _number(what, match[2], names)
        last = highest if match[1] else _number(what, match[3], names) if match[3] else first
        step = int(match[4] or 1)
        if not lowest <= first <= last <= highest or step == 0:
            raise ValueError(f"{text!r} is not a {what} of cron: numbers go from {lowest} to {highest}")
        found.update(range(first, last + 1, step))
    return sorted(found)


def _number(what: str, text: str, names: Mapping[str, int] | None) -> int:
    if text.isdecimal():
        return int(text)
    if names and text in names:
        return names[text]
    raise ValueError(f"{text!r} is not a {what} of cron")


def _list(numbers: Sequence[int] | None) -> str:
    return "*" if numbers is None else ",".join(f"{number:02d}" for number in numbers)


def _weekday_words(numbers: Sequence[int]) -> str:
    """The days from Monday on, as a range where three or more follow each other."""
    order = sorted((number - 1) % 7 for number in numbers)
    words = [WEEKDAYS[(number + 1) % 7] for number in order]
    if len(order) > 2 and order[-1] - order[0] == len(order) - 1:
        return f"{words[0]}..{words[-1]}"
    return ",".join(words)
