# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_role_info
short_description: Gather information about roles
description:
  - Lists roles with their privileges.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  roleid:
    description: Only this role. If there is none of that name, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_role
"""

EXAMPLES = r"""
- name: What an administrator may do
  pve.automation.pve_role_info:
    roleid: Administrator
  register: listed
"""

RETURN = r"""
roles:
  description: The roles, ordered by name; RV(ignore:special) marks those that are built in.
  returned: success
  type: list
  elements: dict
  contains:
    roleid: {description: "As O(pve.automation.pve_role#module:roleid).", type: str}
    special: {description: Whether it is built in., type: bool}
    privs: {description: "As O(pve.automation.pve_role#module:privs).", type: list, elements: str}
  sample: [{roleid: Operator, privs: [VM.Audit, VM.PowerMgmt], special: false}]
"""

from ..module_utils._core.resources.access.role import ROLE_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ROLE_INFO)


if __name__ == "__main__":
    main()
