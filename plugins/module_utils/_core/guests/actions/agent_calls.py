# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the QEMU guest agent of a VM: commands, files, file systems, passwords."""

from __future__ import annotations

import base64
import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import Reader, State
from ...model.errors import ApiError, InvalidOption, PveError
from ...model.plan import Plan, Step
from ..agent import read_interfaces, result_of
from ..identity import GUEST, GuestName, NamedDesired, NamedGuest, NamedObserved, find_vm, read_there
from ..locate import Location

CALLS = ("exec", "write", "read", "fsfreeze", "password", "command", "gather")
COMMANDS = ("fsfreeze-status", "fstrim", "ping", "shutdown", "suspend-disk", "suspend-hybrid", "suspend-ram")
QUESTIONS = ("fsfreeze-status", "ping")  # the commands that change nothing
FACTS = (
    *("interfaces", "osinfo", "fsinfo", "host-name", "users", "time", "timezone", "vcpus"),
    *("memory-blocks", "memory-block-info", "info"),
)
LARGEST_FILE = 61440  # characters, of file-write in the API's schema
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds between two looks at a command that runs
# The agent's message about a program that it cannot start has characters on which PVE's own process ends.
_NO_PROGRAM = (
    "PVE answers in the same way if the program does not exist in the guest. Give its whole path; "
    "each item of argv is one word."
)


class CommandFailed(PveError):
    """The command inside the guest ended with another code than 0, or was ended by a signal."""


@dataclasses.dataclass(frozen=True)
class AgentDesired(NamedDesired):
    """What a task wants of an agent: one of these."""

    exec: Mapping[str, Any] | None
    write: Mapping[str, str] | None
    read: str | None
    fsfreeze: str | None
    password: Mapping[str, Any] | None
    command: str | None
    gather: Sequence[str]
    timeout: float


