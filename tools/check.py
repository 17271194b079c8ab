# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command as a stage that is one check: `python -m tools.check STAGE COMMAND...`."""

from __future__ import annotations

import sys

from tools.common import conclude, run

if __name__ == "__main__":
    stage, *command = sys.argv[1:]
    succeeded = run(*command)
    sys.exit(conclude(stage, int(succeeded), int(not succeeded)))
