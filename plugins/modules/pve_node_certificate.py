# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_certificate
short_description: Manage the certificate that a node's web interface and API present
description:
  - Uploads a certificate of your own, or lets the node order, renew and revoke one with an ACME authority such as Let's Encrypt.
  - A certificate of your own is compared by its SHA-256 fingerprint. One that an ACME authority issued is left alone while it is good
    for the node's ACME domains and for longer than O(renew_before). The API does not show where a certificate came from, so that one that
    you uploaded for the same domains counts as well.
  - A task goes on when the node presents the certificate that the task itself put in place, whatever O(api_fingerprint) or O(ca_path) say.
    Later tasks need the new one there; O(api_fingerprint) may name both. What an ACME authority issues nobody knows beforehand -
    with O(api_fingerprint) let O(api_host) be another node than O(node) for that, or let the task verify the certificate.
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
  certificates:
    description: The certificate in PEM, followed by those of the authorities between it and the root.
    type: str
  key:
    description:
      - The private key of O(certificates) in PEM, without a passphrase. It is checked to belong to the first one before anything is sent.
      - Without it the key that the node has stays, for a new certificate of the same key.
      - The server does not return the key. It is sent only along with a certificate that differs.
    type: str
  acme:
    description:
      - Whether the certificate comes from an ACME authority. The node's account and domains are options of M(pve.automation.pve_node).
      - With O(state=absent) the certificate is revoked at the authority before it is deleted.
    type: bool
    default: false
  renew_before:
    description:
      - How long before its end a certificate from an ACME authority is renewed, such as V(30d) or V(2w). V(30d) if not given.
      - A span longer than certificates of the authority last renews in every run.
    type: str
  restart:
    description:
      - Whether the web interface and API are restarted at once, so that they present the certificate. By default PVE does not.
      - With O(acme) they always are.
    type: bool
  force:
    description: Whether another certificate that the node has may be replaced.
    type: bool
    default: false
  state:
    description: Whether the node has a certificate other than that of the cluster's own authority, which it falls back to.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_node_certificate_info
  - module: pve.automation.pve_node
  - module: pve.automation.pve_acme_account
  - module: pve.automation.pve_acme_plugin
"""

EXAMPLES = r"""
- name: Upload a certificate of your own
  pve.automation.pve_node_certificate:
    node: pve1
    certificates: "{{ lookup('ansible.builtin.file', 'pve1.example.com.fullchain.pem') }}"
    key: "{{ lookup('ansible.builtin.file', 'pve1.example.com.key') }}"
    force: true
    restart: true

- name: Set the ACME domain of the node
  pve.automation.pve_node:
    node: pve2
    acme:
      account: default
    acmedomain0:
      domain: pve2.example.com
      plugin: cloudflare

- name: Have a certificate from an ACME authority that is good for three weeks at least
  pve.automation.pve_node_certificate:
    node: pve2
    acme: true
    renew_before: 21d

- name: Go back to the certificate of the cluster's own authority
  pve.automation.pve_node_certificate:
    node: pve1
    restart: true
    state: absent
"""

RETURN = r"""
certificate:
  description:
    - The certificate as the node returns it afterwards; null if it has only that of the cluster's own authority.
    - In check mode as far as it is known beforehand.
    - Also there are, as far as PVE returns them, C(public-key-bits) and C(public-key-type).
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    filename: {description: Name of the file., type: str}
    fingerprint: {description: SHA-256 fingerprint., type: str}
    subject: {description: Subject., type: str}
    issuer: {description: Issuer., type: str}
    san: {description: Names and addresses that it is for., type: list, elements: str}
    notbefore: {description: "Begin of its validity, in seconds since the epoch.", type: int}
    notafter: {description: "End of its validity, in seconds since the epoch.", type: int}
  sample:
    node: pve1
    filename: pveproxy-ssl.pem
    fingerprint: "AA:BB:CC:DD:..."
    subject: /CN=pve1.example.com
    issuer: /C=US/O=Example/CN=Example CA
    san: [pve1.example.com]
    notbefore: 1790000000
    notafter: 1797776000
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
  sample: [{method: DELETE, path: /nodes/pve1/certificates/custom, params: {restart: true}, summary: delete the custom certificate of pve1}]
"""

from ..module_utils._core.resources.node.certificate import CERTIFICATE
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CERTIFICATE)


if __name__ == "__main__":
    main()
