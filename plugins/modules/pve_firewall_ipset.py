# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_firewall_ipset
short_description: Manage firewall IP sets
description:
  - Manages named sets of addresses and networks that rules can use.
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
    description:
      - Name of the set, which PVE keeps in lower case. C(management) and C(blacklist) of the cluster have a meaning of their own, as
        have C(ipfilter-net0) and so on of a guest.
    type: str
    required: true
  comment:
    description: Comment of the set. An empty string clears it.
    type: str
  entries:
    description: What is in the set. The list is the whole set unless O(append) is true; the empty list takes all out.
    type: list
    elements: dict
    suboptions:
      cidr:
        description: An address, a network, or an alias as in V(office), V(dc/office) or V(guest/own).
        type: str
        required: true
      nomatch:
        description: Whether this is an exception from a network in the set.
        type: bool
      comment:
        description: Comment of the entry. An empty string clears it.
        type: str
  append:
    description: Only add the entries that are listed, never take one out.
    type: bool
    default: false
  force:
    description: With O(state=absent), delete the set even if it has entries.
    type: bool
    default: false
  state:
    description: Whether the set exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_firewall
"""

EXAMPLES = r"""
- name: Who may use the web interface
  pve.automation.pve_firewall_ipset:
    scope: cluster
    name: management
    entries:
      - {cidr: 192.0.2.0/24, comment: Office}
      - {cidr: 192.0.2.66, nomatch: true, comment: The coffee machine}

- name: One more, whoever else there is
  pve.automation.pve_firewall_ipset:
    scope: cluster
    name: management
    entries: [{cidr: "2001:db8::1"}]
    append: true
"""

RETURN = r"""
ipset:
  description: The set as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    name: {description: As O(name)., type: str}
    entries: {description: As O(entries)., type: list, elements: dict}
    comment: {description: As O(comment)., type: str}
  sample: {name: management, entries: [{cidr: 192.0.2.0/24, comment: Office}]}
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
  sample: [{method: POST, path: /cluster/firewall/ipset, params: {name: management}, summary: create ipset management}]
"""

from ..module_utils._core.resources.firewall.objects import IPSET
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(IPSET)


if __name__ == "__main__":
    main()
