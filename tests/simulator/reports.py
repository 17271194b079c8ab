# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nodes last reported of guests and storages, which lists of the cluster show instead of the present state.

A genuine node reports every ten seconds (pvestatd of pve-manager), and each worker process of the server keeps what it
read for two. Here a change counts from the write that made it or from the first look at it, whichever is known, so
that it is out of date in the same number of looks in every run.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]
KEPT = 300.0  # seconds that a report outlives what it is about (pve-cluster src/pmxcfs/status.c, dump_rrd)
SECONDS, LOOKS, CACHE = 10.0, 4, 2.0  # of a lag, unless other ones are asked for
CHANGING = frozenset({"uptime", "cpu", "mem", "memhost"})  # values that change by themselves


@dataclass
class Lag:
    """How long a change stays unseen: until so many seconds have passed or with that many looks, whichever is first.

    With 0 looks or 0 seconds nothing lags. A look within `cache` seconds after the one that was the first to show a
    change shows the older state once more.
    """

    seconds: float = SECONDS
    looks: int = LOOKS
    cache: float = CACHE

    def __post_init__(self) -> None:
        if self.seconds < 0 or self.looks < 0 or self.cache < 0:
            raise ValueError("seconds, looks and cache of a lag are not negative")

    @property
    def off(self) -> bool:
        return not self.seconds or not self.looks


@dataclass
class Waiting:
    """A change that no report shows yet."""

    since: float
    looks: int = 0


class Reports:
    """The last reports by what they are about: the id of a guest, or the node and name of a storage."""

    def __init__(self) -> None:
        self.lag = Lag()
        self.changed = 0.0  # when something was written last
        self._known: dict[Hashable, Values] = {}
        self._waiting: dict[Hashable, Waiting] = {}
        self._older: dict[Hashable, tuple[Values, float]] = {}
        self._gone: dict[Hashable, float] = {}

    def take(self, key: Hashable, present: Values) -> None:
        """Let a report arrive."""
        self._known[key] = present
        for table in (self._waiting, self._older, self._gone):
            table.pop(key, None)

    def look(self, key: Hashable, present: Values, now: float) -> Values:
        """What a list shows of something whose state is `present`; nothing before the first report."""
        if self.lag.off:
            self.take(key, present)
            return present
        if now - self._gone.pop(key, now) > KEPT:
            self._known.pop(key, None)
        known = self._known.get(key, {})
        if _alike(known, present):
            self._waiting.pop(key, None)
            self._known[key] = present
            older, since = self._older.pop(key, ({}, 0.0))
            return older if now - since < self.lag.cache else present
        waiting = self._waiting.setdefault(key, Waiting(min(now, self.changed)))
        waiting.looks += 1
        if waiting.looks < self.lag.looks and now - waiting.since < self.lag.seconds:
            return known
        self.take(key, present)
        self._older[key] = (known, now)
        return present

    def forget(self, key: Hashable, now: float) -> None:
        """Say that something is gone: what comes in its place within some minutes is shown by its report."""
        self._waiting.pop(key, None)
        self._older.pop(key, None)
        if key in self._known:
            self._gone[key] = now


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two reports differ only in what changes by itself."""
    return one.keys() == other.keys() and all(one[name] == other[name] for name in one.keys() - CHANGING)
