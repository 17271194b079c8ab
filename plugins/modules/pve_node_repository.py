# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_repository
short_description: Manage package repositories of a node
description:
  - Adds, enables and disables standard repositories of Proxmox VE by their handle, and enables and disables others that are there.
  - The API neither adds other repositories nor removes any. Do that on the node, by M(ansible.builtin.deb822_repository).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
options:
  node:
    description: Name of the node.
    type: str
    required: true
  handle:
    description:
      - Handle of a standard repository, such as V(enterprise), V(no-subscription), V(test) or V(ceph-squid-no-subscription).
      - A handle that the node does not know is an error that lists those it knows.
    type: str
  uri:
    description: Repositories with this URI. A slash at its end makes no difference.
    type: str
  suite:
    description: Repositories with this suite, such as V(trixie-security).
    type: str
  component:
    description: Repositories with this component, such as V(contrib).
    type: str
  type:
    description: Repositories with this kind of package.
    type: str
    choices: [deb, deb-src]
  path:
    description: Repositories in this file.
    type: str
  index:
    description: Only the repository at this place in the file O(path), from 0 on. Places shift when somebody edits the file.
    type: int
  enabled:
    description:
      - Whether the repository is enabled. All that fit everything that is named are enabled or disabled, and there must be one.
      - A standard repository that is not there is added when it is to be enabled, and counts as disabled otherwise.
      - If not given, nothing is changed.
    type: bool
seealso:
  - module: pve.automation.pve_node_apt
  - module: pve.automation.pve_node_apt_info
"""

EXAMPLES = r"""
- name: Use the repository that needs no subscription
  pve.automation.pve_node_repository:
    node: pve1
    handle: no-subscription
    enabled: true

- name: Do without those that need one
  pve.automation.pve_node_repository:
    node: pve1
    handle: "{{ item }}"
    enabled: false
  loop: [enterprise, ceph-squid-enterprise]

- name: Disable sources of packages from one mirror
  pve.automation.pve_node_repository:
    node: pve1
    uri: http://deb.debian.org/debian
    type: deb-src
    enabled: false
"""

RETURN = r"""
repository:
  description: The repository afterwards; in check mode as far as it is known beforehand.
  returned: success
  type: dict
  contains:
    node:
      description: The node.
      type: str
      sample: pve1
    handle:
      description: The handle, if it was named.
      type: str
      sample: no-subscription
    enabled:
      description: Whether it is enabled.
      type: bool
      sample: true
    repositories:
      description: The entries in the node's files that fit, each with its file and its place in it.
      type: list
      elements: dict
      sample:
        - path: /etc/apt/sources.list.d/proxmox.sources
          index: 0
          Enabled: true
          Types: [deb]
          URIs: ["http://download.proxmox.com/debian/pve"]
          Suites: [trixie]
          Components: [pve-no-subscription]
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
  sample: [{method: PUT, path: /nodes/pve1/apt/repositories, params: {handle: test}, summary: enable the repository test of pve1}]
"""

from ..module_utils._core.resources.node.repository import REPOSITORY
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(REPOSITORY)


if __name__ == "__main__":
    main()
