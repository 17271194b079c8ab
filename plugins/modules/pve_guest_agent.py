# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_guest_agent
short_description: Run commands and other actions in a VM through its guest agent
description:
  - Runs a command, writes or reads a file, freezes or trims file systems, sets a password, suspends, or gathers facts inside a
    running virtual machine, through the QEMU guest agent. No network connection to the machine is needed.
  - Containers have no guest agent.
  - Results show what is given to O(exec) and O(write) and what O(read) returns. Set C(no_log) of the task where that is secret.
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
  exec:
    description: A command to run, at every run of the task.
    type: dict
    suboptions:
      argv:
        description: The command and its arguments. No shell is involved.
        type: list
        elements: str
        required: true
      stdin:
        description:
          - What the command reads, of ASCII characters only, which is all that PVE passes on.
          - It is treated as a secret, so that it is hidden where the command repeats it.
        type: str
      check:
        description: Fail unless the command ends with code 0.
        type: bool
        default: true
  write:
    description: A text file to write, if its content differs.
    type: dict
    suboptions:
      path:
        description: Path in the machine.
        type: str
        required: true
      content:
        description: The whole content, 61440 characters at most; with characters beyond ASCII 46080 bytes of UTF-8.
        type: str
        required: true
  read:
    description: Path of a text file whose content is returned.
    type: str
  fsfreeze:
    description: Freeze the file systems, or thaw them. The agent answers little else while they are frozen.
    type: str
    choices: [frozen, thawed]
  password:
    description: Set the password of a user in the machine, at every run of the task.
    type: dict
    suboptions:
      username:
        description: The user.
        type: str
        required: true
      password:
        description: The password, or with O(password.crypted) its hash.
        type: str
        required: true
      crypted:
        description: Whether O(password.password) is a hash.
        type: bool
        default: false
  command:
    description:
      - Something that the agent does by itself, at every run of the task. What it answers is returned as RV(result).
      - V(ping) and V(fsfreeze-status) only ask; the task fails if the agent does not answer.
      - V(fstrim) gives free blocks of the file systems back to the storage.
      - V(shutdown), V(suspend-disk), V(suspend-hybrid) and V(suspend-ram) leave the machine without an agent that could answer again.
        To bring a machine to a power state, and to wait for it, use O(pve.automation.pve_vm#module:state).
    type: str
    choices: [fsfreeze-status, fstrim, ping, shutdown, suspend-disk, suspend-hybrid, suspend-ram]
  gather:
    description: Facts to return. V(time) is in nanoseconds since the epoch; V(info) are version and commands of the agent itself.
    type: list
    elements: str
    choices: [interfaces, osinfo, fsinfo, host-name, users, time, timezone, vcpus, memory-blocks, memory-block-info, info]
  timeout:
    description: Seconds that the command may run. It is not ended after them.
    type: int
    default: 60
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_guest_info
"""

EXAMPLES = r"""
- name: Run a command
  pve.automation.pve_guest_agent:
    name: web1
    exec: {argv: [systemctl, is-active, nginx], check: false}
  register: nginx

- name: Write a file
  pve.automation.pve_guest_agent:
    name: web1
    write:
      path: /etc/motd
      content: "Managed by Ansible\n"

- name: Give free blocks back to the storage
  pve.automation.pve_guest_agent:
    name: web1
    command: fstrim

- name: What the machine says of itself
  pve.automation.pve_guest_agent:
    name: web1
    gather: [osinfo, interfaces]
"""

RETURN = r"""
result:
  description: What the agent answered to the command, or how many file systems it froze or thawed. A refusal by the agent is an error.
  returned: with O(command) or O(fsfreeze), not in check mode
  type: raw
  sample: thawed
guest:
  description: The C(vmid) and C(node) of the machine, the C(content) of the file, and the facts by name, with C(_) for C(-).
  returned: success
  type: dict
  contains:
    vmid: {description: As O(vmid)., type: int}
    node: {description: As O(node)., type: str}
    content: {description: Content of the file., type: str}
    interfaces: {description: "Network interfaces, each with C(name), C(mac) and C(addresses).", type: list, elements: dict}
    osinfo: {description: "The operating system, as the agent reports it.", type: dict}
  sample: {vmid: 9001, node: pve1, osinfo: {id: debian, version-id: "13"}}
rc:
  description: The code with which the command ended.
  returned: with O(exec), not in check mode
  type: int
  sample: 0
stdout:
  description: What the command wrote to its standard output.
  returned: with O(exec), not in check mode
  type: str
  sample: "active\n"
stderr:
  description: What the command wrote to its standard error.
  returned: with O(exec), not in check mode
  type: str
pid:
  description: The process id of the command in the machine.
  returned: with O(exec), not in check mode
  type: int
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
  sample: [{method: POST, path: /nodes/pve1/qemu/9001/agent/exec, params: {command: [uptime]}, summary: run uptime in virtual machine 9001}]
"""

from ..module_utils._core.guests.actions.agent_calls import AGENT_CALLS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(AGENT_CALLS)


if __name__ == "__main__":
    main()
