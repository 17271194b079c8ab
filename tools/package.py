# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection and try the tarball as a user gets it: what is in it, installation, verification, documentation.

Galaxy's importer has to take it, and the fragments of the changelog have to become release notes.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

from tools.ansible_test import copied_tree
from tools.common import FULL_NAME, ROOT, Outcome, conclude, output, project_files, run

# Written by the build itself.
MANIFESTS = {"MANIFEST.json", "FILES.json"}
NEXT = "999.0.0"  # a release that there is not yet


def strangers(tarball: Path) -> list[str]:
    """What is in the tarball but no file of the project."""
    with tarfile.open(tarball) as archive:
        packed = {member.name for member in archive.getmembers() if not member.isdir()}
    return sorted(packed - MANIFESTS - set(project_files()))


def plugins() -> list[tuple[str, str]]:
    """Type and full name of everything that has documentation of its own."""
    found = [("module", path.stem) for path in sorted((ROOT / "plugins" / "modules").glob("pve_*.py"))]
    for kind in ("inventory", "lookup", "filter", "connection"):
        found += [(kind, path.stem) for path in sorted((ROOT / "plugins" / kind).glob("[a-z]*.py"))]
    return [(kind, f"{FULL_NAME}.{name}") for kind, name in found]


def checks(directory: Path) -> dict[str, bool]:
    """Build and install below a directory; which of the checks hold."""
    if not run("ansible-galaxy", "collection", "build", "--output-path", directory):
        return {"build": False}
    (tarball,) = directory.glob("*.tar.gz")
    unexpected = strangers(tarball)
    if unexpected:
        print("in the tarball, but not in the project: " + ", ".join(unexpected))
    result = {"build": True, "contents": not unexpected}
    result["galaxy-importer"] = is_imported(tarball, directory)
    result["release notes"] = has_release_notes()
    installed = directory / "installed"
    # Nothing but the installed copy may be found.
    env = {"ANSIBLE_COLLECTIONS_PATH": str(installed)}
    galaxy = ["ansible-galaxy", "collection"]
    result["install"] = run(*galaxy, "install", "--offline", "-p", installed, tarball, cwd=directory, env=env)
    result["verify"] = run(*galaxy, "verify", "--offline", FULL_NAME, cwd=directory, env=env)
    result["list"] = FULL_NAME in output(*galaxy, "list", cwd=directory, env=env)
    for kind in sorted({kind for kind, _name in plugins()}):
        names = [name for plugin_kind, name in plugins() if plugin_kind == kind]
        command = ["ansible-doc", "--type", kind, "--json", *names]
        documented = output(*command, cwd=directory, env=env)
        for name in names:
            result[f"documentation of {kind} {name}"] = f'"{name}": {{' in documented
    return result


IMPORTER = """\
[galaxy-importer]
run_ansible_test = False
offline_ansible_lint = True
check_required_tags = True
"""


def is_imported(tarball: Path, directory: Path) -> bool:
    """Whether Galaxy's importer takes the tarball, with the tags that Automation Hub requires."""
    configuration = directory / "importer.cfg"
    configuration.write_text(IMPORTER, encoding="utf-8")
    env = {"GALAXY_IMPORTER_CONFIG": str(configuration), "HOME": str(directory)}
    return run("python", "-m", "galaxy_importer.main", tarball, cwd=directory, env=env)


def has_release_notes() -> bool:
    """Whether there are notes about the present version, and the fragments since then make others; that is tried in a copy."""
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    with copied_tree("release") as tree:
        present = version in notes_of(ROOT)
        return present and run("antsibull-changelog", "release", "--version", NEXT, cwd=tree) and NEXT in notes_of(tree)


def notes_of(tree: Path) -> str:
    return (tree / "CHANGELOG.md").read_text(encoding="utf-8").replace("\\", "")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="pve-package-") as directory:
        result = checks(Path(directory))
    outcome = Outcome()
    for name, holds in result.items():
        outcome.check(name, holds)
        if not holds:
            print(f"failed: {name}")
    return conclude("package", outcome)


if __name__ == "__main__":
    sys.exit(main())
