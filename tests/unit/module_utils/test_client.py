# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a scripted transport: identity, retries, choice of the host, and what errors say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api import client as client_module
from ansible_collections.pve.automation.plugins.module_utils._core.api.client import PAUSES, Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.api.https import Response
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    ApiError,
    AuthenticationFailed,
    CertificateRefused,
    Conflict,
    ConnectionFailed,
    HopFailed,
    InvalidParameter,
    Locked,
    NodeUnreachable,
    NoQuorum,
    NotFound,
    NotImplementedByServer,
    PermissionDenied,
    PveError,
    UnexpectedAnswer,
    is_transient,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Upload

HOSTS = (Endpoint("a", 8006), Endpoint("b", 8006), Endpoint("c", 8006))
TOKEN = Connection(endpoints=HOSTS[:1], user="u@pve", token="u@pve!t", token_secret="s3cret")
LOGIN = Connection(endpoints=HOSTS[:1], user="u@pve", password="p4ss")
LOST = ConnectionFailed("lost", sent=True)
DOWN = ConnectionFailed("down", sent=False)
LOCKED = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"


def ok(data: Any = None) -> Response:
    return Response(200, "OK", {"data": data})


def no(status: Any, message: str = "", errors: Any = None) -> Response:
    return Response(
        status, message, {"data": None, "message": f"{message}\n", **({"errors": errors} if errors else {})}
    )


class Script:
    """A server that answers logins by itself and everything else as reported, in turn; then with ``ok``."""

    def __init__(self, *answers: Any, logins: Any = ()) -> None:
        self.answers, self.logins = list(answers), list(logins)
        self.asked: list[Any] = []
        self.pauses: list[Any] = []
        self.opened: list[Any] = []
        self.tickets = 0

    def client(self, connection: Any) -> Any:
        client = Client(connection, self.open)
        client.sleep = self.pauses.append
        return client

    def open(self, endpoint: Any) -> Host:
        self.opened.append(endpoint)
        return Host(self, endpoint)

    def answer(self, url: Any) -> Any:
        if url == "/api2/json/access/ticket":
            if self.logins:
                return self.logins.pop(0)
            self.tickets += 1
            return ok({"ticket": f"PVE:u@pve:{self.tickets}::a+/=", "CSRFPreventionToken": f"csrf{self.tickets}"})
        return self.answers.pop(0) if self.answers else ok("done")

    @property
    def calls(self) -> list[Any]:
        """(host, method, path) of everything but logins."""
        return [
            (host, method, path) for host, method, path, _params, _headers in self.asked if path != "/access/ticket"
        ]

    @property
    def log_ins(self) -> list[Any]:
        return [params for _host, _method, path, params, _headers in self.asked if path == "/access/ticket"]

    def headers(self, index: Any = -1) -> Any:
        return self.asked[index][4]


class Host:
    def __init__(self, script: Any, endpoint: Any) -> None:
        self.script, self.host = script, endpoint.host if endpoint else "here"

    def send(self, method: Any, url: Any, params: Any, headers: Any, upload: Any = None) -> Any:
        self.script.asked.append((self.host, method, url.removeprefix("/api2/json"), dict(params), dict(headers)))
        answer = self.script.answer(url)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def addresses(self) -> tuple[str, str] | None:
        return None

    def close(self) -> None:
        self.script.opened.remove(next(one for one in self.script.opened if one.host == self.host))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The time as the client sees it, in seconds: set ``clock.now``."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr("time.monotonic", lambda: Clock.now)
    return Clock


# --- identity ---------------------------------------------------------------------------------------------------------


def test_nothing_is_opened_or_sent_before_the_first_call() -> None:
    script = Script()
    client = script.client(LOGIN)
    assert (script.opened, script.asked) == ([], [])
    client.get("/version")
    client.close()
    assert script.opened == []
    assert client.get("/version") == "done"


def test_a_token_goes_into_the_header_and_needs_neither_login_nor_csrf_token() -> None:
    script = Script()
    script.client(TOKEN).call("POST", "/pools", {"poolid": "x"})
    assert script.asked == [
        ("a", "POST", "/pools", {"poolid": "x"}, {"Authorization": "PVEAPIToken=u@pve!t=s3cret"}),
    ]


