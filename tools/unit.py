# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the unit tests on two processes; further arguments go to pytest."""

from __future__ import annotations

import sys

from tools.common import RESULTS, conclude, junit_counts, run


def main() -> int:
    report = RESULTS / "unit.xml"
    report.unlink(missing_ok=True)
    succeeded = run("python", "-m", "pytest", "-q", "-n", "2", f"--junitxml={report}", *sys.argv[1:])
    passed, failed = junit_counts([report] if report.exists() else [])
    return conclude("unit", passed, failed if succeeded or failed else 1)


if __name__ == "__main__":
    sys.exit(main())
