# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between a task and a cluster, as one small tree of exceptions::

    PveError                          what a user is meant to read: message and hint
    |- InvalidOption                  the task is wrong: option, reason and hint; nothing was sent
    |- WrongPathPart                  an id that cannot be a part of a path; nothing was sent
    |- Refused                        it would lose data or service, and no option allows it
    |- NotConverged                   every write was accepted, but the result differs
    |- UnexpectedAnswer               an answer has another shape than the API's
    |- ConnectionFailed               no answer; ``sent``: whether the server may have got the request
    |  `- CertificateRefused          no credential was sent
    |- TaskError                      an asynchronous task: upid, exitstatus, log
    |  |- TaskFailed
    |  `- TaskTimeout
    `- ApiError                       an answer with an error status
       |- AuthenticationFailed (401), PermissionDenied (403), InvalidParameter (400), NotImplementedByServer (501)
       |- NotFound, Conflict, Locked, NoQuorum     distinguished by their messages
       `- HopFailed                   a node (595-599) or a gateway (502-504) on the way did not answer
          `- NodeUnreachable          the connection to the other node was not made (595): nothing ran

Time-outs and refusals of one kind of resource are subclasses of PveError beside it (NodeTimeout, AgentTimeout, ...), and
``engine.Interrupted`` wraps any of them with what was done before it.
"""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

NO_REASON = "no reason given"
LONGEST_PART = (
    2000  # characters of an id in a path; PVE's proxy reads 8 KiB of a request's head (pve-http-server, AnyEvent.pm)
)
LONGEST_REASON = 4000  # characters of what is said about an option, which may repeat a value of any length
LOCK_HINT = "Wait for the running task; a lock that was left behind goes with 'qm unlock' or 'pct unlock' on the node."


class PveError(Exception):
    """Base of all errors that a user is meant to read; anything else is a bug and stays a traceback.

    ``str()`` is the whole message, with a hint what to do next where that is known.
    """

    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.hint

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        return self.message + (" " if self.message[-1:] in ".!?" else ". ") + self.hint

    def details(self) -> dict[str, Any]:
        """The facts of the error for the result of a task."""
        return {"type": type(self).__name__, "message": self.message, "hint": self.hint}


class InvalidOption(PveError):
    """The task itself is wrong; nothing was sent. ``option`` names the culprit, ``reason`` says what is wrong with it."""

    def __init__(self, option: str, reason: str, *, hint: str = "") -> None:
        if len(reason) > LONGEST_REASON:
            reason = f"{reason[: LONGEST_REASON // 2]} ... {reason[-LONGEST_REASON // 4 :]}"
        super().__init__(f"{option}: {reason}", hint=hint)
        self.option, self.reason = option, reason

    def inside(self, where: str, separator: str = ".") -> InvalidOption:
        """The same error of an option that belongs to another one, such as ``rules[2]``."""
        return InvalidOption(f"{where}{separator}{self.option}", self.reason, hint=self.hint)

    def details(self) -> dict[str, Any]:
        return {**super().details(), "option": self.option, "reason": self.reason}


CREATED_FIRST = "In check mode, run the task that creates it first."


def does_not_exist(option: str, what: str, hint: str = "") -> InvalidOption:
    """The error for something that an option names and that does not exist: the same in check mode and in a real run."""
    return InvalidOption(option, f"{what} does not exist", hint=f"{hint} {CREATED_FIRST}".strip())


def no_such_node(option: str, name: str, known: Iterable[str]) -> InvalidOption:
    """The error for a node that is not in the cluster. No task creates nodes, so it lists those that there are."""
    return InvalidOption(option, f"node {name!r} does not exist", hint=f"The nodes are {', '.join(sorted(known))}.")


class WrongPathPart(PveError):
    """An id that cannot be a part of an API path, so that nothing was sent."""

    def __init__(self, part: str) -> None:
        shown = ascii(part[:200]) + ("..." if len(part) > 200 else "")
        super().__init__(
            f"{shown} is not an id that the API takes: it is empty, '.' or '..', has '/', '\\' or a character in it that is "
            f"not printable ASCII, or is longer than {LONGEST_PART} characters",
        )
        self.part = part


class Refused(PveError):
    """The desired state is clear but would lose data or cut a running service; an option allows it explicitly."""


class NotConverged(PveError):
    """The server accepted every write, but what was read back still differs from the desired state."""


class UnexpectedAnswer(PveError):
    """An answer does not have the shape that the API gives it, or could not be understood."""

    hint = "If Proxmox VE 8.4 or 9 answers there, with nothing in between that changes answers, this is a bug: please report it."


class ConnectionFailed(PveError):
    """No answer. ``sent`` says whether the request may have reached the server, so that a write may have run."""

    def __init__(self, message: str, *, sent: bool, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class CertificateRefused(ConnectionFailed):
    """The node's certificate is not trusted; no credential was sent. ``presented`` is its fingerprint, where it is known."""

    def __init__(self, message: str, *, hint: str, presented: str = "") -> None:
        super().__init__(message, sent=False, hint=hint)
        self.presented = presented


class TaskError(PveError):
    """Something about an asynchronous PVE task. ``log`` holds its last lines."""

    def __init__(self, message: str, *, upid: str, exitstatus: str | None, log: list[str], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.upid = upid
        self.exitstatus = exitstatus
        self.log = log

    def __str__(self) -> str:
        tail = "".join(f"\n  {line}" for line in self.log)
        return super().__str__() + (f"\nLast lines of its log:{tail}" if tail else "")

    def details(self) -> dict[str, Any]:
        return {**super().details(), "upid": self.upid, "exitstatus": self.exitstatus, "log": self.log}


class TaskFailed(TaskError):
    """The task ended, and not well."""

    def __init__(self, message: str, *, upid: str, exitstatus: str, log: list[str]) -> None:
        said = "\n".join([exitstatus, *log])  # a backup ends with "job errors" only
        hint = next((hint for text, hint in _HINTS_OF_TASKS.items() if re.search(text, said)), "")
        super().__init__(message, upid=upid, exitstatus=exitstatus, log=log, hint=hint)

    @property
    def lock_timeout(self) -> bool:
        """Whether it gave up waiting for a lock."""
        return bool(_LOCK_TIMEOUT.search(self.exitstatus or ""))


class TaskTimeout(TaskError):
    """The task still runs after the time the caller gave it; it is not stopped."""


class ApiError(PveError):
    """The server answered with an error status."""

    def __init__(
        self, method: str, path: str, status: int, message: str, errors: dict[str, str] | None = None, *, hint: str = ""
    ) -> None:
        self.method, self.path, self.status, self.errors = method, path, status, errors or {}
        self.server_message = message.strip()
        reasons = "".join(f"\n  {name}: {' '.join(reason.split())}" for name, reason in sorted(self.errors.items()))
        super().__init__(f"{method} {path} was answered with {status}: {self.server_message}{reasons}", hint=hint)

    def details(self) -> dict[str, Any]:
        facts = {"method": self.method, "path": self.path, "status": self.status, "errors": self.errors}
        return {**super().details(), "message": self.server_message, **facts}


class AuthenticationFailed(ApiError):
    """Login refused, or ticket or token not accepted (401)."""

    hint = (
        "Check api_user (with its realm, as in root@pam), api_password or api_token_id and api_token_secret. "
        "A disabled or expired user looks the same. PVE knows neither HTTP Basic nor OAuth bearer logins."
    )


class PermissionDenied(ApiError):
    """The identity lacks a privilege (403)."""


class InvalidParameter(ApiError):
    """The server does not accept a parameter (400); ``errors`` says which and why."""


class NotFound(ApiError):
    """The thing does not exist. PVE answers most of these with 500, so the text decides."""


class Conflict(ApiError):
    """It exists already, or someone else changed it since it was read."""


class Locked(ApiError):
    """Another task holds the lock of a guest or of a configuration file."""

    hint = LOCK_HINT


class NoQuorum(ApiError):
    """Too few nodes of the cluster see each other, so that its configuration is read-only."""


class HopFailed(ApiError):
    """Something on the way did not answer in time: another node (596-599) or a gateway (502-504). A write may have run."""

    may_have_run = True


class NodeUnreachable(HopFailed):
    """The asked node could not connect to another one (595): nothing ran there."""

    may_have_run = False


class NotImplementedByServer(ApiError):
    """The server has no such call (501): another version of PVE."""


_ABSENT = re.compile(
    r"does not exist|no such (?!cluster node|option|file ')|not found|unable to find configuration file|unknown (?:ID|iface)"
    r"|there is no|ACME plugin '[^']*' not defined",
    re.IGNORECASE,
)
_DIGEST = re.compile(r"checksum miss?match|detected modified configuration", re.IGNORECASE)
_CONFLICT = re.compile(rf"already exists|already defined|{_DIGEST.pattern}", re.IGNORECASE)
_LOCK_TIMEOUT = re.compile(
    r"can't lock file .* - got timeout|can't acquire lock|cfs-lock .* error: got lock request timeout"
)
_LOCKED = re.compile(r"\b(?:VM|CT) is locked \(")
_NO_BRIDGE = "bridge '[^']*' does not exist|no physical interface on bridge"
_NO_BRIDGE_HINT = "Create the bridge by pve_node_network, or name another one in net."
_NO_QUORUM = re.compile(
    r"no quorum|cluster not ready|unable to open file '/etc/pve/[^']*' - Permission denied", re.IGNORECASE
)
QUORUM_HINT = (
    "The cluster has no quorum: fewer than half of its nodes see each other, and its configuration is read-only. "
    "Reading still works, and so does stopping guests; nothing can be created, changed, started or backed up. "
    "Bring the other nodes back online, or check the network between them; 'pvecm status' on a node and pve_cluster_info "
    "say which are missing."
)
_HINTS_OF_TASKS: Mapping[str, str] = {  # by what is found in the exit status or the last lines of the log
    _NO_QUORUM.pattern: QUORUM_HINT,
    f"{_LOCKED.pattern}|{_LOCK_TIMEOUT.pattern}": LOCK_HINT,
    "KVM virtualisation configured, but not available": "Switch it on in the firmware or the hypervisor, "
    "or set kvm: false, which emulates it slowly.",
    _NO_BRIDGE: _NO_BRIDGE_HINT,
}
GATEWAYS = (502, 503, 504)
_OVERTAKEN = re.compile(
    r"already (?:exists?|defined|running|stopped|paused|in use|a template)|not running|not paused|does not exist|no such|not found",
    re.IGNORECASE,
)
_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidParameter,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    501: NotImplementedByServer,
}


def overtaken(error: ApiError | TaskFailed) -> bool:
    """Whether a refusal may mean that somebody else has just done what was to be done."""
    said = (
        (error.exitstatus or "")
        if isinstance(error, TaskFailed)
        else " ".join([error.server_message, *error.errors.values()])
    )
    return bool(_OVERTAKEN.search(said))


def is_transient(error: PveError) -> bool:
    """Whether the same task may succeed later without anybody changing it."""
    passing = (ConnectionFailed, HopFailed, Conflict, Locked, NoQuorum, TaskTimeout)
    if isinstance(error, TaskFailed):
        return error.lock_timeout or bool(_NO_QUORUM.search(" ".join([error.exitstatus or "", *error.log])))
    return isinstance(error, passing) and not isinstance(error, CertificateRefused)


@contextlib.contextmanager
def understanding(source: object) -> Iterator[None]:
    """Let what code makes of a bent answer be an UnexpectedAnswer. ``source`` has in ``last_answer`` whose answer came last.

    Before the first answer, such an exception is a bug of ours and stays what it is.
    """
    try:
        yield
    except (TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError) as error:
        last = str(getattr(source, "last_answer", ""))
        if not last:
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        name = "/".join(place.filename.split("/")[-2:])
        said = f"{type(error).__name__} {str(error)[:200]!a} in {name}, line {place.lineno}"
        raise UnexpectedAnswer(
            f"What the server answered is not understood: {said}. The last answer was that of {last}."
        ) from error


def is_lock_timeout(error: PveError) -> bool:
    """True if the server gave up waiting for a lock, so that the request certainly did nothing."""
    return isinstance(error, Locked) and bool(_LOCK_TIMEOUT.search(error.server_message))


def api_error(
    method: str, path: str, status: int, message: str, errors: dict[str, str] | None = None, *, who: str = ""
) -> ApiError:
    """The most specific class for an answer; ``who`` is the identity that asked, for permission hints."""
    kind = _BY_STATUS.get(status)
    if kind is InvalidParameter and _DIGEST.search(message):
        kind = Conflict
    if kind is None and (status in GATEWAYS or 596 <= status <= 599):
        kind = HopFailed
    if kind is None and status == 595:
        kind = NodeUnreachable
    if _NO_QUORUM.search(message):
        kind = NoQuorum
    if kind is None:
        if _LOCK_TIMEOUT.search(message) or _LOCKED.search(message):
            kind = Locked
        elif _CONFLICT.search(message):
            kind = Conflict
        elif _ABSENT.search(message):
            kind = NotFound
        else:
            kind = ApiError
    text = " ".join([message, *(errors or {}).values()])
    hint = _permission_hint(method, path, message, who) if kind is PermissionDenied else _hint(text)
    hint = QUORUM_HINT if kind is NoQuorum else hint or _hint_about_hops(kind, path, status)
    return kind(method, path, status, message, errors, hint=hint)


def _hint_about_hops(kind: type[ApiError], path: str, status: int) -> str:
    """What is wrong between the asked server and the one that should answer, what works nevertheless, and what to do."""
    node = re.match(r"/nodes/([^/]+)", path)
    name = f"Node {node[1]}" if node else "The node"
    if kind is NodeUnreachable:
        return (
            f"{name} does not answer the node in api_host, so nothing was done there: it is off, or its network or pveproxy "
            "is. Calls for other nodes and for the cluster still work; pve_cluster_info shows which nodes are online."
        )
    if status in GATEWAYS:
        return "A proxy in front of the API gave up waiting for it: its time-out may be too short, or the node is down."
    return f"{name} did not answer in time." if kind is HopFailed else ""


def _hint(message: str) -> str:
    return next((hint for text, hint in _HINTS.items() if re.search(text, message)), "")


_HINTS: Mapping[str, str] = {  # by what is found in the message
    "^no such file '/": "There is no API at this path: check the path in api_host.",  # what pveproxy says of it
    "hostname lookup '[^']*' failed|no such cluster node": "There is no node of that name in the cluster.",
    r"\bstorage '[^']*' does not exist": "Create the storage by pve_storage, or name another one.",
    r"\bno such group '[^']*'": "Create the group by pve_group, or name another one.",
    r"cannot use unmanaged resource\(s\)": "Make each guest of the rule an HA resource by pve_ha first.",
    "have been migrated to rules": "PVE 9 replaced HA groups by rules: use pve_ha_rule with type node-affinity.",
    "an entity with the same name already exists": "Endpoints and matchers of notifications share their names.",
    r"\b(VM|CT) \d+ already exists|config file already exists": "Choose another vmid, or give none for the next free one.",
    _NO_BRIDGE: _NO_BRIDGE_HINT,
    r"only root can \w+ '(hostpci|usb)\d+' config": "Only root@pam with its password may pass a device by its address. Let it "
    "create a mapping by pve_mapping, grant Mapping.Use on /mapping/pci/NAME or /mapping/usb/NAME, and name it: mapping=NAME.",
    "[Oo]nly root (can|may) ": "No privilege is for this: log in as root@pam with its password, not with a token.",
    f"^({NO_REASON}|Internal Server Error)$": "A proxy on the way may have dropped it: older releases of PVE give "
    "reasons in the status line only.",
    "invalid privilege 'VM.Monitor'": "PVE 9 has no VM.Monitor; use VM.GuestAgent.Audit and its relatives.",
}


_IN_POOL = "VM.Allocate on /vms/VMID, or on /pool/NAME if the task gives pool: NAME"
# Calls whose refusal names nothing -> what they need (qemu-server and pve-container: API2, check of create_vm and clone_vm;
# pve-access-control: RPCEnvironment.pm, check of userid-group)
_UNNAMED: Mapping[str, str] = {
    r"POST /nodes/[^/]+/(qemu|lxc)": _IN_POOL,
    r"POST /nodes/[^/]+/(qemu|lxc)/\d+/clone": f"VM.Clone on the source and {_IN_POOL}",
    r"POST /access/users": "User.Modify on /access/groups, or on each of the groups given, and Realm.AllocateUser on "
    "/access/realm/REALM",
    r"\w+ /access/(users/.*|password|tfa/.*)": "User.Modify on /access/groups, or on a group of the user",
}


def _permission_hint(method: str, path: str, message: str, who: str) -> str:
    if re.search(r"\bpool '[^']*' does not exist", message):  # PVE refuses it like a pool that is not allowed
        return "Create the pool by pve_pool, or name another one."
    needed = re.search(r"Permission check failed \((/[^,\s]*), ([^)]+)\)", message)
    parts = [f"Asked as {who}." if who else ""]
    if needed:
        parts.append(f"It needs {needed[2]} on {needed[1]}: grant a role with it by pve_acl.")
    elif unnamed := next((need for call, need in _UNNAMED.items() if re.fullmatch(call, f"{method} {path}")), ""):
        parts.append(f"It needs {unnamed}: grant a role with it by pve_acl.")
    elif "root@pam" not in message:
        parts.append("pve_permission_info shows what it may do, and which privileges a module needs.")
    if "!" in who:
        parts.append("A token with privilege separation has only what its own ACL entries and its user's both allow.")
    if "root@pam" in message:
        parts.append("Only root@pam with a password may do this; no API token can.")
    return " ".join(part for part in parts if part)
