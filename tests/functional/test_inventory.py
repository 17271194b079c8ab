# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory reads of the simulator: requests, and what a node that is down costs."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import (
    Connection,
    connection_arguments,
)
from ansible_collections.pve.automation.plugins.plugin_utils._guest_facts import read_facts
from ansible_collections.pve.automation.plugins.plugin_utils._inventory import Host, hosts_of, read_rows
from tests.harness.cluster import Cluster
from tests.harness.playbook import run_playbook


def client_of(cluster: Cluster) -> Client:
    """A client of its own, which asks in parallel and does not sleep between attempts."""
    checked = ArgumentSpecValidator(connection_arguments()).validate(cluster.token_connection())
    client = Client(Connection.from_options(checked.validated_parameters))
    client.sleep = lambda seconds: None
    return client


def guests_of(client: Client) -> list[Host]:
    return [host for host in hosts_of(read_rows(client)) if host.is_guest]


def test_the_list_of_the_cluster_and_those_of_the_nodes_know_every_guest(cluster: Cluster) -> None:
    client = client_of(cluster)
    guests = guests_of(client)
    lists = [f"/nodes/{node}/{kind}" for node in cluster.facts["nodes"] for kind in ("qemu", "lxc")]
    assert sorted(row["path"] for row in cluster.requests_made()) == sorted(["/cluster/resources", *lists])
    listed = [
        row["vmid"]
        for node in cluster.facts["nodes"]
        for kind in ("qemu", "lxc")
        for row in client.get(f"/nodes/{node}/{kind}")
    ]
    assert sorted(guest.values["vmid"] for guest in guests) == sorted(listed)
    assert len({guest.name for guest in guests}) == len(listed)
    client.close()


def test_every_guest_is_asked_for_what_it_can_tell_once(cluster: Cluster) -> None:
    client = client_of(cluster)
    guests = guests_of(client)
    cluster.requests_made()
    facts, warnings = read_facts(client, guests, ["config", "agent", "interfaces"], 10)
    paths = [row["path"] for row in cluster.requests_made()]
    assert len(paths) == len(set(paths))
    assert sum(path.endswith("/config") for path in paths) == len(guests)
    running = [guest for guest in guests if guest.values["status"] == "running"]
    assert {path.split("/")[4] for path in paths if not path.endswith("/config")} <= {
        str(guest.values["vmid"]) for guest in running
    }
    assert all("config" in facts[guest.id] for guest in guests)
    assert any(facts[guest.id].get("address") for guest in running)
    assert warnings == []
    client.close()


def test_a_node_that_goes_down_costs_facts_but_no_guest(cluster: Cluster) -> None:
    client = client_of(cluster)
    guests = guests_of(client)
    there = [guest for guest in guests if guest.row["node"] == "pve3"]
    cluster.control("POST", "node", {"node": "pve3", "online": False})
    facts, warnings = read_facts(client, guests, ["config"], 10)  # not known yet to be down
    assert facts.keys() == {guest.id for guest in guests}
    assert [guest.id for guest in guests if not facts[guest.id]] == [guest.id for guest in there]
    (warning,) = warnings
    assert "No route to host" in warning
    assert f"and {len(there) - 5} more" in warning
    client.close()


def test_a_play_that_refreshes_its_inventory_sees_the_new_guest(cluster: Cluster, tmp_path: Path) -> None:
    """Although what was read first is in the cache, and its node has not yet reported it."""
    cluster.call("GET", "/cluster/resources")
    cluster.control("POST", "lag", {"seconds": 100000, "looks": 1000000})
    inventory = {"plugin": "pve.automation.pve", **cluster.token_connection(), "cache": True, "group_prefix": ""}
    (tmp_path / "test.pve.yml").write_text(json.dumps(inventory), encoding="utf-8")
    new = {**cluster.token_connection(), "node": "pve1", "name": "newcomer", "tags": ["web", "new"]}
    seen = {"ansible.builtin.debug": {"msg": "{{ 'newcomer' in groups.all }} {{ groups.tag_new | default([]) }}"}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"pve.automation.pve_vm": new}, seen, {"ansible.builtin.meta": "refresh_inventory"}, seen],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    cache = {
        "ANSIBLE_INVENTORY_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_INVENTORY_CACHE_CONNECTION": str(tmp_path / "cache"),
    }
    played = run_playbook(tmp_path / "play.yml", tmp_path, "-i", "test.pve.yml", variables=cache)
    assert played.code == 0, played.printed
    shown = [row.result["msg"] for row in played.rows if row.module.endswith("debug")]
    assert shown == ["False []", "True ['newcomer']"]
    assert len(list((tmp_path / "cache").iterdir())) == 1
