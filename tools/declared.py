# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of the collection, and the writing calls that their declarations name."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.common import DEV, ROOT

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was built

UTILS = "ansible_collections.pve.automation.plugins.module_utils"


@dataclass(frozen=True)
class Module:
    """What a module's source says about it."""

    name: str
    documentation: dict[str, Any]
    source: str  # the module below plugins/module_utils that holds its declaration
    resource: str  # the declaration's name there

    @classmethod
    def parse(cls, path: Path) -> Module:
        """Read a module; ValueError if it is not documentation and `run_module(DECLARATION)`."""
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        documentation = next(
            (
                ast.literal_eval(node.value)
                for node in tree.body
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION"
            ),
            None,
        )
        called = re.search(r"^    run_module\((\w+)\)$", text, re.MULTILINE)
        if documentation is None or called is None:
            raise ValueError(f"{path.relative_to(ROOT)}: no DOCUMENTATION, or no call run_module(DECLARATION)")
        imported = re.search(rf"^from \.\.module_utils\.(\S+) import (?:.*\b)?{called[1]}\b", text, re.MULTILINE)
        if imported is None:
            raise ValueError(f"{path.relative_to(ROOT)}: {called[1]} is not imported from ..module_utils")
        return cls(path.stem, yaml.load(documentation, Loader=LOADER), imported[1], called[1])  # noqa: S506 (both are safe)


@functools.cache
def tables() -> dict[str, Sequence[Any]]:
    """The tables of each module that declares its calls (``model/table.py``)."""
    if str(DEV) not in sys.path:
        sys.path.insert(0, str(DEV))
    found = {}
    for module in modules():
        resource = getattr(importlib.import_module(f"{UTILS}.{module.source}"), module.resource)
        found[module.name] = resource.tables()
    return {name: tables for name, tables in found.items() if tables}


@functools.cache
def modules() -> list[Module]:
    """All modules of the collection, by name."""
    return [Module.parse(path) for path in sorted((ROOT / "plugins" / "modules").glob("pve_*.py"))]
