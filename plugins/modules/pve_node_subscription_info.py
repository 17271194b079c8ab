# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_subscription_info
short_description: Gather information about the subscription of a node
description:
  - Reads the state of the subscription of a node, its key without the secret part.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  node:
    description: Name of the node.
    type: str
    required: true
seealso:
  - module: pve.automation.pve_node_subscription
"""

EXAMPLES = r"""
- name: Read the subscription
  pve.automation.pve_node_subscription_info:
    node: pve1
  register: result

- name: Stop if it is not active
  ansible.builtin.assert:
    that: result.subscription.status == "active"
"""

RETURN = r"""
subscription:
  description: The subscription as the node returns it. Its V(status) is V(notfound) if there is no key. Without Sys.Audit on the node it has
    neither key nor dates.
  returned: success
  type: dict
  contains:
    message: {description: What the check said., type: str}
    status: {description: Power state., type: str}
    url: {description: Where to order., type: str}
    serverid: {description: "Id of the node, which a key is bound to.", type: str}
  sample: {status: active, key: pve2c-**********, level: c, nextduedate: "2027-01-31"}
"""

from ..module_utils._core.resources.node.subscription import SUBSCRIPTION_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(SUBSCRIPTION_INFO)


if __name__ == "__main__":
    main()
