# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of guests: they fail with the text of an API error, and may hold a lock while they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .guest import Guest
from .tasks import TaskError, TaskLog

if TYPE_CHECKING:
    from .call import Call

Worker = Callable[[TaskLog], Any]


def start_task(
    call: Call,
    kind: str,
    ident: str | int,
    worker: Worker,
    *,
    guest: Guest | None = None,
    lock: str | None = None,
    ignore_lock: bool = False,
    duration: float = 1.0,
    failed: Callable[[], None] | None = None,
) -> str:
    """Start a task on the node of the call and return its UPID.

    With a guest, the task fails if the guest is locked already, and shows `lock` in its configuration until it ends.
    `failed` undoes what was done in advance, when the task fails for whatever reason.
    """
    blocked = guest.lock if guest is not None and not ignore_lock else None

    def run(log: TaskLog) -> None:
        if guest is not None and blocked:
            raise TaskError(f"{guest.label} is locked ({blocked})")
        try:
            worker(log)
        except ApiError as error:
            raise TaskError(error.message.strip()) from error

    held = guest if guest is not None and lock and guest.lock is None else None

    def finished(error: str | None) -> None:
        if held is not None:
            held.task_lock = None
        if error is not None and failed is not None:
            failed()

    if held is not None:
        held.task_lock = lock
    return call.cluster.tasks.start(call, str(call.node), kind, ident, run, duration, finished=finished)
