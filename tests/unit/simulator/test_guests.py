# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests do beyond the recorded answers of a genuine server: privileges, other storages, a living system inside."""

from __future__ import annotations

import asyncio

import pytest

from ansible_collections.pve.automation.tests.simulator.errors import ApiError
from ansible_collections.pve.automation.tests.simulator.scenarios import scenario
from ansible_collections.pve.automation.tests.simulator.simulation import Request, Simulation
from ansible_collections.pve.automation.tests.simulator.state import User
from ansible_collections.pve.automation.tests.simulator.storages import make_storage
from ansible_collections.pve.automation.tests.simulator.tasks import TaskFault
from ansible_collections.pve.automation.tests.simulator.volumes import Volume, find_volume, table

from .conversation import Conversation

QEMU, LXC = "/nodes/pve/qemu", "/nodes/pve/lxc"


@pytest.fixture
def pve() -> Conversation:
    return Conversation()


def limited(pve: Conversation, **acl: str) -> None:
    """Go on as a user with these roles, paths written with __ for /."""
    pve.cluster.users["alice@pve"] = User("alice@pve")
    for path, role in acl.items():
        pve.cluster.acl[path.replace("__", "/")] = {("user", "alice@pve"): {role: 1}}
    pve.cluster.touch()
    pve.user = "alice@pve"


def test_creating_takes_privileges_on_guest_storage_and_bridge(pve: Conversation) -> None:
    desired = {"vmid": 100, "scsi0": "local:1", "net0": "virtio,bridge=vmbr0"}
    limited(pve)
    assert pve.refused("POST", QEMU, **desired) == "Permission check failed"
    limited(pve, __vms="PVEVMAdmin")
    assert pve.refused("POST", QEMU, **desired) == "Permission check failed (/storage/local, Datastore.AllocateSpace)"
    limited(pve, __vms="PVEVMAdmin", __storage="PVEDatastoreUser")
    refused = pve.refused("POST", QEMU, **desired)
    assert refused == "Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)"
    limited(pve, __vms="PVEVMAdmin", __storage="PVEDatastoreUser", __sdn="PVESDNUser")
    pve("POST", QEMU, **desired)
    script = {"hookscript": "local:snippets/x"}
    assert pve.refused("POST", QEMU, vmid=101, **script) == "only root can set 'hookscript' config"
    # An update looks for the script before it looks at who asks.
    assert "script 'local:snippets/x' does not exist" in pve.refused("PUT", f"{QEMU}/100/config", **script)


def test_importing_a_disk_takes_the_privilege_to_clone_its_vm(pve: Conversation) -> None:
    pve("POST", QEMU, vmid=100, scsi0="local:1")
    imported = {"scsi0": "local:0,import-from=local:100/vm-100-disk-0.raw"}
    limited(pve, __vms="PVEVMAdmin", __vms__100="PVEAuditor", __storage="PVEDatastoreUser")
    assert pve.refused("POST", QEMU, vmid=101, **imported) == "Permission check failed (/vms/100, VM.Clone)"
    limited(pve, __vms__100="PVEVMAdmin")
    pve("POST", QEMU, vmid=101, **imported)


def test_a_pools_privileges_reach_guests_created_in_it(pve: Conversation) -> None:
    pve("POST", "/pools", poolid="lab")
    limited(pve, __pool__lab="PVEVMAdmin", __storage="PVEDatastoreUser")
    pve("POST", QEMU, vmid=100, pool="lab", cores=2, scsi0="local:1")
    pve("PUT", f"{QEMU}/100/config", cores=3)
    pve("DELETE", f"{QEMU}/100")
    assert pve.cluster.pools["lab"].guests == set()


def test_a_failed_creation_leaves_nothing_behind(pve: Conversation) -> None:
    pve.cluster.tasks.faults.append(TaskFault("qmcreate", error="no space left on device"))
    task = pve.failed_task("POST", QEMU, vmid=100, scsi0="local:1")
    assert task.exitstatus == "no space left on device"
    assert pve("GET", QEMU) == []
    pve("POST", QEMU, vmid=100, scsi0="local:1")
    second = pve.failed_task("POST", QEMU, vmid=101, scsi0="local:1", ide2="local:iso/absent.iso,media=cdrom")
    assert "does not exist" in str(second.exitstatus)
    assert [row["vmid"] for row in pve("GET", "/nodes/pve/storage/local/content", content="images")] == [100]


