# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_acme_plugin
short_description: Manage ACME challenge plugins
description:
  - Manages ACME challenge plugins. A plugin of type V(dns) proves by a record at a DNS provider that a domain is yours.
  - A plugin of type V(standalone) answers on port 80 of the node. One of that name always exists.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
options:
  id:
    description: Id of the plugin, which C(acmedomain) options of M(pve.automation.pve_node) name.
    type: str
    required: true
    aliases: [name]
  type:
    description: Type of the plugin. Needed to create one; it cannot be changed.
    type: str
    choices: [dns, standalone]
  api:
    description: The DNS provider, such as V(cf). M(pve.automation.pve_acme_plugin_info) lists them. Needed to create a plugin of type V(dns).
    type: str
  data:
    description:
      - What the provider wants to know, such as its token, as a dictionary of variables or as a text with one C(NAME=value) in each line.
      - It is the whole of it - variables that are not named are removed; an empty string removes all. The order means nothing.
      - It is compared with what the server has, and never shown.
    type: raw
  validation_delay:
    description: Seconds that the record is given to spread before the authority looks. PVE's own default is V(30).
    type: int
  nodes:
    description: Nodes that may use the plugin. The list is the whole list unless O(append) is true. An empty list means all.
    type: list
    elements: str
  append:
    description: Only add the nodes that are listed, never take one out. Nothing is added to all nodes.
    type: bool
    default: false
  disable:
    description: Whether the plugin is out of use. PVE's default is V(false).
    type: bool
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  state:
    description: Whether the plugin exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_acme_plugin_info
  - module: pve.automation.pve_node
"""

EXAMPLES = r"""
- name: Prove domains by Cloudflare's DNS
  pve.automation.pve_acme_plugin:
    id: cloudflare
    type: dns
    api: cf
    data:
      CF_Token: "{{ cloudflare_token }}"
      CF_Account_ID: "{{ cloudflare_account }}"
    validation_delay: 60

- name: Use it for a node's domain
  pve.automation.pve_node:
    node: pve1
    acmedomain0:
      domain: pve1.example.com
      plugin: cloudflare
"""

RETURN = r"""
plugin:
  description: The plugin as the server has it afterwards, without its data; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    id: {description: As O(id)., type: str}
    type: {description: As O(type)., type: str}
    api: {description: As O(api)., type: str}
    data: {description: A placeholder if it is set., type: str}
    validation_delay: {description: As O(validation_delay)., type: int}
    nodes: {description: As O(nodes)., type: list, elements: str}
    disable: {description: As O(disable)., type: bool}
  sample: {id: cloudflare, type: dns, api: cf, validation_delay: 60}
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
  sample: [{method: DELETE, path: /cluster/acme/plugins/cloudflare, params: {}, summary: delete plugin cloudflare}]
"""

from ..module_utils._core.resources.cluster.acme import PLUGIN
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(PLUGIN)


if __name__ == "__main__":
    main()
