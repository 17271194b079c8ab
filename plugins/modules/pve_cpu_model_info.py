# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_cpu_model_info
short_description: Gather information about custom CPU models
description:
  - Lists the custom CPU models of the cluster that the login may see. Needs PVE 9.2 or newer.
version_added: 0.1.0
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
  sample: [{cputype: cluster, reported_model: Skylake-Server-noTSX-IBRS, flags: ["+aes", "-pcid"]}]
"""

from ..module_utils._core.resources.cluster.cpu_model import CPU_MODEL_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CPU_MODEL_INFO)


if __name__ == "__main__":
    main()
