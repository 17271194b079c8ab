# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Likely values of options: what check mode accepts is not answered by the server with 400.

A case is a task of the examples or of the lifecycle tests with one of its options replaced by a value that an administrator might
give, right or nearly right, in check mode and then for real.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.fuzz import odd_options
from tests.fuzz.odd_options import Case
from tests.harness.cluster import Cluster, Result
from tests.harness.examples import OptionPath, with_value
from tests.harness.lifecycle_cases import resource_of
from tests.unit.test_collection import MODULES

CHANGING = [name for name in MODULES if not name.endswith("_info") and name != "pve_api"]
WORDS: Sequence[str] = (
    "web", "web-1", "web_1", "Web.1", "1web", "a", "x" * 41, "two words", "ä", "web,db", "pve1", "local", "shared", "vmbr0", "none",
    "user@example.com", "user@", "www.example.com", "-web", "192.0.2.7", "192.0.2.0/24", "2001:db8::7", "300.1.1.1",
    "BC:24:11:00:00:07", "01:00:5e:00:00:07", "mon 04:00", "*/5", "25:00", "10", "0", "-1", "4096", "70000", "1G", "Europe/Vienna",
    "Mars/Base", "/srv/x",
)  # fmt: skip
NUMBERS: Sequence[int] = (0, 1, 2, 7, 64, 100, 512, 4094, 5000, 65535, 65536, 100000)
# Parameters whose values only the server knows, by module, with the reason. This list may only shrink.
LEFT_TO_SERVER: Mapping[tuple[str, str], str] = {
    ("pve_acme_plugin", "api"): "the providers grow with each release",
    ("pve_backup_job", "schedule"): "calendar events have a grammar of their own",
    ("pve_cpu_model", "reported-model"): "the models grow with each release",
    ("pve_firewall", "proto"): "the protocols are those of the server's /etc/protocols",
    ("pve_node", "wakeonlan"): "a broadcast address without mac, on a node that has none",
    ("pve_node_time", "timezone"): "the zones are those of the node's tzdata, which no call lists",
}


def cases(numbers: range) -> Iterator[Case]:
    """One case for each number."""
    for number in numbers:
        chance = random.Random(number)  # no secret
        module = chance.choice(CHANGING)
        base = chance.choice(odd_options._tasks(module))
        path, row = chance.choice([entry for entry in odd_options._options(module) if _is_varied(*entry)])
        value = _value(chance, row)
        options = with_value(base, path, value, rows=len(path) > 1 and odd_options._is_list(module, path[0]))
        yield Case(number, module, options, f"{'.'.join(path)}: {value!a}")


def _is_varied(path: OptionPath, row: Mapping[str, Any]) -> bool:
    """Whether a value can be made for it. Nothing is varied that decides how long a task waits."""
    return path[-1] not in ("no_such_option", "timeout", "wait_timeout") and row.get("type", "str") != "dict"


def _value(chance: random.Random, row: Mapping[str, Any]) -> Any:
    """A value of the option's type."""
    kind = row.get("elements", "str") if row.get("type") == "list" else row.get("type", "str")
    found: Any
    if row.get("choices"):
        found = chance.choice(row["choices"])
    elif kind == "bool":
        found = chance.random() < 0.5
    else:
        found = chance.choice(NUMBERS if kind in ("int", "float") else WORDS)
    return [found] if row.get("type") == "list" else found


def play(cluster: Cluster, case: Case) -> str:
    """Run the task in check mode, then for real; returns what check mode promised in vain, empty if nothing."""
    with odd_options._limited(odd_options.LONGEST):
        foretold = cluster.run(resource_of(case.module), case.options, check_mode=True)
        if foretold.get("failed"):
            return ""
        cluster.requests_made()
        result = cluster.run(resource_of(case.module), case.options)
    asked = cluster.writes_made()
    if asked:
        cluster.reset()
    wrong = _broken_promise(case.module, result, asked)
    return f"promises {case.number}: {case.module}, {case.odd}\n{wrong}" if wrong else ""


def _broken_promise(module: str, result: Result, asked: Sequence[Mapping[str, Any]]) -> str:
    """The writes that the server answered with 400, unless it alone can know why."""
    message = str(result.get("msg", ""))
    if any(f"\n  {name}: " in message for named, name in LEFT_TO_SERVER if named == module):
        return ""
    refused = [f"{row['method']} {row['path']} {row['params']}" for row in asked if row["status"] == 400]
    return f"check mode accepts {refused}: {message}" if refused else ""
