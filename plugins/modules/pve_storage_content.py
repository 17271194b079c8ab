# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_storage_content
short_description: Manage files on a storage
description:
  - Brings an ISO image, a container template or an image to import to a storage of a node, from a file (O(src)), from a URL
    (O(url)), from the templates that PVE offers (O(template)) or from a registry of OCI images (O(reference)), or deletes it.
  - A file that is there already is left alone. What it holds cannot be asked for, so that only its size is compared, and only with
    O(src). The checksum is verified when the file arrives.
  - A storage that does not take the O(content), or has too little room for O(src), is an error before anything is sent.
  - Notes and protection exist for backups only, see M(pve.automation.pve_backup).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.storage
  - pve.automation.attributes
  - pve.automation.connection
options:
  node:
    description: A node that has the storage. It need not be that of O(api_host).
    type: str
    required: true
  storage:
    description: The storage.
    type: str
    required: true
  content:
    description:
      - The kind of the file. With O(template) and O(reference) it is V(vztmpl); otherwise it is needed.
      - PVE has no call that brings V(snippets) to a storage; they can only be deleted.
    type: str
    choices: [iso, vztmpl, import, snippets]
  filename:
    description:
      - The name of the file on the storage, of letters, digits and V(-_.), with an ending that fits O(content).
      - By default the name of O(src) or the last part of O(url), without the ending of a compression that is taken away.
      - With O(reference) by default the last part of it, such as V(nginx_1.29.tar). The ending is V(.tar).
    type: str
  src:
    description:
      - A file on the machine that runs the module, which with C(connection=local) is the controller. It is sent while it is read, and
        may be larger than the memory.
      - An image that ends with C(.xz), C(.gz) or C(.bz2) is unpacked while it is sent. Its size without the compression is compared,
        for which every run unpacks it once. Templates are sent as they are.
      - Needs O(api_backend=https). PVE keeps the file in C(/var/tmp) of the node that receives it until it is copied to the storage.
    type: path
  url:
    description:
      - Where the node downloads the file from. An image that the node cannot unpack, such as V(disk.qcow2.xz), is refused; give it as O(src).
    type: str
  template:
    description:
      - A container template that PVE offers, which the node downloads. The full name of its file, or the name of the package, or a
        pattern for one of the two with V(*), V(?) and V([...]), of which the newest version is taken.
      - With a pattern, the run also reads the list of the templates.
    type: str
  reference:
    description:
      - An OCI image with its tag, such as V(docker.io/library/nginx:1.29), which the node pulls from its registry; containers are created
        from it as from a template. Needs PVE 9.1 or newer, and C(skopeo) on the node.
      - PVE logs in to no registry. An image that is there already is not pulled again, even if its tag means another one now.
    type: str
  checksum:
    description: The checksum that O(src) or O(url) must have; that of a compressed O(src) is of the unpacked file.
    type: str
  checksum_algorithm:
    description: How O(checksum) was computed.
    type: str
    choices: [md5, sha1, sha224, sha256, sha384, sha512]
  compression:
    description:
      - How the file at O(url) is compressed. The node decompresses it.
      - By default as the end of O(url) says for images, such as V(gz) for C(disk.qcow2.gz). It is needed only where that says nothing.
    type: str
    choices: [gz, lzo, zst, bz2]
  verify_certificates:
    description: Whether the node verifies the certificate of O(url). PVE does by default.
    type: bool
  force:
    description: Replace a file whose size differs from that of O(src). Otherwise that is an error.
    type: bool
    default: false
  state:
    description: Whether the file is there.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description: Whether to wait for the task. If not, its UPID is returned as RV(ignore:upid) and nothing is read back.
    type: bool
    default: true
  timeout:
    description: Seconds that the task may take. A task that takes longer goes on; the module fails and names it.
    type: int
    default: 7200
seealso:
  - module: pve.automation.pve_oci_tag_info
  - module: pve.automation.pve_storage
  - module: pve.automation.pve_backup
"""

EXAMPLES = r"""
- name: An installation image, downloaded by the node
  pve.automation.pve_storage_content:
    node: pve1
    storage: local
    content: iso
    url: https://releases.example.org/13.1/netinst.iso
    checksum: 658b28e209b578fe788ec5867deebae57b6aac5fce3692bbb116bab9c65568b3
    checksum_algorithm: sha256

- name: The newest version of a container template
  pve.automation.pve_storage_content:
    node: pve1
    storage: local
    template: debian-13-standard
  register: template

- name: An image of a registry
  pve.automation.pve_storage_content:
    node: pve1
    storage: local
    reference: docker.io/library/nginx:1.29

- name: An image of our own
  pve.automation.pve_storage_content:
    node: pve1
    storage: local
    content: import
    src: /srv/images/golden.qcow2
    force: true

- name: An image that is no longer needed
  pve.automation.pve_storage_content:
    node: pve1
    storage: local
    content: iso
    filename: netinst.iso
    state: absent
"""

RETURN = r"""
file:
  description: The file as PVE lists it; null if it is absent. C(size) is in bytes, C(ctime) in seconds since the epoch.
  returned: success
  type: dict
  contains:
    volid: {description: Name of the volume., type: str}
    node: {description: Node that was asked., type: str}
    storage: {description: Storage that it is on., type: str}
    content: {description: Kind of content., type: str}
    filename: {description: As O(filename)., type: str}
    format: {description: Format of the file., type: str}
    size: {description: Size in bytes., type: int}
    ctime: {description: "When it was made, in seconds since the epoch.", type: int}
    notes: {description: Notes., type: str}
    protected: {description: Whether it is protected from removal., type: bool}
  sample:
    volid: local:iso/netinst.iso
    node: pve1
    storage: local
    content: iso
    filename: netinst.iso
    format: iso
    size: 790626304
    ctime: 1795211669
upid:
  description: The last task, which was not awaited.
  returned: with O(wait=false), if a task was started
  type: str
requests:
  description: The writing API calls that were made, in check mode those that would be made.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: POST, path: /nodes/pve1/storage/local/upload, params: {content: iso}, summary: upload local:iso/netinst.iso}]
"""

from ..module_utils._core.resources.storage.content import STORAGE_CONTENT
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(STORAGE_CONTENT)


if __name__ == "__main__":
    main()
