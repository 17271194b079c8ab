# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options that modules, action plugins and the inventory share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_host:
    description:
      - Node or nodes of the cluster, each as V(host), V(host:port), an IPv6 address or a URL such as V(https://proxy.example.com/pve).
      - With several, the next one is asked when one does not answer.
      - If not set, the environment variable E(PVE_HOST), then E(PROXMOX_HOST), is used; likewise for the other connection options.
    type: list
    elements: str
  api_port:
    description: Port of the API, where O(api_host) does not name one. 8006 by default, 443 for a URL with a path.
    type: int
  api_user:
    description: User with realm, as in V(root@pam), which is also what a login with O(api_password) assumes.
    type: str
  api_password:
    description:
      - Password of O(api_user). It is exchanged for a ticket.
      - PVE has neither HTTP Basic nor OAuth bearer logins. Automation uses an API token or a password; people may log in by an OpenID realm.
    type: str
  api_otp:
    description:
      - Code of the user's second factor, or a recovery key as V(recovery:KEY).
      - Each task logs in separately and a code is valid for one login, so that this suits single tasks only. API tokens need none.
    type: str
  api_token_id:
    description: API token, whole as V(user@realm!id), or only its V(id) beside O(api_user).
    type: str
  api_token_secret:
    description: Secret of the API token.
    type: str
  validate_certs:
    description: Whether the certificate of the node is verified. Prefer O(api_fingerprint) or O(ca_path) to switching this off.
    type: bool
    default: true
  ca_path:
    description: File with the certificates of the authorities to trust; that of a cluster is C(/etc/pve/pve-root-ca.pem) on each node.
    type: path
  api_fingerprint:
    description:
      - SHA-256 fingerprint of the certificate of the node, as C(pvenode cert info) shows it; colons are optional.
      - Every node has a certificate of its own, so that several O(api_host) need several; any of them is trusted.
      - They are checked on every connection before any credential is sent, and replace the verification by authorities.
    type: list
    elements: str
  api_connect_timeout:
    description: Seconds to wait for a connection.
    type: float
    default: 10
  api_timeout:
    description: Seconds to wait for the answer to one request. How long a PVE task may run is another option, C(timeout), of the modules that start some.
    type: float
    default: 60
  api_backend:
    description:
      - How the API is reached. V(https) is the usual way.
      - V(local) runs C(pvesh) on the machine where the module runs, which has to be a node, as its user; no credentials are needed.
      - V(openssh) does so by C(ssh) on O(api_host), which has to be reached without a question. Both need no Python library. C(pvesh) ends with
        the task that a call starts, so that these two wait for tasks even with C(wait=false) where they take less than O(api_timeout).
    type: str
    choices: [https, local, openssh]
    default: https
  api_ssh_user:
    description: User for O(api_backend=openssh); one other than root needs C(sudo) without a password.
    type: str
    default: root
  api_ssh_port:
    description: Port for O(api_backend=openssh).
    type: int
    default: 22
  api_ssh_key:
    description: File with the private key for O(api_backend=openssh).
    type: path
requirements:
  - requests
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_connection
    description: How to connect. The examples take the connection from the environment or from C(module_defaults).
"""

    # Options that only plugins have.
    PLUGIN = r"""
options:
  api_host:
    env: [{name: PVE_HOST}, {name: PROXMOX_HOST}]
  api_port:
    env: [{name: PVE_PORT}, {name: PROXMOX_PORT}]
  api_user:
    env: [{name: PVE_USER}, {name: PROXMOX_USER}]
  api_password:
    env: [{name: PVE_PASSWORD}, {name: PROXMOX_PASSWORD}]
  api_otp:
    env: [{name: PVE_OTP}, {name: PROXMOX_OTP}]
  api_token_id:
    env: [{name: PVE_TOKEN_ID}, {name: PROXMOX_TOKEN_ID}]
  api_token_secret:
    env: [{name: PVE_TOKEN_SECRET}, {name: PROXMOX_TOKEN_SECRET}]
  validate_certs:
    env: [{name: PVE_VALIDATE_CERTS}, {name: PROXMOX_VALIDATE_CERTS}]
  ca_path:
    env: [{name: PVE_CA_PATH}, {name: PROXMOX_CA_PATH}]
  api_fingerprint:
    env: [{name: PVE_FINGERPRINT}, {name: PROXMOX_FINGERPRINT}]
  api_connect_timeout:
    env: [{name: PVE_CONNECT_TIMEOUT}, {name: PROXMOX_CONNECT_TIMEOUT}]
  api_timeout:
    env: [{name: PVE_TIMEOUT}, {name: PROXMOX_TIMEOUT}]
  api_backend:
    env: [{name: PVE_BACKEND}, {name: PROXMOX_BACKEND}]
  api_ssh_user:
    env: [{name: PVE_SSH_USER}, {name: PROXMOX_SSH_USER}]
  api_ssh_port:
    env: [{name: PVE_SSH_PORT}, {name: PROXMOX_SSH_PORT}]
  api_ssh_key:
    env: [{name: PVE_SSH_KEY}, {name: PROXMOX_SSH_KEY}]
"""
