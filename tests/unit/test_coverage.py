# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table behind docs/coverage.md is whole, and nothing stands in it that the code of the module could not do."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

from tools import coverage, declared

ROOT = Path(__file__).resolve().parents[2]
UTILS = ROOT / "plugins" / "module_utils"
CALLS = coverage.writing_calls()
ROWS = coverage.rows()
MODULES = {module.name: module for module in declared.modules()}


@functools.cache
def words(file: Path) -> frozenset[str]:
    """The words of the strings in a file of module_utils and in all that it imports there.

    Without docstrings and ``tables``, which only claim calls.
    """
    found: set[str] = set()
    waiting, seen = [file], {file}
    while waiting:
        file = waiting.pop()
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
        tables = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == "tables"]
        declared = {node for table in tables for node in ast.walk(table)}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in {*docstrings, *declared}:
                found.update(node.value.strip("/").split("/"))
                found.update(node.value.split())
            if isinstance(node, ast.ImportFrom) and node.level:
                place = file.parents[node.level - 1] / (node.module or "").replace(".", "/")
                imported = {place.with_suffix(".py"), *(place / f"{alias.name}.py" for alias in node.names)}
                new = {path for path in imported if path.is_file()} - seen
                seen |= new
                waiting += new
    return frozenset(found - {""})


def is_written(word: str, known: frozenset[str]) -> bool:
    """Whether a word is there, whole or put together from two."""
    return word in known or any(word.startswith(text) and word[len(text) :] in known for text in known)


def test_every_row_means_a_call() -> None:
    assert [row for row in ROWS if not any(row.means(*call) for call in CALLS)] == []


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_call_belongs_to_modules_or_to_one_reason(call: tuple[str, str]) -> None:
    found = coverage.owners(*call)
    assert len(found) == 1 or {row.kind for row in found} == {coverage.MODULES}


def test_rows_belong_to_modules_that_exist() -> None:
    owners = {row.owner for row in ROWS if row.kind == coverage.MODULES}
    assert owners - set(MODULES) == {"connection options of all modules"}


@pytest.mark.parametrize("module", sorted({row.owner for row in ROWS} & set(MODULES)))
def test_a_module_has_the_words_of_its_calls(module: str) -> None:
    """Its code holds each fixed part of the paths, so that no call is reported that nobody wrote."""
    known = words(UTILS / f"{MODULES[module].source.replace('.', '/')}.py")
    claimed = {
        part for row in ROWS for call in CALLS if row.owner == module and row.means(*call) for part in fixed(call)
    }
    assert {part for part in claimed if not is_written(part, known)} == set()


def fixed(call: tuple[str, str]) -> list[str]:
    """The method, and the parts of the path that are no parameters."""
    method, path = call
    return [method, *(part for part in path.strip("/").split("/") if "{" not in part)]


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8") == coverage.page()
