# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are pressed in a virtual machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption, Refused
from ...model.plan import Plan, Step
from ..identity import GUEST, GuestName, NamedDesired, NamedGuest, NamedObserved, find_vm, read_there
from .keyboard import CHORD, Stroke, strokes

LONGEST_INTERVAL = 60.0


@dataclasses.dataclass(frozen=True)
class KeysDesired(NamedDesired):
    """The keys to press."""

    strokes: Sequence[Stroke]


class Keys(NamedGuest[KeysDesired, NamedObserved]):
    """An action: press keys, one chord after the other, or type a text."""

    name = "machine"
    kinds = ("qemu",)

    def arguments(self) -> dict[str, Any]:
        spec = {
            **GUEST,
            "keys": {"type": "list", "elements": "str", "no_log": False},
            "text": {"type": "str"},
            "interval": {"type": "float", "default": 0.0},
        }
        return {
            "argument_spec": spec,
            "required_one_of": [["vmid", "name"], ["keys", "text"]],
            "mutually_exclusive": [["keys", "text"]],
        }

    def parse(self, params: Mapping[str, Any]) -> KeysDesired:
        if not 0 <= params["interval"] <= LONGEST_INTERVAL:
            raise InvalidOption("interval", f"is a number of seconds from 0 to {LONGEST_INTERVAL:g}")
        return KeysDesired(GuestName.parse(params), _strokes(params))

    def read(self, reader: Reader, desired: KeysDesired) -> NamedObserved:
        found, status = read_there(
            reader,
            desired.found or find_vm(reader, desired.guest),
            lambda where: reader.get(f"{where.path}/status/current").get("status"),
        )
        return NamedObserved(found, {"vmid": found.where.vmid, "node": found.where.node, "status": status})

    def plan(self, observed: NamedObserved, desired: KeysDesired) -> Plan:
        state, where = observed.state, observed.found.where
        if state["status"] != "running":
            raise Refused(f"Virtual machine {where.vmid} does not run.", hint="Start it first.")
        steps = [
            Step(
                "PUT",
                f"{where.path}/sendkey",
                {"key": stroke.chord},
                f"press {stroke.chord} in virtual machine {where.vmid}",
                verify=False,
                repeatable=False,
                pause=stroke.pause,
            )
            for stroke in desired.strokes
        ]
        return Plan(state, state, tuple(steps))


def _strokes(params: Mapping[str, Any]) -> list[Stroke]:
    """What is pressed: the keys, or those that type the text."""
    if params["text"] is not None:
        try:
            return strokes(params["text"], params["interval"])
        except ValueError as error:
            raise InvalidOption("text", str(error)) from None
    for chord in params["keys"]:
        if not CHORD.fullmatch(chord):
            raise InvalidOption(
                "keys", f"{chord!r} is not a key, or several joined by '-', such as 'ret' or 'ctrl-alt-delete'"
            )
    return [Stroke(chord, params["interval"] if number else 0.0) for number, chord in enumerate(params["keys"])]


KEYS = Keys()
