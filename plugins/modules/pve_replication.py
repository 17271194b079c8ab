# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_replication
short_description: Manage replication jobs
description:
  - Manages the jobs that copy the volumes of a guest to another node again and again. The volumes must lie on ZFS.
  - The guest's node carries out a deletion some time later. Until then the job counts as gone here, but its id is taken.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.backup
  - pve.automation.attributes
  - pve.automation.connection
options:
  id:
    description: Id of the job. It is the guest's id and a number, as in V(100-0).
    type: str
    required: true
  target:
    description: Node that the volumes are replicated to. Needed to create a job; it cannot be changed.
    type: str
  schedule:
    description: When the job runs, as a calendar event such as V(*/15) or V(sat 03:00), or as five fields of cron, which are translated.
    type: str
  rate:
    description: Limit of the bandwidth in MB per second.
    type: float
  comment:
    description: Comment of the job. An empty string removes it.
    type: str
  disable:
    description: Whether the job does not run. PVE's default is V(false).
    type: bool
  keep:
    description: With O(state=absent), leave the copied volumes on the target.
    type: bool
    default: false
  force:
    description: With O(state=absent), forget the job at once and clean up nothing.
    type: bool
    default: false
  run_now:
    description:
      - Run the job now, whatever its schedule says. This is an action, so that the task is always changed.
        A new job runs by itself soon after it was created.
      - The node of the guest begins within a minute.
    type: bool
    default: false
  wait:
    description: With O(run_now), wait until the run has ended, and fail if it does.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for the end of the run.
    type: int
    default: 600
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  state:
    description: Whether the job exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_replication_info
"""

EXAMPLES = r"""
- name: Copy a guest to the second node every half hour, but not in working hours
  pve.automation.pve_replication:
    id: 100-0
    target: pve2
    schedule: 0..6,18..23:00/30
    rate: 50

- name: Bring the copy up to date before maintenance
  pve.automation.pve_replication:
    id: 100-0
    run_now: true

- name: Stop replicating and remove the copy
  pve.automation.pve_replication:
    id: 100-0
    state: absent
"""

RETURN = r"""
job:
  description: The job as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    id: {description: As O(id)., type: str}
    source: {description: Node of the guest., type: str}
    target: {description: As O(target)., type: str}
    schedule: {description: As O(schedule)., type: str}
    rate: {description: As O(rate)., type: float}
    comment: {description: As O(comment)., type: str}
    disable: {description: As O(disable)., type: bool}
  sample: {id: 100-0, source: pve1, target: pve2, schedule: "*/30", rate: 50}
run:
  description: What became of the run, times in seconds since the epoch.
  returned: when O(run_now) and O(wait) are true, and not in check mode
  type: dict
  contains:
    last_sync: {description: "Last synchronization, in seconds since the epoch.", type: int}
    duration: {description: "How long it took, in seconds.", type: float}
    next_sync: {description: "Next synchronization, in seconds since the epoch.", type: int}
  sample: {last_sync: 1795211539, duration: 4.2, next_sync: 1795212000}
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
  sample: [{method: DELETE, path: /cluster/replication/100-0, params: {}, summary: delete job 100-0}]
"""

from ..module_utils._core.resources.cluster.replication import REPLICATION
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(REPLICATION)


if __name__ == "__main__":
    main()
