# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine needs to know of a resource, which reads (GET only) and plans (pure).

The kinds that cover nearly all of PVE are in the folder ``kinds``.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Optional, Protocol, TypeVar

from .errors import InvalidOption
from .given import HasOptions
from .places import Places
from .plan import Plan

State = dict[str, Any]
StateOrNone = Optional[State]  # noqa: UP045 - ansible-test checks class statements with older Pythons, too


class Address(Protocol):
    """Where a node is asked."""

    @property
    def host(self) -> str:
        """Its name or address."""

    @property
    def port(self) -> int:
        """Where pveproxy listens, or a proxy before it."""

    @property
    def authority(self) -> str:
        """Host and port as in a URL."""


class Caller(Protocol):
    """Who makes the calls, and by which way."""

    @property
    def backend(self) -> str:
        """https, local or openssh."""

    @property
    def ssh_port(self) -> int:
        """Of the back end openssh."""

    @property
    def endpoints(self) -> Sequence[Address]:
        """The nodes that may be asked."""

    @property
    def user(self) -> str:
        """The user that logs in; empty with a token."""

    @property
    def token(self) -> str:
        """The token that logs in, whole; empty with a user."""

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

    @property
    def places(self) -> Places:
        """Where guests were seen before."""

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


DesiredT = TypeVar("DesiredT")  # what a task wants
ObservedT = TypeVar("ObservedT")  # what is there


class Planned(abc.ABC, Generic[DesiredT, ObservedT]):
    """What the engine brings to a desired state. A subclass reads (GET only) and plans (pure).

    Hooks do nothing unless a subclass overrides them.
    """

    name: str  # the key of the object in the result
    checks_calls = True  # whether the parameters of its steps are checked as the server would, before they are sent
    converges_later = False  # whether its steps end before what they are for has happened; see ``wait_converged``

    @abc.abstractmethod
    def parse(self, params: Mapping[str, Any]) -> DesiredT:
        """The task's options in canonical form; raises InvalidOption. Nothing has been sent yet."""

    @abc.abstractmethod
    def read(self, reader: Reader, desired: DesiredT) -> ObservedT:
        """What is there, and what else only the server knows that the plan depends on. It changes nothing of ``desired``."""

    @abc.abstractmethod
    def plan(self, observed: ObservedT, desired: DesiredT) -> Plan:
        """Pure: what to do. No client, no clock."""

    # --- hooks --------------------------------------------------------------------------------------------------------

    def remember(self, observed: ObservedT, desired: DesiredT) -> DesiredT:
        """Return the desired state with what later readings and plans of the run need, such as where a guest was found.

        Called after each reading, before the plan. What only the first reading can find, such as entries that a step deletes, is
        kept from then on.
        """
        return desired

    def informed(self, desired: DesiredT, upid: str) -> DesiredT:
        """Return the desired state with what the end of a task says, so that the reading that follows need not ask for it.

        ``upid`` is the task of the last step, if that has ended well and this is the first reading since.
        """
        return desired

    def option_of(self, parameter: str) -> str:
        """The option behind a parameter of a call, for messages."""
        return parameter.replace("-", "_")

    def preflight(self, reader: Reader, plan: Plan, desired: DesiredT) -> None:
        """Find reasons why a plan would fail: add warnings, or raise Refused.

        Called once, in check mode as well, and only if the plan has steps.
        """

    def wait_converged(self, reader: Reader, desired: DesiredT, answers: Mapping[str, Any], timeout: float) -> Any:
        """Wait for what the steps only began, and return the object as users see it then; in place of reading back if
        ``converges_later``.

        ``answers`` is what the steps returned, by the keys of ``Step.returns``.
        """
        observed = self.read(reader, desired)
        return self.plan(observed, self.remember(observed, desired)).before

    def after_apply(
        self, reader: Reader, desired: DesiredT, state: Any, answers: Mapping[str, Any], *, changed: bool
    ) -> dict[str, Any]:
        """More keys of the result, found out or waited for at the end; ``name`` is the object, if it has changed meanwhile.

        Not called in check mode.
        """
        return {}


class Resource(Planned[DesiredT, ObservedT], HasOptions):
    """What a module is about."""

    hides_values = False  # whether options hold secrets that the argument spec cannot mark, so that nothing is logged

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        """Secrets that no result may show, in other places than ``no_log`` options; see ``hides_values``."""
        return set()


UPDATE_PASSWORD = {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False}
NODE_KEY: dict[str, dict[str, Any]] = {"node": {"type": "str", "required": True}}
STATES = {"type": "str", "choices": ["present", "absent"], "default": "present"}


def refuse_removal_of_sets(params: Mapping[str, Any], sets: Sequence[str]) -> None:
    """Refuse ``unset`` of a set that ``append`` only adds to."""
    for name in params.get("unset") or []:
        if params.get("append") and name in sets:
            raise InvalidOption("unset", f"{name!r} is only added to with append")


def unset_option() -> dict[str, Any]:
    """The option that removes keys."""
    return {"type": "list", "elements": "str"}
