# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_backup_job_info
short_description: Gather information about backup jobs
description:
  - Lists the jobs of the cluster that make backups by a schedule, with the moment of their next run.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.backup
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  id:
    description: Only this job. If there is none of that id, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_backup_job
"""

EXAMPLES = r"""
- name: All backup jobs
  pve.automation.pve_backup_job_info:
  register: listed

- name: List the jobs that are disabled
  ansible.builtin.debug:
    msg: "{{ listed.jobs | rejectattr('enabled') | map(attribute='id') }}"
"""

RETURN = r"""
jobs:
  description:
    - The jobs, ordered by id. C(next_run) is an ISO date in UTC; a job that is disabled has one, too, but does not run.
    - What is set is there under the names of the options of M(pve.automation.pve_backup_job).
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: "As O(pve.automation.pve_backup_job#module:id).", type: str}
    next_run: {description: "Next time of the job, ISO 8601 in UTC.", type: str}
  sample: [{id: nightly, schedule: "mon..fri 21:30", enabled: true, all: true, storage: backup, next_run: "2026-11-23T21:30:00Z"}]
"""

from ..module_utils._core.resources.backup.job import JOB_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(JOB_INFO)


if __name__ == "__main__":
    main()
