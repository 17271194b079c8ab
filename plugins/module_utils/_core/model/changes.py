# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between the fields of a thing and those that a task wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .contract import Reader, State
from .errors import InvalidOption
from .field import Fields
from .plan import HIDDEN


def changed_fields(
    fields: Fields, current: Mapping[str, Any], desired: Mapping[str, Any], *, push_secrets: bool = False
) -> dict[str, Any]:
    """The part of a desired state that differs. Secrets cannot be compared: they count only if they are to be pushed."""
    return {
        name: value
        for name, value in desired.items()
        if (push_secrets if fields.named(name).secret else fields.named(name).differs(current.get(name), value))
    }


def secret_keys(fields: Fields, changes: Mapping[str, Any]) -> frozenset[str]:
    """The wire names of the secrets among the changes."""
    return frozenset(fields.named(name).api for name in changes if fields.named(name).secret)


def present_at_creation(fields: Fields, desired: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a desired state that a new thing is created with: what is emptied is not there to begin with."""
    return {name: value for name, value in desired.items() if fields.named(name).result(None, value) is not None}


def require_release(reader: Reader, fields: Fields, names: Iterable[str]) -> None:
    """Refuse options that the server is too old for. It is asked for its release only if one of them has a ``since``."""
    for name in names:
        since = fields.named(name).since
        if since and reader.release() < tuple(int(number) for number in since.split(".")):
            release = ".".join(str(number) for number in reader.release())
            raise InvalidOption(name, f"needs PVE {since} or newer; this server has {release}")


def refuse_create_only(fields: Fields, current: Mapping[str, Any], changes: Mapping[str, Any], what: str) -> None:
    """What is fixed at creation and differs is an error, never silence."""
    for name, value in changes.items():
        if fields.named(name).create_only:
            turn = f"; it is {current.get(name)!r} and cannot become {value!r}" if not fields.named(name).secret else ""
            raise InvalidOption(
                name,
                f"can be set only when the {what} is created{turn}",
                hint="Keep the present value, or delete it and create it again.",
            )


def shown(fields: Fields, current: Mapping[str, Any], changes: Mapping[str, Any]) -> State:
    """The object after the changes, as a user may see it: secrets hidden."""
    after = dict(current)
    for name, value in changes.items():
        field = fields.named(name)
        result = field.result(current.get(name), value)
        if result is None:
            after.pop(name, None)
        else:
            after[name] = HIDDEN if field.secret else result
    return after
