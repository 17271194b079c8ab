# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags that a task adds to a guest or takes away, where it does not manage all of them. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.errors import InvalidOption
from .schema.families import Tags

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    name: {"type": "list", "elements": "str"} for name in ("add_tags", "remove_tags")
}
_TAGS = Tags(";")
# PVE/JSONSchema.pm, pve-tag
_TAG = re.compile(r"[a-z0-9_][a-z0-9_+.-]*", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class TagEdit:
    """Which tags are added and which are removed; all others stay."""

    added: Sequence[str] = ()
    removed: Sequence[str] = ()

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> TagEdit | None:
        """From the options ``add_tags`` and ``remove_tags``; None where neither is given."""
        added, removed = (_TAGS.parse(params.get(name) or []) for name in OPTIONS)
        both = sorted(set(added) & set(removed))
        if both:
            raise InvalidOption("remove_tags", f"{', '.join(both)} is also in add_tags")
        wrong = [tag for tag in added if not _TAG.fullmatch(tag)]
        if wrong:
            raise InvalidOption(
                "add_tags", f"{wrong[0]!r} is not a tag: letters, digits and '_', then also '+', '.' and '-'"
            )
        return cls(added, removed) if added or removed else None

    def apply(self, present: Sequence[str]) -> list[str] | str:
        """All tags of a guest that has these; an empty string if none is left."""
        return sorted({*present, *self.added} - set(self.removed)) or ""


def with_edited_tags(edit: TagEdit | None, current: Mapping[str, Any], config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The desired configuration of a guest with all tags that it is to have."""
    if edit is None:
        return config
    present = current.get("tags") or []
    tags = edit.apply(present)
    return {**config, **({"tags": tags} if tags or present else {})}
