# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_realm_sync_job_info
short_description: Gather information about realm synchronization jobs
description:
  - Lists the jobs of the cluster that take over users and groups from a directory, with the moments of their last and next run.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  id:
    description: Only this job. If there is none of that id, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_realm_sync_job
"""

EXAMPLES = r"""
- name: All jobs that take over users
  pve.automation.pve_realm_sync_job_info:
  register: listed

- name: Those that never ran
  ansible.builtin.debug:
    msg: "{{ listed.jobs | selectattr('last_run', 'undefined') | map(attribute='id') }}"
"""

RETURN = r"""
jobs:
  description: The jobs, ordered by id. C(last_run) and C(next_run) are ISO dates in UTC; a job that is disabled has a next run, too, but does not run.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: "As O(pve.automation.pve_realm_sync_job#module:id).", type: str}
    realm: {description: "As O(pve.automation.pve_realm_sync_job#module:realm).", type: str}
    schedule: {description: "As O(pve.automation.pve_realm_sync_job#module:schedule).", type: str}
    comment: {description: "As O(pve.automation.pve_realm_sync_job#module:comment).", type: str}
    enable_new: {description: "As O(pve.automation.pve_realm_sync_job#module:enable_new).", type: bool}
    enabled: {description: "As O(pve.automation.pve_realm_sync_job#module:enabled).", type: bool}
    remove_vanished: {description: "As O(pve.automation.pve_realm_sync_job#module:remove_vanished).", type: list, elements: str}
    scope: {description: "As O(pve.automation.pve_realm_sync_job#module:scope).", type: str}
  sample: [{id: corp-daily, realm: corp, schedule: daily, enabled: true, scope: both, next_run: "2026-11-29T00:00:00Z"}]
"""

from ..module_utils._core.resources.access.realm_sync_job import JOB_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(JOB_INFO)


if __name__ == "__main__":
    main()
