# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_cpu_model
short_description: Manage custom CPU models
description:
  - Creates, changes and deletes CPU models of the cluster that machines can have besides those of QEMU. Needs PVE 9.2 or newer.
  - Machines take a model as V(custom-NAME) in O(pve.automation.pve_vm#module:cpu). A change comes to a machine when it starts the next time.
  - PVE does not look whether machines still use a model that is deleted; those do not start any more.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.cluster
  - pve.automation.attributes
  - pve.automation.connection
options:
  cputype:
    description: Name of the model, with or without the prefix C(custom-).
    type: str
    required: true
    aliases: [name]
  reported_model:
    description: The model of QEMU that it is made from and that guests see, such as V(EPYC-Genoa) or V(host); none of the V(x86-64-v*).
      Needed to create a model.
    type: str
  flags:
    description: Flags that are switched on or off besides those of the model, each with its sign, such as V(+aes) and V(-pcid).
      The list is the whole list unless O(append) is true.
    type: list
    elements: str
  append:
    description: Only add the flags that are listed, never take one out. One that is there gets the sign that is listed.
    type: bool
    default: false
  hidden:
    description: Whether guests are kept from seeing that they run in KVM. PVE's default is V(false).
    type: bool
  hv_vendor_id:
    description: Vendor that Windows guests see, one to twelve letters and digits.
    type: str
  level:
    description: Highest leaf of CPUID that guests see, at least V(1).
    type: int
  phys_bits:
    description: Physical address bits that guests see, a number from V(8) to V(64), or V(host) for those of the node.
    type: str
  guest_phys_bits:
    description: Physical address bits that guests can use, from V(32) to V(64).
    type: int
  unset:
    description: Names of options that are removed from the model.
    type: list
    elements: str
  state:
    description: Whether the model exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_cpu_model_info
  - module: pve.automation.pve_vm
"""

EXAMPLES = r"""
- name: A model that all nodes can run, with AES
  pve.automation.pve_cpu_model:
    name: cluster
    reported_model: Skylake-Server-noTSX-IBRS
    flags: [+aes, -pcid]

- name: Let a machine have it
  pve.automation.pve_vm:
    vmid: 110
    cpu: {cputype: custom-cluster}

- name: Take the flags away
  pve.automation.pve_cpu_model:
    name: cluster
    flags: []

- name: Delete the model
  pve.automation.pve_cpu_model:
    name: cluster
    state: absent
"""

RETURN = r"""
model:
  description: The model as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    cputype: {description: As O(cputype)., type: str}
    flags: {description: As O(flags)., type: list, elements: str}
    guest_phys_bits: {description: As O(guest_phys_bits)., type: int}
    hidden: {description: As O(hidden)., type: bool}
    hv_vendor_id: {description: As O(hv_vendor_id)., type: str}
    level: {description: As O(level)., type: int}
    phys_bits: {description: As O(phys_bits)., type: str}
    reported_model: {description: As O(reported_model)., type: str}
  sample: {cputype: cluster, reported_model: Skylake-Server-noTSX-IBRS, flags: ["+aes", "-pcid"], hidden: false}
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
  sample: [{method: POST, path: /cluster/qemu/custom-cpu-models, params: {cputype: cluster, reported-model: host}, summary: create model cluster}]
"""

from ..module_utils._core.resources.cluster.cpu_model import CPU_MODEL
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CPU_MODEL)


if __name__ == "__main__":
    main()
