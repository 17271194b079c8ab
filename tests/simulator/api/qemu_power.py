# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power of virtual machines, and what talks to the running process (qemu-server src/PVE/API2/Qemu.pm)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..call import Call
from ..errors import ApiError
from ..guest import Guest, find_guest
from ..guest_options import check_root_options
from ..guest_power import hibernate_guest, start_guest, stop_guest, wake_guest
from ..guest_status import agent_enabled, qemu_current
from ..guest_tasks import start_task
from ..ha_moves import managed, request_power
from ..routing import endpoint
from ..tasks import TaskLog

# The key codes of QEMU's monitor (QKeyCode in qapi/ui.json) and, as there, hexadecimal scan codes
KEY = re.compile(
    r"[a-z0-9]|f([1-9]|1[0-2])|(shift|alt|ctrl|meta)(_r)?|esc|minus|equal|backspace|tab|ret|spc|menu|compose|again|undo|"
    r"less|grave_accent|bracket_(left|right)|semicolon|apostrophe|backslash|comma|dot|slash|asterisk|caps_lock|num_lock|"
    r"scroll_lock|kp_([0-9]|divide|multiply|subtract|add|enter|decimal|equals|comma)|sysrq|print|home|pgup|pgdn|end|left|"
    r"up|down|right|insert|delete|stop|pause|help|find|cut|copy|paste|open|front|props|lf|power|sleep|wake|0x[0-9a-f]+"
)
BASE = "/nodes/{node}/qemu/{vmid}"
STATUS = f"{BASE}/status"
NO_AGENT = "QEMU Guest Agent is not running - VM {} qga command 'guest-ping' failed - got timeout"
DEAF_TIMEOUT = 60.0  # seconds that a machine without an operating system is given to shut down
PAUSED = "VM is paused - cannot shutdown"
DEAF = "VM quit/powerdown failed - got timeout"


@endpoint("GET", STATUS)
def status_index(call: Call) -> Any:
    return [{"subdir": name} for name in ("current", "start", "stop", "reset", "shutdown", "suspend", "reboot")]


@endpoint("GET", f"{STATUS}/current")
def current(call: Call) -> Any:
    return qemu_current(call.cluster, machine(call))


def machine(call: Call) -> Guest:
    return find_guest(call.cluster, "qemu", call.params["vmid"], str(call.node))


def process(call: Call, text: str = "VM {} not running") -> Guest:
    """The running machine; refuses absent and stopped ones in the words of the process table."""
    vmid = call.params["vmid"]
    guest = present(call)
    if guest is None:
        raise no_file(call)
    if not guest.running:
        raise ApiError(500, text.format(vmid))
    return guest


def no_file(call: Call) -> ApiError:
    return ApiError(500, f"unable to find configuration file for VM {call.params['vmid']} on node '{call.node}'")


def power_task(
    call: Call,
    kind: str,
    work: Callable[[Guest, TaskLog], Any],
    duration: float = 1.0,
    ignore_lock: bool = False,
) -> str:
    """A task on a machine that is looked for only when the task runs."""
    check_root_options(call, "skiplock", "keepActive", "stateuri", "migratedfrom")
    return start_task(
        call,
        kind,
        call.params["vmid"],
        lambda log: work(machine(call), log),
        guest=present(call),
        ignore_lock=ignore_lock or bool(call.params.get("skiplock")),
        duration=duration,
    )


def present(call: Call) -> Guest | None:
    """The machine, if it is there."""
    guest: Guest | None = call.cluster.guests.get(call.params["vmid"])
    return guest if guest is not None and guest.kind == "qemu" and guest.node == call.node else None


def ha_request(call: Call, guest: Guest | None, start: bool) -> str | None:
    """The task that stands for the action where high availability manages the guest."""
    sid = managed(call.cluster, guest)
    return request_power(call, guest, sid, start) if guest is not None and sid else None


@endpoint("POST", f"{STATUS}/start")
def start(call: Call) -> Any:
    if upid := ha_request(call, present(call), start=True):
        return upid

    found = present(call)

    def run(guest: Guest, log: TaskLog) -> None:
        if guest.running:
            raise ApiError(500, f"VM {guest.vmid} already running")
        if guest.hibernated:
            wake_guest(call.cluster, guest, log)
        else:
            start_guest(call.cluster, guest, log)

    return power_task(call, "qmstart", run, ignore_lock=found is not None and found.hibernated)