def test_a_system_answers_where_an_empty_disk_does_not() -> None:
    pve = Conversation("demo")
    path = "/nodes/pve1/qemu/200"
    pve("POST", "/nodes/pve1/qemu/900/clone", newid=200, name="alive", full=1)
    pve("PUT", f"{path}/config", ipconfig0="ip=192.0.2.7/24,gw=192.0.2.1")
    pve("POST", f"{path}/status/start")
    interfaces = pve("GET", f"{path}/agent/network-get-interfaces")["result"]
    addresses = [item["ip-address"] for row in interfaces for item in row["ip-addresses"]]
    assert sorted(addresses) == ["127.0.0.1", "192.0.2.7"]
    pid = pve("POST", f"{path}/agent/exec", command=["echo", "hello"])["pid"]
    assert pve("GET", f"{path}/agent/exec-status", pid=pid)["out-data"] == "hello\n"
    pve("POST", f"{path}/agent/file-write", file="/etc/motd", content="hi")
    assert pve("GET", f"{path}/agent/file-read", file="/etc/motd")["content"] == "hi"
    pve("POST", f"{path}/status/shutdown")
    assert pve("GET", f"{path}/status/current")["status"] == "stopped"


def test_what_waits_comes_into_force_with_a_reboot() -> None:
    pve = Conversation("demo")
    path = "/nodes/pve1/qemu/100"
    pve("PUT", f"{path}/config", cores=8, description="now")
    assert (pve.config(path)["cores"], pve.config(path)["description"]) == (2, "now")
    pve("POST", f"{path}/status/reboot")
    assert pve.config(path)["cores"] == 8
    pve("PUT", f"{path}/config", delete="net0")
    assert "net0" not in pve.config(path)


@pytest.mark.parametrize(
    ("kind", "options", "disk"),
    [
        ("lvmthin", {"vgname": "pve", "thinpool": "data"}, "fast:vm-100-disk-0,size=1G"),
        ("zfspool", {"pool": "rpool"}, "fast:vm-100-disk-0,size=1G"),
        ("rbd", {"pool": "rbd", "monhost": "192.0.2.1"}, "fast:vm-100-disk-0,size=1G"),
    ],
)
def test_block_storages_name_snapshot_and_clone(
    pve: Conversation, kind: str, options: dict[str, str], disk: str
) -> None:
    make_storage(pve.cluster, "fast", kind, {**options, "content": "images,rootdir"})
    pve("POST", QEMU, vmid=100, scsi0="fast:1")
    assert pve.config(f"{QEMU}/100")["scsi0"] == disk
    pve("POST", f"{QEMU}/100/snapshot", snapname="before")
    pve("PUT", f"{QEMU}/100/config", memory=1024)
    pve("POST", f"{QEMU}/100/snapshot/before/rollback")
    assert "memory" not in pve.config(f"{QEMU}/100")
    pve("DELETE", f"{QEMU}/100/snapshot/before")
    pve("POST", f"{QEMU}/100/template")
    pve("POST", f"{QEMU}/100/clone", newid=101)
    assert pve.config(f"{QEMU}/101")["scsi0"] == "fast:base-100-disk-0/vm-101-disk-0,size=1G"
    task = pve.failed_task("DELETE", f"{QEMU}/100")
    assert "still in use by linked clone" in str(task.exitstatus)


def test_containers_on_zfs_have_subvolumes_and_snapshots(pve: Conversation) -> None:
    make_storage(pve.cluster, "tank", "zfspool", {"pool": "tank", "content": "rootdir"})
    name = "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst"
    pve("POST", "/nodes/pve/storage/local/download-url", content="vztmpl", url="https://example.org/x",
        filename=name.partition("/")[2])  # fmt: skip
    pve("POST", LXC, vmid=100, ostemplate=name, rootfs="tank:2", net0="name=eth0,bridge=vmbr0,ip=dhcp", start=1)
    config = pve.config(f"{LXC}/100")
    assert config["rootfs"] == "tank:subvol-100-disk-0,size=2G"
    assert config["ostype"] == "debian"
    assert pve("GET", f"{LXC}/100/status/current")["status"] == "running"
    pve("POST", f"{LXC}/100/snapshot", snapname="before")
    pve("PUT", f"{LXC}/100/config", memory=1024, mp0="tank:1,mp=/data", tty=4)
    assert "tty" not in pve.config(f"{LXC}/100")
    pve("POST", f"{LXC}/100/snapshot/before/rollback")
    config = pve.config(f"{LXC}/100")
    assert (config["memory"], config["unused0"]) == (512, "tank:subvol-100-disk-1")


