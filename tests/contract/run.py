# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the simulator against recorded answers of a genuine server, and never let it fall behind.

    python tests/contract/run.py [--only NAME ...] [--update] [--brief]

Plays each scenario of ../shared/pve-api with its contract.py against a fresh simulator, prints the differences and a
count per scenario, and compares the counts with baseline.yml: fewer passed steps than there fail the run, as does less
than 99 % of a scenario or a scenario that is not played in time; --update raises the baseline. Without ../shared there
is nothing to compare with, and nothing is done.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "pve-api"
BASELINE = Path(__file__).with_name("baseline.yml")
RESULT = re.compile(r"(\d+) passed, (\d+) failed")
TRAITS = {  # of the hosts on which a scenario was recorded
    "agent-runs": ("restricted-agent",),
    "host": ("keep-all", "second-card"),
    "lxc": ("no-memory-cgroup",),
    "multinode": ("own-resolver", "no-import"),
    "rights": ("keep-all",),
    "texts": ("leftovers",),
}
LEAST_SHARE = 99  # per cent of a scenario's steps that have to pass, whatever its baseline is
PARALLEL = 2  # scenarios that are played at once, each against a simulator of its own
TIME_LIMIT = 240  # seconds for one scenario, of which the longest takes 40 on an idle machine
STOP_LIMIT = 10  # seconds until a simulator has to end by itself
# By looks alone, so that steps right after a change see the old state however slow the machine is; without the caches of
# several worker processes, which pauses in the scenarios wait for on a genuine server.
LAG = ("--lag", "3600", "--lag-looks", "5", "--lag-cache", "0")
REPORTED = ("multinode-ha",)  # scenarios that waited for something else, so that all guests had been reported


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the simulator with the recorded answers of a genuine server.")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="play these scenarios only")
    parser.add_argument("--update", action="store_true", help="raise the baseline to what was reached")
    parser.add_argument("--brief", action="store_true", help="print the counts only")
    return parser.parse_args()


@dataclass
class Played:
    """What became of a scenario's steps; `problem` says why it was not played to its end."""

    name: str
    passed: int = 0
    failed: int = 0
    differences: list[str] = field(default_factory=list)
    problem: str = ""

    def line(self, baseline: int) -> str:
        if self.problem:
            return f"{self.name:13} NOT PLAYED: {self.problem} (baseline {baseline})"
        counts = f"{self.passed:4} passed, {self.failed:3} failed, {self.share:5.1f} %"
        return f"{self.name:13} {counts} (baseline {baseline})"

    @property
    def share(self) -> float:
        """Per cent of the steps that passed."""
        return 100 * self.passed / max(1, self.passed + self.failed)


class NotPlayed(Exception):
    """A scenario was not played to its end; the differences found until then are kept."""

    def __init__(self, problem: str, output: str = "") -> None:
        super().__init__(problem)
        self.output = output


def play(name: str) -> Played:
    """Play a scenario against a fresh simulator."""
    try:
        output = play_on_simulator(name)
    except NotPlayed as failure:
        return Played(name, differences=failure.output.splitlines(), problem=str(failure))
    *differences, last = output.splitlines() or [""]
    result = RESULT.fullmatch(last)
    if result is None:
        return Played(name, differences=output.splitlines(), problem="contract.py ended without a result")
    return Played(name, int(result[1]), int(result[2]), differences)


def play_on_simulator(name: str) -> str:
    """Start a simulator, play a scenario against it and stop it; what contract.py printed."""
    nodes = "sim,pveb" if name.startswith("multinode") else "sim"  # a node named like the realm pve would be confusing
    pace = "0.02" if name == "nodes" else "0"  # one of its tasks must last long enough to be aborted
    command = [sys.executable, "-m", "tests.simulator", "--scenario", "single", "--nodes", nodes, "--stop-with-stdin"]
    command += ["--pace", pace, *LAG, *(("--lag-looks", "1") if name in REPORTED else ())]
    command += ["--traits", *TRAITS.get(name, ())]
    simulator = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert simulator.stdin is not None
    assert simulator.stdout is not None
    try:
        announced = simulator.stdout.readline()
        if not announced:
            raise NotPlayed("the simulator did not start")
        return check(name, json.loads(announced))
    finally:
        simulator.stdin.close()
        stop(simulator)


