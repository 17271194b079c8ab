# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bend answers for some minutes: ``python -m tests.fuzz [ROUNDS [FIRST]]``. A case that failed is repeated by its number."""

from __future__ import annotations

import sys

from tests.fuzz.bent_answers import cases, play
from tests.harness.cluster import running_cluster


def main() -> int:
    words = sys.argv[1:]
    rounds = int(words[0]) if words else 4000
    first = int(words[1]) if len(words) > 1 else 0
    wrong = 0
    with running_cluster("demo") as cluster:
        for case in cases(range(first, first + rounds)):
            said = play(cluster, case)
            if said:
                wrong += 1
                print(said, flush=True)
        writes = cluster.writes_made()
    print(f"{rounds} bent answers, {wrong} tracebacks, {len(writes)} writes in check mode")
    return 1 if wrong or writes else 0


if __name__ == "__main__":
    sys.exit(main())
