# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ansible-test` needs: copies of the project in directories named as it wants them, and one environment per
release of ansible-core, each with exactly the `coverage` that this release asks for.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.common import BUILD, ROOT, Outcome, captured, output, project_files

TREES = BUILD / "trees"  # the copies
HOME = BUILD / "home"  # the home directory of programs that write to it

# What is in a copy only.
KEPT = (".git/", "tests/output/")

# ansible-test downloads this script from a host of its own; Python brings what is needed.
GET_PIP = '''"""Stand-in for get-pip: the pip that comes with Python installs what ansible-test asks for."""
import subprocess
import sys


def main():
    # A process of its own: ensurepip takes the user's pip settings out of the environment.
    subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"])
    options = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
    return subprocess.call([sys.executable, "-m", "pip", "install"] + options)


if __name__ == "__main__":
    sys.exit(main())
'''


@dataclass(frozen=True)
class Core:
    """A release of ansible-core and what goes with it."""

    release: str  # 2.19
    version: str
    coverage: str
    get_pip: str  # which get-pip script its ansible-test looks for
    pythons: tuple[str, ...]  # that can run it, the preferred one first

    @property
    def environment(self) -> Path:
        return BUILD / "cores" / self.release

    @property
    def bin(self) -> Path:
        return self.environment / "bin"


CORES = {
    core.release: core
    for core in (
        Core("2.16", "2.16.19", "7.3.2", "23_1_2", ("3.11", "3.12", "3.10")),
        Core("2.17", "2.17.14", "7.3.2", "23_1_2", ("3.11", "3.12", "3.10")),
        Core("2.19", "2.19.14", "7.6.1", "24_2", ("3.11", "3.12", "3.13")),
        Core("2.20", "2.20.10", "7.10.7", "25_2", ("3.12", "3.13", "3.14")),
        Core("2.21", "2.21.5", "7.10.7", "25_2", ("3.13", "3.12", "3.14")),
    )
}


def find_python(core: Core) -> str | None:
    """The full path of a Python that can run this ansible-core."""
    try:
        return output(ROOT / "tools" / "find-python.sh", *core.pythons).strip()
    except CalledProcessError:
        return None


def prepare(core: Core, outcome: Outcome) -> bool:
    """Build the environment of an ansible-core unless it is there; False when no Python here can run it."""
    wanted = [f"ansible-core=={core.version}", f"coverage=={core.coverage}"]
    requirements = ROOT / "tests" / "integration" / "requirements.txt"
    stamp = core.environment / "ready"
    state = "\n".join([*wanted, requirements.read_text(encoding="utf-8")])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != state:
        python = find_python(core)
        if not python:
            outcome.skip(f"ansible-core {core.release}: no Python {' or '.join(core.pythons)} found")
            return False
        output(python, "-m", "venv", "--clear", core.environment)
        output("uv", "pip", "install", "--quiet", "--python", core.bin / "python", *wanted, "-r", requirements)
        stamp.write_text(state, encoding="utf-8")
    return True


def home_of(tree: Path, core: Core) -> Path:
    """The home directory of the ansible-test of a copied tree: two of them would delete each other's environments."""
    home = HOME / tree.relative_to(TREES).parts[0]
    provide_get_pip(home, core)
    provide_ssh_key(home)
    return home


def provide_get_pip(home: Path, core: Core) -> None:
    """Put the stand-in where ansible-test looks before it downloads."""
    cached = home / ".ansible" / "test" / "cache" / f"get_pip_{core.get_pip}.py"
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_text(GET_PIP, encoding="utf-8")


def provide_ssh_key(home: Path) -> None:
    """Make the key pair that ansible-test makes for remote machines and also asks for on local ones.

    Here it is made, because not every machine has ssh-keygen.
    """
    private = home / ".ansible" / "test" / "id_rsa"
    if private.exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    pem = serialization.PrivateFormat.TraditionalOpenSSL
    private.parent.mkdir(parents=True, exist_ok=True)
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    private.with_suffix(".pub").write_bytes(public)


@contextmanager
def copied_tree(name: str) -> Iterator[Path]:
    """A copy of the project under a name, for the block alone: who else wants it waits."""
    parent = TREES / name
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tree = parent / "ansible_collections" / "pve" / "automation"
        synchronise(tree)
        yield tree


def synchronise(tree: Path) -> None:
    """Make a copy the same as the project: what changed is copied, what is gone is deleted."""
    wanted = set(project_files())
    # ansible-test asks git for the files; without a repository of its own it would find ours, which ignores the copy.
    output("git", "init", "--quiet", tree)
    for name in sorted(wanted):
        source, target = ROOT / name, tree / name
        if source.is_symlink() or not is_same(source, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    for path in sorted(tree.rglob("*"), reverse=True):
        name = path.relative_to(tree).as_posix()
        if f"{name}/".startswith(KEPT):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif name not in wanted:
            path.unlink()


def is_same(source: Path, target: Path) -> bool:
    if not target.exists():
        return False
    ours, theirs = source.stat(), target.stat()
    return (ours.st_mtime_ns, ours.st_size, ours.st_mode) == (theirs.st_mtime_ns, theirs.st_size, theirs.st_mode)


def ansible_test(core: Core, tree: Path, *arguments: str) -> tuple[bool, str]:
    """Run ansible-test of this ansible-core, on the Python of its environment, in a copied tree.

    Returns whether it succeeded, and what it printed.
    """
    python = output(core.bin / "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    # Its own programs come first, so that it finds the ansible-core it belongs to.
    env = {
        "PATH": f"{core.bin}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home_of(tree, core)),
        # The user's settings of pip stay in force.
        "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"),
    }
    return captured(core.bin / "ansible-test", *arguments, "--local", "--python", python, cwd=tree, env=env)


@dataclass(frozen=True)
class Job:
    """One run of ansible-test, with what the others must not touch: `run` returns the outcome and the output."""

    title: str
    run: Callable[[], tuple[Outcome, str]]


def run_jobs(jobs: list[Job], outcome: Outcome) -> None:
    """Run the jobs, two at a time; print the output of each when it has ended, and count its outcome in."""
    if not jobs:
        outcome.check("nothing to run", holds=False)
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = {pool.submit(job.run): job for job in jobs}
        for future in as_completed(running):
            result, printed = future.result()
            print(f"=== {running[future].title}\n{printed}", flush=True)
            outcome.add(result)
