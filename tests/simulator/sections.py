# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named sections of settings, as PVE keeps them in one file per area with one digest for all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from .call import Call
from .errors import ApiError
from .parameters import split_list
from .state import Cluster

MODIFIED = "detected modified configuration - file changed by other user? Try again."
Section = dict[str, Any]
Sections = dict[str, Section]


def sections(cluster: Cluster, area: str) -> Sections:
    """The sections of an area, by name; made when asked for the first time."""
    found: Sections = cluster.areas.setdefault(area, {})
    return found


def digest_of(value: Any, algorithm: Callable[[bytes], Any] = hashlib.sha1) -> str:
    """A digest of settings; any JSON value will do."""
    text: str = algorithm(json.dumps(value, sort_keys=True).encode()).hexdigest()
    return text


def check_digest(call: Call, value: Any, failure: str = "", status: int = 500) -> None:
    """Refuse a change that was made for an older state, if the call gives a digest."""
    if call.given("digest") and call.params["digest"] != digest_of(value):
        raise ApiError(status, f"{failure}{MODIFIED}")


def given(call: Call, *without: str) -> Section:
    """The options that a call sets."""
    control = {"delete", "digest", *without}
    return {name: value for name, value in call.params.items() if name not in control}


def deleted(call: Call) -> list[str]:
    value = call.params.get("delete")
    return value if isinstance(value, list) else split_list(value)


def change(section: Section, options: Section, removed: Iterable[str]) -> None:
    for name in removed:
        section.pop(name, None)
    section.update(options)
