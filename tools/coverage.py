# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which module makes which of the API's writing calls, as docs/coverage.md lists them call by call."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tools.common import ROOT
from tools.declared import tables as declarations

TABLE = ROOT / "tools" / "coverage.yml"
FACTS = ROOT / "tests" / "simulator" / "data" / "facts-9.2.json"
METHODS = ("DELETE", "POST", "PUT")
MODULES, ONLY_API, OUT = "modules", "pve_api", "out of scope"
INTRODUCTION = """\
# Coverage of the API

Which module makes which of the {total} writing calls of Proxmox VE {release}; `pve_api` can make every one of them.
Generated from the declarations of the modules, `tools/coverage.yml` and the facts of the API: `python -m tools.generate`.

| | calls |
| --- | --- |
{summary}
"""


@dataclass(frozen=True)
class Row:
    """What belongs to one owner: a module, or a reason why none is meant."""

    kind: str
    owner: str
    pattern: str

    def means(self, method: str, path: str) -> bool:
        first, blank, rest = self.pattern.partition(" ")
        if blank and first != method:
            return False
        return bool(_expression(rest or first).fullmatch(path))


@functools.cache
def _expression(pattern: str) -> re.Pattern[str]:
    """A path with * for one part and ** for the rest, as an expression for paths with names in braces."""
    return re.compile(re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", "[^/]+"))


@functools.cache
def rows() -> tuple[Row, ...]:
    """The table: the calls that declarations name, and for what declares none the rows of coverage.yml."""
    written = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    declared = {
        module: sorted({call for table in found for call in table.calls if not call.startswith("GET ")})
        for module, found in declarations().items()
    }
    return tuple(
        Row(kind, owner, pattern)
        for table in ({MODULES: declared}, written)
        for kind in table
        for owner, patterns in table[kind].items()
        for pattern in patterns
    )


@functools.cache
def facts() -> dict[str, Any]:
    """What the API has."""
    known: dict[str, Any] = json.loads(FACTS.read_text(encoding="utf-8"))
    return known


@functools.cache
def permissions() -> dict[tuple[str, str], dict[str, Any]]:
    """What the API's schema says of the permissions of calls, by method and path."""
    return {(call["method"], call["path"]): call.get("permissions", {}) for call in facts()["endpoints"]}


@functools.cache
def writing_calls() -> list[tuple[str, str]]:
    """Method and path of the calls that change something, by path."""
    calls = [(call["method"], call["path"]) for call in facts()["endpoints"] if call["method"] in METHODS]
    return sorted(calls, key=lambda call: (call[1], call[0]))


def owners(method: str, path: str) -> list[Row]:
    """The rows that a call has: those of modules, where there are any."""
    found = [row for row in rows() if row.means(method, path)]
    return [row for row in found if row.kind == MODULES] or found


def makes(module: str, method: str, path: str) -> bool:
    """Whether the table says that a module makes a call, which may be one with names in place of the parameters."""
    calls = [call for call in writing_calls() if call[0] == method and re.fullmatch(_named(call[1]), path)]
    return any(row.owner == module for call in calls for row in owners(*call))


@functools.cache
def _named(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path))


def _told(found: list[Row]) -> str:
    if found[0].kind == MODULES:
        names = sorted({row.owner for row in found})
        return ", ".join(f"`{name}`" if name.startswith("pve_") else name for name in names)
    return f"{'only `pve_api`' if found[0].kind == ONLY_API else found[0].kind}: {found[0].owner}"


def page() -> str:
    """docs/coverage.md."""
    calls = [(method, path, owners(method, path)) for method, path in writing_calls()]
    missing = [f"{method} {path}" for method, path, found in calls if not found]
    if missing:
        raise ValueError(f"{TABLE.name}: no row for {', '.join(missing)}")
    counts = Counter(found[0].kind for _method, _path, found in calls)
    titles = {MODULES: "by a module", ONLY_API: "only by `pve_api`", OUT: "out of scope"}
    summary = "\n".join(f"| {title} | {counts[kind]} |" for kind, title in titles.items())
    text = INTRODUCTION.format(total=len(calls), release=facts()["release"], summary=summary)
    return "\n".join([text, *_sections(calls)])


def _sections(calls: list[tuple[str, str, list[Row]]]) -> Iterator[str]:
    for area, inside in itertools.groupby(calls, lambda call: _area(call[1])):
        table = [f"| `{method} {path}` | {_told(found)} |" for method, path, found in inside]
        yield "\n".join([f"## {area}\n", "| call | made by |", "| --- | --- |", *table, ""])


def _area(path: str) -> str:
    """The first words of a path, as the heading of a section."""
    words = path.split("/")
    return "/".join(words[: 1 + {"cluster": 2, "nodes": 3}.get(words[1], 1)])
