# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on order: what a client must survive.

A fault waits for a request by its index (counted from 0 since the last reset), by method or by path, and strikes
`count` times. It can add latency, answer with a status of its own, or drop the connection before or after the server
has acted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

DROPS = ("before", "after")


@dataclass
class Fault:
    """One order: whom it strikes, and how."""

    index: int | None = None
    method: str | None = None
    path: str | None = None  # regular expression that the whole path matches
    count: int = 1
    drop: str | None = None
    status: int | None = None
    reason: str = ""
    latency: float = 0.0  # seconds

    @classmethod
    def parse(cls, source: Mapping[str, Any]) -> Fault:
        """The fault from JSON; ValueError names what is wrong."""
        unknown = source.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        fault = cls(**source)
        if fault.drop not in (None, *DROPS):
            raise ValueError(f"drop is one of {', '.join(DROPS)}")
        if not (fault.drop or fault.status or fault.latency):
            raise ValueError("say what is to happen: drop, status or latency")
        return fault

    def strikes(self, index: int, method: str, path: str) -> bool:
        return (
            self.index in (None, index)
            and self.method in (None, method)
            and (self.path is None or re.fullmatch(self.path, path) is not None)
        )


class Faults:
    """The orders that still wait."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def strike(self, index: int, method: str, path: str) -> Fault | None:
        """The fault for a request, counted as used."""
        for fault in self.waiting:
            if fault.strikes(index, method, path):
                fault.count -= 1
                if fault.count <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
