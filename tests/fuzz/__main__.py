# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the fuzzers for FUZZ_SECONDS (300), or some cases of one of them: ``python -m tests.fuzz [FUZZER [FIRST [COUNT]]]``.

What went wrong is printed with the number of its case, by which it can be repeated: ``python -m tests.fuzz odd_options 4711 1``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable

from tests.fuzz import FUZZERS, Fuzzer
from tests.harness.cluster import Cluster, running_cluster


def fuzz(cluster: Cluster, name: str, fuzzer: Fuzzer, numbers: Iterable[int], seconds: float) -> int:
    """Play cases until they or the time are over; returns how many went wrong."""
    end = time.monotonic() + seconds
    played = wrong = 0
    for number in numbers:
        if time.monotonic() > end:
            break
        for case in fuzzer.cases(range(number, number + 1)):
            played += 1
            said = fuzzer.play(cluster, case)
            if said:
                wrong += 1
                print(f"{said.rstrip()}\n", flush=True)
    print(f"{name}: {played} cases from {next(iter(numbers), 0)}, {wrong} wrong", flush=True)
    return wrong


def main() -> int:
    words = sys.argv[1:]
    if words and words[0] not in FUZZERS:
        print(f"There is no fuzzer {words[0]}; there are {', '.join(FUZZERS)}.")
        return 2
    chosen = {name: fuzzer for name, fuzzer in FUZZERS.items() if not words or name == words[0]}
    # Each run of FUZZ_SECONDS plays other cases, unless it is reported where to begin.
    first = int(words[1]) if len(words) > 1 else int(time.time()) % 10**6 * 1000
    count = int(words[2]) if len(words) > 2 else 10**6
    seconds = float(os.environ.get("FUZZ_SECONDS", "300")) / len(chosen)
    wrong = 0
    for name, fuzzer in chosen.items():
        with running_cluster("demo") as cluster:
            wrong += fuzz(cluster, name, fuzzer, range(first, first + count), seconds)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
