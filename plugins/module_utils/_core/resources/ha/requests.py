# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the HA manager.

Of a guest that it looks after, starting, stopping and migrating only ask the manager. The task ends once the request is queued;
what was asked for happens some ten seconds later, by a task of the manager's own, or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...model.errors import ApiError, NotFound, PveError
from ...model.plan import api_path
from ...run.task import Upid, succeeded

if TYPE_CHECKING:
    from ...model.contract import Reader

REQUESTS = ("hastart", "hastop", "hamigrate")
PAUSE = 2.0  # seconds between two looks
_MIGRATIONS = ("qmigrate", "vzmigrate")  # if one fails, the manager leaves the guest where it is


class NotFulfilled(PveError):
    """The HA manager took a request, but what it asks for did not happen."""


def is_request(upid: str) -> bool:
    """Whether a task only queues a request to the HA manager."""
    return Upid.parse(upid).type in REQUESTS


def wait_for_manager(reader: Reader, upid_text: str, why: str, timeout: float, happened: Callable[[], bool]) -> None:
    """Wait until what a request asks for has happened; NotFulfilled tells what the manager says, if it does not."""
    upid = Upid.parse(upid_text)
    deadline = time.monotonic() + timeout
    while not _holds(happened):
        failed, state = _failed_task(reader, upid), _state(reader, upid.id)
        told = "; ".join(
            [*([f"it says: {state['status']}"] if state.get("status") else []), *([failed] if failed else [])]
        )
        final = state.get("state") == "error" or (upid.type == "hamigrate" and failed)
        if final or time.monotonic() >= deadline:
            when = "has not done" if final else f"has not done within {timeout:g} s"
            raise NotFulfilled(
                f"The HA manager {when} what it was asked for: {why}" + (f" ({told})." if told else "."),
                hint="Rules of HA may stand against it; pve_ha_info tells what the manager is about.",
            )
        reader.sleep(PAUSE)


def _holds(happened: Callable[[], bool]) -> bool:
    try:
        return happened()
    except NotFound:  # it moved between two requests
        return False


def _state(reader: Reader, vmid: str) -> dict[str, Any]:
    """What the manager tells of a guest; nothing if the caller may not ask."""
    try:
        rows = reader.get("/cluster/ha/status/current") or []
    except ApiError:
        return {}
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
