# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is wrong with a task or its surroundings: the message names the cause and the cure, and nothing is half done unsaid."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import resource_of

VM, POOL = resource_of("pve_vm"), resource_of("pve_pool")
BAD = {"node": "pve1", "vmid": 9000, "name": "bad"}
DISK = {"scsi": {"scsi0": {"storage": "local", "size": "4G"}}}


def refused(result: Result, *texts: str, changed: bool = False) -> None:
    """The task failed, says all of this, and is true about changes."""
    assert result.get("failed"), result
    assert [text for text in texts if text not in result["msg"]] == [], result["msg"]
    assert result["changed"] is changed, result["msg"]
    assert "Traceback" not in result["msg"]


def made(cluster: Cluster, options: dict[str, Any]) -> None:
    result = cluster.run(VM, options)
    assert not result.get("failed"), result["msg"]
    cluster.requests_made()


# --- the connection ---------------------------------------------------------------------------------------------------


def test_a_wrong_password(cluster: Cluster) -> None:
    cluster.connection["api_password"] = "wrong"
    refused(
        cluster.run(POOL, {"poolid": "x"}),
        "POST /access/ticket was answered with 401: authentication failure",
        "Check api_user (with its realm, as in root@pam), api_password",
    )
    assert len(cluster.requests_made()) == 1


def test_an_expired_ticket_is_replaced_by_one_login(cluster: Cluster) -> None:
    cluster.run(POOL, {"poolid": "x"})
    cluster.control("POST", "clock", {"seconds": 3 * 3600})
    cluster.requests_made()
    result = cluster.run(POOL, {"poolid": "x", "comment": "later"})
    assert result["changed"] is True
    assert "warnings" not in result
    asked = [(row["method"], row["path"]) for row in cluster.requests_made()]
    assert asked.count(("POST", "/access/ticket")) == 1
    assert asked.count(("PUT", "/pools")) == 1


def test_a_token_without_privileges(cluster: Cluster) -> None:
    cluster.run(resource_of("pve_user"), {"userid": "u@pve"})
    secret = cluster.run(resource_of("pve_token"), {"userid": "u@pve", "tokenid": "t1"})["token_secret"]
    cluster.connection = {**cluster.token_connection(), "api_token_id": "u@pve!t1", "api_token_secret": secret}
    refused(
        cluster.run(POOL, {"poolid": "x"}),
        "403: Permission check failed (/pool/x, Pool.Allocate)",
        "Asked as u@pve!t1.",
        "It needs Pool.Allocate on /pool/x: grant a role with it by pve_acl.",
        "A token with privilege separation has only what its own ACL entries and its user's both allow.",
    )


def test_a_host_that_is_down(cluster: Cluster) -> None:
    cluster.connection["api_host"] = "127.0.0.1:1"
    refused(cluster.run(POOL, {"poolid": "x"}), "Cannot connect to 127.0.0.1:1", "Check api_host and api_port")


def test_a_host_that_is_down_beside_one_that_is_up(cluster: Cluster) -> None:
    cluster.connection["api_host"] = ["127.0.0.1:1", cluster.facts["url"]]
    result = cluster.run(POOL, {"poolid": "x"})
    assert (result.get("failed"), result["changed"]) == (None, True)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_path_of_a_proxy_that_does_not_lead_to_the_api(cluster: Cluster, state: str) -> None:
    """What a wrong address does not have is not absent."""
    cluster.connection = {**cluster.token_connection(), "api_host": f"{cluster.facts['url']}/pve"}
    refused(cluster.run(POOL, {"poolid": "x", "state": state}), "no such file", "check the path in api_host")


def test_a_wrong_fingerprint(cluster: Cluster) -> None:
    cluster.connection["api_fingerprint"] = "ab" * 32
    refused(
        cluster.run(POOL, {"poolid": "x"}),
        "is not trusted",
        "No credential was sent.",
        f"Its SHA-256 fingerprint is {cluster.facts['fingerprint']}.",
        "set api_fingerprint to it",
        "ca_path to the CA",
        "validate_certs to false",
    )
    assert cluster.requests_made() == []


