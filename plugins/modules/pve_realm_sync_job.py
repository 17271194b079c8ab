# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_realm_sync_job
short_description: Manage realm synchronization jobs
description:
  - Creates, changes and deletes the jobs of the cluster that take over users and groups from the directory behind a realm by a schedule.
  - What a job does not say is decided by O(pve.automation.pve_realm#module:sync_defaults_options) of its realm.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
options:
  id:
    description: Id of the job.
    type: str
    required: true
    aliases: [name]
  realm:
    description: Realm of type ldap or ad to take users from. Needed to create a job, and fixed then.
    type: str
  schedule:
    description:
      - When the job runs, as a calendar event, such as V(daily) or V(mon..fri 06:00). Needed to create a job.
      - An expression of cron with five fields is translated. If no calendar event means the same, the task fails and says why.
    type: str
  enabled:
    description: Whether the job runs on its schedule. PVE's default is V(true).
    type: bool
  scope:
    description: What is taken over.
    type: str
    choices: [users, groups, both]
  enable_new:
    description: Whether new users may log in at once.
    type: bool
  remove_vanished:
    description: What is removed where a user or group is no longer in the directory - the V(entry) itself, its V(acl) entries,
      V(properties) that the directory does not set; or V(none). The list is the whole list.
    type: list
    elements: str
    choices: [acl, entry, properties, none]
  comment:
    description: Comment of the job. An empty string removes it.
    type: str
  unset:
    description: Names of options that are removed from the job.
    type: list
    elements: str
  state:
    description: Whether the job exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_realm_sync_job_info
  - module: pve.automation.pve_realm
  - module: pve.automation.pve_realm_sync
"""

EXAMPLES = r"""
- name: Take over users and groups every morning
  pve.automation.pve_realm_sync_job:
    id: corp-daily
    realm: corp
    schedule: mon..fri 06:00
    scope: both
    remove_vanished: [entry, acl]

- name: Leave what is removed to the realm
  pve.automation.pve_realm_sync_job:
    id: corp-daily
    unset: [remove_vanished]

- name: Delete the job
  pve.automation.pve_realm_sync_job:
    id: corp-daily
    state: absent
"""

RETURN = r"""
job:
  description: The job as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    id: {description: As O(id)., type: str}
    realm: {description: As O(realm)., type: str}
    schedule: {description: As O(schedule)., type: str}
    comment: {description: As O(comment)., type: str}
    enable_new: {description: As O(enable_new)., type: bool}
    enabled: {description: As O(enabled)., type: bool}
    remove_vanished: {description: As O(remove_vanished)., type: list, elements: str}
    scope: {description: As O(scope)., type: str}
  sample: {id: corp-daily, realm: corp, schedule: "mon..fri 06:00", enabled: true, scope: both, remove_vanished: [acl, entry]}
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
  sample: [{method: POST, path: /cluster/jobs/realm-sync/corp-daily, params: {realm: corp, schedule: daily}, summary: create job corp-daily}]
"""

from ..module_utils._core.resources.access.realm_sync_job import JOB
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
