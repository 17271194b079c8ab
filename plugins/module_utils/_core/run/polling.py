# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what happens by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ..model.contract import Reader

Found = TypeVar("Found")


def wait_until(reader: Reader, look: Callable[[], Found | None], timeout: float, pause: float) -> Found | None:
    """What ``look`` finds, as soon as it finds something; None once the time is over. All times are in seconds."""
    deadline = time.monotonic() + timeout
    while (found := look()) is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        reader.sleep(min(pause, left))
    return found
