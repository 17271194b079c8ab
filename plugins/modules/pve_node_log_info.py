# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_log_info
short_description: Gather the journal, the system log or the report of a node
description:
  - Returns the newest lines that a node has logged, or its report as the support of PVE asks for it.
  - For the logs of tasks see M(pve.automation.pve_task), for that of the cluster M(pve.automation.pve_cluster_info).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  limit:
    description: How many lines to return at most, the newest ones; 100 unless it is given. A report is always whole.
    type: int
  node:
    description: The node.
    type: str
    required: true
  service:
    description:
      - Only lines of this service, such as V(pvedaemon). With O(source=journal) the release of PVE has to know how; those that do
        not refuse it, and take it with O(source=syslog).
    type: str
  since:
    description:
      - Only lines from this moment on. An epoch, an ISO date such as V(2027-01-31T12:00), in UTC unless it names a zone, or how
        long ago, such as V(30m), V(24h) or V(7d).
    type: str
  source:
    description:
      - V(journal) is the journal of the node, in one request. V(syslog) is the same as PVE's system log shows it, in two
        requests and only with O(api_backend=https); with O(since) or O(until) a third one asks for the clock of the node.
        V(report) describes hardware, storage, network and guests of the node, and takes some seconds.
    type: str
    choices: [journal, syslog, report]
    default: journal
  until:
    description: Only lines up to this moment, written as O(since).
    type: str
seealso:
  - module: pve.automation.pve_task_info
  - module: pve.automation.pve_node_info
"""

EXAMPLES = r"""
- name: What has happened in the last hour
  pve.automation.pve_node_log_info:
    node: pve1
    since: 1h
    limit: 1000
  register: found

- name: What has the API daemon logged
  pve.automation.pve_node_log_info:
    node: pve1
    source: syslog
    service: pvedaemon
  register: found

- name: Read the report
  pve.automation.pve_node_log_info:
    node: pve1
    source: report
  register: report

- name: Keep it
  ansible.builtin.copy:
    content: "{{ report.log.lines | join('\n') }}"
    dest: report-pve1.txt
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
log:
  description: The lines, the oldest first.
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    lines: {description: "The lines, the oldest first.", type: list, elements: str}
    source: {description: As O(source)., type: str}
  sample:
    node: pve1
    source: journal
    lines: ["Nov 20 20:37:01 pve1 systemd[1]: Started pvedaemon.service - PVE API Daemon."]
"""

from ..module_utils._core.resources.node.log import NODE_LOG
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_LOG)


if __name__ == "__main__":
    main()
