# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzers: each plays cases by number, which decides all of a case, and says what is wrong with how a task ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from tests.fuzz import bent_answers, odd_options, odd_secrets, promises
from tests.harness.cluster import Cluster


class Fuzzer(Protocol):
    """What a module of this package has."""

    def cases(self, numbers: range) -> Iterator[Any]:
        """The cases with these numbers."""

    def play(self, cluster: Cluster, case: Any) -> str:
        """What is wrong; empty if nothing is."""


FUZZERS: dict[str, Fuzzer] = {
    "bent_answers": bent_answers,
    "odd_options": odd_options,
    "odd_secrets": odd_secrets,
    "promises": promises,
}
