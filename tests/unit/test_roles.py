# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every role has: documented variables whose defaults are as documented, a page with its playbook, and a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())


def loaded(role: str, name: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / role / name).read_text(encoding="utf-8"))


def options(role: str) -> dict[str, dict[str, Any]]:
    """The variables of all entry points of a role."""
    entries = loaded(role, "meta/argument_specs.yml")["argument_specs"].values()
    return {name: row for entry in entries for name, row in entry["options"].items()}


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_are_as_documented(role: str) -> None:
    documented = {name: row["default"] for name, row in options(role).items() if "default" in row}
    assert loaded(role, "defaults/main.yml") == documented


@pytest.mark.parametrize("role", ROLES)
def test_it_runs_with_the_oldest_ansible_core_of_the_collection(role: str) -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    oldest = loaded(role, "meta/main.yml")["galaxy_info"]["min_ansible_version"]
    assert runtime["requires_ansible"] == f">={oldest}.0"


@pytest.mark.parametrize("role", ROLES)
def test_the_variables_begin_with_the_name_of_the_role(role: str) -> None:
    assert all(name.startswith(f"{role}_") for name in options(role))


@pytest.mark.parametrize("role", ROLES)
def test_there_is_a_page_with_the_playbook_that_the_tests_run(role: str) -> None:
    page = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert f"<!-- extensions/molecule/{role}/converge.yml -->" in page
    assert f"ansible-doc -t role pve.automation.{role}" in page
    scenario = ROOT / "extensions" / "molecule" / role
    assert (scenario / "converge.yml").exists()
    assert (scenario / "verify.yml").exists()
    sequence = yaml.safe_load((scenario / "molecule.yml").read_text(encoding="utf-8"))["scenario"]["test_sequence"]
    assert [action for action in sequence if action != "prepare"] == ["check", "converge", "idempotence", "verify"]


def tasks_of(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The tasks of a file, with those inside blocks."""
    for entry in entries:
        yield entry
        for name in ("block", "rescue", "always"):
            yield from tasks_of(entry.get(name, []))


@pytest.mark.parametrize("role", ROLES)
def test_what_runs_in_check_mode_as_well_only_reads(role: str) -> None:
    for file in (ROOT / "roles" / role).glob("*/*.yml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for task in tasks_of(content) if file.parent.name in ("tasks", "handlers") else ():
            if task.get("check_mode") is False:
                assert "ansible.builtin.uri" in task, task["name"]
                assert "method" not in task["ansible.builtin.uri"], task["name"]


@pytest.mark.parametrize("role", ROLES)
def test_the_playbook_uses_only_variables_that_are_documented(role: str) -> None:
    plays = yaml.safe_load((ROOT / "extensions" / "molecule" / role / "converge.yml").read_text(encoding="utf-8"))
    used = [entry for play in plays for entry in play.get("roles", []) if entry["role"] == f"pve.automation.{role}"]
    assert used
    for entry in used:
        assert {name for name in entry if name.startswith(f"{role}_")} <= set(options(role))
