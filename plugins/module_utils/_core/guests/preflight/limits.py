# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the preflight: what a task allows its guests to require."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...model.errors import InvalidOption
from ...model.values import Number, bytes_of

WARN, FAIL, STRICT, OFF = "warn", "fail", "strict", "off"
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "preflight": {"type": "str", "choices": [WARN, FAIL, STRICT, OFF], "default": WARN},
    "limits": {
        "type": "dict",
        "options": {
            "memory_overcommit": {"type": "float", "default": 1.2},
            "storage_overcommit": {"type": "float", "default": 1.0},
            "max_memory": {"type": "str"},
            "max_disk": {"type": "str"},
            "max_volume": {"type": "str"},
        },
    },
}
STRICT_LIMITS: Mapping[str, Any] = {
    "max_memory": 128 * 1024**3,
    "max_volume": 10 * 1024**4,
    "memory_use": 0.9,
    "counts_stopped": True,
}


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a task allows: how much may be promised of what there is, and how much a guest may get, in bytes."""

    memory_overcommit: float = 1.2
    storage_overcommit: float = 1.0
    max_memory: int | None = None
    max_disk: int | None = None
    max_volume: int | None = None
    memory_use: float | None = None  # the part of a node's memory that may be in use once the guest runs
    counts_stopped: bool = False  # whether guests that do not run count for the overcommit of memory as well

    @classmethod
    def parse(cls, given: Mapping[str, Any] | None, *, strict: bool = False) -> Limits:
        """From the option ``limits``, completed by the figures of ``preflight: strict``; raises InvalidOption."""
        found: dict[str, Any] = dict(STRICT_LIMITS) if strict else {}
        for name, value in (given or {}).items():
            if value is None:
                continue
            try:
                found[name] = Number().parse(value) if name.endswith("overcommit") else bytes_of(value, "M")
            except ValueError as error:
                raise InvalidOption("limits", f"{name}: {error}") from None
            if found[name] <= 0:
                raise InvalidOption("limits", f"{name}: {value!r} is not more than 0")
        return cls(**found)


DEFAULT_LIMITS = Limits()
