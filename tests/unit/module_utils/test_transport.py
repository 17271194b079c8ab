# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transports against a small TLS server of our own, and against a pvesh of our own."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import json
import socket
import ssl
import struct
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import requests
import trustme

from ansible_collections.pve.automation.plugins.module_utils._core.api import https
from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.api.https import (
    HttpsTransport,
    form,
    presented_fingerprint,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    CertificateRefused,
    ConnectionFailed,
    InvalidOption,
    InvalidParameter,
    NotFound,
    PveError,
    UnexpectedAnswer,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Upload

TEXT = "Größe: 1 €,\ntwo lines & 100% + = ; ü"
SECRET = {"Authorization": "PVEAPIToken=u@pve!t=s3cret"}


class Node(http.server.ThreadingHTTPServer):
    """A TLS server that keeps what it is sent and answers as reported by ``answer`` (status, reason, headers, body)."""

    daemon_threads = True

    def __init__(self, context: Any) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.requests: list[Any] = []
        self.released = threading.Event()
        self.answer: Any = (200, "OK", {}, json.dumps({"data": None}))

    @property
    def port(self) -> Any:
        return self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Refused handshakes and lost connections are what the tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.requests.append((self.command, self.path, body, dict(self.headers)))
        answer = self.server.answer
        if answer == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        if answer == "silence":
            self.server.released.wait(20)
            self.close_connection = True
            return
        if isinstance(answer, list):  # pieces, one every 0.1 s
            for piece in answer:
                self.wfile.write(piece)
                self.wfile.flush()
                if self.server.released.wait(0.1):
                    break
            self.close_connection = True
            return
        status, reason, headers, text = answer
        data = text.encode()
        self.wfile.write(f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(data)}\r\n".encode())
        self.wfile.write("".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n" + data)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names that http.server looks for

    def log_message(self, *args: Any) -> None:
        pass


class Trust:
    """A CA, its file, and contexts of nodes that it vouches for."""

    def __init__(self, directory: Any) -> None:
        self.authority = trustme.CA()
        self.path = directory / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.path))

    def context(self, *names: Any) -> Any:
        certificate = self.authority.issue_cert(*names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
        return context, hashlib.sha256(der).hexdigest()


@pytest.fixture(scope="module")
def trust(tmp_path_factory: Any) -> Trust:
    return Trust(tmp_path_factory.mktemp("trust"))


@contextlib.contextmanager
def serving(context: Any) -> Iterator[Any]:
    node = Node(context)
    thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield node
    finally:
        node.released.set()
        node.shutdown()
        thread.join()
        node.server_close()


@pytest.fixture
def node(trust: Any) -> Iterator[Any]:
    context, fingerprint = trust.context("127.0.0.1", "localhost")
    with serving(context) as server:
        server.fingerprint = fingerprint
        yield server


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def send(node: Any) -> Iterator[Any]:
    """Send one request with these connection options; the transport is closed afterwards."""
    transports = []

    def send_one(
        method: str = "GET",
        url: str = "/api2/json/version",
        params: Any = None,
        headers: Any = None,
        *,
        host: str = "127.0.0.1",
        prefix: str = "",
        **options: Any,
    ) -> Any:
        endpoint = Endpoint(host, node.port, prefix)
        transport = HttpsTransport(Connection(endpoints=(endpoint,), **{"timeout": 20, **options}), endpoint)
        transports.append(transport)
        return transport.send(method, url, params or {}, SECRET if headers is None else headers)

    yield send_one
    for transport in transports:
        transport.close()


# --- trust ------------------------------------------------------------------------------------------------------------


def test_a_certificate_of_a_known_authority_is_trusted(node: Any, send: Any, trust: Any) -> None:
    assert send(ca_path=str(trust.path)).body == {"data": None}
    assert node.requests[0][3]["Authorization"] == SECRET["Authorization"]


def test_an_authority_may_be_named_by_the_environment(send: Any, trust: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trust.path))
    assert send().status == 200


def colons(fingerprint: Any) -> Any:
    return ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()


