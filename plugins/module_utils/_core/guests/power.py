# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power state of a guest: which call leads from the present state to the desired one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..model.errors import Refused
from ..model.plan import Step
from .ha_requests import MANAGER

RUNNING, STOPPED, PAUSED, HIBERNATED = "running", "stopped", "paused", "hibernated"
# state of a task -> power state that it means; None: the module does not care
POWER_OF_STATE: Mapping[str, str | None] = {
    "present": None,
    "started": RUNNING,
    "stopped": STOPPED,
    "restarted": RUNNING,
    "reset": RUNNING,
    "paused": PAUSED,
    "resumed": RUNNING,
    "hibernated": HIBERNATED,
}

# task that has ended well -> power state that the guest then has. A start ends when QEMU answers, or when the monitor of LXC
# has seen the container run (PVE/QemuServer.pm, vm_start_nolock; PVE/LXC.pm, vm_start). A stop ends by a signal in the worst case,
# and nothing looks whether that helped (_do_vm_stop).
_POWER_AFTER: Mapping[str, str] = {
    **dict.fromkeys(("qmstart", "vzstart"), RUNNING),
    **dict.fromkeys(("qmcreate", "qmclone", "qmrestore", "vzcreate", "vzclone", "vzrestore"), STOPPED),
}


def after_task(kind: str) -> str | None:
    """The power state of a guest after a task of this type; None if that has to be asked for, as after a request to HA."""
    return _POWER_AFTER.get(kind)


def observe(status: Mapping[str, Any]) -> str:
    """The power state behind an answer of status/current."""
    if status.get("status") == "running":
        return PAUSED if status.get("qmpstatus") in ("paused", "suspended", "prelaunch") else RUNNING
    return HIBERNATED if status.get("lock") == "suspended" else STOPPED


@dataclasses.dataclass(frozen=True)
class Power:
    """How a task wants a guest to change its state. ``timeout`` is what a guest gets for a graceful shutdown, in seconds."""

    state: str
    force: bool = False
    timeout: int | None = None

    def stop(self, path: str, guest: str) -> Step:
        """Stop a guest: gracefully, or hard with ``force``; with both a time-out and ``force`` first the one, then the other."""
        if self.force and self.timeout is None:
            return _step(path, "stop", f"stop {guest} hard")
        params: dict[str, Any] = {} if self.timeout is None else {"timeout": self.timeout}
        if self.force:
            params["forceStop"] = True
        return _step(path, "shutdown", f"shut down {guest}", params)

    def steps(self, path: str, guest: str, present: str) -> list[Step]:
        """The calls that lead from the present power state to the desired one."""
        wanted = POWER_OF_STATE[self.state]
        if self.state in ("restarted", "reset") and present == RUNNING:
            reset = dataclasses.replace(_step(path, "reset", f"reset {guest}"), verify=False, repeatable=False)
            return [reset] if self.state == "reset" else self.restart(path, guest)
        if wanted is None or wanted == present:
            return []
        if wanted == RUNNING:
            call = "start" if present == STOPPED else "resume"
            return [_step(path, call, f"{call} {guest}")]
        if wanted == STOPPED and present == PAUSED and not self.force:
            raise Refused(
                f"The {guest} is paused, so that it cannot be shut down.",
                hint="Set state: resumed first, or force: true to stop it hard.",
            )
        if wanted == STOPPED and present != HIBERNATED:
            return [self.stop(path, guest)]
        if present != RUNNING:
            raise Refused(f"The {guest} is {present}, so that it cannot become {wanted}.", hint="Start it first.")
        params = {"todisk": True} if wanted == HIBERNATED else {}
        return [_step(path, "suspend", f"{'hibernate' if params else 'pause'} {guest}", params)]

    def start(self, path: str, guest: str) -> Step:
        """Start a stopped guest."""
        return _step(path, "start", f"start {guest}")

    def restart(self, path: str, guest: str) -> list[Step]:
        """Restart a running guest gracefully, with ``force`` hard if it does not react in time; acts at every run.

        PVE's own call for that never stops a guest hard.
        """
        params: dict[str, Any] = {} if self.timeout is None else {"timeout": self.timeout}
        if not self.force:
            restart = _step(path, "reboot", f"restart {guest}", params)
            return [dataclasses.replace(restart, verify=False, repeatable=False)]
        stop = _step(path, "shutdown", f"shut down {guest}, hard if it does not react", {**params, "forceStop": True})
        return [dataclasses.replace(stop, verify=False, repeatable=False), self.start(path, guest)]


def _step(path: str, call: str, summary: str, params: Mapping[str, Any] | None = None) -> Step:
    return Step(
        "POST",
        f"{path}/status/{call}",
        params or {},
        summary,
        starts_task=True,
        task_id=path.rpartition("/")[2],
        awaits=MANAGER,
    )
