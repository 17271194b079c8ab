# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of modules whose changes may shut out the one who makes them."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  allow_lockout:
    description:
      - Whether the change may take rights to manage users, groups, roles, realms and access control lists from the user or token that
        the task logs in with, so that it could not take the change back; and whether C(root@pam) may be deleted or disabled.
      - If it may not, such a change is refused. To find out, the module reads the user, the roles and the access control lists before
        a change. Nothing is read where nothing is to be changed, or where C(root@pam) itself logs in.
    type: bool
    default: false
"""

    FIREWALL = r"""
options:
  allow_lockout:
    description:
      - Whether the change may shut out the machine that runs the task from the node that it talks to, see the option of the same name
        of M(pve.automation.pve_firewall). It concerns the firewall of the cluster, not those of guests.
    type: bool
    default: false
"""
