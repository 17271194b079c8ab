# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of YAML and of shell commands on the pages for users, and how they are played against a simulated cluster."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness.cluster import Cluster
from tests.harness.examples import SSH_KEY
from tests.harness.playbook import FULL_NAME, ROOT, Played, run_playbook

GUIDES = ROOT / "docs" / "docsite" / "rst"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(r"^( *)\.\. code-block:: *(\w+)\n(?:\1   :.*\n)*\n((?:\1   .*\n|\n)+)", re.MULTILINE)
_CONNECTION = re.compile(r"api_\w+|ca_path|validate_certs")
AGAIN = " (again)"
IN_PERSON = ("PVE_USER", "PVE_PASSWORD")


@dataclass(frozen=True)
class Block:
    """A block of a page: its language and its text."""

    language: str
    text: str

    @property
    def parsed(self) -> Any:
        """What a block of YAML says."""
        return yaml.safe_load(self.text)

    @property
    def kind(self) -> str:
        """What a block of YAML is: plays, playbooks that are imported, tasks, an inventory file, or something else."""
        if self.language != "yaml":
            return self.language
        parsed = self.parsed
        if isinstance(parsed, dict):
            return "inventory" if "plugin" in parsed else "other"
        if isinstance(parsed, list) and all(isinstance(item, dict) for item in parsed):
            if any("ansible.builtin.import_playbook" in item for item in parsed):
                return "playbooks"
            return "plays" if all("hosts" in item for item in parsed) else "tasks"
        return "other"

    @property
    def plays(self) -> list[dict[str, Any]]:
        """The plays of a block, which get the connection from the environment."""
        if self.kind == "tasks":
            return [{"hosts": "localhost", "gather_facts": False, "tasks": self.parsed}]
        return [without_connection(play) for play in self.parsed]

    @property
    def twice(self) -> list[dict[str, Any]]:
        """The plays of a block, and after them the same plays, whose tasks have other names."""
        again = [
            {**play, "tasks": [{**task, "name": task["name"] + AGAIN} for task in play.get("tasks", ())]}
            for play in self.plays
        ]
        return self.plays + again


def blocks(page: Path) -> list[Block]:
    """The blocks of a page in their order, of Markdown or reStructuredText."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        return [Block(match[1], match[2]) for match in _FENCE.finditer(text)]
    return [Block(match[2], textwrap.dedent(match[3]).strip() + "\n") for match in _DIRECTIVE.finditer(text)]


def without_connection(value: Any) -> Any:
    """A play without the connection options that it shows, so that those of the environment hold."""
    if isinstance(value, dict):
        return {
            key: without_connection(item)
            for key, item in value.items()
            if not _CONNECTION.fullmatch(str(key)) and key != "vars_files"
        }
    if isinstance(value, list):
        return [without_connection(item) for item in value]
    return value


def administrator(cluster: Cluster) -> dict[str, str]:
    """The connection of root@pam with its password, for the environment."""
    facts = cluster.facts
    names = {"PVE_HOST": "url", "PVE_USER": "user", "PVE_PASSWORD": "password", "PVE_FINGERPRINT": "fingerprint"}
    return {name: facts[fact] for name, fact in names.items()}


class Desk:
    """A directory, which is also the home of a user with an SSH key, from which the blocks of a page are played."""

    def __init__(self, directory: Path, variables: Mapping[str, str]) -> None:
        self.directory = directory
        keys = directory / ".ssh"
        keys.mkdir(exist_ok=True)
        (keys / "id_ed25519.pub").write_text(SSH_KEY + "\n", encoding="utf-8")
        (keys / "id_ed25519").touch()
        self.variables = {**variables, "HOME": str(directory)}

    def take_token(self) -> None:
        """Use the token that a playbook of the page has left in the home directory."""
        file = self.directory / "pve-token.sh"
        if file.exists():
            found = re.findall(r"(PVE_TOKEN_\w+)='([^']*)'", file.read_text(encoding="utf-8"))
            self.variables = {name: value for name, value in self.variables.items() if name not in IN_PERSON} | dict(
                found
            )

    def play(self, plays: Sequence[Mapping[str, Any]], *arguments: str) -> Played:
        """Run plays; an inventory is among the arguments."""
        common = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "ansible_connection": "local"}
        path = self.directory / "played.yml"
        path.write_text(json.dumps(plays), encoding="utf-8")
        extra = ["-e", json.dumps(common)]
        return run_playbook(path, self.directory, *extra, *arguments, variables=self.variables)

    def inventory(self, block: Block, name: str = "cluster.pve.yml") -> dict[str, Any]:
        """What an inventory file lists. It stays, for plays."""
        path = self.directory / name
        path.write_text(yaml.safe_dump(without_connection(block.parsed)), encoding="utf-8")
        ended = self.shell("ansible-inventory", "-i", str(path), "--list")
        assert ended.returncode == 0, ended.stderr
        listed: dict[str, Any] = json.loads(ended.stdout)
        return listed

    def shell(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the environment of the plays."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PVE_", "ANSIBLE_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', os.defpath)}"
        collections = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "dev"),
            "ANSIBLE_HOME": str(self.directory / "home"),
        }
        return subprocess.run(
            command,
            cwd=self.directory,
            env={**inherited, **collections, **self.variables, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def wrong(played: Played, every_time: Container[str]) -> list[str]:
    """The tasks of managing modules that changed nothing in the first run, or something in the second.

    Those that are named may change something at every run.
    """
    managing = [
        row
        for row in played.rows
        if row.module.startswith(FULL_NAME) and not row.module.endswith("_info") and not row.result.get("skipped")
    ]
    return [
        row.name
        for row in managing
        if bool(row.result.get("changed")) is row.name.endswith(AGAIN)
        and row.name.removesuffix(AGAIN) not in every_time
    ]
