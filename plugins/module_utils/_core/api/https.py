# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one request reaches PVE by HTTPS, and what every transport does; the other one is in ``pvesh.py``."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from ..model.errors import CertificateRefused, ConnectionFailed, InvalidOption, PveError, UnexpectedAnswer
from ..model.plan import Upload
from .connection import Connection, Endpoint
from .multipart import MultipartBody
from .pem import fingerprint_of, plain

try:
    import requests
    import requests.adapters
    import requests.utils
    import urllib3
    import urllib3.connection
    import urllib3.connectionpool
    import urllib3.exceptions
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError as error:  # reported when a connection is needed
    MISSING: ImportError | None = error
else:
    MISSING = None

_SURROGATE = re.compile(r"[\ud800-\udfff]")
LARGEST_ANSWER = 64 * 2**20  # bytes, once decompressed; the API's description of itself has 5 MB
POOL_SIZE = 32  # connections kept open, for parallel reads


@dataclasses.dataclass(frozen=True)
class Response:
    """An answer. ``body`` is the decoded JSON, or the text where it is none; ``text`` is always the text."""

    status: int
    reason: str
    body: Any
    text: str = ""


class Transport(Protocol):
    """Sends one request; raises ConnectionFailed when there is no answer."""

    def send(
        self, method: str, url: str, params: Any, headers: Mapping[str, str], upload: Upload | None = None
    ) -> Response:
        """The answer to one request."""

    def addresses(self) -> tuple[str, str] | None:
        """The addresses of this machine and of the server on the way between them; None if a proxy stands there."""

    def close(self) -> None:
        """Close the connections."""