@pytest.mark.parametrize(
    "options", [{}, {"fingerprints": ("ab" * 32,)}], ids=["unknown authority", "wrong fingerprint"]
)
def test_a_certificate_that_is_not_trusted_gets_no_request_and_the_error_names_three_cures(
    node: Any, send: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(CertificateRefused) as refusal:
        send("POST", "/api2/json/access/ticket", {"password": "p4ss"}, **options)
    assert node.requests == []
    text = str(refusal.value)
    assert f"The certificate of 127.0.0.1:{node.port} is not trusted" in text
    assert "No credential was sent." in text
    assert f"Its SHA-256 fingerprint is {colons(node.fingerprint)}." in text
    for cure in ("set api_fingerprint to it", "ca_path to the CA that signed it", "validate_certs to false"):
        assert cure in text
    assert not refusal.value.sent
    assert "p4ss" not in text


def test_a_certificate_for_another_name_is_not_trusted(trust: Any) -> None:
    context, _fingerprint = trust.context("other.example.com")
    with serving(context) as other:
        endpoint = Endpoint("127.0.0.1", other.port)
        transport = HttpsTransport(Connection(ca_path=str(trust.path)), endpoint)
        with pytest.raises(CertificateRefused, match="Cures: set api_fingerprint"):
            transport.send("GET", "/api2/json/version", {}, SECRET)
        transport.close()
        assert other.requests == []


def test_the_fingerprint_replaces_the_authority(node: Any, send: Any) -> None:
    assert send(fingerprints=(node.fingerprint,)).status == 200


def test_any_of_several_fingerprints_is_trusted(node: Any, send: Any) -> None:
    assert send(fingerprints=("ab" * 32, node.fingerprint)).status == 200


def test_an_authority_s_file_without_a_certificate_is_reported(node: Any, send: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n", encoding="utf-8")
    with pytest.raises(InvalidOption, match=r"^ca_path: there is no certificate in '.*/empty\.pem'$"):
        send(ca_path=str(tmp_path / "empty.pem"))
    assert node.requests == []


def test_login_too_is_checked_before_the_password_is_sent(node: Any) -> None:
    connection = Connection(
        endpoints=(Endpoint("127.0.0.1", node.port),), user="u@pve", password="p4ss", fingerprints=("ab" * 32,)
    )
    client = Client(connection)
    with pytest.raises(CertificateRefused):
        client.call("PUT", "/pools", {})
    client.close()
    assert node.requests == []


def test_every_new_connection_is_checked(node: Any, trust: Any) -> None:
    """A node that is replaced in mid-run gets nothing, either."""
    endpoint = Endpoint("127.0.0.1", node.port)
    transport = HttpsTransport(Connection(fingerprints=(node.fingerprint,)), endpoint)
    transport.send("GET", "/api2/json/version", {}, SECRET)
    context, _fingerprint = trust.context("127.0.0.1")
    with serving(context) as other:
        transport.endpoint = Endpoint("127.0.0.1", other.port)
        with pytest.raises(CertificateRefused):
            transport.send("GET", "/api2/json/version", {}, SECRET)
        assert other.requests == []
    transport.close()


@pytest.mark.parametrize("bundle", [None, "/no/such/bundle.pem"])
def test_validation_can_be_switched_off_whatever_the_environment_says(
    send: Any, monkeypatch: pytest.MonkeyPatch, bundle: str | None
) -> None:
    if bundle:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert send(validate_certs=False).status == 200


def test_the_presented_fingerprint(node: Any) -> None:
    assert presented_fingerprint(Endpoint("127.0.0.1", node.port), 10) == colons(node.fingerprint)


def test_no_fingerprint_without_a_server() -> None:
    assert presented_fingerprint(Endpoint("127.0.0.1", unused_port()), 10) == ""


# --- what reaches the server ------------------------------------------------------------------------------------------


def test_netrc_does_not_replace_the_token(
    node: Any, send: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    send(fingerprints=(node.fingerprint,))
    assert node.requests[0][3]["Authorization"] == SECRET["Authorization"]


def test_redirects_are_not_followed(node: Any, send: Any) -> None:
    node.answer = (302, "Found", {"Location": f"https://localhost:{node.port}/elsewhere"}, "")
    assert send(fingerprints=(node.fingerprint,)).status == 302
    assert len(node.requests) == 1


def test_writes_carry_a_form_and_text_survives(node: Any, send: Any) -> None:
    send(
        "PUT",
        "/api2/json/x",
        {"comment": TEXT, "on": True, "off": False, "none": None, "many": ["a", "b"]},
        fingerprints=(node.fingerprint,),
    )
    method, path, body, headers = node.requests[0]
    assert (method, path) == ("PUT", "/api2/json/x")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert urllib.parse.parse_qsl(body) == [("comment", TEXT), ("on", "1"), ("off", "0"), ("many", "a"), ("many", "b")]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_parameters_of_reads_and_deletes_are_in_the_query(node: Any, send: Any, method: str) -> None:
    send(method, "/api2/json/x%2Fy", {"comment": TEXT, "purge": True}, fingerprints=(node.fingerprint,))
    _method, path, body, headers = node.requests[0]
    assert body == ""
    assert headers.get("Content-Length", "0") == "0"
    assert path.startswith("/api2/json/x%2Fy?")
    assert urllib.parse.parse_qsl(path.partition("?")[2]) == [("comment", TEXT), ("purge", "1")]


def test_a_prefix_of_a_reverse_proxy(node: Any, send: Any) -> None:
    send(prefix="/pve", fingerprints=(node.fingerprint,))
    assert node.requests[0][1] == "/pve/api2/json/version"


def test_one_connection_serves_many_requests(node: Any) -> None:
    endpoint = Endpoint("127.0.0.1", node.port)
    transport = HttpsTransport(Connection(fingerprints=(node.fingerprint,)), endpoint)
    for _number in range(3):
        transport.send("GET", "/api2/json/version", {}, SECRET)
    adapter = transport.session.get_adapter(endpoint.url)
    assert isinstance(adapter, requests.adapters.HTTPAdapter)
    (key,) = adapter.poolmanager.pools.keys()
    assert adapter.poolmanager.pools[key].num_connections == 1
    transport.close()


def test_forms_of_parameters() -> None:
    params = {"a": True, "b": False, "c": None, "d": [1, None, "x"], "e": 1.5, "f": "", "g": ()}
    assert form(params) == [("a", "1"), ("b", "0"), ("d", "1"), ("d", "x"), ("e", "1.5"), ("f", "")]


# --- answers ----------------------------------------------------------------------------------------------------------


def test_unicode_in_an_answer(node: Any, send: Any) -> None:
    node.answer = (200, "OK", {}, json.dumps({"data": TEXT}, ensure_ascii=False))
    assert send(fingerprints=(node.fingerprint,)).body == {"data": TEXT}


def test_an_error_may_be_reported_by_the_reason_phrase_alone(node: Any) -> None:
    node.answer = (500, "Speicher 'größe' does not exist", {}, "")
    client = Client(
        Connection(endpoints=(Endpoint("127.0.0.1", node.port),), fingerprints=(node.fingerprint,), token="u@pve!t")
    )
    with pytest.raises(NotFound, match="Speicher 'größe' does not exist"):
        client.get("/storage/x")
    client.close()


# --- no answer --------------------------------------------------------------------------------------------------------


def unused_port() -> Any:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_closed_port_is_not_sent_to() -> None:
    endpoint = Endpoint("127.0.0.1", unused_port())
    transport = HttpsTransport(Connection(), endpoint)
    with pytest.raises(ConnectionFailed, match="Check api_host and api_port, and that pveproxy runs there") as failure:
        transport.send("GET", "/api2/json/version", {}, SECRET)
    assert f"Cannot connect to 127.0.0.1:{endpoint.port}" in str(failure.value)
    assert not failure.value.sent
    transport.close()


def test_a_proxy_that_is_down_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:s3cret@127.0.0.1:{unused_port()}")
    transport = HttpsTransport(Connection(), Endpoint("pve.example.com", 8006))
    with pytest.raises(ConnectionFailed, match=r"to pve\.example\.com:8006 by the proxy 127\.0\.0\.1:") as failure:
        transport.send("GET", "/api2/json/version", {}, SECRET)
    assert not failure.value.sent
    assert "s3cret" not in str(failure.value)
    transport.close()


def test_an_unknown_host_is_not_sent_to() -> None:
    transport = HttpsTransport(Connection(), Endpoint("no-such-host.invalid", 8006))
    with pytest.raises(ConnectionFailed, match=r"Cannot connect to no-such-host\.invalid:8006") as failure:
        transport.send("GET", "/api2/json/version", {}, SECRET)
    assert not failure.value.sent
    transport.close()


@pytest.mark.parametrize("answer", ["reset", "silence"])
def test_a_request_without_an_answer_may_have_run(node: Any, send: Any, answer: str) -> None:
    node.answer = answer
    with pytest.raises(ConnectionFailed) as failure:
        send("PUT", fingerprints=(node.fingerprint,), timeout=0.3)
    assert failure.value.sent
    assert not isinstance(failure.value, CertificateRefused)
    assert ("did not answer within 0.3 s (api_timeout)" if answer == "silence" else "was lost") in str(failure.value)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + b"\r\n", *[b"x"] * 1000],
        [HEAD, *[b"X-Header: x\r\n"] * 90],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 1000],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 1000],
    ],
    ids=["body", "headers", "chunks", "until the end"],
)
def test_an_answer_that_drips_ends_with_the_time(node: Any, send: Any, pieces: Any) -> None:
    node.answer = pieces
    with pytest.raises(ConnectionFailed, match=r"did not finish its answer within 0\.5 s") as caught:
        send("POST", fingerprints=(node.fingerprint,), timeout=0.5)
    assert caught.value.sent


