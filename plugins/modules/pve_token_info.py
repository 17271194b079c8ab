# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_token_info
short_description: Gather information about API tokens
description:
  - Lists the API tokens of a user. No one can read their secrets.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  userid:
    description: The user with its realm.
    type: str
    required: true
  tokenid:
    description: Only this token. If there is none of that name, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_token
"""

EXAMPLES = r"""
- name: Tokens of the automation user
  pve.automation.pve_token_info:
    userid: automation@pve
  register: listed
"""

RETURN = r"""
tokens:
  description: The tokens, ordered by name.
  returned: success
  type: list
  elements: dict
  contains:
    tokenid: {description: "As O(pve.automation.pve_token#module:tokenid).", type: str}
    full_tokenid: {description: "User and token, as in C(api_token_id).", type: str}
    comment: {description: "As O(pve.automation.pve_token#module:comment).", type: str}
    expire: {description: "As O(pve.automation.pve_token#module:expire).", type: int}
    privsep: {description: "As O(pve.automation.pve_token#module:privsep).", type: bool}
  sample: [{userid: automation@pve, tokenid: ansible, full_tokenid: automation@pve!ansible, expire: 0, privsep: true}]
"""

from ..module_utils._core.resources.access.token import TOKEN_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(TOKEN_INFO)


if __name__ == "__main__":
    main()
