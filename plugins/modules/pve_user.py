# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_user
short_description: Manage users
description:
  - Creates, changes and deletes users of any realm.
  - The API tokens of a user are never touched, except that they go with the user when it is deleted, as do its entries in access control lists.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.lockout
options:
  userid:
    description:
      - Name of the user with its realm, as in V(alice@pve).
      - Only printable ASCII is accepted. PVE creates users with other characters, but its API never finds them again.
    type: str
    required: true
    aliases: [name]
  comment:
    description: Comment. An empty string clears it.
    type: str
  email:
    description: Mail address. An empty string clears it.
    type: str
  enable:
    description: Whether the user may log in. PVE's default is V(true).
    type: bool
  expire:
    description:
      - When the account expires, as V(never) or V(0), as seconds since the epoch or as an ISO date such as V(2027-01-31) or
        V(2027-01-31T12:00+01:00); UTC unless it names a zone.
      - A period such as V(90d), V(12h) or V(1y) counts from the creation of the user.
      - An existing user's expiry is cut by a period where it lies further ahead, or never comes; otherwise it stays, so that a second run changes nothing.
    type: str
  firstname:
    description: First name. An empty string clears it.
    type: str
  groups:
    description: Groups of the user. The list is the whole list unless O(append) is true; the empty list takes the user out of all.
    type: list
    elements: str
  append:
    description: Only add the groups that are listed, never take the user out of one.
    type: bool
    default: false
  keys:
    description: Keys for a second factor that the realm demands (Yubico). See O(update_password).
    type: str
  lastname:
    description: Last name. An empty string clears it.
    type: str
  password:
    description:
      - Password, of at least 8 characters, for realms that keep one. See O(update_password).
      - The password of an existing user cannot be changed with an API token.
    type: str
  update_password:
    description:
      - When secrets (O(password), O(keys)) are sent. The server never returns them, so they cannot be compared.
      - V(on_create) sends them only when the user is created; V(always) sends them on each run, which then always reports a change.
    type: str
    choices: [on_create, always]
    default: on_create
  unset:
    description: Options to remove from the user, by name. An empty string does the same for a single one.
    type: list
    elements: str
  state:
    description: Whether the user exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_token
  - module: pve.automation.pve_group
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_user_info
"""

EXAMPLES = r"""
- name: A user in two groups
  pve.automation.pve_user:
    userid: alice@pve
    password: "{{ alice_password }}"
    comment: Operator
    groups: [operators, backup]

- name: One more group, whatever else there is
  pve.automation.pve_user:
    userid: alice@pve
    groups: [auditors]
    append: true

- name: Lock an account
  pve.automation.pve_user:
    userid: bob@pve
    enable: false

- name: An account for three months
  pve.automation.pve_user:
    userid: trainee@pve
    expire: 90d
"""

RETURN = r"""
user:
  description:
    - The user as the server has it afterwards, without secrets; null if it does not exist. In check mode as it would be.
    - Also there are, as far as PVE returns them, C(keys).
  returned: success
  type: dict
  contains:
    userid: {description: As O(userid)., type: str}
    comment: {description: As O(comment)., type: str}
    email: {description: As O(email)., type: str}
    enable: {description: As O(enable)., type: bool}
    expire: {description: As O(expire)., type: int}
    firstname: {description: As O(firstname)., type: str}
    groups: {description: As O(groups)., type: list, elements: str}
    lastname: {description: As O(lastname)., type: str}
    password: {description: A placeholder if it is set., type: str}
  sample: {userid: alice@pve, enable: true, expire: 0, comment: Operator, groups: [backup, operators]}
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
  sample: [{method: PUT, path: /access/users/alice@pve, params: {comment: Operator}, summary: change comment of user alice@pve}]
"""

from ..module_utils._core.resources.access.user import USER
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(USER)


if __name__ == "__main__":
    main()
