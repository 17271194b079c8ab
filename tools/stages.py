# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages of the tests (make targets) one after the other, all of them, and sum up what they counted.

Of a stage only its failures are shown; everything that it printed is in .build/results/STAGE.log. The last line is
`N passed, M failed`. A stage that breaks off before it counted anything counts as one failure.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tools.common import RESULTS, ROOT, Outcome, logged, recorded


def run_stage(stage: str) -> Outcome:
    """Run a stage with its output in its log file."""
    (RESULTS / f"{stage}.json").unlink(missing_ok=True)
    succeeded = logged(log_of(stage), "make", "--no-print-directory", stage)
    outcome = recorded(stage) or Outcome()
    if not succeeded and not outcome.failed:
        outcome.check(
            f"{stage} broke off", holds=False, printed=log_of(stage).read_text(encoding="utf-8", errors="replace")
        )
    return outcome


def log_of(stage: str) -> Path:
    return RESULTS / f"{stage}.log"


def show(outcome: Outcome, seconds: float) -> None:
    """Print what a stage counted, its failures and what it skipped."""
    print(f"  {outcome.passed} passed, {outcome.failed} failed, {seconds:.1f} s", flush=True)
    for reason in outcome.skipped:
        print(f"  skipped: {reason}")
    for failure in outcome.failures:
        print("\n".join(f"  {line}" for line in f"failed: {failure}".splitlines()))
    sys.stdout.flush()


def main(stages: list[str]) -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    total, rows = Outcome(), []
    for number, stage in enumerate(stages, 1):
        print(f"stage {number} of {len(stages)}: {stage}", flush=True)
        start = time.monotonic()
        outcome = run_stage(stage)
        seconds = time.monotonic() - start
        show(outcome, seconds)
        skipped = f"  {len(outcome.skipped)} skipped" if outcome.skipped else ""
        log = log_of(stage).relative_to(ROOT)
        rows.append(f"{stage:13} {outcome.passed:5} passed {outcome.failed:5} failed {seconds:7.1f} s  {log}{skipped}")
        total.add(outcome)
    print("\nsummary")
    print("\n".join(rows))
    last_line = f"{total.passed} passed, {total.failed} failed"
    (RESULTS / "summary").write_text(f"{last_line}\n", encoding="utf-8")  # .ci/run repeats it
    print(last_line, flush=True)
    return total.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
