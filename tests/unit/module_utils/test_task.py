# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for PVE's tasks, on a clock of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    ApiError,
    ConnectionFailed,
    HopFailed,
    PermissionDenied,
    TaskFailed,
    TaskTimeout,
    UnexpectedAnswer,
)
from ansible_collections.pve.automation.plugins.module_utils._core.run import task as task_module
from ansible_collections.pve.automation.plugins.module_utils._core.run.task import (
    Upid,
    is_upid,
    may_be_started_by,
    wait_for_task,
)
from tests.unit.resources import fake

UPID = "UPID:pve2:0000D84A:000957F8:6B00C117:qmstart:100:root@pam!ansible:"


def fail(error: Any) -> None:
    raise error


class Server(fake.Server):
    """A task that is running until the clock says ``ends``; ``statuses`` overrules it, in turn."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *statuses: Any, ends: float = 0.0, exitstatus: str = "OK", log: Any = ()
    ) -> None:
        super().__init__()
        self.now = 0.0
        self.statuses, self.ends, self.exitstatus = list(statuses), ends, exitstatus
        self.log: Any = [{"n": number, "t": line} for number, line in enumerate(log, 1)]
        self.sleep = self.pause
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        self.lines_sent = 0

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        self.asked.append(path)
        if path.endswith("/log"):
            if isinstance(self.log, Exception):
                raise self.log
            page = params or {}
            rows = self.log[page["start"] : page["start"] + page["limit"]]
            self.lines_sent += len(rows)
            return rows
        answer = self.statuses.pop(0) if self.statuses else None
        if isinstance(answer, Exception):
            fail(answer)
        if self.now < self.ends:
            return {"status": "running"}
        return {"status": "stopped", "exitstatus": self.exitstatus}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (UPID, ("pve2", 0x6B00C117, "qmstart", "100", "root@pam!ansible")),
        ("UPID:a:00000001:123456789:00000002:aptupdate::root@pam:", ("a", 2, "aptupdate", "", "root@pam")),
        (
            "UPID:a:00000001:12345678:00000002:qmmove:9001-virtio1>9000-scsi5:u@pve:",
            ("a", 2, "qmmove", "9001-virtio1>9000-scsi5", "u@pve"),
        ),
    ],
)
def test_the_parts_of_a_upid(text: Any, parts: Any) -> None:
    upid = Upid.parse(text)
    assert (upid.node, upid.started, upid.type, upid.id, upid.user) == parts
    assert is_upid(text)


@pytest.mark.parametrize("value", ["", "UPID:x", None, 5, {"upid": UPID}, f"text {UPID}"])
def test_what_is_no_upid(value: Any) -> None:
    assert not is_upid(value)
    with pytest.raises(ValueError, match="is not a UPID, as in UPID:node:"):
        Upid.parse(value)


def test_a_task_is_looked_up_on_the_node_that_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch)
    assert wait_for_task(server, UPID, 600) == "OK"
    assert server.asked == [f"{Upid.parse(UPID).path}/status"]
    assert server.asked[0].startswith("/nodes/pve2/tasks/UPID:pve2:")
    assert server.pauses == []


def test_the_pauses_grow_to_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, ends=60)
    wait_for_task(server, UPID, 600)
    assert server.pauses[:3] == [0.2, 0.2, 0.2]
    waited = [sum(server.pauses[:index]) for index in range(len(server.pauses))]
    rounding = 1e-9
    assert all(pause <= max(0.2, 0.08 * before) + rounding for pause, before in zip(server.pauses, waited, strict=True))
    assert server.pauses == sorted(server.pauses)
    assert set(server.pauses[-5:]) == {2.0}


def test_warnings_become_warnings_with_their_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    log = ["start", "WARN: a disk is slow", *["line"] * 30, "TASK WARNINGS: 1"]
    server = Server(monkeypatch, exitstatus="WARNINGS: 1", log=log)
    assert wait_for_task(server, UPID, 600) == "WARNINGS: 1"
    assert server.warnings == ["Task qmstart 100 on node pve2 ended with WARNINGS: 1: WARN: a disk is slow"]


def test_a_failure_tells_exit_status_and_the_end_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    log = [f"line {number}" for number in range(1, 40)] + ["TASK ERROR: no space left"]
    server = Server(monkeypatch, exitstatus="no space left", log=log)
    with pytest.raises(TaskFailed) as failure:
        wait_for_task(server, UPID, 600)
    error = failure.value
    assert str(error).startswith(
        "Task qmstart 100 on node pve2 failed: no space left\nLast lines of its log:\n  line 21\n"
    )
    assert str(error).endswith("\n  TASK ERROR: no space left")
    assert (error.upid, error.exitstatus, len(error.log)) == (UPID, "no space left", 20)
    assert error.details()["log"] == log[-20:]


def test_a_log_that_cannot_be_read_does_not_hide_the_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, exitstatus="broke")
    server.log = PermissionDenied("GET", "/log", 403, "no")
    with pytest.raises(TaskFailed, match="its log could not be read: GET /log was answered with 403"):
        wait_for_task(server, UPID, 600)


def test_the_time_is_limited_and_the_task_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, ends=100, log=["copying"])
    with pytest.raises(TaskTimeout) as failure:
        wait_for_task(server, UPID, 5)
    assert server.now == pytest.approx(5)
    text = str(failure.value)
    assert f"still runs after 5 s and was not stopped ({UPID})" in text
    assert "copying" in text
    assert "Raise timeout, or wait for it with pve_task." in text


@pytest.mark.parametrize(
    "fault", [ConnectionFailed("lost", sent=True), HopFailed("GET", "/x", 595, "No route to host")]
)
def test_a_lost_connection_does_not_end_the_wait(monkeypatch: pytest.MonkeyPatch, fault: Any) -> None:
    server = Server(monkeypatch, fault, fault, ends=1)
    assert wait_for_task(server, UPID, 600) == "OK"


def test_a_connection_that_stays_lost_ends_with_the_time_and_names_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, *[ConnectionFailed("lost", sent=True)] * 99)
    with pytest.raises(TaskTimeout, match="could not be watched to its end: lost") as failure:
        wait_for_task(server, UPID, 5)
    assert failure.value.upid == UPID
    assert server.now == pytest.approx(5)


def test_other_errors_are_not_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiError, match="no such task"):
        wait_for_task(Server(monkeypatch, ApiError("GET", "/x", 400, "no such task")), UPID, 5)


def test_progress_is_reported_when_it_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, ends=30, log=["transferred 1.0 GiB of 4.0 GiB (25.00%)", "syncing"])
    wait_for_task(server, UPID, 600)
    assert server.said == ["qmstart 100 on node pve2: 25.00 %"]


def test_progress_without_a_percentage(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, ends=30, log=["working"])
    wait_for_task(server, UPID, 600)
    assert server.said == ["qmstart 100 on node pve2: running"]


def test_a_long_log_is_asked_for_once_and_in_pieces(monkeypatch: Any) -> None:
    log = [f"line {number}" for number in range(3 * task_module.PAGE + 7)]
    server = Server(monkeypatch, ends=60, exitstatus="broke", log=log)
    with pytest.raises(TaskFailed) as failure:
        wait_for_task(server, UPID, 600)
    assert server.lines_sent == len(log)
    assert failure.value.log == log[-20:]


def test_a_log_without_end_is_read_to_a_bound(monkeypatch: Any) -> None:
    server = Server(monkeypatch)
    monkeypatch.setattr(server, "get", lambda path, params: [{"n": 1, "t": "again"}] * params["limit"])
    monkeypatch.setattr(task_module, "PAGE", 10)
    assert len(task_module.read_log(server, Upid.parse(UPID))) == 10 * task_module.MOST_PAGES


@pytest.mark.parametrize("answer", [None, [], "x", {}, {"status": None}])
def test_a_status_that_tells_nothing_is_an_error(monkeypatch: Any, answer: Any) -> None:
    server = Server(monkeypatch)
    monkeypatch.setattr(server, "get", lambda path, params=None: answer)
    with pytest.raises(UnexpectedAnswer, match="does not say whether the task runs"):
        wait_for_task(server, UPID, 600)


def test_a_backup_that_failed_for_want_of_quorum_says_so(monkeypatch: Any) -> None:
    log = ["ERROR: Backup of VM 100 failed - cluster not ready - no quorum?", "TASK ERROR: job errors"]
    server = Server(monkeypatch, exitstatus="job errors", log=log)
    with pytest.raises(TaskFailed, match="The cluster has no quorum"):
        wait_for_task(server, UPID, 600)


@pytest.mark.parametrize(
    ("kind", "method", "path", "params", "fits"),
    [
        ("qmrestore", "POST", "/nodes/pve1/qemu", {"archive": "local:backup/a.vma"}, True),
        ("qmcreate", "POST", "/nodes/pve1/qemu", {"archive": "local:backup/a.vma"}, False),
        ("vzrestore", "POST", "/nodes/pve1/lxc", {"ostemplate": "local:backup/a.tar", "restore": True}, True),
        ("vzcreate", "POST", "/nodes/pve1/lxc", {"ostemplate": "local:vztmpl/a.tar.zst"}, True),
        ("qmigrate", "POST", "/nodes/pve1/qemu/100/migrate", {}, True),
        ("hastop", "POST", "/nodes/pve1/qemu/100/status/shutdown", {}, True),
        ("qmstart", "POST", "/nodes/pve1/qemu/100/status/stop", {}, False),
        ("qmdelsnapshot", "DELETE", "/nodes/pve1/qemu/100/snapshot/a", {}, True),
        ("qmdestroy", "DELETE", "/nodes/pve1/qemu/100", {}, True),
        ("qmdestroy", "DELETE", "/nodes/pve1/qemu/100/snapshot/a", {}, False),
        ("srvreload", "PUT", "/nodes/pve1/network", {}, True),
    ],
)
def test_a_task_is_known_by_the_call_that_starts_it(
    kind: str, method: str, path: str, params: dict[str, Any], fits: bool
) -> None:
    assert may_be_started_by(kind, method, path, params) is fits
