# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a simulated Proxmox VE server; it prints one line of JSON and serves until it gets a signal to stop,
or runs a command against it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import unsupported
from .certificates import Presented, fingerprint_of
from .facts import load
from .reports import CACHE, LOOKS, SECONDS, Lag
from .scenarios import CREDENTIALS, scenario
from .server import Front, serving
from .simulation import Simulation
from .traits import TRAITS, with_traits

PARENT_CHECK = 1.0  # seconds between two looks whether the parent process is still there


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--scenario", default="single", help="single, demo, or a number of guests up to 10000")
    parser.add_argument("--nodes", default="", help="names of the nodes, comma separated, other than the usual ones")
    parser.add_argument(
        "--traits", nargs="*", default=[], choices=sorted(TRAITS), help="what is special about the hosts"
    )
    parser.add_argument("--version", default="9.2", choices=["9.2", "8.4"], help="of PVE")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--pace", type=float, default=0.0, help="factor on the duration of tasks, 0 is immediately")
    parser.add_argument("--lag", type=float, default=SECONDS, help="seconds until /cluster/resources shows a change")
    parser.add_argument("--lag-looks", type=int, default=LOOKS, help="looks at it that take the place of these seconds")
    parser.add_argument("--lag-cache", type=float, default=CACHE, help="seconds in which it may fall back after that")
    parser.add_argument("--ca-path", type=Path, help="where to write the certificate of the CA, default a new file")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--unsupported", action="store_true", help="list what is answered with 501, and end")
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, help="run this with the connection in PVE_HOST and so on, and end with it"
    )
    return parser.parse_args()


def announcement(url: str, ca_path: Path, fingerprint: str, simulation: Simulation) -> dict[str, Any]:
    """What a client needs to know, in the shape of a credentials file."""
    cluster = simulation.cluster
    return {
        "url": url,
        "base": f"{url}/api2/json",
        "ca_path": str(ca_path),
        "fingerprint": fingerprint,
        **asdict(CREDENTIALS),
        "node": cluster.local_node,
        "nodes": list(cluster.nodes),
        "storage": "local",
        "bridge": "vmbr0",
        "version": cluster.version,
        "pid": os.getpid(),
    }


async def ran(command: list[str], announced: dict[str, Any]) -> int:
    """Run a command that finds the server by its environment; returns its exit code."""
    names = {"HOST": "url", "TOKEN_ID": "token_id", "TOKEN_SECRET": "token_secret", "FINGERPRINT": "fingerprint"}
    variables = {f"PVE_{name}": announced[fact] for name, fact in names.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PVE_", "PROXMOX_"))}
    process = await asyncio.create_subprocess_exec(*command, env={**inherited, **variables})
    return await process.wait()


async def stopped(with_stdin: bool) -> None:
    """Return when it is time to go: SIGTERM, SIGINT, the parent gone or standard input closed."""
    loop, event, parent = asyncio.get_running_loop(), asyncio.Event(), os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    if with_stdin:

        def read_stdin() -> None:
            if not os.read(sys.stdin.fileno(), 4096):
                event.set()

        loop.add_reader(sys.stdin.fileno(), read_stdin)
    while os.getppid() == parent and not event.is_set():
        try:
            await asyncio.wait_for(event.wait(), PARENT_CHECK)
        except asyncio.TimeoutError:
            continue


async def serve(chosen: argparse.Namespace, directory: Path) -> int:
    """Serve for as long as it is wanted; returns the exit code."""
    build = scenario(chosen.scenario, chosen.version, chosen.nodes.split(",") if chosen.nodes else ())
    build = with_traits(build, chosen.traits)
    presented = Presented(chosen.host)
    lag = Lag(chosen.lag, chosen.lag_looks, chosen.lag_cache)
    simulation = Simulation(build, chosen.version, chosen.pace, presented, lag)
    fingerprint = fingerprint_of(presented.own_pem)
    ca_path = (chosen.ca_path or directory / "ca.pem").absolute()
    ca_path.write_text(presented.authority_pem, encoding="utf-8")
    async with serving(Front(simulation), presented.context, chosen.host, chosen.port) as port:
        host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
        announced = announcement(f"https://{host}:{port}", ca_path, fingerprint, simulation)
        if chosen.command:
            return await ran(chosen.command, announced)
        print(json.dumps(announced), flush=True)
        await stopped(chosen.stop_with_stdin)
        return 0


def main() -> None:
    chosen = options()
    if chosen.unsupported:
        print(unsupported.listing(load(chosen.version)))
        return
    try:
        scenario(chosen.scenario, chosen.version)
        Lag(chosen.lag, chosen.lag_looks, chosen.lag_cache)
    except ValueError as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory(prefix="pve-simulator-") as directory:
        code = asyncio.run(serve(chosen, Path(directory)))
    sys.exit(code)


if __name__ == "__main__":
    main()