class AgentCalls(NamedGuest[AgentDesired, NamedObserved]):
    """See the module pve_guest_agent."""

    name = "guest"
    kinds = ("qemu",)

    def arguments(self) -> dict[str, Any]:
        command = {
            "argv": {"type": "list", "elements": "str", "required": True},
            "stdin": {"type": "str", "no_log": True},
            "check": {"type": "bool", "default": True},
        }
        file = {"path": {"type": "str", "required": True}, "content": {"type": "str", "required": True}}
        password = {
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "crypted": {"type": "bool", "default": False},
        }
        spec = {
            **GUEST,
            "exec": {"type": "dict", "options": command},
            "write": {"type": "dict", "options": file},
            "read": {"type": "str"},
            "fsfreeze": {"type": "str", "choices": ["frozen", "thawed"]},
            "password": {"type": "dict", "options": password, "no_log": False},
            "command": {"type": "str", "choices": list(COMMANDS)},
            "gather": {"type": "list", "elements": "str", "choices": list(FACTS)},
            "timeout": {"type": "int", "default": 60},
        }
        return {
            "argument_spec": spec,
            "required_one_of": [["vmid", "name"], list(CALLS)],
            "mutually_exclusive": [list(CALLS)],
        }

    def may_be_empty(self) -> set[str]:
        """What a command or a file is given; an argument of a command may be empty as well."""
        return {"exec.argv[]", "exec.stdin", "write.content"}

    def parse(self, params: Mapping[str, Any]) -> AgentDesired:
        if params.get("exec") and not params["exec"]["argv"]:
            raise InvalidOption("exec", "argv is empty: give the command and its arguments")
        if params.get("exec") and not (params["exec"]["stdin"] or "").isascii():
            raise InvalidOption(
                "exec",
                "stdin has characters beyond ASCII, which PVE does not pass on",
                hint="Write a file by write, and let the command read it.",
            )
        if params.get("write") and len(encoded(params["write"]["content"])["content"]) > LARGEST_FILE:
            raise InvalidOption("write", f"content is longer than the {LARGEST_FILE} characters that PVE takes at once")
        given = {name: params[name] for name in CALLS if name != "gather"}
        return AgentDesired(GuestName.parse(params), gather=params["gather"] or (), timeout=params["timeout"], **given)

    def read(self, reader: Reader, desired: AgentDesired) -> NamedObserved:
        # A call that only reads finds out by itself that the VM is not there.
        acts = desired.read is None and not desired.gather
        found = desired.found or find_vm(reader, desired.guest, verify=acts)
        return NamedObserved(*read_there(reader, found, lambda where: self._observe(reader, where, desired)))

    def _observe(self, reader: Reader, where: Location, desired: AgentDesired) -> State:
        state: State = {"vmid": where.vmid, "node": where.node}
        if desired.read is not None:
            state["content"] = read_file(reader, where, desired.read)["content"]
        if desired.write:
            state["content"] = self._present_content(reader, where, desired.write["path"])
        for fact in desired.gather:
            state[fact.replace("-", "_")] = self._fact(reader, where, fact)
        return state

    @staticmethod
    def _present_content(reader: Reader, where: Location, path: str) -> str | None:
        try:
            content: str = read_file(reader, where, path)["content"]
        except ApiError as error:
            if "failed to open file" in error.server_message:  # of the agent: guest-file-open
                return None
            raise
        return content

    @staticmethod
    def _fact(reader: Reader, where: Location, fact: str) -> Any:
        if fact == "interfaces":
            return read_interfaces(reader, where)
        call = fact if fact == "info" else f"get-{fact}"
        return result_of(reader.get(f"{where.path}/agent/{call}") or {}, call)

    def plan(self, observed: NamedObserved, desired: AgentDesired) -> Plan:
        state, path = observed.state, f"{observed.found.where.path}/agent"
        guest = f"virtual machine {state['vmid']}"
        if desired.exec:
            params = {"command": desired.exec["argv"]}
            if desired.exec["stdin"] is not None:
                params["input-data"] = desired.exec["stdin"]
            summary = f"run {desired.exec['argv'][0]} in {guest}"
            step = Step(
                "POST",
                f"{path}/exec",
                params,
                summary,
                secrets=frozenset({"input-data"}),
                returns={"pid": "pid"},
                verify=False,
                repeatable=False,
                unclear=_NO_PROGRAM,
            )
            return Plan(state, state, (step,))
        if desired.write:
            return self._plan_write(path, state, desired.write, guest)
        if desired.fsfreeze:
            call = {"frozen": "freeze", "thawed": "thaw"}[desired.fsfreeze]
            summary = f"{call} the file systems of {guest}"
            step = Step("POST", f"{path}/fsfreeze-{call}", {}, summary, returns={"result": "result"}, verify=False)
            return Plan(state, {**state, "fsfreeze": desired.fsfreeze}, (step,))
        if desired.command:
            return self._plan_command(path, state, desired.command, guest)
        if desired.password:
            summary = f"set the password of {desired.password['username']} in {guest}"
            secret = frozenset({"password"})
            step = Step("POST", f"{path}/set-user-password", desired.password, summary, secret, verify=False)
            return Plan(state, state, (step,))
        return Plan.nothing(state)

    @staticmethod
    def _plan_command(path: str, state: State, command: str, guest: str) -> Plan:
        step = Step(
            "POST",
            f"{path}/{command}",
            {},
            f"let the agent of {guest} do {command}",
            returns={"result": "result"},
            changes=command not in QUESTIONS,
            verify=False,
            repeatable=command in (*QUESTIONS, "fstrim"),
        )
        return Plan(state, state, (step,))

    @staticmethod
    def _plan_write(path: str, state: State, file: Mapping[str, str], guest: str) -> Plan:
        if state["content"] == file["content"]:
            return Plan.nothing(state)
        params = {"file": file["path"], **encoded(file["content"])}
        step = Step("POST", f"{path}/file-write", params, f"write {file['path']} in {guest}")
        return Plan(state, {**state, "content": file["content"]}, (step,))

    def after_apply(
        self, reader: Reader, desired: AgentDesired, state: State, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """The output of a command that was started, and how it ended. Raises AgentRefused if the agent refuses the call."""
        if desired.command or desired.fsfreeze:
            result_of(answers, desired.command or "fsfreeze")
        if not desired.exec or not desired.found:
            return {}
        return wait_for_command(reader, desired.found.where, answers["pid"], desired.exec, desired.timeout)


AGENT_CALLS = AgentCalls()


def read_file(reader: Reader, where: Location, path: str) -> Mapping[str, Any]:
    """The answer of file-read; a file that is longer than PVE reads at once is an error."""
    answer: Mapping[str, Any] = reader.get(f"{where.path}/agent/file-read", {"file": path})
    if answer.get("truncated"):
        raise PveError(f"{path} is longer than PVE reads at once (16 MiB).")
    return {**answer, "content": decoded(answer.get("content", ""))}


def encoded(content: str) -> dict[str, Any]:
    """The parameters of file-write for a content: PVE encodes ASCII itself, and takes anything else in base64 only."""
    if content.isascii():
        return {"content": content}
    return {"content": base64.b64encode(content.encode()).decode(), "encode": False}


def decoded(text: str) -> str:
    """The text behind bytes that PVE passes on as Latin-1; what is no UTF-8 stays so."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def wait_for_command(
    client: Reader, where: Location, pid: int, command: Mapping[str, Any], timeout: float
) -> dict[str, Any]:
    """The end of a command: rc, stdout, stderr. Raises CommandFailed if it fails and ``check`` is set, or takes too long."""
    deadline, pause = time.monotonic() + timeout, FIRST_PAUSE
    while True:
        status = client.get(f"{where.path}/agent/exec-status", {"pid": pid})
        if status.get("exited"):
            break
        if time.monotonic() >= deadline:
            raise CommandFailed(
                f"{command['argv'][0]} still runs in the {where} after {timeout:g} s, as process {pid}."
            )
        client.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    result: dict[str, Any] = {"rc": status.get("exitcode")}
    result.update({f"std{name}": decoded(status.get(f"{name}-data", "")) for name in ("out", "err")})
    for name in ("out", "err"):
        if status.get(f"{name}-truncated"):
            client.warnings.append(f"The output of the command (std{name}) was cut off by the guest agent.")
    if command["check"] and result["rc"] != 0:
        ended = f"by signal {status['signal']}" if "signal" in status else f"with code {result['rc']}"
        said = "".join(f"\n{result[name].rstrip()}" for name in ("stdout", "stderr") if result[name])
        raise CommandFailed(
            f"{command['argv'][0]} ended {ended} in the {where}.{said}", hint="check: false accepts it."
        )
    return result
