# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_ha_migrate
short_description: Move an HA resource to another node
description:
  - Asks the manager to bring a resource to a node, and waits until it is there. A resource that is there already is left alone.
  - The manager accepts nearly every request and drops it later if it cannot be fulfilled. So this module looks before it asks,
    and fails if the node does not exist, is offline or in maintenance, if a strict rule or another resource keeps the resource
    from it, and if the manager is disarmed.
  - A resource that returns to a node of higher priority (option O(pve.automation.pve_ha#module:failback)) may leave again later.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.ha
  - pve.automation.attributes
  - pve.automation.connection
options:
  sid:
    description: The resource, as in V(vm:100) or V(ct:101), or just the id of the guest.
    type: str
    required: true
    aliases: [vmid]
  node:
    description: The node where it is to be.
    type: str
    required: true
    aliases: [target]
  method:
    description:
      - V(migrate) moves a running virtual machine without stopping it; a container is restarted.
      - V(relocate) stops the guest, moves it and starts it again.
    type: str
    choices: [migrate, relocate]
    default: migrate
  wait:
    description: Whether to wait until the resource is on the node, and runs there if it is to run.
    type: bool
    default: true
  timeout:
    description: How many seconds to wait.
    type: int
    default: 600
seealso:
  - module: pve.automation.pve_ha
  - module: pve.automation.pve_ha_rule
"""

EXAMPLES = r"""
- name: Put a virtual machine under high availability
  pve.automation.pve_ha:
    sid: vm:100
    state: started

- name: Move it to another node
  pve.automation.pve_ha_migrate:
    sid: vm:100
    node: pve2
"""

RETURN = r"""
resource:
  description: The resource as the manager reports it afterwards; in check mode as it would be.
  returned: success
  type: dict
  contains:
    sid: {description: The resource., type: str}
    node: {description: Node that it is on., type: str}
    state: {description: State of the service., type: str}
    request_state: {description: State that it shall have., type: str}
  sample: {sid: "vm:100", node: pve2, state: started, request_state: started}
move:
  description:
    - What the manager answered to the request. C(comigrated-resources) are those that move along. Null on PVE 8.
    - Also there are, as far as PVE returns them, C(requested-node) and C(blocking-resources).
  returned: if something was asked for
  type: dict
  contains:
    sid: {description: The resource., type: str}
  sample: {sid: "vm:100", requested-node: pve2}
upid:
  description: The last task, which was not awaited.
  returned: with O(wait=false), if a task was started
  type: str
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
  sample: [{method: POST, path: "/cluster/ha/resources/vm:100/migrate", params: {node: pve2}, summary: "migrate vm:100 from pve1 to pve2"}]
"""

from ..module_utils._core.resources.ha.actions import MOVE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(MOVE)


if __name__ == "__main__":
    main()
