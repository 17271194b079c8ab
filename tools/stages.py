# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages of the tests (make targets) one after the other, all of them, and sum up what they counted.

The last line is `N passed, M failed`. A stage that breaks off before it counted anything counts as one failure.
"""

from __future__ import annotations

import json
import sys
import time

from tools.common import RESULTS, run


def run_stage(stage: str) -> tuple[int, int, float]:
    """Passed and failed checks of a stage, and its seconds."""
    report = RESULTS / f"{stage}.json"
    report.unlink(missing_ok=True)
    print(f"\n=== {stage} ===", flush=True)
    start = time.monotonic()
    succeeded = run("make", "--no-print-directory", stage)
    seconds = time.monotonic() - start
    counts = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"passed": 0, "failed": 0}
    if not succeeded and not counts["failed"]:
        counts["failed"] = 1
    return counts["passed"], counts["failed"], seconds


def main(stages: list[str]) -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    rows = {stage: run_stage(stage) for stage in stages}
    print("\n=== summary ===")
    for stage, (passed, failed, seconds) in rows.items():
        print(f"{stage:12} {passed:5} passed {failed:5} failed {seconds:7.1f} s")
    total, failures = (sum(row[column] for row in rows.values()) for column in (0, 1))
    last_line = f"{total} passed, {failures} failed"
    (RESULTS / "summary").write_text(f"{last_line}\n", encoding="utf-8")  # .ci/run repeats it
    print(last_line, flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
