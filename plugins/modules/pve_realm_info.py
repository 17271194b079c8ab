# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_realm_info
short_description: Gather information about authentication realms
description:
  - Lists realms with what the server shows to everybody - type, comment, required second factor, and which one is the default.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  realm:
    description: Only this realm. If there is none of that name, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_realm
"""

EXAMPLES = r"""
- name: All realms
  pve.automation.pve_realm_info:
  register: listed
"""

RETURN = r"""
realms:
  description:
    - The realms, ordered by name.
    - What is set is there under the names of the options of M(pve.automation.pve_realm).
  returned: success
  type: list
  elements: dict
  contains:
    realm: {description: "As O(pve.automation.pve_realm#module:realm).", type: str}
    type: {description: "As O(pve.automation.pve_realm#module:type).", type: str}
  sample: [{realm: pve, type: pve, comment: Proxmox VE authentication server}]
"""

from ..module_utils._core.resources.access.realm import REALM_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(REALM_INFO)


if __name__ == "__main__":
    main()