@pytest.mark.parametrize("bomb", [True, False], ids=["bomb", "honest"])
def test_an_answer_is_bounded_after_it_was_decompressed(node: Any, send: Any, monkeypatch: Any, bomb: Any) -> None:
    size = https.LARGEST_ANSWER + 1 if bomb else 1000
    packed = gzip.compress(b" " * (size - 13) + b'{"data":null}')
    node.answer = [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed]
    if not bomb:
        assert send("GET", fingerprints=(node.fingerprint,)).body == {"data": None}
        return
    with pytest.raises(UnexpectedAnswer, match="sent more than 64 MiB as one answer"):
        send("GET", fingerprints=(node.fingerprint,))


def test_an_answer_that_nests_too_deep_is_text(node: Any, send: Any) -> None:
    node.answer = (200, "OK", {}, "[" * 200000)
    assert isinstance(send("GET", fingerprints=(node.fingerprint,)).body, str)


def test_a_server_without_tls_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _address = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        port = server.getsockname()[1]
        transport = HttpsTransport(Connection(), Endpoint("127.0.0.1", port))
        with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{port} does not speak TLS") as failure:
            transport.send("GET", "/api2/json/version", {}, SECRET)
        thread.join()
    assert not failure.value.sent
    transport.close()


# --- pvesh ------------------------------------------------------------------------------------------------------------

