# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run all molecule scenarios on a port that is free; extensions/molecule/config.yml makes it the connection.

Cloud images come from a server on this machine. Of each role, check mode has to predict how many tasks change something, and
no play may warn but in check mode.
"""

from __future__ import annotations

import re
import socket
import sys
from collections import Counter
from collections.abc import Iterator

from tests.harness.mirror import mirror
from tools.common import Outcome, conclude, tee


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


ACTION = re.compile(r"^INFO +(\w+) ➜ (\w+): Executing$")


def lines(printed: str) -> Iterator[tuple[str, str, str]]:
    """The lines that were printed, each with its scenario and its action."""
    scenario, action = "", ""
    for line in re.sub(r"\x1b\[[\d;]*m", "", printed).splitlines():
        begun = ACTION.match(line)
        if begun:
            scenario, action = begun.groups()
        yield scenario, action, line


def changed_tasks(printed: str) -> dict[str, Counter[str]]:
    """For each scenario the number of tasks that changed something, by action."""
    found: dict[str, Counter[str]] = {}
    for scenario, action, line in lines(printed):
        for count in re.findall(r" ok=\d+ +changed=(\d+) ", line):
            found.setdefault(scenario, Counter())[action] += int(count)
    return found


def warnings(printed: str) -> list[str]:
    """The warnings of all plays but those in check mode, where hosts that would be added are missing."""
    return [line for _scenario, action, line in lines(printed) if "[WARNING]" in line and action != "check"]


def main() -> int:
    outcome = Outcome()
    with mirror() as images:
        env = {"PVE_MOLECULE_PORT": str(free_port()), "PVE_MOLECULE_MIRROR": images}
        succeeded, printed = tee("molecule", "test", "--all", env=env)
    outcome.check("molecule test", holds=succeeded, printed=printed)
    outcome.check("no warnings", not warnings(printed), "\n".join(warnings(printed)))
    roles = {name: changed for name, changed in changed_tasks(printed).items() if name != "default"}
    for scenario, changed in roles.items():
        text = f"{scenario}: {changed['check']} changes in check mode, {changed['converge']} in the run"
        outcome.check(text, changed["check"] == changed["converge"] > 0)
    return conclude("molecule", outcome)


if __name__ == "__main__":
    sys.exit(main())
