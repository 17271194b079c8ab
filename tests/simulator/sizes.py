# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of disks as PVE writes them in configurations ("32G") and takes them in requests."""

from __future__ import annotations

import re

KIB, MIB, GIB = 1024, 1024**2, 1024**3
UNITS = ("", "K", "M", "G", "T")


def format_size(size: int) -> str:
    """The shortest exact text of a number of bytes; an empty volume is "0T" (pve-common, format_size)."""
    for unit in UNITS[:-1]:
        if size % KIB:
            return f"{size}{unit}"
        size //= KIB
    return f"{size}{UNITS[-1]}"


def parse_size(text: str) -> int | None:
    """Bytes of "32G", "512M", "1.5T" or a plain number; None if it is no size."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT])?", text)
    return round(float(match[1]) * KIB ** UNITS.index(match[2] or "")) if match else None


def wanted_size(text: str, current: int) -> int:
    """Bytes that a resize to `text` ("+1G" or "3G") asks for."""
    amount = parse_size(text.removeprefix("+")) or 0
    return current + amount if text.startswith("+") else amount
