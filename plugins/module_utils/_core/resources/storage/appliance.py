# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container templates that a node offers for download, and which of them a name means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption
from ...model.plan import api_path


def is_file_name(template: str) -> bool:
    """Whether this is the full name of a template, not a pattern."""
    return bool(re.search(r"\.tar\.\w+$", template)) and not re.search(r"[*?\[]", template)


def newest_template(reader: Reader, node: str, pattern: str) -> str:
    """The newest template whose package is so called, or whose package or file name matches the pattern."""
    rows = reader.get(api_path("nodes", node, "aplinfo")) or []
    found = [row for row in rows if any(fnmatchcase(str(row.get(key)), pattern) for key in ("package", "template"))]
    if not found:
        raise InvalidOption(
            "template",
            f"no template that {node} offers is called {pattern!r}",
            hint="'pveam available' lists them on the node; 'pveam update' brings the list up to date.",
        )
    families = {_family(row) for row in found}
    if len(families) > 1:
        names = sorted({str(row.get("package")) for row in found})
        raise InvalidOption("template", f"{pattern!r} means different things: {', '.join(names)}; be more precise")
    return str(max(found, key=_age)["template"])


def _family(row: Mapping[str, Any]) -> tuple[str, str]:
    """What is the same for all versions of one template, such as debian-#-standard for amd64."""
    return re.sub(r"\d+(\.\d+)*", "#", str(row.get("package"))), str(row.get("architecture"))


def _age(row: Mapping[str, Any]) -> list[tuple[int, str]]:
    """A key that sorts by the numbers in the package's name, then by those of its version."""
    text = f"{row.get('package')} {row.get('version')}"
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", text)]
