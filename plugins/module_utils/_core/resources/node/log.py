# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node has logged: its journal, the lines of its system log, and its report for support."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from collections.abc import Mapping
from typing import Any

from ...model.contract import NODE_KEY, Reader
from ...model.errors import InvalidOption
from ...model.kinds.info import Info
from ...model.periods import moment
from ...model.plan import api_path

SOURCES = ("journal", "syslog", "report")
DEFAULT_LIMIT = 100
_CURSOR = re.compile(r"s=[0-9a-f]+;i=.*")  # the journal names where it begins and ends, as lines of their own


@dataclasses.dataclass(frozen=True)
class LogDesired:
    """Which lines of which log; ``span`` has the moments ``since`` and ``until`` as far as they are given."""

    node: str
    source: str
    service: str | None
    limit: int
    span: Mapping[str, int]


class NodeLog(Info[LogDesired]):
    """See the module pve_node_log_info."""

    name = "log"

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "source": {"type": "str", "choices": list(SOURCES), "default": "journal"},
            "since": {"type": "str"},
            "until": {"type": "str"},
            "service": {"type": "str"},
            "limit": {"type": "int"},
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> LogDesired:
        if params["source"] == "report":
            for name in ("since", "until", "service", "limit"):
                if params[name] is not None:
                    raise InvalidOption(name, "a report is always whole; it belongs to source: journal or syslog")
        limit = DEFAULT_LIMIT if params["limit"] is None else params["limit"]
        if limit < 1:
            raise InvalidOption("limit", "must be at least 1")
        now = int(time.time())
        span = {name: moment(name, params[name], now) for name in ("since", "until")}
        if span["since"] and span["until"] and span["since"] > span["until"]:
            raise InvalidOption("until", "is before since")
        known = {name: value for name, value in span.items() if value is not None}
        return LogDesired(params["node"], params["source"], params["service"], limit, known)

    def read(self, reader: Reader, desired: LogDesired) -> dict[str, Any]:
        path = api_path("nodes", desired.node)
        if desired.source == "report":
            lines = str(reader.get(f"{path}/report")).splitlines()
        else:
            service = {"service": desired.service} if desired.service else {}
            read = _journal if desired.source == "journal" else _syslog
            lines = read(reader, path, service, desired)
        return {"node": desired.node, "source": desired.source, "lines": lines}


NODE_LOG = NodeLog()


def _journal(reader: Reader, path: str, service: Mapping[str, str], desired: LogDesired) -> list[str]:
    """The newest lines. PVE cuts them only where no span is given."""
    asked = desired.span or {"lastentries": desired.limit}
    lines = reader.get(f"{path}/journal", {**asked, **service}) or []
    return [line for line in lines if not _CURSOR.fullmatch(line)][-desired.limit :]


def _syslog(reader: Reader, path: str, service: Mapping[str, str], desired: LogDesired) -> list[str]:
    """The newest lines. PVE counts from the oldest one, so that it is first asked how many there are."""
    asked = {**_local(reader, path, desired.span), **service}
    total = reader.get(f"{path}/syslog", {**asked, "limit": 0}, api_format="extjs").get("total") or 0
    rows = reader.get(f"{path}/syslog", {**asked, "start": max(0, int(total) - desired.limit), "limit": desired.limit})
    lines = [str(row.get("t", "")) for row in rows or []]
    return [] if lines == ["no content"] else lines


def _local(reader: Reader, path: str, span: Mapping[str, int]) -> dict[str, str]:
    """The moments as the node's clock shows them, by its present offset from UTC."""
    if not span:
        return {}
    clock = reader.get(f"{path}/time")
    offset = datetime.timedelta(seconds=int(clock["localtime"]) - int(clock["time"]))
    return {
        name: (datetime.datetime.fromtimestamp(value, datetime.timezone.utc) + offset).strftime("%Y-%m-%d %H:%M:%S")
        for name, value in span.items()
    }
