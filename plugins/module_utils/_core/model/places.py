# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where guests were seen, so that several tasks about one guest look for it once."""

from __future__ import annotations

import re

# Writes below these paths leave a guest where it is.
_STAYS = re.compile(r"/nodes/[^/]+/(qemu|lxc)/\d+/(config|firewall|status|snapshot|agent|resize)(/.*)?")


class Places:
    """The type and node of guests by id, as one client saw them last.

    A place is a hint: the guest may have moved or be another one by now. Whoever takes a hint confirms it by reading the
    configuration of the guest there, which also has its present name. See docs/adr/0011.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, str]] = {}

    def get(self, vmid: int) -> tuple[str, str] | None:
        """The type and node of a guest, None if it was not seen."""
        return self._seen.get(vmid)

    def note(self, vmid: int, kind: str, node: str) -> None:
        """Remember where a guest was found."""
        self._seen[vmid] = (kind, node)

    def written(self, path: str) -> None:
        """Forget all places after a write to this path, unless it leaves guests where they are."""
        if not _STAYS.fullmatch(path):
            self._seen.clear()
