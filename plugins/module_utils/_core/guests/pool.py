# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool of a guest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..model.contract import Reader
from ..model.errors import CREATED_FIRST, InvalidOption, NotFound, PermissionDenied
from ..model.plan import Step


def pool_of(reader: Reader, vmid: int, wanted: str) -> str | None:
    """The pool of a guest; None if it is in none, or in one that the login may not see."""
    if wanted:
        try:
            pools = reader.get("/pools", {"poolid": wanted})
        except NotFound:
            raise _no_pool(wanted) from None
        members = pools[0].get("members", []) if pools else []
        if any(member.get("vmid") == vmid for member in members):
            return wanted
    rows = reader.get("/cluster/resources", {"type": "vm"})
    shown = next((row.get("pool") for row in rows if row.get("vmid") == vmid), None)
    if shown is None and not wanted:
        _warn_of_hidden(reader, vmid)
    return shown


def require_pool(reader: Reader, name: str | None, rows: Iterable[Mapping[str, Any]]) -> None:
    """Refuse the name of a pool that does not exist. ``rows`` of /cluster/resources have the pools that the login may see."""
    if not name or any(row.get("type") == "pool" and row.get("pool") == name for row in rows):
        return
    try:
        reader.get("/pools", {"poolid": name})
    except NotFound:
        raise _no_pool(name) from None
    except PermissionDenied:
        pass  # the server decides


def _no_pool(name: str) -> InvalidOption:
    return InvalidOption("pool", f"there is no pool {name!r}", hint=f"Create it with pve_pool. {CREATED_FIRST}")


def _warn_of_hidden(reader: Reader, vmid: int) -> None:
    """The pool of a guest is only shown to who has Pool.Audit on it (pve-manager API2/Cluster.pm, resources)."""
    if reader.connection.is_root:
        return
    granted = reader.get("/access/permissions", {"path": "/pool"}) or {}
    warning = (
        f"Guest {vmid} is in no pool that {reader.connection.identity} may see; without Pool.Audit on /pool, "
        "it may be in another one."
    )
    if not any("Pool.Audit" in privileges for privileges in granted.values()) and warning not in reader.warnings:
        reader.warnings.append(warning)


def refuse_move(option: str, vmid: int, present: str | None, wanted: str, *, may_move: bool) -> None:
    """Refuse to take a guest out of another pool, and so out of reach of those who have rights on that, unasked."""
    if present not in (None, "", wanted) and not may_move:
        raise InvalidOption(
            option,
            f"guest {vmid} is in pool {present!r}, and a guest is in one pool only",
            hint="Set allow_move: true to move it.",
        )


def pool_steps(vmid: int, present: str | None, wanted: str, *, may_move: bool) -> list[Step]:
    """Put the guest into a pool, out of any other one if it may be moved; with "" only take it out."""
    if (present or "") == wanted:
        return []
    if wanted:
        refuse_move("pool", vmid, present, wanted, may_move=may_move)
        params = {"poolid": wanted, "vms": vmid, **({"allow-move": True} if may_move else {})}
        return [Step("PUT", "/pools", params, f"put guest {vmid} into pool {wanted}")]
    return [
        Step(
            "PUT",
            "/pools",
            {"poolid": present, "vms": vmid, "delete": True},
            f"take guest {vmid} out of pool {present}",
        )
    ]
