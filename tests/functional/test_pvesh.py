# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back ends ``local`` and ``openssh``: a stand-in for pvesh, here and behind a real sshd."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.model.contract import Planned
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    ConnectionFailed,
    InvalidParameter,
    NotFound,
    NotImplementedByServer,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan, Step
from ansible_collections.pve.automation.plugins.module_utils._core.run.engine import run_plan
from tests.harness import pvesh_stand_in

SECRET = "s3cret-Zq7xK9"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
NO_SSHD = "needs sshd (Debian's openssh-server), ssh, and root, who runs it"
OpenClient = Callable[..., Client]


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A directory with a pvesh."""
    directory = tmp_path / "node"
    (directory / "tasks").mkdir(parents=True)
    (directory / "duration").write_text("0")
    script = directory / "pvesh"
    script.write_text(
        f"#!{sys.executable}\n{Path(pvesh_stand_in.__file__).read_text(encoding='utf-8')}", encoding="utf-8"
    )
    script.chmod(0o755)
    return directory


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def sshd(node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A real sshd on the loopback interface whose root finds that pvesh; ssh knows its host key and has a key of its own."""
    if SSHD is None or shutil.which("ssh") is None or os.getuid() != 0:
        pytest.skip(NO_SSHD)
    port = free_port()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/user.pub\nStrictModes no\n"
        f"UsePAM no\nPermitRootLogin yes\nPidFile {tmp_path}/pid\nSetEnv PATH={node}:/usr/bin:/bin\n"
    )
    key = (tmp_path / "host.pub").read_text().split()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F none -o UserKnownHostsFile={tmp_path}/known "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config")], stderr=log)
    try:
        for _attempt in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Connection(
            backend="openssh",
            endpoints=(Endpoint("127.0.0.1", 8006),),
            ssh_port=port,
            ssh_key=str(tmp_path / "user"),
            timeout=60,
        )
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(params=["local", "openssh"])
def open_client(request: pytest.FixtureRequest, node: Path, monkeypatch: pytest.MonkeyPatch) -> OpenClient:
    """A client of a back end, with further options of the connection."""
    if request.param == "openssh":
        base = request.getfixturevalue("sshd")
    else:
        base = Connection(backend="local", timeout=60)
        monkeypatch.setenv("PATH", f"{node}:/usr/bin:/bin")

    def open_one(**options: Any) -> Client:
        return Client(Connection(**{**{name: getattr(base, name) for name in base.__dataclass_fields__}, **options}))

    return open_one


def test_reads_writes_and_lists(open_client: OpenClient) -> None:
    client = open_client()
    assert client.release() == (9, 2)
    assert client.call("PUT", "/pools", {"poolid": "x", "comment": "-two words, 'quoted' $HOME; ü\n"}) is None
    argv = ["sh", "-c", 'echo a,b; echo "$1"', ""]
    assert client.call("POST", "/nodes/pve/qemu/100/agent/exec", {"command": argv, "input-data": ""}) == {"pid": 4711}
    assert client.get("/seen")["calls"][1:3] == [
        ["set", "/pools", {"poolid": "x", "comment": "-two words, 'quoted' $HOME; ü\n"}],
        ["create", "/nodes/pve/qemu/100/agent/exec", {"command": argv, "input-data": ""}],
    ]


def test_errors(open_client: OpenClient) -> None:
    client = open_client()
    with pytest.raises(InvalidParameter, match="Parameter verification failed") as refused:
        client.call("PUT", "/pools", {"poolid": "a b"})
    assert refused.value.errors == {"poolid": "value does not look like a valid pool ID"}
    with pytest.raises(InvalidParameter, match="unable to parse option"):
        client.call("PUT", "/pools", {"colour": "red"})
    with pytest.raises(NotFound, match="pool 'x' does not exist"):
        client.call("DELETE", "/pools", {"poolid": "x"})
    with pytest.raises(NotImplementedByServer):
        client.get("/unknown")
    with pytest.raises(ConnectionFailed, match="did not understand what another node answered") as unclear:
        client.call("POST", "/nodes/other/qemu/100/status/shutdown")
    assert unclear.value.sent


class Shutdown(Planned[Any, Any]):
    """A guest that is shut down by a task."""

    name = "guest"

    def parse(self, params: Any) -> dict[str, Any]:
        return {}

    def read(self, reader: Any, desired: Any) -> dict[str, Any]:
        return {"stopped": reader.get("/seen")["stopped"]}

    def plan(self, observed: Any, desired: Any) -> Plan:
        step = Step(
            "POST", "/nodes/pve/qemu/100/status/shutdown", {"timeout": 9}, "shut down", starts_task=True, task_id="100"
        )
        return Plan(observed, {"stopped": True}, () if observed["stopped"] else (step,))


@pytest.mark.parametrize(("seconds", "timeout"), [(0, 60), (6, 3)], ids=["short", "longer than api_timeout"])
def test_a_task_runs_once_however_long_it_takes(
    open_client: OpenClient, node: Path, seconds: int, timeout: int
) -> None:
    (node / "duration").write_text(str(seconds))
    client = open_client(timeout=timeout)
    result = run_plan(client, Shutdown(), {}, check_mode=False).result()
    assert (result["changed"], result["guest"]) == (True, {"stopped": True})
    seen = Client(Connection(**{**vars(client.connection), "timeout": 60})).get("/seen")["calls"]
    assert len([call for call in seen if call[1].endswith("/shutdown")]) == 1


def test_a_read_that_takes_too_long_is_ended_and_shows_no_argument(open_client: OpenClient) -> None:
    client = open_client(timeout=0.5)
    client.sleep = lambda seconds: None
    with pytest.raises(ConnectionFailed, match=r"did not end within 0\.5 s \(api_timeout\)\.$") as late:
        client.get("/slow", {"comment": SECRET})
    assert SECRET not in repr(late.value)


def test_a_write_that_takes_too_long_shows_no_argument(open_client: OpenClient, node: Path) -> None:
    (node / "duration").write_text("3")
    with pytest.raises(ConnectionFailed) as late:
        open_client(timeout=0.3).call("POST", "/nodes/pve/qemu/100/status/shutdown", {"timeout": SECRET})
    assert SECRET not in str(late.value)
    assert late.value.sent


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ssh_port": 1}, "Connection refused"),
        ({"ssh_user": "nobody"}, "Permission denied"),
        ({"ssh_key": "/nowhere"}, "Permission denied|not accessible"),
    ],
)
def test_a_node_that_ssh_does_not_reach_got_nothing(sshd: Connection, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConnectionFailed, match=message) as failure:
        Client(Connection(**{**vars(sshd), **options})).call("PUT", "/pools", {"comment": SECRET})
    assert not failure.value.sent
    assert "api_ssh_key" in str(failure.value)
    assert SECRET not in str(failure.value)


def test_an_unknown_host_key_is_not_trusted(sshd: Connection, tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    with pytest.raises(ConnectionFailed, match=r"Host key verification failed|host key is known"):
        Client(sshd).get("/version")
