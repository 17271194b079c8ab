# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PVE's asynchronous tasks: their identifiers, waiting for them, and what their end means."""

from __future__ import annotations

import collections
import dataclasses
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..model.errors import ConnectionFailed, HopFailed, PveError, TaskFailed, TaskTimeout, UnexpectedAnswer
from ..model.plan import api_path

if TYPE_CHECKING:
    from ..model.contract import Reader

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0  # seconds between two looks at a running task
PATIENCE = (
    0.08  # a pause's share of the time waited so far, which is then the most that the wait takes longer than the task
)
REPORTED_FROM = 0.5  # a task that is looked at as rarely as this has its progress reported
PAGE = 5000  # lines of a log that are read at once
MOST_PAGES = 400  # two million lines
KEPT_LINES = 1000  # lines at the end of a log among which warnings are looked for
LOG_TAIL = 20  # lines of a failed task's log that an error shows
_UPID = re.compile(r"UPID:([^:\s]+):[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,}:([0-9A-Fa-f]{8}):([^:\s]+):([^:\s]*):([^:\s]+):")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?%")


# What tasks of guests are called after "qm", "vz", "ha" or "q", by the end of the path of the call that starts them
_WORK = {
    "qemu": ("create",),
    "lxc": ("create",),
    "clone": ("clone",),
    "config": ("config",),
    "migrate": ("migrate",),
    "move_disk": ("move",),
    "move_volume": ("move_volume",),
    "reboot": ("reboot",),
    "reset": ("reset",),
    "resize": ("resize",),
    "resume": ("resume",),
    "rollback": ("rollback",),
    "shutdown": ("shutdown", "stop"),
    "snapshot": ("snapshot",),
    "start": ("start",),
    "stop": ("stop",),
    "suspend": ("suspend", "pause"),
    "template": ("template",),
    "vzdump": ("vzdump",),
}


def may_be_started_by(kind: str, method: str, path: str, params: Mapping[str, Any]) -> bool:
    """Whether a task of this type may come from a call; true for calls whose tasks have other names."""
    parts = path.strip("/").split("/")
    work = _WORK.get(parts[-1])
    if method == "DELETE" and len(parts) > 3 and parts[2] in ("qemu", "lxc"):
        work = ("delsnapshot",) if "snapshot" in parts else ("destroy",)
    elif parts[-1] in ("qemu", "lxc") and ("archive" in params or params.get("restore")):
        work = ("restore",)
    return work is None or any(kind in (word, *(start + word for start in ("qm", "vz", "ha", "q"))) for word in work)


@dataclasses.dataclass(frozen=True)
class Upid:
    """The parts of a task's identifier."""

    text: str
    node: str
    started: int  # seconds since the epoch, by the node's clock
    type: str
    id: str
    user: str

    @classmethod
    def parse(cls, text: str) -> Upid:
        """Raises ValueError if the text is no UPID."""
        match = _UPID.fullmatch(str(text).strip())
        if not match:
            raise ValueError(
                f"{text!r} is not a UPID, as in UPID:node:0000D84A:000957F8:6B00C117:qmstart:100:root@pam:"
            )
        return cls(match[0], match[1], int(match[2], 16), match[3], match[4], match[5])

    @property
    def path(self) -> str:
        """The task's place in the API: always on the node that runs it."""
        return api_path("nodes", self.node, "tasks", self.text)

    def __str__(self) -> str:
        return f"{self.type} {self.id}".strip() + f" on node {self.node}"


def is_upid(value: Any) -> bool:
    """Whether an answer names a task."""
    return isinstance(value, str) and bool(_UPID.fullmatch(value))


def is_running(row: Mapping[str, Any]) -> bool:
    """Whether a row of a list of tasks is that of one that runs; the lists of nodes and of the cluster differ in its status."""
    return not row.get("endtime") and row.get("status") in (None, "", "RUNNING", "running")


def succeeded(exitstatus: str) -> bool:
    """``OK`` and ``WARNINGS: n`` are the two ways of ending well."""
    return exitstatus == "OK" or exitstatus.startswith("WARNINGS")


