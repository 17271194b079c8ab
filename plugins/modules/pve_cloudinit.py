# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_cloudinit
short_description: Regenerate the cloud-init drive of a VM
description:
  - Writes the cloud-init drive of a running VM again if it does not hold what the configuration says. The machine sees it
    when cloud-init runs in it the next time, which need not be at a start by PVE.
  - Without it, a drive is written when PVE starts the machine.
  - PVE does not report whether a password differs, so that a new password alone needs O(force).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.guests
  - pve.automation.attributes
  - pve.automation.connection
options:
  vmid:
    description: Id of the machine.
    type: int
  name:
    description: Name of the machine, where O(vmid) is not given. Together with O(vmid) both have to fit.
    type: str
  node:
    description:
      - Node of the machine. With O(vmid) it saves one request.
      - A machine that has moved is found where it is.
    type: str
  force:
    description: Write the drive at every run of the task.
    type: bool
    default: false
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_vm
"""

EXAMPLES = r"""
- name: Another key for the user that cloud-init makes
  pve.automation.pve_vm:
    vmid: 110
    sshkeys: "{{ lookup('ansible.builtin.file', '~/.ssh/new.pub') }}"

- name: Have it on the drive before the machine restarts itself
  pve.automation.pve_cloudinit:
    vmid: 110
"""

RETURN = r"""
cloudinit:
  description: The machine, and as C(pending) the names of the options whose values are not on the drive.
  returned: success
  type: dict
  contains:
    vmid: {description: As O(vmid)., type: int}
    node: {description: As O(node)., type: str}
    pending: {description: Options whose values are not on the drive yet., type: list, elements: str}
  sample: {vmid: 110, node: pve1, pending: []}
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
  sample: [{method: PUT, path: /nodes/pve1/qemu/110/cloudinit, params: {}, summary: write the cloud-init drive of virtual machine 110}]
"""

from ..module_utils._core.guests.actions.cloudinit import CLOUD_INIT
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CLOUD_INIT)


if __name__ == "__main__":
    main()