def test_a_password_becomes_one_ticket_and_writes_carry_the_csrf_token() -> None:
    script = Script()
    client = script.client(LOGIN)
    client.get("/pools")
    client.call("POST", "/pools")
    client.call("DELETE", "/pools/x")
    assert script.log_ins == [{"username": "u@pve", "password": "p4ss"}]
    cookie = {"Cookie": "PVEAuthCookie=PVE%3Au%40pve%3A1%3A%3Aa%2B%2F%3D"}
    assert script.headers(0) == {}
    assert script.headers(1) == cookie
    assert script.headers(2) == script.headers(3) == {**cookie, "CSRFPreventionToken": "csrf1"}


def test_a_ticket_is_renewed_by_itself_before_it_expires(clock: Any) -> None:
    script = Script()
    client = script.client(LOGIN)
    client.get("/version")
    clock.now += client_module.RENEW_AFTER
    client.get("/version")
    assert len(script.log_ins) == 1
    clock.now += 1
    client.get("/version")
    assert script.log_ins[1:] == [{"username": "u@pve", "password": "PVE:u@pve:1::a+/="}]
    assert "%3A2%3A" in script.headers()["Cookie"]


def test_a_ticket_that_is_too_old_is_not_renewed_by_itself(clock: Any) -> None:
    script = Script()
    client = script.client(LOGIN)
    client.get("/version")
    clock.now += client_module.TICKET_LIFE
    client.get("/version")
    assert script.log_ins[1]["password"] == "p4ss"


def test_a_renewal_that_is_refused_falls_back_to_the_password(clock: Any) -> None:
    script = Script()
    client = script.client(LOGIN)
    client.get("/version")
    clock.now += client_module.RENEW_AFTER + 1
    script.logins = [no(401, "authentication failure")]
    client.get("/version")
    assert [params["password"] for params in script.log_ins] == ["p4ss", "PVE:u@pve:1::a+/=", "p4ss"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_ticket_that_expires_in_mid_run_costs_one_login(method: str) -> None:
    script = Script(ok(), no(401, "permission denied - invalid PVE ticket"), ok("second"))
    client = script.client(LOGIN)
    client.get("/version")
    assert client.call(method, "/pools") == "second"
    assert [params["password"] for params in script.log_ins] == ["p4ss", "p4ss"]
    assert script.calls[1:] == [("a", method, "/pools")] * 2
    assert script.pauses == []


def test_a_new_login_is_tried_once_and_after_other_retries_too() -> None:
    script = Script(*[no(500, LOCKED)] * len(PAUSES), no(401, "no ticket"), no(401, "no ticket"))
    with pytest.raises(AuthenticationFailed):
        script.client(LOGIN).get("/pools")
    assert len(script.log_ins) == 2


def test_a_connection_lost_at_a_new_login_says_that_the_request_did_not_run() -> None:
    script = Script(ok(), no(401, "no ticket"))
    client = script.client(LOGIN)
    client.get("/version")
    script.logins = [ConnectionFailed("lost", sent=True)] * 9
    with pytest.raises(ConnectionFailed) as refusal:
        client.call("PUT", "/pools")
    assert not refusal.value.sent
    assert script.calls == [("a", "GET", "/version"), ("a", "PUT", "/pools")]


def test_a_ticket_that_another_thread_replaced_is_used() -> None:
    script = Script(ok(), no(401, "no ticket"))
    client = script.client(LOGIN)
    client.get("/version")
    forget = client._forget

    def race(ticket: Any) -> None:
        forget(ticket)
        client.get("/version")  # as another thread would
        forget(ticket)

    client._forget = race
    client.get("/pools")
    assert len(script.log_ins) == 2


def test_a_refused_token_is_refused_at_once() -> None:
    script = Script(no(401, "no such token 't' for user 'u@pve'"))
    with pytest.raises(AuthenticationFailed, match="no such token"):
        script.client(TOKEN).get("/version")
    assert len(script.asked) == 1


def test_a_wrong_password_is_tried_once_and_explained_without_it() -> None:
    script = Script(logins=[no(401, "authentication failure")])
    with pytest.raises(AuthenticationFailed) as refusal:
        script.client(LOGIN).get("/version")
    assert len(script.asked) == 1
    assert "POST /access/ticket was answered with 401: authentication failure" in str(refusal.value)
    assert "Check api_user (with its realm" in str(refusal.value)
    assert "p4ss" not in str(refusal.value)


@pytest.mark.parametrize(
    ("otp", "proof"), [("123456", "totp:123456"), ("recovery:AB-CD", "recovery:AB-CD"), ("totp:1", "totp:1")]
)
def test_a_second_factor(otp: str, proof: str) -> None:
    script = Script(logins=[ok({"ticket": "PVE:!tfa!x", "NeedTFA": 1})])
    script.client(Connection(endpoints=HOSTS[:1], user="u@pve", password="p4ss", otp=otp)).get("/version")
    assert script.log_ins[1] == {"username": "u@pve", "password": proof, "tfa-challenge": "PVE:!tfa!x"}


def test_a_second_factor_that_is_missing_is_asked_for() -> None:
    script = Script(logins=[ok({"ticket": "PVE:!tfa!x", "NeedTFA": 1})])
    with pytest.raises(AuthenticationFailed, match="Set api_otp to a code of it, or use an API token"):
        script.client(LOGIN).get("/version")
    assert len(script.asked) == 1


def test_on_a_node_itself_there_are_no_credentials() -> None:
    script = Script()
    script.client(Connection(backend="local")).call("POST", "/pools")
    assert script.asked == [("here", "POST", "/pools", {}, {})]


# --- retries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [LOST, DOWN, no(595, "No route to host"), no(599, "Too many redirections"), no(500, LOCKED)]
)
def test_reads_are_tried_again_with_growing_pauses(fault: Any) -> None:
    script = Script(ok(), fault, fault, ok("at last"))
    client = script.client(TOKEN)
    client.get("/version")
    assert client.get("/pools") == "at last"
    assert script.pauses == list(PAUSES[:2])


