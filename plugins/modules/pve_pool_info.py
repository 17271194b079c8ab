# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_pool_info
short_description: Gather information about resource pools
description:
  - Lists pools. The members are returned for a single pool only, because the server returns them only then.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  poolid:
    description: Only this pool, with its members. If there is none of that name, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_pool
"""

EXAMPLES = r"""
- name: All pools
  pve.automation.pve_pool_info:
  register: listed

- name: What is in one
  pve.automation.pve_pool_info:
    poolid: web
  register: web
"""

RETURN = r"""
pools:
  description: The pools, ordered by name; with O(poolid) the one with its members.
  returned: success
  type: list
  elements: dict
  contains:
    poolid: {description: "As O(pve.automation.pve_pool#module:poolid).", type: str}
    vms: {description: "Ids of the guests in it, with O(poolid).", type: list, elements: int}
    storage: {description: "Storages in it, with O(poolid).", type: list, elements: str}
    comment: {description: "As O(pve.automation.pve_pool#module:comment).", type: str}
  sample: [{poolid: web, comment: Web servers, vms: [9001, 9002], storage: [local]}]
"""

from ..module_utils._core.resources.cluster.pool import POOL_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(POOL_INFO)


if __name__ == "__main__":
    main()
