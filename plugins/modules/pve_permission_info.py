# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_permission_info
short_description: Tell what a user or token may do, and what it lacks
description:
  - Tells the effective permissions of a user or an API token, and which privileges are missing for given ones or for modules of this collection.
version_added: 0.1.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  userid:
    description: User, or token as V(user@realm!id). By default whoever is logged in; others need V(Sys.Audit) on V(/access).
    type: str
  path:
    description:
      - Path to look at. Without it, and without O(modules), all paths with access control entries are told.
      - With O(modules) it narrows what a module needs to one object, as V(/vms/100) does V(/vms).
    type: str
  privs:
    description: Privileges that are needed on O(path).
    type: list
    elements: str
  modules:
    description: Modules that are to be used; what is needed for all that they can do is looked for.
    type: list
    elements: str
    choices: [pve_acl, pve_backup, pve_backup_info, pve_backup_job, pve_group, pve_guest_info, pve_guests, pve_ha, pve_ha_group,
      pve_ha_rule, pve_lxc, pve_mapping, pve_mapping_info, pve_metric_server, pve_notification_endpoint,
      pve_notification_matcher, pve_permission_info, pve_pool, pve_realm, pve_realm_sync, pve_replication, pve_role,
      pve_snapshot, pve_storage, pve_storage_info, pve_task, pve_tfa, pve_token, pve_user, pve_vm]
seealso:
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_role
"""

EXAMPLES = r"""
- name: May this token do what the playbook is going to do
  pve.automation.pve_permission_info:
    modules: [pve_vm, pve_pool]
  register: able
  failed_when: able.permissions.missing | length > 0

- name: What somebody may do with a guest
  pve.automation.pve_permission_info:
    userid: alice@pve
    path: /vms/100
"""

RETURN = r"""
permissions:
  description: What was found.
  returned: success
  type: dict
  contains:
    paths:
      description: By path, the privileges that are there, each with whether it holds for the paths below.
      type: dict
      returned: success
      sample: {/vms: {VM.Audit: true, VM.PowerMgmt: false}}
    missing:
      description: By path, the privileges that are needed and not there; empty if nothing is missing.
      type: dict
      returned: when O(privs) or O(modules) is given
      sample: {/storage: [Datastore.AllocateSpace]}
"""

from ..module_utils.module import run_module
from ..module_utils.resources.permission import PERMISSION_INFO


def main() -> None:
    run_module(PERMISSION_INFO)


if __name__ == "__main__":
    main()
