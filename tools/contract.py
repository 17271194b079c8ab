# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests/contract/run.py and record its counts; skipped where there are no recorded answers.

Differences that its baseline knows are not failures of ours; falling below the baseline is one.
"""

from __future__ import annotations

import re
import sys

from tools.common import ROOT, Outcome, conclude, tee

RECORDED = ROOT.parent / "shared" / "pve-api"


def main() -> int:
    outcome = Outcome()
    if not RECORDED.is_dir():
        outcome.skip(f"no recorded answers in {RECORDED}")
        return conclude("contract", outcome)
    succeeded, printed = tee("python", "tests/contract/run.py", "--brief", *sys.argv[1:])
    counts = re.findall(r"^(\d+) passed, \d+ failed$", printed, re.MULTILINE)
    outcome.check("contract", succeeded and bool(counts), printed)
    outcome.passed = int(counts[-1]) if counts else 0
    return conclude("contract", outcome)


if __name__ == "__main__":
    sys.exit(main())
