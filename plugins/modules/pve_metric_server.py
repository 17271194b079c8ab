# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_metric_server
short_description: Manage external metric servers
description:
  - Manages the servers of Graphite, InfluxDB or OpenTelemetry that the cluster sends its metrics to.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.notifications
  - pve.automation.attributes
  - pve.automation.connection
options:
  id:
    description: Id of the metric server.
    type: str
    required: true
    aliases: [name]
  type:
    description: Type of the server. Needed to create one; it cannot be changed.
    type: str
    choices: [graphite, influxdb, opentelemetry]
  server:
    description: Name or address of the server. Needed to create one.
    type: str
  port:
    description: Port of the server. Needed to create one.
    type: int
  disable:
    description: Whether nothing is sent. PVE's default is V(false).
    type: bool
  mtu:
    description: Largest packet of UDP in bytes. PVE's default is V(1500).
    type: int
  timeout:
    description: Seconds to wait for the server with TCP. PVE's default is V(1).
    type: int
  path:
    description: Root of the names at a Graphite server, such as V(proxmox.cluster).
    type: str
  proto:
    description: Protocol of a Graphite server; PVE takes V(udp) if it is not given.
    type: str
    choices: [udp, tcp]
  influxdbproto:
    description: Protocol of an InfluxDB server. PVE's default is V(udp).
    type: str
    choices: [udp, http, https]
  api_path_prefix:
    description: Prefix of the path at an InfluxDB server behind a proxy.
    type: str
  bucket:
    description: Bucket or database of an InfluxDB server.
    type: str
  organization:
    description: Organization at an InfluxDB server.
    type: str
  token:
    description: Token for an InfluxDB server. It is sent only as O(update_password) says, and never shown.
    type: str
  max_body_size:
    description: Largest request to an InfluxDB server in bytes. PVE's default is V(25000000).
    type: int
  verify_certificate:
    description: Whether the certificate of an InfluxDB server is checked. PVE's default is V(true).
    type: bool
  otel_compression:
    description: How requests of OpenTelemetry are compressed. PVE's default is V(gzip).
    type: str
    choices: [none, gzip]
  otel_headers:
    description: Headers for OpenTelemetry by name, as a dict or as JSON, plain or in base64. They are treated as secret, as they may hold a key.
    type: raw
  otel_max_body_size:
    description: Largest request of OpenTelemetry in bytes. PVE's default is V(10000000).
    type: int
  otel_path:
    description: Path at the OpenTelemetry server. PVE's default is V(/v1/metrics).
    type: str
  otel_protocol:
    description: Protocol of OpenTelemetry. PVE's default is V(https).
    type: str
    choices: [http, https]
  otel_resource_attributes:
    description: Attributes for OpenTelemetry by name, as a dict or as JSON, plain or in base64.
    type: raw
  otel_timeout:
    description: Seconds to wait for the OpenTelemetry server. PVE's default is V(5).
    type: int
  otel_verify_ssl:
    description: Whether the certificate of the OpenTelemetry server is checked. PVE's default is V(true).
    type: bool
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  update_password:
    description: The server does not return O(token) and O(otel_headers). V(on_create) sets them only on a new metric server,
      V(always) in every run.
    type: str
    choices: [on_create, always]
    default: on_create
  state:
    description: Whether the metric server exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_metric_server_info
"""

EXAMPLES = r"""
- name: Send metrics to InfluxDB
  pve.automation.pve_metric_server:
    id: influx
    type: influxdb
    server: influx.example.com
    port: 8086
    influxdbproto: https
    organization: example
    bucket: proxmox
    token: "{{ influx_token }}"
"""

RETURN = r"""
server:
  description: The metric server as the server has it afterwards, without its token; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    id: {description: As O(id)., type: str}
    type: {description: As O(type)., type: str}
    server: {description: As O(server)., type: str}
    port: {description: As O(port)., type: int}
    disable: {description: As O(disable)., type: bool}
    mtu: {description: As O(mtu)., type: int}
    timeout: {description: As O(timeout)., type: int}
    path: {description: As O(path)., type: str}
    proto: {description: As O(proto)., type: str}
    influxdbproto: {description: As O(influxdbproto)., type: str}
    api_path_prefix: {description: As O(api_path_prefix)., type: str}
    bucket: {description: As O(bucket)., type: str}
    organization: {description: As O(organization)., type: str}
    token: {description: A placeholder if it is set., type: str}
    max_body_size: {description: As O(max_body_size)., type: int}
    verify_certificate: {description: As O(verify_certificate)., type: bool}
    otel_compression: {description: As O(otel_compression)., type: str}
    otel_headers: {description: A placeholder if it is set., type: str}
    otel_max_body_size: {description: As O(otel_max_body_size)., type: int}
    otel_path: {description: As O(otel_path)., type: str}
    otel_protocol: {description: As O(otel_protocol)., type: str}
    otel_resource_attributes: {description: As O(otel_resource_attributes)., type: str}
    otel_timeout: {description: As O(otel_timeout)., type: int}
    otel_verify_ssl: {description: As O(otel_verify_ssl)., type: bool}
  sample: {id: influx, type: influxdb, server: influx.example.com, port: 8086}
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
  sample: [{method: DELETE, path: /cluster/metrics/server/influx, params: {}, summary: delete server influx}]
"""

from ..module_utils._core.resources.cluster.metric_server import SERVER
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(SERVER)


if __name__ == "__main__":
    main()
