# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_storage_info
short_description: Gather information about storages and their free space
description:
  - Lists the storages of the cluster with their configuration and their status on each node.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.storage
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  storage:
    description: Only this storage. If there is none of that name, the list is empty.
    type: str
  node:
    description:
      - Only storages that this node has, with their status there as it is now.
      - Without it the status on all nodes is the one that the cluster collected some seconds before.
    type: str
  type:
    description: Only storages of this type.
    type: str
  content:
    description: Only storages for this kind of content.
    type: str
    choices: [images, rootdir, vztmpl, iso, backup, snippets, import, none]
seealso:
  - module: pve.automation.pve_storage
"""

EXAMPLES = r"""
- name: Storages for disks
  pve.automation.pve_storage_info:
    content: images
  register: listed
"""

RETURN = r"""
storages:
  description:
    - The storages, ordered by name; sizes in RV(ignore:status) are in bytes.
    - What is set is there under the names of the options of M(pve.automation.pve_storage).
  returned: success
  type: list
  elements: dict
  contains:
    storage: {description: "As O(pve.automation.pve_storage#module:storage).", type: str}
    type: {description: "As O(pve.automation.pve_storage#module:type).", type: str}
    status: {description: "State on each node, with C(node), C(active), C(total), C(used) and C(free).", type: list, elements: dict}
  sample: [{storage: local, type: dir, path: /var/lib/vz, content: [backup, iso], shared: false, status: [{node: pve1, active:
    true, total: 100861726720, used: 21474836480, free: 79386890240}]}]
"""

from ..module_utils._core.resources.storage.storage import STORAGE_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(STORAGE_INFO)


if __name__ == "__main__":
    main()
