# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_backup_job
short_description: Manage backup jobs
description:
  - Creates, changes and deletes the jobs of the cluster that make backups by a schedule.
  - Options that are not given stay as they are. What no job says is decided by the configuration of each node.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.backup
  - pve.automation.attributes
  - pve.automation.connection
options:
  id:
    description: Id of the job.
    type: str
    required: true
    aliases: [name]
  schedule:
    description:
      - When the job runs, as a calendar event, such as V(mon..fri 21:30), V(sat 03:00), V(*/2:00) or V(daily). Needed to create a job.
      - An expression of cron with five fields is translated. If no calendar event means the same, the task fails and says why.
    type: str
  enabled:
    description: Whether the job runs on its schedule. PVE's default is V(true).
    type: bool
  all:
    description:
      - Back up all guests but those in O(exclude). PVE's default is V(false).
      - O(all), O(pool) and O(vmid) exclude each other; the one that is given replaces what the job had.
    type: bool
  exclude:
    description: With O(all), ids of guests that are left out. The list is the whole list unless O(append) is true.
    type: list
    elements: int
  vmid:
    description: Ids of the guests to back up. The list is the whole list unless O(append) is true.
    type: list
    elements: int
    aliases: [vmids]
  append:
    description: Only add to O(vmid) and O(exclude), never take a guest out.
    type: bool
    default: false
  pool:
    description: Back up the guests of this pool.
    type: str
  node:
    description: Run only on this node.
    type: str
  storage:
    description: Where the backups go.
    type: str
  mode:
    description: How running guests are treated.
    type: str
    choices: [snapshot, suspend, stop]
  compress:
    description: How the backups are compressed; V(0) is not at all, V(1) is the same as V(lzo).
    type: str
    choices: ['0', '1', gzip, lzo, zstd]
  zstd:
    description: Threads of zstd; V(0) takes half of the cores.
    type: int
  pigz:
    description: Threads of pigz, which is used instead of gzip if this is more than V(0); V(1) takes half of the cores.
    type: int
  prune_backups:
    description: "Which older backups are kept, as a dictionary such as V({keep-last: 3, keep-weekly: 4}) or as a property string
      V(keep-last=3,keep-weekly=4). It is always the whole policy."
    type: raw
  remove:
    description: Whether older backups are pruned by the policy.
    type: bool
  protected:
    description: Whether the backups are protected from removal. Needs O(storage).
    type: bool
  notes_template:
    description:
      - Text of the backups' notes, with placeholders such as C({{guestname}}), C({{vmid}}), C({{node}}) and C({{cluster}}).
      - It may have several lines. In a single line a backslash followed by C(n) stands for a new one.
      - Needs O(storage).
    type: str
  comment:
    description: Comment of the job. An empty string removes it.
    type: str
  notification_mode:
    description: Who is notified of the result, and how.
    type: str
    choices: [auto, legacy-sendmail, notification-system]
  mailto:
    description: Addresses or users that get a mail, where the notification mode sends one.
    type: list
    elements: str
  mailnotification:
    description: When a mail is sent.
    type: str
    choices: [always, failure]
  repeat_missed:
    description: Whether a run that was missed while the node was off is made up for. PVE's default is V(false).
    type: bool
  bwlimit:
    description: Limit of the bandwidth in KiB per second; V(0) is none.
    type: int
  ionice:
    description: Priority of reading and writing, from V(0) to V(8), which is idle.
    type: int
  lockwait:
    description: Minutes to wait for the lock of the node's backups.
    type: int
  stopwait:
    description: Minutes to wait until a guest has stopped.
    type: int
  stdexcludes:
    description: Whether temporary files and logs of containers are left out.
    type: bool
  exclude_path:
    description: Patterns of files in containers that are left out.
    type: list
    elements: str
  fleecing:
    description: "Whether and where writes of the guest are buffered during the backup, as a dict V({enabled: true, storage: local-lvm}) or as PVE's text."
    type: raw
  performance:
    description: Tuning as a dict with C(max-workers) and C(pbs-entries-max), or as PVE's text.
    type: raw
  pbs_change_detection_mode:
    description: How changed files of containers are found when the storage is a backup server.
    type: str
    choices: [legacy, data, metadata]
  dumpdir:
    description: Directory for the backups instead of a storage. Only root@pam may set it.
    type: str
  tmpdir:
    description: Directory for temporary files. Only root@pam may set it.
    type: str
  script:
    description: Script that is run at every step of a backup. Only root@pam may set it.
    type: str
  show_runs:
    description:
      - How many of the next runs to return, from V(1) to V(100). Costs one more request.
    type: int
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
  - module: pve.automation.pve_backup_job_info
  - module: pve.automation.pve_storage
"""

EXAMPLES = r"""
- name: Everything but two guests, on weekdays
  pve.automation.pve_backup_job:
    id: nightly
    schedule: mon..fri 21:30
    all: true
    exclude: [900, 901]
    storage: backup
    mode: snapshot
    compress: zstd
    prune_backups: {keep-daily: 7, keep-weekly: 4}
    notes_template: "{% raw %}{{guestname}} on {{node}}{% endraw %}"
    show_runs: 3
  register: job

- name: Show when it runs next
  ansible.builtin.debug:
    var: job.job.next_runs

- name: Translate a line of the old crontab
  pve.automation.pve_backup_job:
    id: databases
    schedule: 30 */6 * * 1-5
    vmid: [110, 111]
    storage: backup

- name: One more guest, whatever else is in the job
  pve.automation.pve_backup_job:
    id: databases
    vmid: [112]
    append: true

- name: Delete a job, not its backups
  pve.automation.pve_backup_job:
    id: databases
    state: absent
"""

RETURN = r"""
job:
  description:
    - The job as the server has it afterwards; null if it does not exist. In check mode as it would be.
    - C(next_runs) are ISO dates in UTC. They are there if O(show_runs) is set.
    - Options that are set are in it under their names.
  returned: success
  type: dict
  contains:
    id: {description: Id of the job., type: str}
    next_runs: {description: "Next times of the job, ISO 8601 in UTC.", type: list, elements: str}
  sample: {id: nightly, schedule: "mon..fri 21:30", enabled: true, all: true, exclude: [900, 901], storage: backup}
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
  sample: [{method: POST, path: /cluster/backup, params: {id: nightly, all: 1, schedule: "mon..fri 21:30"}, summary: create job nightly}]
"""

from ..module_utils._core.resources.backup.job import JOB
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
