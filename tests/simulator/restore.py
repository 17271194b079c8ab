# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring guests from backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import not_simulated

if TYPE_CHECKING:
    from .call import Call


def restore_vm(call: Call) -> str:
    raise not_simulated("restore")


def restore_ct(call: Call) -> str:
    raise not_simulated("restore")
