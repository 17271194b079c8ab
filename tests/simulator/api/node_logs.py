# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes log: a line for their start and one for each task (pve-manager PVE/API2/Nodes.pm, dump_journal of PVE::Tools)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ..call import Call
from ..errors import not_simulated
from ..routing import endpoint
from .nodes import node_of, utc_offset
from .version import VERSIONS

PREFIX = "/nodes/{node}"
Line = tuple[int, str, str]  # when, service, text
NOT_IN_JOURNAL = ("startcursor", "endcursor", "structured", "units", "identifiers", "priority", "unit", "kernel")


def entries(call: Call) -> list[Line]:
    """What the node has logged, of one service where the call names it."""
    found: list[Line] = [(node_of(call).booted, "systemd", "systemd[1]: Startup finished.")]
    for task in call.cluster.tasks.all.values():
        if task.node == call.node:
            text = f"pvedaemon[{task.pid}]: <{task.user}> starting task {task.upid}"
            found.append((task.starttime, "pvedaemon", text))
    service = call.params.get("service")
    return sorted(line for line in found if service in (None, line[1]))


def shown(call: Call, line: Line) -> str:
    moment = datetime.fromtimestamp(line[0] + utc_offset(call), timezone.utc)
    return f"{moment:%b %d %H:%M:%S} {call.node} {line[2]}"


def spoken(call: Call, name: str, otherwise: int) -> int:
    """A moment in the node's own time, as an epoch."""
    text = call.params.get(name)
    if text is None:
        return otherwise
    form = "%Y-%m-%d %H:%M:%S"[: {10: 8, 16: 14, 19: 17}[len(text)]]
    return int(datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()) - utc_offset(call)


@endpoint("GET", f"{PREFIX}/syslog", ordered=True)
def syslog(call: Call) -> list[dict[str, Any]]:
    """Lines counted from the oldest one; of none at all it makes one."""
    since, until = spoken(call, "since", 0), spoken(call, "until", call.cluster.now())
    lines = [shown(call, line) for line in entries(call) if since <= line[0] <= until] or ["no content"]
    call.extra["total"] = len(lines)
    start = call.params.get("start", 0)
    rows = [{"n": number, "t": text} for number, text in enumerate(lines, 1)]
    return rows[start : start + call.params.get("limit", 50)]


@endpoint("GET", f"{PREFIX}/journal", ordered=True)
def journal(call: Call) -> list[str]:
    """Lines between two cursors, as mini-journalreader prints them."""
    for name in NOT_IN_JOURNAL:
        if call.params.get(name):
            raise not_simulated(f"{name} of a journal")
    since, until = call.params.get("since", 0), call.params.get("until", call.cluster.now())
    lines = [shown(call, line) for line in entries(call) if since <= line[0] <= until]
    last = call.params.get("lastentries") or 0
    lines = lines[-last:]
    return ["s=5eed;i=1;b=b007", *lines, f"s=5eed;i={len(lines)};b=b007"]


@endpoint("GET", f"{PREFIX}/report")
def report(call: Call) -> str:
    """Some of what PVE::Report of pve-manager gathers."""
    guests = "\n".join(
        f"{guest.vmid} {guest.name}" for guest in call.cluster.guests.values() if guest.node == call.node
    )
    commands = {
        "hostname": str(call.node),
        "pveversion": f"pve-manager/{VERSIONS[call.cluster.version]['version']}",
        "cat /etc/hosts": node_of(call).hosts,
        "qm list": guests,
    }
    return "\n".join(f"\n# {command}\n{text}" for command, text in commands.items())
