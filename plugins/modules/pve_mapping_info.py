# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_mapping_info
short_description: Gather information about resource mappings
description:
  - Lists the names by which guests refer to PCI devices, USB devices or directories.
  - Only those are listed that the user may see.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.cluster
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  type:
    description: What is mapped.
    type: str
    choices: [pci, usb, dir]
    required: true
  id:
    description: Only this mapping. If there is none of that id, the list is empty.
    type: str
  check_node:
    description: Look on this node what is wrong with each mapping there, such as a device that is gone.
    type: str
seealso:
  - module: pve.automation.pve_mapping
"""

EXAMPLES = r"""
- name: Which cards are not what their mapping says
  pve.automation.pve_mapping_info:
    type: pci
    check_node: pve1
  register: listed

- name: Show them
  ansible.builtin.debug:
    msg: "{{ listed.mappings | selectattr('problems') }}"
"""

RETURN = r"""
mappings:
  description: The mappings, ordered by id. C(problems) are there if O(check_node) is set, each with C(severity) and C(message).
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: "As O(pve.automation.pve_mapping#module:id).", type: str}
    type: {description: As O(type)., type: str}
    problems: {description: "Problems on the node, each with C(severity) and C(message).", type: list, elements: dict}
  sample: [{id: media, type: dir, map: [{node: pve1, path: /srv/media}], problems: []}]
"""

from ..module_utils._core.resources.cluster.mapping import MAPPING_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(MAPPING_INFO)


if __name__ == "__main__":
    main()
