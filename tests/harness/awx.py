# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller does with the data in extensions/awx: injects credentials, and launches job templates with answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.harness.playbook import CONNECTION_VARIABLES, ROOT

DATA = ROOT / "extensions" / "awx"
TEXT_SUFFIX = "_yaml"  # of the variables of questions for lists and dictionaries


class _Loader(yaml.SafeLoader):
    """YAML with Ansible's tag for text that is no template."""


def _as_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_constructor("!unsafe", _as_text)


def data(name: str) -> dict[str, Any]:
    """A file of the data, its templates as they are."""
    loaded: dict[str, Any] = yaml.load((DATA / name).read_text(encoding="utf-8"), Loader=_Loader)
    return loaded


def job_templates() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in data("job_templates.yml")["controller_templates"]}


def injected(inputs: Mapping[str, str], directory: Path) -> dict[str, str]:
    """The environment that the type of credentials makes of inputs, of which those that are not filled in are empty."""
    (kind,) = data("credential_types.yml")["controller_credential_types"]
    values = {field["id"]: inputs.get(field["id"], "") for field in kind["inputs"]["fields"]}
    environment = ImmutableSandboxedEnvironment()
    names = {}
    for key, template in kind["injectors"]["file"].items():
        path = directory / f"credential-{key.partition('.')[2]}"
        path.touch(mode=0o600)
        path.write_text(environment.from_string(template).render(values), encoding="utf-8")
        names[key.partition(".")[2]] = str(path)
    tower = SimpleNamespace(filename=SimpleNamespace(**names))
    return {
        name: environment.from_string(template).render(**values, tower=tower)
        for name, template in kind["injectors"]["env"].items()
    }


def default_answers(template: Mapping[str, Any]) -> dict[str, Any]:
    """The survey, answered by what it proposes."""
    questions = template["survey_spec"].get("spec", [])
    return {row["variable"]: row["default"] for row in questions if "default" in row}


def launch(
    template: Mapping[str, Any],
    answers: Mapping[str, Any],
    variables: Mapping[str, Any],
    environment: Mapping[str, str],
    directory: Path,
) -> tuple[int, str]:
    """Run a job template by ansible-runner, split as a controller does it; its exit code and its output."""
    sent, worked, processed = (directory / name for name in ("sent", "worked", "processed"))
    for path in (sent, worked, processed):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    for part in ("playbooks", "extensions/awx"):
        shutil.copytree(ROOT / part, sent / "project" / part)
    (sent / "env").mkdir()
    (sent / "inventory").mkdir()
    ours = {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "dev"),
        "ANSIBLE_HOME": str(directory / "home"),
        "HOME": str(directory),
    }
    (sent / "env" / "envvars").write_text(json.dumps({**ours, **environment}), encoding="utf-8")
    (sent / "env" / "extravars").write_text(json.dumps({**template["extra_vars"], **answers}), encoding="utf-8")
    host = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    inventory = {"all": {"hosts": {"localhost": host}, "vars": dict(variables)}}
    (sent / "inventory" / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(CONNECTION_VARIABLES)}
    inherited["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"
    stages = (
        ["transmit", str(sent), "-p", template["playbook"]],
        ["worker", "--private-data-dir", str(worked)],
        ["process", str(processed)],
    )
    stream = b""
    for stage in stages:
        ended = subprocess.run(
            [sys.executable, "-m", "ansible_runner", *stage],
            input=stream,
            stdout=subprocess.PIPE,
            env=inherited,
            cwd=directory,
            check=False,
            timeout=300,
        )
        stream = ended.stdout
    (code,) = processed.rglob("rc")
    return int(code.read_text()), (code.parent / "stdout").read_text(encoding="utf-8")
