# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When users and API tokens expire: points in time, and periods that stay the same from day to day."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from ...model.errors import InvalidOption
from ...model.field import Field
from ...model.values import Expiry, seconds_of

CLOCK_SKEW = 300  # seconds that the clocks of two controllers may differ without a change


@dataclasses.dataclass(frozen=True)
class Lifetime:
    """A desired expiry such as ``90d``: a period that begins when the thing is created, or renewed."""

    seconds: int
    now: int  # seconds since the epoch when the task began

    def end(self) -> int:
        return self.now + self.seconds

    def end_for(self, present: int, renew_before: int = 0) -> int:
        """What an existing expiry should become: it is cut if it lies too far ahead (0: never) and otherwise stays.

        It is put off only if ``renew_before`` says so: when less than these seconds are left.
        """
        too_far = present == 0 or present > self.end() + CLOCK_SKEW
        due = renew_before > 0 and present < self.now + renew_before
        return self.end() if too_far or due else present


class Deadline(Expiry):
    """Seconds since the epoch (0: never), or a Lifetime where a user writes a period."""

    def parse(self, value: Any) -> Any:
        seconds = seconds_of(value)
        return super().parse(value) if seconds is None else Lifetime(seconds, int(time.time()))


EXPIRE = Field("expire", codec=Deadline(), clear="never", default=0)


def refuse_past(expire: Any, present: int | None, now: int) -> None:
    """Refuse a new point in time that has passed, at which nothing would expire any more. One that was kept is no change."""
    moment = expire.end() if isinstance(expire, Lifetime) else expire
    if moment and moment not in (None, present) and moment <= now:
        raise InvalidOption(
            EXPIRE.name,
            "is in the past",
            hint="To lock a user out, set enable: false; to end a token, delete it. 0 or never means that it does not expire.",
        )


def with_expiry(fields: Mapping[str, Any], current: Mapping[str, Any] | None, renew_before: int = 0) -> dict[str, Any]:
    """The desired fields with a point in time in place of a period."""
    expire = fields.get(EXPIRE.name)
    if not isinstance(expire, Lifetime):
        return dict(fields)
    moment = expire.end() if current is None else expire.end_for(current.get(EXPIRE.name, 0), renew_before)
    return {**fields, EXPIRE.name: moment}