def test_hibernation_keeps_the_memory_in_a_volume(pve: Conversation) -> None:
    pve("POST", QEMU, vmid=100, scsi0="local:1", start=1)
    pve("POST", f"{QEMU}/100/status/suspend", todisk=1)
    assert pve.config(f"{QEMU}/100")["lock"] == "suspended"
    assert pve("GET", f"{QEMU}/100/status/current")["status"] == "stopped"
    assert "VM is locked (suspended)" in pve.refused("PUT", f"{QEMU}/100/config", cores=2)
    pve("POST", f"{QEMU}/100/status/resume")
    assert pve("GET", f"{QEMU}/100/status/current")["qmpstatus"] == "running"
    assert {"lock", "vmstate"}.isdisjoint(pve.config(f"{QEMU}/100"))
    assert len(pve("GET", "/nodes/pve/storage/local/content", content="images")) == 1


def test_an_unknown_bridge_is_found_out_at_the_start(pve: Conversation) -> None:
    pve("POST", QEMU, vmid=100, net0="virtio,bridge=vmbr9")
    task = pve.failed_task("POST", f"{QEMU}/100/status/start")
    assert task.exitstatus == "bridge 'vmbr9' does not exist"


@pytest.mark.parametrize(
    ("features", "refused"),
    [("nesting=1", False), ("nesting=0", True), ("nesting=1,keyctl=0", True), ("keyctl=0", True), ("fuse=1", True)],
)
def test_a_container_gets_nesting_alone_by_others_than_root(pve: Conversation, features: str, refused: bool) -> None:
    pve("POST", "/nodes/pve/storage/local/download-url", content="vztmpl", url="https://example.org/x",
        filename="alpine-3.tar.xz")  # fmt: skip
    limited(pve, __vms="PVEVMAdmin", __storage="PVEDatastoreAdmin")
    new = {"vmid": 100, "ostemplate": "local:vztmpl/alpine-3.tar.xz", "rootfs": "local:1", "features": features}
    if refused:
        assert "changing feature flags (except nesting)" in pve.refused("POST", LXC, **new)
    else:
        pve("POST", LXC, **new)


def test_a_container_loses_its_features_only_by_root(pve: Conversation) -> None:
    pve.cluster.users["alice@pve"] = User("alice@pve")
    pve("POST", "/nodes/pve/storage/local/download-url", content="vztmpl", url="https://example.org/x",
        filename="alpine-3.tar.xz")  # fmt: skip
    pve("POST", LXC, vmid=100, ostemplate="local:vztmpl/alpine-3.tar.xz", rootfs="local:1", features="nesting=1,fuse=1")
    limited(pve, __vms="PVEVMAdmin")
    assert "only allowed for root@pam" in pve.refused("PUT", f"{LXC}/100/config", delete="features")
    pve("PUT", f"{LXC}/100/config", features="fuse=1")
    assert pve.config(f"{LXC}/100")["features"] == "fuse=1"


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ({"name": "other", "tags": "a;b", "cpulimit": 2, "ciuser": "me"}, True),
        ({"memory": 4096}, False),
        ({"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=7"}, True),
        ({"agent": "1,fstrim_cloned_disks=1"}, True),
        ({"agent": "0"}, False),
        ({"balloon": 0}, False),
        ({"scsi1": "local:1"}, True),
        ({"sata1": "local:1"}, False),
        ({"usb0": "spice"}, True),
        ({"delete": "net0"}, True),
        ({"delete": "agent"}, False),
    ],
)
def test_what_a_running_machine_takes_at_once(change: dict[str, str], live: bool) -> None:
    pve = Conversation("demo")
    path = "/nodes/pve1/qemu/100"
    mac = pve.config(path)["net0"].partition("=")[2].partition(",")[0]
    pve(
        "PUT",
        f"{path}/config",
        **{name: str(value).replace("BC:24:11:00:00:01", mac) for name, value in change.items()},
    )
    waiting = [row["key"] for row in pve("GET", f"{path}/pending") if "pending" in row or "delete" in row]
    assert (not waiting) is live


def test_the_disk_that_a_machine_boots_from_stays() -> None:
    pve = Conversation("demo")
    refused = pve.refused("PUT", "/nodes/pve1/qemu/100/config", delete="scsi0")
    assert "scsi0: hotplug problem - can't unplug bootdisk 'scsi0'" in refused
    assert "scsi0" in pve.config("/nodes/pve1/qemu/100")


