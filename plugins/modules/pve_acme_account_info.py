# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_acme_account_info
short_description: Gather information about ACME accounts and certificate authorities
description:
  - Lists the cluster's accounts with ACME certificate authorities, the directories that PVE knows, and what a directory publishes about itself.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  gather:
    description:
      - What is read. V(accounts) takes one request for the list and one for each account, and only C(root@pam) with a password may do it.
      - V(meta) lets the node ask the certificate authority.
    type: list
    elements: str
    choices: [accounts, directories, meta]
    default: [accounts]
  name:
    description: Only this account. If there is none of that name, the list is empty.
    type: str
  directory:
    description: URL of the directory that V(meta) of O(gather) is about; PVE's own default is that of Let's Encrypt.
    type: str
seealso:
  - module: pve.automation.pve_acme_account
"""

EXAMPLES = r"""
- name: All accounts
  pve.automation.pve_acme_account_info:
  register: accounts

- name: Known directories, and the terms of service of one
  pve.automation.pve_acme_account_info:
    gather: [directories, meta]
    directory: https://acme-staging-v02.api.letsencrypt.org/directory
"""

RETURN = r"""
acme:
  description: What was asked for by O(gather).
  returned: success
  type: dict
  contains:
    accounts:
      description: The accounts, ordered by name.
      type: list
      elements: dict
      sample: [{name: default, contact: [admin@example.com], status: valid}]
    directories:
      description: The directories that PVE knows by name.
      type: list
      elements: dict
      sample: [{name: "Let's Encrypt V2", url: "https://acme-v02.api.letsencrypt.org/directory"}]
    meta:
      description: What the directory publishes about itself.
      type: dict
      sample: {termsOfService: "https://letsencrypt.org/documents/LE-SA-v1.5-February-24-2025.pdf"}
"""

from ..module_utils._core.resources.cluster.acme import ACCOUNT_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ACCOUNT_INFO)


if __name__ == "__main__":
    main()
