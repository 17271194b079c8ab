# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_cpu_model_info
short_description: Gather information about custom CPU models
description:
  - Lists the custom CPU models of the cluster that the login may see. Needs PVE 9.2 or newer.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.cluster
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  cputype:
    description: Only this model, with or without the prefix C(custom-). If there is none of that name, the list is empty.
    type: str
    aliases: [name]
seealso:
  - module: pve.automation.pve_cpu_model
"""

EXAMPLES = r"""
- name: All custom CPU models
  pve.automation.pve_cpu_model_info:
  register: listed
"""

RETURN = r"""
models:
  description: The models, ordered by name.
  returned: success
  type: list
  elements: dict
  contains:
    cputype: {description: "As O(pve.automation.pve_cpu_model#module:cputype).", type: str}
    flags: {description: "As O(pve.automation.pve_cpu_model#module:flags).", type: list, elements: str}
    guest_phys_bits: {description: "As O(pve.automation.pve_cpu_model#module:guest_phys_bits).", type: int}
    hidden: {description: "As O(pve.automation.pve_cpu_model#module:hidden).", type: bool}
    hv_vendor_id: {description: "As O(pve.automation.pve_cpu_model#module:hv_vendor_id).", type: str}
    level: {description: "As O(pve.automation.pve_cpu_model#module:level).", type: int}
    phys_bits: {description: "As O(pve.automation.pve_cpu_model#module:phys_bits).", type: str}
    reported_model: {description: "As O(pve.automation.pve_cpu_model#module:reported_model).", type: str}
  sample: [{cputype: cluster, reported_model: Skylake-Server-noTSX-IBRS, flags: ["+aes", "-pcid"]}]
"""

from ..module_utils._core.resources.cluster.cpu_model import CPU_MODEL_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CPU_MODEL_INFO)


if __name__ == "__main__":
    main()
