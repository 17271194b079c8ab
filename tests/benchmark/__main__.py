# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what the collection costs: requests of a second run, loops in both hosts, many guests, inventories of large clusters.

Times are of a shared machine: read them as ratios within one run. Arguments name the measurements to take instead of all.
"""

from __future__ import annotations

import sys

from tests.benchmark import guests, inventory, loops, requests_made

MEASUREMENTS = {
    "requests": requests_made.measure,
    "loops": loops.measure,
    "guests": guests.measure,
    "inventory": inventory.measure,
}


def main() -> int:
    unknown = set(sys.argv[1:]) - set(MEASUREMENTS)
    if unknown:
        print(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}.")
        return 2
    for name, measure in MEASUREMENTS.items():
        if name in (sys.argv[1:] or MEASUREMENTS):
            measure()
            print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
