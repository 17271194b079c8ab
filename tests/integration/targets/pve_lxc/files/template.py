# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a container template that is as small as can be: it passes for Alpine Linux, and its init does nothing."""

from __future__ import annotations

import io
import struct
import sys
import tarfile

BASE = 0x400000  # where the program is loaded
CODE = bytes.fromhex("b822000000 0f05 ebf7")  # x86-64: call pause() for ever
FOLDERS = ("bin", "dev", "etc", "etc/network", "proc", "root", "run", "sbin", "sys", "tmp", "var")
FILES = {
    "etc/alpine-release": b"3.20.0\n",
    "etc/hostname": b"pvetest\n",
    "etc/inittab": b"::sysinit:/bin/true\n",
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n",
    "etc/shadow": b"root:*:19000:0:::::\n",
}


def program() -> bytes:
    """A static ELF file with one segment, which begins at the file's first byte."""
    start = 64 + 56  # behind the two headers
    size = start + len(CODE)
    identity = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, BASE + start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, BASE, size, size, 0x1000)
    return identity + header + segment + CODE


def main(path: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name in FOLDERS:
            folder = tarfile.TarInfo(f"./{name}")
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        for name, content in {**FILES, "sbin/init": program()}.items():
            file = tarfile.TarInfo(f"./{name}")
            file.size, file.mode = len(content), 0o755 if name == "sbin/init" else 0o644
            archive.addfile(file, io.BytesIO(content))


if __name__ == "__main__":
    main(sys.argv[1])
