# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking many guests in parallel. What one of them cannot tell is a problem of its own, never a reason to lose the others."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..errors import ApiError, PveError
from ..resource import Reader

NAMES_IN_WARNING = 5


@dataclasses.dataclass
class Problem:
    """Something that could not be read, of one or of many guests."""

    what: str
    error: PveError
    guests: list[str] = dataclasses.field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """Equal for the same problem of different guests."""
        said = self.error.server_message if isinstance(self.error, ApiError) else self.error.message
        return self.what, re.sub(r"\d+", "0", said)

    def warning(self) -> str:
        names = ", ".join(self.guests[:NAMES_IN_WARNING])
        more = len(self.guests) - NAMES_IN_WARNING
        of = f"{names} and {more} more" if more > 0 else names
        return f"Facts of {of}: the {self.what} could not be read. {self.error}"


class Inquiry:
    """The questions to one guest."""

    def __init__(self, reader: Reader, path: str, name: str) -> None:
        self.reader, self.path, self.name = reader, path, name
        self.problems: list[Problem] = []

    def ask(self, what: str, path: str) -> Any:
        """The answer; None if there is none, which is a problem then."""
        try:
            answer = self.reader.get(self.path + path)
        except PveError as error:
            self.problems.append(Problem(what, error))
            return None
        return {} if answer is None else answer


Asked = TypeVar("Asked", bound=Inquiry)


def ask_all(inquiries: Sequence[Asked], read: Callable[[Asked], dict[str, Any]], parallel: int) -> list[dict[str, Any]]:
    """What ``read`` finds out of each guest, in their order."""
    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(read, inquiries))


def warnings_of(inquiries: Iterable[Inquiry]) -> list[str]:
    """One warning for each problem, whichever guests have it."""
    problems: dict[tuple[str, str], Problem] = {}
    for inquiry in inquiries:
        for problem in inquiry.problems:
            problems.setdefault(problem.key, problem).guests.append(inquiry.name)
    return [problem.warning() for problem in problems.values()]


def agent_enabled(config: Mapping[str, Any]) -> bool:
    """Whether a machine's configuration says that it has a guest agent."""
    parts = [part.strip().removeprefix("enabled=") for part in str(config.get("agent") or "").split(",")]
    return any(part.lower() in ("1", "on", "yes", "true") for part in parts)
