# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts (module and action plugin) need to know of a resource."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, Union

from ..api.client import Client
from ..model.contract import Resource
from ..model.given import HasOptions


class CustomRun(HasOptions):
    """What a module manages that is many objects, or one of several kinds: it runs the engine itself."""

    name: str  # the key of the object in the result
    hides_values = False  # whether options hold secrets that the argument spec cannot mark, so that nothing is logged

    @abc.abstractmethod
    def run(self, client: Client, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """The result of a task."""

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        """Secrets that no result may show, in other places than ``no_log`` options; see ``hides_values``."""
        return set()


AnyResource = Resource[Any, Any]
Hosted = Union[AnyResource, CustomRun]  # noqa: UP007 - ansible-test checks with older Pythons, too