PVESH = """#!/bin/sh
printf '%s\\n' "$@" > "$PVESH_SEEN"
cat "$PVESH_OUT"
cat "$PVESH_ERR" >&2
exit "$PVESH_EXIT"
"""


@pytest.fixture
def pvesh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Put a pvesh on the PATH; ``pvesh(out=..., err=..., exit=...)`` reports what it says, ``pvesh.seen()`` what it was given."""
    executable = tmp_path / "pvesh"
    executable.write_text(PVESH)
    executable.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PVESH_SEEN", str(tmp_path / "seen"))

    def says(out: str = "", err: str = "", exit_code: int = 0) -> Client:
        for name, text in (("OUT", out), ("ERR", err)):
            (tmp_path / name).write_text(text)
            monkeypatch.setenv(f"PVESH_{name}", str(tmp_path / name))
        monkeypatch.setenv("PVESH_EXIT", str(exit_code))
        return Client(Connection(backend="local", timeout=20))

    says.seen = lambda: (tmp_path / "seen").read_text().split("\n")[:-1]  # type: ignore[attr-defined] # a function has attributes
    return says


@pytest.mark.parametrize(
    ("method", "command"), [("GET", "get"), ("POST", "create"), ("PUT", "set"), ("DELETE", "delete")]
)
def test_calls_become_commands(pvesh: Any, method: str, command: str) -> None:
    pvesh(out='{"a": [1, "ü"]}').call(
        method, "/pools/a%2Fb", {"comment": "two words", "on": True, "many": ["x", "y"], "no": None}
    )
    assert pvesh.seen() == [
        *(command, "/pools/a/b", "--output-format", "json"),
        *("--comment", "two words", "--on", "1", "--many", "x", "--many", "y"),
    ]


def test_the_answers_of_commands(pvesh: Any) -> None:
    assert pvesh(out='{"a": [1, "ü"]}').get("/x") == {"a": [1, "ü"]}
    assert pvesh(out="").call("PUT", "/x") is None
    assert pvesh(out='"UPID:pve:0000D84A:000957F8:6B00C117:qmstart:100:root@pam:"\n').call("POST", "/x") == (
        "UPID:pve:0000D84A:000957F8:6B00C117:qmstart:100:root@pam:"
    )
    progress = "transferred 1 GiB\nUPID:pve:0000D84A:000957F8:6B00C117:qmclone:100:root@pam:\n"
    assert pvesh(out=progress).call("POST", "/x") == "UPID:pve:0000D84A:000957F8:6B00C117:qmclone:100:root@pam:"


def test_the_errors_of_commands(pvesh: Any) -> None:
    with pytest.raises(NotFound, match="pool 'x' does not exist"):
        pvesh(err="pool 'x' does not exist\n", exit_code=2).get("/pools/x")
    refusal = (
        "400 Parameter verification failed.\nvmid: type check ('integer') failed - got 'x'\npvesh create /x [OPTIONS]\n"
    )
    with pytest.raises(InvalidParameter) as failure:
        pvesh(err=refusal, exit_code=255).call("POST", "/x", {"vmid": "x"})
    assert failure.value.errors == {"vmid": "type check ('integer') failed - got 'x'"}
    assert failure.value.server_message == "Parameter verification failed."


def test_without_pvesh_the_machine_is_no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConnectionFailed, match="pvesh exists on PVE nodes only") as failure:
        Client(Connection(backend="local")).get("/version")
    assert not failure.value.sent


def test_an_upload_is_a_form_with_the_file_as_its_last_part(node: Any, tmp_path: Path) -> None:
    (tmp_path / "a.iso").write_text(TEXT)
    upload = Upload(str(tmp_path / "a.iso"), "b.iso", len(TEXT.encode()))
    endpoint = Endpoint("127.0.0.1", node.port, "")
    connection = Connection(
        endpoints=(endpoint,), token="u@pve!t", token_secret="s", fingerprints=(node.fingerprint,), timeout=20
    )
    client = Client(connection)
    assert client.call("POST", "/x/upload", {"content": "iso", "keep": True}, upload=upload) is None
    client.close()
    method, path, body, headers = node.requests[0]
    assert (method, path, len(node.requests)) == ("POST", "/api2/json/x/upload", 1)
    assert headers["Content-Length"] == str(len(body.encode()))
    boundary = headers["Content-Type"].removeprefix("multipart/form-data; boundary=")
    parts = [part.partition("\r\n\r\n") for part in body.split(f"--{boundary}")]
    assert [part[2] for part in parts[1:-1]] == ["iso\r\n", "1\r\n", f"{TEXT}\r\n"]
    assert 'name="filename"; filename="b.iso"' in parts[-2][0]


def test_an_upload_may_stall_as_long_as_an_answer_may_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes no bytes for longer than connecting may take must not end the upload."""
    asked = {}

    def send(*_call: Any, timeout: Any, **_more: Any) -> NoReturn:
        asked["timeout"] = timeout
        raise requests.exceptions.ReadTimeout

    (tmp_path / "a.iso").write_text("x")
    endpoint = Endpoint("127.0.0.1", 8006, "")
    transport = HttpsTransport(Connection(endpoints=(endpoint,), connect_timeout=2, timeout=30), endpoint)
    monkeypatch.setattr(transport.session.get_adapter(endpoint.url), "send", send)
    for upload, timeout in ((None, (2, 30)), (Upload(str(tmp_path / "a.iso"), "a.iso", 1), (30, 30))):
        with pytest.raises(ConnectionFailed):
            transport.send("POST", "/x", {}, {}, upload)
        assert asked["timeout"] == timeout


def test_uploads_need_https(pvesh: Any) -> None:
    with pytest.raises(PveError, match="Uploads need api_backend https, not local"):
        pvesh().call("POST", "/x", {}, upload=Upload("a.iso", "a.iso", 1))


def test_both_ends_of_the_way_are_reported_unless_a_proxy_stands_there(
    monkeypatch: pytest.MonkeyPatch, pvesh: Any
) -> None:
    def ends(host: Any) -> Any:
        client = Client(Connection(endpoints=(Endpoint(host, 8006),)))
        return client.addresses()

    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert ends("127.0.0.1") == ("127.0.0.1", "127.0.0.1")
    assert ends("pve.invalid") is None
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert ends("192.0.2.1") is None
    assert pvesh().addresses() is None
