# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests/contract/run.py and record its counts.

Differences that its baseline knows are not failures of ours; falling below the baseline is one.
"""

from __future__ import annotations

import re
import sys

from tools.common import record, tee


def main() -> int:
    succeeded, printed = tee("python", "tests/contract/run.py", "--brief", *sys.argv[1:])
    counts = re.findall(r"^(\d+) passed, \d+ failed$", printed, re.MULTILINE)
    return record("contract", int(counts[-1]) if counts else 0, 0 if succeeded else 1)


if __name__ == "__main__":
    sys.exit(main())
