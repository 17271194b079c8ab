# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_permission_info
short_description: Gather the permissions of a user or token, and what it lacks
description:
  - Returns the effective permissions of a user or an API token, and which privileges are missing for given ones or for modules of this collection.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes.info
  - pve.automation.connection
options:
  userid:
    description: User, or token as V(user@realm!id). By default whoever is logged in; others need V(Sys.Audit) on V(/access).
    type: str
  path:
    description:
      - Paths to look at. Without any, and without O(modules), all paths with access control entries are returned.
      - With O(modules) they narrow what a module needs to some objects, as V(/vms/100) does V(/vms). A pool, as V(/pool/web), stands for
        the guests in it, which are created there and do not leave it. What a module needs on V(/) is not narrowed, except for the
        privilege to change access control lists.
    type: list
    elements: str
  privs:
    description: Privileges that are needed on each O(path).
    type: list
    elements: str
  modules:
    description:
      - Names of modules that are to be used, such as V(pve_vm); what is needed for all that they can do is looked for.
      - Modules whose calls only C(root@pam) may make, such as M(pve.automation.pve_acme_account), are not known here.
    type: list
    elements: str
seealso:
  - module: pve.automation.pve_acl
  - module: pve.automation.pve_role
"""

EXAMPLES = r"""
- name: May this token do what the playbook is going to do
  pve.automation.pve_permission_info:
    modules: [pve_vm, pve_pool]
  register: able
  failed_when: able.permissions.missing | length > 0

- name: What a token needs that creates guests in a pool, on one storage and with one bridge
  pve.automation.pve_permission_info:
    modules: [pve_vm]
    path: [/pool/web, /storage/local, /sdn/zones/localnetwork/vmbr0]
  register: needs

- name: What somebody may do with a guest
  pve.automation.pve_permission_info:
    userid: alice@pve
    path: /vms/100
"""

RETURN = r"""
permissions:
  description: What was found.
  returned: success
  type: dict
  contains:
    paths:
      description: By path, the privileges that are there, each with whether it holds for the paths below.
      type: dict
      returned: success
      sample: {/vms: {VM.Audit: true, VM.PowerMgmt: false}}
    needed:
      description: By path, the privileges that O(privs) and O(modules) stand for on this release of PVE.
      type: dict
      returned: when O(privs) or O(modules) is given
      sample: {/storage: [Datastore.AllocateSpace, Datastore.Audit]}
    missing:
      description: By path, the privileges that are needed and not there; empty if nothing is missing.
      type: dict
      returned: when O(privs) or O(modules) is given
      sample: {/storage: [Datastore.AllocateSpace]}
    granted_on:
      description:
        - By path of C(missing), the paths below it, and for V(/vms) the pools, on which all that is missing there is granted.
        - A task that keeps to these is allowed.
      type: dict
      returned: when O(privs) or O(modules) is given
      sample: {/storage: [/storage/local]}
"""

from ..module_utils._core.resources.access.permission import PERMISSION_INFO
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(PERMISSION_INFO)


if __name__ == "__main__":
    main()
