# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_metric_server_info
short_description: Gather information about external metric servers
description:
  - Lists the servers that the cluster sends its metrics to.
version_added: 1.0.0
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
  contains:
    id: {description: "As O(pve.automation.pve_metric_server#module:id).", type: str}
    type: {description: "As O(pve.automation.pve_metric_server#module:type).", type: str}
    server: {description: "As O(pve.automation.pve_metric_server#module:server).", type: str}
    port: {description: "As O(pve.automation.pve_metric_server#module:port).", type: int}
    disable: {description: "As O(pve.automation.pve_metric_server#module:disable).", type: bool}
    mtu: {description: "As O(pve.automation.pve_metric_server#module:mtu).", type: int}
    timeout: {description: "As O(pve.automation.pve_metric_server#module:timeout).", type: int}
    path: {description: "As O(pve.automation.pve_metric_server#module:path).", type: str}
    proto: {description: "As O(pve.automation.pve_metric_server#module:proto).", type: str}
    influxdbproto: {description: "As O(pve.automation.pve_metric_server#module:influxdbproto).", type: str}
    api_path_prefix: {description: "As O(pve.automation.pve_metric_server#module:api_path_prefix).", type: str}
    bucket: {description: "As O(pve.automation.pve_metric_server#module:bucket).", type: str}
    organization: {description: "As O(pve.automation.pve_metric_server#module:organization).", type: str}
    token: {description: A placeholder if it is set., type: str}
    max_body_size: {description: "As O(pve.automation.pve_metric_server#module:max_body_size).", type: int}
    verify_certificate: {description: "As O(pve.automation.pve_metric_server#module:verify_certificate).", type: bool}
    otel_compression: {description: "As O(pve.automation.pve_metric_server#module:otel_compression).", type: str}
    otel_headers: {description: A placeholder if it is set., type: str}
    otel_max_body_size: {description: "As O(pve.automation.pve_metric_server#module:otel_max_body_size).", type: int}
    otel_path: {description: "As O(pve.automation.pve_metric_server#module:otel_path).", type: str}
    otel_protocol: {description: "As O(pve.automation.pve_metric_server#module:otel_protocol).", type: str}
    otel_resource_attributes: {description: "As O(pve.automation.pve_metric_server#module:otel_resource_attributes).", type: str}
    otel_timeout: {description: "As O(pve.automation.pve_metric_server#module:otel_timeout).", type: int}
    otel_verify_ssl: {description: "As O(pve.automation.pve_metric_server#module:otel_verify_ssl).", type: bool}
  sample: [{id: influx, type: influxdb, server: influx.example.com, port: 8086, disable: false}]
"""

from ..module_utils._core.resources.cluster.metric_server import SERVER_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(SERVER_INFO)


if __name__ == "__main__":
    main()
