# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests, pools, nodes and storages that a selector names: they have to exist, or a misspelt name would select nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..model.errors import CREATED_FIRST, InvalidOption

_PATTERN = frozenset("*?[")
# last part of an option's name -> the kind of what it names
_KINDS = {"vmid": "guest", "name": "guest", "pool": "pool", "node": "node", "storage": "storage"}
_KEYS = {"exclude": "vmid"}  # options with other names than what they name


def unknown(rows: Sequence[Mapping[str, Any]], option: str, value: Any) -> list[str]:
    """What of the values of an option is not among the rows of /cluster/resources. A pattern may fit nothing."""
    key = _KEYS.get(option, option.rpartition(".")[2])
    if key not in _KINDS or value is None:
        return []
    wanted = [str(item) for item in (value if isinstance(value, list) else [value])]
    known = {str(row[key]) for row in rows if key in row}
    return [item for item in wanted if item not in known and not (key == "name" and _PATTERN & set(item))]


def refuse_unknown(rows: Sequence[Mapping[str, Any]], named: Mapping[str, Any]) -> None:
    """Refuse options that name a guest, a pool, a node or a storage that does not exist, or that the caller may not see."""
    for option, value in named.items():
        missing = unknown(rows, option, value)
        if missing:
            raise InvalidOption(option, _said(option, missing), hint=f"{HINT} {CREATED_FIRST}")


def warn_of_unknown(warnings: list[str], rows: Sequence[Mapping[str, Any]], named: Mapping[str, Any]) -> None:
    """The same as a warning, for modules that only read."""
    for option, value in named.items():
        missing = unknown(rows, option, value)
        if missing:
            warnings.append(f"{option}: {_said(option, missing)}.")


HINT = "Check its spelling; what the login has no right to see is not listed either."


def _said(option: str, missing: Iterable[str]) -> str:
    kind = _KINDS[_KEYS.get(option, option.rpartition(".")[2])]
    return f"there is no {kind} {', '.join(missing)}"
