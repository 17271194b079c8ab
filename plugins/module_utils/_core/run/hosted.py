# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts (module and action plugin) need to know of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from ..api.client import Client
from ..model.contract import Planned


class Declared(Protocol):
    """What the two hosts (module and action plugin) need to know.

    One whose options may hold secrets in other places than ``no_log`` options has ``secret_values(params) -> set[str]``.
    """

    name: str  # the key of the object in the result

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of AnsibleModule: argument_spec, required_if, ... without the connection options."""


class Resource(Declared, Planned, Protocol):
    """What a module is about: one thing."""


@runtime_checkable
class Many(Declared, Protocol):
    """What a module is about that is many things, or one of several: it runs the engine itself."""

    def perform_many(self, client: Client, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """The result of a task."""
