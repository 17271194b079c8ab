# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the unit tests, or with `functional` those that start servers and playbooks, on two processes.

With `unit-pythons`, the unit tests run on each other Python of PYTHONS that is found here, in environments of their own.
Further arguments go to pytest.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from tools.common import BUILD, RESULTS, ROOT, Outcome, captured, conclude, junit_outcome, output, tee

# The Pythons that README.md names, each with an ansible-core that runs on it.
PYTHONS = {"3.10": "2.16.19", "3.11": "2.19.14", "3.12": "2.20.10", "3.13": "2.21.5"}
REQUIREMENTS = ROOT / "tests" / "requirements.txt"
STAGES = ("unit", "functional", "unit-pythons")
PLAIN = (
    "--assert=plain",
)  # on other Pythons: values are not shown, which saves a third of the time; ARGS=--assert=rewrite does


def run_tests(name: str, python: str | Path, folder: str, arguments: list[str]) -> Outcome:
    """Run the tests of a folder on a Python; the name is that of the report."""
    report = RESULTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    pytest = [python, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", f"--junitxml={report}"]
    places = [] if any(word.startswith("tests/") for word in arguments) else [folder]
    succeeded, printed = tee(*pytest, *places, *arguments)
    outcome = junit_outcome([report] if report.exists() else [])
    if not succeeded and not outcome.failed:
        outcome.check(f"{name} broke off", holds=False, printed=printed)
    return outcome


def run_on_other_pythons(arguments: list[str]) -> Outcome:
    """Run the unit tests on each Python but the running one."""
    outcome = Outcome()
    for version, core in PYTHONS.items():
        if version == ".".join(platform.python_version_tuple()[:2]):
            continue
        python = prepare(version)
        if python is None:
            outcome.skip(f"no Python {version} found")
            continue
        print(f"--- Python {version}, ansible-core {core}", flush=True)
        outcome.add(run_tests(f"unit-{version}", python, "tests/unit", [*PLAIN, *arguments]))
    return outcome


def prepare(version: str) -> Path | None:
    """Build the environment of a Python unless it is there; returns its Python, or None if there is none here."""
    place = BUILD / "pythons" / version
    stamp, python = place / "ready", place / "bin" / "python"
    state = f"ansible-core=={PYTHONS[version]}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return python
    found, path = captured(ROOT / "tools" / "find-python.sh", version)
    if not found:
        return None
    output("uv", "venv", "--quiet", "--clear", "--python", path.strip(), place)
    core = f"ansible-core=={PYTHONS[version]}"
    output("uv", "pip", "install", "--quiet", "--python", python, core, "-r", REQUIREMENTS)
    stamp.write_text(state, encoding="utf-8")
    return python


def main() -> int:
    arguments = sys.argv[1:]
    stage = arguments.pop(0) if arguments and arguments[0] in STAGES else "unit"
    if stage == "unit-pythons":
        return conclude(stage, run_on_other_pythons(arguments))
    return conclude(stage, run_tests(stage, "python", f"tests/{stage}", arguments))


if __name__ == "__main__":
    sys.exit(main())
