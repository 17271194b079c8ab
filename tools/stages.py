# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages of the tests (make targets) one after the other, all of them, and sum up what they counted.

Of a stage only its failures are shown; everything that it printed is in .build/results/STAGE.log. The last line is
`N passed, M failed`. A stage that breaks off before it counted anything counts as one failure. Stages that keep one core
busy run in pairs where they follow each other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from tools.common import RESULTS, ROOT, Outcome, logged, recorded

ONE_CORE = {"lint", "docs", "molecule", "demo", "package"}


def run_stage(stage: str) -> tuple[Outcome, float]:
    """Run a stage with its output in its log file; returns what it counted, and its seconds."""
    start = time.monotonic()
    (RESULTS / f"{stage}.json").unlink(missing_ok=True)
    succeeded = logged(log_of(stage), "make", "--no-print-directory", stage)
    outcome = recorded(stage) or Outcome()
    if not succeeded and not outcome.failed:
        outcome.check(
            f"{stage} broke off", holds=False, printed=log_of(stage).read_text(encoding="utf-8", errors="replace")
        )
    return outcome, time.monotonic() - start


def outcomes(stages: list[str]) -> Iterator[tuple[str, Outcome, float]]:
    """Run the stages; yields what came out of them in their order."""

    def run(numbered: tuple[int, str]) -> tuple[Outcome, float]:
        print(f"stage {numbered[0]} of {len(stages)}: {numbered[1]}\n", end="", flush=True)  # in one piece
        return run_stage(numbered[1])

    for one_core, group in groupby(enumerate(stages, 1), lambda numbered: numbered[1] in ONE_CORE):
        numbered_stages = list(group)
        with ThreadPoolExecutor(2 if one_core else 1) as pool:
            ended = pool.map(run, numbered_stages)
            yield from ((stage, *end) for (_number, stage), end in zip(numbered_stages, ended, strict=True))


def log_of(stage: str) -> Path:
    return RESULTS / f"{stage}.log"


def show(stage: str, outcome: Outcome, seconds: float) -> None:
    """Print what a stage counted, its failures and what it skipped."""
    print(f"  {stage}: {outcome.passed} passed, {outcome.failed} failed, {seconds:.1f} s", flush=True)
    for reason in outcome.skipped:
        print(f"  skipped: {reason}")
    for failure in outcome.failures:
        print("\n".join(f"  {line}" for line in f"failed: {failure}".splitlines()))
    sys.stdout.flush()


def main(stages: list[str]) -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    total, rows = Outcome(), []
    start = time.monotonic()
    for stage, outcome, seconds in outcomes(stages):
        show(stage, outcome, seconds)
        skipped = f"  {len(outcome.skipped)} skipped" if outcome.skipped else ""
        log = log_of(stage).relative_to(ROOT)
        rows.append(f"{stage:13} {outcome.passed:5} passed {outcome.failed:5} failed {seconds:7.1f} s  {log}{skipped}")
        total.add(outcome)
    print(f"\nsummary, {(time.monotonic() - start) / 60:.0f} minutes")
    print("\n".join(rows))
    last_line = f"{total.passed} passed, {total.failed} failed"
    (RESULTS / "summary").write_text(f"{last_line}\n", encoding="utf-8")  # .ci/run repeats it
    print(last_line, flush=True)
    return total.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
