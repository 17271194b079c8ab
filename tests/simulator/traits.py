# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be special about the hosts of a cluster, as it was about those whose answers were recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .scenarios import spare_card
from .state import Cluster, User
from .storages import make_storage

Build = Callable[[], Cluster]


def no_memory_cgroup(cluster: Cluster) -> None:
    """The kernel lets nobody change the memory of a running container."""
    for node in cluster.nodes.values():
        node.extra["memory_cgroup"] = False


def own_resolver(cluster: Cluster) -> None:
    """Each node resolves names itself."""
    for node in cluster.nodes.values():
        node.dns = {"search": "rig.local", "dns1": "127.0.0.1"}


def no_import(cluster: Cluster) -> None:
    """The storage "local" holds no images to import."""
    content = [kind for kind in cluster.storages["local"].contents if kind != "import"]
    make_storage(cluster, "local", "dir", {**cluster.storages["local"].options, "content": ",".join(sorted(content))})


def keep_all(cluster: Cluster) -> None:
    """The storage "local" has a rule for pruning, by which all backups are kept."""
    make_storage(cluster, "local", "dir", {**cluster.storages["local"].options, "prune-backups": "keep-all=1"})


def second_card(cluster: Cluster) -> None:
    """Each node has another network card, which nothing uses."""
    for node in cluster.nodes.values():
        node.interfaces["eno2"] = spare_card(2)


def leftovers(cluster: Cluster) -> None:
    """A bridge of each node and a user are still there from an earlier attempt."""
    for node in cluster.nodes.values():
        node.interfaces["vmbr96"] = {
            "type": "bridge",
            "method": "manual",
            "method6": "manual",
            "families": ["inet"],
            "bridge_ports": "",
            "bridge_stp": "off",
            "bridge_fd": "0",
            "priority": 5,
        }
    cluster.users["ctü@pve"] = User("ctü@pve")


def restricted_agent(cluster: Cluster) -> None:
    """The machine 9069 starts a system from the network whose agent refuses what would freeze, trim or stop it."""
    cluster.areas["restricted_agents"] = frozenset({9069})


TRAITS: Mapping[str, Callable[[Cluster], None]] = {
    "no-memory-cgroup": no_memory_cgroup,
    "own-resolver": own_resolver,
    "no-import": no_import,
    "keep-all": keep_all,
    "second-card": second_card,
    "leftovers": leftovers,
    "restricted-agent": restricted_agent,
}


def with_traits(build: Build, names: Sequence[str]) -> Build:
    """What builds the same cluster with these traits."""

    def built() -> Cluster:
        cluster = build()
        for name in names:
            TRAITS[name](cluster)
        return cluster

    return built
