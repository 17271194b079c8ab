# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection is complete: whatever a module needs beside its own file is there, and nothing is there that must not be."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.pve.automation.plugins.doc_fragments.about import ModuleDocFragment
from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field, Fields
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.permission import REQUIREMENTS
from ansible_collections.pve.automation.plugins.module_utils._core.run.module import module_arguments
from tests.harness.lifecycle_cases import resource_of
from tools import coverage, pages
from tools.declared import LOADER

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
# What people search for, in the short description of the module that they want.
SEARCHED = {
    "pve_vm": ("virtual machine", "VM"),
    "pve_lxc": ("container", "LXC"),
    "pve_guests": ("VM", "LXC"),
    "pve_realm": ("LDAP", "Active Directory", "OpenID"),
    "pve_ha_arm": ("high availability", "HA"),
}
WITHOUT_REQUIREMENTS = {
    "pve_acme_account": "only root@pam may",
    "pve_acme_account_info": "only root@pam may",
    "pve_api": "it depends on the call",
    "pve_node_certificate_info": "everybody may",
    "pve_realm_info": "everybody may",
    "pve_role_info": "everybody may",
    "pve_version_info": "everybody may",
}


def project_files() -> list[str]:
    """The files that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [name for name in listed.split("\0") if name]


@functools.cache
def literals(module: str) -> dict[str, Any]:
    """What the documentation literals of a module say: DOCUMENTATION, EXAMPLES, RETURN."""
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8"))
    return {
        ast.unparse(node.targets[0]): yaml.load(ast.literal_eval(node.value), Loader=LOADER)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


@pytest.mark.parametrize("module", MODULES)
def test_module_is_documented(module: str) -> None:
    texts = literals(module)
    documentation = texts["DOCUMENTATION"]
    assert documentation["module"] == module
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(documentation["version_added"]))
    assert {"pve.automation.attributes", "pve.automation.attributes.info"} & set(
        documentation["extends_documentation_fragment"]
    )
    assert resource_of(module).name in texts["RETURN"]


@pytest.mark.parametrize("module", MODULES)
def test_the_keys_of_what_a_module_returns_are_documented(module: str) -> None:
    """Their names and types are held against results where these are seen (``tests/harness/documented.py``)."""
    for name, row in literals(module)["RETURN"].items():
        if "dict" in (row["type"], row.get("elements")):
            assert row.get("contains") or "C(" in str(row["description"]), name


FRAGMENTS = sorted((ROOT / "plugins" / "doc_fragments").glob("*.py"))


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.stem)
def test_documentation_fragments_can_be_read(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    fragment = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    texts = [ast.literal_eval(node.value) for node in fragment.body if isinstance(node, ast.Assign)]
    assert texts
    for text in texts:
        parsed = yaml.safe_load(text)
        assert {"options", "attributes"} & set(parsed), "ansible-core takes no fragment without one of them"
        for option in parsed.get("options", {}).values():
            reported = option.get("description", "")  # a second fragment may add to the options of the first one
            assert all(isinstance(line, str) for line in ([reported] if isinstance(reported, str) else reported))


@pytest.mark.parametrize("module", MODULES)
def test_examples_use_the_module_by_its_full_name(module: str) -> None:
    tasks = literals(module)["EXAMPLES"]
    assert any(f"pve.automation.{module}" in task for task in tasks)
    assert all("name" in task for task in tasks)


@pytest.mark.parametrize("module", MODULES)
def test_examples_give_the_options_that_modules_take(module: str) -> None:
    for task in literals(module)["EXAMPLES"]:
        for action, options in task.items():
            name = action.removeprefix("pve.automation.")
            if name in MODULES:
                arguments = module_arguments(resource_of(name))
                checked = ArgumentSpecValidator(arguments.pop("argument_spec"), **arguments).validate(options or {})
                assert checked.error_messages == [], task["name"]


def fields_of(resource: Any) -> list[Field]:
    """The tables of a declaration, whichever kind it is of."""
    tables = [getattr(resource, name, None) for name in ("fields", "options")]
    tables += [item.fields for item in getattr(resource, "items", {}).values()]
    return [field for table in tables if isinstance(table, Fields) for field in table]


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("_info")])
def test_defaults_of_the_server_are_reported(module: str) -> None:
    options = literals(module)["DOCUMENTATION"].get("options", {})
    for field in fields_of(resource_of(module)):
        reported = str(options.get(field.name, {}).get("description")).lower()
        if field.default is False or (field.default and not isinstance(field.default, list)):
            assert str(field.default).lower() in reported, field.name


VERBS = ("Manage", "Gather", "Run", "Send", "Call", "Arm", "Move", "Regenerate", "Synchronize")


@pytest.mark.parametrize("module", MODULES)
def test_module_is_found_by_its_words_and_leads_to_others(module: str) -> None:
    documentation = literals(module)["DOCUMENTATION"]
    assert documentation["short_description"].split()[0] in VERBS
    assert pages.subject(documentation) in pages.TITLES
    relatives = {row["module"] for row in documentation["seealso"] if "module" in row}
    twin = module.removesuffix("_info") if module.endswith("_info") else f"{module}_info"
    assert relatives - {f"pve.automation.{module}"}
    assert twin not in MODULES or f"pve.automation.{twin}" in relatives


@pytest.mark.parametrize(("name", "words"), SEARCHED.items())
def test_short_descriptions_have_the_words_that_people_search(name: str, words: tuple[str, ...]) -> None:
    documentation = literals(name)["DOCUMENTATION"]
    assert all(word in documentation["short_description"] for word in words)


def test_every_subject_has_a_guide_and_a_chapter_of_the_manual() -> None:
    guides = {path.stem for path in pages.GUIDES.glob("*.rst")}
    for name in pages.TITLES:
        rows = yaml.safe_load(getattr(ModuleDocFragment, name.upper()))["seealso"]
        assert {row["ref"].rpartition(".")[2] for row in rows if "ref" in row} & guides
        assert any(row.get("link", "").startswith("https://pve.proxmox.com/pve-docs/") for row in rows)


@pytest.mark.parametrize("module", MODULES)
def test_module_has_an_action_plugin(module: str) -> None:
    assert (ROOT / "plugins" / "action" / f"{module}.py").is_file()


@pytest.mark.parametrize("module", MODULES)
def test_module_has_an_integration_target(module: str) -> None:
    """One of its own, or for an `_info` module that of the module whose things it lists."""
    targets = ROOT / "tests" / "integration" / "targets"
    tasks = [
        path.read_text(encoding="utf-8")
        for name in (module, module.removesuffix("_info"))
        for path in (targets / name).glob("tasks/*.yml")
    ]
    assert any(f"pve.automation.{module}:" in text for text in tasks)


@pytest.mark.parametrize("module", MODULES)
def test_module_is_in_the_readme(module: str) -> None:
    assert f"| `{module}` |" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_the_requirements_of_a_module_are_known(module: str) -> None:
    known = (module in REQUIREMENTS) is not (module in WITHOUT_REQUIREMENTS)
    assert known, "add the privileges that it needs to REQUIREMENTS in resources/access/permission.py"


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("_info") and name != "pve_api"])
def test_the_calls_of_a_module_are_reported(module: str) -> None:
    reported = any(row.owner == module for row in coverage.rows())
    assert reported, "add its writing calls to tools/coverage.yml"


def test_action_group_lists_all_modules() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["pve"] == MODULES


def test_every_action_plugin_and_target_belongs_to_a_module() -> None:
    actions = {path.stem for path in (ROOT / "plugins" / "action").glob("pve_*.py")}
    targets = {path.name for path in (ROOT / "tests" / "integration" / "targets").glob("pve_*")}
    assert actions | targets <= set(MODULES)


def test_no_target_gathers_facts_that_it_does_not_use() -> None:
    targets = {path.parents[1] for path in (ROOT / "tests" / "integration" / "targets").glob("*/tasks/main.yml")}
    assert {
        path.name for path in targets if "gather_facts/no" not in (path / "aliases").read_text(encoding="utf-8")
    } == set()


def test_no_sanity_test_is_ignored() -> None:
    assert not list((ROOT / "tests" / "sanity").glob("ignore-*.txt"))


def test_no_file_names_a_path_of_a_developers_machine() -> None:
    machine_path = re.compile(r"(?<![\w.$/-])/(?:work|root|Users)/(?!\.ssh/)[\w.]")
    offenders = [
        f"{name}:{number}: {line.strip()}"
        for name in project_files()
        if (ROOT / name).is_file()
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if machine_path.search(line)
    ]
    assert offenders == []
