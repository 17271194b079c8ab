# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_firewall_group
short_description: Manage firewall security groups
description:
  - Creates and deletes named lists of rules that other lists can refer to.
  - The rules of a group are managed by M(pve.automation.pve_firewall) with O(pve.automation.pve_firewall#module:scope=group).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.firewall
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.lockout.firewall
options:
  group:
    description: Name of the group, at most 18 characters, which PVE keeps in lower case.
    type: str
    required: true
    aliases: [name]
  comment:
    description: Comment of the group. An empty string clears it.
    type: str
  force:
    description: With O(state=absent), delete the group even if it has rules.
    type: bool
    default: false
  state:
    description: Whether the group exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_firewall
"""

EXAMPLES = r"""
- name: A group for what every guest needs
  pve.automation.pve_firewall_group:
    group: base
    comment: For every guest
"""

RETURN = r"""
group:
  description: The group as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    group: {description: As O(group)., type: str}
    comment: {description: As O(comment)., type: str}
  sample: {group: base, comment: For every guest}
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
  sample: [{method: POST, path: /cluster/firewall/groups, params: {group: base}, summary: create group base}]
"""

from ..module_utils._core.resources.firewall.objects import GROUP
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(GROUP)


if __name__ == "__main__":
    main()
