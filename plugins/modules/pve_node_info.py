# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_info
short_description: Gather information about nodes
description:
  - Lists the nodes of the cluster with their state and how busy they are.
  - The list is one request. What O(gather) names is asked of each listed node, one request for each subject, several nodes at
    a time. What a node does not return is missing in its entry, with a warning; a node that is offline is not asked.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  gather:
    description:
      - What to ask each node for besides what the list contains.
      - 'V(status): its memory, load, processor, kernel, root file system and uptime, as C(live).
        V(version): the version of PVE that it runs. V(packages): the versions of PVE and of what it is made of.'
      - 'V(services): the services and whether they run. V(disks): its disks with their health and what they are used for.'
      - 'V(pci): its PCI devices with their IOMMU groups. V(mdev): the same, and of those that can make mediated devices also
        the types of these, with one more request for each such device. V(usb): its USB devices.'
      - 'V(cpu_models): the processor models that a guest may have there. V(machine_types): the machine types.'
    type: list
    elements: str
    choices: [status, version, packages, services, pci, usb, disks, cpu_models, machine_types, mdev]
    default: []
  node:
    description: Only these nodes; one that does not exist is not in the result.
    type: list
    elements: str
  parallel:
    description: How many nodes are asked at the same time, 1 to 64.
    type: int
    default: 8
  pci_class_blacklist:
    description:
      - The PCI classes to leave out, by the first digits of their codes. PVE leaves out memory controllers, bridges and
        processors (V([05, 06, 0b])) unless this says otherwise; the empty list shows everything, which is
        which shows which devices share an IOMMU group.
    type: list
    elements: str
seealso:
  - module: pve.automation.pve_node
  - module: pve.automation.pve_node_apt_info
  - module: pve.automation.pve_node_disk_info
  - module: pve.automation.pve_node_network_info
  - module: pve.automation.pve_cluster_info
"""

EXAMPLES = r"""
- name: Which nodes are there
  pve.automation.pve_node_info:
  register: found

- name: Network cards that can be passed through, with all that shares their IOMMU groups
  pve.automation.pve_node_info:
    node: [pve1]
    gather: [pci]
    pci_class_blacklist: []
  register: devices

- name: Check that all nodes run the same version
  pve.automation.pve_node_info:
    gather: [version, services]
  register: versions
  failed_when: versions.nodes | map(attribute='version.version', default='') | unique | length > 1
"""

RETURN = r"""
nodes:
  description:
    - The nodes, by their names. Sizes are in bytes, C(uptime) in seconds, C(cpu) is a part of 1. Of a node that is not online,
      and for those who may not audit it, these are missing.
    - What O(gather) asked for is there under its name, as far as the node returned it, with PVE's own keys; V(status) is C(live).
      With V(mdev), a device of C(pci) has C(mdev_types).
  returned: success
  type: list
  elements: dict
  contains:
    node: {description: Name of the node., type: str}
    status: {description: "V(online), V(offline) or V(unknown).", type: str}
    cpu: {description: "Part of the processors in use, from 0 to 1.", type: float}
    maxcpu: {description: Number of processors., type: int}
    mem: {description: "Memory in use, in bytes.", type: int}
    maxmem: {description: "Memory, in bytes.", type: int}
    disk: {description: "Space in use of the root file system, in bytes.", type: int}
    maxdisk: {description: "Space of the root file system, in bytes.", type: int}
    uptime: {description: Seconds since it was started., type: int}
    level: {description: "Level of its subscription, an empty string without one.", type: str}
    ssl_fingerprint: {description: Fingerprint of its certificate., type: str}
    live: {description: State of the node in full., type: dict}
    version: {description: Version of PVE., type: dict}
    services: {description: Services., type: list, elements: dict}
    pci: {description: PCI devices., type: list, elements: dict}
    usb: {description: USB devices., type: list, elements: dict}
    machine_types: {description: Machine types of QEMU., type: list, elements: dict}
    packages: {description: Versions of the packages of PVE., type: list, elements: dict}
    disks: {description: Disks., type: list, elements: dict}
    cpu_models: {description: CPU models., type: list, elements: dict}
  sample:
    - node: pve1
      status: online
      cpu: 0.05
      maxcpu: 8
      mem: 4294967296
      maxmem: 17179869184
      uptime: 86400
      pci:
        - {id: "0000:01:00.0", class: "0x020000", vendor: "0x8086", device: "0x1521", iommugroup: 14}
"""

from ..module_utils._core.resources.node.info import NODE_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_INFO)


if __name__ == "__main__":
    main()
