# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one request reaches PVE without HTTPS: pvesh on a node, by proxmoxer's command back ends."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ..model.errors import ConnectionFailed, PveError
from ..model.plan import Upload
from .connection import Connection, Endpoint
from .https import Response, addresses_towards, form


class CommandTransport:
    """pvesh on this node (``local``) or on a node reached by SSH (``openssh``): root's rights, no credentials in the task."""

    def __init__(self, connection: Connection, endpoint: Endpoint | None) -> None:
        self.connection, self.endpoint = connection, endpoint
        self.session = _command_session(connection, endpoint)

    def send(
        self, method: str, url: str, params: Any, headers: Mapping[str, str], upload: Upload | None = None
    ) -> Response:
        if upload is not None:
            raise PveError(f"Uploads need api_backend https, not {self.connection.backend}.")
        path = unquote(url.partition("/api2/json")[2])  # pvesh takes paths as they are
        values: dict[str, str] = {}
        for name, value in form(params):
            values[name] = f"{values[name]},{value}" if name in values else value
        try:
            answer = self.session.request(method, path, data=values)
        except (OSError, subprocess.SubprocessError) as error:
            sent = not isinstance(error, FileNotFoundError)
            hint = "pvesh exists on PVE nodes only." if not sent else ""
            raise ConnectionFailed(f"pvesh could not be run: {error}.", sent=sent, hint=hint) from None
        return self._decode(answer)

    def _decode(self, answer: Any) -> Response:
        text = str(answer.content).strip()
        if answer.exit_code == 0:
            try:
                return Response(200, "OK", {"data": json.loads(text) if text else None})
            except ValueError:
                upid = re.search(r"UPID:\S+", text)
                return Response(200, "OK", {"data": upid[0].strip("\"'") if upid else text})
        status = answer.status_code if answer.status_code >= 400 else 500
        found = re.findall(r"^([\w\[\]-]+): (.+)$", text, re.MULTILINE) if status == 400 else []
        message = re.sub(r"^\d{3} ", "", text.partition("\n")[0] if found else text)
        return Response(status, message, {"data": None, "message": message, "errors": dict(found)})

    def addresses(self) -> tuple[str, str] | None:
        return addresses_towards(self.endpoint) if self.endpoint else None

    def close(self) -> None:
        return None


def _command_session(connection: Connection, endpoint: Endpoint | None) -> Any:
    try:
        if endpoint is None:
            from proxmoxer.backends.local import LocalSession

            return LocalSession(service="PVE", timeout=connection.timeout)
        importlib.import_module("openssh_wrapper")  # proxmoxer leaves the process when it is missing
        from proxmoxer.backends.openssh import OpenSSHSession
    except ImportError as error:
        raise PveError(
            f"api_backend {connection.backend} needs Python libraries that are missing ({error}).",
            hint="Install them: pip install proxmoxer" + ("" if endpoint is None else " openssh_wrapper"),
        ) from None
    return OpenSSHSession(
        endpoint.host,
        connection.ssh_user,
        port=connection.ssh_port,
        identity_file=connection.ssh_key or None,
        service="PVE",
        timeout=connection.timeout,
        sudo=connection.ssh_user != "root",
    )
