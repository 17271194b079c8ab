# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_acme_plugin_info
short_description: Gather information about ACME challenge plugins
description:
  - Lists the plugins that prove to ACME authorities who owns a domain, without their secret data, and the DNS providers with the
    variables that each of them wants.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  gather:
    description: What is read, with one request each.
    type: list
    elements: str
    choices: [plugins, apis]
    default: [plugins]
  id:
    description: Only this plugin. If there is none of that id, the list is empty.
    type: str
  type:
    description: Only plugins of this type.
    type: str
    choices: [dns, standalone]
seealso:
  - module: pve.automation.pve_acme_plugin
"""

EXAMPLES = r"""
- name: All plugins
  pve.automation.pve_acme_plugin_info:

- name: What a provider wants to know
  pve.automation.pve_acme_plugin_info:
    gather: [apis]
  register: known
"""

RETURN = r"""
acme:
  description: What was asked for by O(gather).
  returned: success
  type: dict
  contains:
    plugins:
      description: The plugins, ordered by id.
      type: list
      elements: dict
      sample: [{id: standalone, type: standalone}]
    apis:
      description: The DNS providers, each with its id for O(pve.automation.pve_acme_plugin#module:api) and its variables.
      type: list
      elements: dict
      sample: [{id: acmedns, name: acme-dns, type: dns, schema: {fields: {ACMEDNS_USERNAME: {type: string}}}}]
"""

from ..module_utils._core.resources.cluster.acme import PLUGIN_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(PLUGIN_INFO)


if __name__ == "__main__":
    main()