def form(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Parameters as PVE wants them: booleans 1 and 0, a list as a repeated key, None left out."""
    pairs = []
    for name, value in params.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item is not None:
                text = str(int(item)) if isinstance(item, bool) else str(item)
                if _SURROGATE.search(name + text):
                    raise PveError(
                        f"The value of {name!a} holds half a character (a lone surrogate), which cannot be sent."
                    )
                pairs.append((name, text))
    return pairs


class HttpsTransport:
    """One keep-alive session per endpoint. The certificate is checked before the first byte of a request is sent."""

    def __init__(self, connection: Connection, endpoint: Endpoint) -> None:
        if MISSING is not None:
            raise PveError(
                f"The Python library requests is missing: {MISSING}.", hint="Install it: pip install requests"
            )
        self.connection, self.endpoint = connection, endpoint
        self.session = requests.Session()
        self.session.trust_env = False  # no .netrc, which would replace the token; the rest is asked for explicitly
        self.session.proxies.update(requests.utils.get_environ_proxies(endpoint.url))
        self.verify = self._verification()
        self.session.mount("https://", _adapter(connection.fingerprints, verified=self.verify is not False))
        self._watchman = _Watchman(connection.timeout)

    def _verification(self) -> bool | str:
        if self.connection.ca_path:
            return self.connection.ca_path
        if self.connection.fingerprints or not self.connection.validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            return False
        return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    def send(
        self, method: str, url: str, params: Any, headers: Mapping[str, str], upload: Upload | None = None
    ) -> Response:
        fields = form(params)
        if upload is not None:
            stall = self.connection.timeout  # urllib3 sends under the time-out for connecting, too short for slow disks
            with contextlib.closing(MultipartBody(upload, fields)) as body:
                headers = {**headers, "Content-Type": body.content_type}
                return self._request(method, url, headers, body=body, connect_timeout=stall)
        if method in ("GET", "DELETE"):
            return self._request(method, url, headers, query=fields)
        return self._request(method, url, headers, body=fields)

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        query: Any = None,
        body: Any = None,
        connect_timeout: float | None = None,
    ) -> Response:
        watch = _Watch(self._watchman)
        _WATCHES.watch = watch
        try:
            request = requests.Request(
                method,
                self.endpoint.url + url,
                params=query or None,
                data=body,
                headers={**self.session.headers, **headers},
            ).prepare()
            # The adapter itself: what the session adds is for redirects, cookies and the environment, and takes half of the time.
            with self.session.get_adapter(self.endpoint.url).send(
                request,
                verify=self.verify,
                proxies=self.session.proxies,
                timeout=(connect_timeout or self.connection.connect_timeout, self.connection.timeout),
                stream=True,
            ) as answer:
                content = self._content(answer)
                if watch.expired:  # what came may be a part of it
                    raise self._too_slow()
                return _decode(answer, content)
        except (requests.exceptions.InvalidHeader, UnicodeError):
            # The library's message would show the value, which is a credential.
            raise PveError(f"{method} {url}: a header of the request cannot hold the value it was given.") from None
        except requests.exceptions.RequestException as error:
            raise (self._too_slow() if watch.expired else self._failure(error)) from None
        finally:
            watch.cancel()

    def _content(self, answer: Any) -> bytes:
        """The body of an answer, decompressed piece by piece, so that a small one cannot become a huge one unseen."""
        content = bytearray()
        for piece in answer.iter_content(65536):
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise UnexpectedAnswer(
                    f"{self.endpoint.authority} sent more than {LARGEST_ANSWER // 2**20} MiB as one answer."
                )
        return bytes(content)

    def _too_slow(self) -> ConnectionFailed:
        text = (
            f"{self.endpoint.authority} did not finish its answer within {self.connection.timeout:g} s (api_timeout)."
        )
        return ConnectionFailed(text, sent=True)

    def _failure(self, error: Exception) -> PveError:
        reason = _root_cause(error)
        if isinstance(reason, (ssl.SSLCertVerificationError, OtherFingerprint)):
            return self._certificate_refused(reason)
        if "NO_CERTIFICATE_OR_CRL_FOUND" in str(reason):
            return InvalidOption("ca_path", f"there is no certificate in {str(self.verify)!r}")
        where = self.endpoint.authority
        not_sent = self._why_not_sent(error, reason)
        if not_sent:
            return ConnectionFailed(f"{not_sent}.", sent=False, hint=_ADVICE)
        if isinstance(error, requests.exceptions.ReadTimeout):
            text = f"{where} did not answer within {self.connection.timeout:g} s (api_timeout)."
            return ConnectionFailed(text, sent=True)
        return ConnectionFailed(f"The connection to {where} was lost: {_say(reason)}.", sent=True)

    def _why_not_sent(self, error: Exception, reason: BaseException) -> str:
        """What kept the request from being sent; empty if the server may have it."""
        where = self.endpoint.authority
        unsent = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
        if "WRONG_VERSION_NUMBER" in str(reason):
            return f"{where} does not speak TLS"
        if isinstance(error, requests.exceptions.ProxyError):
            return f"Cannot connect to {where} by the proxy {self._proxy()} of the environment: {_say(reason)}"
        if isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, unsent):
            return f"Cannot connect to {where}: {_say(reason)}"
        return ""

    def _proxy(self) -> str:
        """The proxy, without the credentials that may be in its URL."""
        return str(requests.utils.select_proxy(self.endpoint.url, self.session.proxies)).rpartition("@")[2]

    def _certificate_refused(self, reason: BaseException) -> CertificateRefused:
        presented = presented_fingerprint(self.endpoint, self.connection.connect_timeout)
        text = f"The certificate of {self.endpoint.authority} is not trusted: {_say(reason)}. No credential was sent."
        cures = (
            f"Its SHA-256 fingerprint is {presented or 'unknown'}. Cures: set api_fingerprint to it once you have compared "
            "it with 'pvenode cert info' on the node; or ca_path to the CA that signed it (on a node "
            "/etc/pve/pve-root-ca.pem); or, without any protection, validate_certs to false."
        )
        return CertificateRefused(text, hint=cures, presented=plain(presented))

    def addresses(self) -> tuple[str, str] | None:
        proxy = requests.utils.select_proxy(self.endpoint.url, self.session.proxies)
        return None if proxy else addresses_towards(self.endpoint)

    def close(self) -> None:
        self.session.close()
        self._watchman.close()


def addresses_towards(endpoint: Endpoint) -> tuple[str, str] | None:
    """The addresses of both ends of the way to an endpoint; None if there is none. Nothing is sent."""
    try:
        family, kind, _protocol, _name, where = socket.getaddrinfo(
            endpoint.host, endpoint.port, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.connect(where)
            own, server = probe.getsockname()[0], probe.getpeername()[0]
    except OSError:
        return None
    return own.partition("%")[0], server.partition("%")[0]


_ADVICE = "Check api_host and api_port, and that pveproxy runs there."


class _Watchman:
    """Ends the reading of answers after some time, however little of them comes how often; one thread serves all requests.

    The thread begins with the first answer that is read. It looks when the earliest of the answers that it knows has to be there,
    and ends when it finds that nothing is read any more.
    """

    def __init__(self, seconds: float) -> None:
        # A little later than the time-out of a single read, which has a message of its own.
        self.seconds = min(1.05 * seconds + 0.2, threading.TIMEOUT_MAX)
        self._watches: set[_Watch] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, watch: _Watch) -> None:
        """Watch the reading of an answer from now on."""
        with self._changed:
            watch.deadline = time.monotonic() + self.seconds
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, daemon=True)
                self._thread.start()

    def remove(self, watch: _Watch) -> None:
        """Forget an answer, which is read."""
        with self._changed:
            self._watches.discard(watch)

    def close(self) -> None:
        """Forget all answers, and let the thread end."""
        with self._changed:
            self._watches.clear()
            self._changed.notify()

    def _look(self) -> None:
        with self._changed:
            while self._watches:
                left = min(watch.deadline for watch in self._watches) - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                for watch in [watch for watch in self._watches if watch.deadline <= time.monotonic()]:
                    self._watches.remove(watch)
                    watch.expire()
            self._thread = None


class _Watch:
    """The reading of one answer."""

    def __init__(self, watchman: _Watchman) -> None:
        self.watchman, self.expired, self.deadline = watchman, False, 0.0
        self.connected: Any = None

    def begin(self, connected: Any) -> None:
        """Watch a socket from now on."""
        self.connected = connected
        self.watchman.add(self)

    def expire(self) -> None:
        """End the reading."""
        self.expired = True
        with contextlib.suppress(OSError):
            # Of the plain socket: the TLS layer must not be touched while another thread reads from it.
            connected = self.connected
            plain_socket = connected if isinstance(connected, socket.socket) else connected.socket  # TLS inside TLS
            socket.socket.shutdown(plain_socket, socket.SHUT_RDWR)

    def cancel(self) -> None:
        self.watchman.remove(self)


_WATCHES = threading.local()  # .watch is that of the request which this thread makes


class OtherFingerprint(Exception):
    """The certificate that a server presents is none of those that are trusted."""


def _adapter(fingerprints: Collection[str], *, verified: bool) -> Any:
    """An adapter whose connections refuse any certificate without one of these fingerprints (where some are given).

    Connections that are not ``verified`` by a CA share a context: by default each of them would load all CAs of the system.
    """
    context: dict[str, Any] = {} if verified else {"ssl_context": create_urllib3_context(cert_reqs=ssl.CERT_NONE)}

    class WatchedConnection(urllib3.connection.HTTPSConnection):
        def getresponse(self) -> Any:
            _WATCHES.watch.begin(self.sock)
            return super().getresponse()

    class WatchedPool(urllib3.connectionpool.HTTPSConnectionPool):
        ConnectionCls = WatchedConnection

    class PinnedConnection(WatchedConnection):
        def connect(self) -> None:
            super().connect()
            secure: Any = self.sock
            if hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest() not in fingerprints:
                self.close()
                raise urllib3.exceptions.SSLError(OtherFingerprint("it has another fingerprint than api_fingerprint"))
            self.is_verified = True

    class PinnedPool(urllib3.connectionpool.HTTPSConnectionPool):
        ConnectionCls = PinnedConnection

    class PinnedAdapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **{**kwargs, **context})
            self._pin(self.poolmanager)

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            return self._pin(super().proxy_manager_for(*args, **{**kwargs, **context}))

        @staticmethod
        def _pin(manager: Any) -> Any:
            pool = PinnedPool if fingerprints else WatchedPool
            manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": pool}
            return manager

    return PinnedAdapter(pool_maxsize=POOL_SIZE)


def _root_cause(error: BaseException) -> BaseException:
    """The innermost exception that requests and urllib3 wrapped."""
    while True:
        inner = getattr(error, "reason", None) or next(
            (arg for arg in error.args if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _say(error: BaseException) -> str:
    text = str(error.args[-1]) if error.args else str(error)
    return re.sub(r"^(<[^>]*>|\w+\(host=[^)]*\)): ", "", text).strip(" .") or type(error).__name__


def _decode(answer: Any, content: bytes) -> Response:
    text = content.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    reason = (answer.reason or "").encode("latin-1", "replace").decode("utf-8", "replace")
    return Response(answer.status_code, reason, body, text)


def presented_fingerprint(endpoint: Endpoint, timeout: float) -> str:
    """The SHA-256 fingerprint of the certificate that a server presents, as PVE writes it; empty if it cannot be had."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((endpoint.host, endpoint.port), timeout) as bare,
            context.wrap_socket(bare, server_hostname=endpoint.host) as secure,
        ):
            certificate = secure.getpeercert(binary_form=True) or b""
    except OSError:
        return ""
    return fingerprint_of(certificate)
