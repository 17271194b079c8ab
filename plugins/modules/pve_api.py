# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_api
short_description: Call any endpoint of the Proxmox VE API
description:
  - Makes one call of the API, for what no other module does yet.
  - A call that reads is made in check mode as well. A call that writes is made only outside of it, and with O(ensure) or O(get_path)
    only where it is needed.
  - When the call starts a task, the module waits for its end, and fails if the task does.
  - Uploads are not possible with this module.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.tasks
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  path:
    description:
      - Path of the call, as V(/nodes/pve1/qemu/100/config). C(/api2/FORMAT) in front of it may be there.
      - A slash within an id is written as C(%2F).
    type: str
    required: true
  method:
    description: Method of the call.
    type: str
    choices: [GET, POST, PUT, DELETE, get, post, put, delete]
    default: GET
  params:
    description:
      - Parameters of the call. A boolean is sent as 1 or 0, a list as a repeated parameter, null not at all.
      - The values of those with a name like C(password), C(secret), C(token) or C(key), and of those in O(secret_params), are not shown
        in results and logs.
    type: dict
  secret_params:
    description: Names of further parameters whose values are secret.
    type: list
    elements: str
  format:
    description:
      - Format that the server is asked for.
      - With V(json), RV(data) is what the call returns; with V(extjs) the whole answer with its C(success), C(total) and the like;
        with V(html) and V(text) the text.
      - V(html) and V(text) are for O(method=GET). Formats other than V(json) need O(api_backend=https).
        PVE's documentation names V(text), but present servers answer that they do not have it.
    type: str
    choices: [json, extjs, html, text]
    default: json
  get_path:
    description:
      - Path that is read before a call that writes. By default O(path), if there is O(ensure).
      - With O(method=DELETE), the call is made only if this exists.
    type: str
  ensure:
    description:
      - What the answer of O(get_path) has to contain, for O(method=POST) and O(method=PUT). If it does, nothing is written.
        If it still does not afterwards, the module fails.
      - Only the keys that are named count; V(null) wants one to be absent. Of a list, one item has to contain all of them.
        V({}) only wants something to be there.
      - Values are equal as PVE takes them, so that V(true) equals 1, V(2) equals "2", and lists are the same in any order
        and as comma-separated text.
    type: dict
  validate:
    description:
      - Whether the call is first checked against the schema that the server publishes, so that an unknown path, or a parameter that is
        unknown, missing or of the wrong type, is refused before anything is sent.
      - The schema is kept in C(~/.cache/pve.automation) of the user (E(XDG_CACHE_HOME)) for each host and version.
        Formats of texts, such as property strings, are left to the server.
      - Needs O(api_backend=https).
    type: bool
    default: false
notes:
  - A writing call without O(ensure) or O(get_path) is made every time and always counts as a change.
seealso:
  - module: pve.automation.pve_task
"""

EXAMPLES = r"""
- name: Read the options of the cluster
  pve.automation.pve_api:
    path: /cluster/options
  register: options

- name: Set the keyboard layout, if it is another one
  pve.automation.pve_api:
    path: /cluster/options
    method: PUT
    params: {keyboard: de}
    ensure: {keyboard: de}
    validate: true

- name: Create a group unless it is there
  pve.automation.pve_api:
    path: /access/groups
    method: POST
    params: {groupid: operators}
    get_path: /access/groups/operators
    ensure: {}

- name: Delete it if it is there
  pve.automation.pve_api:
    path: /access/groups/operators
    method: DELETE
    get_path: /access/groups/operators
"""

RETURN = r"""
data:
  description:
    - What the call answered, in the shape that O(format) says; the identifier of the task if it started one.
    - Where nothing had to be written, what O(get_path) answered. Null in check mode for a call that would be made without O(ensure).
  returned: success
  type: raw
  sample: {keyboard: de}
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
  sample: [{method: PUT, path: /cluster/options, params: {keyboard: de}, summary: PUT /cluster/options}]
upid:
  description: Identifier of the task that was not waited for.
  returned: O(wait=false), and the call started a task
  type: str
"""

from ..module_utils._core.resources.cluster.api import API
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(API)


if __name__ == "__main__":
    main()