def test_a_lock_lasts_as_long_as_the_task_that_took_it() -> None:
    async def story() -> None:
        simulation = Simulation(scenario("demo", "9.2"), pace=0.02)
        guest = simulation.cluster.guests[100]

        async def post(path: str, **params: str) -> None:
            await simulation.answer(Request("POST", f"/nodes/pve1/qemu/100/{path}", {}, body=params, user="root@pam"))

        simulation.cluster.tasks.faults.append(TaskFault("qmsnapshot", duration=3600))
        await post("status/reset")
        await post("snapshot", snapname="slow")
        assert guest.lock == "snapshot"
        with pytest.raises(ApiError, match=r"VM is locked \(snapshot\)"):
            await post("config", cores="2")
        reset, snapshot = simulation.cluster.tasks.all.values()
        assert reset.runner is not None
        await reset.runner
        assert guest.lock == "snapshot"
        simulation.cluster.tasks.abort(snapshot)
        assert snapshot.runner is not None
        await snapshot.runner
        assert snapshot.exitstatus == "received interrupt"
        assert guest.lock is None
        assert not guest.snapshots

    asyncio.run(story())


def test_a_failed_clone_takes_its_volumes_along(pve: Conversation) -> None:
    pve("POST", QEMU, vmid=100, scsi0="local:1", scsi1="local:1")
    second = "local:100/vm-100-disk-1.raw"
    assert clone_without(pve, second) == f"volume '{second}' does not exist"
    assert 101 not in pve.cluster.guests
    assert [row["vmid"] for row in pve("GET", "/nodes/pve/storage/local/content", content="images")] == [100]


def clone_without(pve: Conversation, volid: str) -> str:
    """How a clone ends whose second disk vanishes while the first one is copied."""

    async def story() -> str:
        pve.cluster.tasks.pace = 0.001
        request = Request("POST", f"{QEMU}/100/clone", {}, body={"newid": "101"}, user="root@pam")
        upid = (await pve.simulation.answer(request)).data
        volume = find_volume(pve.cluster, volid, "pve")
        assert volume is not None
        table(pve.cluster).remove(volume)
        task = pve.cluster.tasks.all[upid]
        assert task.runner is not None
        await task.runner
        return str(task.exitstatus)

    return asyncio.run(story())


def snippet(pve: Conversation, name: str) -> str:
    volume = Volume("local", "pve", f"snippets/{name}", "snippets", "snippet", 64, 0)
    table(pve.cluster).add(volume)
    pve.cluster.storages["local"].options["content"] += ",snippets"
    return volume.volid


def test_hook_scripts_are_snippets_that_exist(pve: Conversation) -> None:
    pve("POST", QEMU, vmid=100)
    script = snippet(pve, "hook.pl")
    pve("PUT", f"{QEMU}/100/config", hookscript=script)
    assert pve.config(f"{QEMU}/100")["hookscript"] == script
    refused = pve.refused("POST", QEMU, vmid=101, hookscript="local:snippets/other.pl")
    assert "script 'local:snippets/other.pl' does not exist" in refused


def test_a_custom_cpu_has_to_exist(pve: Conversation) -> None:
    assert "Custom cputype 'own' not found" in pve.refused("POST", QEMU, vmid=100, cpu="custom-own")
    pve("POST", "/cluster/qemu/custom-cpu-models", cputype="own", **{"reported-model": "host"})
    pve("POST", QEMU, vmid=100, cpu="custom-own")


def test_an_empty_sshkeys_leaves_the_keys(pve: Conversation) -> None:
    pve("POST", QEMU, vmid=100, sshkeys="ssh-ed25519%20AAAA%20me")
    pve("PUT", f"{QEMU}/100/config", sshkeys="")
    assert pve.config(f"{QEMU}/100")["sshkeys"] == "ssh-ed25519%20AAAA%20me"
    pve("PUT", f"{QEMU}/100/config", delete="sshkeys")
    assert "sshkeys" not in pve.config(f"{QEMU}/100")


def test_boot_orders_name_devices_that_are_there_after_the_change(pve: Conversation) -> None:
    pve("POST", QEMU, vmid=100, scsi0="local:1")
    assert "device 'scsi1' does not exist" in pve.refused("PUT", f"{QEMU}/100/config", boot="order=scsi1")
    pve("PUT", f"{QEMU}/100/config", scsi1="local:1", boot="order=scsi1;scsi0")


def test_container_devices_are_those_of_the_node(pve: Conversation) -> None:
    pve.cluster.storages["local"].options["content"] += ",rootdir"
    volume = Volume("local", "pve", "vztmpl/alpine.tar.gz", "vztmpl", "tgz", 64, 0)
    table(pve.cluster).add(volume)
    desired = {"vmid": 100, "ostemplate": volume.volid, "rootfs": "local:0.1"}
    assert pve.refused("POST", LXC, **desired, dev0="/dev/nosuch") == "Device /dev/nosuch does not exist"
    pve("POST", LXC, **desired, dev0="/dev/dri/renderD128,mode=0660")
    assert pve.config(f"{LXC}/100")["rootfs"].endswith(",size=102M")
