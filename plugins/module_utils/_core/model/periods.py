# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that are a period or a point in time."""

from __future__ import annotations

from .errors import InvalidOption
from .values import Expiry, seconds_of


def period(option: str, text: str) -> int:
    """The seconds of a period such as ``24h`` or ``7d``."""
    seconds = seconds_of(text)
    if seconds is None:
        raise InvalidOption(option, f"{text!r} is not a period such as 24h or 7d")
    return seconds


def moment(option: str, text: str | None, now: int) -> int | None:
    """A point in time: an epoch, an ISO date, or how long ago."""
    if text is None:
        return None
    ago = seconds_of(text)
    if ago is not None:
        return now - ago
    try:
        return Expiry().parse(text) or None
    except ValueError:
        reason = f"{text!r} is neither an epoch, an ISO date such as 2027-01-31T12:00, nor a period back from now such as 24h"
        raise InvalidOption(option, reason) from None
