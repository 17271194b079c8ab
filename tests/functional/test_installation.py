# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README as a newcomer follows it: install from a checkout into an empty home directory, then work somewhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.cluster import Cluster
from tests.harness.pages import administrator, blocks
from tools.common import ROOT, project_files

README = {
    kind: [block for block in blocks(ROOT / "README.md") if block.kind == kind]
    for kind in ("bash", "plays", "inventory")
}
INSTALLED = Path(".ansible") / "collections" / "ansible_collections" / "pve" / "automation"


class Newcomer:
    """Somebody with an empty home directory and a fresh checkout, whose environment names nothing of this one."""

    def __init__(self, directory: Path) -> None:
        self.home, self.checkout, self.elsewhere = (directory / name for name in ("home", "checkout", "elsewhere"))
        for folder in (self.home, self.elsewhere):
            folder.mkdir()
        for name in project_files():
            target = self.checkout / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        self.environment = {"HOME": str(self.home), "PATH": programs, "LANG": "C.UTF-8"}

    def shell(self, text: str, where: Path, **variables: str) -> str:
        """Run lines of a shell; returns what they print."""
        done = subprocess.run(
            ["bash", "-ec", text],
            cwd=where,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path)


def test_a_checkout_is_installed_and_used_elsewhere(newcomer: Newcomer, cluster: Cluster) -> None:
    (install,) = [block.text for block in README["bash"] if "collection build" in block.text]
    newcomer.shell(install, newcomer.checkout)
    assert (newcomer.home / INSTALLED / "plugins" / "modules" / "pve_vm.py").is_file()
    assert not (newcomer.checkout / ".build").exists()

    connection = administrator(cluster)
    (playbook,) = README["plays"]
    (newcomer.elsewhere / "site.yml").write_text(playbook.text, encoding="utf-8")
    (newcomer.elsewhere / "cluster.pve.yml").write_text(README["inventory"][0].text, encoding="utf-8")
    predicted = newcomer.shell("ansible-playbook site.yml --check --diff", newcomer.elsewhere, **connection)
    assert "changed=2" in predicted
    assert "changed=2" in newcomer.shell("ansible-playbook site.yml", newcomer.elsewhere, **connection)
    assert "changed=0" in newcomer.shell("ansible-playbook site.yml", newcomer.elsewhere, **connection)
    listed = newcomer.shell("ansible-inventory -i cluster.pve.yml --graph", newcomer.elsewhere, **connection)
    assert "--first\n" in listed
    documented = newcomer.shell("ansible-doc pve.automation.pve_vm", newcomer.elsewhere)
    assert str(newcomer.home / INSTALLED) in documented


def test_an_installed_simulator_runs_a_playbook(newcomer: Newcomer) -> None:
    """The command of the guide about testing."""
    newcomer.shell("ansible-galaxy collection build && ansible-galaxy collection install *.tar.gz", newcomer.checkout)
    (newcomer.elsewhere / "site.yml").write_text(README["plays"][0].text, encoding="utf-8")
    command = "python -m ansible_collections.pve.automation.tests.simulator --scenario demo"
    twice = f"{command} sh -c 'ansible-playbook site.yml && ansible-playbook site.yml'"
    printed = newcomer.shell(twice, newcomer.elsewhere, PYTHONPATH=str(newcomer.home / ".ansible" / "collections"))
    assert "changed=2" in printed
    assert "changed=0" in printed


def test_an_installed_copy_never_takes_the_place_of_the_checkout(newcomer: Newcomer) -> None:
    stale = newcomer.checkout / ".build" / "dev" / "ansible_collections" / "pve" / "automation"
    stale.mkdir(parents=True)
    (stale / "MANIFEST.json").write_text("{}", encoding="utf-8")
    newcomer.shell("make link", newcomer.checkout)
    assert stale.resolve() == newcomer.checkout.resolve()
    newcomer.shell("make link", newcomer.checkout)
    assert stale.resolve() == newcomer.checkout.resolve()


def test_set_up_recovers_from_a_half_made_environment(newcomer: Newcomer) -> None:
    """An environment whose pip is missing, as an interrupted `python -m venv` or a missing python3-venv leaves it."""
    newcomer.shell(f"{sys.executable} -m venv --without-pip .venv", newcomer.checkout)
    recipe = newcomer.shell("make -n .venv/.ready", newcomer.checkout)
    (make_environment,) = [line for line in recipe.splitlines() if "-m venv" in line]
    newcomer.shell(make_environment.lstrip("@"), newcomer.checkout)
    assert "pip " in newcomer.shell(".venv/bin/python -m pip --version", newcomer.checkout)
