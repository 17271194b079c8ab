# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static checks of the whole project; each tool counts as one check. `--fast` leaves out the slow ones."""

from __future__ import annotations

import sys

from tools.common import Outcome, conclude, tee

FAST = {
    "ruff": ["ruff", "check", "--quiet", "."],
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "mypy": ["mypy"],
    "generated files": ["python", "-m", "tools.generate", "--check"],
}
SLOW = {
    "yamllint": ["yamllint", "--strict", "."],
    "ansible-lint": ["ansible-lint", "-q"],
    "licences": ["reuse", "lint", "--quiet"],
    "changelog": ["antsibull-changelog", "lint"],
    "shellcheck": ["shellcheck", ".ci/run", "tools/find-python.sh"],
}


def main() -> int:
    fast = "--fast" in sys.argv[1:]
    outcome = Outcome()
    checks = FAST if fast else FAST | SLOW
    for name, command in checks.items():
        print(f"--- {name}", flush=True)
        outcome.check(name, *tee(*command))
    if outcome.failures:
        print("failed: " + ", ".join(failure.splitlines()[0] for failure in outcome.failures))
    return conclude("lint-fast" if fast else "lint", outcome)


if __name__ == "__main__":
    sys.exit(main())
