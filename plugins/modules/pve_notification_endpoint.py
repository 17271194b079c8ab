# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_notification_endpoint
short_description: Manage notification endpoints
description:
  - Manages where notifications go to. Which ones go there is said by M(pve.automation.pve_notification_matcher).
  - Each type has options of its own; an option of another type is refused.
  - The endpoint V(mail-to-root) always exists. It can be changed and switched off, but not deleted.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.notifications
  - pve.automation.attributes
  - pve.automation.connection
options:
  name:
    description: Name of the endpoint.
    type: str
    required: true
  type:
    description: Type of the endpoint.
    type: str
    choices: [sendmail, gotify, smtp, webhook]
    required: true
  comment:
    description: Comment. An empty string removes it.
    type: str
  disable:
    description: Whether it is switched off. PVE's default is V(false).
    type: bool
  author:
    description: Name of the sender, with O(type=sendmail) and O(type=smtp).
    type: str
  from_address:
    description: Address of the sender, with O(type=sendmail) and O(type=smtp), which needs it.
    type: str
  mailto:
    description: Addresses that get the mail, with O(type=sendmail) and O(type=smtp), which need this or O(mailto_user). The list is
      the whole list unless O(append) is true.
    type: list
    elements: str
  mailto_user:
    description: Users whose addresses get the mail. The list is the whole list unless O(append) is true.
    type: list
    elements: str
  append:
    description: Only add the addresses and users that O(mailto) and O(mailto_user) list, never take one out.
    type: bool
    default: false
  server:
    description: Name or address of the mail server with O(type=smtp), URL of the Gotify server with O(type=gotify). Both need it.
    type: str
  token:
    description: Token of the Gotify server. O(type=gotify) needs it.
    type: str
  mode:
    description: How the connection to the mail server is encrypted. PVE's default is V(tls).
    type: str
    choices: [insecure, starttls, tls]
  port:
    description: Port of the mail server. If not given, PVE takes the one that is usual with the O(mode).
    type: int
  username:
    description: User of the mail server.
    type: str
  password:
    description: Password of the mail server.
    type: str
  url:
    description: Where the request goes to; O(type=webhook) needs it. It is shown in results - keep what is secret in it in O(secret), and
      refer to that by C({{ secrets.NAME }}).
    type: str
  method:
    description: Method of the request. O(type=webhook) needs it.
    type: str
    choices: [post, put, get]
  header:
    description: Headers of the request with their values, in plain text. They are the whole set, and shown in results as the O(url) is.
    type: dict
  body:
    description: Body of the request with PVE's placeholders, in plain text; a mapping is sent as JSON.
    type: json
  secret:
    description: Names with secret values that O(url), O(header) and O(body) can refer to by C({{ secrets.NAME }}). They are the whole
      set, sent only as O(update_password) says, and never shown.
    type: dict
  send_test:
    description:
      - Send a test message through the endpoint, after all changes. This is an action, so that the task is always changed.
      - The task fails if the server cannot deliver the message.
    type: bool
    default: false
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  update_password:
    description: The server does not return secrets. V(on_create) sets them only on a new endpoint, V(always) in every run.
    type: str
    choices: [on_create, always]
    default: on_create
  state:
    description: Whether the endpoint exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_notification_matcher
  - module: pve.automation.pve_notification_endpoint_info
"""

EXAMPLES = r"""
- name: Mail through a server
  pve.automation.pve_notification_endpoint:
    name: mail
    type: smtp
    server: mail.example.com
    mode: starttls
    port: 587
    from_address: pve@example.com
    mailto: [admins@example.com]
    username: pve
    password: "{{ mail_password }}"

- name: Call a chat
  pve.automation.pve_notification_endpoint:
    name: chat
    type: webhook
    url: https://chat.example.com/hook
    method: post
    header: {Content-Type: application/json, Authorization: "{% raw %}Bearer {{ secrets.token }}{% endraw %}"}
    secret: {token: "{{ chat_token }}"}
    body: {text: "{% raw %}{{ escape title }}{% endraw %}"}

- name: Prove that it works
  pve.automation.pve_notification_endpoint:
    name: mail
    type: smtp
    send_test: true
"""

RETURN = r"""
endpoint:
  description:
    - The endpoint as the server has it afterwards, without secrets; null if it does not exist. In check mode as it would be.
    - Options that are set are in it under their names.
  returned: success
  type: dict
  contains:
    name: {description: As O(name)., type: str}
    type: {description: Kind of the endpoint., type: str}
  sample: {name: mail, type: smtp, server: mail.example.com, mode: starttls, mailto: [admins@example.com]}
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
  sample: [{method: DELETE, path: /cluster/notifications/endpoints/smtp/mail, params: {}, summary: delete endpoint mail}]
"""

from ..module_utils._core.resources.cluster.notification import ENDPOINT
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ENDPOINT)


if __name__ == "__main__":
    main()