@endpoint("POST", f"{STATUS}/stop")
def stop(call: Call) -> Any:
    check_root_options(call, "skiplock", "keepActive", "migratedfrom")
    vmid = call.params["vmid"]
    if upid := ha_request(call, present(call), start=False):
        return upid

    def run(log: TaskLog) -> None:
        guest = present(call)
        if guest is None:
            raise no_file(call)
        if guest.running:
            stop_guest(call.cluster, guest)

    found = present(call)
    skip = bool(call.params.get("skiplock")) or (found is not None and not found.running)
    return start_task(call, "qmstop", vmid, run, guest=found, ignore_lock=skip)


@endpoint("POST", f"{STATUS}/shutdown")
def shutdown(call: Call) -> Any:
    if upid := ha_request(call, present(call), start=False):
        return upid
    found = present(call)
    if found is not None and found.paused and not call.params.get("forceStop"):
        raise ApiError(500, PAUSED)
    deaf = found is not None and found.running and not found.answers
    duration = float(call.params.get("timeout", DEAF_TIMEOUT)) if deaf else 2.0
    return power_task(call, "qmshutdown", lambda guest, log: _shut_down(call, guest, log), duration=duration)


def _shut_down(call: Call, guest: Guest, log: TaskLog) -> None:
    """Ask the guest's operating system to stop; one that does not react stays, unless it is forced."""
    if not guest.running:
        return
    if guest.paused:
        log("VM is paused - stop instead of shutdown")
    elif not guest.answers:
        if agent_enabled(guest):
            log(NO_AGENT.format(guest.vmid))
        if not call.params.get("forceStop"):
            raise ApiError(500, DEAF)
        log("VM still running - terminating now with SIGTERM")
    stop_guest(call.cluster, guest)


@endpoint("POST", f"{STATUS}/reboot")
def reboot(call: Call) -> Any:
    guest = process(call)
    if guest.paused:
        raise ApiError(500, PAUSED)

    def run(guest: Guest, log: TaskLog) -> None:
        _shut_down(call, guest, log)
        start_guest(call.cluster, guest, log)

    return power_task(call, "qmreboot", run, duration=2.0)


@endpoint("POST", f"{STATUS}/reset")
def reset(call: Call) -> Any:
    process(call)
    return power_task(call, "qmreset", lambda guest, log: None)


@endpoint("POST", f"{STATUS}/suspend")
def suspend(call: Call) -> Any:
    """Pause, or with todisk hibernate: the memory goes to a volume and the machine stops."""
    process(call)
    to_disk = bool(call.params.get("todisk"))

    def run(guest: Guest, log: TaskLog) -> None:
        if to_disk:
            hibernate_guest(call.cluster, guest, call.params.get("statestorage"), log)
        else:
            guest.paused = True

    return power_task(call, "qmsuspend" if to_disk else "qmpause", run)


@endpoint("POST", f"{STATUS}/resume")
def resume(call: Call) -> Any:
    guest = present(call)
    hibernated = guest is not None and guest.hibernated
    if not hibernated:
        process(call)

    def run(log: TaskLog) -> None:
        found = machine(call)
        if hibernated:
            wake_guest(call.cluster, found, log)
        else:
            found.paused = False

    return start_task(call, "qmresume", call.params["vmid"], run)


@endpoint("PUT", f"{BASE}/sendkey")
def send_key(call: Call) -> Any:
    if not machine(call).running:
        process(call)
    keys = str(call.params["key"]).split("-")
    unknown = next((key for key in keys if not KEY.fullmatch(key)), None)
    if unknown is not None:  # the monitor ends its lines by CR LF
        raise ApiError(500, f"ERROR: invalid parameter: {unknown}\r\n")
    return None


@endpoint("POST", f"{BASE}/monitor")
def monitor(call: Call) -> Any:
    guest = machine(call)
    if not guest.running:
        return f"ERROR: VM {guest.vmid} not running\n"
    if call.params["command"] == "info name":
        return f"{guest.name}\r\n"
    if call.params["command"] == "info status":
        return f"VM status: {'paused' if guest.paused else 'running'}\r\n"
    return f"unknown command: '{call.params['command']}'\r\n"


@endpoint("POST", f"{BASE}/vncproxy")
def vnc_proxy(call: Call) -> Any:
    guest = machine(call)
    upid = start_task(call, "vncproxy", guest.vmid, lambda log: None, duration=10)
    answer = {
        "user": call.user,
        "upid": upid,
        "port": "5900",
        "ticket": f"PVEVNC:{int(call.cluster.now()):08X}::{call.cluster.hexadecimal(40)}",
        "cert": "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n",
    }
    if call.params.get("websocket"):
        answer["password"] = call.cluster.hexadecimal(8)
    return answer


@endpoint("POST", f"{BASE}/spiceproxy")
def spice_proxy(call: Call) -> Any:
    process(call)
    raise ApiError(500, f"VM {call.params['vmid']} has no spice display")
