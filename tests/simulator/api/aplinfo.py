# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container templates on offer, and what a URL leads to; nothing is fetched (pve-manager PVE/API2/Nodes.pm)."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError, param_error
from ..guest_tasks import start_task
from ..routing import endpoint
from ..sizes import MIB
from ..storages import usable_storage
from ..tasks import TaskLog
from .content import DOWNLOAD_SIZE, put_file

# Name and version of the template, operating system, size in MiB.
OFFERS = (
    ("alpine-3.22-default_20250617_amd64.tar.xz", "alpine-3.22", 3),
    ("debian-12-standard_12.12-1_amd64.tar.zst", "debian-12", 120),
    ("debian-13-standard_13.1-2_amd64.tar.zst", "debian-13", 124),
    ("ubuntu-24.04-standard_24.04-2_amd64.tar.zst", "ubuntu-24.04", 135),
)


@endpoint("GET", "/nodes/{node}/aplinfo")
def list_templates(call: Call) -> Any:
    return [offer(template, system) for template, system, _size in OFFERS]


def offer(template: str, system: str) -> dict[str, Any]:
    name, version, _rest = template.split("_", 2)
    return {
        "template": template,
        "package": name,
        "version": version,
        "os": system,
        "type": "lxc",
        "section": "system",
        "architecture": "amd64",
        "source": "http://download.proxmox.com/images",
        "location": f"http://download.proxmox.com/images/system/{template}",
        "infopage": "https://pve.proxmox.com/wiki/Linux_Container",
        "maintainer": "The simulator",
        "manageurl": "",
        "headline": f"{system} as the simulator has it",
        "description": f"A root file system of {system}.",
        "sha512sum": f"{hash_of(template)}",
    }


def hash_of(template: str) -> str:
    return (template.encode().hex() * 8)[:128]


@endpoint("POST", "/nodes/{node}/aplinfo")
def download_template(call: Call) -> Any:
    template, node = call.params["template"], str(call.node)
    sizes = {name: size for name, _system, size in OFFERS}
    if template not in sizes:
        raise param_error("template", "no such template")
    storage = usable_storage(call.cluster, call.params["storage"], node)
    if "vztmpl" not in storage.contents:
        raise ApiError(500, f"cannot download to storage '{storage.storageid}' of type '{storage.kind}'")

    def fetch(log: TaskLog) -> None:
        log(f"downloading {template} to {storage.directory('vztmpl')}/{template}")
        put_file(call, storage, node, f"vztmpl/{template}", sizes[template] * MIB)
        log("download finished")

    return start_task(call, "download", template, fetch, duration=3.0)


@endpoint("GET", "/nodes/{node}/query-url-metadata")
def url_metadata(call: Call) -> Any:
    """The name at the end of the URL, and the size that every download has here."""
    name = str(call.params["url"]).partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
    return {"filename": name, "size": DOWNLOAD_SIZE, "mimetype": "application/octet-stream"}
