# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine needs to know of a resource, which reads (GET only) and plans (pure).

The kinds that cover nearly all of PVE are in the folder ``kinds``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .plan import Plan

Wish = dict[str, Any]
State = dict[str, Any]


class Address(Protocol):
    """Where a node is asked."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def authority(self) -> str:
        """Host and port as in a URL."""


class Caller(Protocol):
    """Who makes the calls, and by which way."""

    @property
    def backend(self) -> str:
        """https, local or openssh."""

    @property
    def ssh_port(self) -> int: ...

    @property
    def endpoints(self) -> Sequence[Address]: ...

    @property
    def identity(self) -> str:
        """The user or token, for messages."""

    @property
    def is_root(self) -> bool:
        """Whether root@pam asks in person, who may do what no token may."""


class Reader(Protocol):
    """What a resource may ask of the server."""

    @property
    def connection(self) -> Caller:
        """Who asks."""

    warnings: list[str]
    on_progress: Callable[[str], None]
    sleep: Callable[[float], None]

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        """The ``data`` of a GET; raises an error of the tree in ``errors``."""

    def document(self, url: str) -> str:
        """The text of a file that the node serves beside the API."""

    def release(self) -> tuple[int, int]:
        """The server's release as (major, minor), asked for once."""

    def addresses(self) -> tuple[str, str] | None:
        """The addresses of this machine and of the server on the way between them; None if a proxy stands there."""


class Planned(Protocol):
    """What the engine needs to know of a thing to bring it to a state.

    One that has more to tell at the end, or something to wait for, also has ``aftermath(client, wish, state, *, changed) -> dict``,
    whose keys join the result; what steps returned is in ``wish["answers"]``. It is not asked in check mode.
    One that can tell beforehand why a plan would fail has ``preflight(reader, plan, wish)``: it adds warnings, or raises Refused.
    It is asked once, in check mode as well, and only if the plan has steps.
    One whose steps end before what they are for has happened has ``settle(client, wish, timeout) -> State``: it waits for that, in
    place of reading back, and tells the state then; what steps returned is in ``wish["answers"]``.
    """

    name: str  # the key of the object in the result

    def wish(self, params: Mapping[str, Any]) -> Wish:
        """The task's options in canonical form; raises InvalidOption. Nothing has been sent yet."""

    def read(self, reader: Reader, wish: Wish) -> State | None:
        """The present state, None if absent. May complete the wish with what only the server knows (a free id)."""

    def plan(self, current: State | None, wish: Wish) -> Plan:
        """Pure: what to do. No client, no clock."""


UPDATE_PASSWORD = {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False}
NODE_KEY: dict[str, dict[str, Any]] = {"node": {"type": "str", "required": True}}
STATES = {"type": "str", "choices": ["present", "absent"], "default": "present"}


def unset_option() -> dict[str, Any]:
    """The option that removes keys."""
    return {"type": "list", "elements": "str"}
