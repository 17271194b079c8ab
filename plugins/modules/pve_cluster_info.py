# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_cluster_info
short_description: Gather information about the cluster, its resources, its tasks and its log
description:
  - Reads whether the cluster has quorum and which nodes are online; if requested also who has how many votes, how much processor,
    memory and disk space there is, is used and is given to guests, the latest tasks, and the log.
  - Each subject is one request, however large the cluster is.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.cluster
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  gather:
    description:
      - 'What to read. V(status): quorum and the nodes. V(members): the nodes with their votes and links, as the configuration of
        the cluster has them. V(resources): a summary by node, by storage and in all. V(tasks): the latest tasks of all nodes.
        V(log): the latest lines of the log of the cluster.'
    type: list
    elements: str
    choices: [status, members, resources, tasks, log]
    default: [status]
  limit:
    description: How many tasks and lines of the log to return at most.
    type: int
    default: 50
seealso:
  - module: pve.automation.pve_node_info
  - module: pve.automation.pve_guest_info
  - module: pve.automation.pve_ha_info
  - module: pve.automation.pve_task_info
"""

EXAMPLES = r"""
- name: Go on only while the cluster has quorum and all nodes are online
  pve.automation.pve_cluster_info:
  register: found
  failed_when: not found.cluster.status.quorate or found.cluster.status.nodes | rejectattr('online') | length > 0

- name: How full is it
  pve.automation.pve_cluster_info:
    gather: [resources]
  register: found

- name: Show the storages that are nearly full
  ansible.builtin.debug:
    msg: "{{ item.storage }} of {{ item.nodes | join(', ') }}"
  loop: "{{ found.cluster.resources.storages }}"
  when: item.total and item.used > 0.9 * item.total
"""

RETURN = r"""
cluster:
  description:
    - What O(gather) asked for, each under its name. Sizes are in bytes, processors in cores.
    - C(status) has C(name), C(quorate), C(config_version) and C(nodes), of which the C(local) one answered. A node that is in no
      cluster has no name and is quorate.
    - C(members) is empty for a node that is in no cluster.
    - C(resources) has C(nodes), C(storages) and C(total). Everywhere C(used) is what is in use, C(total) what there is and
      C(allocated) what the guests may use, running or not, without templates; null is what is not known, as of nodes that are
      not online. The C(disk) of a node is its root file system, in C(total) it is all storages. A shared storage is one
      entry. Storages that lie on the same disks each report all of their space.
    - C(tasks) are as of M(pve.automation.pve_task_info), the newest first, and so is C(log).
  returned: success
  type: dict
  contains:
    status: {description: "C(name), C(quorate), C(config_version) and C(nodes).", type: dict}
    resources: {description: "C(nodes), C(storages) and C(total).", type: dict}
    members: {description: The nodes of the cluster with their addresses., type: list, elements: dict}
    tasks: {description: The last tasks of all nodes., type: list, elements: dict}
    log: {description: The last lines of the log of the cluster., type: list, elements: dict}
  sample:
    status:
      name: lab
      quorate: true
      config_version: 3
      nodes: [{node: pve1, nodeid: 1, ip: 192.0.2.1, online: true, local: true, level: ""}]
    resources:
      total:
        cpu: {used: 1.5, total: 24, allocated: 40}
        memory: {used: 17179869184, total: 103079215104, allocated: 68719476736}
        disk: {used: 1099511627776, total: 8796093022208, allocated: 2199023255552}
        guests: {running: 21, stopped: 5, templates: 2, unknown: 0}
"""

from ..module_utils._core.resources.cluster.info import CLUSTER_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CLUSTER_INFO)


if __name__ == "__main__":
    main()
