# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for users: links, what README must have for Automation Hub, and messages for every hint."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.pve.automation.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.pve.automation.plugins.module_utils._core.model import errors
from tests.unit.test_collection import MODULES, ROOT, literals
from tools.links import broken_in, broken_links
from tools.pages import MESSAGES, TASKS, repository

README = (ROOT / "README.md").read_text(encoding="utf-8")
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
HEADINGS = (
    "Description",
    "Requirements",
    "Installation",
    "Use cases",
    "Testing",
    "Support",
    "Release notes",
    "Related information",
    "License",
)


def test_links_lead_somewhere() -> None:
    assert broken_links() == []


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("README.md", "docs/flows.md"),
        ("README.md", f"{repository()}/blob/main/docs/gone.md"),
        ("docs/flows.md", "../playbooks/gone"),
    ],
)
def test_a_wrong_link_is_found(page: str, link: str) -> None:
    assert list(broken_in(page, f"[text]({link})", {"README.md", "docs/flows.md"}))


@pytest.mark.parametrize("heading", HEADINGS)
def test_readme_has_the_sections_of_the_template(heading: str) -> None:
    assert re.search(rf"^##+ {heading}$", README, re.MULTILINE)


@pytest.mark.parametrize("module", MODULES)
def test_module_leads_to_the_guide_of_the_connection(module: str) -> None:
    """The examples leave the connection out."""
    assert "pve.automation.connection" in literals(module)["DOCUMENTATION"]["extends_documentation_fragment"]
    rows = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["seealso"]
    assert "ansible_collections.pve.automation.docsite.guide_connection" in {row["ref"] for row in rows}


def test_readme_begins_with_the_two_commands() -> None:
    assert [line.split("#")[0].strip() for line in README.splitlines()[2:4]] == ["make demo", "make test"]


def test_galaxy_has_the_addresses() -> None:
    assert all(GALAXY[name].startswith("https://") for name in ("repository", "documentation", "homepage", "issues"))


def test_readme_and_runtime_name_the_same_release_of_ansible_core() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    oldest = runtime["requires_ansible"].removeprefix(">=").removesuffix(".0")
    assert f"| ansible-core | {oldest} or newer" in README


def test_troubleshooting_has_a_message_for_every_hint() -> None:
    said = [message for _method, _path, _status, message in MESSAGES] + [message for message, _action in TASKS]
    hints = {**errors._HINTS, **errors._HINTS_OF_TASKS}
    assert [pattern for pattern in hints if not any(re.search(pattern, message) for message in said)] == []