def stop(simulator: subprocess.Popen[str]) -> None:
    """Wait until a simulator whose input was closed has ended, and kill it if it does not."""
    try:
        simulator.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        simulator.kill()
        simulator.wait()


def check(name: str, started: dict[str, Any]) -> str:
    """What contract.py prints about a scenario and a running simulator."""
    with tempfile.TemporaryDirectory() as directory:
        credentials = Path(directory) / "credentials.json"
        credentials.write_text(json.dumps(started), encoding="utf-8")
        command = [sys.executable, str(SHARED / "contract.py"), "check", "--base", started["base"]]
        command += ["--credentials", str(credentials), "--no-pauses", "--only", name]
        # Each of its connections loads the system's certificates, which takes longer than all the rest; it needs none.
        environment = {**os.environ, "SSL_CERT_FILE": started["ca_path"], "SSL_CERT_DIR": directory}
        try:
            return subprocess.run(
                command, stdout=subprocess.PIPE, text=True, check=False, timeout=TIME_LIMIT, env=environment
            ).stdout
        except subprocess.TimeoutExpired as late:
            problem = f"not done after {TIME_LIMIT} s; the machine is too busy, or a step waits for what does not come"
            raise NotPlayed(problem, _text(late.stdout)) from None


def _text(output: bytes | str | None) -> str:
    """What a process printed until its time was over: bytes, even if text was asked for."""
    return output.decode("utf-8", "replace") if isinstance(output, bytes) else output or ""


def main() -> int:
    chosen = options()
    if not SHARED.is_dir():
        print(f"{SHARED.parent.name}/{SHARED.name} is not here: nothing to compare with, skipped")
        return 0
    baseline: dict[str, int] = yaml.safe_load(BASELINE.read_text(encoding="utf-8")) or {}
    unknown = set(chosen.only) - baseline.keys()
    if unknown:
        raise SystemExit(f"not in {BASELINE.name}: {', '.join(sorted(unknown))}")
    everything: list[Played] = []
    with ThreadPoolExecutor(PARALLEL) as pool:
        for played in pool.map(play, chosen.only or baseline):
            everything.append(played)
            if not chosen.brief:
                print("".join(f"{line}\n" for line in played.differences), end="")
            print(played.line(baseline[played.name]), flush=True)
    return conclude(everything, baseline, chosen.update)


def conclude(everything: list[Played], baseline: dict[str, int], update: bool) -> int:
    """Hold the counts against the baseline, and raise it on demand; the exit status."""
    unplayed = [played.name for played in everything if played.problem]
    fallen = [played.name for played in everything if not played.problem and played.passed < baseline[played.name]]
    low = [played.name for played in everything if not played.problem and played.share < LEAST_SHARE]
    if unplayed:
        print(f"not played to the end: {', '.join(unplayed)}")
    if low:
        print(f"below {LEAST_SHARE} %: {', '.join(low)}")
    if fallen:
        print(f"below the baseline: {', '.join(fallen)}")
    if not (unplayed or fallen or low):
        print(f"no scenario is below its baseline; the failed steps are differences known to {BASELINE.name}")
        if update:
            raise_baseline(everything)
    print(f"{sum(played.passed for played in everything)} passed, {sum(played.failed for played in everything)} failed")
    return 1 if unplayed or fallen or low else 0


def raise_baseline(everything: list[Played]) -> None:
    """Write what was reached into the baseline, its comments kept."""
    text = BASELINE.read_text(encoding="utf-8")
    for played in everything:
        text = re.sub(rf"(?m)^{re.escape(played.name)}: \d+$", f"{played.name}: {played.passed}", text)
    BASELINE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
