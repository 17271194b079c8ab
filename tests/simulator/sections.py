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
COMMENTS = ("comment", "description")
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


def as_written(section: Section, failure: str = "", bytes_only: bool = False) -> Section:
    """The section as its file gives it back; ApiError for what the file cannot hold.

    A property is a line, so none has a line feed or blanks around it, and a comment without text is none
    (pve-common, src/PVE/SectionConfig.pm). With `bytes_only`, characters beyond U+00FF cannot be written either.
    """
    texts = {name: value for name, value in section.items() if isinstance(value, str)}
    if any("\n" in text for text in texts.values()):
        raise ApiError(500, f"{failure}property contains a line feed")
    if bytes_only and any(ord(character) > 255 for text in texts.values() for character in text):
        raise ApiError(500, f"{failure}Wide character at /usr/share/perl5/PVE/ParseUtils.pm line 67.")
    written = {**section, **{name: text.strip() for name, text in texts.items()}}
    return {name: value for name, value in written.items() if value != "" or name not in COMMENTS}


def garbled(text: str) -> str:
    """How a text looks whose bytes were taken for characters."""
    return text.encode().decode("latin-1")


def change(section: Section, options: Section, removed: Iterable[str]) -> None:
    for name in removed:
        section.pop(name, None)
    section.update(options)
