# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_acme_account
short_description: Manage ACME accounts
description:
  - Registers an account with an ACME certificate authority such as Let's Encrypt, changes its contacts, and deactivates it.
  - Only C(root@pam) with a password may do this; no API token can.
  - The node that answers connects to the certificate authority, in a task.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  name:
    description: Name of the account in the cluster. Nodes use V(default) unless their option C(acme) names another one.
    type: str
    default: default
  contact:
    description: E-mail addresses that the authority may write to. Needed to register an account.
    type: list
    elements: str
  directory:
    description:
      - URL of the authority's directory; PVE's own default is that of Let's Encrypt. M(pve.automation.pve_acme_account_info) lists known ones.
      - It is fixed when the account is registered; naming another one later is an error.
    type: str
  tos_url:
    description:
      - URL of the authority's terms of service, which agrees to them. Most authorities register no account without it.
        M(pve.automation.pve_acme_account_info) returns it.
      - It is fixed when the account is registered; naming another one later is an error, so leave it out once the terms have moved on.
    type: str
  eab_kid:
    description: Id of the key that binds the account to one that you have with the authority. Used only to register; it cannot be read back.
    type: str
  eab_hmac_key:
    description: That key, in base64. Used only to register; it cannot be read back.
    type: str
  state:
    description:
      - Whether the account exists.
      - V(absent) deactivates it at the authority, which cannot be undone. Certificates stay valid, but are no longer renewed by it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_acme_account_info
  - module: pve.automation.pve_acme_plugin
  - module: pve.automation.pve_node_certificate
"""

EXAMPLES = r"""
- name: Ask what Let's Encrypt wants to be agreed to
  pve.automation.pve_acme_account_info:
    gather: [meta]
  register: authority

- name: Register with it
  pve.automation.pve_acme_account:
    contact: [admin@example.com]
    tos_url: "{{ authority.acme.meta.termsOfService }}"

- name: Register with an authority that binds accounts
  pve.automation.pve_acme_account:
    name: corp
    directory: https://acme.example.com/directory
    contact: [admin@example.com]
    eab_kid: kid-1
    eab_hmac_key: "{{ eab_hmac_key }}"
"""

RETURN = r"""
account:
  description: The account afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    name: {description: As O(name)., type: str}
    location: {description: URL of the account., type: str}
    status: {description: "What the authority says about it, such as V(valid).", type: str}
    contact: {description: As O(contact)., type: list, elements: str}
    directory: {description: As O(directory)., type: str}
    tos_url: {description: As O(tos_url)., type: str}
    eab_kid: {description: As O(eab_kid)., type: str}
    eab_hmac_key: {description: A placeholder if it is set., type: str}
  sample:
    name: default
    contact: [admin@example.com]
    directory: https://acme-v02.api.letsencrypt.org/directory
    location: https://acme-v02.api.letsencrypt.org/acme/acct/1000
    status: valid
upid:
  description: The last task, which was not awaited.
  returned: with O(wait=false), if a task was started
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
  sample: [{method: PUT, path: /cluster/acme/account/default, params: {contact: admin@example.com}, summary: change contact of account default}]
"""

from ..module_utils._core.resources.cluster.acme import ACCOUNT
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ACCOUNT)


if __name__ == "__main__":
    main()
