# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the API as facts: what there is, which parameters it takes and who may call it.

The data was derived from the schema of a genuine server by derive_facts.py.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .property_formats import PROPERTY_FORMATS

DATA = Path(__file__).with_name("data") / "facts-9.2.json"

# How far an indexed parameter such as net[n] counts; the schema does not report.
INDEX_COUNTS = {
    "dev": 256,
    "hostpci": 16,
    "ide": 4,
    "ipconfig": 32,
    "link": 8,
    "mp": 256,
    "net": 32,
    "numa": 8,
    "parallel": 3,
    "sata": 6,
    "scsi": 31,
    "serial": 4,
    "unused": 256,
    "usb": 14,
    "virtio": 16,
    "virtiofs": 10,
    "acmedomain": 6,
}


@dataclass(frozen=True)
class Endpoint:
    """One call of the API."""

    method: str
    path: str
    name: str
    parameters: dict[str, Any]
    permissions: dict[str, Any] | None = None
    additional: bool = False
    allowtoken: bool = True
    index: str | None = None
    variants: dict[str, dict[str, str]] = field(default_factory=dict)  # by type: "required" or "optional" by parameter
    protected: bool = False
    proxied: bool = False
    facts: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Facts:
    """All calls of one version of the API, and the property formats that their parameters refer to."""

    version: str
    release: str
    endpoints: dict[tuple[str, str], Endpoint]
    formats: dict[str, Any]


# The schema leaves out the root, which lists the areas.
ROOT = Endpoint("GET", "/", "index", {}, {"user": "all"}, index="subdir", facts={"parameters": {}})

# What a server of version 8.4 does not have: calls by the start of their path, or by (method, path, parameter).
ABSENT_IN_8_4 = ("/cluster/ha/rules", "/cluster/sdn/lock", "/cluster/sdn/rollback", "/cluster/sdn/fabrics",
                 "/cluster/bulk-action", "/cluster/qemu", "/nodes/{node}/sdn/fabrics", "/cluster/ha/status/arm-ha",
                 "/cluster/ha/status/disarm-ha", "/nodes/{node}/query-oci-repo-tags",
                 "/nodes/{node}/storage/{storage}/oci-registry-pull", "/cluster/sdn/prefix-lists",
                 "/cluster/sdn/route-maps", "/cluster/ceph/health-mute")  # fmt: skip
PARAMETERS_ABSENT_IN_8_4 = (
    ("POST", "/cluster/ha/resources", "auto-rebalance"),
    ("PUT", "/cluster/ha/resources/{sid}", "auto-rebalance"),
    ("PUT", "/access/users/{userid}/token/{tokenid}", "regenerate"),
    ("POST", "/cluster/ha/resources", "failback"),
    ("PUT", "/cluster/ha/resources/{sid}", "failback"),
    ("DELETE", "/cluster/ha/resources/{sid}", "purge"),
)

# What only 8.4 has: a type of storage, with its options (pve-storage, src/PVE/Storage/GlusterfsPlugin.pm).
STORAGE_CALLS = (("GET", "/storage"), ("POST", "/storage"), ("PUT", "/storage/{storage}"))
GLUSTERFS_PARAMETERS = {
    "server2": {"type": "string", "optional": 1, "format": "pve-storage-server", "requires": "server"},
    "transport": {"type": "string", "optional": 1, "enum": ["tcp", "rdma", "unix"]},
    "volume": {"type": "string", "optional": 1},
}


@functools.cache  # compiled checks are kept by the identity of what they were made from
def load(version: str = "9.2") -> Facts:
    """The facts of a version, "9.2" or "8.4"."""
    source = json.loads(DATA.read_text(encoding="utf-8"))
    endpoints = {("GET", "/"): ROOT}
    for facts in source["endpoints"]:
        if version == "8.4" and not _age(facts):
            continue
        endpoint = _endpoint(facts)
        endpoints[endpoint.method, endpoint.path] = endpoint
    return Facts(source["version"], source["release"], endpoints, {**PROPERTY_FORMATS, **source["formats"]})


def _age(facts: dict[str, Any]) -> bool:
    """Turn the facts of a call into those of 8.4; False when it was not there."""
    if facts["path"].startswith(ABSENT_IN_8_4):
        return False
    for method, path, parameter in PARAMETERS_ABSENT_IN_8_4:
        if (facts["method"], facts["path"]) == (method, path):
            facts["parameters"].pop(parameter, None)
    facts["parameters"].pop("lock-token", None)
    if (facts["method"], facts["path"]) in STORAGE_CALLS:
        _add_glusterfs(facts["method"], facts["parameters"])
    if "permissions" in facts:
        facts["permissions"] = _aged_permissions(facts["permissions"])
    return True


def _add_glusterfs(method: str, parameters: dict[str, Any]) -> None:
    if "type" in parameters:
        parameters["type"]["enum"] = sorted([*parameters["type"]["enum"], "glusterfs"])
    if method != "GET":
        fixed = () if method == "POST" else ("volume",)
        parameters.update({name: facts for name, facts in GLUSTERFS_PARAMETERS.items() if name not in fixed})


def _aged_permissions(value: Any) -> Any:
    """The permissions with VM.Monitor in place of the privileges on the guest agent that 9 has."""
    if isinstance(value, dict):
        return {name: _aged_permissions(part) for name, part in value.items()}
    if isinstance(value, list):
        aged = [_aged_permissions(part) for part in value]
        return [part for index, part in enumerate(aged) if part != "VM.Monitor" or aged.index(part) == index]
    return "VM.Monitor" if isinstance(value, str) and value.startswith("VM.GuestAgent.") else value


def _endpoint(facts: dict[str, Any]) -> Endpoint:
    return Endpoint(
        method=facts["method"],
        path=facts["path"],
        name=facts["name"],
        parameters=dict(_counted(facts["parameters"])),
        permissions=facts.get("permissions"),
        additional=facts.get("additionalProperties", 1) != 0,
        allowtoken=facts.get("allowtoken", 1) != 0,
        index=facts.get("index"),
        variants=facts.get("variants", {}),
        protected=bool(facts.get("protected")),
        proxied="proxyto" in facts,
        facts=facts,
    )


def _counted(parameters: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The parameters with net[n] reported apart as net0, net1 ..."""
    for name, facts in parameters.items():
        base, bracket, _rest = name.partition("[")
        if bracket:
            for index in range(INDEX_COUNTS[base]):
                yield f"{base}{index}", facts
        else:
            yield name, facts
