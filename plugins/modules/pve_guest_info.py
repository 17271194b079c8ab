# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_guest_info
short_description: Gather information about VMs and containers (LXC)
description:
  - Lists virtual machines and containers of the cluster that fit all given options; without options all of them.
  - The list is one request, however many guests there are, and with O(current) one more for each node and kind of guest that the other options
    leave. What O(gather) names is asked of each listed guest, in parallel.
    What a guest does not answer is missing in its entry and becomes a warning.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.guests
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  current:
    description:
      - Whether the nodes of the guests are asked for names, statuses and template flags. The cluster's own list takes these from the last report
        of each node, which may be ten seconds old, or of another guest that had the id before.
      - With V(false) they are taken from the cluster's list, and only nodes of guests without a name or status are asked.
    type: bool
    default: true
  gather:
    description:
      - 'What to ask each guest for besides what the list shows. V(config): its configuration as pve_vm and pve_lxc show it.
        V(status): its present state and figures, as C(live). V(pending): the keys that wait for its next start.
        V(snapshots): its snapshots. V(agent): the operating system, as its guest agent reports it. V(interfaces): its network
        interfaces with their addresses, of machines by their guest agent.'
    type: list
    elements: str
    choices: [config, status, pending, snapshots, agent, interfaces]
    default: []
  name:
    description: Names, or patterns such as V(web*); guests with one of them.
    type: list
    elements: str
  node:
    description: Guests on one of these nodes.
    type: list
    elements: str
  parallel:
    description: How many guests are asked at the same time, 1 to 64.
    type: int
    default: 8
  pool:
    description: Guests in one of these pools.
    type: list
    elements: str
  status:
    description: Guests that run, or that do not.
    type: str
    choices: [running, stopped]
  tags:
    description: Guests with all of these tags.
    type: list
    elements: str
  template:
    description: Only templates, or only others.
    type: bool
  type:
    description: Only virtual machines, or only containers.
    type: str
    choices: [qemu, lxc]
  vmid:
    description: Guests with one of these ids; one that does not exist is not in the result.
    type: list
    elements: int
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_vm
  - module: pve.automation.pve_lxc
"""

EXAMPLES = r"""
- name: Running web servers with their addresses
  pve.automation.pve_guest_info:
    tags: [web, production]
    status: running
    gather: [interfaces]
  register: web

- name: Everything about one guest
  pve.automation.pve_guest_info:
    vmid: [9001]
    gather: [config, status, pending, snapshots, agent, interfaces]
  register: guest
"""

RETURN = r"""
guests:
  description:
    - The guests, by their ids. Sizes are in bytes.
    - C(config), C(live), C(pending), C(snapshots), C(agent) and C(interfaces) are there as far as O(gather) asked for them and
      the guest answers; C(agent) and C(interfaces) are empty for one that does not run or has no agent.
  returned: success
  type: list
  elements: dict
  contains:
    vmid: {description: Id of the guest., type: int}
    name: {description: Name., type: str}
    node: {description: Node that it is on., type: str}
    type: {description: "Kind of the guest: V(qemu) or V(lxc).", type: str}
    status: {description: Power state., type: str}
    template: {description: Whether it is a template., type: bool}
    tags: {description: Tags., type: list, elements: str}
    pool: {description: Pool., type: str}
    lock: {description: "What locks it, if something does.", type: str}
    cpu: {description: "Part of the processors in use, from 0 to 1.", type: float}
    maxcpu: {description: Number of processors., type: int}
    mem: {description: "Memory in use, in bytes.", type: int}
    maxmem: {description: "Memory, in bytes.", type: int}
    disk: {description: "Disk space in use, in bytes.", type: int}
    maxdisk: {description: "Disk space, in bytes.", type: int}
    uptime: {description: Seconds since it was started., type: int}
    config: {description: The configuration., type: dict}
    live: {description: The state as the node of the guest reports it., type: dict}
    pending: {description: Keys whose new values wait for the next start., type: list, elements: str}
    snapshots: {description: Snapshots., type: list, elements: dict}
    agent: {description: What the guest agent reports., type: dict}
    interfaces: {description: Network interfaces with their addresses., type: list, elements: dict}
  sample:
    - vmid: 9001
      name: web1
      node: pve1
      type: qemu
      status: running
      template: false
      tags: [production, web]
      pool: web
      maxmem: 4294967296
      interfaces:
        - {name: eth0, mac: "BC:24:11:00:00:01", addresses: [192.0.2.10/24]}
"""

from ..module_utils._core.guests.info import GUEST_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(GUEST_INFO)


if __name__ == "__main__":
    main()