@pytest.mark.parametrize("fault", [LOST, no(500, LOCKED)])
def test_reads_give_up_in_the_end(fault: Any) -> None:
    script = Script(*[fault] * 9)
    with pytest.raises((ConnectionFailed, Locked)):
        script.client(TOKEN).get("/pools")
    assert len(script.asked) == len(PAUSES) + 1


@pytest.mark.parametrize("fault", [DOWN, no(595, "No route to host"), no(500, LOCKED)])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_writes_that_certainly_did_not_run_are_tried_again(method: str, fault: Any) -> None:
    script = Script(ok(), fault, ok("at last"))
    client = script.client(TOKEN)
    client.get("/version")
    assert client.call(method, "/pools") == "at last"


@pytest.mark.parametrize("fault", [LOST, no(596, "Connection timed out"), no(599, "")])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_writes_that_may_have_run_are_not(method: str, fault: Any) -> None:
    script = Script(ok(), fault)
    client = script.client(TOKEN)
    client.get("/version")
    with pytest.raises((ConnectionFailed, HopFailed)):
        client.call(method, "/pools")
    assert len(script.calls) == 2


@pytest.mark.parametrize(
    "fault", [no(400, "x"), no(403, "x"), no(500, "x"), no(501, "x"), no(500, "VM is locked (backup)"), no(404, "x")]
)
def test_answers_are_not_asked_for_twice(fault: Any) -> None:
    script = Script(fault)
    with pytest.raises(ApiError):
        script.client(TOKEN).get("/pools")
    assert (len(script.asked), script.pauses) == (1, [])


def test_a_host_that_never_answered_is_not_tried_for_long() -> None:
    script = Script(DOWN)
    with pytest.raises(ConnectionFailed):
        script.client(TOKEN).call("PUT", "/pools")
    assert script.pauses == []


