# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions on a machine: commands of its agent, its cloud-init drive, keys."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.agent_calls import (
    AGENT_CALLS,
    COMMANDS,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.cloudinit import CLOUD_INIT
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.keyboard import CHORD, chord_of
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.sendkey import KEYS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.agent import AgentRefused
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from tests.unit.guests.fake import GuestServer
from tests.unit.resources.fake import calls, planned

PATH = "/nodes/pve1/qemu/9001"
MACHINE: dict[str, dict[str, Any]] = {
    "qemu/9001": {"name": "web", "ide2": "local:9001/vm-9001-cloudinit.qcow2,media=cdrom"}
}
WAITING = [
    {"key": "ciuser", "value": "a", "pending": "b"},
    {"key": "sshkeys", "delete": 1},
    {"key": "citype", "value": "x"},
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_agent(command: str) -> None:
    plan = planned(AGENT_CALLS, GuestServer(MACHINE), name="web", command=command)
    assert calls(plan) == [("POST", f"{PATH}/agent/{command}", {})]
    assert plan.steps[0].changes is (command not in ("ping", "fsfreeze-status"))
    assert plan.steps[0].repeatable is not command.startswith(("shutdown", "suspend"))


def test_facts_are_asked_for_one_by_one() -> None:
    reported = {f"{PATH}/agent/{call}": {"result": call} for call in ("get-time", "info", "get-memory-blocks")}
    server = GuestServer(MACHINE, reported)
    after = planned(AGENT_CALLS, server, vmid=9001, node="pve1", gather=["time", "info", "memory-blocks"]).after or {}
    assert [after[name] for name in ("time", "info", "memory_blocks")] == ["get-time", "info", "get-memory-blocks"]
    assert server.asked == list(reported)


def test_what_the_agent_refuses_is_an_error() -> None:
    refusal = {"result": {"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled"}}}
    server = GuestServer(MACHINE, {f"{PATH}/agent/get-time": refusal})
    with pytest.raises(AgentRefused, match="refuses get-time: Command guest-get-time has been disabled"):
        planned(AGENT_CALLS, server, vmid=9001, node="pve1", gather=["time"])


def test_a_drive_that_is_up_to_date_is_left_alone() -> None:
    server = GuestServer(MACHINE, {f"{PATH}/cloudinit": WAITING[2:]})
    assert not planned(CLOUD_INIT, server, vmid=9001, node="pve1").steps
    assert server.asked == [f"{PATH}/cloudinit"]


def test_a_drive_is_written_where_something_waits() -> None:
    plan = planned(CLOUD_INIT, GuestServer(MACHINE, {f"{PATH}/cloudinit": WAITING}), name="web")
    assert calls(plan) == [("PUT", f"{PATH}/cloudinit", {})]
    assert (plan.before or {})["pending"] == ["ciuser", "sshkeys"]
    assert plan.steps[0].verify


def test_a_drive_is_written_anew_by_force() -> None:
    plan = planned(CLOUD_INIT, GuestServer(MACHINE, {f"{PATH}/cloudinit": []}), vmid=9001, force=True)
    assert calls(plan) == [("PUT", f"{PATH}/cloudinit", {})]
    assert not plan.steps[0].verify


def test_a_machine_without_a_drive() -> None:
    server = GuestServer({"qemu/9001": {"ide2": "local:iso/cloudinit.iso,media=cdrom"}}, {f"{PATH}/cloudinit": WAITING})
    with pytest.raises(InvalidOption, match=r"vmid: .*no cloud-init drive"):
        planned(CLOUD_INIT, server, vmid=9001)


def test_keys_are_pressed_one_after_the_other() -> None:
    plan = planned(KEYS, GuestServer(MACHINE, status="running"), vmid=9001, keys=["ctrl-alt-delete", "f2"])
    assert calls(plan) == [("PUT", f"{PATH}/sendkey", {"key": key}) for key in ("ctrl-alt-delete", "f2")]
    assert not any(step.repeatable or step.verify for step in plan.steps)


def test_a_text_is_typed_with_pauses() -> None:
    server = GuestServer(MACHINE, status="running")
    plan = planned(KEYS, server, vmid=9001, text="<esc><wait 2>Ls -l=~<wait>\n<ctrl-alt-f2><lt>", interval=0.5)
    assert [(step.params["key"], step.pause) for step in plan.steps] == [
        ("esc", 0.0),
        ("shift-l", 2.5),
        ("s", 0.5),
        ("spc", 0.5),
        ("minus", 0.5),
        ("l", 0.5),
        ("equal", 0.5),
        ("shift-grave_accent", 0.5),
        ("ret", 1.5),
        ("ctrl-alt-f2", 0.5),
        ("shift-comma", 0.5),
    ]


def test_every_printable_character_has_keys_of_its_own() -> None:
    printable = [chr(code) for code in range(32, 127)]
    chords = [chord_of(character) for character in printable]
    assert len(set(chords)) == len(printable)
    assert all(CHORD.fullmatch(chord) for chord in chords)


@pytest.mark.parametrize("text", ["für", "a < b", "<nO>", "<>", "a<wait>", "<wait 9999>", "\x1b"])
def test_what_cannot_be_typed(text: str) -> None:
    with pytest.raises(InvalidOption, match="text"):
        planned(KEYS, GuestServer(MACHINE, status="running"), vmid=9001, text=text)


def test_an_interval_that_is_none() -> None:
    with pytest.raises(InvalidOption, match="interval"):
        planned(KEYS, GuestServer(MACHINE, status="running"), vmid=9001, keys=["ret"], interval=-1)


@pytest.mark.parametrize("key", ["Ret", "a b", "", "-"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(InvalidOption, match="keys"):
        planned(KEYS, GuestServer(MACHINE, status="running"), vmid=9001, keys=[key])


def test_a_machine_that_does_not_run_or_is_not_there() -> None:
    with pytest.raises(Refused):
        planned(KEYS, GuestServer(MACHINE), vmid=9001, keys=["ret"])
    with pytest.raises(InvalidOption, match="name: there is no virtual machine 'else'"):
        planned(KEYS, GuestServer(MACHINE), name="else", keys=["ret"])
