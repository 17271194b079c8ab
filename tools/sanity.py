# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test sanity` with the oldest supported ansible-core and with the newest that the project's Python runs.

SANITY_ALL=1 adds the others. Arguments name the sanity tests to run instead of all.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial

from tools.ansible_test import CORES, Core, Job, ansible_test, copied_tree, prepare, run_jobs
from tools.common import Outcome, conclude, junit_outcome

ALWAYS = ("2.16", "2.19")


def check(core: Core, arguments: list[str]) -> tuple[Outcome, str]:
    """Run the sanity tests with one ansible-core; returns the outcome and the output."""
    with copied_tree(f"sanity-{core.release}") as tree:
        reports = tree / "tests" / "output" / "junit"
        shutil.rmtree(reports, ignore_errors=True)
        succeeded, printed = ansible_test(core, tree, "sanity", "--junit", *arguments)
        outcome = junit_outcome(reports.glob("*.xml"))
    if not succeeded and not outcome.failed:
        outcome.check(f"sanity, ansible-core {core.version}", holds=False, printed=printed)
    return outcome, printed


def main() -> int:
    tests = [word for name in sys.argv[1:] for word in ("--test", name)]
    releases = CORES if os.environ.get("SANITY_ALL") == "1" else ALWAYS
    outcome = Outcome()
    cores = [core for core in map(CORES.__getitem__, releases) if prepare(core, outcome)]
    jobs = [Job(f"sanity, ansible-core {core.version}", partial(check, core, tests)) for core in cores]
    run_jobs(jobs, outcome)
    return conclude("sanity", outcome)


if __name__ == "__main__":
    sys.exit(main())
