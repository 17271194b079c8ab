# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_metric_server_info
short_description: Gather information about external metric servers
description:
  - Lists the servers that the cluster sends its metrics to.
version_added: 0.1.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.notifications
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  id:
    description: Only this one. If there is none of that id, the list is empty.
    type: str
seealso:
  - module: pve.automation.pve_metric_server
"""

EXAMPLES = r"""
- name: All servers for metrics
  pve.automation.pve_metric_server_info:
  register: listed
"""

RETURN = r"""
servers:
  description: The metric servers, ordered by id.
  returned: success
  type: list
  elements: dict
  sample: [{id: influx, type: influxdb, server: influx.example.com, port: 8086, disable: false}]
"""

from ..module_utils._core.resources.cluster.metric_server import SERVER_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(SERVER_INFO)


if __name__ == "__main__":
    main()
