# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the links of the Markdown pages: files of the project exist, and README has full addresses only.

References between the guides and modules are checked by Sphinx. Addresses elsewhere are not opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.common import ROOT, project_files
from tools.pages import repository

_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def broken_links() -> list[str]:
    """What is wrong with the links, page by page."""
    files = set(project_files())
    return [
        f"{page}: {reported}"
        for page in sorted(files)
        if page.endswith(".md") and not page.startswith("LICENSES/")
        for reported in broken_in(page, (ROOT / page).read_text(encoding="utf-8"), files)
    ]


def broken_in(page: str, text: str, files: set[str]) -> Iterator[str]:
    """What is wrong with the links of one page, where these files are in the project."""
    ours = re.compile(rf"{re.escape(repository())}/(?:blob|tree)/main/([^#]+)")
    folders = {str(parent) for name in files for parent in Path(name).parents}
    for target in _LINK.findall(_FENCE.sub("", text)):
        own = ours.match(target)
        if own:
            path = own[1].rstrip("/")
        elif target.startswith(("https://", "#", "mailto:")):
            continue
        elif page == "README.md":
            yield f"{target} is no full address, which Galaxy and Automation Hub need"
            continue
        else:
            path = _relative(page, target.partition("#")[0])
        if path not in files and path not in folders:
            yield f"{target} does not exist"


def _relative(page: str, target: str) -> str:
    return str((ROOT / page).parent.joinpath(target).resolve().relative_to(ROOT))
