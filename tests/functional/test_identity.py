# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guest a task is about, on a cluster whose list shows names and statuses as they were before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.agent_calls import AGENT_CALLS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.cloudinit import CLOUD_INIT
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.sendkey import KEYS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.snapshot import SNAPSHOT
from ansible_collections.pve.automation.plugins.module_utils._core.guests.bulk import GUESTS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.info import GUEST_INFO
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.resources.backup.run import BACKUP
from ansible_collections.pve.automation.plugins.plugin_utils._inventory import hosts_of, read_rows
from tests.harness.cluster import Cluster, Result

TEMPLATE = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
VMID = 9150  # of the guest that most tests are about


@pytest.fixture
def lagging(cluster: Cluster) -> Cluster:
    """A cluster whose nodes never report again."""
    machine(cluster, VMID, "old")
    cluster.control("POST", "report", {})
    cluster.control("POST", "lag", {"seconds": 100000, "looks": 1000000})
    return cluster


def machine(cluster: Cluster, vmid: int, name: str, node: str = "pve1", **config: Any) -> None:
    """A machine that somebody else creates."""
    cluster.call("POST", f"/nodes/{node}/qemu", {"vmid": vmid, "name": name, **config})


def container(cluster: Cluster, vmid: int, name: str, node: str = "pve1") -> None:
    params = {"vmid": vmid, "hostname": name, "ostemplate": TEMPLATE, "rootfs": "local-lvm:1"}
    cluster.call("POST", f"/nodes/{node}/lxc", params)


def rename(cluster: Cluster, vmid: int, name: str, node: str = "pve1") -> None:
    cluster.call("PUT", f"/nodes/{node}/qemu/{vmid}/config", {"name": name})


def delete(cluster: Cluster, vmid: int, node: str = "pve1") -> None:
    cluster.call("DELETE", f"/nodes/{node}/qemu/{vmid}")


def vmids(cluster: Cluster) -> set[int]:
    return {int(row["vmid"]) for row in cluster.call("GET", "/cluster/resources", {"type": "vm"})}


def shown_name(cluster: Cluster, vmid: int) -> str | None:
    rows = cluster.call("GET", "/cluster/resources", {"type": "vm"})
    return next((row.get("name") for row in rows if row["vmid"] == vmid), None)


def writes(cluster: Cluster) -> list[tuple[str, str]]:
    return [(row["method"], row["path"]) for row in cluster.writes_made()]


