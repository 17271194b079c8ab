# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: what differs between a cluster and a desired state, as the ordered API calls that end the difference."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from .errors import LONGEST_PART, WrongPathPart

if TYPE_CHECKING:
    from .contract import Reader

HIDDEN = "********"
_CONTROL = r"[\x00-\x1f\x7f\ud800-\udfff]"
# pve-http-server takes the bytes of a path as they are (PVE::APIServer::AnyEvent, unshift_read_header), but those of parameters
# as UTF-8: a user with an umlaut can be created, and is never found by a path.
_WRONG_IN_PART = re.compile(r"[/\\]|[^ -~]")
_WRONG_IN_REST = re.compile(rf"\\|{_CONTROL}|(^|/)\.{{0,2}}(/|$)")


def api_path(*parts: object) -> str:
    """Join parts to an API path, each percent-encoded. WrongPathPart if one of them would not be one part of a path."""
    return "".join(f"/{_quoted(str(part), _WRONG_IN_PART)}" for part in parts)


def whole_part(part: object) -> str:
    """The last part of an API path where PVE takes a ``/`` in it, as in the name of a volume or a network."""
    return f"/{_quoted(str(part), _WRONG_IN_REST)}"


def _quoted(part: str, forbidden: re.Pattern[str]) -> str:
    if part.strip() in ("", ".", "..") or forbidden.search(part) or len(part) > LONGEST_PART:
        raise WrongPathPart(part)
    return quote(part, safe="@:!,")


@dataclasses.dataclass(frozen=True)
class Upload:
    """``size`` bytes of the file ``path``, which PVE shall call ``name`` (letters, digits and ``-_.`` only).

    ``packed`` is the ending of a compression that is taken away while the file is read; ``size`` is without it. With ``data``
    there is no file, and ``path`` is what messages call them.
    """

    path: str
    name: str
    size: int
    packed: str = ""
    data: bytes | None = dataclasses.field(default=None, repr=False)
    on_progress: Callable[[str], None] = dataclasses.field(default=lambda text: None, compare=False)

    def reporting_to(self, listener: Callable[[str], None]) -> Upload:
        """The same upload with a listener for its progress."""
        return dataclasses.replace(self, on_progress=listener)


class Wait(Protocol):
    """What goes on after the task of a step has ended. The planner hands it in; the engine only calls it."""

    def wait(self, reader: Reader, upid: str, summary: str, timeout: float, happened: Callable[[], bool]) -> None:
        """Return as soon as it has ``happened``; raise a PveError if it will not, or not within ``timeout`` seconds.

        Return at once if the task ``upid`` was all that there is to wait for. ``summary`` is that of the step.
        """


@dataclasses.dataclass(frozen=True)
class Step:
    """One API call that changes something."""

    method: str
    path: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    summary: str = ""  # in the words of the user's options: "create pool", "grow scsi0 from 8G to 32G"
    secrets: frozenset[str] = frozenset()  # names of parameters whose values are never shown
    starts_task: bool = False  # the answer may be a UPID to be waited for
    returns: Mapping[str, str] = dataclasses.field(default_factory=dict)  # result key -> key in the answer
    changes: bool = True  # false for a call that leaves the cluster as it is, such as a dry run
    verify: bool = True  # a second plan must not contain it any more
    deferrable: bool = False  # the server may refuse to apply it now and yet keep it for the next start of the guest
    repeatable: bool = True  # running it twice does no harm, so an unclear outcome may be resolved by planning again
    replan: bool = False  # what follows depends on what came out of it: read and plan again after it
    foreseen: bool = False  # with ``replan``: the plan knows enough of that, so that this waits until the rest is done
    task_id: str = ""  # the id under which PVE lists its task
    api_format: str = "json"  # of the answer; extjs answers with the whole body
    trusts: frozenset[str] = frozenset()  # fingerprints of certificates that the server may present from then on
    upload: Upload | None = None  # a file that is sent with the parameters
    unclear: str = ""  # a sentence on what else it may mean that its answer was lost
    evident: bool = False  # a second plan shows whether it has run, though it must not run twice
    awaits: Wait | None = None  # what goes on after its task has ended
    pause: float = 0.0  # seconds to let pass before it is sent
    id: str = ""  # see ``identity``

    @property
    def identity(self) -> str:
        """What makes steps of two plans the same one: ``id`` where the planner sets it, or the call.

        It may not depend on the digest, which changes with every write. A planner sets ``id`` where equal calls are different
        steps, such as those that create equal things, or where different calls are the same step.
        """
        params = {name: value for name, value in self.params.items() if name != "digest"}
        return self.id or f"{self.method} {self.path} {sorted(params.items())}"

    def describe(self) -> dict[str, Any]:
        """The call as users see it in ``requests``, secrets hidden."""
        params = {name: HIDDEN if name in self.secrets else value for name, value in self.params.items()}
        return {"method": self.method, "path": self.path, "params": params, "summary": self.summary}


@dataclasses.dataclass(frozen=True)
class Plan:
    """``before`` and ``after`` are the object as the user sees it (None: absent); no steps means nothing to do."""

    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()  # warnings for the user that change nothing

    @classmethod
    def nothing(cls, current: Mapping[str, Any] | None) -> Plan:
        return cls(current, current)
