# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_role
short_description: Manage roles
description:
  - Creates, changes and deletes roles, which are sets of privileges.
  - Roles that come with PVE, and names that start with C(PVE), are refused by the server.
  - Deleting a role also deletes the entries of access control lists that grant it.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.lockout
options:
  roleid:
    description: Name of the role.
    type: str
    required: true
    aliases: [name]
  privs:
    description:
      - Privileges, as in V(VM.Audit). The list is the whole list unless O(append) is true; the empty list empties the role.
      - Privileges that only the other major release of PVE knows, such as C(VM.Monitor) of PVE 8, are refused with what replaces them.
    type: list
    elements: str
  append:
    description: Only add the privileges that are listed, never take one away.
    type: bool
    default: false
  state:
    description: Whether the role exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_permission_info
  - module: pve.automation.pve_role_info
"""

EXAMPLES = r"""
- name: May look at guests and switch them on and off
  pve.automation.pve_role:
    roleid: Operator
    privs: [VM.Audit, VM.PowerMgmt, VM.Console]

- name: May make backups, too
  pve.automation.pve_role:
    roleid: Operator
    privs: [VM.Backup]
    append: true
"""

RETURN = r"""
role:
  description: The role as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    roleid: {description: As O(roleid)., type: str}
    privs: {description: As O(privs)., type: list, elements: str}
  sample: {roleid: Operator, privs: [VM.Audit, VM.Console, VM.PowerMgmt]}
requests:
  description: The writing API calls that were made, in check mode those that would be made; secrets are hidden.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: PUT, path: /access/roles/Operator, params: {privs: VM.Backup, append: true}, summary: change privs of role Operator}]
"""

from ..module_utils._core.resources.access.role import ROLE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ROLE)


if __name__ == "__main__":
    main()
