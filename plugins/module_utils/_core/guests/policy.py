# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says about the choice of a node."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..model.errors import InvalidOption

MEMORY, CPU, COUNT, SPREAD = "memory", "cpu", "count", "spread"
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "nodes": {"type": "list", "elements": "str"},
    "placement": {"type": "str", "choices": [MEMORY, CPU, COUNT, SPREAD]},
    "spread": {"type": "str"},
}


@dataclasses.dataclass(frozen=True)
class Policy:
    """What a task prefers: first few guests with the tag, or in the pool, ``spread``; then what nodes have most of (``by``)."""

    by: str = MEMORY
    spread: str = ""

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Policy | None:
        """From the options; None where the task leaves no choice."""
        if all(params.get(name) is None for name in OPTIONS):
            return None
        by, spread = params.get("placement"), params.get("spread") or ""
        if by == SPREAD and not spread:
            raise InvalidOption(
                "spread", "is needed with placement: spread: a tag or a pool, whose guests are kept apart"
            )
        return cls(MEMORY if by in (None, SPREAD) else by, spread.lower() if spread else "")


DEFAULT_POLICY = Policy()


@dataclasses.dataclass(frozen=True)
class Choice:
    """The node that was chosen, and why."""

    node: str
    reason: str
