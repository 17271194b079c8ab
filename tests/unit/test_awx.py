# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data for controllers fit the playbooks and the variables of the roles."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.harness.awx import TEXT_SUFFIX, data, job_templates
from tests.unit.test_roles import ROOT, options

TEMPLATES = job_templates()
QUESTIONS = {
    "str": ("text", "multiplechoice"),
    "path": ("text",),
    "int": ("integer",),
    "list": ("textarea",),
    "dict": ("textarea",),
}


def roles_of(playbook: str) -> set[str]:
    return set(re.findall(r"pve\.automation\.(\w+)", (ROOT / playbook).read_text(encoding="utf-8"))) & {
        path.name for path in (ROOT / "roles").iterdir()
    }


def options_of(playbook: str) -> dict[str, dict[str, Any]]:
    """The variables that a playbook checks itself."""
    (play,) = yaml.safe_load((ROOT / playbook).read_text(encoding="utf-8"))
    specs = [task.get("ansible.builtin.validate_argument_spec", {}) for task in play["tasks"]]
    return {name: row for spec in specs for name, row in spec.get("argument_spec", {}).items()}


def test_every_playbook_has_a_job_template() -> None:
    playbooks = {f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")}
    others = {f"playbooks/{name}.yml" for name in ("demo", "demo.pve", "demo_cleanup", "awx_setup")}
    assert {row["playbook"] for row in TEMPLATES.values()} == playbooks - others


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_survey_asks_for_what_the_roles_describe(name: str) -> None:
    template = TEMPLATES[name]
    described = options_of(template["playbook"])
    for role in roles_of(template["playbook"]):
        described.update(options(role))
    made = {}
    for row in template["survey_spec"].get("spec", []):
        variable = row["variable"].removesuffix(TEXT_SUFFIX)
        option = described[variable]
        assert row["type"] in QUESTIONS[option["type"]], row
        if option["type"] in ("list", "dict"):
            made[variable] = "{{ " + row["variable"] + " | from_yaml }}"
            proposed = yaml.safe_load(row["default"]) if "default" in row else None
            assert proposed is None or isinstance(proposed, list if option["type"] == "list" else dict)
        elif "default" in option:
            assert row["default"] == option["default"]
        if "choices" in option:
            assert row["choices"] == option["choices"]
        assert row["required"]
    assert template["extra_vars"] == made


@pytest.mark.parametrize("playbook", sorted({row["playbook"] for row in TEMPLATES.values()}))
def test_a_playbook_uses_the_defaults_that_it_describes(playbook: str) -> None:
    text = (ROOT / playbook).read_text(encoding="utf-8")
    for name, option in options_of(playbook).items():
        assert option["description"]
        used = re.findall(rf"\b{name} \| default\(((?:[^()]|\(\))*?)(?:, true)?\)", text)
        if "default" in option:
            assert used, name
            assert {repr(yaml.safe_load(value)) for value in used} == {repr(option["default"])}
        elif option.get("required"):
            assert name in text
            assert not used


def test_the_choices_of_images_are_the_catalogue() -> None:
    catalogue = yaml.safe_load((ROOT / "roles/vm_template/vars/main.yml").read_text(encoding="utf-8"))
    (asked,) = [
        row
        for row in TEMPLATES["PVE: build a template"]["survey_spec"]["spec"]
        if row["variable"] == "vm_template_image"
    ]
    assert sorted(asked["choices"]) == sorted(catalogue["vm_template_catalogue"])


def test_workflows_and_schedules_start_what_there_is() -> None:
    workflows = data("workflows.yml")
    known = {*TEMPLATES, *(row["name"] for row in workflows["controller_workflows"])}
    for workflow in workflows["controller_workflows"]:
        nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
        for node in nodes.values():
            job = node["unified_job_template"]
            assert job["name"] in known or job["type"] == "workflow_approval"
            assert {row["identifier"] for rows in node.get("related", {}).values() for row in rows} <= set(nodes)
    for schedule in workflows["controller_schedules"]:
        assert schedule["unified_job_template"] in known
        asked = TEMPLATES.get(schedule["unified_job_template"], {}).get("survey_spec", {}).get("spec", [])
        assert all("default" in row for row in asked)  # nobody is there to answer


def test_the_guide_shows_the_type_of_credentials() -> None:
    (kind,) = data("credential_types.yml")["controller_credential_types"]
    assert kind["kind"] == "cloud"  # no other can be chosen for an inventory source
    assert kind["inputs"]["required"] == ["host"]
    guide = (ROOT / "docs/docsite/rst/guide_controller.rst").read_text(encoding="utf-8")
    assert "extensions/awx" in guide
    assert "pve.automation.awx_setup" in guide


def test_an_execution_environment_gets_what_the_collection_needs() -> None:
    environment = (ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8")
    needed = yaml.safe_load(environment)["dependencies"]
    wanted = (ROOT / needed["python"]).read_text(encoding="utf-8").splitlines()
    installed = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in wanted if not line.startswith("#")] == [
        line for line in installed if not line.startswith("#")
    ]
    assert not any("ansible" in line for line in wanted if not line.startswith("#"))
    assert (ROOT / needed["system"]).exists()
