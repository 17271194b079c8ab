# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_task_info
short_description: Gather information about tasks of Proxmox VE
description: Lists what the nodes of a cluster are doing and have done, newest first.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.tasks
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  nodes:
    description: Nodes whose tasks are listed. By default all that are online, with a warning for each other one.
    type: list
    elements: str
  vmid:
    description: Only tasks of this guest.
    type: int
  type:
    description: Only tasks of this type, such as V(qmstart), V(vzdump) or V(qmigrate).
    type: str
  user:
    description: Only tasks of users whose name contains this.
    type: str
  since:
    description: Only tasks that started at this time or later, as an epoch, an ISO date (UTC unless it names a zone) or a period
      back from now such as V(24h).
    type: str
  until:
    description: Only tasks that started at this time or earlier, written like O(since).
    type: str
  errors:
    description: Whether only tasks are listed that failed. A running task has not failed, nor has one that ended with warnings.
    type: bool
  running:
    description: Only tasks that run (V(true)) or that have ended (V(false)). By default both.
    type: bool
  limit:
    description: How many tasks are listed at most.
    type: int
    default: 50
seealso:
  - module: pve.automation.pve_task
"""

EXAMPLES = r"""
- name: What failed in the last day
  pve.automation.pve_task_info:
    errors: true
    since: 24h
  register: failures

- name: Backups of a guest
  pve.automation.pve_task_info:
    type: vzdump
    vmid: 9001
    limit: 5
"""

RETURN = r"""
tasks:
  description: The tasks, with the parts of their identifiers. Times are in seconds since the epoch.
  returned: success
  type: list
  elements: dict
  contains:
    upid: {description: Identifier of the task., type: str}
    node: {description: Node that it runs on., type: str}
    type: {description: "Kind of the task, such as V(qmstart).", type: str}
    id: {description: "What it is about, such as the id of a guest.", type: str}
    user: {description: Who started it., type: str}
    tokenid: {description: The token that it was started with., type: str}
    starttime: {description: "When it started, in seconds since the epoch.", type: int}
    endtime: {description: "When it ended, in seconds since the epoch; null while it runs.", type: int}
    running:
      description: Whether it still runs.
      type: bool
    exitstatus:
      description: V(OK), V(WARNINGS) with a number, the text of the error, or null while the task runs.
      type: str
    failed:
      description: Whether it has ended with an error.
      type: bool
    warnings:
      description: Whether it has ended well, but with warnings.
      type: bool
  sample:
    - upid: "UPID:pve1:0000E03F:00097E07:6B00C179:qmstart:9700:root@pam:"
      node: pve1
      type: qmstart
      id: "9700"
      user: root@pam
      starttime: 1795211641
      endtime: 1795211641
      running: false
      exitstatus: OK
      failed: false
      warnings: false
"""

from ..module_utils._core.resources.cluster.task import TASK_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(TASK_INFO)


if __name__ == "__main__":
    main()
