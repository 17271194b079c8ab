# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_notification_matcher_info
short_description: Gather information about notification matchers
description:
  - Lists which notifications go to which endpoints.
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
seealso:
  - module: pve.automation.pve_notification_matcher
"""

EXAMPLES = r"""
- name: All matchers
  pve.automation.pve_notification_matcher_info:
  register: listed

- name: Those that send something to the administrators
  ansible.builtin.debug:
    msg: "{{ listed.matchers | selectattr('target', 'defined') | selectattr('target', 'contains', 'mail-to-root') | map(attribute='name') }}"
"""

RETURN = r"""
matchers:
  description: The matchers, ordered by name. C(origin) is V(builtin) or V(modified-builtin) for what the server always has, otherwise V(user-created).
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "As O(pve.automation.pve_notification_matcher#module:name).", type: str}
    origin: {description: "V(builtin), V(modified-builtin) or V(user-created).", type: str}
    comment: {description: "As O(pve.automation.pve_notification_matcher#module:comment).", type: str}
    disable: {description: "As O(pve.automation.pve_notification_matcher#module:disable).", type: bool}
    invert_match: {description: "As O(pve.automation.pve_notification_matcher#module:invert_match).", type: bool}
    match_calendar: {description: "As O(pve.automation.pve_notification_matcher#module:match_calendar).", type: list, elements: str}
    match_field: {description: "As O(pve.automation.pve_notification_matcher#module:match_field).", type: list, elements: str}
    match_severity: {description: "As O(pve.automation.pve_notification_matcher#module:match_severity).", type: list, elements: str}
    mode: {description: "As O(pve.automation.pve_notification_matcher#module:mode).", type: str}
    target: {description: "As O(pve.automation.pve_notification_matcher#module:target).", type: list, elements: str}
  sample: [{name: default-matcher, mode: all, target: [mail-to-root], comment: Route all notifications to mail-to-root, origin: builtin}]
"""

from ..module_utils._core.resources.cluster.notification import MATCHER_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(MATCHER_INFO)


if __name__ == "__main__":
    main()
