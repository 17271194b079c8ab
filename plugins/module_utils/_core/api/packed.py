# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed files that are unpacked while they are read."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

OPENERS: Mapping[str, Callable[..., IO[Any]]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
UNREADABLE = (
    OSError,
    EOFError,
    lzma.LZMAError,
    zlib.error,
)  # what reading a file that is not what its name says raises
_BLOCK = 1024 * 1024


def open_file(path: str, packed: str = "") -> IO[Any]:
    """A file to read in binary; ``packed`` is the ending of its compression, which reading takes away."""
    return OPENERS[packed](path, "rb") if packed else Path(path).open("rb")


def size_of(path: str, packed: str = "") -> int:
    """The size of a file in bytes, without its compression; raises one of ``UNREADABLE``."""
    with open_file(path, packed) as file:
        if not packed:
            return file.seek(0, 2)
        return sum(len(block) for block in iter(lambda: file.read(_BLOCK), b""))
