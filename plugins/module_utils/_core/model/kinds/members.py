# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set inside of a thing: members of a pool or a group, which have calls of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..field import Field


@dataclasses.dataclass(frozen=True)
class Difference:
    """What becomes of a set: the members that are added and dropped, and all that it has then."""

    added: Sequence[Any]
    dropped: Sequence[Any]
    after: Sequence[Any]

    def __bool__(self) -> bool:
        return bool(self.added or self.dropped)


@dataclasses.dataclass(frozen=True)
class Members:
    """The members of one kind. A given list is the whole set, unless it is appended to; without one nothing is managed."""

    field: Field

    @property
    def name(self) -> str:
        """The option, and the key in the object."""
        return self.field.name

    def parse(self, params: Mapping[str, Any]) -> list[Any] | None:
        """The wanted members in canonical form; None if the task does not list any."""
        given = params.get(self.name)
        return None if given is None else self.field.parse(given) or []

    def read(self, members: Any) -> list[Any]:
        """The members as the server answers them, in canonical form."""
        found: list[Any] = self.field.read(members or [])
        return found

    def difference(
        self, current: Mapping[str, Any] | None, wanted: Sequence[Any] | None, *, append: bool
    ) -> Difference:
        """How the members of a thing (None: a new one) become the wanted ones."""
        present = (current or {}).get(self.name) or []
        if wanted is None:
            return Difference((), (), present)
        added = [member for member in wanted if member not in present]
        dropped = [] if append else [member for member in present if member not in wanted]
        kept = [member for member in present if member not in dropped]
        return Difference(added, dropped, self.field.codec.join(kept, added))
