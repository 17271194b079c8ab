# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that what a task refers to exists, made in the preflight, and so only where something changes.

The server accepts some of these names without looking: a backup job with a misspelt storage would fail every night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..model.contract import Reader
from ..model.errors import CREATED_FIRST, InvalidOption, NotFound, PermissionDenied, does_not_exist, no_such_node
from ..model.plan import Plan, api_path
from ..model.values import split_list


def new_value(plan: Plan, name: str) -> Any:
    """The value that a plan gives to a key; None if it leaves the key as it is, or removes it."""
    after = (plan.after or {}).get(name)
    return None if after == (plan.before or {}).get(name) else after


def exists(reader: Reader, path: str, params: Mapping[str, Any] | None = None) -> bool:
    """Whether a path has something to read. What the login may not read counts as existing: there the server decides."""
    try:
        reader.get(path, params)
    except NotFound:
        return False
    except PermissionDenied:
        return True
    return True


def require_storage(reader: Reader, option: str, name: str | None, content: str = "") -> None:
    """Refuse the name of a storage that does not exist, or does not take this content."""
    if not name:
        return
    try:
        found = reader.get(api_path("storage", name)) or {}
    except NotFound:
        raise does_not_exist(option, f"storage {name!r}") from None
    except PermissionDenied:  # the server decides
        return
    contents = split_list(found.get("content") or "")
    if content and contents and content not in contents:
        raise InvalidOption(
            option,
            f"storage {name!r} takes no {content}, only {', '.join(sorted(contents))}",
            hint=f"Name another storage, or add {content} to its content by pve_storage. {CREATED_FIRST}",
        )


def require_pool(reader: Reader, option: str, name: str | None) -> None:
    """Refuse the name of a pool that does not exist."""
    if name and not exists(reader, "/pools", {"poolid": name}):
        raise does_not_exist(option, f"pool {name!r}")


def sees_guest(reader: Reader, vmid: int | str) -> bool:
    """Whether a guest with this id would be listed in /cluster/resources, if it existed (pve-manager API2/Cluster.pm)."""
    if reader.connection.is_root:
        return True
    path = f"/vms/{vmid}"
    granted = reader.get("/access/permissions", {"path": path}) or {}
    return "VM.Audit" in (granted.get(path) or {})


def unknown_nodes(reader: Reader, names: Iterable[str]) -> list[str]:
    """Those of the names that no node of the cluster has."""
    return sorted(set(names) - set(_nodes(reader)))


def require_node(reader: Reader, option: str, name: str | None) -> None:
    """Refuse the name of a node that is not in the cluster."""
    if name:
        require_nodes(reader, option, [name])


def require_nodes(reader: Reader, option: str, names: Iterable[str]) -> None:
    """Refuse names of nodes that are not in the cluster."""
    known = _nodes(reader)
    for name in names:
        if name not in known:
            raise no_such_node(option, name, known)


def _nodes(reader: Reader) -> list[str]:
    """The names of all nodes, which every login sees."""
    return sorted(str(row["node"]) for row in reader.get("/nodes") or [])
