# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_user_info
short_description: Gather information about users
description:
  - Lists users with their groups and API tokens, without any secret.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  userid:
    description: Only this user. If there is none of that name, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_user
"""

EXAMPLES = r"""
- name: All users
  pve.automation.pve_user_info:
  register: listed

- name: Those who can never expire
  ansible.builtin.debug:
    msg: "{{ listed.users | selectattr('expire', 'equalto', 0) | map(attribute='userid') }}"
"""

RETURN = r"""
users:
  description:
    - The users, ordered by name.
    - Also there are, as far as PVE returns them, C(keys) and C(realm-type).
  returned: success
  type: list
  elements: dict
  contains:
    userid: {description: "As O(pve.automation.pve_user#module:userid).", type: str}
    tokens: {description: "Tokens, each with C(tokenid), C(privsep) and C(expire).", type: list, elements: dict}
    comment: {description: "As O(pve.automation.pve_user#module:comment).", type: str}
    email: {description: "As O(pve.automation.pve_user#module:email).", type: str}
    enable: {description: "As O(pve.automation.pve_user#module:enable).", type: bool}
    expire: {description: "As O(pve.automation.pve_user#module:expire).", type: int}
    firstname: {description: "As O(pve.automation.pve_user#module:firstname).", type: str}
    groups: {description: "As O(pve.automation.pve_user#module:groups).", type: list, elements: str}
    lastname: {description: "As O(pve.automation.pve_user#module:lastname).", type: str}
    password: {description: A placeholder if it is set., type: str}
  sample: [{userid: alice@pve, enable: true, expire: 0, groups: [operators], realm-type: pve, tokens: [{tokenid: backup, privsep: 1, expire: 0}]}]
"""

from ..module_utils._core.resources.access.user import USER_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(USER_INFO)


if __name__ == "__main__":
    main()
