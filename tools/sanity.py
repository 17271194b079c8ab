# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test sanity` with the oldest supported ansible-core and with the newest that the project's Python runs.

SANITY_ALL=1 adds the others. Arguments name the sanity tests to run instead of all.
"""

from __future__ import annotations

import os
import sys

from tools.ansible_test import CORES, ansible_test, copy_tree, prepare, reports
from tools.common import conclude, junit_counts

ALWAYS = ("2.17", "2.19")


def main() -> int:
    tests = [word for name in sys.argv[1:] for word in ("--test", name)]
    passed = failed = 0
    copy_tree()
    for release in CORES if os.environ.get("SANITY_ALL") == "1" else ALWAYS:
        core = CORES[release]
        if not prepare(core):
            continue
        succeeded, _printed = ansible_test(core, "sanity", "--junit", *tests)
        good, bad = junit_counts(reports())
        passed += good
        failed += bad if succeeded or bad else 1
    if not passed + failed:
        failed = 1  # nothing ran
    return conclude("sanity", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
