# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a volume an ext4 file system leaves for files, as a running container reports it."""

from __future__ import annotations

from math import ceil

from .sizes import MIB

INODE_SIZE = 256
DESCRIPTOR_SIZE = 64
# The journal in blocks, by the number of blocks of the file system up to which it applies (ext2fs_default_journal_size).
JOURNALS = ((2048, 0), (32768, 1024), (262143, 4096), (524288, 8192), (4194304, 16384), (8388608, 32768))
LARGEST_JOURNAL = 65536
GROWTH = 1024  # the file system can be grown by this factor, and reserves descriptors for it


def file_system_size(size: int) -> int:
    """Bytes that df shows as the total for a volume of `size` bytes, made with mke2fs's defaults."""
    small = size < 512 * MIB
    block = 1024 if small else 4096
    blocks, per_group = size // block, 8 * block
    groups = ceil(blocks / per_group)
    inode_tables = size // (4096 if small else 16384) * INODE_SIZE // block
    journal = next((length for limit, length in JOURNALS if blocks <= limit), LARGEST_JOURNAL)
    per_block = block // DESCRIPTOR_SIZE
    descriptors = ceil(groups / per_block)
    reserved = min(ceil(ceil(blocks * GROWTH / per_group) / per_block) - descriptors, block // 4)
    copies = sum(1 for group in range(groups) if _has_superblock(group))
    overhead = inode_tables + journal + 2 * groups + copies * (1 + descriptors + reserved) + int(small)
    return max(0, blocks - overhead) * block


def _has_superblock(group: int) -> bool:
    """Groups 0, 1 and the powers of 3, 5 and 7 hold copies of the superblock."""
    if group <= 1:
        return True
    for base in (3, 5, 7):
        power = base
        while power < group:
            power *= base
        if power == group:
            return True
    return False
