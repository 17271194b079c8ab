# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/contributing.md names exists, and its examples run."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.item import Item
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Step

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
PLACE = re.compile(r"(?<![\w/])(?:plugins|tests|docs|tools|changelogs|meta)/[\w./-]+")
TARGET = re.compile(r"\bmake ([a-z-]+)")


@pytest.mark.parametrize("place", sorted({found for found in PLACE.findall(TEXT) if "NAME" not in found}))
def test_places_exist(place: str) -> None:
    assert (ROOT / place.rstrip(".")).exists()


@pytest.mark.parametrize("target", sorted(set(TARGET.findall(TEXT)) - {"and"}))
def test_targets_exist(target: str) -> None:
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Field, Item, Step], ids=lambda kind: kind.__name__)
def test_the_arguments_of_a_kind_exist(kind: type[Any]) -> None:
    """Those in the first column of the tables below its heading."""
    section = re.split(r"\n##", TEXT.partition(f"### {kind.__name__}\n")[2])[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", section, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named
    assert named - {field.name for field in dataclasses.fields(kind)} == set()


def test_the_item_to_copy_from_works() -> None:
    (example,) = re.findall(r"```python\n(from .*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/contributing.md", "exec"), names)
    options = names["THING"].arguments()["argument_spec"]
    assert options["id"] == {"type": "str", "required": True}
    assert {"comment", "nodes", "state", "unset", "update_password"} <= set(options)
