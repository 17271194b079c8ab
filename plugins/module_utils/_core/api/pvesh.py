# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one request reaches PVE without HTTPS: pvesh on this machine, or on a node by ssh.

pvesh runs the tasks of a call itself and ends with them (RESTEnvironment.pm, fork_worker: type ``cli``), and they end with it when
its output cannot be written any more. So its output goes to files, and a command that may have started one is never killed.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from ..model.errors import ConnectionFailed, PveError, UnexpectedAnswer
from ..model.plan import Upload
from .connection import Connection, Endpoint
from .https import LARGEST_ANSWER, Response, addresses_towards, form

COMMANDS = {"GET": "get", "POST": "create", "PUT": "set", "DELETE": "delete"}
_BEGUN, _ENDED = "pve.automation begun", "pve.automation ended"  # what the script on a node says around pvesh


class CommandTransport:
    """pvesh on this node (``local``) or on a node reached by ssh (``openssh``): root's rights, no credentials in the task."""

    def __init__(self, connection: Connection, endpoint: Endpoint | None) -> None:
        self.connection, self.endpoint = connection, endpoint

    def send(
        self, method: str, url: str, params: Any, headers: Mapping[str, str], upload: Upload | None = None
    ) -> Response:
        if upload is not None:
            raise PveError(f"Uploads need api_backend https, not {self.connection.backend}.")
        path = unquote(url.partition("/api2/json")[2])  # pvesh takes paths as they are
        command = ["pvesh", COMMANDS[method], path, "--output-format", "json"]
        for name, value in form(params):  # a value is an argument of its own: pvesh refuses an empty one behind "="
            command += [f"--{name}", value]
        if any("\0" in argument for argument in command):
            raise PveError("A value with a null character cannot be given to pvesh.")
        run = self._run_here if self.endpoint is None else self._run_there
        return _decode(method, path, *run(command, may_be_killed=method == "GET"))

    def _run_here(self, command: Sequence[str], *, may_be_killed: bool) -> tuple[int, str, str]:
        """Exit code, output and errors of a command on this machine."""
        try:
            return self._run(command, b"", may_be_killed=may_be_killed)
        except FileNotFoundError:
            hint = "pvesh exists on PVE nodes only: run the task on one, or use api_backend https."
            raise ConnectionFailed("There is no pvesh on this machine.", sent=False, hint=hint) from None

    def _run_there(self, command: Sequence[str], *, may_be_killed: bool) -> tuple[int, str, str]:
        """The same of a command on the node. It goes to a shell there as input, because other users see arguments of ssh."""
        sudo = [] if self.connection.ssh_user == "root" else ["sudo", "-n"]
        script = f"echo {_BEGUN} >&2\n{shlex.join([*sudo, *command])} </dev/null\necho {_ENDED} $? >&2\n"
        try:
            code, output, errors = self._run(self._ssh(), script.encode(), may_be_killed=may_be_killed)
        except FileNotFoundError:
            raise ConnectionFailed("There is no ssh on this machine.", sent=False) from None
        _before, begun, said = errors.rpartition(f"{_BEGUN}\n")
        ended = re.search(rf"^{_ENDED} (\d+)$", said, re.MULTILINE)
        if not begun:
            hint = (
                "ssh has to reach it without asking anything: check api_ssh_user, api_ssh_port, api_ssh_key, and that its "
                "host key is known."
            )
            raise ConnectionFailed(
                f"{self._where()}: {_first_line(errors) or f'ssh ended with {code}'}.", sent=False, hint=hint
            )
        if ended is None:
            raise ConnectionFailed(
                f"The connection to {self._where()} was lost: {_first_line(said) or 'no reason given'}.", sent=True
            )
        return int(ended[1]), output, said[: ended.start()]

    def _ssh(self) -> list[str]:
        if self.endpoint is None:
            raise TypeError("there is no host to reach")
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": math.ceil(self.connection.connect_timeout),
            "ServerAliveInterval": 15,
        }
        command = ["ssh", "-T", "-p", str(self.connection.ssh_port), "-l", self.connection.ssh_user]
        for name, value in options.items():
            command += ["-o", f"{name}={value}"]
        if self.connection.ssh_key:
            command += ["-i", self.connection.ssh_key, "-o", "IdentitiesOnly=yes"]
        return [*command, "--", self.endpoint.host, "sh"]

    def _run(self, command: Sequence[str], given: bytes, *, may_be_killed: bool) -> tuple[int, str, str]:
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            source.write(given)
            source.seek(0)
            process = subprocess.Popen(  # noqa: S603 - a list, no shell
                list(command), stdin=source, stdout=output, stderr=errors, start_new_session=True
            )
            try:
                code = process.wait(min(self.connection.timeout, 10**6))
            except subprocess.TimeoutExpired:
                self._give_up(process, may_be_killed=may_be_killed)
            texts = []
            for file in (output, errors):
                file.seek(0)
                content = file.read(LARGEST_ANSWER + 1)
                if len(content) > LARGEST_ANSWER:
                    raise UnexpectedAnswer(f"pvesh printed more than {LARGEST_ANSWER // 2**20} MiB.")
                texts.append(content.decode("utf-8", "replace"))
        return code, texts[0], texts[1]

    def _give_up(self, process: subprocess.Popen[bytes], *, may_be_killed: bool) -> None:
        """Stop waiting. What may have started a task goes on: the caller looks for the task."""
        if may_be_killed:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        else:
            threading.Thread(target=process.wait, daemon=True).start()  # takes note of its end, whenever that is
        text = f"pvesh did not end within {self.connection.timeout:g} s (api_timeout)."
        raise ConnectionFailed(text, sent=True) from None

    def _where(self) -> str:
        return (
            f"{self.connection.ssh_user} at {self.endpoint.host}, port {self.connection.ssh_port}"
            if self.endpoint
            else ""
        )

    def addresses(self) -> tuple[str, str] | None:
        return addresses_towards(self.endpoint) if self.endpoint else None

    def close(self) -> None:
        return None


