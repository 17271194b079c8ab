# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_realm_sync
short_description: Synchronize users and groups from a realm
description:
  - Takes over users and groups from the directory behind a realm of type ldap or ad, and may remove those that vanished there.
  - This is an action. It always reports a change, because what the directory holds is not known beforehand; with O(dry_run) it never does.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  realm:
    description: Name of the realm.
    type: str
    required: true
  scope:
    description: What is taken over. Needed unless the realm's O(pve.automation.pve_realm#module:sync_defaults_options) names it.
    type: str
    choices: [users, groups, both]
  enable_new:
    description: Whether new users may log in at once.
    type: bool
  remove_vanished:
    description: What is removed where a user or group is no longer in the directory - the V(entry) itself, its V(acl) entries,
      V(properties) that the directory does not set; or V(none).
    type: list
    elements: str
    choices: [acl, entry, properties, none]
  dry_run:
    description: Let the server only write into the task's log what it would do.
    type: bool
    default: false
seealso:
  - module: pve.automation.pve_realm
  - module: pve.automation.pve_task
"""

EXAMPLES = r"""
- name: See what would happen
  pve.automation.pve_realm_sync:
    realm: corp
    scope: both
    remove_vanished: [entry, acl]
    dry_run: true
  register: tried

- name: Read the log of that
  pve.automation.pve_task:
    upid: "{{ tried.task }}"

- name: Do it
  pve.automation.pve_realm_sync:
    realm: corp
    scope: both
    remove_vanished: [entry, acl]
"""

RETURN = r"""
sync:
  description: The realm with its type and the defaults that it sets itself.
  returned: success
  type: dict
  contains:
    realm: {description: The realm., type: str}
    type: {description: Its type., type: str}
    defaults: {description: Defaults of a synchronization that the realm sets., type: str}
  sample: {realm: corp, type: ldap, defaults: scope=both}
task:
  description: UPID of the task, whose log shows what was synchronized.
  returned: success, not in check mode
  type: str
  sample: "UPID:pve1:0000D84A:000957F8:6B00C117:auth-realm-sync:corp:root@pam:"
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
  sample: [{method: POST, path: /access/domains/corp/sync, params: {scope: both}, summary: take over users and groups of realm corp}]
"""

from ..module_utils._core.resources.access.realm import REALM_SYNC
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(REALM_SYNC)


if __name__ == "__main__":
    main()
