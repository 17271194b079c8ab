# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_certificate_info
short_description: Gather information about the certificates of a node
description:
  - Lists what a node has of certificates - that of the cluster's own authority (V(pve-root-ca.pem)), the one that it issued for the node
    (V(pve-ssl.pem)), and one uploaded or ordered from an ACME authority (V(pveproxy-ssl.pem)), which then is the one that is presented.
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
  filename:
    description: Only this one. If there is none of that name, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_node_certificate
"""

EXAMPLES = r"""
- name: What the node presents, unless it has one of its own
  pve.automation.pve_node_certificate_info:
    node: pve1
    filename: pve-ssl.pem
  register: result

- name: Trust it from now on
  ansible.builtin.set_fact:
    pve_fingerprint: "{{ result.certificates[0].fingerprint }}"
"""

RETURN = r"""
certificates:
  description:
    - The certificates, ordered by file name.
    - Also there are, as far as PVE returns them, C(public-key-bits) and C(public-key-type).
  returned: success
  type: list
  elements: dict
  contains:
    filename: {description: Name of the file., type: str}
    fingerprint: {description: SHA-256 fingerprint., type: str}
    subject: {description: Subject., type: str}
    issuer: {description: Issuer., type: str}
    san: {description: Names and addresses that it is for., type: list, elements: str}
    notbefore: {description: "Begin of its validity, in seconds since the epoch.", type: int}
    notafter: {description: "End of its validity, in seconds since the epoch.", type: int}
    pem: {description: The certificate itself., type: str}
  sample:
    - filename: pve-ssl.pem
      fingerprint: "AA:BB:CC:DD:..."
      subject: /OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN=pve1.example.com
      notafter: 1797776000
"""

from ..module_utils._core.resources.node.certificate import CERTIFICATE_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CERTIFICATE_INFO)


if __name__ == "__main__":
    main()
