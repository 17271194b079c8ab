# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules that write have in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Runs in check mode and predicts exactly the calls that would be made, without making them.
    support: full
    details:
      - See R(What check mode promises, ansible_collections.pve.automation.docsite.guide_check_mode) and
        R(What is never done without being asked, ansible_collections.pve.automation.docsite.guide_safety).
  diff_mode:
    description: Returns what changes, or in check mode would change, as before and after.
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Only reads, so that check mode makes no difference.
    support: full
  diff_mode:
    description: Changes nothing.
    support: N/A
"""
