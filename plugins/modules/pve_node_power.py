# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_power
short_description: Manage the power state of nodes
description:
  - Shuts a node down, reboots it, or wakes it by a network packet, and waits until that has happened.
  - The node may be the one that O(api_host) names. Name further nodes there to see for sure when it is off; with it alone, it
    counts as off as soon as it no longer answers.
  - PVE shuts down the guests of a node that goes down, and starts those with C(onboot) when it is up again. Resources of high
    availability follow C(ha) of M(pve.automation.pve_cluster_options).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
options:
  force:
    description:
      - Shut down or reboot the node although guests run on it, which are then shut down with it. Without this a node with
        running guests is left alone.
    type: bool
    default: false
  node:
    description: The node.
    type: str
    required: true
  state:
    description:
      - V(started) wakes a node that is not online. Its network address for that is O(pve.automation.pve_node#module:wakeonlan),
        and another node of the cluster has to be asked.
      - V(shutdown) turns off a node that is online.
      - V(rebooted) reboots it each time, and needs it to be online.
      - Without this the node is only looked for.
    type: str
    choices: [started, shutdown, rebooted]
  timeout:
    description: Seconds until the node has to be there, or gone. After that the module fails; the node may get there later.
    type: int
    default: 600
  wait:
    description:
      - Whether to wait until the node answers calls again, or is gone. If not, the result has the desired state.
    type: bool
    default: true
notes:
  - There is a warning if no majority of the nodes stays online, because the cluster then has no quorum.
seealso:
  - module: pve.automation.pve_node_guests
  - module: pve.automation.pve_node_service
  - module: pve.automation.pve_node
"""

EXAMPLES = r"""
- name: Empty a node
  pve.automation.pve_node_guests:
    node: pve2
    all_guests: true
    state: migrated
    target: pve1
    max_workers: 2
    with_local_disks: true

- name: Reboot it
  pve.automation.pve_node_power:
    api_host: [pve1.example.org, pve2.example.org]
    node: pve2
    state: rebooted

- name: Turn off a node in the evening, with all that runs on it
  pve.automation.pve_node_power:
    node: pve3
    state: shutdown
    force: true

- name: Wake it in the morning
  pve.automation.pve_node_power:
    node: pve3
    state: started
    timeout: 900
"""

RETURN = r"""
node:
  description: The node.
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    status: {description: V(online) or V(offline)., type: str}
  sample: {node: pve2, status: online}
upid:
  description: The last task, which was not awaited.
  returned: with O(wait=false), if a task was started
  type: str
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
  sample: [{method: POST, path: /nodes/pve2/status, params: {command: reboot}, summary: reboot node pve2}]
"""

from ..module_utils._core.resources.node.power import NODE_POWER
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_POWER)


if __name__ == "__main__":
    main()
