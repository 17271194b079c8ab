# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the simulator against recorded answers of a genuine server, and never let it fall behind.

    python tests/contract/run.py [--only NAME ...] [--update] [--brief]

Plays each scenario of ../shared/pve-api with its contract.py against a fresh simulator, prints the differences and a
count per scenario, and compares the counts with baseline.yml: fewer passed steps than there fail the run, --update
raises the baseline. Without ../shared there is nothing to compare with, and nothing is done.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "pve-api"
BASELINE = Path(__file__).with_name("baseline.yml")
RESULT = re.compile(r"(\d+) passed, (\d+) failed")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the simulator with the recorded answers of a genuine server.")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="play these scenarios only")
    parser.add_argument("--update", action="store_true", help="raise the baseline to what was reached")
    parser.add_argument("--brief", action="store_true", help="print the counts only")
    return parser.parse_args()


def play(name: str, brief: bool) -> tuple[int, int]:
    """Play a scenario against a simulator of its own; returns how many steps passed and failed."""
    nodes = "sim,pveb" if name.startswith("multinode") else "sim"  # a node named like the realm pve would be confusing
    pace = "0.02" if name == "nodes" else "0"  # one of its tasks must last long enough to be aborted
    command = [sys.executable, "-m", "tests.simulator", "--scenario", "single", "--nodes", nodes, "--stop-with-stdin"]
    command += ["--pace", pace]
    simulator = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert simulator.stdin is not None
    assert simulator.stdout is not None
    try:
        started = json.loads(simulator.stdout.readline())
        with tempfile.TemporaryDirectory() as directory:
            credentials = Path(directory) / "credentials.json"
            credentials.write_text(json.dumps(started), encoding="utf-8")
            check = [sys.executable, str(SHARED / "contract.py"), "check", "--base", started["base"]]
            check += ["--credentials", str(credentials), "--only", name]
            output = subprocess.run(check, stdout=subprocess.PIPE, text=True, check=False).stdout
    finally:
        simulator.stdin.close()
        simulator.wait()
    *differences, last = output.splitlines() or [""]
    result = RESULT.fullmatch(last)
    if result is None:
        raise SystemExit(f"{name}: contract.py ended without a result:\n{output}")
    if not brief:
        print("\n".join(differences))
    return int(result[1]), int(result[2])


def main() -> int:
    chosen = options()
    if not SHARED.is_dir():
        print(f"{SHARED.parent.name}/{SHARED.name} is not here: nothing to compare with, skipped")
        return 0
    baseline: dict[str, int] = yaml.safe_load(BASELINE.read_text(encoding="utf-8")) or {}
    unknown = set(chosen.only) - baseline.keys()
    if unknown:
        raise SystemExit(f"not in {BASELINE.name}: {', '.join(sorted(unknown))}")
    reached: dict[str, int] = {}
    total_passed = total_failed = 0
    for name in chosen.only or baseline:
        passed, failed = play(name, chosen.brief)
        reached[name] = passed
        total_passed, total_failed = total_passed + passed, total_failed + failed
        share = 100 * passed / max(1, passed + failed)
        print(f"{name:13} {passed:4} passed, {failed:3} failed, {share:5.1f} % (baseline {baseline[name]})", flush=True)
    fallen = sorted(name for name, passed in reached.items() if passed < baseline[name])
    if chosen.update and not fallen:
        update(baseline, reached)
    if fallen:
        print(f"below the baseline: {', '.join(fallen)}")
    else:
        print(f"no scenario is below its baseline; the failed steps are differences known to {BASELINE.name}")
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if fallen else 0


def update(baseline: dict[str, int], reached: dict[str, int]) -> None:
    """Write what was reached into the baseline, its comments kept."""
    text = BASELINE.read_text(encoding="utf-8")
    for name, passed in reached.items():
        text = re.sub(rf"(?m)^{re.escape(name)}: \d+$", f"{name}: {passed}", text)
    BASELINE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
