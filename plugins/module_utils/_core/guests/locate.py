# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a guest is, and its configuration there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..model.contract import Reader
from ..model.errors import NotFound, PermissionDenied
from ..model.plan import api_path

TITLES = {"qemu": "virtual machine", "lxc": "container"}
NAME_KEY = {"qemu": "name", "lxc": "hostname"}  # of the configuration


@dataclasses.dataclass(frozen=True)
class Location:
    """Where a guest is."""

    kind: str  # qemu or lxc
    vmid: int
    node: str
    name: str = ""

    @property
    def path(self) -> str:
        return api_path("nodes", self.node, self.kind, self.vmid)

    def __str__(self) -> str:
        return f"{TITLES[self.kind]} {self.vmid} ({self.name or 'without a name'}) on node {self.node}"


def read_config(reader: Reader, where: Location, *, forbidden_is_absent: bool = False) -> Mapping[str, Any] | None:
    """The configuration of a guest with pending changes applied; None if there is no such guest on that node.

    PVE looks at privileges before existence: who has rights on a pool only may not ask for a guest that does not exist yet.
    With ``forbidden_is_absent`` that is None as well, and the list of guests has to decide.
    """
    try:
        config: Mapping[str, Any] = reader.get(f"{where.path}/config")
    except NotFound:
        return None
    except PermissionDenied:
        if forbidden_is_absent:
            return None
        raise
    return config


def with_name(where: Location, config: Mapping[str, Any]) -> Location:
    """The location with the name that the guest's configuration has."""
    return dataclasses.replace(where, name=str(config.get(NAME_KEY[where.kind]) or ""))
