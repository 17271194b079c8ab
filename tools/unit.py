# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the unit tests, or with `functional` those that start servers and playbooks, on two processes.

Further arguments go to pytest.
"""

from __future__ import annotations

import sys

from tools.common import RESULTS, conclude, junit_counts, run


def main() -> int:
    arguments = sys.argv[1:]
    stage = arguments.pop(0) if arguments[:1] == ["functional"] else "unit"
    report = RESULTS / f"{stage}.xml"
    report.unlink(missing_ok=True)
    command = ["python", "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", f"--junitxml={report}"]
    succeeded = run(*command, f"tests/{stage}", *arguments)
    passed, failed = junit_counts([report] if report.exists() else [])
    return conclude(stage, passed, failed if succeeded or failed else 1)


if __name__ == "__main__":
    sys.exit(main())
