# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_ha_group
short_description: Manage HA groups on PVE 8
description:
  - Manages the groups of nodes where resources of high availability may run.
  - PVE 9 replaced them by rules. There this module fails and shows the task for M(pve.automation.pve_ha_rule) to use instead.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.ha
  - pve.automation.attributes
  - pve.automation.connection
options:
  group:
    description: Name of the group.
    type: str
    required: true
    aliases: [name]
  nodes:
    description:
      - The nodes of the group. A priority may follow, as in V(pve1:2); without one it is V(0). Needed to create a group.
      - The list is the whole list unless O(append) is true.
    type: list
    elements: str
  restricted:
    description: Whether the resources never run on other nodes, not even if all of these are down. PVE's default is V(false).
    type: bool
  nofailback:
    description: Whether resources stay where they are when a node of higher priority is back. PVE's default is V(false).
    type: bool
  comment:
    description: Comment of the group. An empty string removes it.
    type: str
  append:
    description: Only add the nodes that are listed, never take one out. One that is there gets the priority that is listed.
    type: bool
    default: false
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  state:
    description: Whether the group exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_ha
  - module: pve.automation.pve_ha_rule
"""

EXAMPLES = r"""
- name: Guests that need the fast storage
  pve.automation.pve_ha_group:
    group: fast
    nodes: [pve1:2, pve2:2, pve3]
    restricted: true

- name: Delete the group
  pve.automation.pve_ha_group:
    group: fast
    state: absent
"""

RETURN = r"""
group:
  description: The group as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    group: {description: As O(group)., type: str}
    comment: {description: As O(comment)., type: str}
    nodes: {description: As O(nodes)., type: list, elements: str}
    nofailback: {description: As O(nofailback)., type: bool}
    restricted: {description: As O(restricted)., type: bool}
  sample: {group: fast, nodes: ["pve1:2", "pve2:2", pve3], restricted: true}
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
  sample: [{method: DELETE, path: /cluster/ha/groups/fast, params: {}, summary: delete group fast}]
"""

from ..module_utils._core.resources.ha.rule import GROUP
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(GROUP)


if __name__ == "__main__":
    main()
