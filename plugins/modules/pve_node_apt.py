# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_apt
short_description: Manage the lists of packages of a node
description:
  - Refreshes the lists of packages of a node as C(apt-get update) does, and returns the updates that are there.
  - Without O(update_cache) and O(cache_valid_time) the module only reads what the node knows already.
  - The API has no call that installs updates. Do that on the node, by M(ansible.builtin.apt) over SSH.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  node:
    description: Name of the node.
    type: str
    required: true
  update_cache:
    description:
      - Whether the lists are refreshed. That is an action, which reports a change in every run unless O(cache_valid_time) is given.
      - A repository that cannot be read makes it fail, such as the enterprise repository without a subscription
        (see M(pve.automation.pve_node_repository)).
    type: bool
  cache_valid_time:
    description:
      - Seconds that a refresh is good for. The lists are refreshed only if the last one is longer ago; O(update_cache) need not be given.
      - The tasks of the node show when that was. Its own nightly refresh is among them; C(apt-get update) in a shell is not.
    type: int
  notify:
    description: Whether the server sends a notification about new updates after a refresh.
    type: bool
  quiet:
    description: Whether progress is left out of the log of the refresh.
    type: bool
seealso:
  - module: pve.automation.pve_node_apt_info
  - module: pve.automation.pve_node_repository
"""

EXAMPLES = r"""
- name: Know the updates, not older than a day
  pve.automation.pve_node_apt:
    node: pve1
    cache_valid_time: 86400
  register: packages

- name: Say which there are
  ansible.builtin.debug:
    msg: "{{ packages.apt.updates | map(attribute='Package') }}"

- name: Refresh in any case
  pve.automation.pve_node_apt:
    node: pve1
    update_cache: true
"""

RETURN = r"""
apt:
  description: What is known of the packages of the node; in check mode without what a refresh would add.
  returned: success
  type: dict
  contains:
    node:
      description: The node.
      type: str
      sample: pve1
    refreshed:
      description: When the lists were refreshed last, in seconds since the epoch; 0 if the node has no such task.
        Only with O(cache_valid_time).
      type: int
      sample: 1790000000
    updates:
      description: The updates, ordered by package.
      type: list
      elements: dict
      sample: [{Package: pve-manager, OldVersion: 9.2.11, Version: 9.2.12, Origin: Proxmox}]
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
  sample: [{method: POST, path: /nodes/pve1/apt/update, params: {}, summary: refresh the lists of packages of pve1}]
"""

from ..module_utils._core.resources.node.apt import APT
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(APT)


if __name__ == "__main__":
    main()