def test_an_upload_is_never_repeated() -> None:
    script = Script(ok(), DOWN)
    client = script.client(TOKEN)
    client.get("/version")
    with pytest.raises(ConnectionFailed):
        client.call("POST", "/upload", {}, upload=Upload("a.iso", "a.iso", 1))
    assert len(script.calls) == 2


# --- several hosts ----------------------------------------------------------------------------------------------------

THREE = Connection(endpoints=HOSTS, user="u@pve", token="u@pve!t", token_secret="s")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_next_host_when_one_is_down_and_then_that_one(method: str) -> None:
    script = Script(DOWN, ok("from b"))
    client = script.client(THREE)
    assert client.call(method, "/pools") == "from b"
    client.get("/version")
    assert script.calls == [("a", method, "/pools"), ("b", method, "/pools"), ("b", "GET", "/version")]
    assert script.pauses == []


def test_a_read_goes_to_the_next_host_when_a_connection_is_lost() -> None:
    script = Script(LOST, ok("from b"))
    assert script.client(THREE).get("/pools") == "from b"


def test_a_write_that_may_have_run_goes_to_no_other_host() -> None:
    script = Script(LOST)
    with pytest.raises(ConnectionFailed):
        script.client(THREE).call("PUT", "/pools")
    assert script.calls == [("a", "PUT", "/pools")]


def test_a_login_goes_to_the_next_host_even_before_a_write() -> None:
    script = Script(logins=[ConnectionFailed("lost", sent=True)])
    client = script.client(Connection(endpoints=HOSTS, user="u@pve", password="p4ss"))
    assert client.call("PUT", "/pools") == "done"
    assert script.calls == [("b", "PUT", "/pools")]


def test_when_all_hosts_are_down_each_is_named() -> None:
    script = Script(*[ConnectionFailed(f"Cannot connect to {host}.", sent=False) for host in "abc"])
    with pytest.raises(ConnectionFailed) as refusal:
        script.client(THREE).call("PUT", "/pools")
    assert str(refusal.value) == (
        "None of the hosts in api_host could be used: Cannot connect to a. Cannot connect to b. Cannot connect to c."
    )
    assert not refusal.value.sent


def test_when_no_certificate_is_trusted_the_cures_are_kept() -> None:
    script = Script(*[CertificateRefused("not trusted", hint="cures")] * 3)
    with pytest.raises(CertificateRefused, match="cures"):
        script.client(THREE).get("/pools")


def test_when_hosts_fail_for_several_reasons_each_cure_is_reported_once() -> None:
    down = ConnectionFailed("Cannot connect.", sent=False, hint="Check it.")
    script = Script(down, CertificateRefused("Not trusted.", hint="Cures."), down)
    with pytest.raises(ConnectionFailed, match=r"Cannot connect\. Not trusted\. Check it\. Cures\.$"):
        script.client(THREE).get("/pools")


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (no(400, "Parameter verification failed.", {"vmid": "invalid\nformat"}), InvalidParameter),
        (no(400, "detected modified configuration - file changed by other user? Try again."), Conflict),
        (no(403, "Permission check failed"), PermissionDenied),
        (no(404, "matcher 'x' not found"), NotFound),
        (no(500, "Configuration file 'nodes/pve/qemu-server/100.conf' does not exist"), NotFound),
        (no(500, "pool 'x' does not exist"), NotFound),
        (no(500, "no such user ('x@pve')"), NotFound),
        (no(500, "no such cluster node 'x'"), ApiError),
        (
            no(500, "hostname lookup 'x' failed - failed to get address info for: x: Name or service not known"),
            ApiError,
        ),
        (no(500, "update storage failed: no such option 'x'"), ApiError),
        (no(500, "unable to create VM 100 - VM 100 already exists on node 'pve'"), Conflict),
        (no(500, "VM 100 config checksum mismatch (file change by other user?)"), Conflict),
        (no(500, "checksum missmatch (file change by other user?)"), Conflict),
        (no(500, "VM is locked (backup)"), Locked),
        (no(500, "CT is locked (snapshot)"), Locked),
        (no(500, "cfs-lock 'file-user_cfg' error: got lock request timeout"), Locked),
        (no(501, "Method 'GET /x' not implemented"), NotImplementedByServer),
        (no(596, ""), HopFailed),
        (no(500, "something else"), ApiError),
    ],
)
def test_the_kind_of_an_error_follows_from_status_and_text(response: Any, kind: Any) -> None:
    with pytest.raises(ApiError) as refusal:
        Script(*[response] * 9).client(TOKEN).get("/x")
    assert refusal.value.__class__ is kind


