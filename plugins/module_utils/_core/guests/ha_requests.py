# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the HA manager.

Of a guest that it looks after, starting, stopping and migrating only ask the manager. The task ends once the request is queued;
what was asked for happens some ten seconds later, by a task of the manager's own, or not at all. The steps that may end so
hand ``MANAGER`` to the engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..model.errors import ApiError, Conflict, NotFound, PveError
from ..model.plan import api_path
from ..run.task import Upid, succeeded

if TYPE_CHECKING:
    from ..model.contract import Reader

MOVING = ("migrate", "relocate", "request_start", "request_start_balance")
REQUESTS = ("hastart", "hastop", "hamigrate")
PAUSE = 2.0  # seconds between two looks
TAKEOVER = 150.0  # seconds to wait for a manager that seems dead: another node becomes master within two minutes
DEAD = "old timestamp"  # src/PVE/API2/HA/Status.pm: the word for what has not reported for 30 s
STATUS = "/cluster/ha/status/current"
_MIGRATIONS = ("qmigrate", "vzmigrate")  # if one fails, the manager leaves the guest where it is


class NotFulfilled(PveError):
    """The HA manager took a request, but what it asks for did not happen."""


def is_request(upid: str) -> bool:
    """Whether a task only queues a request to the HA manager."""
    return Upid.parse(upid).type in REQUESTS


def dead_parts(rows: Iterable[Mapping[str, Any]], node: str) -> str:
    """What the status says of the manager's master, and of its part on a node, if they do not work; else empty."""
    parts = [
        row for row in rows if row.get("type") == "master" or (row.get("type") == "lrm" and row.get("node") == node)
    ]
    return "; ".join(f"{row['type']}: {row['status']}" for row in parts if DEAD in str(row.get("status", "")))


class Patience:
    """Waits for a manager that seems dead for as long as another node needs to become master, and reports it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.since: float | None = None

    def look(self, rows: Iterable[Mapping[str, Any]], node: str) -> None:
        """NotFulfilled if it has seemed dead for too long."""
        dead = dead_parts(rows, node)
        if not dead:
            self.since = None
            return
        if self.since is None:
            self.since = time.monotonic()
            self.reader.on_progress(f"The HA manager does not work at present ({dead})")
        if time.monotonic() - self.since >= TAKEOVER:
            raise NotFulfilled(
                f"The HA manager does not work ({dead}). The request stays in its queue.",
                hint="See the units pve-ha-crm and pve-ha-lrm on that node. The request is processed once they work again.",
            )


class Manager:
    """Waits, after a task that only queued a request, until the HA manager has done it. See ``plan.Wait``."""

    def wait(self, reader: Reader, upid: str, summary: str, timeout: float, happened: Callable[[], bool]) -> None:
        if is_request(upid):
            wait_for_manager(reader, upid, summary, timeout, happened)


MANAGER = Manager()


def wait_for_manager(
    reader: Reader, upid_text: str, summary: str, timeout: float, happened: Callable[[], bool]
) -> None:
    """Wait until what a request asks for has happened; raises NotFulfilled with what the manager says if it does not.

    Conflict, after which the engine plans again, if the request came before the manager had taken up the resource.
    """
    upid, patience = Upid.parse(upid_text), Patience(reader)
    deadline = time.monotonic() + timeout
    was_new = False
    while not (_holds(happened) and not (upid.type == "hamigrate" and _is_moving(reader, upid.id))):
        rows = _status(reader)
        patience.look(rows, upid.node)
        failed, state = _failed_task(reader, upid), _state(rows, upid.id)
        if was_new and state.get("crm_state") not in (None, *MOVING) and not failed:
            raise Conflict("POST", summary, 500, "the HA manager drops requests to move a resource that is new to it")
        was_new = upid.type == "hamigrate" and bool(state) and state.get("crm_state") is None
        reasons = "; ".join(
            [*([f"it says: {state['status']}"] if state.get("status") else []), *([failed] if failed else [])]
        )
        final = state.get("state") == "error" or (upid.type == "hamigrate" and failed)
        if final or time.monotonic() >= deadline:
            when = "has not done" if final else f"has not done within {timeout:g} s"
            raise NotFulfilled(
                f"The HA manager {when} what it was asked for: {summary}" + (f" ({reasons})." if reasons else "."),
                hint="Rules of HA may prevent it; pve_ha_info shows what the manager does.",
            )
        reader.sleep(PAUSE)


def _holds(happened: Callable[[], bool]) -> bool:
    try:
        return happened()
    except NotFound:  # it moved between two requests
        return False


def _is_moving(reader: Reader, vmid: str) -> bool:
    """Whether a guest has its new node already, but still the lock of the migration. Locks in this list are current."""
    rows = reader.get("/cluster/resources", {"type": "vm"}) or []
    return any(str(row.get("vmid")) == vmid and row.get("lock") == "migrate" for row in rows)


def _status(reader: Reader) -> list[dict[str, Any]]:
    """What the manager says; nothing if the caller may not ask."""
    try:
        rows: list[dict[str, Any]] = reader.get(STATUS) or []
    except ApiError:
        return []
    return rows


def _state(rows: Iterable[dict[str, Any]], vmid: str) -> dict[str, Any]:
    """What the manager says of a guest."""
    return next((row for row in rows if str(row.get("sid", "")).partition(":")[2] == vmid), {})


def _failed_task(reader: Reader, request: Upid) -> str:
    """How a task of the manager failed since the request; empty if none did, or if the caller may not see it."""
    params = {"vmid": request.id, "since": request.started, "errors": True}
    try:
        rows = reader.get(api_path("nodes", request.node, "tasks"), params) or []
    except ApiError:
        return ""
    for row in rows:
        migrates = row.get("type") in _MIGRATIONS
        if migrates == (request.type == "hamigrate") and not succeeded(str(row.get("status", "OK"))):
            return f"{row['type']} failed: {row['status']}"
    return ""