def test_no_credentials(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PVE_PASSWORD", "PROXMOX_PASSWORD", "PVE_TOKEN_ID", "PROXMOX_TOKEN_ID"):
        monkeypatch.delenv(name, raising=False)
    del cluster.connection["api_password"]
    refused(cluster.run(POOL, {"poolid": "x"}), "api_password: is missing", "api_token_id with api_token_secret")


# --- names that do not fit --------------------------------------------------------------------------------------------


def test_an_unknown_storage(cluster: Cluster) -> None:
    disk = {"scsi": {"scsi0": {"storage": "nosuch", "size": "1G"}}}
    for check_mode in (True, False):
        refused(
            cluster.run(VM, {**BAD, **disk}, check_mode=check_mode),
            "scsi0: pve1 has no storage nosuch that is enabled, as bad wants",
            "Create or enable the storage by pve_storage",
            "In check mode, run the task that creates it first.",
        )
    assert cluster.writes_made() == []
    refused(
        cluster.run(VM, {**BAD, **disk, "preflight": "off"}),
        "storage 'nosuch' does not exist",
        "Create the storage by pve_storage",
    )


def test_an_unknown_bridge(cluster: Cluster) -> None:
    options = {**BAD, "net": {"net0": "virtio,bridge=vmbr77"}, "state": "started"}
    for check_mode in (True, False):
        refused(
            cluster.run(VM, options, check_mode=check_mode),
            "net0: pve1 offers no bridge vmbr77, as bad wants",
            "Create the bridge by pve_node_network, or name another one.",
        )
    assert cluster.writes_made() == []
    options["preflight"] = "off"
    refused(
        cluster.run(VM, options),
        "bridge 'vmbr77' does not exist",
        "Done before that: create virtual machine 9000 (bad).",
        "Not done: start virtual machine 9000 (bad).",
        "Create the bridge by pve_node_network, or name another one in net.",
        changed=True,
    )


def test_an_unknown_pool(cluster: Cluster) -> None:
    refused(cluster.run(VM, {**BAD, "pool": "nosuch"}), "pool: there is no pool 'nosuch'", "Create it with pve_pool")
    refused(cluster.run(VM, {**BAD, "pool": "nosuch"}, check_mode=True), "pool: there is no pool 'nosuch'")


def test_an_unknown_node_for_a_new_guest(cluster: Cluster) -> None:
    for check_mode in (True, False):
        new = {"name": "bad", "node": "pve9"}
        refused(cluster.run(VM, new, check_mode=check_mode), "node: node 'pve9' does not exist")


def test_a_disk_in_place_of_a_backup(cluster: Cluster) -> None:
    made(cluster, {**BAD, **DISK})
    disk = cluster.call("GET", "/nodes/pve1/storage/local/content", {"vmid": BAD["vmid"]})[0]["volid"]
    options = {"node": "pve1", "volume": disk, "state": "absent"}
    refused(cluster.run(resource_of("pve_backup"), options), f"volume: '{disk}' is not a backup")
    assert [row for row in cluster.requests_made() if row["method"] != "GET"] == []


def test_an_unknown_member_of_a_pool(cluster: Cluster) -> None:
    refused(
        cluster.run(POOL, {"poolid": "bad", "vms": [9777]}),
        "vms: guest 9777 does not exist.",
        "In check mode, run the task that creates it first.",
    )


@pytest.mark.parametrize("who", [{"vmid": 9777}, {"name": "no-such-guest"}])
@pytest.mark.parametrize("state", ["present", "stopped"])
def test_an_unknown_guest(cluster: Cluster, who: dict[str, Any], state: str) -> None:
    name = str(next(iter(who.values())))
    refused(cluster.run(VM, {**who, "state": state}), "there is no virtual machine", name, "to create it needs node")


def test_another_type_for_a_storage(cluster: Cluster) -> None:
    options = {"storage": "local", "type": "nfs", "server": "192.0.2.1", "export": "/x"}
    refused(
        cluster.run(resource_of("pve_storage"), options),
        "type: can be set only when the storage local is created",
    )


@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_unknown_node(cluster: Cluster, state: str) -> None:
    refused(cluster.run(VM, {**BAD, "node": "pve9", "state": state}), "'pve9'", "There is no node of that name")


def test_an_id_that_a_container_has(cluster: Cluster) -> None:
    containers = [row for row in cluster.call("GET", "/cluster/resources", {"type": "vm"}) if row["type"] == "lxc"]
    taken = containers[0]
    options = {**BAD, "vmid": taken["vmid"], "node": taken["node"]}
    refused(cluster.run(VM, options), f"vmid: {taken['vmid']} is taken: it is the container", taken["name"])


def test_a_name_that_two_guests_share(cluster: Cluster) -> None:
    made(cluster, BAD)
    made(cluster, {**BAD, "vmid": 9001})
    result = cluster.run(VM, {"name": "bad", "cores": 2})
    refused(result, "2 guests are named 'bad'", "9000", "9001", "Give vmid as well.")


@pytest.mark.parametrize("way", ["password", "token"])
def test_names_that_only_the_real_run_failed_with(cluster: Cluster, way: str) -> None:
    """All of them cost reads alone, whoever logs in with all rights."""
    cluster.connection = cluster.password_connection() if way == "password" else cluster.token_connection()
    rows = cluster.call("GET", "/cluster/resources", {"type": "vm"})
    vmid, container = (next(row["vmid"] for row in rows if row["type"] == kind) for kind in ("qemu", "lxc"))
    rule = {"type": "in", "action": "ACCEPT"}
    in_guest = {"scope": "guest", "vmid": vmid}
    job = {"id": "bad", "all": True}
    affinity = {"rule": "bad", "type": "node-affinity"}
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("pve_firewall", {**in_guest, "rules": [{**rule, "source": "+nosuch"}]}, "rules[0].source: IP set '+nosuch'"),
        ("pve_firewall", {"scope": "cluster", "rules": [{**rule, "dest": "dc/nosuch"}]}, "rules[0].dest: alias 'dc/"),
        (
            "pve_firewall",
            {**in_guest, "rules": [{**rule, "source": "192.0.2.0/33"}]},
            "rules[0].source: '192.0.2.0/33'",
        ),
        ("pve_firewall", {"scope": "guest", "name": "web1"}, "as in scope: guest, vmid: 101"),
        ("pve_ha", {"sid": "vm:9777"}, "sid: there is no guest vm:9777"),
        ("pve_ha", {"sid": f"vm:{container}"}, f"Guest {container} is ct:{container}."),
        (
            "pve_ha_rule",
            {**affinity, "resources": [f"vm:{vmid}"], "nodes": ["pve9"]},
            "nodes: node 'pve9' does not exist",
        ),
        ("pve_ha_rule", {**affinity, "resources": ["vm:9777"], "nodes": ["pve1"]}, "does not manage vm:9777"),
        ("pve_backup_job", {**job, "schedule": "61:00"}, "schedule: '61:00' is not a calendar event such as 21:30"),
        (
            "pve_backup_job",
            {**job, "schedule": "21:00", "storage": "local-lvm"},
            "storage: storage 'local-lvm' takes no",
        ),
        ("pve_user", {"userid": "u@nosuch", "password": "long-enough"}, "userid: realm 'nosuch' does not exist"),
        (
            "pve_user",
            {"userid": "u@pve", "password": "short"},
            "password: has the wrong number of characters; at least 8",
        ),
    ]
    for module, options, text in wrong:
        for check_mode in (True, False):
            refused(cluster.run(resource_of(module), options, check_mode=check_mode), text)
    assert cluster.writes_made() == []