class Log:
    """A task's log as it grows: every line is read once, and only the last ones are kept."""

    def __init__(self, reader: Reader, upid: Upid, keep: int | None = KEPT_LINES) -> None:
        self.reader, self.path = reader, f"{upid.path}/log"
        self.start = 0
        self.lines: collections.deque[str] = collections.deque(maxlen=keep)

    def read_on(self, pages: int = MOST_PAGES) -> list[str]:
        """What is known of the log after reading on by so many pages at most."""
        for _page in range(pages):
            rows = self.reader.get(self.path, {"start": self.start, "limit": PAGE}) or []
            found = [str(row.get("t", "")) for row in rows]
            if found == ["no content"]:  # what PVE says of an empty one
                break
            self.start += len(found)
            self.lines.extend(found)
            if len(found) < PAGE:
                break
        return list(self.lines)

    def tail(self, pages: int = MOST_PAGES) -> list[str]:
        """The last lines, or why they cannot be had: that must not hide how the task ended."""
        try:
            return self.read_on(pages)
        except PveError as error:
            return [*self.lines, f"(its log could not be read: {error.message})"]


def read_log(reader: Reader, upid: Upid) -> list[str]:
    """All lines of a task's log."""
    return Log(reader, upid, keep=None).read_on()


def wait_for_task(reader: Reader, upid_text: str, timeout: float) -> str:
    """Wait until a task has ended and return its exit status.

    Warnings of a task become warnings of the reader. Raises TaskFailed, or TaskTimeout after ``timeout`` seconds; the task
    goes on then. A lost connection does not end the wait before the time is over.
    """
    upid = Upid.parse(upid_text)
    deadline = time.monotonic() + timeout
    waited, said = 0.0, ""
    log = Log(reader, upid)
    while True:
        exitstatus = _look(reader, upid, deadline)
        if exitstatus is not None:
            return _conclude(reader, upid, exitstatus, log)
        left = deadline - time.monotonic()
        if left <= 0:
            raise _timed_out(upid, timeout, log)
        pause = min(max(FIRST_PAUSE, PATIENCE * waited), LONGEST_PAUSE)
        if pause >= REPORTED_FROM:
            said = _report_progress(reader, upid, said, log)
        reader.sleep(min(pause, left))
        waited += pause


def _look(reader: Reader, upid: Upid, deadline: float) -> str | None:
    """The exit status of a task that has ended, else None."""
    try:
        status = reader.get(f"{upid.path}/status")
    except (ConnectionFailed, HopFailed) as error:
        if time.monotonic() < deadline:
            return None
        raise TaskTimeout(
            f"Task {upid} ({upid.text}) could not be watched to its end: {error.message}",
            upid=upid.text,
            exitstatus=None,
            log=[],
            hint="It may still run: wait for it with pve_task.",
        ) from None
    if not isinstance(status, dict) or not isinstance(status.get("status"), str):
        raise UnexpectedAnswer(f"GET {upid.path}/status: the answer does not say whether the task runs.")
    return None if status["status"] == "running" else str(status.get("exitstatus", "unknown"))


def _conclude(reader: Reader, upid: Upid, exitstatus: str, known: Log) -> str:
    if exitstatus == "OK":
        return exitstatus
    log = known.tail()
    if succeeded(exitstatus):
        lines = [line for line in log if "warn" in line.lower() and not line.startswith("TASK WARNINGS")]
        reader.warnings.append(f"Task {upid} ended with {exitstatus}: {'; '.join(lines[-LOG_TAIL:]) or upid.text}")
        return exitstatus
    raise TaskFailed(f"Task {upid} failed: {exitstatus}", upid=upid.text, exitstatus=exitstatus, log=log[-LOG_TAIL:])


def _timed_out(upid: Upid, timeout: float, log: Log) -> TaskTimeout:
    return TaskTimeout(
        f"Task {upid} still runs after {timeout:g} s and was not stopped ({upid.text}).",
        upid=upid.text,
        exitstatus=None,
        log=log.tail()[-LOG_TAIL:],
        hint="Raise timeout, or wait for it with pve_task.",
    )


def _report_progress(reader: Reader, upid: Upid, said: str, log: Log) -> str:
    """Report the last percentage of a task's log if it is new; returns what was reported."""
    found = [match[1] for line in log.tail(pages=1)[-LOG_TAIL:] for match in _PERCENT.finditer(line)]
    text = f"{upid}: {found[-1]} %" if found else f"{upid}: running"
    if text != said:
        reader.on_progress(text)
    return text
