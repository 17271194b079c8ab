# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_service
short_description: Manage services of a node
description:
  - Starts or stops one of the system services that PVE manages, or restarts or reloads it, without a login on the node.
  - PVE decides by itself which services start when a node boots; there is no call to change it.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  force:
    description:
      - Allows to stop C(corosync), C(pve-cluster), C(pvedaemon), C(pveproxy) and C(pvestatd), without which the node leaves the
        cluster or can no longer be asked to start them again. PVE may refuse some of these all the same.
    type: bool
    default: false
  node:
    description: The node.
    type: str
    required: true
  service:
    description:
      - The service by PVE's name for it, such as V(pveproxy), V(pve-firewall), V(chrony) or V(postfix). Which ones there are
        depends on the release; the error for another one lists them.
    type: str
    required: true
  state:
    description:
      - V(started) and V(stopped) do nothing if it is so already. V(restarted) and V(reloaded) act each time; V(restarted) also
        starts a service that does not run, V(reloaded) needs one that runs and restarts it if it cannot reload.
      - Without this the service is only read.
    type: str
    choices: [started, stopped, restarted, reloaded]
seealso:
  - module: pve.automation.pve_node_info
"""

EXAMPLES = r"""
- name: Keep the clock right
  pve.automation.pve_node_service:
    node: pve1
    service: chrony
    state: started

- name: Take over a new certificate
  pve.automation.pve_node_service:
    node: pve1
    service: pveproxy
    state: restarted
"""

RETURN = r"""
service:
  description: The service. C(unit_state) is whether systemd starts it at boot, or V(not-found) if it is not installed.
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    service: {description: Name of the service., type: str}
    description: {description: What it does., type: str}
    running: {description: Whether it runs., type: bool}
    unit_state: {description: "Whether systemd starts it at boot, such as V(enabled).", type: str}
  sample: {node: pve1, service: pveproxy, description: "PVE API Proxy Server", running: true, unit_state: enabled}
requests:
  description: The writing API calls that were made, in check mode those that would be made.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: POST, path: /nodes/pve1/services/chrony/start, params: {}, summary: start service chrony of pve1}]
upid:
  description: The task that was started.
  returned: with O(wait=false), if something was to be done
  type: str
"""

from ..module_utils._core.resources.node.service import NODE_SERVICE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_SERVICE)


if __name__ == "__main__":
    main()
