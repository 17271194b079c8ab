# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a cluster: everything that survives a call."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .reports import Reports
from .roles import Role, builtin_roles
from .tasks import Tasks

T = TypeVar("T")

LOG_LENGTH = 500  # entries of the cluster's log that are kept


@dataclass
class Token:
    """An API token; `given` are the options as they were sent, which the API echoes."""

    secret: str
    privsep: int = 1
    expire: int = 0
    comment: str | None = None


@dataclass
class SecondFactor:
    """An entry of a user's second factors; type "totp" has the key, "recovery" the codes that are left."""

    id: str
    type: str
    description: str = ""
    created: int = 0
    enable: int = 1
    key: str = ""
    digits: int = 6
    step: int = 30
    codes: dict[int, str] = field(default_factory=dict)


@dataclass
class User:
    userid: str
    enable: int = 1
    expire: int = 0
    password: str | None = None
    details: dict[str, str] = field(default_factory=dict)  # comment, email, firstname, lastname, keys
    groups: set[str] = field(default_factory=set)
    tokens: dict[str, Token] = field(default_factory=dict)
    factors: list[SecondFactor] = field(default_factory=list)
    tfa_locked: bool = False

    @property
    def name(self) -> str:
        return self.userid.rpartition("@")[0]

    @property
    def realm(self) -> str:
        return self.userid.rpartition("@")[2]


@dataclass
class Pool:
    poolid: str
    comment: str = ""
    guests: set[int] = field(default_factory=set)
    storages: set[str] = field(default_factory=set)


@dataclass
class Node:
    """A member of the cluster; an offline one answers nothing."""

    name: str
    nodeid: int = 1
    ip: str = "127.0.0.1"
    online: bool = True
    cpus: int = 4
    memory: int = 16 * 2**30
    disk: int = 100 * 2**30
    booted: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    dns: dict[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    hosts: str = ""
    hosts_digest: str = ""
    interfaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    openvswitch: bool = False  # whether it is installed
    extra: dict[str, Any] = field(default_factory=dict)


Acl = dict[
    str, dict[tuple[str, str], dict[str, int]]
]  # path -> ("user" | "group" | "token", name) -> role -> propagate


@dataclass
class Cluster:
    """A cluster. Areas that need more than what stands here keep it in `areas` under their own name."""

    version: str = "9.2"
    name: str = ""
    seed: int = 1
    nodes: dict[str, Node] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)  # name -> comment; who is in it stands with the users
    roles: dict[str, Role] = field(default_factory=dict)
    acl: Acl = field(default_factory=dict)
    realms: dict[str, dict[str, Any]] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    pool_of: dict[int, str] = field(default_factory=dict)  # vmid -> the pool that the guest is in
    storages: dict[str, Any] = field(default_factory=dict)
    guests: dict[int, Any] = field(default_factory=dict)
    jobs: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    areas: dict[str, Any] = field(default_factory=dict)
    reports: Reports = field(default_factory=Reports)
    clock_offset: float = 0.0
    revision: int = 0  # counts what permissions depend on

    def __post_init__(self) -> None:
        self._notes = 0
        self.random = random.Random(self.seed)
        self.roles = self.roles or builtin_roles(self.version)
        self.tasks = Tasks(self)

    @property
    def local_node(self) -> str:
        """The node whose API is asked."""
        return next(iter(self.nodes))

    def clock(self) -> float:
        """The time in seconds since the epoch, moved by the control path's clock."""
        return time.time() + self.clock_offset

    def now(self) -> int:
        """The time in whole seconds."""
        return int(self.clock())

    def touch(self) -> None:
        """Say that users, groups, roles, tokens, the ACL or pools have changed."""
        self.revision += 1

    def note(self, user: str, text: str, node: str | None = None, tag: str = "pvedaemon") -> None:
        """Add a line to the cluster's log; the oldest ones are forgotten."""
        self._notes += 1
        node = node or self.local_node
        entry = {"uid": str(self._notes), "id": f"{self._notes}:{node}", "node": node, "user": user, "msg": text}
        self.log.append({**entry, "time": self.now(), "pid": 1000 + self.nodes[node].nodeid, "pri": 6, "tag": tag})

    def shuffled(self, items: Iterable[T]) -> list[T]:
        result = list(items)
        self.random.shuffle(result)
        return result

    def hexadecimal(self, digits: int) -> str:
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        text = self.hexadecimal(32)
        return "-".join((text[:8], text[8:12], "4" + text[13:16], "a" + text[17:20], text[20:]))

    def join_pool(self, vmid: int, poolid: str) -> None:
        """Make a guest a member of a pool, and of no other."""
        self.leave_pool(vmid)
        self.pools[poolid].guests.add(vmid)
        self.pool_of[vmid] = poolid
        self.touch()

    def leave_pool(self, vmid: int) -> None:
        poolid = self.pool_of.pop(vmid, None)
        if poolid is not None:
            self.pools[poolid].guests.discard(vmid)
            self.touch()

    def forget_guest(self, vmid: int) -> None:
        """Remove what points at a guest that is gone: pool membership and ACL entries."""
        self.leave_pool(vmid)
        self.drop_acl(f"/vms/{vmid}")
        self.reports.forget(vmid, self.clock())

    def forget_storage(self, storageid: str) -> None:
        """Remove a storage from the configuration; what lies on it stays."""
        del self.storages[storageid]
        for node in self.nodes:
            self.reports.forget((node, storageid), self.clock())

    def drop_acl(self, path: str) -> None:
        if self.acl.pop(path, None) is not None:
            self.touch()
