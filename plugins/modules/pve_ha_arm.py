# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_ha_arm
short_description: Arm and disarm high availability (HA)
description:
  - Disarms the manager of high availability for work that could look like the failure of a node, such as on the cluster's network
    or its switches, and arms it again. While it is disarmed no node is fenced, and nothing is started elsewhere when a node fails.
  - Waits until all nodes are there. Needs PVE 9.2.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.ha
  - pve.automation.attributes
  - pve.automation.connection
options:
  state:
    description: Whether the manager is armed.
    type: str
    choices: [armed, disarmed]
    required: true
  resource_mode:
    description:
      - What becomes of the resources meanwhile; needed with O(state=disarmed). Those that run go on running.
      - With V(freeze) requests wait until the manager is armed again.
      - With V(ignore) the guests can be started, stopped and moved as if they were not under high availability.
    type: str
    choices: [freeze, ignore]
  wait:
    description: Whether to wait until the state is reached.
    type: bool
    default: true
  timeout:
    description: How many seconds to wait.
    type: int
    default: 600
seealso:
  - module: pve.automation.pve_ha
  - module: pve.automation.pve_ha_info
"""

EXAMPLES = r"""
- name: Prevent fencing while the switches are replaced
  pve.automation.pve_ha_arm:
    state: disarmed
    resource_mode: freeze

- name: Be on guard again
  pve.automation.pve_ha_arm:
    state: armed
"""

RETURN = r"""
ha:
  description: The state afterwards; in check mode as it would be.
  returned: success
  type: dict
  contains:
    state: {description: V(armed) or V(disarmed)., type: str}
    resource_mode: {description: What happens to the resources while it is disarmed., type: str}
  sample: {state: disarmed, resource_mode: freeze}
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
  sample: [{method: POST, path: /cluster/ha/status/arm-ha, params: {}, summary: arm the manager of high availability}]
"""

from ..module_utils._core.resources.ha.actions import ARM
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ARM)


if __name__ == "__main__":
    main()
