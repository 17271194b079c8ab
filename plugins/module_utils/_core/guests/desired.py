# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task wants of a guest, and what was read of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..model.contract import State
from ..model.errors import InvalidOption
from . import power
from .directory import Directory
from .kind import GuestKind
from .locate import Location
from .policy import Choice, Policy
from .preflight.limits import STRICT, Limits
from .seed import Seed
from .sources import parse_source
from .tags import TagEdit
from .volumes.common import Slot

if TYPE_CHECKING:
    from .choosing import Chooser

_DNS_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_NOT_RUNNING = ("stopped", "paused", "hibernated", "absent")


@dataclasses.dataclass(frozen=True)
class Known:
    """What a run has found out about its guest, and does not look up again."""

    vmid: int
    node: str  # where it is looked for the next time
    is_new: bool = False  # this run makes it, or has made it
    is_free: bool = False  # nobody has the id of a new one, not even where the caller sees nothing
    status: str | None = None  # its power state for the next reading, as a task that has just ended says
    runs: bool = False  # it ran at the last reading
    may_wait: bool = False  # it ran at an earlier one, so that what was written since may wait for its next start
    source: tuple[Location, State] | None = None  # the guest that a new one is cloned from
    detour: bool = False  # a new one is cloned beside its source and then moved
    backup: State | None = None  # what a new one is restored from, None if it may not be read
    placed: Choice | None = None  # why a new one is made on this node, if that was chosen
    moves_to: str | None = None  # the node that was chosen for one that is on none of those that the task allows
    ran: bool = False  # it ran before a restart that is done as a stop and a start
    purged: frozenset[str] = frozenset()  # volumes that are deleted once their slots are empty
    directory: Directory | None = None  # in which it was found, None if nobody was asked for other guests


@dataclasses.dataclass(frozen=True)
class InBulk:
    """What a bulk knows of one of its guests before it is read. A guest that is no part of one is a bulk that knows nothing."""

    directory: Directory | None = None  # all guests of the cluster, read once for the bulk
    own_vmids: frozenset[int] = frozenset()  # of all guests of the bulk
    reserved: int | None = None  # the id for a new guest
    chooser: Chooser | None = None  # of its node, which has chosen for others before
    is_selected: bool = False  # by a selector, not by an entry of its own
    selected_name: str | None = None  # the name that it had then, if it was selected by that


@dataclasses.dataclass(frozen=True)
class GuestDesired:
    """What a task wants of a guest, in canonical form.

    ``config`` and ``volumes`` hold what is given, by key; an empty string removes a key. ``creation`` holds the options that
    only a new guest takes. ``known`` is None until the guest is read for the first time.
    """

    vmid: int | None
    name: str | None
    node: str | None
    nodes: Sequence[str]  # those that it may be on, in the place of a node
    policy: Policy | None  # how the node of a new one is chosen, None if the task leaves no choice
    state: str
    config: Mapping[str, Any]
    volumes: Mapping[str, Slot | str]
    creation: Mapping[str, Any]
    seed: Seed | None
    tag_edit: TagEdit | None
    pool: str | None
    allow_move: bool
    template: bool | None
    power: power.Power
    clone: Mapping[str, Any] | None
    restore: Mapping[str, Any] | None
    migrate: bool
    target_storage: str | None
    restart: str
    wait_for: str | None
    wait_timeout: float
    timeout: float
    push_secrets: bool
    purge: bool
    destroy_unreferenced_disks: bool
    move_volumes: bool
    preflight: str
    limits: Limits
    in_bulk: InBulk = InBulk()
    known: Known | None = None

    @property
    def own_vmid(self) -> int | None:
        """Its id as far as it is known before the work: the one that the task names, or that is reserved for it."""
        return self.vmid or self.in_bulk.reserved

    @property
    def is_new(self) -> bool:
        """Whether this run makes the guest, or has made it."""
        return self.known is not None and self.known.is_new

    @property
    def source(self) -> tuple[Location, State] | None:
        """The guest that a new one is cloned from, once it was looked for."""
        return self.known.source if self.known else None

    @property
    def backup(self) -> State | None:
        """What a new guest is restored from, once that was read; None if it may not be read."""
        return self.known.backup if self.known else None

    @property
    def directory(self) -> Directory | None:
        """The list of guests in which this one was found; None if it was found without."""
        return self.known.directory if self.known else None

    @property
    def restores_live(self) -> bool:
        """Whether a new guest runs while it is restored."""
        return bool(self.restore and self.restore.get("live_restore"))

    @property
    def is_new_by_name(self) -> bool:
        """Whether this run makes a guest that it will know again by nothing but its name."""
        return bool(self.is_new and not self.vmid and self.name)

    def target_from(self, node: str) -> str | None:
        """Where a guest on ``node`` is moved to; None if it stays, which is right on any node unless the task moves it."""
        if not self.migrate or node in self.nodes:
            return None
        target = self.known.moves_to if self.nodes and self.known else self.node
        return None if target == node else target

    def is_outside(self, node: str) -> bool:
        """Whether a guest on ``node`` is on none of those that the task allows."""
        return bool(self.nodes) and node not in self.nodes

    @property
    def is_copy(self) -> bool:
        """Whether a new guest is cloned or restored."""
        return self.clone is not None or self.restore is not None