def done(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result


def refused(result: Result, says: str) -> None:
    assert result.get("failed"), "it was not refused"
    assert not result["changed"]
    assert says in result["msg"]


# --- renamed, used again, new -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_renamed_machine_is_not_deleted_by_its_old_name(lagging: Cluster, check_mode: bool) -> None:
    rename(lagging, VMID, "precious")
    assert shown_name(lagging, VMID) == "old"
    lagging.writes_made()
    assert not done(lagging.run(VM, {"name": "old", "state": "absent"}, check_mode=check_mode))["changed"]
    assert writes(lagging) == []
    assert VMID in vmids(lagging)


def test_a_renamed_machine_is_deleted_by_its_new_name(lagging: Cluster) -> None:
    rename(lagging, VMID, "precious")
    result = done(lagging.run(VM, {"name": "precious", "state": "absent"}))
    assert [row["summary"] for row in result["requests"]] == ["delete virtual machine 9150 (precious) and its disks"]
    assert VMID not in vmids(lagging)
    assert not done(lagging.run(VM, {"name": "precious", "state": "absent"}))["changed"]


@pytest.mark.parametrize("node", ["pve1", "pve2"])
def test_an_id_that_was_used_before_is_not_deleted_by_the_former_name(lagging: Cluster, node: str) -> None:
    delete(lagging, VMID)
    machine(lagging, VMID, "precious", node)
    assert shown_name(lagging, VMID) == "old"
    assert not done(lagging.run(VM, {"name": "old", "state": "absent"}))["changed"]
    assert VMID in vmids(lagging)


def test_a_container_with_the_id_of_a_machine_does_not_have_its_name(lagging: Cluster) -> None:
    delete(lagging, VMID)
    container(lagging, VMID, "precious")
    assert shown_name(lagging, VMID) == "old"
    assert not done(lagging.run(LXC, {"hostname": "old", "state": "absent"}))["changed"]
    assert not done(lagging.run(VM, {"name": "old", "state": "absent"}))["changed"]
    assert VMID in vmids(lagging)
    assert done(lagging.run(LXC, {"hostname": "precious", "state": "absent"}))["changed"]


def test_a_new_machine_is_found_by_its_name(lagging: Cluster) -> None:
    machine(lagging, 9151, "new", "pve2", memory=512)
    assert shown_name(lagging, 9151) is None
    changed = done(lagging.run(VM, {"name": "new", "memory": 1024}))
    assert changed["vm"]["vmid"] == 9151
    done(lagging.run(SNAPSHOT, {"name": "new", "snapname": "first"}))
    copied = done(lagging.run(VM, {"name": "copy", "clone": "new", "node": "pve2"}))
    assert copied["requests"][0]["path"] == "/nodes/pve2/qemu/9151/clone"
    assert [row["name"] for row in lagging.run(GUEST_INFO, {"name": ["new"]})["guests"]] == ["new"]
    started = done(lagging.run(GUESTS, {"select": {"name": "new"}, "state": "started"}))
    assert [row["vmid"] for row in started["guests"]] == [9151]
    assert done(lagging.run(VM, {"name": "new", "state": "absent", "force": True}))["changed"]
    assert 9151 not in vmids(lagging)


def test_a_new_machine_on_another_node_is_migrated_and_not_made_twice(lagging: Cluster) -> None:
    machine(lagging, 9151, "new", "pve2")
    result = done(lagging.run(VM, {"name": "new", "node": "pve1", "migrate": True}))
    assert [row["path"] for row in result["requests"]] == ["/nodes/pve2/qemu/9151/migrate"]


def test_a_run_that_creates_by_name_creates_once(lagging: Cluster) -> None:
    options = {"name": "ours", "node": "pve2", "memory": 512}
    assert done(lagging.run(VM, options))["changed"]
    assert not done(lagging.run(VM, options))["changed"]


# --- namesakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"state": "absent"}, {"memory": 1024}, {"state": "started"}], ids=["absent", "change", "start"]
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_is_done_while_a_namesake_is_hidden(
    lagging: Cluster, options: dict[str, Any], check_mode: bool
) -> None:
    """The list shows one guest with the name, and the other one still under another name."""
    machine(lagging, 9151, "else", "pve2")
    lagging.control("POST", "clock", {"seconds": 100001})
    rename(lagging, 9151, "old", "pve2")
    assert shown_name(lagging, 9151) == "else"
    lagging.writes_made()
    result = lagging.run(VM, {"name": "old", **options}, check_mode=check_mode)
    refused(
        result,
        "2 guests are named 'old': virtual machine 9150 (old) on node pve1; virtual machine 9151 (old) on node pve2",
    )
    assert writes(lagging) == []


def test_a_no_op_by_name_costs_two_requests(lagging: Cluster) -> None:
    lagging.run(VM, {"name": "old"})
    lagging.requests_made()
    done(lagging.run(VM, {"name": "old"}))
    assert [row["path"] for row in lagging.requests_made()] == ["/cluster/resources", f"/nodes/pve1/qemu/{VMID}/config"]
    done(lagging.run(VM, {"vmid": VMID, "node": "pve1", "name": "old"}))
    assert [row["path"] for row in lagging.requests_made()] == [f"/nodes/pve1/qemu/{VMID}/config"]


def test_two_runs_that_create_one_name_at_once_say_so(lagging: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    call, raced = Client.call, list[int]()

    def race(self: Client, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if method == "POST" and path == "/nodes/pve1/qemu" and not raced:
            raced.append(9199)
            machine(lagging, 9199, "ours", "pve2")
        return call(self, method, path, *rest, **more)

    monkeypatch.setattr(Client, "call", race)
    result = lagging.run(VM, {"node": "pve1", "name": "ours"})
    assert result["failed"]
    assert result["changed"]
    assert "Another run made 'ours' at the same time; now there are 2" in result["msg"]
    refused(lagging.run(VM, {"node": "pve1", "name": "ours", "state": "absent"}), "2 guests are named 'ours'")


def test_two_bulks_that_create_one_name_at_once_say_so(lagging: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    call, raced = Client.call, list[int]()

    def race(self: Client, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if method == "POST" and path == "/nodes/pve1/qemu" and not raced:
            raced.append(9199)
            machine(lagging, 9199, "ours", "pve2")
        return call(self, method, path, *rest, **more)

    monkeypatch.setattr(Client, "call", race)
    guests = [{"name": "ours", "node": "pve1"}, {"name": "other", "node": "pve1"}]
    result = lagging.run(GUESTS, {"guests": guests})
    assert [entry.get("failed", False) for entry in result["guests"]] == [True, False]
    assert "Another run made 'ours' at the same time" in result["msg"]


# --- what contradicts itself ------------------------------------------------------------------------------------------

WRONG_NAME = {"vmid": 9151, "name": "wrong"}
WRONG_NODE = {"vmid": 9151, "node": "pve1"}
BOTH = {"vmid": 9151, "name": "right", "node": "pve2"}
NOT_NAMED = "the virtual machine 9151 (right) on node pve2 is not named 'wrong'"
NOT_THERE = "the virtual machine 9151 (right) on node pve2 is not on pve1"
DEEDS: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "absent": (VM, {"state": "absent"}),
    "reset": (VM, {"state": "reset"}),
    "stop by force": (VM, {"state": "stopped", "force": True}),
    "clone": (VM, {"clone": "debian-13", "cores": 2}),
    "restore": (VM, {"restore": "shared:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst"}),
    "snapshot": (SNAPSHOT, {"snapname": "first"}),
    "snapshot that is deleted": (SNAPSHOT, {"snapname": "first", "state": "absent"}),
    "rollback": (SNAPSHOT, {"snapname": "first", "state": "rollback"}),
    "agent": (AGENT_CALLS, {"exec": {"argv": ["true"]}}),
    "agent facts": (AGENT_CALLS, {"gather": ["osinfo"]}),
    "cloud-init": (CLOUD_INIT, {"force": True}),
    "keys": (KEYS, {"keys": ["ret"]}),
}


# What cannot be taken back, so that even the node has to fit; elsewhere a guest may have moved
EXACT = ("absent", "reset", "stop by force", "rollback", "snapshot that is deleted")


@pytest.mark.parametrize("deed", DEEDS)
def test_another_name_is_refused(lagging: Cluster, deed: str) -> None:
    machine(lagging, 9151, "right", "pve2")
    lagging.writes_made()
    resource, options = DEEDS[deed]
    refused(lagging.run(resource, {**WRONG_NAME, **options}), NOT_NAMED)
    assert writes(lagging) == []


@pytest.mark.parametrize("deed", EXACT)
def test_another_node_is_refused_where_that_cannot_be_taken_back(lagging: Cluster, deed: str) -> None:
    machine(lagging, 9151, "right", "pve2")
    lagging.writes_made()
    resource, options = DEEDS[deed]
    refused(lagging.run(resource, {**WRONG_NODE, **options}), NOT_THERE)
    assert writes(lagging) == []


@pytest.mark.parametrize("deed", sorted(DEEDS.keys() - set(EXACT)))
def test_a_guest_that_has_moved_is_right_where_it_is(lagging: Cluster, deed: str) -> None:
    machine(lagging, 9151, "right", "pve2")
    lagging.writes_made()
    result = lagging.run(DEEDS[deed][0], {**WRONG_NODE, **DEEDS[deed][1]})
    assert "pve1" not in result.get("msg", "")
    assert {row["path"].split("/")[2] for row in lagging.writes_made() if row["path"].startswith("/nodes/")} <= {"pve2"}


@pytest.mark.parametrize("options", [{}, {"cores": 3}, {"state": "started"}, {"state": "stopped"}])
def test_a_task_is_true_wherever_the_guest_was_moved(lagging: Cluster, options: dict[str, Any]) -> None:
    wish = {"vmid": 9151, "name": "right", "node": "pve1", "memory": 128, **options}
    done(lagging.run(VM, wish))
    lagging.call(
        "POST", "/nodes/pve1/qemu/9151/migrate", {"target": "pve2", "online": options.get("state") == "started"}
    )
    result = done(lagging.run(VM, wish))
    assert not result["changed"]
    assert result["vm"]["node"] == "pve2"
    changed = done(lagging.run(VM, {**wish, "onboot": True}))
    assert [row["path"] for row in changed["requests"]] == ["/nodes/pve2/qemu/9151/config"]
    back = done(lagging.run(VM, {**wish, "onboot": True, "migrate": True}))
    assert back["vm"]["node"] == "pve1"
    assert not done(lagging.run(VM, {**wish, "migrate": True}))["changed"]


def test_a_node_that_does_not_exist_is_refused_for_a_guest_that_does(lagging: Cluster) -> None:
    refused(lagging.run(VM, {"vmid": VMID, "node": "pve9"}), "There is no node of that name in the cluster")


@pytest.mark.parametrize("deed", ["absent", "stop by force", "clone", "snapshot"])
def test_what_fits_is_not_refused(lagging: Cluster, deed: str) -> None:
    machine(lagging, 9151, "right", "pve2")
    resource, options = DEEDS[deed]
    done(lagging.run(resource, {**BOTH, **options}))


def test_a_name_beside_an_id_still_renames(lagging: Cluster) -> None:
    result = done(lagging.run(VM, {"vmid": VMID, "name": "web"}))
    assert result["vm"]["name"] == "web"
    assert not done(lagging.run(VM, {"vmid": VMID, "node": "pve1", "name": "web"}))["changed"]


def test_the_id_of_a_container_is_not_that_of_a_machine(lagging: Cluster) -> None:
    refused(lagging.run(VM, {"vmid": 118, "state": "absent"}), "118 is taken: it is the container 118 (dns1)")
    refused(lagging.run(KEYS, {"vmid": 118, "keys": ["ret"]}), "the container 118 (dns1)")


def test_a_backup_of_a_guest_on_another_node_is_refused(lagging: Cluster) -> None:
    options = {"vmid": [VMID], "node": "pve2", "storage": "shared"}
    with pytest.raises(Exception, match="node: guest 9150 is on pve1, not on pve2"):
        raise Exception(lagging.run(BACKUP, options).get("msg", "it was not refused"))  # noqa: TRY002
    assert done(lagging.run(BACKUP, {**options, "node": "pve1"}))["changed"]


# --- selections, lists, the inventory ---------------------------------------------------------------------------------


def test_a_selection_goes_by_what_is_and_not_by_what_was_reported(lagging: Cluster) -> None:
    rename(lagging, VMID, "precious")
    machine(lagging, 9151, "old-2", "pve2")
    lagging.call("POST", "/nodes/pve2/qemu/9151/status/start")
    running = done(
        lagging.run(GUESTS, {"select": {"name": "old*", "status": "running"}, "state": "stopped"}, check_mode=True)
    )
    assert [entry["vmid"] for entry in running["guests"]] == [9151]
    assert list(running["diff"]["before"]) == ["old-2 (9151)"]
    stopped = done(lagging.run(GUESTS, {"select": {"name": "old*", "status": "stopped"}, "state": "absent"}))
    assert stopped["guests"] == []


def test_a_template_is_not_selected_as_soon_as_it_is_one(lagging: Cluster) -> None:
    lagging.call("POST", f"/nodes/pve1/qemu/{VMID}/template")
    assert done(lagging.run(GUESTS, {"select": {"vmid": [VMID]}, "state": "started"}))["guests"] == []


def test_a_selection_deletes_what_is_stopped_and_says_so(lagging: Cluster) -> None:
    machine(lagging, 9151, "old", "pve2", protection=1)
    machine(lagging, 9152, "old", "pve2")
    lagging.call("POST", "/nodes/pve2/qemu/9152/status/start")
    options = {"select": {"name": "old"}, "state": "absent"}
    foretold = lagging.run(GUESTS, options, check_mode=True)
    assert [row["summary"] for row in foretold["requests"]] == [f"delete virtual machine {VMID} (old) and its disks"]
    result = lagging.run(GUESTS, options)
    assert result["requests"] == foretold["requests"]
    assert [entry.get("failed", False) for entry in result["guests"]] == [False, True, True]
    assert "old (9151): The virtual machine 9151 (old) is protected." in result["msg"]
    assert "old (9152): The virtual machine 9152 (old) is running. Stop it first with state: stopped." in result["msg"]
    assert VMID not in vmids(lagging)
    assert {9151, 9152} <= vmids(lagging)


def test_a_selection_never_deletes_by_force(lagging: Cluster) -> None:
    refused(lagging.run(GUESTS, {"select": {"name": "old"}, "state": "absent", "force": True}), "force: means nothing")


def test_names_and_statuses_of_lists_are_current(lagging: Cluster) -> None:
    rename(lagging, VMID, "precious")
    machine(lagging, 9151, "new", "pve2")
    lagging.call("POST", "/nodes/pve2/qemu/9151/status/start")
    rows = {row["vmid"]: row for row in lagging.run(GUEST_INFO, {"vmid": [VMID, 9151]})["guests"]}
    assert [(rows[vmid]["name"], rows[vmid]["status"]) for vmid in (VMID, 9151)] == [
        ("precious", "stopped"),
        ("new", "running"),
    ]
    rows = {row["vmid"]: row for row in lagging.run(GUEST_INFO, {"vmid": [VMID, 9151], "current": False})["guests"]}
    assert (rows[VMID]["name"], rows[9151]["name"], rows[9151]["status"]) == ("old", "new", "running")
    with_client = lagging._open_client(lagging._client.connection)  # type: ignore[union-attr]
    names = {host.values.get("vmid"): host.name for host in hosts_of(read_rows(with_client))}
    assert (names[VMID], names[9151]) == ("precious", "new")
