# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_firewall_alias
short_description: Manage firewall aliases
description:
  - Gives networks names that rules and IP sets can use.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.firewall
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.lockout.firewall
options:
  scope:
    description:
      - Whose firewall it is. V(cluster) is that of the whole cluster, V(guest) of one guest.
    type: str
    choices: [cluster, guest]
    required: true
  vmid:
    description: Id of the guest, with O(scope=guest).
    type: int
  name:
    description: Name of the alias.
    type: str
    required: true
  cidr:
    description: The address or network. Needed to create an alias.
    type: str
  comment:
    description: Comment of the alias. An empty string clears it.
    type: str
  state:
    description: Whether the alias exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_firewall
"""

EXAMPLES = r"""
- name: Name the network of the office
  pve.automation.pve_firewall_alias:
    scope: cluster
    name: office
    cidr: 192.0.2.0/24
    comment: Second floor
"""

RETURN = r"""
alias:
  description: The alias as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    name: {description: As O(name)., type: str}
    cidr: {description: As O(cidr)., type: str}
    comment: {description: As O(comment)., type: str}
  sample: {name: office, cidr: 192.0.2.0/24, comment: Second floor}
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
  sample: [{method: POST, path: /cluster/firewall/aliases, params: {name: office, cidr: 192.0.2.0/24}, summary: create alias office}]
"""

from ..module_utils._core.resources.firewall.objects import ALIAS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ALIAS)


if __name__ == "__main__":
    main()
