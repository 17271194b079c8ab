# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are pressed in a virtual machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.contract import Desired, Reader, State
from ...model.errors import InvalidOption, Refused
from ...model.plan import Plan, Step
from ..identity import GUEST, NamedGuest, find_machine, read_there
from ..locate import Location
from .keyboard import CHORD, Stroke, strokes

LONGEST_INTERVAL = 60.0


class Keys(NamedGuest):
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

    def parse(self, params: Mapping[str, Any]) -> Desired:
        if not 0 <= params["interval"] <= LONGEST_INTERVAL:
            raise InvalidOption("interval", f"is a number of seconds from 0 to {LONGEST_INTERVAL:g}")
        return {**{name: params[name] for name in GUEST}, "strokes": _strokes(params)}

    def read(self, reader: Reader, desired: Desired) -> State:
        if "where" not in desired:
            desired["where"] = find_machine(reader, desired)
        status = read_there(reader, desired, lambda where: reader.get(f"{where.path}/status/current").get("status"))
        where: Location = desired["where"]
        return {"vmid": where.vmid, "node": where.node, "status": status}

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        observed = observed or {}
        if observed["status"] != "running":
            raise Refused(f"Virtual machine {observed['vmid']} does not run.", hint="Start it first.")
        steps = [
            Step(
                "PUT",
                f"{desired['where'].path}/sendkey",
                {"key": stroke.chord},
                f"press {stroke.chord} in virtual machine {observed['vmid']}",
                verify=False,
                repeatable=False,
                pause=stroke.pause,
            )
            for stroke in desired["strokes"]
        ]
        return Plan(observed, observed, tuple(steps))


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