# --- values that do not fit -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        ({"net": {"net0": "virtio,bridge=a,oops"}}, ["net0: 'oops' is not of the form key=value"]),
        ({"net": {"net0": {"model": "virtio", "colour": "red"}}}, ["net0: unknown option colour; known are bridge"]),
        ({"net": {"net0": "virtio,tag=5000"}}, ["net0: tag: '5000' is more than 4094"]),
        ({"net": {"net77": "virtio"}}, ["net: net77 is not among its keys, which are net0 to net31"]),
        ({"memory": "much"}, ["memory: 'much' is not a size such as 32G or 512M"]),
        ({"colour": "red"}, ["colour", "Supported parameters include"]),
        ({"state": "flying"}, ["state", "must be one of"]),
        ({"cores": 2, "unset": ["cores"]}, ["unset: 'cores' is also given a value"]),
        ({"unset": ["nosuch"]}, ["unset: 'nosuch' is not an option that can be removed"]),
        ({"name": "no good"}, ["name: 'no good'"]),
        ({"vmid": 5}, ["vmid"]),
    ],
)
def test_a_value_that_is_wrong_is_refused_before_anything_is_sent(
    cluster: Cluster, options: dict[str, Any], texts: list[str]
) -> None:
    refused(cluster.run(VM, {**BAD, **options}), *texts)
    assert cluster.requests_made() == []


