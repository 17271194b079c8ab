# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_subscription
short_description: Manage the subscription of a node
description:
  - Sets and deletes the subscription key of a node, and lets the node check it again.
  - The key is compared with the one that the node has, and shown without its secret part.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
options:
  node:
    description: Name of the node.
    type: str
    required: true
  key:
    description:
      - The subscription key, such as V(pve2c-0123456789).
      - The node asks Proxmox's server about it at once. If that cannot be reached, the task fails, though the key is kept;
        O(check) asks again.
    type: str
  check:
    description: Whether the node asks Proxmox's server about its key, however short the last time is ago. This is an action, which reports
      a change in every run. A new key is checked anyway.
    type: bool
    default: false
  state:
    description: Whether the node has a subscription key.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_node_subscription_info
  - module: pve.automation.pve_node_repository
"""

EXAMPLES = r"""
- name: Set the key of a node
  pve.automation.pve_node_subscription:
    node: pve1
    key: "{{ subscription_keys.pve1 }}"

- name: Use the repository that comes with it
  pve.automation.pve_node_repository:
    node: pve1
    handle: enterprise
    enabled: true
"""

RETURN = r"""
subscription:
  description: The subscription afterwards, its key without the secret part; null if there is none. In check mode as far as it is known.
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    key: {description: "The key, without its secret part.", type: str}
    status: {description: "V(active), V(notfound), V(invalid), V(expired) or V(suspended).", type: str}
    level: {description: Level of the subscription., type: str}
    productname: {description: Name of the product., type: str}
    sockets: {description: Number of sockets., type: int}
    checktime: {description: "When it was checked last, in seconds since the epoch.", type: int}
    nextduedate: {description: When it ends., type: str}
    regdate: {description: When it was registered., type: str}
    serverid: {description: "Id of the node, which a key is bound to.", type: str}
    url: {description: Page of the product., type: str}
    message: {description: What the check said., type: str}
  sample:
    node: pve1
    key: pve2c-**********
    status: active
    level: c
    productname: Proxmox VE Community Subscription 2 CPUs/year
    nextduedate: "2027-01-31"
    checktime: 1790000000
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
  sample: [{method: DELETE, path: /nodes/pve1/subscription, params: {}, summary: delete the subscription key of pve1}]
"""

from ..module_utils._core.resources.node.subscription import SUBSCRIPTION
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(SUBSCRIPTION)


if __name__ == "__main__":
    main()
