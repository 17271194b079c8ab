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
  action_group:
    description: Connection options for all modules of the group are set by C(module_defaults).
    support: full
    membership: [pve.automation.pve]
  async:
    description: Can be used with the C(async) keyword; the module is executed as a process of its own then.
    support: full
  become:
    description: Can be used with C(become) keywords, which make no difference to what the API allows.
    support: full
  delegation:
    description: Can be used with C(delegate_to); the API is called from the host to which the task is delegated.
    support: full
  platform:
    description: Runs on any host with Python that reaches the API.
    support: full
    platforms: posix
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
  action_group:
    description: Connection options for all modules of the group are set by C(module_defaults).
    support: full
    membership: [pve.automation.pve]
  async:
    description: Can be used with the C(async) keyword; the module is executed as a process of its own then.
    support: full
  become:
    description: Can be used with C(become) keywords, which make no difference to what the API allows.
    support: full
  delegation:
    description: Can be used with C(delegate_to); the API is called from the host to which the task is delegated.
    support: full
  platform:
    description: Runs on any host with Python that reaches the API.
    support: full
    platforms: posix
"""