def test_an_unknown_option_of_one_of_many_guests(cluster: Cluster) -> None:
    guests = [{**BAD, "vmid": 9001}, {**BAD, "name": "other", "colour": "red"}]
    refused(cluster.run(resource_of("pve_guests"), {"guests": guests}), "guests[1]: unsupported parameters: colour")
    assert cluster.requests_made() == []


def test_a_disk_does_not_shrink(cluster: Cluster) -> None:
    made(cluster, {**BAD, **DISK})
    smaller = {"scsi": {"scsi0": {"storage": "local", "size": "2G"}}}
    refused(cluster.run(VM, {**BAD, **smaller}), "scsi0: cannot shrink from 4G to 2G", "PVE only grows disks")
    assert cluster.writes_made() == []


# --- the cluster at work ----------------------------------------------------------------------------------------------


def test_a_locked_guest(cluster: Cluster) -> None:
    made(cluster, BAD)
    cluster.control("POST", "lock", {"vmid": 9000, "lock": "backup"})
    for options in ({"cores": 4}, {"state": "started"}, {"state": "absent"}):
        refused(
            cluster.run(VM, {**BAD, **options}), "VM is locked (backup)", "Wait for the running task", "'qm unlock'"
        )


def test_a_config_that_somebody_else_changes_between_read_and_write(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write is refused by the digest; the wish is planned again on what is there now, and nothing of theirs is lost."""
    made(cluster, BAD)
    call = Client.call
    raced: list[Any] = []

    def race(self: Client, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if method in ("PUT", "POST") and path.endswith("/9000/config") and not raced:
            raced.append(path)
            cluster.call("PUT", path, {"description": "theirs"})
        return call(self, method, path, *rest, **more)

    monkeypatch.setattr(Client, "call", race)
    result = cluster.run(VM, {**BAD, "cores": 3})
    assert raced
    assert not result.get("failed"), result["msg"]
    assert (result["vm"]["cores"], result["vm"]["description"]) == (3, "theirs")
    assert len(result["requests"]) == 1
    statuses = [row["status"] for row in cluster.writes_made()]
    assert statuses.count(500) == 1


def test_a_task_that_fails(cluster: Cluster) -> None:
    made(cluster, BAD)
    cluster.task_fault(type="qmstart", error="kvm: cannot allocate memory")
    result = cluster.run(VM, {**BAD, "state": "started"})
    refused(result, "Task qmstart 9000 on node pve1 failed: kvm: cannot allocate memory", "TASK ERROR")
    assert result["error"]["exitstatus"] == "kvm: cannot allocate memory"
    assert result["error"]["upid"].startswith("UPID:pve1:")


def test_a_node_without_virtualisation(cluster: Cluster) -> None:
    made(cluster, BAD)
    cluster.task_fault(
        type="qmstart", error="KVM virtualisation configured, but not available. Either disable in VM configuration"
    )
    refused(cluster.run(VM, {**BAD, "state": "started"}), "KVM virtualisation configured", "or set kvm: false")


def test_a_task_that_ends_with_warnings_is_a_success_that_warns(cluster: Cluster) -> None:
    made(cluster, BAD)
    cluster.task_fault(type="qmstart", warnings=["iothread is only valid with virtio disk"])
    result = cluster.run(VM, {**BAD, "state": "started"})
    assert (result.get("failed"), result["changed"]) == (None, True)
    (warning,) = result["warnings"]
    assert "ended with WARNINGS: 1" in warning
    assert "iothread is only valid" in warning


def test_a_task_that_takes_too_long(cluster: Cluster) -> None:
    made(cluster, BAD)
    cluster.task_fault(type="qmstart", duration=600.0)
    result = cluster.run(VM, {**BAD, "state": "started", "timeout": 1})
    refused(
        result,
        "Task qmstart 9000 on node pve1 still runs after 1 s and was not stopped (UPID:pve1:",
        "Raise timeout, or wait for it with pve_task.",
        changed=True,
    )
