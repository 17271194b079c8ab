# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API client: authentication, retries, errors and the choice of the host. Nothing is sent before the first call."""

from __future__ import annotations

import copy
import dataclasses
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ..model.errors import (
    NO_REASON,
    AuthenticationFailed,
    CertificateRefused,
    ConnectionFailed,
    HopFailed,
    NodeUnreachable,
    PveError,
    UnexpectedAnswer,
    api_error,
    is_lock_timeout,
)
from ..model.places import Places
from ..model.plan import Upload
from .connection import Connection, Endpoint
from .https import HttpsTransport, Response, Transport
from .pvesh import CommandTransport

PAUSES = (0.3, 1.0, 2.0)  # seconds before the second, third and fourth attempt
TICKET_LIFE = 2 * 3600.0  # PVE/AccessControl.pm: $ticket_lifetime
RENEW_AFTER = TICKET_LIFE / 2
LOGIN = "/access/ticket"
_NOT_PVE = "Something other than PVE answers there, such as a login page of a proxy: check api_host and its path."


class Client:
    """A connection to one cluster. Safe for parallel reads from threads.

    ``warnings`` collects what the user should read; ``on_step`` hears what is about to be done,
    ``on_progress`` how far a long task is.
    """

    def __init__(
        self, connection: Connection, open_transport: Callable[[Endpoint | None], Transport] | None = None
    ) -> None:
        self.connection = connection
        self.warnings: list[str] = []
        self.on_step: Callable[[str], None] = lambda text: None
        self.on_progress: Callable[[str], None] = lambda text: None
        self.sleep: Callable[[float], None] = time.sleep
        self.trusted: set[str] = set()  # fingerprints of certificates that this run gave to its servers
        self.places = Places()
        self._open = open_transport or self._open_transport
        self._transports: dict[int, Transport] = {}
        self._current = 0  # index of the endpoint that answered last
        self._lock = threading.RLock()
        self._ticket: dict[str, str] = {}
        self._ticket_born = 0.0
        self._answered = False
        self.last_answer = ""  # whose answer came last, as in "GET /version"
        self._release: tuple[int, int] | None = None

    def _open_transport(self, endpoint: Endpoint | None) -> Transport:
        if self.connection.backend == "https" and endpoint is not None:
            return HttpsTransport(self.connection, endpoint)
        return CommandTransport(self.connection, endpoint)

    def sibling(self) -> Client:
        """A client on the same connections and with the same ticket, but with warnings and listeners of its own."""
        twin = copy.copy(self)
        twin.warnings = []
        return twin

    def close(self) -> None:
        """Close the connections. The client can be used again."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    # --- what callers use ---------------------------------------------------------------------------------------------

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        """What ``call`` returns for a GET. Lost connections, failed hops and lock time-outs are tried again."""
        return self.call("GET", path, params, api_format=api_format)

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        upload: Upload | None = None,
        *,
        api_format: str = "json",
    ) -> Any:
        """The ``data`` of any call; with format extjs the whole body, with html and text the text.

        A write is sent again only where it is certain that it did not run. Raises an error of the tree in ``errors``;
        ConnectionFailed and HopFailed mean for a write that it may have run.
        """
        if api_format != "json" and self.connection.backend != "https":
            raise PveError(f"Format {api_format} needs api_backend https; pvesh answers as json.")
        if method != "GET":
            self.places.written(path)
        upload = upload.reporting_to(self.on_progress) if upload else None
        response = self.respond(method, f"/api2/{api_format}{path}", path, params or {}, upload)
        if api_format in ("html", "text"):
            return response.text
        if not isinstance(response.body, dict):
            raise UnexpectedAnswer(f"{method} {path}: the answer is not a JSON object.", hint=_NOT_PVE)
        return response.body if api_format == "extjs" else response.body.get("data")

    def document(self, url: str) -> str:
        """The text of a file that the node serves beside the API."""
        if self.connection.backend != "https":
            raise PveError(f"{url} can be read with api_backend https only.")
        return self.respond("GET", url, url, {}).text

    def release(self) -> tuple[int, int]:
        """The server's release, such as (9, 2); asked for once."""
        if self._release is None:
            answer = self.get("/version")
            numbers = re.match(
                r"(\d{1,4})\.(\d{1,4})\b", str(answer.get("version", "") if isinstance(answer, dict) else "")
            )
            if not numbers:
                raise PveError("The server does not report its version.")
            self._release = (int(numbers[1]), int(numbers[2]))
        return self._release

    def addresses(self) -> tuple[str, str] | None:
        """The addresses of this machine and of the present host on the way between them; None if a proxy stands there."""
        return self._transport(self._current).addresses()

    def respond(
        self, method: str, url: str, path: str, params: Mapping[str, Any], upload: Upload | None = None
    ) -> Response:
        """The whole answer of a call to a URL below the endpoint; ``path`` is what errors name. For the other formats."""
        attempt, logged_in_again = 0, False
        while True:
            ticket = self._ticket
            try:
                response = _with_status_of_body(self._send(method, url, params, upload))
                self._answered, self.last_answer = True, f"{method} {path}"
                if response.status < 300:
                    return response
                raise self._error(method, path, response)
            except AuthenticationFailed as error:
                # A ticket may have expired in mid-run. A refused request did not run, so even a write may be sent again.
                if logged_in_again or self.connection.token or error.path == LOGIN or upload is not None:
                    raise
                logged_in_again = True
                self._forget(ticket)
            except PveError as error:
                if attempt == len(PAUSES) or not self._may_repeat(method, error, upload):
                    raise
                self.sleep(PAUSES[attempt])
                attempt += 1

    def _may_repeat(self, method: str, error: PveError, upload: Upload | None) -> bool:
        if upload is not None or isinstance(error, CertificateRefused):
            return False
        if is_lock_timeout(error) or isinstance(error, NodeUnreachable):
            return True
        if isinstance(error, ConnectionFailed) and not error.sent:
            return self._answered  # a host that never answered is more likely misspelt than restarting
        return method == "GET" and isinstance(error, (ConnectionFailed, HopFailed))

    def _error(self, method: str, path: str, response: Response) -> PveError:
        if response.status < 400:
            return PveError(f"{method} {path} was redirected ({response.status}).", hint=_NOT_PVE)
        body = response.body if isinstance(response.body, dict) else {}
        message = str(body.get("message") or response.reason or NO_REASON).strip()
        reasons = body.get("errors")
        errors = {str(name): str(reason) for name, reason in reasons.items()} if isinstance(reasons, dict) else None
        return api_error(method, path, response.status, message, errors, who=self.connection.identity)

    # --- hosts --------------------------------------------------------------------------------------------------------

    def _send(self, method: str, url: str, params: Mapping[str, Any], upload: Upload | None) -> Response:
        """Send to the present host; while nothing was sent, try the other ones in turn."""
        count = max(1, len(self.connection.endpoints))
        failures: list[ConnectionFailed] = []
        for _attempt in range(count):
            index = self._current
            try:
                return self._deliver(index, method, url, params, upload)
            except ConnectionFailed as error:
                failures.append(error)
                with self._lock:
                    if self._current == index:
                        self._current = (index + 1) % count
                if error.sent and method != "GET":
                    raise
        if count == 1:
            raise failures[0]
        if all(isinstance(error, CertificateRefused) for error in failures):
            raise failures[0]
        text = "None of the hosts in api_host could be used: " + " ".join(
            dict.fromkeys(error.message for error in failures)
        )
        hints = " ".join(dict.fromkeys(error.hint for error in failures if error.hint))
        raise ConnectionFailed(text, sent=any(error.sent for error in failures), hint=hints)

    def _deliver(self, index: int, method: str, url: str, params: Mapping[str, Any], upload: Upload | None) -> Response:
        """Send to one host. A certificate that this run has put in place itself is as good as the one before it."""
        try:
            return self._transport(index).send(method, url, params, self._headers(method), upload)
        except CertificateRefused as error:
            if error.presented not in self.trusted:
                raise
            pinned = dataclasses.replace(self.connection, fingerprints=(error.presented,), ca_path="")
            with self._lock:
                self._transports.pop(index).close()
                self._transports[index] = HttpsTransport(pinned, pinned.endpoints[index])
            return self._transport(index).send(method, url, params, self._headers(method), upload)

    def _transport(self, index: int) -> Transport:
        with self._lock:
            if index not in self._transports:
                endpoints = self.connection.endpoints
                self._transports[index] = self._open(endpoints[index] if endpoints else None)
            return self._transports[index]

    # --- identity -----------------------------------------------------------------------------------------------------

    def _headers(self, method: str) -> dict[str, str]:
        if self.connection.backend != "https":
            return {}
        if self.connection.token:
            return {"Authorization": f"PVEAPIToken={self.connection.token}={self.connection.token_secret}"}
        with self._lock:
            if not self._ticket or time.monotonic() - self._ticket_born > RENEW_AFTER:
                try:
                    self._log_in()
                except ConnectionFailed as error:  # the request itself was not sent
                    error.sent = False
                    raise
            headers = {"Cookie": f"PVEAuthCookie={quote(self._ticket['ticket'], safe='')}"}
            if method != "GET":
                headers["CSRFPreventionToken"] = self._ticket["CSRFPreventionToken"]
            return headers

    def _forget(self, refused: Mapping[str, str]) -> None:
        """Drop a ticket that the server refused, unless another thread has replaced it: the next request logs in."""
        with self._lock:
            if self._ticket is refused:
                self._ticket = {}

    def _log_in(self) -> None:
        """Get a ticket: by the old one while it is good, which needs no second factor again, else by the password."""
        with self._lock:
            old, self._ticket = self._ticket, {}
            if old and time.monotonic() - self._ticket_born < TICKET_LIFE:
                try:
                    self._keep(self._ask_ticket({"password": old["ticket"]}))
                    return
                except AuthenticationFailed:
                    pass  # no longer accepted: the password decides
            answer = self._ask_ticket({"password": self.connection.password})
            if answer.get("NeedTFA"):
                answer = self._second_factor(answer)
            self._keep(answer)

    def _keep(self, answer: dict[str, str]) -> None:
        self._ticket, self._ticket_born = answer, time.monotonic()

    def _second_factor(self, answer: Mapping[str, Any]) -> dict[str, str]:
        if not self.connection.otp:
            raise AuthenticationFailed(
                "POST",
                LOGIN,
                401,
                f"{self.connection.user} has a second factor",
                hint="Set api_otp to a code of it, or use an API token, which needs none.",
            )
        code = self.connection.otp if ":" in self.connection.otp else f"totp:{self.connection.otp}"
        return self._ask_ticket({"password": code, "tfa-challenge": answer["ticket"]})

    def _ask_ticket(self, proof: Mapping[str, str]) -> dict[str, str]:
        params = {"username": self.connection.user, **proof}
        response = self._transport(self._current).send("POST", f"/api2/json{LOGIN}", params, {})
        if response.status >= 400:
            raise self._error("POST", LOGIN, response)
        if not isinstance(response.body, dict):
            raise UnexpectedAnswer(f"POST {LOGIN}: the answer is not a JSON object.", hint=_NOT_PVE)
        data = response.body.get("data")
        held = data if isinstance(data, dict) else {}
        needed = ("ticket",) if held.get("NeedTFA") else ("ticket", "CSRFPreventionToken")
        if not all(isinstance(held.get(key), str) for key in needed):
            raise UnexpectedAnswer(f"POST {LOGIN}: the answer holds no ticket.")
        return held


def _with_status_of_body(response: Response) -> Response:
    """The answer with its real status: the extjs format answers errors with 200 and has the status in the body."""
    body = response.body
    if isinstance(body, dict) and body.get("success") == 0 and str(body.get("status", "")).isdigit():
        return dataclasses.replace(response, status=int(body["status"]))
    return response