def _first_line(text: str) -> str:
    return next((line.strip(" .\r") for line in text.splitlines() if line.strip()), "")


def _decode(method: str, path: str, code: int, output: str, errors: str) -> Response:
    """The answer that the output of pvesh stands for.

    Errors are "STATUS message" or the bare message, then a line for each parameter and the usage (PVE::Exception, stringify).
    """
    text = output.strip()
    if code == 0:
        return Response(200, "OK", {"data": _data(text)})
    said = errors.strip() or text or f"pvesh ended with {code}"
    if re.search(r"^malformed JSON string", said, re.MULTILINE) and method != "GET":
        # pvesh reads what a task of another node prints as JSON (CLI/pvesh.pm, proxy_handler), after it ran there.
        raise ConnectionFailed(f"pvesh did not understand what another node answered to {method} {path}.", sent=True)
    lines = [line for line in said.splitlines() if not line.startswith("pvesh ")]  # the usage
    known = re.search(r"^([45]\d\d) (.*)$", "\n".join(lines), re.MULTILINE)
    unknown_call = re.search(r"^No '\w+' handler defined for '", said, re.MULTILINE)
    status = int(known[1]) if known else 501 if unknown_call else 500
    found = dict(re.findall(r"^([\w\[\]-]+): (.+)$", said, re.MULTILINE)) if status == 400 else {}
    message = known[2] if known and found else re.sub(r"^[45]\d\d ", "", "\n".join(lines), flags=re.MULTILINE)
    return Response(status, message, {"data": None, "message": message, "errors": found})


def _data(text: str) -> Any:
    """What pvesh printed as JSON, behind whatever a task printed before; None if it printed no JSON."""
    if not text:
        return None
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    upids = re.findall(r'"(UPID:[^"\s]+)"\s*\Z', text) or re.findall(r"^(UPID:\S+)\s*\Z", text, re.MULTILINE)
    return upids[-1] if upids else text
