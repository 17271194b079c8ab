# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test sanity` with the oldest supported ansible-core and with the newest that the project's Python runs.

Of the two, one runs each of the linters that judge a text by itself. SANITY_ALL=1 runs everything with every release: do so
before a release of the collection. Arguments name the sanity tests to run instead of all.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from functools import partial

from tools.ansible_test import CORES, Job, ansible_test, copied_tree, prepare, run_jobs
from tools.common import Outcome, conclude, junit_outcome

OLDEST, NEWEST = "2.16", "2.19"
SLOWEST = "pylint"
LINTERS = ("pep8", "yamllint", "shellcheck", "changelog")


@dataclass(frozen=True)
class Run:
    """A run of sanity tests with one ansible-core: those that are named, or all but those that are left out."""

    release: str
    part: str = ""
    named: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"sanity, ansible-core {CORES[self.release].version}{self.part and f', {self.part}'}"

    @property
    def arguments(self) -> list[str]:
        named = [word for name in self.named for word in ("--test", name)]
        return [*named, *(word for name in self.left_out for word in ("--skip-test", name))]


def runs(named: tuple[str, ...]) -> list[Run]:
    """What is to run, the longest first."""
    if os.environ.get("SANITY_ALL") == "1":
        return [Run(release, named=named) for release in CORES]
    if named:
        return [Run(OLDEST, named=named), Run(NEWEST, named=named)]
    return [
        Run(NEWEST, "all others", left_out=(SLOWEST, *LINTERS)),
        Run(OLDEST, f"all but {SLOWEST}", left_out=(SLOWEST,)),
        Run(NEWEST, SLOWEST, named=(SLOWEST,)),
    ]


def check(run: Run) -> tuple[Outcome, str]:
    """Run the sanity tests; returns the outcome and the output."""
    with copied_tree(f"sanity-{run.release}{run.part and '-' + run.part.replace(' ', '-')}") as tree:
        reports = tree / "tests" / "output" / "junit"
        shutil.rmtree(reports, ignore_errors=True)
        succeeded, printed = ansible_test(CORES[run.release], tree, "sanity", "--junit", *run.arguments)
        outcome = junit_outcome(reports.glob("*.xml"))
    if not succeeded and not outcome.failed:
        outcome.check(run.title, holds=False, printed=printed)
    return outcome, printed


def main() -> int:
    outcome = Outcome()
    jobs = [
        Job(run.title, partial(check, run)) for run in runs(tuple(sys.argv[1:])) if prepare(CORES[run.release], outcome)
    ]
    run_jobs(jobs, outcome)
    return conclude("sanity", outcome)


if __name__ == "__main__":
    sys.exit(main())
