# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_replication_info
short_description: Gather information about replication jobs
description:
  - Lists the jobs that copy the volumes of guests to other nodes, with O(node) also how their runs went.
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
  node:
    description: Only the jobs of guests on this node, which adds how their runs ended.
    type: str
seealso:
  - module: pve.automation.pve_replication
"""

EXAMPLES = r"""
- name: All replication jobs
  pve.automation.pve_replication_info:
  register: listed

- name: Those of a node that fail
  pve.automation.pve_replication_info:
    node: pve1
  register: listed
  failed_when: listed.jobs | selectattr("fail_count") | length > 0
"""

RETURN = r"""
jobs:
  description:
    - The jobs, ordered by id. C(guest) is the id of the guest, C(source) its node.
    - With O(node) also C(last_sync), C(last_try) and C(next_sync) in seconds since the epoch, C(duration) in seconds, how many runs
      have failed since the last success (C(fail_count)) and why the last one did (C(error)).
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: "As O(pve.automation.pve_replication#module:id).", type: str}
    target: {description: "As O(pve.automation.pve_replication#module:target).", type: str}
    schedule: {description: "As O(pve.automation.pve_replication#module:schedule).", type: str}
    rate: {description: "As O(pve.automation.pve_replication#module:rate).", type: float}
    comment: {description: "As O(pve.automation.pve_replication#module:comment).", type: str}
    disable: {description: "As O(pve.automation.pve_replication#module:disable).", type: bool}
  sample: [{id: 100-0, guest: 100, jobnum: 0, source: pve1, target: pve2, type: local, schedule: "*/30"}]
"""

from ..module_utils._core.resources.cluster.replication import REPLICATION_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(REPLICATION_INFO)


if __name__ == "__main__":
    main()
