# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with guests, for tests of what is planned for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection
from tests.unit.resources.fake import Server

ROOT = Connection(user="root@pam")
TOKEN = Connection(user="root@pam", token="root@pam!automation")
OTHER = Connection(user="alice@pve")


# Rows of types that are no guests, nor known to everybody.
OTHER_ROWS = [
    {"type": "network", "id": "network/pve1/zone/localnetwork", "node": "pve1", "network": "localnetwork"},
    {"type": "sdn", "id": "sdn/pve1/zone", "node": "pve1", "sdn": "zone", "status": "ok"},
    {"type": "yet-unknown", "id": "what/ever"},
    *(
        {"type": "storage", "storage": name, "node": node, "content": "images,rootdir,vztmpl,iso,import,snippets"}
        for node in ("pve1", "pve2")
        for name in ("local", "other")
    ),
]


def node_lists(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The lists of the nodes, by their paths, that say the same as the rows of the cluster's list."""
    lists: dict[str, list[Mapping[str, Any]]] = {f"/nodes/pve1/{kind}": [] for kind in ("qemu", "lxc")}
    for row in rows:
        if row.get("type") in ("qemu", "lxc") and row.get("node"):
            lists.setdefault(f"/nodes/{row['node']}/{row['type']}", []).append(row)
    return lists


class GuestServer(Server):
    """Guests of node pve1 by their paths below it, such as ``lxc/9101``; more answers by their whole path."""

    def __init__(
        self,
        guests: Mapping[str, Mapping[str, Any]] | None = None,
        answers: Mapping[str, Any] | None = None,
        connection: Connection = ROOT,
        status: str = "stopped",
    ) -> None:
        rows: list[dict[str, Any]] = []
        known: dict[str, Any] = {}
        for place, config in (guests or {}).items():
            kind, vmid = place.split("/")
            name = config.get("hostname") or config.get("name") or ""
            rows.append({"type": kind, "vmid": int(vmid), "node": "pve1", "name": name, "status": status, "id": place})
            known[f"/nodes/pve1/{place}/config"] = {"digest": "d1", **config}
            known[f"/nodes/pve1/{place}/status/current"] = {"status": status}
        table = {"/cluster/resources": [*OTHER_ROWS, *rows], "/cluster/nextid": "103", **known, **(answers or {})}
        super().__init__({**node_lists(table["/cluster/resources"]), **table})
        self.connection = connection
