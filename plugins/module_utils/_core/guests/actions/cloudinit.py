# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud-init drive of a virtual machine: whether it holds what the configuration says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Desired, Reader, State
from ...model.errors import InvalidOption
from ...model.plan import Plan, Step
from ..agent import waiting
from ..identity import GUEST, NamedGuest, find_machine, read_there
from ..locate import Location

_SLOT = re.compile(r"(ide|sata|scsi)\d+")
_DRIVE = re.compile(r"\bvm-\d+-cloudinit\b")  # how PVE names the volume


class CloudInit(NamedGuest):
    """See the module pve_cloudinit."""

    name = "cloudinit"
    kinds = ("qemu",)

    def arguments(self) -> dict[str, Any]:
        spec = {**GUEST, "force": {"type": "bool", "default": False}}
        return {"argument_spec": spec, "required_one_of": [["vmid", "name"]]}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        return {name: params[name] for name in (*GUEST, "force")}

    def read(self, reader: Reader, desired: Desired) -> State:
        if "where" not in desired:
            desired["where"] = find_machine(reader, desired)
        rows = read_there(reader, desired, lambda where: reader.get(f"{where.path}/cloudinit") or [])
        keys = sorted(row["key"] for row in waiting(rows))
        where: Location = desired["where"]
        if (keys or desired["force"]) and not _has_drive(reader.get(f"{where.path}/config")):
            raise InvalidOption("vmid" if desired["vmid"] else "name", f"the {where} has no cloud-init drive")
        return {"vmid": where.vmid, "node": where.node, "pending": keys}

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        observed = observed or {}
        if not observed["pending"] and not desired["force"]:
            return Plan.nothing(observed)
        summary = f"write the cloud-init drive of virtual machine {observed['vmid']}"
        step = Step("PUT", f"{desired['where'].path}/cloudinit", {}, summary, verify=not desired["force"])
        return Plan(observed, {**observed, "pending": []}, (step,))


def _has_drive(config: Mapping[str, Any]) -> bool:
    return any(_SLOT.fullmatch(slot) and _DRIVE.search(str(value).partition(",")[0]) for slot, value in config.items())


CLOUD_INIT = CloudInit()
