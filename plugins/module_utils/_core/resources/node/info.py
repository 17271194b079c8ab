# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes, and if requested what each of them says of itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import Reader
from ...model.errors import ConnectionFailed, HopFailed, InvalidOption
from ...model.kinds.info import Info
from ...model.plan import api_path
from ...model.values import Boolean
from ...run.fanout import Gatherer, gather_all, warnings_of

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Subject:
    """What a node answers to one call; the rows of a list are sorted by ``by``."""

    path: str
    by: str = ""

    def form(self, answer: Any) -> Any:
        return sorted(answer, key=lambda row: str(row.get(self.by, ""))) if self.by else answer


SUBJECTS: Mapping[str, Subject] = {
    "status": Subject("/status"),
    "version": Subject("/version"),
    "packages": Subject("/apt/versions", by="Package"),
    "services": Subject("/services", by="service"),
    "pci": Subject("/hardware/pci", by="id"),
    "usb": Subject("/hardware/usb", by="usbpath"),
    "disks": Subject("/disks/list", by="devpath"),
    "cpu_models": Subject("/capabilities/qemu/cpu", by="name"),
    "machine_types": Subject("/capabilities/qemu/machines", by="id"),
}
GATHER = (*SUBJECTS, "mdev")  # mediated devices are asked for by PCI device
SHOWN_AS = {"status": "live"}  # the list has a status, too
_LISTED = ("status", "level", "cpu", "maxcpu", "mem", "maxmem", "disk", "maxdisk", "uptime", "ssl_fingerprint")


@dataclasses.dataclass(frozen=True)
class NodeInfoDesired:
    """Which nodes are listed (None: all), and what each of them is asked for."""

    node: Sequence[str] | None
    gather: Sequence[str]
    pci_class_blacklist: Sequence[str] | None
    parallel: int


class NodeInfo(Info[NodeInfoDesired]):
    """See the module pve_node_info for what its options mean."""

    name = "nodes"

    def arguments(self) -> dict[str, Any]:
        names = {"type": "list", "elements": "str"}
        spec = {
            "node": dict(names),
            "gather": {**names, "choices": list(GATHER), "default": []},
            "pci_class_blacklist": dict(names),
            "parallel": {"type": "int", "default": 8},
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return {"pci_class_blacklist"}  # none is left out then

    def parse(self, params: Mapping[str, Any]) -> NodeInfoDesired:
        desired = NodeInfoDesired(**{field.name: params[field.name] for field in dataclasses.fields(NodeInfoDesired)})
        if not 1 <= desired.parallel <= 64:
            raise InvalidOption("parallel", "is a number of nodes from 1 to 64")
        if desired.pci_class_blacklist is not None and not {"pci", "mdev"} & set(desired.gather):
            raise InvalidOption("pci_class_blacklist", "needs gather with pci or mdev")
        return desired

    def read(self, reader: Reader, desired: NodeInfoDesired) -> Any:
        listed = sorted(map(_observe, reader.get("/nodes") or []), key=lambda row: str(row["node"]))
        picked = [row for row in listed if desired.node is None or row["node"] in desired.node]
        if not desired.gather:
            return picked
        silent = [row["node"] for row in picked if row["status"] == "offline"]
        reader.warnings.extend(f"Node {node} is offline: nothing was asked of it." for node in silent)
        gatherers = [NodeGatherer(reader, row["node"], desired) for row in picked if row["node"] not in silent]
        answers = gather_all(gatherers, NodeGatherer.read, desired.parallel)
        reader.warnings.extend(warnings_of(gatherers))
        facts = {gatherer.name: answer for gatherer, answer in zip(gatherers, answers, strict=True)}
        return [{**row, **facts.get(row["node"], {})} for row in picked]


NODE_INFO = NodeInfo()


def _observe(row: Mapping[str, Any]) -> Row:
    """A row of the list of nodes; how busy a node is, is shown only to those who may audit it."""
    return {"node": row["node"], "status": "unknown", **{name: row[name] for name in _LISTED if name in row}}


class NodeGatherer(Gatherer):
    """The requests to one node. What it does not answer is missing in its facts, and reported as a warning."""

    def __init__(self, reader: Reader, node: str, desired: NodeInfoDesired) -> None:
        super().__init__(reader, api_path("nodes", node), node)
        self.wanted = set(desired.gather)
        hidden = desired.pci_class_blacklist
        self.pci_params = {} if hidden is None else {"pci-class-blacklist": ",".join(hidden)}

    def read(self) -> Row:
        facts: Row = {}
        for name, subject in SUBJECTS.items():
            if name in self.wanted or (name == "pci" and "mdev" in self.wanted):
                params = self.pci_params if name == "pci" else None
                answer = self.ask(name, subject.path, params)
                facts.update({SHOWN_AS.get(name, name): subject.form(answer)} if answer is not None else {})
            if self._is_gone():
                break
        if "mdev" in self.wanted and "pci" in facts:
            facts["pci"] = [self._with_mediated(device) for device in facts["pci"]]
        return facts

    def _is_gone(self) -> bool:
        """Whether the node stopped answering at all: each further question would take as long as the last one."""
        return any(isinstance(problem.error, (ConnectionFailed, HopFailed)) for problem in self.problems)

    def _with_mediated(self, device: Row) -> Row:
        """A device with the types of mediated devices that it can make, where it can."""
        if not Boolean().parse(device.get("mdev") or 0) or self._is_gone():
            return device
        types = self.ask("mdev", f"/hardware/pci/{device['id']}/mdev")
        return device if types is None else {**device, "mdev_types": sorted(types, key=lambda row: str(row["type"]))}
