# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings: names for directories and for PCI and USB devices of the nodes."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError
from ..routing import endpoint
from ..sections import Section, Sections, as_written, check_digest, deleted, digest_of, garbled, given, sections

NAMES = {"dir": "directory", "pci": "hardware", "usb": "hardware"}
PRIVILEGES = ["Mapping.Use", "Mapping.Modify", "Mapping.Audit"]


def mappings(call: Call, kind: str) -> Sections:
    return sections(call.cluster, f"mapping_{kind}")


def shown(kind: str, section: Section, everything: Sections) -> dict[str, Any]:
    described = {"description": garbled(section["description"])} if "description" in section else {}
    return {**section, **described, "type": kind, "digest": digest_of(everything)}


def checks(call: Call, kind: str, section: Section) -> dict[str, Any]:
    """What is wrong with a mapping on the node that is to be checked."""
    if not call.given("check-node"):
        return {}
    if kind != "usb":
        return {"checks": []}
    node = call.cluster.nodes[call.params["check-node"]]
    present = {f"{device['vendid']}:{device['prodid']}" for device in node.extra.get("usb", ())}
    wanted = [split(text) for text in section["map"]]
    absent = [part["id"] for part in wanted if part["node"] == node.name and part["id"] not in present]
    texts = [f"Invalid configuration: usb device '{ident}' not found\n" for ident in absent]
    return {"errors": [{"severity": "error", "message": text} for text in texts]}


def split(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(","))


def failure(action: str, kind: str) -> str:
    return f"{action} {NAMES[kind]} mapping failed: "


def register(kind: str) -> None:
    """The five calls of one kind of mapping."""
    path = f"/cluster/mapping/{kind}"

    @endpoint("GET", path)
    def list_mappings(call: Call) -> list[dict[str, Any]]:
        found = mappings(call, kind)
        return [
            {**shown(kind, section, found), "id": name, **checks(call, kind, section)}
            for name, section in found.items()
            if call.may(f"/mapping/{kind}/{name}", PRIVILEGES, any=True)
        ]

    @endpoint("GET", f"{path}/{{id}}")
    def read_mapping(call: Call) -> dict[str, Any]:
        name, found = call.params["id"], mappings(call, kind)
        if name not in found:
            raise ApiError(500, f"mapping '{name}' not found")
        return shown(kind, found[name], found)

    @endpoint("POST", path)
    def create_mapping(call: Call) -> None:
        name, found = call.params["id"], mappings(call, kind)
        if name in found:
            raise ApiError(500, f"{failure('create', kind)}{kind} ID '{name}' already defined")
        found[name] = as_written(given(call, "id"), failure("create", kind))

    @endpoint("PUT", f"{path}/{{id}}")
    def update_mapping(call: Call) -> None:
        name, found = call.params["id"], mappings(call, kind)
        check_digest(call, found, failure("update", kind))
        if name not in found:
            raise ApiError(500, f"{failure('update', kind)}{kind} ID '{name}' does not exist")
        removed = deleted(call)
        kept = {option: value for option, value in found[name].items() if option not in removed}
        found[name] = as_written({**kept, **given(call, "id")}, failure("update", kind))

    @endpoint("DELETE", f"{path}/{{id}}")
    def delete_mapping(call: Call) -> None:
        mappings(call, kind).pop(call.params["id"], None)


for _kind in NAMES:
    register(_kind)
