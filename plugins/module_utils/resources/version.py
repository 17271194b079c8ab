# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plan import Plan
from ..resource import Reader, State, Wish


class VersionInfo:
    """What GET /version answers."""

    name = "version"

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {}}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        return {}

    def read(self, reader: Reader, wish: Wish) -> State:
        return dict(reader.get("/version"))

    def plan(self, current: State | None, wish: Wish) -> Plan:
        return Plan.nothing(current)


VERSION_INFO = VersionInfo()
