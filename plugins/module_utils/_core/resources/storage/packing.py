# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a file for a storage is compressed, recognised by its name, and who can unpack it."""

from __future__ import annotations

from collections.abc import Collection

from ...api.packed import OPENERS, UNREADABLE, size_of
from ...model.errors import InvalidOption

# PVE/Storage/Plugin.pm: the compressions that a node takes away from what it downloads, with the endings of files
COMPRESSIONS = {"gz": ".gz", "lzo": ".lzo", "zst": ".zst", "bz2": ".bz2"}
_ENDINGS = (*COMPRESSIONS.values(), *(ending for ending in OPENERS if ending not in COMPRESSIONS.values()))


def ending_of(name: str, suffixes: Collection[str]) -> str:
    """The ending of the compression of an image; empty where a storage takes the file as it is, or does not know it."""
    known = tuple(suffixes)
    if not known or name.lower().endswith(known):
        return ""
    return next((end for end in _ENDINGS if name.lower().endswith(end) and _inner(name, end).endswith(known)), "")


def _inner(name: str, ending: str) -> str:
    return name.lower().removesuffix(ending)


def without_ending(name: str, ending: str) -> str:
    """A name without the ending of its compression, in whatever case."""
    return name[: len(name) - len(ending)] if ending else name


def of_download(name: str, suffixes: Collection[str]) -> str | None:
    """The compression that the node takes away from a download; None if there is none. InvalidOption if it cannot."""
    ending = ending_of(name, suffixes)
    found = next((word for word, end in COMPRESSIONS.items() if end == ending), None)
    if ending and found is None:
        raise InvalidOption(
            "url",
            f"PVE cannot unpack {ending} files, and keeps none as an image",
            hint="Download it to the controller, and give it as src, which is unpacked while it is sent.",
        )
    return found


def of_upload(name: str, suffixes: Collection[str]) -> str:
    """The ending of the compression that is taken away from a file while it is sent; empty for none. InvalidOption if it cannot."""
    ending = ending_of(name, suffixes)
    if ending and ending not in OPENERS:
        raise InvalidOption(
            "src",
            f"{name!r} is compressed, PVE keeps no such file, and Python cannot unpack {ending} files everywhere",
            hint="Decompress it first, and upload the result.",
        )
    return ending


def uploaded_size(src: str, packed: str) -> int:
    """The size of a file as it arrives, in bytes; InvalidOption if it cannot be read or is empty."""
    try:
        size = size_of(src, packed)
    except UNREADABLE as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InvalidOption("src", f"{src} cannot be read where the module runs: {why}") from None
    if not size:
        raise InvalidOption("src", f"{src} is empty")
    return size
