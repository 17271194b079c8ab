# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_pool
short_description: Manage resource pools
description:
  - Creates, changes and deletes pools, and says which guests and storages belong to them.
  - A pool may lie inside another one, as in C(web/frontend).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
options:
  poolid:
    description: Id of the pool, with the ids of the pools around it, separated by C(/).
    type: str
    required: true
    aliases: [name]
  comment:
    description: Comment of the pool. An empty string clears it.
    type: str
  vms:
    description: Ids of the guests in the pool. The list is the whole list unless O(append) is true; the empty list takes all out.
    type: list
    elements: int
  storage:
    description: Storages in the pool. The list is the whole list unless O(append) is true; the empty list takes all out.
    type: list
    elements: str
  append:
    description: Only add the members that are listed, never take one out.
    type: bool
    default: false
  allow_move:
    description: Take over guests that belong to another pool. Without it the server refuses them.
    type: bool
    default: false
  force:
    description: With O(state=absent), take out all members of a pool that is not empty, then delete it.
    type: bool
    default: false
  state:
    description: Whether the pool exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_pool_info
"""

EXAMPLES = r"""
- name: A pool with two guests and a storage
  pve.automation.pve_pool:
    api_host: pve1.example.com
    api_token_id: automation@pve!ansible
    api_token_secret: "{{ pve_token_secret }}"
    poolid: web
    comment: Web servers
    vms: [9001, 9002]
    storage: [local]

- name: One more guest, whatever else is in the pool
  pve.automation.pve_pool:
    poolid: web
    vms: [9003]
    append: true

- name: Delete the pool, not its guests
  pve.automation.pve_pool:
    poolid: web
    state: absent
    force: true
"""

RETURN = r"""
pool:
  description: The pool as the server has it afterwards; null if it does not exist. In check mode as it would be.
  returned: success
  type: dict
  contains:
    poolid: {description: As O(poolid)., type: str}
    comment: {description: As O(comment)., type: str}
    vms: {description: As O(vms)., type: list, elements: int}
    storage: {description: As O(storage)., type: list, elements: str}
  sample: {poolid: web, comment: Web servers, vms: [9001, 9002], storage: [local]}
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
  sample: [{method: POST, path: /pools, params: {poolid: web}, summary: create pool web}]
"""

from ..module_utils._core.resources.cluster.pool import POOL
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(POOL)


if __name__ == "__main__":
    main()
