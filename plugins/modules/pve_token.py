# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_token
short_description: Manage API tokens
description:
  - Creates, changes, regenerates and deletes API tokens of users.
  - The server returns the secret of a token only once, when it is created or regenerated. It is returned as RV(token_secret); keep it then.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.lockout
options:
  tokenid:
    description: Name of the token, or the whole V(alice@pve!backup).
    type: str
    required: true
  userid:
    description: User that the token belongs to, where O(tokenid) does not name it.
    type: str
  comment:
    description: Comment. An empty string clears it.
    type: str
  expire:
    description:
      - When the token expires, as V(never) or V(0), as seconds since the epoch or as an ISO date such as V(2027-01-31) or
        V(2027-01-31T12:00+01:00); UTC unless it names a zone.
      - A period such as V(90d), V(12h) or V(1y) counts from the creation of the token, and again when it is regenerated.
      - An existing token's expiry is cut by a period where it lies further ahead, or never comes; otherwise it stays, so that a
        second run changes nothing. See O(renew_before).
    type: str
  renew_before:
    description:
      - With a period in O(expire), let the period begin again, with the same secret, when less than this is left or the token has expired.
      - Without it an existing token is never given more time.
    type: str
  privsep:
    description:
      - Whether the token has only what its own entries in access control lists and its user's both allow. Without it the token may do all that its user may.
      - The server separates new tokens. Such a token may do nothing until M(pve.automation.pve_acl) grants it a role.
    type: bool
  regenerate:
    description:
      - Give the token a new secret. The old one stops working at once. A task with this always reports a change.
      - Servers before PVE 9.1 cannot do that to a token; there it is deleted and created again, with the same properties and the same roles on the same paths.
      - That needs V(Permissions.Modify) on these paths, because the server shows roles on other paths to nobody.
    type: bool
    default: false
  state:
    description: Whether the token exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_user
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_token_info
"""

EXAMPLES = r"""
- name: A token for automation
  pve.automation.pve_token:
    tokenid: automation@pve!ansible
    comment: For playbooks
    expire: 90d
    renew_before: 14d
  register: created
  no_log: true

- name: Keep its secret where it was created just now
  ansible.builtin.copy:
    content: "{{ created.token_secret }}"
    dest: ~/.pve-token
    mode: "0600"
  when: created.token_secret is defined
  no_log: true

- name: A new secret, for instance after the old one leaked
  pve.automation.pve_token:
    tokenid: automation@pve!ansible
    regenerate: true
  register: regenerated
  no_log: true
"""

RETURN = r"""
token:
  description: The token as the server has it afterwards, without its secret; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    full_tokenid: {description: "User and token, as in C(api_token_id).", type: str}
    userid: {description: As O(userid)., type: str}
    tokenid: {description: As O(tokenid)., type: str}
    comment: {description: As O(comment)., type: str}
    expire: {description: As O(expire)., type: int}
    privsep: {description: As O(privsep)., type: bool}
  sample: {userid: automation@pve, tokenid: ansible, full_tokenid: automation@pve!ansible, expire: 0, privsep: true}
token_secret:
  description: The secret, which the server returns only now.
  returned: when the token was created or regenerated, not in check mode
  type: str
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
  sample: [{method: POST, path: "/access/users/automation@pve/token/ansible", params: {privsep: 0}, summary: create token automation@pve!ansible}]
"""

from ..module_utils._core.resources.access.token import TOKEN
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(TOKEN)


if __name__ == "__main__":
    main()
