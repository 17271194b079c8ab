# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which calls of the API a resource makes, and which of its options are parameters of those that write."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from .field import Field


@dataclasses.dataclass(frozen=True)
class Table:
    """Calls, and the fields that are parameters of those that write.

    A call is a method and a path, such as "PUT /nodes/*/dns", where * stands for one part. The table of coverage and the
    privileges of a module derive from its tables, and a test compares them with the schema of the API.
    """

    calls: tuple[str, ...]
    fields: tuple[Field, ...] | None = ()  # None: the parameters belong to another resource


def calls_below(bases: Iterable[str], *rows: str) -> tuple[str, ...]:
    """The calls of rows such as "POST /rules" below each of the bases."""
    split = [row.partition(" ") for row in rows]
    return tuple(f"{method} {base}{path}" for base in bases for method, _blank, path in split)
