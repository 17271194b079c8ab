# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both kinds of guests, by PVE's word for them, and the words that tasks have."""

from __future__ import annotations

from collections.abc import Mapping

from .guest import Guest
from .lxc import LXC
from .vm import VM

BY_TYPE: Mapping[str, Guest] = {"qemu": VM, "lxc": LXC}
WORDS = {"qemu": "vm", "lxc": "lxc"}
BY_WORD: Mapping[str, Guest] = {WORDS[kind]: guest for kind, guest in BY_TYPE.items()}
