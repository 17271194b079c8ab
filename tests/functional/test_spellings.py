# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another order or another spelling of the same is no change, on a server that normalizes what it keeps."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import resource_of

HOSTS = "127.0.0.1 localhost\n192.0.2.11 pve1.example.com pve1\n"
GROUPS = tuple(("pve_group", {"groupid": name}) for name in ("ops", "web", "dba"))
# module, what is needed, options of which the lists may be in any order, and other spellings of some of them
SAME: tuple[tuple[str, tuple[tuple[str, Mapping[str, Any]], ...], Mapping[str, Any], Mapping[str, tuple[Any, ...]]], ...] = (
    ("pve_storage", (), {"storage": "same", "type": "dir", "path": "/srv/same", "nodes": ["pve1", "pve2", "pve3"],
                         "content": ["iso", "backup", "vztmpl", "snippets"]},
     {"content": (["iso", "iso", "backup", "snippets", "vztmpl"],)}),
    ("pve_role", (), {"roleid": "same", "privs": ["VM.Audit", "VM.Console", "Sys.Audit"]}, {}),
    ("pve_user", GROUPS, {"userid": "same@pve", "groups": ["ops", "web", "dba"], "comment": "Größe"},
     {"comment": ("Größe ", "Größe\n")}),
    ("pve_pool", (), {"poolid": "same", "vms": [100, 101, 103], "allow_move": True, "comment": "Größe"}, {"comment": ("Größe\n",)}),
    ("pve_ha", (), {"sid": "vm:103", "state": "started", "comment": "Größe € groß", "wait": False},
     {"comment": ("Größe € groß ", " Größe € groß", "Größe € groß\n"), "sid": ("103",)}),
    ("pve_ha", (), {"sid": "vm:103", "state": "started", "comment": "Ã¤", "wait": False}, {"comment": ("Ã¤ ",)}),
    ("pve_node_repository", (), {"node": "pve2", "uri": "http://deb.debian.org/debian/", "enabled": False},
     {"uri": ("http://deb.debian.org/debian",), "enabled": ("no",)}),
    ("pve_node_hosts", (), {"node": "pve1", "data": HOSTS}, {"data": (HOSTS.rstrip(), HOSTS + "\n\n")}),
    ("pve_node_dns", (), {"node": "pve1", "search": "example.com", "servers": ["2001:db8::53"]},
     {"servers": (["2001:DB8:0::53"], [" 2001:db8::53"]), "search": ("example.com ",)}),
)  # fmt: skip


@pytest.mark.parametrize(("module", "needs", "options", "spellings"), SAME, ids=[row[0] for row in SAME])
def test_the_same_in_other_words_is_no_change(
    shared_cluster: Cluster,
    module: str,
    needs: tuple[tuple[str, Mapping[str, Any]], ...],
    options: Mapping[str, Any],
    spellings: Mapping[str, tuple[Any, ...]],
) -> None:
    shared_cluster.reset()
    for needed, given in (*needs, (module, options)):
        result = shared_cluster.run(resource_of(needed), given)
        assert not result.get("failed"), result["msg"]
    chance = random.Random(module)  # no secret
    others = [{name: spelling} for name, ways in spellings.items() for spelling in ways]
    for _turn in range(5):
        shuffled = {name: value for name, value in options.items() if isinstance(value, list)}
        others.append({name: chance.sample(value, len(value)) for name, value in shuffled.items()})
    for other in others:
        result = shared_cluster.run(resource_of(module), {**options, **other})
        assert not result.get("failed"), (other, result["msg"])
        assert not result["changed"], (other, result["requests"])
    shared_cluster.reset()
