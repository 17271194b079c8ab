# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_version_info
short_description: Gather the version of a Proxmox VE server
description: Reads the version of the server that answers. It shows as well that connection and credentials work.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.cluster
  - pve.automation.attributes.info
  - pve.automation.connection
seealso:
  - module: pve.automation.pve_api
"""

EXAMPLES = r"""
- name: Read the version
  pve.automation.pve_version_info:
  register: pve

- name: Stop before the release is too old
  ansible.builtin.assert:
    that: pve.version.release is version("9.0", ">=")
"""

RETURN = r"""
version:
  description: The version, the release that it belongs to, and the id of the source it was built from.
  returned: success
  type: dict
  contains:
    version: {description: The version., type: str}
    release: {description: The release that it belongs to., type: str}
    repoid: {description: Id of the source that it was built from., type: str}
  sample: {version: 9.2.11, release: "9.2", repoid: 14a22df35955d97d}
"""

from ..module_utils._core.resources.cluster.version import VERSION_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(VERSION_INFO)


if __name__ == "__main__":
    main()
