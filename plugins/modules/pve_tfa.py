# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_tfa
short_description: Manage second factors of users
description:
  - Adds code generators (TOTP), recovery keys and Yubico keys to users; changes and deletes second factors of every type.
  - Factors of type webauthn and u2f can be added in a browser only.
  - PVE lets no API token change second factors; log in with O(api_user) and O(api_password). Others than V(root@pam) confirm a change with O(api_password).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
options:
  userid:
    description: The user with its realm.
    type: str
    required: true
  id:
    description: Id of a factor that exists. Not together with O(type).
    type: str
  type:
    description:
      - Type of the factor. With O(description), it names a factor as well; without one it has to be the only one of its type.
      - A user has at most one set of recovery keys.
    type: str
    choices: [totp, recovery, yubico, webauthn, u2f]
  description:
    description: Description of the factor. With O(id), the description that the factor should have.
    type: str
  enable:
    description: Whether the factor counts at a login. A new one always does.
    type: bool
  totp:
    description: URI of a new code generator, as in C(otpauth://totp/alice@pve?secret=BASE32&issuer=pve).
    type: str
  value:
    description: Present code of the new factor, which proves that it works. For V(totp) it is worked out from O(totp) where it is not given.
    type: str
  unlock:
    description: Let the user try again after too many wrong codes. Needs neither O(id) nor O(type).
    type: bool
    default: false
  state:
    description: Whether the factor exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_user
  - module: pve.automation.pve_tfa_info
"""

EXAMPLES = r"""
- name: A code generator, from a secret that was made elsewhere
  pve.automation.pve_tfa:
    userid: alice@pve
    type: totp
    description: phone
    totp: "otpauth://totp/alice@pve?secret={{ totp_secret }}&issuer=pve"

- name: Recovery keys, which are returned only once
  pve.automation.pve_tfa:
    userid: alice@pve
    type: recovery
  register: recovery
  no_log: true

- name: The phone got lost
  pve.automation.pve_tfa:
    userid: alice@pve
    type: totp
    description: phone
    state: absent
"""

RETURN = r"""
tfa:
  description: The user's second factors as the server has them afterwards. In check mode as they would be, with V((new\)) for the id of a new one.
  returned: success
  type: dict
  contains:
    userid: {description: The user., type: str}
    entries: {description: "Second factors, each with C(id), C(type), C(created), C(description) and C(enable).", type: list, elements: dict}
  sample: {userid: alice@pve, entries: [{id: recovery, type: recovery, created: 1795211669, enable: true}]}
recovery_keys:
  description: The keys, which the server returns only now.
  returned: when recovery keys were added, not in check mode
  type: list
  elements: str
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
  sample: [{method: DELETE, path: "/access/tfa/alice@pve/recovery", params: {}, summary: delete second factor recovery of user alice@pve}]
"""

from ..module_utils._core.resources.access.tfa import TFA
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(TFA)


if __name__ == "__main__":
    main()
