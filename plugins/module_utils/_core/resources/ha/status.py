# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manager of high availability says of itself and its resources, and waiting until it says something else.

It comes to what it is asked about every ten seconds, and nothing shows what is still in its queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...guests.ha_requests import Patience
from ...model.contract import Reader, State
from ...model.errors import PveError
from ...run.polling import wait_until

STATUS = "/cluster/ha/status"
PAUSE = 2.0  # seconds between two looks
ROUNDS = 2  # after so many the manager has done what was in its queue before: one may have begun too early
CONFIRMING = 40.0  # seconds that these may take
Rows = list[dict[str, Any]]


def status(reader: Reader) -> Rows:
    return reader.get(f"{STATUS}/current") or []


def find_service(rows: Iterable[dict[str, Any]], sid: str) -> dict[str, Any] | None:
    """The row of a resource, which may be named by the id of its guest alone."""
    services = [row for row in rows if row.get("type") == "service"]
    return next((row for row in services if sid in (row["sid"], row["sid"].partition(":")[2])), None)


def armed_state(rows: Iterable[Mapping[str, Any]]) -> State:
    """Whether the manager is armed, and how it handles resources while it is not; empty where the server does not say."""
    row = next((row for row in rows if row.get("type") == "fencing" and "armed-state" in row), None)
    if row is None:
        return {}
    mode = {"resource_mode": row["resource_mode"]} if row.get("resource_mode") else {}
    return {"state": "armed" if row["armed-state"] == "standby" else row["armed-state"], **mode}


def wait_for_status(reader: Reader, timeout: float, look: Callable[[Rows], State | None], what: str) -> State:
    """What ``look`` finds in the manager's status as soon as it finds something; PveError if that takes too long."""
    patience = Patience(reader)

    def look_again() -> State | None:
        rows = status(reader)
        found = look(rows)
        if found is None:
            patience.look(rows, "")
        return found

    found = wait_until(reader, look_again, timeout, PAUSE)
    if found is None:
        raise PveError(
            f"{what} after {timeout:g} s.",
            hint="The manager drops requests that it cannot fulfil without an error; its log on the master node "
            "(unit pve-ha-crm) has the reason. Raise timeout if it only needs longer.",
        )
    return found


def confirmed_status(reader: Reader, rows: Rows) -> Rows:
    """The status once the manager has worked off its queue, which nothing shows: what was asked for before counts.

    ``rows`` is the status now. A manager that does not work any more gets no further.
    """
    rounds = 0

    def look() -> Rows | None:
        nonlocal rows, rounds
        newer = status(reader)
        rounds += _round(newer) != _round(rows)
        rows = newer
        return rows if rounds >= ROUNDS else None

    if _round(rows) is not None:
        wait_until(reader, look, CONFIRMING, PAUSE)
    return rows


def _round(rows: Rows) -> Any:
    """When the manager came round last, None if it never did."""
    return next((row.get("timestamp") for row in rows if row.get("type") == "master"), None)


def wait_for_service(reader: Reader, sid: str, requested: str, timeout: float) -> None:
    """Wait until the manager has taken up a resource and, if it is to run, started it. A disarmed manager does neither."""

    def taken_up(rows: Rows) -> State | None:
        service = find_service(rows, sid) or {}
        if requested == "ignored" or armed_state(rows).get("state", "armed") in ("disarming", "disarmed"):
            return service
        if service.get("crm_state") == "error":
            raise PveError(
                f"{sid} is in state error: {service.get('status')}.",
                hint="The task log of the guest says why. Repair it, set state: disabled, then the wanted state.",
            )
        done = service.get("state") == "started" if requested == "started" else service.get("crm_state") is not None
        return service if done else None

    what = "started" if requested == "started" else "taken up"
    wait_for_status(reader, timeout, taken_up, f"The manager has not {what} {sid}")
