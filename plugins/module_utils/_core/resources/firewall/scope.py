# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the firewall has a configuration of its own: the cluster, a node, a guest, a virtual network, a security group."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ...guests.directory import find_place
from ...model.contract import Reader
from ...model.errors import CREATED_FIRST, InvalidOption
from ...model.plan import api_path

CLUSTER = "/cluster/firewall"
# scope -> the option that says which one
SCOPES = {"cluster": "", "node": "node", "guest": "vmid", "vnet": "vnet", "group": "group"}
# scope -> the path of its configuration, with * for one part
BASES = {
    "cluster": CLUSTER,
    "node": "/nodes/*/firewall",
    "guest": "/nodes/*/*/*/firewall",
    "vnet": "/cluster/sdn/vnets/*/firewall",
    "group": f"{CLUSTER}/groups/*",
}


@dataclasses.dataclass(frozen=True)
class Scope:
    """A configuration of the firewall. ``id`` says which one of its kind; that of the cluster is the only one."""

    kind: str
    id: Any = None

    def shown(self) -> dict[str, Any]:
        """The options that name it."""
        option = SCOPES[self.kind]
        return {"scope": self.kind, **({option: self.id} if option else {})}


def scope_options(*scopes: str) -> dict[str, dict[str, Any]]:
    """The options that name one of these scopes."""
    named = {SCOPES[scope]: {"type": "int" if scope == "guest" else "str"} for scope in scopes if SCOPES[scope]}
    return {"scope": {"type": "str", "choices": list(scopes), "required": True}, **named}


def scope_of(params: Mapping[str, Any], scopes: Sequence[str]) -> Scope:
    """The scope that a task names; InvalidOption if it does not say which one, or says too much."""
    scope = params["scope"]
    for other in scopes:
        option = SCOPES[other]
        if option and other != scope and params.get(option) is not None:
            raise InvalidOption(option, f"goes with scope: {other}, not with scope: {scope}")
    option = SCOPES[scope]
    if option and params.get(option) in (None, ""):
        raise InvalidOption(option, f"is needed with scope: {scope}")
    which = params[option] if option else None
    return Scope(scope, str(which).lower() if scope == "group" else which)


def advise_scope(names: Sequence[str]) -> list[str]:
    """What to write instead of a name, which modules for guests take."""
    which = "a node by node, a guest by vmid, a virtual network by vnet, a security group by group"
    return [f"A scope has no name: give {which}, as in scope: guest, vmid: 101"] if "name" in names else []


def find_scope(reader: Reader, scope: Scope) -> str:
    """The path of a scope's configuration. Asks the server only where a guest is."""
    if scope.kind == "guest":
        where = find_place(reader, scope.id)
        if where is None:
            raise InvalidOption("vmid", f"there is no guest {scope.id}", hint=CREATED_FIRST)
        return f"{where.path}/firewall"
    if scope.kind == "node":
        return api_path("nodes", scope.id, "firewall")
    if scope.kind == "vnet":
        return api_path("cluster", "sdn", "vnets", scope.id, "firewall")
    if scope.kind == "group":
        return f"{CLUSTER}/groups{api_path(scope.id)}"
    return CLUSTER
