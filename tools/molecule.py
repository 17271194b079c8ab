# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run all molecule scenarios on a port that is free; extensions/molecule/config.yml makes it the connection.

Cloud images come from a server on this machine.
"""

from __future__ import annotations

import socket
import sys

from tests.harness.mirror import mirror
from tools.common import Outcome, conclude, tee


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def main() -> int:
    outcome = Outcome()
    with mirror() as images:
        env = {"PVE_MOLECULE_PORT": str(free_port()), "PVE_MOLECULE_MIRROR": images}
        outcome.check("molecule test", *tee("molecule", "test", "--all", env=env))
    return conclude("molecule", outcome)


if __name__ == "__main__":
    sys.exit(main())
