# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: what runs after the call that asked for it was answered."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError

if TYPE_CHECKING:
    from .call import Call
    from .state import Cluster

UPID = re.compile(
    r"UPID:(?P<node>[a-zA-Z0-9][a-zA-Z0-9-]*):(?P<pid>[0-9A-Fa-f]{8}):(?P<pstart>[0-9A-Fa-f]{8,9})"
    r":(?P<starttime>[0-9A-Fa-f]{8}):(?P<type>[^:\s]+):(?P<id>[^:\s]*):(?P<user>[^:\s]+):"
)
Worker = Callable[["TaskLog"], Any | Awaitable[Any]]
Finished = Callable[[str | None], None]


class TaskError(Exception):
    """Ends a task with this text as its exit status."""


@dataclass
class TaskLog:
    """The lines of a task; calling it adds one, `warn` adds one that counts as a warning."""

    lines: list[str] = field(default_factory=list)
    warnings: int = 0

    def __call__(self, text: str) -> None:
        self.lines.extend(text.split("\n"))

    def warn(self, text: str) -> None:
        self.warnings += 1
        self(f"WARN: {text}")


@dataclass
class Task:
    upid: str
    node: str
    pid: int
    pstart: int
    starttime: int
    type: str
    id: str
    user: str
    log: TaskLog = field(default_factory=TaskLog)
    exitstatus: str | None = None
    endtime: int | None = None
    runner: asyncio.Task[None] | None = None
    finished: Finished | None = None

    @property
    def running(self) -> bool:
        return self.exitstatus is None


@dataclass
class TaskFault:
    """How the next tasks of a type are to go wrong; an empty type stands for every task."""

    type: str = ""
    duration: float | None = None  # seconds, not touched by the pace
    error: str | None = None
    warnings: list[str] = field(default_factory=list)
    count: int = 1


class Tasks:
    """All tasks of the cluster, by UPID in the order of their start."""

    def __init__(self, cluster: Cluster, pace: float = 0.0) -> None:
        self.cluster = cluster
        self.pace = pace
        self.all: dict[str, Task] = {}
        self.faults: list[TaskFault] = []
        self._pid = 0xD000

    def start(
        self,
        caller: Call | str,
        node: str,
        kind: str,
        ident: str | int,
        worker: Worker,
        duration: float = 1.0,
        finished: Finished | None = None,
    ) -> str:
        """Start a task on a node and return its UPID.

        The worker, a function or coroutine function, gets the task's log; it runs when `duration` seconds times the
        pace are over (at a pace of 0: before `start` returns, if it is a plain function). TaskError makes it fail.
        `finished` is reported the error or None when the task ends in any way, also without the worker having run.
        """
        task = self._new(caller if isinstance(caller, str) else caller.user, node, kind, str(ident))
        task.finished = finished
        fault = self._fault(kind)
        seconds = duration * self.pace
        if fault and fault.duration is not None:
            seconds = fault.duration
        if seconds <= 0 and not inspect.iscoroutinefunction(worker):
            self._run_now(task, worker, fault)
        else:
            task.runner = asyncio.get_running_loop().create_task(self._run(task, worker, seconds, fault))
        return task.upid

    def _new(self, user: str, node: str, kind: str, ident: str) -> Task:
        self._pid += 1
        now = self.cluster.now()
        pstart = 0x10000 + self._pid
        upid = f"UPID:{node}:{self._pid:08X}:{pstart:08X}:{now:08X}:{kind}:{ident}:{user}:"
        task = Task(upid, node, self._pid, pstart, now, kind, ident, user)
        self.all[upid] = task
        self.cluster.note(user, f"starting task {upid}", node)
        return task

    def _fault(self, kind: str) -> TaskFault | None:
        for fault in self.faults:
            if fault.type in ("", kind):
                fault.count -= 1
                if fault.count <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _run_now(self, task: Task, worker: Worker, fault: TaskFault | None) -> None:
        try:
            _raise(fault, task.log)
            worker(task.log)
        except (TaskError, ApiError) as error:
            self._end(task, str(error))
        except BaseException as error:
            self._end(task, f"simulator: {error!r}")
            raise
        else:
            self._end(task, None)

    async def _run(self, task: Task, worker: Worker, seconds: float, fault: TaskFault | None) -> None:
        try:
            await asyncio.sleep(seconds)
            _raise(fault, task.log)
            result = worker(task.log)
            if inspect.isawaitable(result):
                await result
        except (TaskError, ApiError) as error:
            self._end(task, str(error))
        except asyncio.CancelledError:
            self._end(task, "received interrupt")
        except Exception as error:
            self._end(task, f"simulator: {error!r}")
            raise
        else:
            self._end(task, None)

    def _end(self, task: Task, error: str | None) -> None:
        if task.finished:
            task.finished(error)
        warnings = task.log.warnings
        if error is None:
            task.exitstatus = f"WARNINGS: {warnings}" if warnings else "OK"
            task.log(f"TASK WARNINGS: {warnings}" if warnings else "TASK OK")
        else:
            task.exitstatus = error.split("\n")[0]
            task.log(f"TASK ERROR: {error}")
        task.endtime = self.cluster.now()
        self.cluster.reports.changed = self.cluster.clock()

    def abort(self, task: Task) -> None:
        """Interrupt a running task."""
        if task.running and task.runner is not None:
            task.runner.cancel()

    def cancel_all(self) -> None:
        for task in self.all.values():
            self.abort(task)


def _raise(fault: TaskFault | None, log: TaskLog) -> None:
    for text in fault.warnings if fault else ():
        log.warn(text)  # noqa: G010
    if fault and fault.error is not None:
        raise TaskError(fault.error)
