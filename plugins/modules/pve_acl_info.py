# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_acl_info
short_description: Gather information about the access control list
description:
  - Lists who has which role on which path.
  - The server returns only the entries of paths where the caller may change permissions.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  path:
    description: Only the entries of this path, not of the paths above and below it.
    type: str
seealso:
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_permission_info
"""

EXAMPLES = r"""
- name: Who has a role on the root path
  pve.automation.pve_acl_info:
    path: /
  register: root
"""

RETURN = r"""
acl:
  description: The entries, ordered by path, kind and id of the subject, and role.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: The path., type: str}
    type: {description: "Kind of the subject: V(user), V(group) or V(token).", type: str}
    ugid: {description: "The user, group or token.", type: str}
    roleid: {description: The role., type: str}
    propagate: {description: Whether it holds below the path as well., type: bool}
  sample: [{path: /vms, type: user, ugid: alice@pve, roleid: PVEAuditor, propagate: true}]
"""

from ..module_utils._core.resources.access.acl import ACL_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ACL_INFO)


if __name__ == "__main__":
    main()