@dataclasses.dataclass(frozen=True)
class GuestObserved:
    """A guest as it was read: ``state`` as users see it, None if there is none."""

    state: State | None
    known: Known | None = None
    digest: str | None = None  # of the configuration, where a write has to find it unchanged
    as_root: bool = False  # whether root@pam asks in person
    ha_managed: bool = False  # False as well where the status was not needed
    has_snapshots: bool = False
    has_seed: bool = False  # whether the image of the seed is on its storage


def parse_guest(kind: GuestKind, params: Mapping[str, Any]) -> GuestDesired:
    """What the options of a task say; raises InvalidOption."""
    _check_identity(kind, params)
    check_stopping(params)
    check_seconds(params)
    if params.get("wait_for") and params["state"] in _NOT_RUNNING:
        raise InvalidOption("wait_for", f"means nothing with state: {params['state']}: only a running guest answers")
    numbered = {key: value for family in kind.families.values() for key, value in family.spread(params).items()}
    unset = params.get("unset") or []
    emptied = [name for name in unset if kind.is_volume(name)]
    volumes = kind.volumes.parse(params, emptied)
    seed = Seed.parse(params.get("seed"), params.get("citype"))
    if seed and seed.slot in volumes:
        raise InvalidOption(
            "seed", f"slot: {seed.slot} is for the image of the seed, and the task gives it another value"
        )
    return GuestDesired(
        vmid=params.get("vmid"),
        name=params.get(kind.name_option),
        node=params.get("node"),
        nodes=tuple(sorted(set(params.get("nodes") or []))),
        policy=Policy.parse(params),
        state=params["state"],
        config=kind.config.parse({**params, **numbered, "unset": [name for name in unset if name not in emptied]}),
        volumes=volumes,
        creation=_parse_creation(kind, params),
        seed=seed,
        tag_edit=TagEdit.parse(params),
        pool=params.get("pool"),
        allow_move=params["allow_move"],
        template=params.get("template"),
        power=power.Power(params["state"], params["force"], params.get("shutdown_timeout")),
        clone=parse_source("clone", params.get("clone"), kind.clone_options),
        restore=parse_source("restore", params.get("restore"), kind.restore_options),
        migrate=params["migrate"],
        target_storage=params.get("target_storage"),
        restart=params["restart"],
        wait_for=params.get("wait_for"),
        wait_timeout=params["wait_timeout"],
        timeout=params["timeout"],
        push_secrets=params.get("update_password") == "always",
        purge=params["purge"],
        destroy_unreferenced_disks=params["destroy_unreferenced_disks"],
        move_volumes=params[kind.volumes.move_option],
        preflight=params["preflight"],
        limits=Limits.parse(params["limits"], strict=params["preflight"] == STRICT),
    )


def _check_identity(kind: GuestKind, params: Mapping[str, Any]) -> None:
    vmid, name = params.get("vmid"), params.get(kind.name_option)
    if vmid is not None and not 100 <= vmid <= 999999999:
        raise InvalidOption("vmid", f"{vmid} is not in the range 100 to 999999999")
    if name == "" and vmid is None:
        raise InvalidOption(
            kind.name_option, "must not be empty", hint="Give the guest's name, or leave it out and give vmid."
        )
    if name is not None and not (_DNS_NAME.fullmatch(name) or (name == "" and vmid is not None)):
        raise InvalidOption(kind.name_option, f"{name!r} is not a DNS name: letters, digits, hyphens and dots")


def check_stopping(params: Mapping[str, Any]) -> None:
    """Refuse options about how a guest stops where it does not stop."""
    state, restart = params["state"], params["restart"]
    restarts = state == "restarted" or restart != "never"
    if params["force"] and not restarts and state not in ("stopped", "absent"):
        raise InvalidOption("force", f"means nothing with state: {state}")
    stops = state in ("stopped", "restarted", "absent") or restart != "never"
    if params.get("shutdown_timeout") is not None and not stops:
        raise InvalidOption("shutdown_timeout", f"means nothing with state: {state} and restart: never")


def check_seconds(params: Mapping[str, Any]) -> None:
    """Refuse time-outs that are negative."""
    for name in ("timeout", "wait_timeout", "shutdown_timeout"):
        if (params.get(name) or 0) < 0:
            raise InvalidOption(name, "is a number of seconds, at least 0")


def _parse_creation(kind: GuestKind, params: Mapping[str, Any]) -> Mapping[str, Any]:
    creation = kind.creation.parse({**params, "unset": None})
    for source in ("clone", "restore"):
        if params.get(source) is not None and creation:
            raise InvalidOption(next(iter(creation)), f"means nothing with {source}, which has options of its own")
    return creation
