# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_notification_matcher
short_description: Manage notification matchers
description:
  - Manages which notifications go to which endpoints.
  - The matcher V(default-matcher) always exists. It can be changed and switched off, but not deleted.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.notifications
  - pve.automation.attributes
  - pve.automation.connection
options:
  name:
    description: Name of the matcher.
    type: str
    required: true
  comment:
    description: Comment. An empty string removes it.
    type: str
  disable:
    description: Whether it is switched off. PVE's default is V(false).
    type: bool
  invert_match:
    description: Whether the matcher fits what its rules do not fit. PVE's default is V(false).
    type: bool
  match_calendar:
    description: Times of the week, such as V(mon..fri 08:00-17:00).
    type: list
    elements: str
  match_field:
    description: Rules for fields, such as V(exact:type=vzdump) or V(regex:hostname=^pve).
    type: list
    elements: str
  match_severity:
    description: Severities, such as V(error), or several of them separated by commas.
    type: list
    elements: str
  mode:
    description: Whether all rules have to fit, or any of them.
    type: str
    choices: [all, any]
  target:
    description: Endpoints that get what fits. The list is the whole list, unless O(append) is set.
    type: list
    elements: str
  append:
    description: Only add the targets that are listed, never take one away.
    type: bool
    default: false
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  state:
    description: Whether the matcher exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_notification_endpoint
  - module: pve.automation.pve_notification_matcher_info
"""

EXAMPLES = r"""
- name: Failed backups go to the administrators
  pve.automation.pve_notification_matcher:
    name: backups
    match_field: [exact:type=vzdump]
    match_severity: [error]
    target: [mail]
"""

RETURN = r"""
matcher:
  description: The matcher as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    name: {description: As O(name)., type: str}
    comment: {description: As O(comment)., type: str}
    disable: {description: As O(disable)., type: bool}
    invert_match: {description: As O(invert_match)., type: bool}
    match_calendar: {description: As O(match_calendar)., type: list, elements: str}
    match_field: {description: As O(match_field)., type: list, elements: str}
    match_severity: {description: As O(match_severity)., type: list, elements: str}
    mode: {description: As O(mode)., type: str}
    target: {description: As O(target)., type: list, elements: str}
  sample: {name: backups, match_field: ["exact:type=vzdump"], match_severity: [error], target: [mail]}
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
  sample: [{method: POST, path: /cluster/notifications/matchers, params: {name: backups}, summary: create matcher backups}]
"""

from ..module_utils._core.resources.cluster.notification import MATCHER
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(MATCHER)


if __name__ == "__main__":
    main()
