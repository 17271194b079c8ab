# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, names, variables and groups of the inventory."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.plugin_utils import _inventory as inventory
from tests.unit.guests.fake import node_lists
from tests.unit.resources import fake


class Cluster(fake.Server):
    """Answers the two requests of an inventory."""

    def __init__(self, rows: list[dict[str, Any]], status: list[dict[str, Any]] | None = None) -> None:
        super().__init__({**node_lists(rows), "/cluster/resources": rows, "/cluster/status": status or []})

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        return self.answers[path]


def guest(vmid: int, name: str | None = None, type_: str = "qemu", **more: Any) -> dict[str, Any]:
    row = {
        "id": f"{type_}/{vmid}",
        "type": type_,
        "vmid": vmid,
        "node": "pve1",
        "status": "stopped",
        "template": 0,
        **more,
    }
    return row if name is None else {**row, "name": name}


def node(name: str, status: str = "online") -> dict[str, Any]:
    return {"id": f"node/{name}", "type": "node", "node": name, "status": status}


def names(*rows: dict[str, Any]) -> list[str]:
    found = inventory.host_names(rows)
    return [found[row["id"]] for row in rows]


def test_only_guests_and_nodes_are_hosts() -> None:
    rows = [
        guest(100, "web"),
        guest(101, "db", "lxc"),
        node("pve1"),
        {"id": "storage/pve1/local", "type": "storage", "node": "pve1", "storage": "local"},
        {"id": "/pool/web", "type": "pool", "pool": "web"},
        {"id": "network/pve1/zone/localnetwork", "type": "network", "node": "pve1"},
        {"id": "sdn/pve1/zone", "type": "sdn", "node": "pve1"},
        {"id": "what/ever", "type": "not-yet-known"},
    ]
    hosts = inventory.hosts_of(inventory.read_rows(Cluster(rows)))
    assert [host.name for host in hosts] == ["db", "pve1", "web"]


def test_unique_names_stay() -> None:
    assert names(guest(100, "web.example.org"), guest(101, "db_1"), node("pve1")) == ["web.example.org", "db_1", "pve1"]


def test_guests_of_one_name_all_get_their_id() -> None:
    assert names(guest(100, "web"), guest(101, "web", "lxc"), guest(102, "db")) == ["web-100", "web-101", "db"]


def test_a_node_keeps_its_name_against_a_guest() -> None:
    assert names(guest(100, "pve1"), node("pve1")) == ["pve1-100", "pve1"]


@pytest.mark.parametrize("name", ["localhost", "all", "ungrouped", "127.0.0.1"])
def test_a_guest_cannot_take_a_name_that_ansible_reserves(name: str) -> None:
    assert names(guest(100, name)) == [f"{name}-100"]


def test_a_name_that_looks_like_one_with_an_id_hides_nothing() -> None:
    assert names(guest(101, "web"), guest(102, "web"), guest(200, "web-101")) == [
        "web-101-101",
        "web-102",
        "web-101-200",
    ]


def test_a_guest_without_name() -> None:
    assert names(guest(100), guest(101, type_="lxc"), guest(9000, "VM 9000")) == ["qemu-100", "lxc-101", "VM-9000"]


def test_names_hold_no_template() -> None:
    assert names(guest(100, "{{ lookup('pipe', 'id') }}")) == ["_--lookup--pipe----id-----"]


@given(
    st.lists(st.sampled_from(["a", "a-1", "a-2", "a-1-1", "a-2-2", "localhost", "VM 1", "VM-1", ""]), max_size=12),
    st.sets(st.sampled_from(["a", "a-1", "a-1-1", "a-2-2-2"])),
    st.randoms(use_true_random=False),
)
def test_no_host_is_ever_lost_and_order_means_nothing(
    guests: list[str], nodes: set[str], chance: random.Random
) -> None:
    rows = [guest(number, name) for number, name in enumerate(guests, 1)] + [node(name) for name in nodes]
    found = inventory.host_names(rows)
    assert len(set(found.values())) == len(rows)
    assert {found[f"node/{name}"] for name in nodes} == nodes
    chance.shuffle(rows)
    assert inventory.host_names(rows) == found


def test_variables_of_a_guest() -> None:
    row = guest(9001, "web", tags="prod;web", pool="a/b", template=1, **dict[str, Any]({"cgroup-mode": 2}))
    assert inventory.hosts_of([row])[0].variables("pve_") == {
        "pve_id": "qemu/9001",
        "pve_type": "qemu",
        "pve_vmid": 9001,
        "pve_node": "pve1",
        "pve_name": "web",
        "pve_status": "stopped",
        "pve_pool": "a/b",
        "pve_lock": "",
        "pve_tags": ["prod", "web"],
        "pve_template": True,
        "pve_cgroup_mode": 2,
    }


def test_emptied_tags_are_no_tags() -> None:
    assert inventory.host_values(guest(100, "web", tags=" "))["tags"] == []


def test_nodes_have_the_common_variables() -> None:
    values = inventory.host_values(node("pve1"))
    assert set(inventory.COMMON) <= set(values)
    assert values["name"] == "pve1"
    assert values["tags"] == []
    assert values["template"] is False


