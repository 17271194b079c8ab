# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated PVE server for as long as it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ssl import create_default_context
from typing import Any

from tools.common import ROOT


@dataclass(frozen=True)
class Simulated:
    """A running simulator: what it announced when it started."""

    facts: dict[str, Any]

    def control(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the simulator's control path, see tests/simulator/control.py."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.facts['url']}/simulator/{name}"
        request = urllib.request.Request(url, data=data, method=method)  # noqa: S310 - https
        context = create_default_context(cafile=self.facts["ca_path"])
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:  # noqa: S310
            parsed: dict[str, Any] = json.load(answer)
        return parsed

    def requests(self) -> list[dict[str, Any]]:
        """The requests since this was asked last: method, path, params, user, status."""
        listed: list[dict[str, Any]] = self.control("GET", "requests")["requests"]
        self.control("POST", "requests")
        return listed


@contextmanager
def simulator(scenario: str, *arguments: str) -> Iterator[Simulated]:
    """Start the simulator on a free port; it stops with the block."""
    command = [sys.executable, "-m", "tests.simulator", "--scenario", scenario, "--stop-with-stdin", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if not process.stdin or not process.stdout:
            raise RuntimeError("the simulator has no pipes")
        announced = process.stdout.readline()
        if not announced:
            raise RuntimeError("the simulator did not start")
        try:
            yield Simulated(json.loads(announced))
        finally:
            process.stdin.close()
