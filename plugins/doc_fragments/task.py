# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of modules whose calls run as PVE tasks."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description: Whether to wait for the last PVE task. If not, its UPID is returned as RV(ignore:upid) and nothing is read back.
    type: bool
    default: true
  timeout:
    description: Seconds that each PVE task may take. A task that takes longer goes on; the module fails and names it.
    type: int
    default: 600
"""