def test_groups() -> None:
    rows = [guest(100, "t", template=1, tags="x;y", pool="p", status="stopped"), guest(101, "c", "lxc"), node("pve1")]
    groups = {host.name: set(inventory.group_names(host)) for host in inventory.hosts_of(rows)}
    assert groups == {
        "t": {"qemu", "status_stopped", "node_pve1", "tag_x", "tag_y", "pool_p", "templates"},
        "c": {"lxc", "status_stopped", "node_pve1"},
        "pve1": {"nodes", "status_online"},
    }


def test_addresses_of_nodes() -> None:
    status: list[dict[str, Any]] = [
        {"type": "cluster", "name": "c", "id": "cluster"},
        {"type": "node", "name": "pve1", "ip": "192.0.2.1", "online": 1},
        {"type": "node", "name": "pve2", "online": 0},
    ]
    assert inventory.read_node_addresses(Cluster([], status)) == {"pve1": "192.0.2.1"}


def test_a_cache_is_only_for_who_asked_the_same() -> None:
    options = {"api_host": ["pve1"], "api_user": "a@pve", "api_password": "x"}
    one = inventory.cache_digest(Connection.from_options(options), {"facts": []})
    assert one == inventory.cache_digest(Connection.from_options({**options, "api_password": "y"}), {"facts": []})
    assert one != inventory.cache_digest(Connection.from_options({**options, "api_user": "b@pve"}), {"facts": []})
    assert one != inventory.cache_digest(Connection.from_options({**options, "api_host": ["pve2"]}), {"facts": []})
    assert one != inventory.cache_digest(Connection.from_options(options), {"facts": ["config"]})


def test_an_expression_is_evaluated_once_for_equal_values() -> None:
    memo = inventory.Memo()
    asked: list[dict[str, Any]] = []

    def result(expression: str, variables: dict[str, Any]) -> Any:
        def evaluate() -> Any:
            asked.append(variables)
            return variables["a"]

        return memo.get(expression, variables, evaluate)

    assert [result("a == 1 and a", {"a": value, "b": 0}) for value in (1, 1, 2, "1")] == [1, 1, 2, "1"]
    assert len(asked) == 3


@pytest.mark.parametrize("expression", ["a == now()", "a is defined and c", "lookup('env', a)", "not ] valid", "1"])
def test_an_expression_that_uses_more_than_variables_is_evaluated_every_time(expression: str) -> None:
    memo, asked = inventory.Memo(), []
    for _time in range(2):
        memo.get(expression, {"a": 1}, lambda: asked.append(1))
    assert len(asked) == 2


def test_no_name_looks_like_an_option_of_ssh() -> None:
    assert names(guest(100, "-oProxyCommand=id"), node("-x")) == ["_oProxyCommand-id", "_x"]


@pytest.mark.parametrize("prefix", ["", "ansible_", "an"])
def test_the_api_sets_no_variable_that_steers_ansible(prefix: str) -> None:
    row = guest(
        100,
        "web",
        ansible_host="x",
        host="x",
        connection="x",
        sible_host="x",
        inventory_hostname="x",
        **dict[str, Any]({"a b": 1}),
    )
    (host,) = inventory.hosts_of([row])
    found = host.variables(prefix)
    assert not [name for name in found if name.startswith("ansible_") or name in ("inventory_hostname", "connection")]
    assert all(name.isidentifier() for name in found)
    assert prefix != "" or found["vmid"] == 100


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("-oProxyCommand=id", False),
        ("2001:db8::1%-oProxyCommand=id", False),
        ("192.0.2.1/24", False),
        ("pve1.example.com", False),
        ("192.0.2.1\n", False),
        (3221225985, False),
        (["192.0.2.1"], False),
    ],
)
def test_only_an_address_becomes_one(text: object, usable: bool) -> None:
    reader = Cluster([], [{"type": "node", "name": "pve1", "ip": text}])
    assert inventory.read_node_addresses(reader) == ({"pve1": text} if usable else {})
    assert bool(reader.warnings) is not usable


def test_rows_that_do_not_say_what_they_are_are_left_out() -> None:
    rows = [guest(100, "web"), {"type": "qemu", "vmid": 101}, {**guest(102), "vmid": None}, {**guest(103), "node": 5}]
    reader = Cluster(rows)
    assert [row["vmid"] for row in inventory.read_rows(reader)] == [100]
    assert [text[:31] for text in reader.warnings] == ["3 guests or nodes are left out:"]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("filter", "called filters."),
        ("url", "called api_host."),
        ("want_facts", "called facts."),
        ("api_hosts", "called api_host."),
        ("xyz", "options are api_host, facts, filters."),
    ],
)
def test_unknown_keys_are_refused_with_the_right_one(key: str, hint: str) -> None:
    with pytest.raises(InvalidOption, match=f"^{key}: is no option of this inventory plugin. .*{hint}$"):
        inventory.refuse_unknown_keys(["facts", key], ["api_host", "facts", "filters"])
