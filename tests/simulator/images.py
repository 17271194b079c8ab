# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CD-ROM images: their label and the files in them, as a guest that mounts one sees them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pycdlib

MAGIC, MAGIC_AT = b"CD001", 0x8001
LARGEST = 4 * 1024 * 1024  # of images that are looked into


@dataclass(frozen=True)
class Image:
    """What is on a CD-ROM, by the names of Joliet."""

    label: str
    files: dict[str, str] = field(default_factory=dict)


def read_image(content: bytes) -> Image | None:
    """The files of an image; None if it is none, or a large one."""
    if len(content) > LARGEST or content[MAGIC_AT : MAGIC_AT + len(MAGIC)] != MAGIC:
        return None
    image = pycdlib.PyCdlib()
    image.open_fp(io.BytesIO(content))
    files = {}
    for directory, _directories, names in image.walk(joliet_path="/"):
        for name in names:
            path = f"{directory.rstrip('/')}/{name}"
            data = io.BytesIO()
            image.get_file_from_iso_fp(data, joliet_path=path)
            files[path.removeprefix("/")] = data.getvalue().decode()
    label = image.pvd.volume_identifier.decode().strip()
    image.close()
    return Image(label, files)
