# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The storeys of plugins/module_utils/_core: imports only go down, and only the engine makes writing calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
CORE = PLUGINS / "module_utils" / "_core"
STOREYS = ("model", "api", "run", "guests", "resources")  # from the ground up
FILES = sorted(CORE.rglob("*.py"))


def imported_storeys(path: Path) -> Iterator[tuple[str, int]]:
    """The storeys from which a file imports, with the line."""
    package = path.relative_to(CORE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            target = (*package[: len(package) - node.level + 1], *(node.module or "").split("."))
            yield target[0], node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_only_go_down(path: Path) -> None:
    own = STOREYS.index(path.relative_to(CORE).parts[0])
    above = [f"line {line}: {storey}" for storey, line in imported_storeys(path) if STOREYS.index(storey) > own]
    assert not above


def test_every_file_has_a_storey() -> None:
    assert {path.relative_to(CORE).parts[0] for path in FILES} == set(STOREYS)
    assert not list(CORE.glob("*.py"))


def test_only_the_engine_makes_writing_calls() -> None:
    """``Client.call`` is the only method that can write."""
    callers = {
        str(path.relative_to(PLUGINS))
        for path in PLUGINS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call"
    }
    assert callers == {"module_utils/_core/run/engine.py", "module_utils/_core/api/client.py"}


def test_private_files_are_marked() -> None:
    """Ansible takes a file of module_utils or plugin_utils for public unless a name on its path begins with an underscore."""
    assert {path.name for path in (PLUGINS / "module_utils").iterdir()} - {"__pycache__"} == {"_core", "public.py"}
    public = [path.name for path in (PLUGINS / "plugin_utils").glob("*.py") if not path.name.startswith("_")]
    assert not public
