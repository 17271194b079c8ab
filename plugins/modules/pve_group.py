# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_group
short_description: Manage groups of users
description:
  - Creates, changes and deletes groups, and says who belongs to them.
  - Deleting a group also deletes its entries in access control lists, but not its members.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.lockout
options:
  groupid:
    description: Name of the group.
    type: str
    required: true
    aliases: [name]
  comment:
    description: Comment. An empty string clears it.
    type: str
  members:
    description: Users in the group, with their realm. The list is the whole list unless O(append) is true; the empty list takes all out.
    type: list
    elements: str
  append:
    description: Only add the users that are listed, never take one out.
    type: bool
    default: false
  state:
    description: Whether the group exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_user
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_group_info
"""

EXAMPLES = r"""
- name: A group with two members
  pve.automation.pve_group:
    groupid: operators
    comment: People on duty
    members: [alice@pve, bob@pve]

- name: One more, whoever else is in it
  pve.automation.pve_group:
    groupid: operators
    members: [carol@pve]
    append: true
"""

RETURN = r"""
group:
  description: The group as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    groupid: {description: As O(groupid)., type: str}
    comment: {description: As O(comment)., type: str}
    members: {description: As O(members)., type: list, elements: str}
  sample: {groupid: operators, comment: People on duty, members: [alice@pve, bob@pve]}
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
  sample: [{method: PUT, path: "/access/users/alice@pve", params: {groups: operators, append: true}, summary: put user alice@pve into group operators}]
"""

from ..module_utils._core.resources.access.group import GROUP
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(GROUP)


if __name__ == "__main__":
    main()
