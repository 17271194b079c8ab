# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_apt_info
short_description: Gather information about the packages of a node
description:
  - Reads what a node knows of its packages - updates that are there, versions of what makes up Proxmox VE, the repositories with what is
    wrong with them, and the changelog of a package. Nothing is refreshed; M(pve.automation.pve_node_apt) does that.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  node:
    description: Name of the node.
    type: str
    required: true
  gather:
    description: What is read, with one request each. V(changelog) needs O(name), and the node asks the repository for it.
    type: list
    elements: str
    choices: [updates, versions, repositories, changelog]
    default: [updates]
  name:
    description: Name of the package whose changelog is read.
    type: str
  version:
    description: Version of that package; the one that would be installed if not given.
    type: str
seealso:
  - module: pve.automation.pve_node_apt
  - module: pve.automation.pve_node_repository
"""

EXAMPLES = r"""
- name: What is installed
  pve.automation.pve_node_apt_info:
    node: pve1
    gather: [versions]

- name: Standard repositories, and warnings about those that are there
  pve.automation.pve_node_apt_info:
    node: pve1
    gather: [repositories]
  register: result

- name: Say what is wrong with them
  ansible.builtin.debug:
    msg: "{{ result.apt.repositories.infos | selectattr('kind', 'equalto', 'warning') + result.apt.repositories.errors }}"
"""

RETURN = r"""
apt:
  description: What was asked for by O(gather).
  returned: success
  type: dict
  contains:
    updates:
      description: The updates that are there.
      type: list
      elements: dict
      sample: [{Package: pve-manager, OldVersion: 9.2.11, Version: 9.2.12}]
    versions:
      description: The packages that make up Proxmox VE, with their versions.
      type: list
      elements: dict
      sample: [{Package: pve-manager, OldVersion: 9.2.11, CurrentState: Installed}]
    repositories:
      description: C(files) with their repositories, C(errors) of files that cannot be read, C(infos) about single repositories,
        and C(standard-repos), whose C(status) is 1 if enabled, 0 if disabled, and absent if there is none.
      type: dict
      sample: {standard-repos: [{handle: enterprise, name: Enterprise, status: 1}], errors: []}
    changelog:
      description: The changelog.
      type: str
      sample: "pve-manager (9.2.12) trixie; urgency=medium"
"""

from ..module_utils._core.resources.node.apt import APT_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(APT_INFO)


if __name__ == "__main__":
    main()
