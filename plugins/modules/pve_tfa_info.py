# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_tfa_info
short_description: Gather information about second factors of users
description:
  - Lists users that have second factors, with these, and whether they are locked out.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  userid:
    description: Only this user. If it has no second factor, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_tfa
"""

EXAMPLES = r"""
- name: Who has a second factor
  pve.automation.pve_tfa_info:
  register: listed
"""

RETURN = r"""
tfa:
  description:
    - The users, ordered by name.
    - Also there are, as far as PVE returns them, C(tfa-locked-until) and C(totp-locked).
  returned: success
  type: list
  elements: dict
  contains:
    userid: {description: The user., type: str}
    entries: {description: "Second factors, each with C(id), C(type), C(created), C(description) and C(enable).", type: list, elements: dict}
  sample: [{userid: alice@pve, entries: [{id: recovery, type: recovery, created: 1795211669, enable: true}]}]
"""

from ..module_utils._core.resources.access.tfa import TFA_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(TFA_INFO)


if __name__ == "__main__":
    main()
