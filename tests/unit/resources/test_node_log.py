# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.log import NODE_LOG
from tests.unit.resources.fake import Server, options

BASE = "/nodes/pve1"
JOURNAL = ["s=0a1b;i=1;b=2", "first", "second", "third", "s=0a1b;i=4;b=2"]


class Node(Server):
    """A node with that many lines in its system log, an hour ahead of UTC. ``requests`` are path and parameters."""

    def __init__(self, lines: int = 250) -> None:
        answers = {
            f"{BASE}/journal": JOURNAL,
            f"{BASE}/report": "one\ntwo\n",
            f"{BASE}/time": {"time": 1000, "localtime": 4600},
        }
        super().__init__(answers)
        self.lines = lines
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def get(self, path: str, params: Any = None, api_format: str = "json") -> Any:
        self.requests.append((path.removeprefix(BASE), dict(params or {})))
        if path != f"{BASE}/syslog":
            return super().get(path, params)
        rows = [{"n": number, "t": f"line {number}"} for number in range(1, self.lines + 1)] or [
            {"n": 1, "t": "no content"}
        ]
        page = rows[params.get("start", 0) :][: params["limit"]]
        return {"data": page, "total": len(rows)} if api_format == "extjs" else page


def lines_of(on: Node, **desired: Any) -> list[str]:
    found = NODE_LOG.read(on, NODE_LOG.parse(options(NODE_LOG, node="pve1", **desired)))
    assert found["node"] == "pve1"
    lines: list[str] = found["lines"]
    return lines


def test_the_newest_lines_of_the_journal_by_one_request() -> None:
    on = Node()
    assert lines_of(on) == ["first", "second", "third"]
    assert on.requests == [("/journal", {"lastentries": 100})]


def test_a_span_of_the_journal_is_cut_here() -> None:
    on = Node()
    assert lines_of(on, since="1970-01-01T00:01", until="3600", limit=2, service="sshd") == ["second", "third"]
    assert on.requests == [("/journal", {"since": 60, "until": 3600, "service": "sshd"})]


def test_the_newest_lines_of_the_system_log() -> None:
    on = Node()
    assert lines_of(on, source="syslog", limit=2, service="sshd") == ["line 249", "line 250"]
    assert on.requests == [
        ("/syslog", {"service": "sshd", "limit": 0}),
        ("/syslog", {"service": "sshd", "start": 248, "limit": 2}),
    ]
    assert len(lines_of(Node(), source="syslog")) == 100
    assert lines_of(Node(3), source="syslog") == ["line 1", "line 2", "line 3"]
    assert lines_of(Node(0), source="syslog") == []


def test_a_span_of_the_system_log_is_reported_in_the_nodes_own_time() -> None:
    on = Node()
    lines_of(on, source="syslog", since="1970-01-01T12:00", until="1970-01-02T00:00+02:00")
    span = {"since": "1970-01-01 13:00:00", "until": "1970-01-01 23:00:00"}
    assert on.requests[0] == ("/time", {})
    assert on.requests[1] == ("/syslog", {**span, "limit": 0})


def test_a_report_is_whole() -> None:
    on = Node()
    assert lines_of(on, source="report") == ["one", "two"]
    assert on.requests == [("/report", {})]


@pytest.mark.parametrize(
    ("desired", "option"),
    [
        ({"source": "report", "limit": 5}, "limit"),
        ({"source": "report", "service": "sshd"}, "service"),
        ({"limit": 0}, "limit"),
        ({"since": "yesterday"}, "since"),
        ({"since": "1h", "until": "2h"}, "until"),
    ],
)
def test_bad_options_are_named(desired: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        lines_of(Node(), **desired)
    assert error.value.option == option