def test_the_reasons_of_all_parameters_are_reported() -> None:
    script = Script(no(400, "Parameter verification failed.", {"vmid": "bad\n  format", "name": "too long"}))
    with pytest.raises(InvalidParameter) as refusal:
        script.client(TOKEN).call("POST", "/nodes/pve/qemu")
    assert str(refusal.value) == (
        "POST /nodes/pve/qemu was answered with 400: Parameter verification failed.\n  name: too long\n  vmid: bad format"
    )
    assert refusal.value.details() == {
        "type": "InvalidParameter",
        "message": "Parameter verification failed.",
        "hint": "",
        "method": "POST",
        "path": "/nodes/pve/qemu",
        "status": 400,
        "errors": {"vmid": "bad\n  format", "name": "too long"},
    }


def test_a_missing_privilege_is_named_with_its_path_and_the_identity() -> None:
    script = Script(no(403, "Permission check failed (/vms/100, VM.Config.Disk)"))
    with pytest.raises(PermissionDenied) as refusal:
        script.client(TOKEN).get("/nodes/pve/qemu/100/config")
    text = str(refusal.value)
    assert "Asked as u@pve!t." in text
    assert "It needs VM.Config.Disk on /vms/100: grant a role with it by pve_acl." in text
    assert "A token with privilege separation has only what its own ACL entries and its user's both allow." in text


@pytest.mark.parametrize(
    ("response", "reported"),
    [
        (
            no(403, "Permission check failed (changing feature flags (except nesting) is only allowed for root@pam)"),
            "Only root@pam with a password may do this; no API token can",
        ),
        (no(403, "Permission check failed (user != root@pam)"), "Only root@pam with a password may do this"),
        (no(500, "only root can set 'hookscript' config"), "log in as root@pam with its password, not with a token"),
        (
            no(400, "Parameter verification failed.", {"privs": "invalid privilege 'VM.Monitor'"}),
            "PVE 9 has no VM.Monitor; use VM.GuestAgent.Audit",
        ),
        (no(500, "invalid parameter 'group': ha groups have been migrated to rules"), "use pve_ha_rule with type"),
        (
            no(500, "VM is locked (backup)"),
            "Wait for the running task; a lock that was left behind goes with 'qm unlock'",
        ),
    ],
)
def test_what_to_do_next_is_reported_where_it_is_known(response: Any, reported: str) -> None:
    with pytest.raises(ApiError, match=re.escape(reported)):
        Script(response).client(TOKEN).call("PUT", "/x")


def test_an_unknown_node_is_named() -> None:
    script = Script(no(500, "hostname lookup 'pve9' failed - failed to get address info for: pve9: Temporary failure"))
    with pytest.raises(ApiError, match="There is no node of that name in the cluster"):
        script.client(TOKEN).get("/nodes/pve9/qemu")


def test_without_a_body_the_reason_phrase_is_the_message() -> None:
    script = Script(Response(500, "storage 'x' is not online", ""))
    with pytest.raises(ApiError, match="storage 'x' is not online"):
        script.client(TOKEN).get("/x")


def test_the_body_goes_before_the_reason_phrase() -> None:
    """A proxy may have put its own phrase there."""
    body = {"data": None, "message": "Configuration file 'nodes/pve/lxc/100.conf' does not exist\n"}
    with pytest.raises(
        NotFound, match=r"answered with 500: Configuration file 'nodes/pve/lxc/100\.conf' does not exist$"
    ):
        Script(Response(500, "Internal Server Error", body)).client(TOKEN).get("/nodes/pve/lxc/100/config")


