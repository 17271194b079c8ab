# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_mapping
short_description: Manage resource mappings of devices and directories
description:
  - Manages the names by which guests refer to PCI devices, USB devices and directories, whatever these are called on each node.
  - Permissions on a mapping are below V(/mapping), see M(pve.automation.pve_acl).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.cluster
  - pve.automation.attributes
  - pve.automation.connection
options:
  id:
    description: Id of the mapping. The ids of each type are separate.
    type: str
    required: true
    aliases: [name]
  type:
    description: What is mapped. An option of another type is refused.
    type: str
    choices: [pci, usb, dir]
    required: true
  map:
    description:
      - What the name means on which node, each as a dict or as PVE's text, such as V(node=pve1,path=/srv/share). Needed to create a mapping.
      - The list is the whole list unless O(append) is true. An entry is always the whole entry. Their order means nothing.
      - With O(type=pci) an entry has C(node), C(path) and C(id), and may have C(iommugroup), C(subsystem-id) and C(description).
        Several functions of a device are separated by semicolons in C(path).
      - With O(type=usb) an entry has C(node) and C(id), and may have C(path), which picks a port, and C(description).
      - With O(type=dir) an entry has C(node) and C(path).
      - Put addresses in quotes, as in V("0000:01:00.0"); without them YAML reads a number.
    type: list
    elements: raw
  append:
    description:
      - Leave the entries of nodes that O(map) does not name as they are, so that each node can be described by itself.
        Those of the nodes that it names are replaced.
    type: bool
    default: false
  description:
    description: Description of the mapping. An empty string removes it.
    type: str
  mdev:
    description: Whether the device provides mediated devices, with O(type=pci). PVE's default is V(false).
    type: bool
  live_migration_capable:
    description: Whether guests with the device can be migrated while they run, with O(type=pci). PVE's default is V(false).
    type: bool
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  state:
    description: Whether the mapping exists. It is deleted even if guests use it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_mapping_info
  - module: pve.automation.pve_vm
"""

EXAMPLES = r"""
- name: One name for the graphics cards of two nodes
  pve.automation.pve_mapping:
    type: pci
    id: gpu
    description: Graphics for machine learning
    map:
      - {node: pve1, path: "0000:01:00.0;0000:01:00.1", id: "10de:2204", iommugroup: 14}
      - {node: pve2, path: "0000:41:00.0;0000:41:00.1", id: "10de:2204", iommugroup: 3}

- name: Add the card of a third node, whatever the others have
  pve.automation.pve_mapping:
    type: pci
    id: gpu
    map:
      - {node: pve3, path: "0000:01:00.0;0000:01:00.1", id: "10de:2204"}
    append: true

- name: A dongle, wherever it is plugged in
  pve.automation.pve_mapping:
    type: usb
    id: dongle
    map:
      - {node: pve1, id: "0529:0001"}

- name: A directory to share with machines
  pve.automation.pve_mapping:
    type: dir
    id: media
    map: ["node=pve1,path=/srv/media"]

- name: Delete a mapping
  pve.automation.pve_mapping:
    type: usb
    id: dongle
    state: absent
"""

RETURN = r"""
mapping:
  description: The mapping as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    type: {description: As O(type)., type: str}
    id: {description: As O(id)., type: str}
    description: {description: As O(description)., type: str}
    map: {description: As O(map)., type: list, elements: dict}
    mdev: {description: As O(mdev)., type: bool}
  sample: {type: dir, id: media, map: [{node: pve1, path: /srv/media}]}
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
  sample: [{method: DELETE, path: /cluster/mapping/usb/dongle, params: {}, summary: delete mapping dongle}]
"""

from ..module_utils._core.resources.cluster.mapping import MAPPING
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(MAPPING)


if __name__ == "__main__":
    main()
