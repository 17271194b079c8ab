# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_task
short_description: Manage tasks of Proxmox VE
description:
  - Waits until a task has ended, or stops it, and returns how it ended, and its log.
  - Modules that start tasks wait for them already, unless O(ignore:wait) is V(false); they return the task's RV(ignore:upid) then.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.tasks
  - pve.automation.attributes
  - pve.automation.connection
options:
  upid:
    description: Identifier of the task. It names the node that runs it, which is asked whatever node O(api_host) is.
    type: str
    required: true
  state:
    description:
      - V(waited) waits until the task has ended, also in check mode, as that changes nothing. A task that failed fails the module, with
        its exit status and the last lines of its log; one that ended with warnings is a success with warnings.
      - V(stopped) stops the task if it runs. How it ended does not matter then.
    type: str
    choices: [waited, stopped]
    default: waited
  timeout:
    description: Seconds to wait for the end of the task. It goes on after that; the module fails. 0 only looks once.
    type: int
    default: 600
seealso:
  - module: pve.automation.pve_task_info
"""

EXAMPLES = r"""
- name: Begin a backup without waiting
  pve.automation.pve_api:
    path: /nodes/pve1/vzdump
    method: POST
    params: {vmid: 9001, storage: backup}
    wait: false
  register: backup

- name: Wait for it
  pve.automation.pve_task:
    upid: "{{ backup.upid }}"
    timeout: 7200
  register: ended

- name: Show its log
  ansible.builtin.debug:
    var: ended.task.log

- name: Stop a task
  pve.automation.pve_task:
    upid: "{{ backup.upid }}"
    state: stopped
"""

RETURN = r"""
task:
  description: The task as it is afterwards, with the parts of its identifier.
  returned: success
  type: dict
  contains:
    upid: {description: Identifier of the task., type: str}
    node: {description: Node that it runs on., type: str}
    type: {description: "Kind of the task, such as V(qmstart).", type: str}
    id: {description: "What it is about, such as the id of a guest.", type: str}
    user: {description: Who started it., type: str}
    starttime:
      description: When it started, in seconds since the epoch.
      type: int
    running:
      description: Whether it still runs.
      type: bool
    exitstatus:
      description: V(OK), V(WARNINGS) with a number, the text of the error, or null while the task runs.
      type: str
    log:
      description: All lines of its log.
      type: list
      elements: str
  sample:
    upid: "UPID:pve1:0000E03F:00097E07:6B00C179:qmstart:9700:root@pam:"
    node: pve1
    type: qmstart
    id: "9700"
    user: root@pam
    starttime: 1795211641
    running: false
    exitstatus: OK
    log: [TASK OK]
requests:
  description: The writing API calls that were made, in check mode those that would be made.
  returned: success
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: []
"""

from ..module_utils._core.resources.cluster.task import TASK
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
