# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of errors: it is drawn as it is, and a wrapped option keeps its parts."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from ansible_collections.pve.automation.plugins.module_utils._core.model import errors

CORE = Path(__file__).resolve().parents[3] / "plugins" / "module_utils" / "_core"


def test_the_drawing_has_every_class() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }
    assert defined - set(re.findall(r"\w+", errors.__doc__ or "")) == set()


def test_an_option_keeps_its_parts_whatever_it_is_wrapped_in() -> None:
    error = errors.InvalidOption("cidr", "is no address: 'x'", hint="Write one.").inside("entries[0]").inside("rows[1]")
    assert (error.option, error.reason, error.hint) == ("rows[1].entries[0].cidr", "is no address: 'x'", "Write one.")


def test_nothing_cuts_a_message_apart() -> None:
    cut = re.compile(r"str\((error|problem)\)\.(partition|split)|message\.(partition|split)\(")
    assert [path.name for path in sorted(CORE.rglob("*.py")) if cut.search(path.read_text(encoding="utf-8"))] == []
