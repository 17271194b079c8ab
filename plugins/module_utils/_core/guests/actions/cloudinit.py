# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud-init drive of a virtual machine: whether it holds what the configuration says."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption
from ...model.plan import Plan, Step
from ..agent import waiting
from ..identity import GUEST, GuestName, NamedDesired, NamedGuest, NamedObserved, find_vm, read_there

_SLOT = re.compile(r"(ide|sata|scsi)\d+")
_DRIVE = re.compile(r"\bvm-\d+-cloudinit\b")  # how PVE names the volume


@dataclasses.dataclass(frozen=True)
class CloudInitDesired(NamedDesired):
    """What a task wants of a cloud-init drive."""

    force: bool  # write it in any case


class CloudInit(NamedGuest[CloudInitDesired, NamedObserved]):
    """See the module pve_cloudinit."""

    name = "cloudinit"
    kinds = ("qemu",)

    def arguments(self) -> dict[str, Any]:
        spec = {**GUEST, "force": {"type": "bool", "default": False}}
        return {"argument_spec": spec, "required_one_of": [["vmid", "name"]]}

    def parse(self, params: Mapping[str, Any]) -> CloudInitDesired:
        return CloudInitDesired(GuestName.parse(params), params["force"])

    def read(self, reader: Reader, desired: CloudInitDesired) -> NamedObserved:
        found, rows = read_there(
            reader,
            desired.found or find_vm(reader, desired.guest),
            lambda where: reader.get(f"{where.path}/cloudinit") or [],
        )
        keys = sorted(row["key"] for row in waiting(rows))
        return NamedObserved(found, {"vmid": found.where.vmid, "node": found.where.node, "pending": keys})

    def plan(self, observed: NamedObserved, desired: CloudInitDesired) -> Plan:
        state, where = observed.state, observed.found.where
        if not state["pending"] and not desired.force:
            return Plan.nothing(state)
        summary = f"write the cloud-init drive of virtual machine {where.vmid}"
        step = Step("PUT", f"{where.path}/cloudinit", {}, summary, verify=not desired.force)
        return Plan(state, {**state, "pending": []}, (step,))

    def preflight(self, reader: Reader, plan: Plan, desired: CloudInitDesired) -> None:
        super().preflight(reader, plan, desired)
        if desired.found:
            where = desired.found.where
            config = desired.found.config or reader.get(f"{where.path}/config")
            if not _has_drive(config):
                raise InvalidOption("vmid" if desired.guest.vmid else "name", f"the {where} has no cloud-init drive")


def _has_drive(config: Mapping[str, Any]) -> bool:
    return any(_SLOT.fullmatch(slot) and _DRIVE.search(str(value).partition(",")[0]) for slot, value in config.items())


CLOUD_INIT = CloudInit()
