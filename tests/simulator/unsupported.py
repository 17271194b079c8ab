# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API can do and the simulator cannot: whole calls, and parts of calls that have a handler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from . import api
from .facts import Facts
from .routing import registered_calls

PLACEHOLDER = re.compile(r"\{[^}]+\}")
REFUSAL = re.compile(r"not_simulated\(f?\"([^\"]+)\"\)")


def calls(facts: Facts) -> list[tuple[str, str]]:
    """The calls that are always answered with 501, by path."""
    api.register()
    known = registered_calls()
    missing = [key for key, endpoint in facts.endpoints.items() if key not in known and endpoint.index is None]
    return sorted(missing, key=lambda key: (key[1], key[0]))


def parts() -> Iterator[tuple[str, str]]:
    """The area, and what of it is refused although the call has a handler; a sentence without words is a whole call."""
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        for sentence in REFUSAL.findall(source.read_text(encoding="utf-8")):
            if PLACEHOLDER.sub("", sentence).strip():
                yield source.stem, PLACEHOLDER.sub("...", sentence)


def listing(facts: Facts) -> str:
    """Both, a line each."""
    lines = [f"{method} {path}" for method, path in calls(facts)]
    return "\n".join([*lines, *(f"in part, {area}: {sentence}" for area, sentence in parts())])
