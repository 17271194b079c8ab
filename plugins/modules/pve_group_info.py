# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_group_info
short_description: Gather information about groups of users
description:
  - Lists groups with their members.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  groupid:
    description: Only this group. If there is none of that name, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_group
"""

EXAMPLES = r"""
- name: All groups
  pve.automation.pve_group_info:
  register: listed
"""

RETURN = r"""
groups:
  description: The groups, ordered by name.
  returned: success
  type: list
  elements: dict
  contains:
    groupid: {description: "As O(pve.automation.pve_group#module:groupid).", type: str}
    comment: {description: "As O(pve.automation.pve_group#module:comment).", type: str}
    members: {description: "As O(pve.automation.pve_group#module:members).", type: list, elements: str}
  sample: [{groupid: operators, comment: People on duty, members: [alice@pve, bob@pve]}]
"""

from ..module_utils._core.resources.access.group import GROUP_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(GROUP_INFO)


if __name__ == "__main__":
    main()
