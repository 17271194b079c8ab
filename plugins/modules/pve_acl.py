# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_acl
short_description: Manage entries of the access control list
description:
  - Manages the entries of the access control list of one path. An entry gives a user, a group or an API token a role.
  - Every subject that is listed gets every role that is listed. Other entries of the path stay, unless O(exclusive) is true.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.lockout
options:
  path:
    description: Path of the objects, such as V(/), V(/vms/100), V(/pool/web) or V(/storage/local).
    type: str
    required: true
  users:
    description: Users with their realm, as in V(alice@pve).
    type: list
    elements: str
  groups:
    description: Groups of users.
    type: list
    elements: str
  tokens:
    description:
      - API tokens, as in V(alice@pve!backup).
      - A token with privilege separation has only what its own entries and those of its user both allow.
    type: list
    elements: str
  roles:
    description: Roles that all of these get or lose.
    type: list
    elements: str
  propagate:
    description:
      - Whether the entries also hold for the paths below.
      - If not set, entries that exist keep what they have, and new ones propagate.
    type: bool
  exclusive:
    description:
      - Take away all entries of O(path) that are not listed here, after the listed ones were granted.
      - Without any subject and role, all entries of the path are taken away.
    type: bool
    default: false
  state:
    description: Whether the listed entries exist. V(absent) takes away exactly these.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_user
  - module: pve.automation.pve_token
  - module: pve.automation.pve_acl_info
"""

EXAMPLES = r"""
- name: Two users and a token may use the guests of a pool
  pve.automation.pve_acl:
    path: /pool/web
    users: [alice@pve, bob@pve]
    tokens: [automation@pve!ansible]
    roles: [PVEVMUser]

- name: Operators may look at everything, but not below the root path
  pve.automation.pve_acl:
    path: /
    groups: [operators]
    roles: [PVEAuditor]
    propagate: false

- name: Nobody but the administrators has a role on this storage
  pve.automation.pve_acl:
    path: /storage/backup
    groups: [admins]
    roles: [PVEDatastoreAdmin]
    exclusive: true

- name: Bob loses his role
  pve.automation.pve_acl:
    path: /pool/web
    users: [bob@pve]
    roles: [PVEVMUser]
    state: absent
"""

RETURN = r"""
acl:
  description: The path with all of its entries as the server has them afterwards. In check mode as they would be.
  returned: success
  type: dict
  contains:
    path: {description: The path., type: str}
    entries: {description: "Its entries, each with C(type), C(ugid), C(roleid) and C(propagate).", type: list, elements: dict}
  sample: {path: /vms, entries: [{type: user, ugid: alice@pve, roleid: PVEAuditor, propagate: true}]}
requests:
  description: The writing API calls that were made, in check mode those that would be made.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: PUT, path: /access/acl, params: {path: /vms, users: alice@pve, roles: PVEAuditor}, summary: grant PVEAuditor on /vms to user alice@pve}]
"""

from ..module_utils._core.resources.access.acl import ACL
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ACL)


if __name__ == "__main__":
    main()
