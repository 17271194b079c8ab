# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_oci_tag_info
short_description: Gather the tags of an OCI image
description:
  - Lets a node ask a registry which tags it has of an image. Needs PVE 9.1 or newer, and C(skopeo) on the node.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.storage
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  node:
    description: The node that asks.
    type: str
    required: true
  reference:
    description: The image without a tag, such as V(docker.io/library/nginx).
    type: str
    required: true
seealso:
  - module: pve.automation.pve_storage_content
"""

EXAMPLES = r"""
- name: What there is
  pve.automation.pve_oci_tag_info:
    node: pve1
    reference: docker.io/library/nginx
  register: listed

- name: Show those of 1.x
  ansible.builtin.debug:
    msg: "{{ listed.tags | select('match', '1[.][0-9]+$') | sort }}"
"""

RETURN = r"""
tags:
  description: The tags, in the order of the registry.
  returned: success
  type: list
  elements: str
  sample: ["1.28", "1.29", latest]
"""

from ..module_utils._core.resources.storage.oci import OCI_TAGS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(OCI_TAGS)


if __name__ == "__main__":
    main()
