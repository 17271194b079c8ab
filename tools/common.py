# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools share: places, running commands, and the counts of the test stages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
RESULTS = BUILD / "results"
DEV = BUILD / "dev"
FULL_NAME = "pve.automation"


def run(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> bool:
    """Run a command with its output on the terminal; tell whether it succeeded."""
    sys.stdout.flush()
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode == 0


def tee(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Run a command with its output on the terminal; whether it succeeded, and what it printed."""
    words = [str(word) for word in command]
    lines = []
    with subprocess.Popen(
        words, cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or []:
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode == 0, "".join(lines)


def captured(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Run a command without showing its output; whether it succeeded, and what it printed."""
    words = [str(word) for word in command]
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(
        words, cwd=cwd, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.returncode == 0, done.stdout


def output(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """What a command prints; its failure is ours."""
    environment = {**os.environ, **(env or {})}
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def project_files() -> list[str]:
    """Every file of the project, relative to the root: tracked ones, and new ones that git does not ignore."""
    listed = output("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    return sorted({name for name in listed if name and os.path.lexists(ROOT / name)})


def record(stage: str, passed: int, failed: int) -> int:
    """Keep a stage's counts for the summary; returns the exit code."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{stage}.json").write_text(json.dumps({"passed": passed, "failed": failed}), encoding="utf-8")
    return 1 if failed else 0


def conclude(stage: str, passed: int, failed: int) -> int:
    """Record a stage's counts and close its output with them; returns the exit code."""
    print(f"{stage}: {passed} passed, {failed} failed", flush=True)
    return record(stage, passed, failed)


def junit_counts(reports: Iterable[Path]) -> tuple[int, int]:
    """Passed and failed test cases of JUnit XML reports; skipped ones are neither."""
    passed = failed = 0
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - our own file
            outcomes = {child.tag for child in case}
            if outcomes & {"failure", "error"}:
                failed += 1
            elif "skipped" not in outcomes:
                passed += 1
    return passed, failed
