# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the unit tests on two processes; further arguments go to pytest.

`--fast` leaves out the tests of whole lives, faults and hosts, which run against the simulator.
"""

from __future__ import annotations

import sys

from tools.common import RESULTS, conclude, junit_counts, run


def main() -> int:
    fast = "--fast" in sys.argv[1:]
    stage = "unit-fast" if fast else "unit"
    arguments = [word for word in sys.argv[1:] if word != "--fast"] + (
        ["--ignore=tests/unit/lifecycle"] if fast else []
    )
    report = RESULTS / f"{stage}.xml"
    report.unlink(missing_ok=True)
    succeeded = run(
        "python", "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", f"--junitxml={report}", *arguments
    )
    passed, failed = junit_counts([report] if report.exists() else [])
    return conclude(stage, passed, failed if succeeded or failed else 1)


if __name__ == "__main__":
    sys.exit(main())
