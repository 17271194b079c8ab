# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are pressed in a virtual machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Desired, Reader, State
from ...model.errors import InvalidOption, Refused
from ...model.plan import Plan, Step
from ..identity import GUEST, NamedGuest, find_machine, found_there
from ..locate import Location


class Keys(NamedGuest):
    """An action: press keys, one chord after the other."""

    name = "machine"
    kinds = ("qemu",)

    def arguments(self) -> dict[str, Any]:
        spec = {**GUEST, "keys": {"type": "list", "elements": "str", "required": True, "no_log": False}}
        return {"argument_spec": spec, "required_one_of": [["vmid", "name"]]}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        for chord in params["keys"]:
            if not re.fullmatch(r"[a-z0-9_]+(-[a-z0-9_]+)*", chord):
                raise InvalidOption(
                    "keys", f"{chord!r} is not a key, or several joined by '-', such as 'ret' or 'ctrl-alt-delete'"
                )
        return {name: params[name] for name in (*GUEST, "keys")}

    def read(self, reader: Reader, desired: Desired) -> State:
        if "where" not in desired:
            desired["where"] = find_machine(reader, desired)
        where: Location = desired["where"]
        with found_there(reader, where):
            status = reader.get(f"{where.path}/status/current").get("status")
        return {"vmid": where.vmid, "node": where.node, "status": status}

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        observed = observed or {}
        if observed["status"] != "running":
            raise Refused(f"Virtual machine {observed['vmid']} does not run.", hint="Start it first.")
        steps = [
            Step(
                "PUT",
                f"{desired['where'].path}/sendkey",
                {"key": chord},
                f"press {chord} in virtual machine {observed['vmid']}",
                verify=False,
                repeatable=False,
            )
            for chord in desired["keys"]
        ]
        return Plan(observed, observed, tuple(steps))


KEYS = Keys()