@pytest.mark.parametrize(("phrase", "reported"), [("", "no reason given"), ("Internal Server Error", "Internal")])
def test_a_reason_that_was_lost_on_the_way_is_reported_as_such(phrase: str, reported: str) -> None:
    with pytest.raises(ApiError, match=rf"{reported}.*\. A proxy on the way may have dropped it"):
        Script(Response(500, phrase, {"data": None})).client(TOKEN).get("/x")


@pytest.mark.parametrize("response", [Response(301, "Moved", "<html>"), Response(200, "OK", "<html>login</html>")])
def test_what_is_no_pve_is_reported(response: Any) -> None:
    for connection, script in ((TOKEN, Script(response)), (LOGIN, Script(logins=[response]))):
        with pytest.raises(PveError, match="Something other than PVE answers there"):
            script.client(connection).get("/x")


def test_no_secret_is_in_any_error() -> None:
    for response in (no(401, "no"), no(403, "Permission check failed (/, Sys.Audit)"), no(500, "no"), LOST):
        with pytest.raises(PveError) as refusal:
            Script(*[response] * 9).client(TOKEN).call("PUT", "/x", {"password": "p4ss"})
        assert "s3cret" not in f"{refusal.value} {refusal.value.details()}"
        assert "p4ss" not in f"{refusal.value} {refusal.value.details()}"


# --- release ----------------------------------------------------------------------------------------------------------


def test_the_release_is_asked_for_once() -> None:
    script = Script(ok({"version": "9.2.11", "release": "9.2"}))
    client = script.client(TOKEN)
    assert [client.release(), client.release()] == [(9, 2), (9, 2)]
    assert len(script.asked) == 1


def test_a_server_without_a_version_is_an_error() -> None:
    with pytest.raises(PveError, match="does not report its version"):
        Script(ok({})).client(TOKEN).release()


# --- nodes, gateways, quorum ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_gives_up(status: Any) -> None:
    script = Script(Response(status, "Bad Gateway", "<html>", "<html>"))
    assert script.client(TOKEN).get("/pools") == "done"
    assert script.pauses == [PAUSES[0]]
    script = Script(Response(status, "Bad Gateway", "<html>", "<html>"))
    with pytest.raises(HopFailed, match="A proxy in front of the API") as caught:
        script.client(TOKEN).call("POST", "/pools")
    assert caught.value.may_have_run
    assert len(script.calls) == 1


@pytest.mark.parametrize(
    "message",
    [
        "cluster not ready - no quorum?",
        "cfs-lock 'file-user_cfg' error: no quorum!",
        "unable to open file '/etc/pve/nodes/pve/qemu-server/100.conf.tmp.1234' - Permission denied",
    ],
)
def test_a_cluster_without_quorum_is_reported_with_what_works_and_what_to_do(message: Any) -> None:
    with pytest.raises(NoQuorum, match=r"has no quorum.*read-only.*Reading still works.*pvecm status") as caught:
        Script(no(500, message)).client(TOKEN).call("POST", "/pools")
    assert is_transient(caught.value)


def test_a_node_that_is_down_is_named_with_what_still_works() -> None:
    script = Script(*[no(595, "No route to host")] * 9)
    with pytest.raises(
        NodeUnreachable, match=r"Node pve2 does not answer.*Calls for other nodes.*pve_cluster_info"
    ) as caught:
        script.client(TOKEN).call("POST", "/nodes/pve2/qemu")
    assert not caught.value.may_have_run
    assert len(script.calls) == len(PAUSES) + 1


@pytest.mark.parametrize(
    "data", [None, [], "x", {"ticket": None}, {"ticket": "x"}, {"ticket": 1, "CSRFPreventionToken": "x"}]
)
def test_a_login_without_ticket_is_an_error(data: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="holds no ticket"):
        Script(logins=[ok(data)]).client(LOGIN).get("/version")


@pytest.mark.parametrize("data", [None, [], "9.2", {"version": None}, {"version": "9" * 5000}])
def test_a_server_that_does_not_tell_its_version(data: Any) -> None:
    with pytest.raises(PveError, match="does not report its version"):
        Script(ok(data)).client(TOKEN).release()
