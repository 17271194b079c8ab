# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, NotFound, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.pool import POOL
from tests.unit.resources.fake import Server, calls, planned

MEMBERS: list[dict[str, Any]] = [
    {"type": "qemu", "vmid": 101},
    {"type": "lxc", "vmid": "100"},
    {"type": "storage", "storage": "local"},
]


RESOURCES: list[dict[str, Any]] = [
    *({"type": "qemu", "vmid": vmid} for vmid in (100, 101, 102, 103)),
    {"type": "lxc", "vmid": 104, "pool": "web"},
    {"type": "storage", "storage": "local", "node": "pve1"},
]


class Pools(Server):
    """Pools by their ids; the list shows no members."""

    def __init__(self, **pools: list[dict[str, Any]]) -> None:
        super().__init__()
        self.pools = {name.replace("__", "/"): members for name, members in pools.items()}

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        self.asked.append(f"{path} {dict(params or {})}")
        if path == "/cluster/resources":
            return RESOURCES
        if not params:
            return [{"poolid": name} for name in self.pools]
        if params["poolid"] not in self.pools:
            raise NotFound("GET", path, 500, f"pool '{params['poolid']}' does not exist")
        return [{"poolid": params["poolid"], "comment": "Web", "members": self.pools[params["poolid"]]}]


def test_a_pool_is_created_and_filled() -> None:
    plan = planned(POOL, Pools(web=[]), poolid="web/front", comment="x", vms=[102, 101], storage=["local"])
    assert calls(plan) == [
        ("POST", "/pools", {"poolid": "web/front", "comment": "x"}),
        ("PUT", "/pools", {"poolid": "web/front", "vms": "101,102", "storage": "local"}),
    ]


def test_what_is_there_takes_one_get() -> None:
    server = Pools(web=MEMBERS)
    assert not planned(POOL, server, poolid="web", comment="Web", vms=[101, 100], storage=["local"]).steps
    assert server.asked == ["/pools {'poolid': 'web'}"]


@pytest.mark.parametrize("comment", ["Other", ""])
def test_the_comment_is_updated_and_cleared(comment: str) -> None:
    plan = planned(POOL, Pools(web=MEMBERS), poolid="web", comment=comment)
    assert calls(plan) == [("PUT", "/pools", {"poolid": "web", "comment": comment})]


def test_a_list_is_the_whole_list_unless_it_is_appended() -> None:
    whole = planned(POOL, Pools(web=MEMBERS), poolid="web", vms=[101, 103], allow_move=True)
    assert calls(whole) == [
        ("PUT", "/pools", {"poolid": "web", "vms": "100", "delete": True}),
        ("PUT", "/pools", {"poolid": "web", "vms": "103", "allow-move": True}),
    ]
    added = planned(POOL, Pools(web=MEMBERS), poolid="web", vms=[103], append=True)
    assert calls(added) == [("PUT", "/pools", {"poolid": "web", "vms": "103"})]
    assert (added.after or {})["vms"] == [100, 101, 103]


def test_members_keep_a_pool_unless_forced() -> None:
    with pytest.raises(Refused, match="100, 101"):
        planned(POOL, Pools(web=MEMBERS), poolid="web", state="absent")
    assert calls(planned(POOL, Pools(web=MEMBERS), poolid="web", state="absent", force=True)) == [
        ("PUT", "/pools", {"poolid": "web", "vms": "100,101", "storage": "local", "delete": True}),
        ("DELETE", "/pools", {"poolid": "web"}),
    ]


def test_nested_pools_keep_a_pool_before_anything_is_taken_out() -> None:
    server = Pools(web=MEMBERS, web__front=[], website=[])
    with pytest.raises(Refused, match=r"holds other pools: web/front\."):
        planned(POOL, server, poolid="web", state="absent", force=True)
    assert calls(planned(POOL, server, poolid="web/front", state="absent")) == [
        ("DELETE", "/pools", {"poolid": "web/front"})
    ]


@pytest.mark.parametrize("poolid", ["", "/web", "a/b/c/d", "a b", "a:b", "ctü", "1", "-a"])
def test_what_is_no_pool_id(poolid: str) -> None:
    with pytest.raises(InvalidOption, match="poolid"):
        planned(POOL, Pools(), poolid=poolid)


def test_new_members_are_looked_for() -> None:
    server = Pools(db=[])
    plan = planned(POOL, server, poolid="db", vms=[102], storage=["local"])
    assert calls(plan) == [("PUT", "/pools", {"poolid": "db", "vms": "102", "storage": "local"})]
    assert server.asked == ["/pools {'poolid': 'db'}", "/cluster/resources {}"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"vms": [109]}, "vms: guest 109 does not exist.*In check mode, run the task that creates it first"),
        ({"vms": [104]}, "vms: guest 104 is in pool 'web'.*allow_move: true"),
        ({"storage": ["locla"]}, "storage: storage 'locla' does not exist"),
    ],
)
def test_members_that_the_server_would_refuse_or_never_find(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        planned(POOL, Pools(db=[]), poolid="db", **given)


def test_a_member_of_another_pool_is_moved_where_that_is_allowed() -> None:
    assert planned(POOL, Pools(db=[]), poolid="db", vms=[104], allow_move=True).steps


def test_members_that_stay_or_go_are_not_looked_for() -> None:
    server = Pools(web=MEMBERS)
    planned(POOL, server, poolid="web", vms=[100], comment="Other")
    planned(POOL, server, poolid="web", state="absent", force=True)
    assert not any("resources" in path for path in server.asked)


def test_a_nested_pool_needs_its_parent() -> None:
    assert planned(POOL, Pools(web=[]), poolid="web/front").steps
    with pytest.raises(InvalidOption, match="poolid: pool 'web', of which this would be a part, does not exist"):
        planned(POOL, Pools(), poolid="web/front")


def test_blanks_around_a_comment_are_no_change() -> None:
    assert not planned(POOL, Pools(web=MEMBERS), poolid="web", comment="  Web \n").steps


def test_a_comment_that_pve_does_not_keep_is_refused() -> None:
    with pytest.raises(InvalidOption, match="comment: PVE does not keep a comment that is only 0"):
        planned(POOL, Pools(web=MEMBERS), poolid="web", comment=" 0")
