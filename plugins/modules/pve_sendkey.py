# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_sendkey
short_description: Send keys to a VM
description:
  - Presses keys in a running virtual machine, as at its keyboard, for what has neither an agent nor a network, such as boot menus.
  - This is an action. It acts, and reports a change, at every run.
  - Results show the keys. Set C(no_log) of the task to type a password.
  - PVE has no call for a text, so that each character is a request of its own.
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
  keys:
    description:
      - The keys, pressed one after the other. Keys that are pressed together are joined by C(-), as in V(ctrl-alt-delete).
      - The names are those of QEMU, such as V(a), V(1), V(ret), V(spc), V(esc), V(tab), V(down), V(f2), V(shift) and V(meta_l).
      - Either this or O(text) is needed.
    type: list
    elements: str
  text:
    description:
      - A text to type, such as the boot command of an installer. It is typed on a US keyboard, whatever O(pve.automation.pve_vm#module:keyboard)
        is, and what such a keyboard does not have is refused. A line break is the key V(ret).
      - Keys are named between V(<) and V(>), as in V(<esc>), V(<f2>) or V(<ctrl-alt-delete>), by the names that O(keys) takes;
        V(<enter>) and V(<space>) are known as well. The character V(<) itself is V(<lt>).
      - V(<wait>) is a pause of one second, V(<wait 5>) one of five seconds.
    type: str
  interval:
    description: Seconds between two keys, where the guest loses keys that come too fast.
    type: float
    default: 0.0
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_guest_agent
"""

EXAMPLES = r"""
- name: Choose the second entry of a boot menu
  pve.automation.pve_sendkey:
    name: installer
    keys: [down, ret]

- name: Install without questions
  pve.automation.pve_sendkey:
    name: installer
    text: "<esc><wait 2>auto url=192.0.2.10/d.cfg<enter>"
    interval: 0.05
"""

RETURN = r"""
machine:
  description: The machine.
  returned: success
  type: dict
  contains:
    vmid: {description: As O(vmid)., type: int}
    node: {description: As O(node)., type: str}
    status: {description: Power state., type: str}
  sample: {vmid: 110, node: pve1, status: running}
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
  sample: [{method: PUT, path: /nodes/pve1/qemu/110/sendkey, params: {key: ret}, summary: press ret in virtual machine 110}]
"""

from ..module_utils._core.guests.actions.sendkey import KEYS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(KEYS)


if __name__ == "__main__":
    main()
