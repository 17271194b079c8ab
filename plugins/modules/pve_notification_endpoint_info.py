# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_notification_endpoint_info
short_description: Gather information about notification endpoints
description:
  - Lists where notifications can go to, with O(type) also all options of the endpoints. Secrets are never returned.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.notifications
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  name:
    description: Only this one. If there is none of that name, the list is empty.
    type: str
  type:
    description: Only endpoints of this type, with all of their options.
    type: str
    choices: [sendmail, gotify, smtp, webhook]
seealso:
  - module: pve.automation.pve_notification_endpoint
"""

EXAMPLES = r"""
- name: All endpoints
  pve.automation.pve_notification_endpoint_info:
  register: listed

- name: Mail servers with their options
  pve.automation.pve_notification_endpoint_info:
    type: smtp
"""

RETURN = r"""
endpoints:
  description:
    - The endpoints, ordered by name. C(origin) is V(builtin) or V(modified-builtin) for what the server always has, otherwise V(user-created).
    - Without O(type) only with C(name), C(type), C(comment), C(disable) and C(origin).
    - What is set is there under the names of the options of M(pve.automation.pve_notification_endpoint).
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "As O(pve.automation.pve_notification_endpoint#module:name).", type: str}
    type: {description: Kind of the endpoint., type: str}
    comment: {description: "As O(pve.automation.pve_notification_endpoint#module:comment).", type: str}
    disable: {description: Whether it is off., type: bool}
    origin: {description: "V(builtin), V(modified-builtin) or V(user-created).", type: str}
  sample: [{name: mail-to-root, type: sendmail, comment: "Send mails to root@pam's email address", origin: builtin}]
"""

from ..module_utils._core.resources.cluster.notification import ENDPOINT_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(ENDPOINT_INFO)


if __name__ == "__main__":
    main()
