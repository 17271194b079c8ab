# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query many guests or nodes in parallel. A failed query becomes a warning about that guest or node only."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..model.contract import Reader
from ..model.errors import ApiError, PveError

NAMES_IN_WARNING = 5


@dataclasses.dataclass
class Problem:
    """Something that could not be read, of one or of many that were asked."""

    what: str
    error: PveError
    names: list[str] = dataclasses.field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """Equal for the same problem of different ones."""
        said = self.error.server_message if isinstance(self.error, ApiError) else self.error.message
        return self.what, re.sub(r"\d+", "0", said)

    def warning(self) -> str:
        names = ", ".join(self.names[:NAMES_IN_WARNING])
        more = len(self.names) - NAMES_IN_WARNING
        of = f"{names} and {more} more" if more > 0 else names
        return f"Facts of {of}: the {self.what} could not be read. {self.error}"


class Gatherer:
    """The queries of one guest or node."""

    def __init__(self, reader: Reader, path: str, name: str) -> None:
        self.reader, self.path, self.name = reader, path, name
        self.problems: list[Problem] = []

    def ask(self, what: str, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The answer; None if there is none, which is a problem then."""
        try:
            answer = self.reader.get(self.path + path, params)
        except PveError as error:
            self.problems.append(Problem(what, error))
            return None
        return {} if answer is None else answer


Asked = TypeVar("Asked", bound=Gatherer)


def gather_all(
    gatherers: Sequence[Asked], read: Callable[[Asked], dict[str, Any]], parallel: int
) -> list[dict[str, Any]]:
    """What ``read`` finds out of each, in their order."""
    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(read, gatherers))


def warnings_of(gatherers: Iterable[Gatherer]) -> list[str]:
    """One warning for each problem, whoever has it."""
    problems: dict[tuple[str, str], Problem] = {}
    for gatherer in gatherers:
        for problem in gatherer.problems:
            problems.setdefault(problem.key, problem).names.append(gatherer.name)
    return [problem.warning() for problem in problems.values()]
