# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools share: places, running commands, and the results of the test stages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
RESULTS = BUILD / "results"
DEV = BUILD / "dev"
FULL_NAME = "pve.automation"
PROGRAMS = Path(sys.executable).parent  # the tools of the environment stand beside its Python
TAIL = 40  # lines of output that show why a command failed


def program(name: str | Path) -> str:
    """The path of a program: beside the running Python if it is there, else as the PATH has it."""
    if name == "python":
        return sys.executable
    beside = PROGRAMS / name
    return str(beside) if beside.exists() else str(name)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command: programs that it starts come from here, and what it keeps goes below .build."""
    inherited = dict(os.environ)
    inherited.setdefault("XDG_CACHE_HOME", str(BUILD / "cache"))
    return {
        **inherited,
        "PATH": f"{PROGRAMS}{os.pathsep}{inherited.get('PATH', os.defpath)}",
        "ANSIBLE_HOME": str(BUILD / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(BUILD / "ansible" / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(DEV),
        **(extra or {}),
    }


def run(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> bool:
    """Run a command with its output on the terminal; returns whether it succeeded."""
    sys.stdout.flush()
    return subprocess.run(_words(command), cwd=cwd, env=environment(env), check=False).returncode == 0


def tee(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Run a command with its output on the terminal; returns whether it succeeded, and what it printed."""
    lines = []
    with subprocess.Popen(
        _words(command), cwd=cwd, env=environment(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or []:
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode == 0, "".join(lines)


def captured(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Run a command without showing its output; returns whether it succeeded, and what it printed."""
    done = subprocess.run(
        _words(command),
        cwd=cwd,
        env=environment(env),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode == 0, done.stdout


def logged(log: Path, *command: str | Path) -> bool:
    """Run a command with its output in a file; returns whether it succeeded."""
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            _words(command), cwd=ROOT, env=environment(), check=False, stdout=file, stderr=subprocess.STDOUT
        )
    return done.returncode == 0


def output(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """What a command prints; CalledProcessError if it fails."""
    done = subprocess.run(_words(command), cwd=cwd, env=environment(env), check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _words(command: tuple[str | Path, ...]) -> list[str]:
    return [program(command[0]), *(str(word) for word in command[1:])]


def project_files() -> list[str]:
    """Every file of the project, relative to the root: tracked ones, and new ones that git does not ignore."""
    listed = output("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    return sorted({name for name in listed if name and os.path.lexists(ROOT / name)})


@dataclass
class Outcome:
    """What a stage of the tests counted, what failed in it, and what it left out."""

    passed: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)  # what to show of each: its name, and why
    skipped: list[str] = field(default_factory=list)  # and why

    def add(self, other: Outcome) -> None:
        """Count another outcome in."""
        self.passed += other.passed
        self.failed += other.failed
        self.failures += other.failures
        self.skipped += other.skipped

    def check(self, name: str, holds: bool, printed: str = "") -> None:
        """Count one check, whose output shows why it failed."""
        self.passed += int(holds)
        self.failed += int(not holds)
        if not holds:
            self.failures.append("\n".join([name, *printed.splitlines()[-TAIL:]]))

    def skip(self, reason: str) -> None:
        """Note and print what is left out."""
        print(f"skipped: {reason}", flush=True)
        self.skipped.append(reason)

    @property
    def line(self) -> str:
        counts = f"{self.passed} passed, {self.failed} failed"
        return f"{counts}, skipped: {'; '.join(self.skipped)}" if self.skipped else counts

    @property
    def code(self) -> int:
        """The exit code."""
        return 1 if self.failed else 0


def record(stage: str, outcome: Outcome) -> int:
    """Keep a stage's outcome for the summary; returns the exit code."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{stage}.json").write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    return outcome.code


def recorded(stage: str) -> Outcome | None:
    """The outcome that a stage recorded."""
    report = RESULTS / f"{stage}.json"
    return Outcome(**json.loads(report.read_text(encoding="utf-8"))) if report.exists() else None


def conclude(stage: str, outcome: Outcome) -> int:
    """Record a stage's outcome and close its output with the counts; returns the exit code."""
    print(f"{stage}: {outcome.line}", flush=True)
    return record(stage, outcome)


def junit_outcome(reports: Iterable[Path]) -> Outcome:
    """The test cases of JUnit XML reports; skipped ones count neither as passed nor as failed."""
    outcome = Outcome()
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - our own file
            causes = [child for child in case if child.tag in ("failure", "error")]
            if not causes and case.find("skipped") is None:
                outcome.passed += 1
            elif causes:
                name = f"{case.get('classname', '')}::{case.get('name', '')}"
                outcome.check(name, holds=False, printed="\n".join(cause.text or "" for cause in causes))
    return outcome
