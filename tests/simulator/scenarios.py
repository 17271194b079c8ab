# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The initial states: what a server holds before the first request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .state import Cluster, Node, Token, User


@dataclass(frozen=True)
class Credentials:
    """Identities that every scenario knows."""

    user: str = "root@pam"
    password: str = "simulated"
    token_id: str = "root@pam!automation"
    token_secret: str = "5c1e0a52-7d0f-4c2c-9d3a-6d8b2b1f0e11"
    second_user: str = "second@pve"
    second_password: str = "second-simulated"


CREDENTIALS = Credentials()


def scenario(name: str, version: str) -> Callable[[], Cluster]:
    """What builds the scenario called "single", "demo" or a number of guests."""
    if name == "single":
        return partial(single, version)
    if name == "demo":
        return partial(demo, version)
    if name.isdigit() and 0 < int(name) <= 10_000:
        return partial(generated, version, int(name))
    raise ValueError(f"no scenario '{name}': single, demo, or a number of guests up to 10000")


def single(version: str) -> Cluster:
    """One node without guests."""
    return _base(version, ["pve"], "")


def demo(version: str) -> Cluster:
    return _base(version, ["pve1", "pve2", "pve3"], "demo")


def generated(version: str, count: int) -> Cluster:
    return _base(version, ["pve1", "pve2", "pve3"], "large")


def _base(version: str, nodes: list[str], name: str) -> Cluster:
    """Nodes, their own users and storages."""
    seed = int(hashlib.sha1(name.encode()).hexdigest()[:8], 16)
    cluster = Cluster(version=version, name=name, seed=seed)
    for number, node in enumerate(nodes, 1):
        cluster.nodes[node] = Node(node, number, ip=f"127.0.0.{number}", booted=cluster.now() - 86400)
    cluster.realms = {
        "pam": {"type": "pam", "comment": "Linux PAM standard authentication"},
        "pve": {"type": "pve", "comment": "Proxmox VE authentication server"},
    }
    token = Token(CREDENTIALS.token_secret, privsep=0)
    tokens = {CREDENTIALS.token_id.partition("!")[2]: token}
    cluster.users = {
        CREDENTIALS.user: User(CREDENTIALS.user, password=CREDENTIALS.password, tokens=tokens),
        CREDENTIALS.second_user: User(CREDENTIALS.second_user, password=CREDENTIALS.second_password),
    }
    cluster.acl = {"/": {("user", CREDENTIALS.second_user): {"Administrator": 1}}}
    return cluster
