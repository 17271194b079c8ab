# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the documentation of the plugins, and build it as a site into docs/build/html, without network."""

from __future__ import annotations

import shutil
import sys

from tools.ansible_test import HOME, copied_tree
from tools.common import BUILD, FULL_NAME, ROOT, Outcome, conclude, tee
from tools.links import broken_links

SITE = ROOT / "docs" / "build"


def main() -> int:
    pages = BUILD / "docs"
    with copied_tree("docs") as tree:
        shutil.rmtree(pages, ignore_errors=True)
        shutil.rmtree(SITE, ignore_errors=True)
        HOME.mkdir(parents=True, exist_ok=True)
        pages.mkdir(mode=0o700)  # antsibull-docs refuses a directory that others may write
        env = {"ANSIBLE_COLLECTIONS_PATH": str(tree.parents[2]), "HOME": str(HOME)}  # where antsibull-docs has its log
        lint = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "all"]
        antsibull = ["antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
        sphinx = ["sphinx-build", "-q", "-W", "--keep-going"]
        outcome = Outcome()
        outcome.check("documentation of the plugins", *tee(*lint, tree, env=env))
        written, printed = tee(*antsibull, "--dest-dir", pages, FULL_NAME, env=env)
        if written:
            written, printed = tee(*sphinx, "-c", ROOT / "docs", pages, SITE / "html", env=env)
        outcome.check("site", written, printed)
    broken = broken_links()
    print("\n".join(broken))
    outcome.check("links", not broken, "\n".join(broken))
    return conclude("docs", outcome)


if __name__ == "__main__":
    sys.exit(main())
